//! `doctor`: a deployment that is well, and the same with each thing broken.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{Identifier, IdentifierType, IngestSourceRecordRequest, SourceRecord};

use crate::running::{Folder, Running, run, text};

pub(crate) const SERVICES: [(&str, &str); 5] = [
    ("customer-profile", "customer_profile"),
    ("ticketing", "ticketing"),
    ("sla-monitor", "sla_monitor"),
    ("ombudsman-escalation", "ombudsman"),
    ("webhooks", "webhooks"),
];
const WINDOW: &str = "gateway";

/// A running suite, described as the separate processes that it could be as well.
pub(crate) struct Deployment {
    pub(crate) folder: Folder,
    pub(crate) suite: Running,
    issuer: server::TokenIssuer,
    collector: std::net::TcpListener,
    secrets: Vec<String>,
}

/// What the doctor said.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) well: bool,
    ill: Vec<(String, String)>,
    noted: Vec<(String, String)>,
}

impl Said {
    pub(crate) fn is_ill(&self, about: &str, check: &str) -> bool {
        self.ill.iter().any(|(a, c)| a == about && c == check)
    }
}

impl Deployment {
    /// In a folder of this name, which no other test has.
    pub(crate) async fn start(folder: &str) -> Self {
        let folder = Folder::new(folder);
        let suite = Running::start(&folder);
        let collector = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let key = Ed25519KeyPair::from_pkcs8(&fs::read(folder.data().join("keys/token.pk8")).unwrap()).unwrap();
        let issuer = server::TokenIssuer::new(&key, "ventanilla-suite", "ventanilla").unwrap();
        let mut deployment = Self { folder, suite, issuer, collector, secrets: Vec::new() };
        fs::create_dir_all(deployment.settings()).unwrap();
        fs::write(deployment.at("jwks.json"), deployment.issuer.jwks()).unwrap();
        for (name, schema) in SERVICES {
            deployment.token(name, "service");
            deployment.secrets.push(deployment.password(schema));
        }
        deployment.secrets.push(fs::read_to_string(deployment.data("keys/office.key")).unwrap());
        deployment.write_all();
        deployment
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn settings(&self) -> PathBuf {
        self.at("settings")
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.data().join(name)
    }

    fn password(&self, schema: &str) -> String {
        fs::read_to_string(self.data(&format!("passwords/{schema}"))).unwrap().trim().to_owned()
    }

    /// Writes a token of this role as the service's own.
    fn token(&mut self, name: &str, role: &str) {
        let ambient = kernel::Ambient::system();
        let role = role.parse().unwrap();
        let department = "billing".parse().unwrap();
        let department = (role == kernel::Role::Agent).then_some(&department);
        let life = std::time::Duration::from_secs(3_600);
        let token = self.issuer.issue(name, &[role], department, life, ambient.now()).unwrap();
        let file = self.at(&format!("{name}.token"));
        fs::write(&file, &token).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        self.secrets.push(token);
    }

    fn admin_url(&self) -> String {
        let running: Value = serde_json::from_str(&fs::read_to_string(self.data("running.json")).unwrap()).unwrap();
        running["database"].as_str().unwrap().to_owned()
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url()).await.unwrap()
    }

    fn address(&self, name: &str) -> String {
        self.suite.ready["services"][name].as_str().unwrap().to_owned()
    }

    pub(crate) fn write_all(&self) {
        for (name, _) in SERVICES.into_iter().chain([(WINDOW, "")]) {
            self.write(name, &[]);
        }
    }

    /// Writes the settings of a process, with some words of it in the place of others.
    pub(crate) fn write(&self, name: &str, changed: &[(&str, &str)]) {
        let mut settings = self.written(name);
        for (from, to) in changed {
            assert!(settings.contains(from), "{from} is not in the settings of {name}:\n{settings}");
            settings = settings.replacen(from, to, 1);
        }
        fs::write(self.settings().join(format!("{name}.toml")), settings).unwrap();
    }

    fn written(&self, name: &str) -> String {
        let at = |path: PathBuf| path.display().to_string();
        let mut lines = vec![format!("listen = \"{}\"", self.address(name).trim_start_matches("http://"))];
        if name != WINDOW {
            lines.push(format!("signing_key_file = \"{}\"", at(self.data("keys/ledger.pk8"))));
            lines.push(format!("checkpoint_dir = \"{}\"", at(self.data("checkpoints"))));
        }
        lines.push("[auth]\nissuer = \"ventanilla-suite\"\naudience = \"ventanilla\"".to_owned());
        lines.push(format!("jwks_file = \"{}\"", at(self.at("jwks.json"))));
        if name != WINDOW {
            lines.push(format!("service_token_file = \"{}\"", at(self.at(&format!("{name}.token")))));
        }
        lines.push("[peers]".to_owned());
        for (peer, _) in SERVICES.into_iter().filter(|(peer, _)| *peer != name) {
            lines.push(format!("{peer} = \"{}\"", self.address(peer)));
        }
        lines.push(format!("[telemetry]\notlp_endpoint = \"http://{}\"", self.collector.local_addr().unwrap()));
        lines.push("[service]".to_owned());
        match name {
            "ombudsman-escalation" => lines.push(format!("office_key = \"{}\"", "0f".repeat(32))),
            "webhooks" => lines.push(format!("secret_key = \"{}\"", "1e".repeat(32))),
            WINDOW => lines.push(format!(
                "[service.web]\npublic_url = \"https://window.example\"\nsealing_keys = [\"{}\"]",
                "2d".repeat(32)
            )),
            _ => {}
        }
        if let Some((_, schema)) = SERVICES.into_iter().find(|(service, _)| *service == name) {
            let admin = self.admin_url();
            let server = admin.rsplit('@').next().unwrap();
            let password = self.password(schema);
            lines.push(format!(
                "[service.database]\nurl = \"postgres://{schema}:{password}@{server}\"\nschema = \"{schema}\"\nmax_connections = 16"
            ));
        }
        lines.join("\n") + "\n"
    }

    /// What the doctor says of all of them, in words and as JSON, which must agree and tell no secret.
    pub(crate) fn doctor(&self, also: &[&str]) -> Said {
        let settings = self.settings();
        let admin = self.admin_url();
        let mut arguments = vec!["doctor", settings.to_str().unwrap(), "--admin-url", &admin, "--json"];
        if !also.contains(&"--least-free") {
            // The disk of whoever runs the tests is no part of the deployment.
            arguments.extend(["--least-free", "0"]);
        }
        arguments.extend(also);
        let output = run(&self.folder.data(), &arguments);
        let text = text(&output.stdout);
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "a secret was told: {text}");
        }
        let found: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", crate::running::text(&output.stderr)));
        let of = |state: &str| -> Vec<(String, String)> {
            let findings = found["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == state);
            let word = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
            findings.map(|finding| (word(finding, "about"), word(finding, "check"))).collect()
        };
        let (ill, well) = (of("ill"), found["well"].as_bool().unwrap());
        assert_eq!(well, ill.is_empty());
        assert_eq!(output.status.success(), well, "the exit status says what the report says");
        let cures = found["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] != "well");
        assert!(cures.into_iter().all(|finding| finding["cure"].is_string()), "each has its cure: {text}");
        Said { text, well, ill, noted: of("note") }
    }

    /// Ends the suite, does something about its data, and starts it anew, at other ports.
    pub(crate) fn restart_after(self, done: impl FnOnce(&Folder)) -> Self {
        let Self { folder, suite, issuer, collector, secrets } = self;
        suite.signal("-TERM");
        assert_eq!(suite.end(std::time::Duration::from_secs(60)), Some(0));
        done(&folder);
        let suite = Running::start(&folder);
        let deployment = Self { folder, suite, issuer, collector, secrets };
        deployment.write_all();
        deployment
    }

    pub(crate) fn is_well(&self) {
        let said = self.doctor(&[]);
        assert!(said.well, "{}", said.text);
    }
}

async fn does(admin: &mut PgConnection, statements: &str) {
    admin.execute(AssertSqlSafe(statements.to_owned())).await.unwrap_or_else(|error| panic!("{statements}: {error}"));
}

fn holds(said: &Said, expected: &[(&str, &str)]) {
    let missed: Vec<_> = expected.iter().filter(|(about, check)| !said.is_ill(about, check)).collect();
    assert!(missed.is_empty(), "{missed:?} was not seen: {}", said.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_well_is_said_so_and_each_thing_that_is_broken_is_named_with_its_cure() {
    let mut deployment = Deployment::start("doctor").await;
    bring_a_customer(&deployment.suite, 1).await;
    let mut admin = deployment.admin().await;
    deployment.is_well();
    let said = deployment.doctor(&[]);
    assert!(said.noted.contains(&("ticketing".to_owned(), "lag".to_owned())), "no case was opened yet: {}", said.text);
    settings_keys_and_ports(&mut deployment);
    addresses_and_tokens(&mut deployment);
    the_server_its_roles_and_migrations(&deployment, &mut admin).await;
    what_a_role_is(&deployment, &mut admin).await;
    ledgers_and_who_follows_them(&deployment, &mut admin).await;
    deployment.is_well();
    what_will_be_over(&deployment);
    certificates_and_the_windows_token(&mut deployment);
    the_broker(&deployment).await;
    deployment.is_well();
    said_to_a_person(&deployment);
}

fn settings_keys_and_ports(deployment: &mut Deployment) {
    deployment.write("customer-profile", &[("issuer =", "isuer =")]);
    let listen = format!("listen = \"{}\"", deployment.address("ticketing").trim_start_matches("http://"));
    let ledger_key = deployment.data("keys/ledger.pk8").display().to_string();
    deployment.write("ticketing", &[(&listen, "listen = \"127.0.0.1:1\""), (&ledger_key, "/nowhere.pem")]);
    let jwks = deployment.at("jwks.json").display().to_string();
    let checkpoints = format!("checkpoint_dir = \"{}\"", deployment.data("checkpoints").display());
    deployment.write("sla-monitor", &[(&jwks, "/nowhere.json"), (&checkpoints, "checkpoint_dir = \"/nowhere\"")]);
    let password = deployment.password("ombudsman");
    deployment.write("ombudsman-escalation", &[(&"0f".repeat(32), ""), (&password, "another")]);
    deployment.write(
        "webhooks",
        &[(&"1e".repeat(32), "1e"), ("[telemetry]", "[telemetry]\nmetrics_listen = \"127.0.0.1:1\"")],
    );
    deployment.write("gateway", &[(&format!("[\"{}\"]", "2d".repeat(32)), "[]")]);
    let said = deployment.doctor(&[]);
    holds(
        &said,
        &[
            ("customer-profile", "settings"),
            ("ticketing", "serving"),
            ("ticketing", "keys"),
            ("sla-monitor", "jwks"),
            ("sla-monitor", "folder"),
            ("ombudsman-escalation", "keys"),
            ("ombudsman-escalation", "database"),
            ("webhooks", "keys"),
            ("webhooks", "figures"),
            ("gateway", "keys"),
        ],
    );
    assert!(said.text.contains("isuer") && said.text.contains("the password is wrong"), "{}", said.text);
    deployment.write_all();
}

fn addresses_and_tokens(deployment: &mut Deployment) {
    deployment.token("customer-profile", "agent");
    fs::write(deployment.at("ticketing.token"), "nonsense").unwrap();
    let peer = format!("ticketing = \"{}\"", deployment.address("ticketing"));
    deployment.write("sla-monitor", &[(&peer, "ticketing = \"http://127.0.0.1:1\"")]);
    let collector = format!("http://{}", deployment.collector.local_addr().unwrap());
    let encrypted = format!("{}\"\notlp_ca_file = \"/nowhere.pem", collector.replace("http:", "https:"));
    deployment.write("ombudsman-escalation", &[(&peer, ""), (&collector, &encrypted)]);
    deployment.write("webhooks", &[(&collector, "http://127.0.0.1:1")]);
    fs::set_permissions(deployment.at("sla-monitor.token"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = deployment.doctor(&["--replicas", "2", "--least-free", "100"]);
    holds(
        &said,
        &[
            ("customer-profile", "peers"),
            ("ticketing", "token"),
            ("sla-monitor", "peers"),
            ("ombudsman-escalation", "peers"),
            ("ombudsman-escalation", "telemetry"),
            ("webhooks", "telemetry"),
            ("database", "connections"),
            ("ticketing", "disk"),
            ("database", "disk"),
        ],
    );
    assert!(said.noted.contains(&("sla-monitor".to_owned(), "token".to_owned())), "{}", said.text);
    for (name, _) in SERVICES {
        deployment.token(name, "service");
    }
    deployment.write_all();
}

async fn the_server_its_roles_and_migrations(deployment: &Deployment, admin: &mut PgConnection) {
    let newest = "(select max(version) from ticketing.schema_migration)";
    does(admin, "alter system set fsync = off").await;
    does(admin, "select pg_reload_conf()").await;
    does(
        admin,
        &format!(
            "alter role sla_monitor set synchronous_commit = off;
             revoke insert on ticketing.ticket from ticketing;
             grant update on ombudsman.ledger to ombudsman;
             grant usage on schema ticketing to webhooks; grant select on ticketing.ticket to webhooks;
             create table public.put_aside as select * from ticketing.schema_migration where version = {newest};
             delete from ticketing.schema_migration where version = {newest};
             update ombudsman.schema_migration set success = false where version = (select max(version) from ombudsman.schema_migration);
             update webhooks.schema_migration set checksum = checksum || '\\x00'
             where version = (select max(version) from webhooks.schema_migration);"
        ),
    )
    .await;
    let said = testkit::eventually(std::time::Duration::from_secs(20), || async {
        // The server reads its settings again a moment after it was told to.
        let said = deployment.doctor(&[]);
        if said.is_ill("database", "durability") { Ok(said) } else { Err(said.text) }
    })
    .await;
    holds(
        &said,
        &[
            ("sla-monitor", "durability"),
            ("ticketing", "grants"),
            ("ombudsman-escalation", "grants"),
            ("webhooks", "neighbours"),
            ("ticketing", "migrations"),
            ("ombudsman-escalation", "migrations"),
            ("webhooks", "migrations"),
        ],
    );
    does(admin, "alter system reset fsync").await;
    does(admin, "select pg_reload_conf()").await;
    does(
        admin,
        "alter role sla_monitor reset synchronous_commit;
         grant insert on ticketing.ticket to ticketing;
         revoke update on ombudsman.ledger from ombudsman;
         revoke all on ticketing.ticket from webhooks; revoke all on schema ticketing from webhooks;
         insert into ticketing.schema_migration select * from public.put_aside; drop table public.put_aside;
         update ombudsman.schema_migration set success = true;
         update webhooks.schema_migration set checksum = substr(checksum, 1, length(checksum) - 1)
         where version = (select max(version) from webhooks.schema_migration);",
    )
    .await;
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let said = deployment.doctor(&[]);
        if said.well { Ok(()) } else { Err(said.text) }
    })
    .await;
}

async fn what_a_role_is(deployment: &Deployment, admin: &mut PgConnection) {
    does(admin, "alter role ticketing createdb; alter table webhooks.lane owner to webhooks").await;
    let own = format!("postgres://sla_monitor:{}@", deployment.password("sla_monitor"));
    let others = format!("postgres://ticketing:{}@", deployment.password("ticketing"));
    deployment.write("sla-monitor", &[(&own, &others)]);
    let said = deployment.doctor(&[]);
    holds(&said, &[("ticketing", "role"), ("webhooks", "role"), ("database", "role")]);
    does(
        admin,
        "alter role ticketing nocreatedb; alter table webhooks.lane owner to postgres;
                 grant select, insert, update, delete on webhooks.lane to webhooks",
    )
    .await;
    deployment.write_all();
}

async fn ledgers_and_who_follows_them(deployment: &Deployment, admin: &mut PgConnection) {
    let checkpoints = deployment.data("checkpoints/ombudsman-escalation.checkpoints.jsonl");
    let before = fs::read(&checkpoints).ok();
    fs::write(&checkpoints, "nonsense\n").unwrap();
    does(
        admin,
        "alter table customer_profile.ledger disable trigger all;
         update customer_profile.ledger set actor_id = actor_id || 'x' where position = 1;
         insert into sla_monitor.ledger_parked (source, position, aggregate, entry, reason, parked_at)
         values ('ticketing', 1, 'tickets/x', '\\x00', 'planted', now());
         insert into sla_monitor.ledger_cursor (source, position, head_position) values ('webhooks', 1000000, 0);
         insert into customer_profile.erasure_request (id, customer_id, ids, ground, asked_at, actor_kind, actor_id)
         values (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', '{}', 'objection', now(), 'system', 'planted');",
    )
    .await;
    // Nobody gives positions while the head is held.
    let mut held = deployment.admin().await;
    does(&mut held, "begin").await;
    does(&mut held, "select * from ticketing.ledger_head for update").await;
    does(
        admin,
        "insert into ticketing.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, traceparent, payload)
         values (gen_random_uuid(), 'tickets/x', 'planted', now(), now() - interval '1 hour', 'system', 'planted', '', '')",
    )
    .await;
    let said = deployment.doctor(&[]);
    does(admin, "delete from ticketing.ledger_inbox where type = 'planted'").await;
    does(&mut held, "rollback").await;
    holds(
        &said,
        &[
            ("customer-profile", "ledger"),
            ("customer-profile", "erasures"),
            ("ticketing", "sequencer"),
            ("sla-monitor", "parked"),
            ("sla-monitor", "lag"),
            ("ombudsman-escalation", "checkpoints"),
        ],
    );
    does(
        admin,
        "update customer_profile.ledger set actor_id = left(actor_id, -1) where position = 1;
         alter table customer_profile.ledger enable trigger all;
         delete from sla_monitor.ledger_parked where reason = 'planted';
         delete from sla_monitor.ledger_cursor where source = 'webhooks';
         delete from customer_profile.erasure_request where actor_id = 'planted';",
    )
    .await;
    match before {
        Some(before) => fs::write(&checkpoints, before).unwrap(),
        None => fs::remove_file(&checkpoints).unwrap(),
    }
}

fn what_will_be_over(deployment: &Deployment) {
    let said = deployment.doctor(&["--at", "2099-01-15T00:00:00Z"]);
    holds(&said, &[("ticketing", "token"), ("sla-monitor", "holidays")]);
    deployment.write(
        "sla-monitor",
        &[("[service.database]", "[service.law]\ncalendar = \"xx.nowhere\"\n[service.database]")],
    );
    holds(&deployment.doctor(&[]), &[("sla-monitor", "holidays")]);
    deployment.write_all();
}

/// Puts certificate, key and authority of a process into files, and gives the settings that name them.
fn certified(deployment: &Deployment, name: &str, (certificate, key): &(String, String), authority: &str) -> String {
    let put = |what: &str, text: &str| {
        let path = deployment.at(&format!("{name}.{what}"));
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (cert, key, ca) = (put("crt", certificate), put("key.pem", key), put("ca.crt", authority));
    format!("[tls]\ncert_file = \"{cert}\"\nkey_file = \"{key}\"\nca_file = \"{ca}\"\n[peers]")
}

fn certificates_and_the_windows_token(deployment: &mut Deployment) {
    let (house, other) = (Authority::new(), Authority::new());
    let soon = kernel::Ambient::system().now() + jiff::SignedDuration::from_hours(24 * 20);
    let soon = soon.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (over, ends, long) =
        ((2025, 1, 1), (soon.year().into(), soon.month().unsigned_abs(), soon.day().unsigned_abs()), (2999, 1, 1));
    let mixed = (house.certify("ombudsman-escalation", long).0, house.certify("ombudsman-escalation", long).1);
    for (name, pair, authority) in [
        ("customer-profile", house.certify("customer-profile", ends), &house.pem),
        ("ticketing", house.certify("ticketing", over), &house.pem),
        ("sla-monitor", house.certify("webhooks", long), &house.pem),
        ("ombudsman-escalation", mixed, &house.pem),
        ("webhooks", other.certify("webhooks", long), &house.pem),
    ] {
        let tls = certified(deployment, name, &pair, authority);
        deployment.write(name, &[("[peers]", &tls)]);
    }
    deployment.token("gateway", "agent");
    let token = format!("service_token_file = \"{}\"\n[peers]", deployment.at("gateway.token").display());
    deployment.write(WINDOW, &[("[peers]", &token)]);
    let said = deployment.doctor(&[]);
    let ill = ["ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"].map(|name| (name, "certificate"));
    holds(&said, &ill);
    holds(&said, &[(WINDOW, "token")]);
    assert!(!said.is_ill("customer-profile", "certificate"), "{}", said.text);
    assert!(said.noted.contains(&("customer-profile".to_owned(), "certificate".to_owned())), "{}", said.text);

    deployment.write_all();
    deployment.token("gateway", "form");
    deployment.write(WINDOW, &[("[peers]", &token)]);
    deployment.is_well();
    holds(&deployment.doctor(&["--at", "2099-01-15T00:00:00Z"]), &[(WINDOW, "token")]);
    deployment.write_all();
}

async fn the_broker(deployment: &Deployment) {
    let away = "[broker]\nservers = \"nats://127.0.0.1:1\"\n[peers]";
    deployment.write("webhooks", &[("[peers]", away)]);
    let said = deployment.doctor(&[]);
    assert!(said.well, "a broker that is away stops nobody: {}", said.text);
    assert!(said.noted.contains(&("webhooks".to_owned(), "broker".to_owned())), "{}", said.text);
    if testkit::NatsServer::is_there() {
        let nats = testkit::NatsServer::start().await;
        let there = format!("[broker]\nservers = \"nats://{}\"\n[peers]", nats.addr());
        deployment.write("ticketing", &[("[peers]", &there)]);
        holds(&deployment.doctor(&[]), &[("ticketing", "broker")]);
    }
    deployment.write_all();
}

/// An authority, and certificates of it.
struct Authority {
    pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
        Self { pem, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A certificate for this name until this day, and its key.
    fn certify(&self, name: &str, (year, month, day): (i32, u8, u8)) -> (String, String) {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, month, day);
        params.extended_key_usages =
            vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der()))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

fn said_to_a_person(deployment: &Deployment) {
    let settings = deployment.settings();
    let output = run(&deployment.folder.data(), &["doctor", settings.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("unseen  migrations") && said.contains("--admin-url"), "{said}");
    deployment.write("ticketing", &[("issuer =", "isuer =")]);
    let output = run(&deployment.folder.data(), &["doctor", settings.join("ticketing.toml").to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(!output.status.success() && said.contains("WRONG") && said.contains("-> "), "{said}");
    let unnamed = run(&deployment.folder.data(), &["doctor", "/nowhere/other.toml"]);
    assert!(text(&unnamed.stderr).contains("NAME.toml"), "{}", text(&unnamed.stderr));
}

pub(crate) async fn bring_a_customer(suite: &Running, number: u8) {
    let record = SourceRecord {
        source_system: "crm-retail".to_owned(),
        department: "billing".to_owned(),
        external_id: format!("C-{number}"),
        identifiers: vec![Identifier {
            r#type: IdentifierType::Phone.into(),
            value: "+34600123456".to_owned(),
            ..Identifier::default()
        }],
        observed_time: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        ..SourceRecord::default()
    };
    let request = IngestSourceRecordRequest {
        record: Some(record),
        request_id: Uuid::from_u128(6 + u128::from(number)).to_string(),
    };
    let mut customers = CustomerServiceClient::new(suite.client("customer-profile", "crm"));
    customers.ingest_source_record(request).await.unwrap();
}
