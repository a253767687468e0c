//! One complaint, from the phone call to the ombudsman's decision through all services, and what everybody sees of it on its way.

use std::future::Future;
use std::time::Duration;

use ombudsman_escalation::bundle::{self, Known};
use prost::Message as _;
use tonic::Status;
use tracing::Instrument as _;
use ventanilla_proto::customer::v1::{CustomerView, MatchGrade, SectionStanding};
use ventanilla_proto::ombudsman::v1::{
    CaseState, DecisionOutcome, DossierKind, DossierVerdict, ExportDossierRequest, VerifyDossierRequest,
};
use ventanilla_proto::sla::v1::{ExplainClockRequest, ListClocksRequest};
use ventanilla_proto::ticketing::v1::{CreateTicketResponse, GetPublicStatusRequest, GetTicketRequest, TicketState};

use super::affair::Affair;
use super::people::Person;
use super::{Scene, fingerprint};

/// How long anything may take to come about by itself.
const LIMIT: Duration = Duration::from_secs(30);

/// What is left of it.
pub struct Travelled<'a> {
    /// Whose it was, and who dealt with it.
    pub affair: Affair<'a>,
    /// What the complaint was answered with.
    pub created: CreateTicketResponse,
    /// The traces in which it was made, brought before the office, and decided; none where this process records none.
    pub traces: [Option<String>; 3],
}

/// Does one step of the affair in a trace of its own, and gives the trace's id with the outcome.
async fn step<T>(name: &'static str, doing: impl Future<Output = Result<T, Status>>) -> (T, Option<String>) {
    let span = tracing::info_span!(parent: None, "journey.step", otel.name = name);
    let trace = telemetry::trace_id_of(&span);
    match doing.instrument(span).await {
        Ok(outcome) => (outcome, trace),
        Err(status) => panic!("{name} was refused: {status:?}"),
    }
}

/// Plays it for this person, who was never here, and holds what everybody is shown against what was done.
///
/// # Panics
/// When a step is refused, or something is shown as it should not be.
pub async fn travels(scene: &Scene, person: Person) -> Travelled<'_> {
    let affair = Affair::of(scene, person);

    let (record, _) = step("arrive", affair.arrive()).await;
    let customer = record.customer.clone();
    let (caller, _) = step("ring", affair.ring()).await;
    assert_eq!((caller.grade(), caller.customer.as_str()), (MatchGrade::Certain, customer.as_str()));
    let (interaction, _) = step("talk", affair.talk(&customer)).await;
    let (created, complained) = step("complain", affair.complain(&customer, &interaction.name)).await;
    let ticket = created.ticket.clone().expect("the answer holds the ticket");
    assert_eq!(ticket.state(), TicketState::Acknowledged);
    clocks_run(&affair, &ticket.name).await;
    let (promise, _) = step("work", affair.work(&ticket)).await;

    let view = affair.view(&customer, LIMIT, |view| shows(view, &ticket.name, Some(&promise.name), None)).await;
    every_section_says_how_fresh_it_is(&view);

    step("appoint", affair.appoint()).await;
    let (case, brought) = step("bring", affair.bring(&ticket.name)).await;
    let (case, _) = step("admit", affair.admit(&case)).await;
    step("investigate", affair.investigate(&case)).await;
    let (case, decided) = step("decide", affair.decide(&case.name)).await;
    assert_eq!(case.state(), CaseState::Notified);
    dossier_is_intact(&affair, &case.name).await;

    let view = affair.view(&customer, LIMIT, |view| shows(view, &ticket.name, None, Some(&case.name))).await;
    every_section_says_how_fresh_it_is(&view);
    let shown = view.last_interactions.expect("a section").interactions;
    assert_eq!(shown.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), [interaction.name.as_str()]);
    the_ticket_knows_its_case(&affair, &ticket.name, &case.name).await;
    let public = GetPublicStatusRequest { tracking_key: created.tracking_key.clone(), proof: created.proof.clone() };
    let public = scene.stranger().tickets.get_public_status(public).await.expect("key and proof open it").into_inner();
    assert_eq!(
        (public.state(), public.claim_point_count, public.answered_point_count),
        (TicketState::InProgress, 2, 1)
    );

    let admin = scene.admin().await;
    fingerprint::settled(&admin, LIMIT).await;
    Travelled { affair, created, traces: [complained, brought, decided] }
}

async fn clocks_run(affair: &Affair<'_>, ticket: &str) {
    let list = ListClocksRequest { subject: ticket.to_owned(), ..ListClocksRequest::default() };
    let clock = testkit::eventually(LIMIT, || {
        let (mut clocks, list) = (affair.cast.agent.clocks.clone(), list.clone());
        async move {
            let answer = clocks.list_clocks(list).await.map_err(|status| status.to_string())?.into_inner();
            answer.clocks.into_iter().find(|clock| clock.due_time.is_some()).ok_or_else(|| "no clock runs".to_owned())
        }
    })
    .await;
    let explained =
        affair.cast.agent.clocks.clone().explain_clock(ExplainClockRequest { name: clock.name.clone() }).await;
    let explained = explained.expect("a clock can be explained").into_inner();
    assert_eq!(explained.clock.expect("replayed").due_time, clock.due_time, "the replay falls due when the clock does");
    assert!(explained.proof.is_some());
}

/// Whether the view shows the ticket, a running promise and the case in its last state.
fn shows(view: &CustomerView, ticket: &str, promise: Option<&str>, case: Option<&str>) -> Result<(), String> {
    let tickets = view.open_tickets.as_ref().ok_or("no section of tickets")?;
    if !tickets.tickets.iter().any(|viewed| viewed.ticket == ticket) {
        return Err("the ticket is not there".to_owned());
    }
    let clocks = view.clocks.as_ref().ok_or("no section of clocks")?;
    if !clocks.clocks.iter().any(|clock| clock.subject == ticket) {
        return Err("no clock of the ticket is there".to_owned());
    }
    if let Some(promise) = promise {
        let promises = view.promises.as_ref().ok_or("no section of promises")?;
        if !promises.promises.iter().any(|viewed| viewed.promise == promise) {
            return Err("the promise is not there".to_owned());
        }
    }
    if let Some(case) = case {
        let cases = view.cases.as_ref().ok_or("no section of cases")?;
        let viewed = cases.cases.iter().find(|viewed| viewed.case_name == case).ok_or("the case is not there")?;
        if (viewed.state(), viewed.outcome()) != (CaseState::Notified, DecisionOutcome::PartlyUpheld) {
            return Err(format!("the case is {:?}, {:?}", viewed.state(), viewed.outcome()));
        }
    }
    Ok(())
}

fn every_section_says_how_fresh_it_is(view: &CustomerView) {
    let standings: [(&str, Option<&SectionStanding>); 7] = [
        ("golden", view.golden.as_ref().and_then(|s| s.standing.as_ref())),
        ("open_tickets", view.open_tickets.as_ref().and_then(|s| s.standing.as_ref())),
        ("promises", view.promises.as_ref().and_then(|s| s.standing.as_ref())),
        ("clocks", view.clocks.as_ref().and_then(|s| s.standing.as_ref())),
        ("breaches", view.breaches.as_ref().and_then(|s| s.standing.as_ref())),
        ("cases", view.cases.as_ref().and_then(|s| s.standing.as_ref())),
        ("last_interactions", view.last_interactions.as_ref().and_then(|s| s.standing.as_ref())),
    ];
    for (section, standing) in standings {
        let standing = standing.unwrap_or_else(|| panic!("{section} does not say how fresh it is"));
        assert!(standing.as_of_time.is_some(), "{section} has no as_of: {standing:?}");
        assert_eq!(standing.gap, None, "{section}");
    }
}

async fn dossier_is_intact(affair: &Affair<'_>, case: &str) {
    let request = VerifyDossierRequest { name: case.to_owned() };
    let verdict: DossierVerdict = affair
        .cast
        .investigator
        .office
        .clone()
        .verify_dossier(request)
        .await
        .expect("the office verifies")
        .into_inner();
    assert!(verdict.intact && verdict.entry_count >= 10, "{verdict:?}");
    let request = ExportDossierRequest { name: case.to_owned(), audience: 0 };
    let taken = affair.cast.investigator.office.clone().export_dossier(request).await.expect("it is handed out");
    let taken = taken.into_inner();
    let screen = taken.entries.iter().find(|entry| entry.kind() == DossierKind::ScreenSnapshot);
    let screen = CustomerView::decode(screen.expect("the screen is kept").content.as_slice()).expect("as it was shown");
    assert!(screen.golden.is_some() && screen.open_tickets.is_some(), "{screen:?}");
    let head = verdict.head_hash.try_into().ok();
    assert!(bundle::verify(&taken, Known { head, keys: &[] }).is_ok(), "what was taken away holds by itself");
}

async fn the_ticket_knows_its_case(affair: &Affair<'_>, ticket: &str, case: &str) {
    testkit::eventually(LIMIT, || {
        let mut tickets = affair.cast.agent.tickets.clone();
        let request = GetTicketRequest { name: ticket.to_owned() };
        async move {
            let ticket = tickets.get_ticket(request).await.map_err(|status| status.to_string())?.into_inner();
            if ticket.office_case == case { Ok(()) } else { Err(format!("its case is {:?}", ticket.office_case)) }
        }
    })
    .await;
}
