//! What may stand in a migration, so that it can be applied while the binaries before it work in the schema.
//!
//! A file is a transaction: what its first statement locks stays locked until its last is done. So none does in one file what takes as long
//! as a table is large and what shuts others out; an index is built beside writers, in a file of its own; a rule is laid down first and held
//! against what is there later. Files up to [`SINCE`] were written before this rule and cannot be changed (`deploy/README.md` says what
//! that means for whoever comes from there).

use std::collections::BTreeSet;

/// Files newer than this one are held to the rule.
pub const SINCE: u64 = 20_261_212_000_000;

/// What is wrong with a file, as sentences; `earlier` is all that was written before it.
pub fn wrong(sql: &str, earlier: &str) -> Vec<String> {
    let statements = statements(sql);
    if sql.starts_with("-- no-transaction") {
        return wrong_beside(&statements, earlier);
    }
    let mut seen = Seen::default();
    for statement in &statements {
        seen.read(statement);
    }
    seen.judge()
}

/// A file outside a transaction: one statement, which stands in nobody's way.
fn wrong_beside(statements: &[Vec<String>], earlier: &str) -> Vec<String> {
    let [statement] = statements else {
        return vec!["a file outside a transaction holds one statement".to_owned()];
    };
    let words: Vec<&str> = statement.iter().map(String::as_str).filter(|word| *word != "unique").collect();
    let mut wrong = Vec::new();
    match words.as_slice() {
        ["create", "index", "concurrently", "if", ..] => {
            wrong.push(
                "`if not exists` takes half of an index for a whole one; `migrate` takes away what is left of one"
                    .to_owned(),
            );
        }
        ["create", "index", "concurrently", name, "on", ..] => {
            let known = earlier.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == *name);
            if known {
                wrong
                    .push(format!("{name} was the name of something before: an index that is made anew has a new one"));
            }
        }
        ["drop", "index", "concurrently", ..] => {}
        ["alter", "table", .., "detach", "partition", _, "concurrently"] => {}
        _ => wrong.push(
            "outside a transaction stands what makes or drops an index concurrently, and nothing else".to_owned(),
        ),
    }
    wrong
}

/// What a file does with tables.
#[derive(Default)]
struct Seen {
    made: BTreeSet<String>,
    altered: BTreeSet<String>,
    filled: BTreeSet<String>,
    indexed: BTreeSet<String>,
    validates: bool,
    changes: bool,
    wrong: Vec<String>,
}

impl Seen {
    /// Reads one statement; what a `do` block does is read as its words stand.
    fn read(&mut self, words: &[String]) {
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        let after = |mut at: usize| {
            while ["if", "not", "exists", "only"].contains(&word(at)) {
                at += 1;
            }
            (bare(word(at)), at + 1)
        };
        if word(0) == "create" && ["function", "or", "procedure"].contains(&word(1)) {
            return;
        }
        if word(0) == "do" && words.iter().any(|word| word == "execute") {
            self.wrong.push("what a `do` block executes as a text can be read by nobody".to_owned());
        }
        for at in 0..words.len() {
            match (word(at), word(at + 1)) {
                ("create", "table" | "unlogged") => {
                    let from = if word(at + 1) == "unlogged" { at + 3 } else { at + 2 };
                    self.made.insert(after(from).0);
                }
                ("create", "index" | "unique") => {
                    let from =
                        words.iter().skip(at).position(|word| word == "on").map_or(words.len(), |on| at + on + 1);
                    self.indexed.insert(after(from).0);
                    if words.iter().any(|word| word == "concurrently") {
                        self.wrong.push(
                            "`concurrently` stands in a file of its own that begins with `-- no-transaction`"
                                .to_owned(),
                        );
                    }
                }
                ("alter", "table") => {
                    let (table, from) = after(at + 2);
                    self.alter(&table, &words[from.min(words.len())..]);
                }
                ("update", _)
                    if !["for", "do", "on", "before", "after", "or", "of", "instead"]
                        .contains(&word(at.wrapping_sub(1))) =>
                {
                    let (table, from) = after(at + 1);
                    if words[from.min(words.len())..].iter().take(3).any(|word| word == "set") {
                        self.filled.insert(table);
                    }
                }
                ("delete", "from") => {
                    self.filled.insert(after(at + 2).0);
                }
                _ => {}
            }
        }
    }

    fn alter(&mut self, table: &str, words: &[String]) {
        self.attach(words);
        if self.made.contains(table) {
            return;
        }
        for action in actions(words) {
            let has = |wanted: &str| action.iter().any(|word| word == wanted);
            let begins = |wanted: &[&str]| wanted.iter().zip(&action).all(|(wanted, word)| wanted == word);
            let pair = |one: &str, other: &str| action.windows(2).any(|two| two[0] == one && two[1] == other);
            let said = action.join(" ");
            let mut refuse = |why: &str| self.wrong.push(format!("{table}: `{said}`: {why}"));
            if begins(&["validate"]) {
                self.validates = true;
                continue;
            }
            self.changes = true;
            let adds = begins(&["add"]);
            let column = adds
                && !["constraint", "check", "foreign", "unique", "primary", "exclude"]
                    .contains(&action.get(1).map_or("", String::as_str));
            if column {
                if pair("not", "null") && !has("default") {
                    refuse("binaries before this one write rows without it; give it a default");
                }
                if has("check") || has("references") {
                    refuse("every row is held against it while nobody gets in; add it as a constraint, `not valid`");
                }
                if has("unique") || has("primary") {
                    refuse("an index is built while nobody gets in; make it concurrently in a file of its own");
                }
                let rewrites = [
                    "stored",
                    "serial",
                    "bigserial",
                    "identity",
                    "gen_random_uuid",
                    "random",
                    "clock_timestamp",
                    "nextval",
                ];
                if rewrites.iter().any(|word| has(word)) {
                    refuse("every row is written anew while nobody gets in");
                }
            } else if adds && (has("check") || has("foreign")) && !pair("not", "valid") {
                refuse("every row is held against it while nobody gets in; `not valid`, and validated in a later file");
            } else if adds && (has("unique") || has("primary") || has("exclude")) && !has("using") {
                refuse(
                    "an index is built while nobody gets in; make it concurrently in a file of its own, and take it by `using index`",
                );
            } else if begins(&["alter"]) && pair("set", "not") {
                refuse(
                    "every row is looked at while nobody gets in; a check of `is not null`, first not valid, says the same",
                );
            } else if begins(&["alter"]) && (has("type") || pair("set", "data")) {
                refuse("every row is written anew while nobody gets in");
            }
        }
        self.altered.insert(table.to_owned());
    }

    /// A table that was there becomes a partition. It is read through for rows that lie elsewhere, with everybody shut out, unless nothing lies
    /// elsewhere; that the key is not null, it says itself. So may a table become the first partition of one that takes its name; it is
    /// the one file that lays hands on two tables, since between two files nothing would have that name.
    fn attach(&mut self, words: &[String]) {
        if !words.starts_with(&["attach".to_owned(), "partition".to_owned()]) {
            return;
        }
        let part = bare(words.get(2).map_or("", String::as_str));
        let everything = ["from", "(", "minvalue", ")", "to", "(", "maxvalue", ")"];
        let whole = words.windows(everything.len()).any(|bounds| bounds == everything);
        if !self.made.contains(&part) && !whole {
            let why = "is read through while nobody gets in; it can be the partition of everything, and no other";
            self.wrong.push(format!("{part}: a table that becomes a partition {why}"));
        }
    }

    fn judge(mut self) -> Vec<String> {
        let made = &self.made;
        let known = |tables: &BTreeSet<String>| tables.difference(made).cloned().collect::<Vec<_>>();
        let (altered, filled, indexed) = (known(&self.altered), known(&self.filled), known(&self.indexed));
        for table in &indexed {
            let cure = "`create index concurrently`, in a file of its own that begins with `-- no-transaction`";
            self.wrong.push(format!("{table}: an index keeps others from writing; {cure}"));
        }
        let gone_through = [filled, indexed].concat();
        if !altered.is_empty() && !gone_through.is_empty() {
            let (shut, through) = (altered.join(", "), gone_through.join(", "));
            self.wrong.push(format!("{shut} is shut while {through} is gone through; two files"));
        }
        if altered.len() > 1 {
            self.wrong.push(format!("{} are shut while the next is waited for; a file for each", altered.join(", ")));
        }
        if self.validates && self.changes {
            self.wrong.push("what is validated is gone through: in a file that changes nothing else".to_owned());
        }
        self.wrong
    }
}

/// The name of a table, without its schema and quotes.
fn bare(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned()
}

/// The actions of an `alter table`, each as its words.
fn actions(words: &[String]) -> Vec<Vec<String>> {
    let (mut actions, mut depth) = (vec![Vec::new()], 0);
    for word in words {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                actions.push(Vec::new());
                continue;
            }
            // The end of a statement inside a block.
            ";" => break,
            _ => {}
        }
        if let Some(action) = actions.last_mut() {
            action.push(word.clone());
        }
    }
    actions
}

/// The statements of a file as lower-case words, without comments and texts; what stands between dollars stays one statement with what is around it.
fn statements(sql: &str) -> Vec<Vec<String>> {
    let (mut statements, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let mut inside = None::<String>;
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let mut take = c.len_utf8();
        let mut end = true;
        if rest.starts_with("--") {
            take = rest.find('\n').unwrap_or(rest.len());
        } else if let Some(tag) = dollars(rest) {
            take = tag.len();
            match &inside {
                Some(open) if *open == tag => inside = None,
                Some(_) => {}
                None => inside = Some(tag),
            }
        } else if c == '\'' {
            take = rest[1..].find('\'').map_or(rest.len(), |close| close + 2);
        } else if c.is_ascii_alphanumeric() || "_.\"".contains(c) {
            word.push(c.to_ascii_lowercase());
            end = false;
        }
        if end && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if end && take == c.len_utf8() && "(),;".contains(c) {
            if c == ';' && inside.is_none() {
                statements.push(std::mem::take(&mut words));
            } else {
                words.push(c.to_string());
            }
        }
        rest = &rest[take..];
    }
    if !word.is_empty() {
        words.push(word);
    }
    statements.push(words);
    statements.retain(|words| !words.is_empty());
    statements
}

/// `$$` or `$name$` at the beginning of this text.
fn dollars(text: &str) -> Option<String> {
    let tag = text.strip_prefix('$')?;
    let end = tag.find('$')?;
    tag[..end].chars().all(|c| c.is_ascii_alphabetic() || c == '_').then(|| format!("${}$", &tag[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [&str; 0] = [];

    #[test]
    fn what_shuts_nobody_out_is_no_fault() {
        for sql in [
            "create table n (id uuid primary key, t uuid not null references t, constraint n_known check (id is not null));\
             create index n_t on n (t); alter table n add column x int not null; update n set x = 1;",
            "alter table t add column x text, add column y int not null default 0;",
            "alter table t drop constraint t_known, add constraint t_known\n check (kind in ('a', 'b')) not valid;",
            "alter table only house.t validate constraint t_known;",
            "-- no-transaction\n-- why\ncreate unique index concurrently t_x on t (x) where x is not null;",
            "-- no-transaction\ndrop index concurrently t_x;",
            "update t set x = 1 where x is null;",
            "insert into t values (1) on conflict (id) do update set x = 2; select * from t for update;",
            "create or replace function f() returns trigger language plpgsql as $$ begin update t set x = 1; return new; end $$;\
             create trigger t_f before update on t for each row execute function f();",
            "alter table t alter column x set default 'set not null';",
            "alter table t add constraint t_x unique using index t_x;",
            "alter table t rename to t_1; create table t (like t_1) partition by range (id);\
             create index t_x on t (x); alter table t attach partition t_1 for values from (minvalue) to (maxvalue);",
        ] {
            assert_eq!(wrong(sql, "create table t (id int)"), NOTHING, "{sql}");
        }
    }

    #[test]
    fn what_shuts_others_out_for_long_is_told() {
        for (sql, told) in [
            ("create index t_x on t (x);", "t: an index keeps others from writing"),
            ("alter table t add column x int; create index t_x on t (x);", "t is shut while t is gone through"),
            ("alter table t add column x int; update t set x = 1;", "t is shut while t is gone through"),
            ("alter table t add column x int; delete from u where a;", "t is shut while u is gone through"),
            (
                "alter table t add column x int; alter table u add column x int;",
                "t, u are shut while the next is waited for",
            ),
            ("create unique index concurrently t_x on t (x);", "stands in a file of its own"),
            ("-- no-transaction\ncreate index t_x on t (x);", "and nothing else"),
            ("-- no-transaction\nalter table t add column x int;", "and nothing else"),
            (
                "-- no-transaction\ncreate index concurrently t_x on t (x); create index concurrently t_y on t (y);",
                "one statement",
            ),
            ("-- no-transaction\ncreate index concurrently if not exists t_x on t (x);", "half of an index"),
            ("-- no-transaction\ncreate index concurrently old_one on t (x);", "was the name of something before"),
            ("alter table t add constraint t_c check (x > 0);", "`not valid`, and validated in a later file"),
            (
                "alter table t add constraint t_f foreign key (x) references u (id);",
                "`not valid`, and validated in a later file",
            ),
            (
                "alter table t add constraint t_c check (x > 0) not valid; alter table t validate constraint t_c;",
                "what is validated",
            ),
            ("alter table t add constraint t_u unique (x);", "take it by `using index`"),
            ("alter table t add column x int not null;", "give it a default"),
            ("alter table t add column x int check (x > 0);", "`not valid`"),
            ("alter table t add column x uuid references u;", "`not valid`"),
            ("alter table t add column x int unique;", "an index is built"),
            ("alter table t add column x uuid not null default gen_random_uuid();", "written anew"),
            (
                "alter table t add column x tsvector generated always as (to_tsvector('simple', y)) stored;",
                "written anew",
            ),
            ("alter table t alter column x set not null;", "a check of `is not null`"),
            ("alter table t alter column x type bigint;", "written anew"),
            ("do $$ begin alter table t add column x int not null; end $$;", "give it a default"),
            (
                "alter table t rename to t_1; create table t (like t_1) partition by range (id);\
                 alter table t attach partition t_1 for values from (minvalue) to (100);",
                "t_1: a table that becomes a partition is read through",
            ),
            ("do $x$ begin execute 'alter table t add column x int not null'; end $x$;", "can be read by nobody"),
        ] {
            let wrong = wrong(sql, "create index old_one on t (y)");
            assert!(wrong.iter().any(|why| why.contains(told)), "{sql}: {wrong:?}");
        }
    }
}
