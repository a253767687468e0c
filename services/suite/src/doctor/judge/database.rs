//! The database server, the roles of the services and their schemas.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::doctor::finding::Finding;

/// Oldest version of Postgres that is supported, as the server counts them.
const OLDEST: i32 = 150_000;
/// Beyond this, two clocks no longer agree on whether a token is valid, in seconds.
const TOKEN_LEEWAY: i64 = 30;

/// A server, as a service's own connection sees it.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// E.g. 150008.
    pub version: i32,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// Whether the last WAL that was to be archived was not.
    pub archiving_fails: bool,
}

impl Server {
    fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> i64 {
        self.setting(name).parse().unwrap_or(0)
    }
}

/// Whether what the server confirms is kept when the machine loses its power.
pub fn durability(about: &str, server: &Server) -> Vec<Finding> {
    let major = server.version / 10_000;
    let mut findings = vec![if server.version < OLDEST {
        let says = format!("Postgres {major} is older than 15");
        Finding::ill(about, "version", says, "move to Postgres 15 or newer (pg_upgrade)")
    } else {
        Finding::well(about, "version", format!("Postgres {major}"))
    }];
    let lost = [
        ("fsync", "off", "a crash of the machine may destroy the database"),
        ("full_page_writes", "off", "a crash of the machine may tear pages"),
        ("synchronous_commit", "off", "what was acknowledged may be gone after a crash"),
    ];
    let before = findings.len();
    for (setting, wrong, means) in lost {
        if server.setting(setting) == wrong {
            let cure = format!("set {setting} = on for the server, and for the service's role where it has its own");
            findings.push(Finding::ill(about, "durability", format!("{setting} is off: {means}"), cure));
        }
    }
    if findings.len() == before {
        findings.push(Finding::well(about, "durability", "what is confirmed is on the disk"));
    }
    if !matches!(server.setting("server_encoding"), "UTF8" | "") {
        let says = format!("its encoding is {}: not every name can be written", server.setting("server_encoding"));
        findings.push(Finding::ill(about, "encoding", says, "make the database anew with encoding UTF8"));
    }
    findings.extend(archive(about, server));
    if server.setting("data_checksums") == "off" {
        let cure = "pg_checksums --enable while the server is stopped";
        findings.push(Finding::note(
            about,
            "checksums",
            "pages have no checksums: a disk that lies is found late",
            cure,
        ));
    }
    findings
}

/// Whether there is an instant to go back to, and how long ago the last one is.
fn archive(about: &str, server: &Server) -> Option<Finding> {
    let kept = server.setting("archive_mode");
    if kept == "off" {
        let cure = "archive the WAL, or see that your provider does (deploy/restore.md)";
        let says = "WAL is not archived: only whole backups can be restored";
        return Some(Finding::note(about, "archive", says, cure));
    }
    if server.archiving_fails {
        let cure = "read why in the server's log, and mend archive_command: WAL fills its disk meanwhile";
        let says = "WAL is archived no more: what was written since could not be restored";
        return Some(Finding::ill(about, "archive", says, cure));
    }
    let says = "a quiet database archives no WAL before 16 MB are full: hours may be lost";
    let cure = "set archive_timeout = 5s (deploy/restore.md)";
    (!kept.is_empty() && server.setting("archive_timeout") == "0").then(|| Finding::note(about, "archive", says, cure))
}

/// What a process may open.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Whose.
    pub name: String,
    /// Connections at most.
    pub most: u32,
}

/// Whether the server gives as many connections as all pools together may ask for.
pub fn connections(about: &str, server: &Server, pools: &[Pool], replicas: u32) -> Finding {
    let asked: i64 = pools.iter().map(|pool| i64::from(pool.most) * i64::from(replicas)).sum();
    let kept = server.number("superuser_reserved_connections") + server.number("reserved_connections");
    let given = server.number("max_connections") - kept;
    let whose: Vec<String> = pools.iter().map(|pool| format!("{} {}", pool.name, pool.most)).collect();
    let says = format!(
        "pools ask for {asked} connections at most ({}; {replicas} of each), the server gives {given}",
        whose.join(", ")
    );
    if asked > given {
        let cure = "raise max_connections, or lower service.database.max_connections";
        Finding::ill(about, "connections", says, cure)
    } else {
        Finding::well(about, "connections", says)
    }
}

/// Whether database and this machine agree on what time it is; `ahead` is how far the database is.
pub fn clock(about: &str, ahead: SignedDuration) -> Finding {
    let says = format!("its clock is {:.3} s from this machine's", ahead.as_secs_f64());
    let cure = "let both follow a time server (chrony, systemd-timesyncd): terms, tokens and leases go by these clocks";
    let apart = ahead.abs();
    if apart > SignedDuration::from_secs(TOKEN_LEEWAY) {
        Finding::ill(about, "clock", says, cure)
    } else if apart > SignedDuration::from_secs(1) {
        Finding::note(about, "clock", says, cure)
    } else {
        Finding::well(about, "clock", says)
    }
}

/// Whether a service's role is no more than that. `powers` are those it has: superuser, createdb and so on.
pub fn role(about: &str, name: &str, powers: &[String], owns: i64) -> Finding {
    if !powers.is_empty() {
        let says = format!("its role {name} has {}", powers.join(", "));
        let cure = "let the service use its own role as deploy/postgres/roles.sql makes it, and no administrator's";
        return Finding::ill(about, "role", says, cure);
    }
    if owns > 0 {
        let says = format!("its role {name} owns {owns} tables of its schema, and so may undo every rule about them");
        let cure =
            "let ventanilla_owner own the schema and run migrations; the service needs no more than roles.sql grants";
        return Finding::ill(about, "role", says, cure);
    }
    Finding::well(about, "role", format!("its role {name} owns nothing and has no powers"))
}

/// Whether each service has a role of its own. `roles`: process, and its role at its server.
pub fn shared_roles(roles: &[(String, String)]) -> Vec<Finding> {
    let mut by_role: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, role) in roles {
        by_role.entry(role).or_default().push(name);
    }
    let shared = by_role.into_iter().filter(|(_, names)| names.len() > 1);
    let finding = |(role, names): (&str, Vec<&str>)| {
        let says = format!("{} share the role {role}", names.join(" and "));
        Finding::ill("database", "role", says, "give each service its own role (deploy/postgres/roles.sql)")
    };
    shared.map(finding).collect()
}

/// What a role may do to a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// SELECT, INSERT, UPDATE, DELETE or TRUNCATE.
    pub privilege: String,
}

/// What the roles script gives a service on one of its own tables.
fn wanted(table: &str) -> &'static [&'static str] {
    match table {
        "ledger" => &["SELECT", "INSERT"],
        "ledger_head" => &["SELECT", "UPDATE"],
        "ledger_month" | "ledger_kept" => &["SELECT"],
        // The ledger's months are reached by way of it alone.
        month if month.starts_with("ledger_from_") => &[],
        "schema_migration" => &["SELECT"],
        _ => &["SELECT", "INSERT", "UPDATE", "DELETE"],
    }
}

/// Whether a role may do to its own tables what the roles script gives it and no more, and nothing at all to its neighbours'.
/// `tables` are those of its schema, `held` everything it may do to any service's tables.
pub fn grants(about: &str, schema: &str, tables: &[String], held: &BTreeSet<Grant>) -> Vec<Finding> {
    let again = "run deploy/postgres/roles.sql again as a superuser";
    let mut missing = Vec::new();
    for table in tables {
        for privilege in wanted(table) {
            let grant = Grant { schema: schema.to_owned(), table: table.clone(), privilege: (*privilege).to_owned() };
            if !held.contains(&grant) {
                missing.push(format!("{privilege} on {schema}.{table}"));
            }
        }
    }
    let of = |own: bool| held.iter().filter(move |grant| (grant.schema == schema) == own);
    let words = |grant: &Grant| format!("{} on {}.{}", grant.privilege, grant.schema, grant.table);
    let too_much: Vec<String> =
        of(true).filter(|grant| !wanted(&grant.table).contains(&grant.privilege.as_str())).map(words).collect();
    let of_neighbours: Vec<String> = of(false).map(words).collect();
    let mut findings = Vec::new();
    if tables.is_empty() {
        let says = format!("there is no table in the schema {schema}");
        findings.push(Finding::ill(
            about,
            "grants",
            says,
            "run roles.sql, then the service's `migrate` as ventanilla_owner",
        ));
    } else if missing.is_empty() {
        findings.push(Finding::well(about, "grants", format!("it may use the {} tables of its schema", tables.len())));
    } else {
        findings.push(Finding::ill(about, "grants", format!("its role lacks {}", some(&missing)), again));
    }
    if !too_much.is_empty() {
        let says = format!("its role may do what no service may: {}", some(&too_much));
        findings.push(Finding::ill(about, "grants", says, again));
    }
    findings.push(if of_neighbours.is_empty() {
        Finding::well(about, "neighbours", "it may touch no other service's table")
    } else {
        let says = format!("its role may touch others' tables: {}", some(&of_neighbours));
        Finding::ill(
            about,
            "neighbours",
            says,
            format!("revoke it: revoke all on all tables in schema THEIRS from {schema}"),
        )
    });
    findings
}

/// The first few of a list, in words.
fn some(list: &[String]) -> String {
    let shown = list.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if list.len() > 3 { format!("{shown} and {} more", list.len() - 3) } else { shown }
}

/// A migration that the binary brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its number.
    pub version: i64,
    /// Of its text.
    pub checksum: Vec<u8>,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Its number.
    pub version: i64,
    /// Of the text that was applied.
    pub checksum: Vec<u8>,
    /// Whether it came to its end.
    pub success: bool,
}

/// Whether the schema is the one this version works with.
pub fn migrations(about: &str, wanted: &[Wanted], applied: &[Migrated]) -> Finding {
    let by_version: BTreeMap<i64, &Migrated> = applied.iter().map(|one| (one.version, one)).collect();
    let numbers = |list: Vec<i64>| some(&list.iter().map(i64::to_string).collect::<Vec<_>>());
    let failed: Vec<i64> = applied.iter().filter(|one| !one.success).map(|one| one.version).collect();
    if !failed.is_empty() {
        let says = format!("the migration {} did not come to its end", numbers(failed));
        return Finding::ill(
            about,
            "migrations",
            says,
            "look what it left half done, mend it, and run `migrate` again",
        );
    }
    let missing: Vec<i64> =
        wanted.iter().map(|one| one.version).filter(|version| !by_version.contains_key(version)).collect();
    if !missing.is_empty() {
        let says = format!(
            "the schema is older than this version: {} of {} are missing ({})",
            missing.len(),
            wanted.len(),
            numbers(missing)
        );
        let cure = "run the service's `migrate` as ventanilla_owner, then deploy/postgres/roles.sql";
        return Finding::ill(about, "migrations", says, cure);
    }
    let edited: Vec<i64> = wanted
        .iter()
        .filter(|one| by_version.get(&one.version).is_some_and(|applied| applied.checksum != one.checksum))
        .map(|one| one.version)
        .collect();
    if !edited.is_empty() {
        let says = format!("the migration {} was applied with another text than this version's", numbers(edited));
        return Finding::ill(
            about,
            "migrations",
            says,
            "find out which binary applied it: a landed migration is never edited",
        );
    }
    let newer = applied.len() - wanted.len();
    let says = format!("all {} migrations are applied", wanted.len());
    if newer > 0 {
        let says = format!("{says}, and {newer} of a newer version");
        return Finding::note(about, "migrations", says, "bring the binaries up to the version that migrated");
    }
    Finding::well(about, "migrations", says)
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::State;
    use super::*;

    fn server(changed: &[(&str, &str)]) -> Server {
        let usual = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("server_encoding", "UTF8"),
            ("archive_mode", "on"),
            ("archive_timeout", "5"),
            ("data_checksums", "on"),
            ("max_connections", "100"),
            ("superuser_reserved_connections", "3"),
        ];
        let settings = usual.iter().chain(changed).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Server { version: 150_008, settings: settings.collect(), archiving_fails: false }
    }

    fn not_well(found: &[Finding]) -> Vec<(&'static str, State)> {
        found.iter().filter(|f| f.state != State::Well).map(|f| (f.check, f.state)).collect()
    }

    #[test]
    fn settings_that_lose_what_was_confirmed_are_ill() {
        assert_eq!(not_well(&durability("database", &server(&[]))), []);
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let found = durability("database", &server(&[(setting, "off")]));
            assert_eq!(not_well(&found), [("durability", State::Ill)], "{setting}");
        }
        assert_eq!(
            not_well(&durability("database", &server(&[("server_encoding", "LATIN1")]))),
            [("encoding", State::Ill)]
        );
        assert_eq!(not_well(&durability("database", &server(&[("archive_mode", "off")]))), [("archive", State::Note)]);
        let late = server(&[("archive_timeout", "0")]);
        assert_eq!(not_well(&durability("database", &late)), [("archive", State::Note)]);
        let fails = Server { archiving_fails: true, ..late };
        assert_eq!(not_well(&durability("database", &fails)), [("archive", State::Ill)]);
        let never = server(&[("archive_mode", "off"), ("archive_timeout", "0")]);
        assert_eq!(not_well(&durability("database", &never)), [("archive", State::Note)]);
        assert_eq!(
            not_well(&durability("database", &server(&[("data_checksums", "off")]))),
            [("checksums", State::Note)]
        );
        let old = Server { version: 140_010, ..server(&[]) };
        assert_eq!(not_well(&durability("database", &old)), [("version", State::Ill)]);
    }

    #[test]
    fn pools_that_ask_for_more_than_the_server_gives_are_ill() {
        let pools = [("ticketing", 48), ("sla-monitor", 49)].map(|(name, most)| Pool { name: name.to_owned(), most });
        assert_eq!(connections("database", &server(&[]), &pools, 1).state, State::Well);
        assert_eq!(connections("database", &server(&[]), &pools, 2).state, State::Ill);
        let reserved = server(&[("reserved_connections", "1")]);
        assert_eq!(connections("database", &reserved, &pools, 1).state, State::Ill);
    }

    #[test]
    fn clocks_that_are_apart_are_told() {
        let state = |milliseconds| clock("database", SignedDuration::from_millis(milliseconds)).state;
        assert_eq!(
            [state(5), state(-1_500), state(31_000), state(-31_000)],
            [State::Well, State::Note, State::Ill, State::Ill]
        );
    }

    #[test]
    fn a_role_with_powers_that_owns_or_that_is_shared_is_ill() {
        assert_eq!(role("ticketing", "ticketing", &[], 0).state, State::Well);
        assert_eq!(role("ticketing", "postgres", &["superuser".to_owned()], 0).state, State::Ill);
        assert_eq!(role("ticketing", "ventanilla_owner", &[], 40).state, State::Ill);
        let at = |name: &str, role: &str| (name.to_owned(), role.to_owned());
        assert_eq!(shared_roles(&[at("a", "x at h"), at("b", "y at h")]), []);
        assert_eq!(shared_roles(&[at("a", "x at h"), at("b", "x at h")]).len(), 1);
    }

    fn held(grants: &[(&str, &str, &str)]) -> BTreeSet<Grant> {
        let grant = |(schema, table, privilege): &(&str, &str, &str)| Grant {
            schema: (*schema).to_owned(),
            table: (*table).to_owned(),
            privilege: (*privilege).to_owned(),
        };
        grants.iter().map(grant).collect()
    }

    #[test]
    fn a_role_may_do_what_the_script_gives_it_and_no_more() {
        let tables = ["ticket", "ledger", "ledger_head", "schema_migration"].map(str::to_owned);
        let mut usual = vec![("t", "ledger", "SELECT"), ("t", "ledger", "INSERT")];
        usual.extend([
            ("t", "ledger_head", "SELECT"),
            ("t", "ledger_head", "UPDATE"),
            ("t", "schema_migration", "SELECT"),
        ]);
        usual.extend(["SELECT", "INSERT", "UPDATE", "DELETE"].map(|privilege| ("t", "ticket", privilege)));
        let found = |grants: &[(&str, &str, &str)]| not_well(&grants_of(&tables, grants));
        fn grants_of(tables: &[String], grants: &[(&str, &str, &str)]) -> Vec<Finding> {
            super::grants("ticketing", "t", tables, &held(grants))
        }
        assert_eq!(found(&usual), []);
        assert_eq!(found(&usual[1..]), [("grants", State::Ill)], "what is missing");
        for extra in [
            ("t", "ledger", "UPDATE"),
            ("t", "ledger", "DELETE"),
            ("t", "ledger_from_1", "INSERT"),
            ("t", "ledger_month", "UPDATE"),
            ("t", "schema_migration", "UPDATE"),
        ] {
            assert_eq!(found(&[usual.clone(), vec![extra]].concat()), [("grants", State::Ill)], "{extra:?}");
        }
        let neighbour = [usual.clone(), vec![("o", "case", "SELECT")]].concat();
        assert_eq!(found(&neighbour), [("neighbours", State::Ill)]);
        assert_eq!(not_well(&grants_of(&[], &[])), [("grants", State::Ill)], "no schema");
    }

    #[test]
    fn a_schema_that_is_older_half_done_edited_or_newer_is_told() {
        let wanted: Vec<Wanted> = (1..=2).map(|version| Wanted { version, checksum: vec![1] }).collect();
        let done = |version, checksum: u8, success| Migrated { version, checksum: vec![checksum], success };
        let state = |applied: &[Migrated]| migrations("ticketing", &wanted, applied).state;
        assert_eq!(state(&[done(1, 1, true), done(2, 1, true)]), State::Well);
        assert_eq!(state(&[done(1, 1, true)]), State::Ill);
        assert_eq!(state(&[done(1, 1, true), done(2, 1, false)]), State::Ill);
        assert_eq!(state(&[done(1, 1, true), done(2, 9, true)]), State::Ill);
        assert_eq!(state(&[done(1, 1, true), done(2, 1, true), done(3, 1, true)]), State::Note);
    }
}
