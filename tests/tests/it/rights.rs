//! What a person may ask of their own data, across four services: all of it in one archive, and all of it
//! destroyed once nothing live needs it, with every ledger still whole.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use prost::Name as _;
use prost_reflect::DynamicMessage;
use sqlx::{AssertSqlSafe, PgPool};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::customer::v1::{
    CallerNumber, Customer, CustomerState, EraseCustomerRequest, Erasure, ErasureGround, ExportCustomerRequest,
    GetCustomerRequest, GetCustomerViewRequest, GetErasureRequest, LiftRestrictionRequest, ListTimelineRequest,
    MatchGrade, RestrictCustomerRequest, RestrictionGround, WhatIsKnownRequest,
};
use ventanilla_proto::ombudsman::v1::{DossierEntry, VerifyDossierRequest, WithdrawCaseRequest};
use ventanilla_proto::ticketing::v1::{
    CancelTicketRequest, GetJourneyRequest, GetPublicStatusRequest, GetTicketRequest, JourneyGapReason, PromiseState,
    SettlePromiseRequest, TicketState,
};
use ventanilla_tests::contract;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::{Affair, SAID};
use ventanilla_tests::scene::archive;
use ventanilla_tests::scene::caller::reason;
use ventanilla_tests::scene::canary::Canaries;
use ventanilla_tests::scene::fingerprint;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::services::Service;

/// How long anything may take to come about by itself.
const LIMIT: Duration = Duration::from_secs(30);
/// What the office noted for itself: the draft, and the note it sealed.
const DELIBERATED: [&str; 2] = [SAID[10], SAID[14]];
/// The largest piece of an archive.
const PIECE: usize = 64 * 1024;

async fn erase(affair: &Affair<'_>, scene: &Scene, customer: &str) -> Result<Erasure, Status> {
    let request = EraseCustomerRequest {
        name: customer.to_owned(),
        ground: ErasureGround::ConsentWithdrawn.into(),
        request_id: scene.request_id(),
    };
    Ok(affair.cast.privacy.rights.clone().erase_customer(request).await?.into_inner())
}

async fn customer(affair: &Affair<'_>, name: &str) -> Customer {
    let request = GetCustomerRequest { name: name.to_owned(), ..Default::default() };
    affair.cast.agent.customers.clone().get_customer(request).await.expect("an id that was given").into_inner()
}

/// What the refusal names, and what it says of it.
fn held(status: &Status) -> BTreeMap<String, String> {
    let named = status.get_details_precondition_failure().expect("a refusal by precondition says which");
    named.violations.into_iter().map(|v| (v.subject, v.description)).collect()
}

/// Every row of every table, as text.
async fn dump(admin: &PgPool) -> String {
    let schemas: Vec<&str> = Service::ALL.iter().map(|service| service.schema()).collect();
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables
         where table_schema = any($1) and table_type = 'BASE TABLE' order by 1",
    )
    .bind(&schemas)
    .fetch_all(admin)
    .await
    .expect("the database answers");
    assert!(tables.len() > 60, "only {} tables were found", tables.len());
    let mut text = String::new();
    for table in tables {
        let rows = format!("select coalesce(string_agg('{table}: ' || t::text, E'\\n'), '') from {table} t");
        text += &sqlx::query_scalar::<_, String>(AssertSqlSafe(rows)).fetch_one(admin).await.expect("a table");
        text.push('\n');
    }
    text
}

/// Everything about the person, as they say it and as machines keep it.
fn about(person: &Person) -> Vec<String> {
    let [first, second] = &person.surnames;
    vec![
        person.given.clone(),
        person.given.to_lowercase(),
        first.clone(),
        "quinonero".to_owned(),
        second.clone(),
        second.to_lowercase(),
        person.phone.clone(),
        person.email.clone(),
        person.document.clone(),
    ]
}

fn canaries<'a>(words: impl IntoIterator<Item = &'a str>) -> Canaries {
    let mut canaries = Canaries::new();
    words.into_iter().for_each(|word| canaries.plant(word));
    canaries
}

/// The archive, whole.
async fn export(affair: &Affair<'_>, customer: &str) -> Result<BTreeMap<String, String>, Status> {
    let request = ExportCustomerRequest { name: customer.to_owned() };
    let mut pieces = affair.cast.privacy.rights.clone().export_customer(request).await?.into_inner();
    let mut archive = Vec::new();
    while let Some(piece) = pieces.message().await? {
        assert!((1..=PIECE).contains(&piece.piece.len()), "a piece of {} bytes", piece.piece.len());
        archive.extend(piece.piece);
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).expect("a file of the archive");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("a text");
        files.insert(file.name().to_owned(), text);
    }
    Ok(files)
}

/// The papers of the dossier in the archive, which JSON keeps as base64.
fn papers(files: &BTreeMap<String, String>) -> String {
    let records: Vec<serde_json::Value> =
        serde_json::from_str(&files["ombudsman-escalation/DossierEntry.json"]).expect("JSON");
    let kind = contract::current().get_message_by_name(&DossierEntry::full_name()).expect("in the contract");
    let read = |record: serde_json::Value| {
        let message = DynamicMessage::deserialize(kind.clone(), record).expect("as in the contract");
        let entry: DossierEntry = message.transcode_to().expect("its own message");
        String::from_utf8_lossy(&entry.content).into_owned()
    };
    records.into_iter().map(read).collect::<Vec<_>>().join("\n")
}

/// Ledgers that say of an affair's journey that some of it is archived.
async fn archived_of(affair: &Affair<'_>, ticket: &str) -> Vec<String> {
    let request = GetJourneyRequest { name: ticket.to_owned(), ..GetJourneyRequest::default() };
    let journey = affair.cast.agent.tickets.clone().get_journey(request).await.expect("a journey").into_inner();
    let archived = journey.gaps.into_iter().filter(|gap| gap.reason() == JourneyGapReason::Archived);
    archived.map(|gap| gap.source).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_takes_all_of_it_along_and_then_nothing_of_it_is_left() {
    all_is_taken_along_and_nothing_is_left(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_of_a_person_whose_affair_went_into_the_archive_and_until_then_all_of_it_is_shown_as_before() {
    all_is_taken_along_and_nothing_is_left(true).await;
}

async fn all_is_taken_along_and_nothing_is_left(archived: bool) {
    let scene = Scene::fresh_that_keeps(0).await;
    let affair = Affair::of(&scene, Person::numbered(43_000_001));
    let admin = scene.admin().await;

    affair.be_listened_to().await.expect("another system wants to know");
    let known = affair.arrive().await.expect("good records").customer;
    let interaction = affair.talk(&known).await.expect("a contact");
    // Somebody else altogether, who stays.
    let spokesman = Person {
        given: "Bonifacio".to_owned(),
        surnames: ["Urdapilleta".to_owned(), "Mendizorrotz".to_owned()],
        email: "bonifacio@correo.example".to_owned(),
        ..Person::numbered(43_000_003)
    };
    let spokesman = Affair::of(&scene, spokesman).arrive().await.expect("good records").customer;
    affair.confide(&known, &spokesman).await.expect("confided");
    let action = affair.weigh_on(&known).await.expect("something to do");
    affair.approve(&action).await.expect("to be done");
    let complaint = affair.complaint(&known, &interaction.name);
    let created = affair.cast.agent.tickets.clone().create_ticket(complaint.clone()).await.expect("a complaint");
    let created = created.into_inner();
    let ticket = created.ticket.clone().expect("the answer holds it");
    let promise = affair.work(&ticket).await.expect("work");
    affair.be_hired().await.expect("an agent");
    affair.be_worked_on(&ticket.name).await.expect("worked on");
    let notice = affair.be_told_of_delay(&ticket.name, &admin).await.expect("a notice");
    assert!(notice.text.contains(SAID[2]), "{}", notice.text);
    let part = affair.be_taken_apart(&ticket.name).await.expect("a part of its own").to_ticket;
    affair.appoint().await.expect("the office has people");
    let case = affair.bring(&ticket.name).await.expect("a case");
    let case = affair.admit(&case).await.expect("admitted");
    affair.investigate(&case).await.expect("investigated");
    affair.decide(&case.name).await.expect("decided");

    // While the affair lasts, it needs the words.
    let refused = erase(&affair, &scene, &known).await.expect_err("the affair is open");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ERASURE_HELD"));
    let named: Vec<String> = held(&refused).into_keys().collect();
    assert_eq!(named, [case.name.clone(), ticket.name.clone(), part], "what is answered together is needed together");
    if archived {
        fingerprint::settled(&admin, LIMIT).await;
        archive::months_end(&scene).await;
        affair.talk(&known).await.expect("a contact in the month after");
    }
    affair.file_away(&case.name).await.expect("the case is closed");
    // The affair hears of it, and is another version then.
    fingerprint::settled(&admin, LIMIT).await;
    affair.settle(&ticket.name, &promise).await.expect("the customer accepts");
    fingerprint::settled(&admin, LIMIT).await;
    let told = "select count(*) from webhooks.delivery";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&admin).await.expect("a count");
    assert!(told > 20, "{told} events wait for whoever listens, and hold no word of the person either");

    if archived {
        let before = archive::shown(&scene, &affair, &ticket.name, &case.name).await;
        assert!(before.steps() > 10, "{before:?}");
        archive::take_out(&scene).await;
        assert_eq!(archive::shown(&scene, &affair, &ticket.name, &case.name).await, before);
        assert_eq!(
            archived_of(&affair, &ticket.name).await,
            ["customer-profile", "sla-monitor"],
            "what is missing is named"
        );
    }
    let ids = customer(&affair, &known).await.also_known_as;
    let person = about(&affair.person);
    let everything = canaries(person.iter().map(String::as_str).chain(SAID));
    let before = dump(&admin).await;
    let found = everything.found_in(&before);
    let words = person.iter().map(String::as_str).chain(SAID);
    let unseen: Vec<&str> = words.filter(|word| !found.contains(word)).collect();
    // The draft went with the decision, and what is sealed lies closed.
    assert_eq!(unseen, DELIBERATED, "the search finds what is there");

    let files = export(&affair, &known).await.expect("an archive");
    let told = files.values().cloned().collect::<Vec<_>>().join("\n") + &papers(&files);
    let theirs = SAID.into_iter().filter(|word| !DELIBERATED.contains(word));
    let theirs = canaries(theirs.chain([affair.person.given.as_str(), &affair.person.email, &affair.person.document]));
    assert_eq!(theirs.found_in(&told).len(), SAID.len() - DELIBERATED.len() + 3, "all that was said is told");
    assert_eq!(canaries(DELIBERATED).found_in(&told), [""; 0], "what the office noted for itself is not");
    for service in Service::HOLDERS {
        assert!(files.keys().any(|path| path.starts_with(&format!("{}/", service.name()))), "{service:?}");
    }

    let granted = erase(&affair, &scene, &known).await.expect("nothing stands against it");
    let done = testkit::eventually(LIMIT, || {
        let (mut rights, name) = (affair.cast.privacy.rights.clone(), granted.name.clone());
        async move {
            let told = rights.get_erasure(GetErasureRequest { name }).await.map_err(|s| s.to_string())?.into_inner();
            if told.complete_time.is_some() { Ok(told) } else { Err(format!("{:?}", told.parts)) }
        }
    })
    .await;
    let parts: Vec<&str> = done.parts.iter().filter(|p| p.erase_time.is_some()).map(|p| p.service.as_str()).collect();
    assert_eq!(parts, Service::HOLDERS.map(Service::name));
    fingerprint::settled(&admin, LIMIT).await;

    let left = dump(&admin).await;
    let seen: Vec<&str> = left.lines().filter(|line| !everything.found_in(line).is_empty()).collect();
    assert!(seen.is_empty(), "{} rows tell of the person:\n{}", seen.len(), seen.join("\n"));
    let journal = scene.checkpoints().join("customer-profile.erasures.jsonl");
    let journal = std::fs::read_to_string(journal).expect("the erasure is in the journal");
    assert!(journal.contains(granted.name.trim_start_matches("erasures/")));
    assert_eq!(everything.found_in(&journal), [""; 0]);

    if archived {
        assert_eq!(everything.found_in(&archive::text(&scene)), [""; 0], "no file has a word of the person");
    }
    the_ledgers_are_whole(&scene).await;
    let mut investigator = affair.cast.investigator.office.clone();
    let verdict = investigator.verify_dossier(VerifyDossierRequest { name: case.name.clone() }).await;
    let verdict = verdict.expect("the office verifies").into_inner();
    assert!(verdict.intact && verdict.entry_count >= 10, "{verdict:?}");

    // Every id resolves, to nothing but the fact.
    assert!(!ids.is_empty());
    for name in ids.iter().chain([&known]) {
        let tombstone = customer(&affair, name).await;
        assert_eq!(tombstone.state(), CustomerState::Erased);
        assert!(tombstone.erase_time.is_some() && tombstone.golden.is_none() && tombstone.identifiers.is_empty());
    }
    let view = GetCustomerViewRequest { name: known.clone() };
    let view = affair.cast.agent.customers.clone().get_customer_view(view).await.expect("an id").into_inner();
    assert_eq!((view.state(), view.open_tickets.as_ref(), view.cases.as_ref()), (CustomerState::Erased, None, None));
    let caller = affair.ring().await.expect("an answer");
    assert_eq!((caller.caller_number(), caller.grade()), (CallerNumber::Usable, MatchGrade::None));
    let again = erase(&affair, &scene, &known).await.expect_err("it is done");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "CUSTOMER_ERASED"));
    let again = export(&affair, &known).await.expect_err("there is nothing");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "CUSTOMER_ERASED"));

    // The affair goes on as a fact without words, and what was answered is not answered again.
    let read = affair.cast.agent.tickets.clone().get_ticket(GetTicketRequest { name: ticket.name.clone() }).await;
    let read = read.expect("the affair is there").into_inner();
    assert_eq!((read.state(), read.subject.as_str()), (TicketState::Closed, "[erased]"));
    let more = SettlePromiseRequest {
        name: promise.name,
        state: PromiseState::BrokenSilent.into(),
        cause: "nobody knows".to_owned(),
        etag: promise.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    let more = affair.cast.agent.tickets.clone().settle_promise(more).await.expect_err("no word more");
    assert_eq!((more.code(), reason(&more).as_str()), (Code::FailedPrecondition, "TICKET_ERASED"));
    let repeated = affair.cast.agent.tickets.clone().create_ticket(complaint).await.expect_err("a retry, too late");
    assert_eq!((repeated.code(), reason(&repeated).as_str()), (Code::FailedPrecondition, "ANSWER_ERASED"));
    let public = GetPublicStatusRequest { tracking_key: created.tracking_key, proof: created.proof };
    let public = scene.stranger().tickets.get_public_status(public).await.expect_err("the key opens nothing");
    assert_eq!(public.code(), Code::NotFound);

    // Whoever comes back is somebody new.
    let newcomer = affair.arrive().await.expect("good records").customer;
    assert!(newcomer != known && !ids.contains(&newcomer));
    assert_eq!(affair.ring().await.expect("an answer").customer, newcomer);
    scene.stop().await.expect("the services end well");
}

async fn the_ledgers_are_whole(scene: &Scene) {
    for service in Service::ALL {
        let verdict = archive::held(scene, service).await;
        assert_eq!(verdict.fault, None, "{service:?}");
        assert!(verdict.entries > 0 || service == Service::Webhooks, "{service:?}");
        if matches!(service, Service::CustomerProfile | Service::Ticketing) {
            assert!(verdict.erased_parts > 0, "{service:?} had personal parts: {verdict:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_is_refused_with_its_date_and_destroys_nothing() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(43_000_002));
    let admin = scene.admin().await;
    let known = affair.arrive().await.expect("good records").customer;
    let ticket = affair.complain(&known, "").await.expect("a complaint").ticket.expect("a ticket");
    affair.appoint().await.expect("the office has people");
    let case = affair.bring(&ticket.name).await.expect("a case");
    fingerprint::settled(&admin, LIMIT).await;
    let before = fingerprint::take(&admin).await.expect("the database answers");

    let refused = erase(&affair, &scene, &known).await.expect_err("it is needed");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ERASURE_HELD"));
    let named = held(&refused);
    assert_eq!(named.keys().collect::<Vec<_>>(), [&case.name, &ticket.name]);
    assert!(named.values().all(|why| why.contains("is not over")), "{named:?}");
    fingerprint::settled(&admin, LIMIT).await;
    let after = fingerprint::take(&admin).await.expect("the database answers");
    let changed = fingerprint::differences(&before, &after);
    // The refusal is in the ledger, and an event for whoever subscribes to it.
    let told = |line: &String| line.starts_with("customer_profile.ledger") || line.starts_with("webhooks.event");
    assert!(changed.iter().all(told), "{changed:#?}");
    let written = "select count(*) from customer_profile.ledger where type = 'ventanilla.customer.v1.ErasureRefused'";
    assert_eq!(sqlx::query_scalar::<_, i64>(written).fetch_one(&admin).await.expect("a count"), 1);

    // It is over, and may still be claimed about for the time that is set: a year for an affair, five for a case.
    let admitted = affair.admit(&case).await.expect("admitted");
    let withdraw = WithdrawCaseRequest {
        name: case.name.clone(),
        etag: admitted.etag,
        statement: "Ya está arreglado y no sigo con esto".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.office.clone().withdraw_case(withdraw).await.expect("the claimant stops");
    fingerprint::settled(&admin, LIMIT).await;
    let mut tickets = affair.cast.agent.tickets.clone();
    let read = tickets.get_ticket(GetTicketRequest { name: ticket.name.clone() }).await.expect("a ticket").into_inner();
    let said = affair.say_by_mail(&ticket.name, "Ya está arreglado, lo retiro").await.expect("the customer withdraws");
    let cancel = CancelTicketRequest {
        message: said.name,
        name: ticket.name.clone(),
        reason: "withdrawn_by_customer".to_owned(),
        etag: read.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    tickets.cancel_ticket(cancel).await.expect("the customer withdraws");
    let refused = erase(&affair, &scene, &known).await.expect_err("it may be claimed about");
    let named = held(&refused);
    for (name, days) in [(&case.name, 1_827), (&ticket.name, 365)] {
        let told = named[name].strip_prefix("is over, and may be claimed about until ").expect("a date");
        let until: Timestamp = told.parse().expect("an instant");
        let expected = scene.ambient.now() + SignedDuration::from_hours(24 * days);
        let early = expected.duration_since(until);
        assert!(early.is_positive() && early < SignedDuration::from_mins(5), "{name} until {until}");
    }
    let latest = named[&case.name].rsplit(' ').next().expect("the instant comes last");
    assert!(refused.message().contains(latest), "{}", refused.message());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_restricted_is_served_and_not_shown() {
    let scene = Scene::fresh().await;
    a_restriction_begins_and_ends(&scene).await;
}

/// Somebody who is dealt with contests what is kept of them, until it is settled.
pub(crate) async fn a_restriction_begins_and_ends(scene: &Scene) {
    let affair = Affair::of(scene, Person::numbered(43_000_003));
    let known = affair.arrive().await.expect("good records").customer;
    let ticket = affair.complain(&known, "").await.expect("a complaint").ticket.expect("a ticket");
    affair
        .view(&known, LIMIT, |view| {
            let shown = view.open_tickets.as_ref().is_some_and(|s| s.tickets.iter().any(|t| t.ticket == ticket.name));
            if shown { Ok(()) } else { Err("the ticket is not there".to_owned()) }
        })
        .await;
    let restrict = || RestrictCustomerRequest {
        name: known.clone(),
        ground: RestrictionGround::AccuracyContested.into(),
        request_id: scene.request_id(),
    };
    let mut rights = affair.cast.privacy.rights.clone();
    let restriction = rights.restrict_customer(restrict()).await.expect("a customer").into_inner();
    let again = rights.restrict_customer(restrict()).await.expect_err("it stands");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));

    let secrets =
        canaries([affair.person.given.as_str(), affair.person.phone.as_str(), affair.person.document.as_str()]);
    let shown = customer(&affair, &known).await;
    assert_eq!(shown.state(), CustomerState::Restricted);
    assert_eq!(secrets.found_in(&format!("{shown:?}")), [""; 0]);
    let view = GetCustomerViewRequest { name: known.clone() };
    let view = affair.cast.agent.customers.clone().get_customer_view(view).await.expect("a view").into_inner();
    assert_eq!(view.state(), CustomerState::Restricted);
    assert_eq!(secrets.found_in(&format!("{view:?}")), [""; 0]);
    assert_eq!(view.open_tickets.expect("a section").tickets[0].ticket, ticket.name, "the affair goes on");
    let caller = affair.ring().await.expect("an answer");
    assert!(caller.restricted && caller.open_complaint, "{caller:?}");
    let ask = WhatIsKnownRequest { name: known.clone(), purpose: 1, ..Default::default() };
    let refused = affair.cast.agent.customers.clone().what_is_known(ask).await.expect_err("it is not used");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));

    let line = ListTimelineRequest { parent: known.clone(), ..Default::default() };
    let refused = affair.cast.agent.customers.clone().list_timeline(line.clone()).await.expect_err("it is not used");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));
    affair.cast.steward.customers.clone().list_timeline(line).await.expect("who keeps it reads it");

    // Who keeps the data goes on seeing it, and the person may have it used again.
    let kept = GetCustomerRequest { name: known.clone(), ..Default::default() };
    let kept = affair.cast.steward.customers.clone().get_customer(kept).await.expect("a customer").into_inner();
    assert!(kept.golden.is_some());
    let lift = LiftRestrictionRequest { name: restriction.name, request_id: scene.request_id() };
    let lifted = rights.lift_restriction(lift).await.expect("it stood").into_inner();
    assert!(lifted.lift_time.is_some());
    assert_eq!(customer(&affair, &known).await.state(), CustomerState::Active);
    assert!(!affair.ring().await.expect("an answer").restricted);
}
