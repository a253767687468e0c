//! Rules of the house that a compiler does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ventanilla_tests::tree::{dependencies, files, root, text};
use ventanilla_tests::{migrations, statements};

const SERVICES: [&str; 5] =
    ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "gateway/webhooks"];

/// What is wrong with a manifest at this place, as sentences.
fn wrong_ways(place: &str, manifest: &str) -> Vec<String> {
    let uses = dependencies(manifest, "dependencies");
    let mut wrong = Vec::new();
    let mut refuse = |what: &str, why: &str| {
        if uses.contains(what) {
            wrong.push(format!("{place} depends on {what}: {why}"));
        }
    };
    if place.ends_with("/domain") {
        for edge in
            ["tokio", "sqlx", "tonic", "tracing", "postgres", "ledger", "server", "telemetry", "ventanilla-proto"]
        {
            refuse(edge, "a domain is pure");
        }
    }
    let own = place.trim_start_matches("services/").trim_end_matches("/domain");
    for service in SERVICES {
        let crate_name = service.trim_start_matches("gateway/");
        for name in [crate_name.to_owned(), format!("{crate_name}-domain")] {
            let foreign = SERVICES.contains(&own) && service != own;
            if foreign || place.starts_with("services/shared/") || place == "proto" {
                refuse(&name, "services know each other by contract and ledger alone");
            }
        }
    }
    wrong
}

#[test]
fn dependencies_point_one_way() {
    let wrong: Vec<String> = files("services", "toml")
        .into_iter()
        .chain(files("proto", "toml"))
        .filter(|path| path.ends_with("Cargo.toml"))
        .flat_map(|path| wrong_ways(&path.parent().unwrap().to_string_lossy(), &text(&path)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_wrong_dependency_is_seen() {
    let sql = "[dependencies]\nsqlx.workspace = true\n";
    assert_eq!(wrong_ways("services/ticketing/domain", sql).len(), 1);
    let neighbour = "[dependencies]\nticketing = { workspace = true }\n";
    assert_eq!(wrong_ways("services/sla-monitor", neighbour).len(), 1);
    assert_eq!(wrong_ways("services/shared/server", neighbour).len(), 1);
    let only_in_tests = "[dependencies]\n\n[dev-dependencies]\nticketing.workspace = true\n";
    assert!(wrong_ways("services/sla-monitor", only_in_tests).is_empty());
}

#[test]
fn the_visible_top_level_is_the_owners() {
    let visible: BTreeSet<String> = std::fs::read_dir(root())
        .unwrap()
        .flatten()
        .map(|item| item.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    let allowed = ["Cargo.toml", "Cargo.lock", "README.md", "deploy", "proto", "services", "tests"];
    let extra: Vec<_> = visible.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "beside the fixed top level: {extra:?}");
}

fn lines_matching(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in ["services", "tests", "proto"].iter().flat_map(|folder| files(folder, "rs")) {
        for (number, line) in text(&path).lines().enumerate() {
            if wanted(line) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_instrument_skips_all_and_then_names_its_fields() {
    let attribute = concat!("#[tracing::", "instrument");
    let careless = lines_matching(|line| line.contains(attribute) && !line.contains("skip_all"));
    assert!(careless.is_empty(), "{careless:#?}");
}

#[test]
fn every_question_to_the_database_is_a_span() {
    let mut silent = Vec::new();
    for path in files("services", "rs").into_iter().filter(|path| path.to_string_lossy().contains("/src/store")) {
        let source = text(&path);
        let lines: Vec<&str> = source.lines().collect();
        silent.extend(without_a_span(&lines).into_iter().map(|line| format!("{}: {line}", path.display())));
    }
    assert!(silent.is_empty(), "no span named db.… on: {silent:#?}");
    assert_eq!(without_a_span(&["/// Reads.", "pub(crate) async fn get() {"]).len(), 1, "the check sees a silent one");
}

/// Functions of a store that ask something and have no span.
fn without_a_span<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let asks = |line: &str| line.starts_with("pub") && line.contains("async fn ");
    let has = |line: &str| line.contains("instrument(") && line.contains("\"db.");
    (0..lines.len()).filter(|i| asks(lines[*i]) && !(*i > 0 && has(lines[i - 1]))).map(|i| lines[i]).collect()
}

#[test]
fn no_file_is_a_house_of_its_own() {
    let large: Vec<String> = ["services", "tests", "proto"]
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .map(|path| (text(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > 600)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(large.is_empty(), "would a reader find their room? {large:#?}");
}

#[test]
fn statuses_are_built_in_one_place() {
    // The feed is the one service of the shared crates and may not depend on the server crate; the suite
    // is a client here and answers nobody.
    let places =
        ["services/shared/server/", "services/shared/ledger/src/feed.rs", "services/suite/", "tests/", "/tests/"];
    let built = lines_matching(|line| {
        ["Status::new(", "Status::internal(", "Status::invalid_argument("].iter().any(|w| line.contains(w))
    })
    .into_iter()
    .filter(|line| !places.iter().any(|place| line.contains(place)))
    .collect::<Vec<_>>();
    assert!(built.is_empty(), "{built:#?}");
}

/// Names of constraints in code, as `constraint() == Some("…")` or a match arm, must exist in a migration.
#[test]
fn a_constraint_that_code_maps_is_one_that_a_migration_names() {
    let mut unknown = Vec::new();
    for service in SERVICES {
        let migrations: String = files(&format!("services/{service}/migrations"), "sql").iter().map(text).collect();
        let house: String = files("services/shared/postgres/migrations", "sql").iter().map(text).collect();
        for path in files(&format!("services/{service}/src/store"), "rs") {
            for name in constraint_names(&text(&path)) {
                if !migrations.contains(&name) && !house.contains(&name) {
                    unknown.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "no migration names: {unknown:#?}");
}

/// String literals that end like the house's constraint names.
fn constraint_names(code: &str) -> Vec<String> {
    let endings = ["_pkey", "_key", "_check", "_fkey", "_known", "_excl"];
    code.split('"')
        .skip(1)
        .step_by(2)
        .filter(|s| s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .filter(|s| endings.iter().any(|e| s.ends_with(e)) && s.len() > 8)
        .map(str::to_owned)
        .collect()
}

/// Words that a migration of this version or a later one adds to what a table knows are told of in deploy/README.md.
const TOLD_SINCE: u64 = 20_261_209_000_000;

/// Name and words of every constraint of a migration that ends in `_known`.
fn known_words(migration: &str) -> Vec<(String, BTreeSet<String>)> {
    let of = |after: &str| {
        let (name, rest) = after.split_once(char::is_whitespace)?;
        let check = rest.trim_start().strip_prefix("check").filter(|_| name.ends_with("_known"))?;
        let mut depth = 0;
        let end = check.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ')' && depth == 0
        })?;
        let words = check[..end].split('\'').skip(1).step_by(2).filter(|word| !word.is_empty());
        Some((name.to_owned(), words.map(str::to_owned).collect()))
    };
    migration.split("constraint ").skip(1).filter_map(of).collect()
}

/// The words that were added to what a table knew already, of the versions that are told of, oldest first.
fn added_words(migrations: &[(u64, String)]) -> Vec<(u64, String)> {
    let (mut known, mut added) = (BTreeMap::<String, BTreeSet<String>>::new(), Vec::new());
    for (version, text) in migrations {
        for (name, words) in known_words(text) {
            if let Some(before) = known.get(&name).filter(|_| *version >= TOLD_SINCE) {
                added.extend(words.difference(before).map(|word| (*version, word.clone())));
            }
            known.insert(name, words);
        }
    }
    added
}

#[test]
fn a_word_that_an_older_binary_cannot_read_is_told_of_where_it_says_that_there_is_no_way_back() {
    let readme = text("deploy/README.md");
    let table = readme.split("### No way back").nth(1).expect("a section").split("\n## ").next().unwrap();
    let (mut untold, mut told) = (Vec::new(), 0);
    for service in SERVICES {
        let migrations: Vec<(u64, String)> = files(&format!("services/{service}/migrations"), "sql")
            .iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy()[..14].parse().unwrap(), text(path)))
            .collect();
        for (version, word) in added_words(&migrations) {
            let row = format!("| {} | {version} | `{word}` |", service.trim_start_matches("gateway/"));
            told += 1;
            if !table.contains(&row) {
                untold.push(row);
            }
        }
    }
    assert!(untold.is_empty(), "deploy/README.md, No way back, lacks: {untold:#?}");
    assert!(told >= 4, "the words are found: {told}");
}

#[test]
fn a_word_that_is_added_is_seen_and_what_was_known_or_is_new_altogether_is_not() {
    let knows =
        |words: &str| format!("alter table t add constraint t_kind_known\n    check (kind in ({words})) not valid;");
    let since = TOLD_SINCE;
    let history = [
        (since - 2, knows("'a', 'b'")),
        (since - 1, format!("alter table t drop constraint t_kind_known; {}", knows("'a', 'b', 'c'"))),
        (
            since,
            "create table u (x text, constraint u_known check (x in ('y')), constraint u_other check (x <> 'z'))"
                .into(),
        ),
        (since + 1, knows("'a', 'c', '', 'd'")),
        (since + 2, "alter table t validate constraint t_kind_known;".to_owned()),
    ];
    assert_eq!(added_words(&history), [(since + 1, "d".to_owned())]);
}

#[test]
fn no_migration_shuts_others_out_for_as_long_as_a_table_is_large() {
    let folders = SERVICES.iter().map(|service| format!("services/{service}/migrations"));
    let (mut faults, mut before) = (Vec::new(), 0);
    for folder in folders.chain(["services/shared/postgres/migrations".to_owned()]) {
        let mut earlier = String::new();
        for path in files(&folder, "sql") {
            let (version, sql) =
                (path.file_name().unwrap().to_string_lossy()[..14].parse::<u64>().unwrap(), text(&path));
            let wrong = migrations::wrong(&sql, &earlier);
            if version > migrations::SINCE {
                faults.extend(wrong.into_iter().map(|why| format!("{}: {why}", path.display())));
            } else {
                before += usize::from(!wrong.is_empty());
            }
            earlier.push_str(&sql);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // Those that were written before the rule, and cannot be changed: it sees what it is about.
    assert!(before > 20, "of the older files {before} are seen to break it");
}

#[test]
fn no_statement_that_is_checked_answers_whatever_columns_a_table_has() {
    let checked = files(".sqlx", "json");
    let whatever: Vec<String> = checked
        .iter()
        .map(|path| serde_json::from_str::<serde_json::Value>(&text(path)).expect("a statement that was looked at"))
        .map(|told| told["query"].as_str().expect("its words").to_owned())
        .filter(|statement| statements::answers_whatever_there_is(statement))
        .collect();
    assert!(checked.len() > 500, "{} statements are seen", checked.len());
    assert!(whatever.is_empty(), "name the columns: {whatever:#?}");
}

#[test]
fn every_path_a_document_cites_exists() {
    let documents: Vec<PathBuf> = [
        "README.md",
        "services/ARCHITECTURE.md",
        "proto/README.md",
        "deploy/README.md",
        "deploy/ivr/README.md",
        "tests/README.md",
    ]
    .iter()
    .map(PathBuf::from)
    .filter(|path| root().join(path).exists())
    .collect();
    assert!(documents.len() >= 5, "documents are missing: {documents:?}");
    let mut gone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for document in documents {
        for cited in cited_paths(&text(&document)) {
            let beside = document.parent().unwrap_or(Path::new("")).join(&cited);
            if !root().join(&cited).exists() && !root().join(beside).exists() {
                gone.entry(document.display().to_string()).or_default().push(cited);
            }
        }
    }
    assert!(gone.is_empty(), "{gone:#?}");
}

/// Things in backticks that look like a path of this repository.
fn cited_paths(document: &str) -> Vec<String> {
    let starts = ["proto/", "services/", "deploy/", "tests/", "domain/", "src/", "migrations/"];
    document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|cited| starts.iter().any(|s| cited.starts_with(s)))
        .filter(|cited| !cited.contains(['*', '{', '<', ' ', '…']))
        .map(|cited| cited.split("::").next().unwrap_or(cited).trim_end_matches('/').to_owned())
        .collect()
}

#[test]
fn every_test_program_that_a_command_names_exists() {
    let folders: BTreeMap<String, PathBuf> = ["services", "tests", "proto"]
        .iter()
        .flat_map(|folder| files(folder, "toml"))
        .filter(|path| path.ends_with("Cargo.toml"))
        .filter_map(|path| {
            let name = text(&path)
                .lines()
                .find_map(|line| line.strip_prefix("name = \"ventanilla-")?.strip_suffix('"').map(str::to_owned))?;
            Some((format!("ventanilla-{name}"), path.parent()?.to_owned()))
        })
        .collect();
    let mut places: Vec<PathBuf> = ["services", "tests", "proto", "deploy"]
        .iter()
        .flat_map(|folder| [files(folder, "md"), files(folder, "rs"), files(folder, "py")].concat())
        .collect();
    places.push("README.md".into());
    let (mut named, mut gone) = (0, Vec::new());
    for place in places {
        for (package, program) in named_programs(&text(&place)) {
            named += 1;
            let tests = folders.get(&package).map(|folder| root().join(folder).join("tests"));
            let exists = |tests: &Path| {
                tests.join(format!("{program}.rs")).exists() || tests.join(&program).join("main.rs").exists()
            };
            if !tests.is_some_and(|tests| exists(&tests)) {
                gone.push(format!("{}: {package} has no test program {program}", place.display()));
            }
        }
    }
    assert!(named > 5, "the commands are found: {named}");
    assert!(gone.is_empty(), "{gone:#?}");
}

/// Package and program of every command that runs one test program.
fn named_programs(text: &str) -> Vec<(String, String)> {
    let word = |line: &str, flag: &str| {
        let after = line.split(flag).nth(1)?;
        let word: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        Some(word).filter(|word| !word.is_empty())
    };
    text.lines()
        .filter(|line| line.contains("cargo "))
        .filter_map(|line| Some((word(line, " -p ")?, word(line, concat!(" --", "test "))?)))
        .collect()
}
