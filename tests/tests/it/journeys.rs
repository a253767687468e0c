//! The journey of an affair through all ledgers by one call: what it shows to whom, and what it says of a service that does not answer.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use kernel::Role;
use telemetry::testing::capture;
use tokio::net::TcpListener;
use ventanilla_proto::ledger::v1::GetStepsRequest;
use ventanilla_proto::ticketing::v1::{GetJourneyRequest, Journey, JourneyGapReason, JourneyStep};
use ventanilla_proto::told::OFFICE_TO_FIRM;
use ventanilla_proto::r#type::v1::ActorKind;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::caller::Clients;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::services::Service;
use ventanilla_tests::scene::{canary::Canaries, fingerprint};

const LIMIT: Duration = Duration::from_secs(30);
const OFFICE: &str = "ombudsman-escalation";

/// What came of an affair that was played to its decision.
struct Played {
    ticket: String,
    tracking_key: String,
    case: String,
}

/// A call, a complaint that the firm sits on, a warning, a notice, a case and its decision.
async fn play(scene: &Scene, affair: &Affair<'_>) -> Played {
    let admin = scene.admin().await;
    let customer = affair.arrive().await.expect("good records").customer;
    let interaction = affair.talk(&customer).await.expect("a contact");
    let mut complaint = affair.complaint(&customer, &interaction.name);
    let weeks_ago = scene.ambient.now() - SignedDuration::from_hours(19 * 24);
    let asked = complaint.ticket.as_mut().expect("a complaint");
    asked.first_received_time = Some(server::parse::time_to_proto(weeks_ago));
    let created = affair.cast.agent.tickets.clone().create_ticket(complaint).await.expect("a complaint").into_inner();
    let ticket = created.ticket.expect("the answer holds it");
    affair.be_hired().await.expect("an agent");
    affair.be_worked_on(&ticket.name).await.expect("worked on");
    let auditor = scene.role(Role::Auditor);
    testkit::eventually(LIMIT, || async {
        let seen = types(&journey(&auditor, &ticket.name).await);
        if seen.contains("ventanilla.sla.v1.WarningRaised") { Ok(()) } else { Err(seen) }
    })
    .await;
    affair.be_told_of_delay(&ticket.name, &admin).await.expect("a notice");
    affair.appoint().await.expect("the office has people");
    let case = affair.bring(&ticket.name).await.expect("a case");
    let case = affair.admit(&case).await.expect("admitted");
    affair.investigate(&case).await.expect("investigated");
    affair.decide(&case.name).await.expect("decided");
    fingerprint::settled(&admin, LIMIT).await;
    Played { ticket: ticket.name, tracking_key: created.tracking_key, case: case.name }
}

async fn journey(who: &Clients, name: &str) -> Journey {
    let request = GetJourneyRequest { name: name.to_owned(), ..GetJourneyRequest::default() };
    who.tickets.clone().get_journey(request).await.expect("a journey").into_inner()
}

fn of<'j>(journey: &'j Journey, source: &str) -> Vec<&'j JourneyStep> {
    journey.steps.iter().filter(|step| step.source == source).collect()
}

/// Where the first step of this type stands.
fn place(journey: &Journey, kind: &str) -> usize {
    let found = journey.steps.iter().position(|step| step.r#type.ends_with(&format!(".{kind}")));
    found.unwrap_or_else(|| panic!("no {kind} in {:#?}", types(journey)))
}

fn types(journey: &Journey) -> BTreeSet<String> {
    journey.steps.iter().map(|step| step.r#type.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_shows_the_call_the_ticket_the_warning_the_notice_and_the_decision() {
    capture();
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(42_900_001));
    let played = play(&scene, &affair).await;

    let auditor = scene.role(Role::Auditor);
    let request = GetJourneyRequest { tracking_key: played.tracking_key.clone(), ..GetJourneyRequest::default() };
    let whole = auditor.tickets.clone().get_journey(request).await.expect("a journey").into_inner();
    assert_eq!(
        (whole.ticket.as_str(), whole.gaps.as_slice(), &whole.next_time),
        (played.ticket.as_str(), &[][..], &None)
    );
    let milestones =
        ["InteractionRecorded", "TicketOpened", "WarningRaised", "NoticeWritten", "CaseOpened", "DecisionIssued"];
    let places = milestones.map(|kind| place(&whole, kind));
    assert!(places.is_sorted(), "{milestones:?} at {places:?}");
    let sources: BTreeSet<&str> = whole.steps.iter().map(|step| step.source.as_str()).collect();
    assert_eq!(sources, BTreeSet::from(["customer-profile", OFFICE, "sla-monitor", "ticketing"]));
    let recorded = |step: &JourneyStep| step.recorded_time.as_ref().map(|at| (at.seconds, at.nanos));
    assert!(whole.steps.iter().map(recorded).is_sorted());
    for kind in ["InteractionRecorded", "TicketOpened", "CaseOpened", "DecisionIssued"] {
        let step = &whole.steps[place(&whole, kind)];
        assert!(step.trace_id.len() == 32 && step.traceparent.contains(&step.trace_id), "{step:?}");
    }
    let mut words = Canaries::new();
    for word in [affair.person.given.as_str(), &affair.person.email, &affair.person.document] {
        words.plant(word);
    }
    assert_eq!(words.found_in(&format!("{whole:?}")), [""; 0], "no step holds a word of the person");

    // It goes on where it is asked to.
    let middle = &whole.steps[whole.steps.len() / 2];
    let request = GetJourneyRequest {
        name: played.ticket.clone(),
        from_time: middle.recorded_time,
        ..GetJourneyRequest::default()
    };
    let rest = auditor.tickets.clone().get_journey(request).await.expect("the rest").into_inner();
    let from = whole.steps.partition_point(|step| recorded(step) < recorded(middle));
    assert_eq!(rest.steps, whole.steps[from..]);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_learns_from_a_journey_what_the_wall_keeps() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(42_900_002));
    let played = play(&scene, &affair).await;

    let whole = types(&journey(&scene.role(Role::Auditor), &played.ticket).await);
    for hidden in ["DraftSaved", "DossierEntryAdded", "CaseAssigned", "DecisionIssued"] {
        assert!(whole.contains(&format!("ventanilla.ombudsman.v1.{hidden}")), "{hidden} is there to be hidden");
    }
    for role in [Role::Agent, Role::Supervisor, Role::Crm, Role::Ivr, Role::Importer, Role::Sre] {
        let seen = journey(&scene.role(role), &played.ticket).await;
        assert_eq!(seen.gaps, [], "{role}");
        let office = of(&seen, OFFICE);
        assert!(office.iter().any(|step| step.r#type.ends_with(".DecisionNotified")), "{role}");
        for step in office {
            assert!(OFFICE_TO_FIRM.contains(&step.r#type.as_str()), "{role} sees {}", step.r#type);
        }
        for step in &seen.steps {
            let actor = step.actor.as_ref().expect("somebody did it");
            let hidden = actor.kind() == ActorKind::Office || role == Role::Sre;
            assert!(!hidden || (actor.id.is_empty() && actor.department.is_empty()), "{role} sees {step:?}");
        }
        assert!(!of(&seen, "sla-monitor").is_empty() && !of(&seen, "customer-profile").is_empty(), "{role}");
    }

    // Who sits on the case sees what is deliberated; a colleague who does not sees the case, and who has no term what the firm sees.
    let told = |seen: &Journey| of(seen, OFFICE).into_iter().map(|step| step.r#type.clone()).collect::<BTreeSet<_>>();
    let seated = told(&journey(&affair.cast.investigator, &played.ticket).await);
    assert!(seated.contains("ventanilla.ombudsman.v1.DraftSaved"), "{seated:?}");
    let nobody = scene.person("investigator-9", &[Role::Investigator], None);
    let seen = journey(&nobody, &played.ticket).await;
    assert!(told(&seen).iter().all(|kind| OFFICE_TO_FIRM.contains(&kind.as_str())), "{:?}", told(&seen));
    let shown =
        |step: &&JourneyStep| step.actor.as_ref().is_some_and(|a| a.kind() == ActorKind::Office && !a.id.is_empty());
    assert_eq!(of(&seen, OFFICE).into_iter().filter(shown).count(), 0);

    // Nobody of the firm asks the ledgers themselves.
    let ask = GetStepsRequest { subjects: vec![played.case.clone()], from_time: None };
    let refused = affair.cast.agent.ledger(Service::OmbudsmanEscalation).get_steps(ask).await.expect_err("not theirs");
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_or_hangs_is_a_gap_in_time_and_the_others_stand() {
    let mut scene = Scene::fresh().await;
    let played = {
        let affair = Affair::of(&scene, Person::numbered(42_900_003));
        play(&scene, &affair).await
    };
    let before = journey(&scene.role(Role::Auditor), &played.ticket).await;
    assert_eq!(before.gaps, []);
    // One that nobody listens for, and one that takes the call and says nothing.
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let away = [(Service::SlaMonitor, nobody), (Service::OmbudsmanEscalation, silent.local_addr().expect("bound"))];
    let address = scene.replica(Service::Ticketing, &away).await.expect("another ticketing");
    let auditor = scene.person_at(address, "scene-auditor", &[Role::Auditor], Some("customer-service"));

    let began = Instant::now();
    let seen = journey(&auditor, &played.ticket).await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let gaps: Vec<_> = seen.gaps.iter().map(|gap| (gap.source.as_str(), gap.reason())).collect();
    assert_eq!(gaps, [("sla-monitor", JourneyGapReason::NoAnswer), (OFFICE, JourneyGapReason::NoAnswer)]);
    let stands = |source: &str| (of(&seen, source), of(&before, source));
    for source in ["ticketing", "customer-profile"] {
        let (now, then) = stands(source);
        assert!(!now.is_empty() && now == then, "{source}");
    }
    assert_eq!(of(&seen, OFFICE).len() + of(&seen, "sla-monitor").len(), 0);
}
