//! What a statement that the services prepare may answer.

/// Whether the answer has whatever columns a table has: `select *` or `returning *` outside every parenthesis.
///
/// `PostgreSQL` refuses a prepared statement whose answer has changed (`0A000`, "cached plan must not change result type"), on every connection that has
/// prepared it and until it is closed: a column that a new version adds would fail the binaries that run beside it. What is inside parentheses is planned
/// anew and may have them; so may what is written and not answered.
#[must_use]
pub fn answers_whatever_there_is(statement: &str) -> bool {
    let mut depth = 0_usize;
    let mut outside = String::with_capacity(statement.len());
    for line in statement.lines() {
        for sign in line.split("--").next().unwrap_or_default().chars() {
            match sign {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ if depth == 0 => outside.push(sign),
                _ => {}
            }
        }
        outside.push(' ');
    }
    let words: Vec<&str> = outside.split_whitespace().collect();
    let first = words.iter().find(|word| ["select", "insert", "update", "delete"].contains(word));
    let answer = match first {
        Some(&"select") | None => &words[..],
        Some(_) => words.iter().position(|word| *word == "returning").map_or(&[][..], |at| &words[at..]),
    };
    answer.iter().map(|word| word.trim_end_matches(',')).any(|word| word == "*" || word.ends_with(".*"))
}

#[cfg(test)]
mod tests {
    use super::answers_whatever_there_is;

    #[test]
    fn what_answers_whatever_a_table_has_is_seen_and_what_names_its_columns_is_not() {
        for whatever in [
            "select * from s.t where id = $1 for update",
            "select t.*, u.name from s.t t join s.u u using (id)",
            "update s.t set a = $2 where id = $1 returning *",
            "with k as (select 1) select k.id,\n t.*\n from s.t t",
        ] {
            assert!(answers_whatever_there_is(whatever), "{whatever}");
        }
        for named in [
            "select id, count(*) from (select * from s.t) as t group by id -- all of *",
            "insert into s.t (a, b) select * from unnest($1::int[], $2::int[])",
            "insert into s.t (a, b) select n.* from unnest($1::int[], $2::int[]) as n (a, b) returning a",
            "select 2 as two",
        ] {
            assert!(!answers_whatever_there_is(named), "{named}");
        }
    }
}
