//! `doctor`: looks at a deployment and says in words what is wrong and what cures it.
//!
//! `patient` reads each process's settings, `look` asks files, ports and the database, `judge` (pure) says what was seen means, and
//! `finding` tells it. Nothing is changed, and no secret is told.

mod finding;
mod judge;
mod look;
mod patient;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use anyhow::bail;
use jiff::Timestamp;
use kernel::Ambient;
use postgres::{Db, Settings};
use secrecy::SecretString;

use crate::cli;
use crate::services::Service;

use finding::{Finding, Report};
use judge::Pool;
use patient::{Kept, Patient};

/// Runs `doctor`. An error when something is wrong.
pub async fn run(doctor: cli::Doctor) -> anyhow::Result<()> {
    let ambient = Ambient::system();
    let files = patient::files(&doctor.settings)?;
    let alone = files.len() == 1;
    let (mut patients, mut findings) = (Vec::new(), Vec::new());
    for (name, file) in &files {
        match patient::admit(name, file, alone) {
            Ok(patient) => {
                findings.push(Finding::well(name, "settings", format!("{} is understood", file.display())));
                patients.push(patient);
            }
            Err(ill) => findings.push(ill),
        }
    }
    let now = ambient.now();
    let at = doctor.at.unwrap_or(now);
    for patient in &patients {
        findings.extend(look::files::look(patient, at, doctor.least_free));
        findings.extend(look::network::look(patient, &ambient).await);
    }
    let admin = doctor.admin_url.map(SecretString::from);
    let house = House { ambient: &ambient, patients: &patients, replicas: doctor.replicas, tail: doctor.entries, at };
    findings.extend(house.databases().await);
    let kept: Vec<Kept<'_>> = patients.iter().filter_map(Patient::kept).collect();
    findings.extend(look::database::migrations(&kept, admin.as_ref()).await);
    if let Some(admin) = &admin
        && let Some(folder) = look::database::data_folder(admin).await
    {
        findings.extend(look::files::room("database", "the database", &folder, doctor.least_free));
    }
    // By process, in the order in which they were given; what is about all of them last.
    let place = |finding: &Finding| files.iter().position(|(name, _)| *name == finding.about).unwrap_or(files.len());
    findings.sort_by_key(place);

    let report = Report::of(findings);
    let mut out = std::io::stdout().lock();
    if doctor.json {
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
    } else {
        report.tell(&mut out)?;
    }
    out.flush()?;
    if !report.well {
        bail!("something is wrong with this deployment; each line above names its cure");
    }
    Ok(())
}

/// What is looked at through the database.
struct House<'a> {
    ambient: &'a Ambient,
    patients: &'a [Patient],
    replicas: u32,
    tail: i64,
    at: Timestamp,
}

impl House<'_> {
    async fn databases(&self) -> Vec<Finding> {
        let kept: Vec<Kept<'_>> = self.patients.iter().filter_map(Patient::kept).collect();
        let mut findings = Vec::new();
        let (mut pools, mut seen) = (BTreeMap::<String, Vec<Pool>>::new(), BTreeMap::new());
        let (mut roles, mut open) = (Vec::new(), Vec::new());
        for kept in &kept {
            if let Some((server, role)) = look::database::place(&kept.database.url) {
                // The pool, and the one connection by which the process looks whether the database answers.
                let pool = Pool { name: kept.name.to_owned(), most: kept.database.max_connections + 1 };
                pools.entry(server.clone()).or_default().push(pool);
                roles.push((kept.name.to_owned(), format!("{role} at {server}")));
            }
            match look::database::connect(*kept).await {
                Ok(mut connection) => {
                    findings.push(Finding::well(kept.name, "database", "it reaches its schema by its own role"));
                    match self.role_and_server(*kept, &mut connection, &mut seen).await {
                        Ok(found) => findings.extend(found),
                        Err(_) => findings.push(broke_off(kept.name)),
                    }
                    open.push(*kept);
                }
                Err(ill) => findings.push(ill),
            }
        }
        findings.extend(judge::shared_roles(&roles));
        for (server, facts) in &seen {
            let asked = pools.get(server).map(Vec::as_slice).unwrap_or_default();
            findings.push(judge::connections("database", facts, asked, self.replicas));
        }
        findings.extend(self.ledgers(&open).await);
        findings
    }

    /// The role of a service, and its server the first time it is seen.
    async fn role_and_server(
        &self,
        kept: Kept<'_>,
        connection: &mut sqlx::PgConnection,
        seen: &mut BTreeMap<String, judge::Server>,
    ) -> Result<Vec<Finding>, sqlx::Error> {
        let mut findings = look::database::role(kept, connection).await?;
        let (facts, ahead) = look::database::server(connection, self.ambient).await?;
        let server = look::database::place(&kept.database.url).map(|(server, _)| server).unwrap_or_default();
        if seen.insert(server, facts.clone()).is_none() {
            findings.push(judge::clock("database", ahead));
            findings.extend(judge::durability("database", &facts));
        } else if facts.settings.get("synchronous_commit").is_some_and(|value| value == "off") {
            // A role may have its own.
            findings.extend(judge::durability(kept.name, &facts));
        }
        Ok(findings)
    }

    async fn ledgers(&self, kept: &[Kept<'_>]) -> Vec<Finding> {
        let (mut findings, mut open, mut heads) = (Vec::new(), Vec::new(), BTreeMap::new());
        for kept in kept {
            let settings = Settings { max_connections: 1, ..kept.database.clone() };
            match Db::connect(&settings).await {
                Ok(db) => {
                    if let Ok(head) = look::ledgers::head(&db).await {
                        heads.insert(kept.name, head);
                    }
                    open.push((*kept, db));
                }
                Err(_) => findings.push(broke_off(kept.name)),
            }
        }
        for (kept, db) in &open {
            match look::ledgers::look(*kept, db, &heads, self.tail, self.ambient.now()).await {
                Ok(found) => findings.extend(found),
                Err(_) => findings.push(broke_off(kept.name)),
            }
            if kept.service == Service::SlaMonitor {
                let law = self.patients.iter().find(|patient| patient.name == kept.name);
                let law = law.and_then(|patient| patient.own.law.as_ref());
                match look::database::calendars(db, law).await {
                    Ok(calendars) => {
                        findings.extend(judge::holidays(kept.name, &calendars, look::database::today(self.at)));
                    }
                    Err(_) => findings.push(broke_off(kept.name)),
                }
            }
            db.close(Duration::from_secs(1)).await;
        }
        findings
    }
}

fn broke_off(about: &str) -> Finding {
    let says = "its schema cannot be read: tables or rights are missing, or the connection broke";
    Finding::ill(
        about,
        "database",
        says,
        "run the service's `migrate` as ventanilla_owner, then deploy/postgres/roles.sql",
    )
}
