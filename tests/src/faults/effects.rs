//! What is there: read from the services' schemas as an administrator, once everything is at rest.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use ledger::checkpoint;
use ledger::verify::verify_database;
use postgres::{Db, Settings};
use prost::{Message, Name};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;
use ventanilla_proto::customer::v1::{InteractionRecorded, SourceRecordIngested};
use ventanilla_proto::ombudsman::v1::{CaseOpened, DossierEntryAdded};
use ventanilla_proto::sla::v1::ClockStarted;
use ventanilla_proto::ticketing::v1::{MessageAdded, PromiseMade, TicketOpened, TicketTransitioned};

use super::check::{self, Effects, Fault};
use super::fleet::Fleet;
use super::journal::{Kind, Record, Wish};
use super::load::requests::start_mark;
use super::service::Service;

/// Everything that the checker can hold against the journal.
///
/// # Errors
/// When the database cannot be read.
pub async fn inspect(
    admin_url: &str,
    admin: &mut PgConnection,
    fleet: &Fleet,
    record: &Record,
) -> anyhow::Result<Vec<Fault>> {
    let services = fleet.services();
    let effects = read(admin, &services).await?;
    let mut faults = check::effects(record, &effects);
    faults.extend(check::claims(record, &claimed(admin, &services).await?));
    faults.extend(entries_are_effects(admin, &services, &effects).await?);
    faults.extend(followers_saw_all(admin, &services, &effects).await?);
    for service in services {
        faults.extend(ledger_holds(admin_url, fleet, service).await?);
    }
    Ok(faults)
}

/// The effects that carry a mark, by their wish.
///
/// # Errors
/// When the database cannot be read.
pub async fn read(admin: &mut PgConnection, services: &[Service]) -> anyhow::Result<Effects> {
    let mut effects = Effects::new();
    let ticketing: [(Kind, &str); 5] = [
        (Kind::Ticket, "select 'tickets/' || ticket_id, subject from ticketing.ticket"),
        (Kind::Message, "select 'tickets/' || ticket_id || '/messages/' || message_id, body from ticketing.message"),
        (Kind::Promise, "select 'tickets/' || ticket_id || '/promises/' || promise_id, text from ticketing.promise"),
        (
            Kind::Start,
            "select 'tickets/' || ticket_id, 'start of tickets/' || ticket_id from ticketing.ticket_change
             where kind = 'transitioned' and from_state = 'acknowledged' and to_state = 'in_progress'",
        ),
        (
            Kind::Transition,
            "select 'tickets/' || ticket_id, reason from ticketing.ticket_change
             where kind = 'transitioned' and reason like 'm\\_%'",
        ),
    ];
    let profile: [(Kind, &str); 2] = [
        (
            Kind::Record,
            "select 'sourceRecords/' || r.id, r.external_id from customer_profile.source_record r
             join customer_profile.source_record_version v on v.source_record_id = r.id",
        ),
        (Kind::Interaction, "select 'interactions/' || id, summary from customer_profile.interaction"),
    ];
    let office: [(Kind, &str); 1] =
        [(Kind::Case, "select 'cases/' || case_id, claim from ombudsman.claim_point where place = 1")];
    let mut questions = Vec::new();
    if services.contains(&Service::Ticketing) {
        questions.extend(ticketing);
    }
    if services.contains(&Service::CustomerProfile) {
        questions.extend(profile);
    }
    if services.contains(&Service::OmbudsmanEscalation) {
        questions.extend(office);
    }
    for (kind, question) in questions {
        for (resource, mark) in pairs(admin, question).await? {
            effects.entry(Wish { kind, mark }).or_default().push(resource);
        }
    }
    Ok(effects)
}

/// Every `request_id` whose claim is kept.
///
/// # Errors
/// When the database cannot be read.
pub async fn claimed(admin: &mut PgConnection, services: &[Service]) -> anyhow::Result<BTreeSet<Uuid>> {
    let mut claimed = BTreeSet::new();
    for service in services {
        let question = format!("select request_id from {}.request", service.schema());
        let rows: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(&mut *admin).await?;
        claimed.extend(rows);
    }
    Ok(claimed)
}

/// Each effect stands in its ledger once, and each entry is of an effect.
async fn entries_are_effects(
    admin: &mut PgConnection,
    services: &[Service],
    effects: &Effects,
) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut hold = |name: &str, kinds: &[Kind], entries: Vec<String>| {
        let written = items(effects, kinds);
        faults.extend(check::reader(name, written.iter(), entries.iter()));
    };
    if services.contains(&Service::Ticketing) {
        let opened: Vec<TicketOpened> = entries(admin, Service::Ticketing).await?;
        hold("TicketOpened", &[Kind::Ticket], opened.into_iter().map(|e| e.ticket).collect());
        let added: Vec<MessageAdded> = entries(admin, Service::Ticketing).await?;
        hold("MessageAdded", &[Kind::Message], added.into_iter().map(|e| e.message).collect());
        let made: Vec<PromiseMade> = entries(admin, Service::Ticketing).await?;
        hold("PromiseMade", &[Kind::Promise], made.into_iter().map(|e| e.promise).collect());
        let moved: Vec<TicketTransitioned> = entries(admin, Service::Ticketing).await?;
        let mark = |e: TicketTransitioned| if e.reason.is_empty() { start_mark(&e.ticket) } else { e.reason };
        let moved: Vec<String> = moved.into_iter().map(mark).collect();
        let written: Vec<String> = effects
            .keys()
            .filter(|wish| matches!(wish.kind, Kind::Start | Kind::Transition))
            .map(|wish| wish.mark.clone())
            .collect();
        faults.extend(check::reader("TicketTransitioned", written.iter(), moved.iter()));
    }
    if services.contains(&Service::CustomerProfile) {
        let ingested: Vec<SourceRecordIngested> = entries(admin, Service::CustomerProfile).await?;
        let ingested: Vec<String> = ingested.into_iter().map(|e| e.source_record).collect();
        let written = items(effects, &[Kind::Record]);
        faults.extend(check::reader("SourceRecordIngested", written.iter(), ingested.iter()));
        let recorded: Vec<InteractionRecorded> = entries(admin, Service::CustomerProfile).await?;
        let recorded: Vec<String> = recorded.into_iter().map(|e| e.interaction).collect();
        let written = items(effects, &[Kind::Interaction]);
        faults.extend(check::reader("InteractionRecorded", written.iter(), recorded.iter()));
    }
    if services.contains(&Service::OmbudsmanEscalation) {
        let opened: Vec<CaseOpened> = entries(admin, Service::OmbudsmanEscalation).await?;
        let opened: Vec<String> = opened.into_iter().map(|e| e.case_name).collect();
        let written = items(effects, &[Kind::Case]);
        faults.extend(check::reader("CaseOpened", written.iter(), opened.iter()));
        let added: Vec<DossierEntryAdded> = entries(admin, Service::OmbudsmanEscalation).await?;
        let added: Vec<String> = added.into_iter().map(|e| format!("{} {}", e.case_name, e.sequence)).collect();
        let papers = "select 'cases/' || case_id || ' ' || sequence from ombudsman.dossier_entry";
        faults.extend(check::reader("DossierEntryAdded", list(admin, papers).await?.iter(), added.iter()));
    }
    if services.contains(&Service::SlaMonitor) {
        let started: Vec<ClockStarted> = entries(admin, Service::SlaMonitor).await?;
        let started: Vec<String> = started.into_iter().map(|e| e.clock).collect();
        let clocks = list(admin, "select 'clocks/' || clock_id from sla_monitor.clock").await?;
        faults.extend(check::reader("ClockStarted", clocks.iter(), started.iter()));
    }
    Ok(faults)
}

/// What followers made of the ledgers: each ticket, promise, transition and clock exactly once.
async fn followers_saw_all(
    admin: &mut PgConnection,
    services: &[Service],
    effects: &Effects,
) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    if !services.contains(&Service::Ticketing) {
        return Ok(faults);
    }
    let tickets = items(effects, &[Kind::Ticket]);
    if services.contains(&Service::CustomerProfile) {
        // TICKET_OPENED, TICKET_TRANSITIONED and PROMISE_MADE of customer-profile's timeline.
        let view = list(admin, "select 'tickets/' || ticket_id from customer_profile.view_ticket").await?;
        faults.extend(check::reader("the view's tickets", tickets.iter(), view.iter()));
        let opened = timeline(admin, 1).await?;
        faults.extend(check::reader("the timeline's openings", tickets.iter(), opened.iter()));
        let promises = items(effects, &[Kind::Promise]);
        let made = timeline(admin, 3).await?;
        faults.extend(check::reader("the timeline's promises", promises.iter(), made.iter()));
        let moved = numbered(items(effects, &[Kind::Start, Kind::Transition]));
        let seen = numbered(timeline(admin, 2).await?);
        faults.extend(check::reader("the timeline's transitions", moved.iter(), seen.iter()));
    }
    if services.contains(&Service::OmbudsmanEscalation) {
        let cases = items(effects, &[Kind::Case]);
        let noted = "select related from ticketing.ticket_change where kind = 'office_noted' and reason = 'opened'";
        faults.extend(check::reader("ticketing's cases", cases.iter(), list(admin, noted).await?.iter()));
        if services.contains(&Service::CustomerProfile) {
            let view = list(admin, "select 'cases/' || case_id from customer_profile.view_case").await?;
            faults.extend(check::reader("the view's cases", cases.iter(), view.iter()));
        }
    }
    if services.contains(&Service::SlaMonitor) {
        let affairs =
            list(admin, "select 'tickets/' || affair_id from sla_monitor.affair where kind = 'ticket'").await?;
        faults.extend(check::reader("sla-monitor", tickets.iter(), affairs.iter()));
        if services.contains(&Service::CustomerProfile) {
            let clocks = list(admin, "select 'clocks/' || clock_id from sla_monitor.clock").await?;
            let view = list(admin, "select 'clocks/' || clock_id from customer_profile.view_clock").await?;
            faults.extend(check::reader("the view's clocks", clocks.iter(), view.iter()));
        }
    }
    Ok(faults)
}

async fn timeline(admin: &mut PgConnection, kind: i16) -> anyhow::Result<Vec<String>> {
    let question = "select resource from customer_profile.timeline_event where source = 'ticketing' and kind = $1";
    Ok(sqlx::query_scalar(question).bind(kind).fetch_all(admin).await?)
}

/// The second time something stands in a list it is another item, so that lists with repeats compare.
fn numbered(list: Vec<String>) -> Vec<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    list.into_iter()
        .map(|item| {
            let time = times.entry(item.clone()).or_default();
            *time += 1;
            format!("{item} #{time}")
        })
        .collect()
}

fn items(effects: &Effects, kinds: &[Kind]) -> Vec<String> {
    let of_kind = effects.iter().filter(|(wish, _)| kinds.contains(&wish.kind));
    of_kind.flat_map(|(_, resources)| resources.iter().cloned()).collect()
}

async fn pairs(admin: &mut PgConnection, question: &'static str) -> anyhow::Result<Vec<(String, String)>> {
    let rows = sqlx::query(question).fetch_all(admin).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn list(admin: &mut PgConnection, question: &'static str) -> anyhow::Result<Vec<String>> {
    Ok(sqlx::query_scalar(question).fetch_all(admin).await?)
}

/// The payloads of one kind in a service's ledger.
async fn entries<M: Message + Name + Default>(admin: &mut PgConnection, service: Service) -> anyhow::Result<Vec<M>> {
    let question = format!("select payload from {}.ledger where type = $1 order by position", service.schema());
    let payloads: Vec<Vec<u8>> =
        sqlx::query_scalar(AssertSqlSafe(question)).bind(M::full_name()).fetch_all(admin).await?;
    payloads.iter().map(|payload| M::decode(payload.as_slice()).context("an entry's payload")).collect()
}

/// Positions contiguous, chain whole, checkpoints true.
async fn ledger_holds(admin_url: &str, fleet: &Fleet, service: Service) -> anyhow::Result<Option<Fault>> {
    let db = Db::connect(&Settings::new(admin_url, service.schema())).await?;
    let signed = checkpoint::read(&checkpoint::file_of(&fleet.checkpoints(), service.name()))?;
    let key = fleet.checkpoint_key().to_vec();
    let verdict = verify_database(&db, service.name(), &signed, &[key]).await?;
    db.close(std::time::Duration::from_secs(1)).await;
    let source_name = service.name().to_owned();
    Ok(verdict.fault.map(|fault| Fault::Ledger { source_name, fault: fault.to_string() }))
}
