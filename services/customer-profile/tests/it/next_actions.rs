//! `ProposeNextBestAction` and what becomes of what was proposed.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, fields, reason, record};

impl World {
    fn by(&self, subject: &str, role: Role) -> CustomerServiceClient<Client> {
        CustomerServiceClient::new(self.served.channel_as(subject, &[role], Some("care")))
    }

    /// A contact of the customer, an hour of it waiting or talking when it weighs.
    async fn hears(&self, customer: &str, words: &str, weighs: bool, discretion: Discretion) {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let interaction = Interaction {
            channel: 1,
            direction: 1,
            department: "care".to_owned(),
            what_customer_said: words.to_owned(),
            discretion: discretion.into(),
            handle_duration: weighs.then_some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
            ..Default::default()
        };
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(interaction),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).record_interaction(request).await.unwrap();
    }

    /// The firm's own contact with the customer.
    async fn is_called(&self, customer: &str) {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let interaction = Interaction {
            channel: 1,
            direction: 2,
            department: "care".to_owned(),
            summary: "called back".to_owned(),
            ..Default::default()
        };
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(interaction),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).record_interaction(request).await.unwrap();
    }

    /// The customer says why they leave.
    async fn leaves(&self, customer: &str) {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let interview = Interaction {
            channel: 1,
            direction: 2,
            department: "care".to_owned(),
            what_customer_said: "me voy".to_owned(),
            kind: InteractionKind::ExitInterview.into(),
            exit_reasons: vec![ExitReason::Treatment.into()],
            ..Default::default()
        };
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(interview),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).record_interaction(request).await.unwrap();
    }

    async fn proposes(&self, subject: &str, role: Role, customer: &str) -> Result<Vec<NextAction>, Status> {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let request = ProposeNextBestActionRequest { name: customer.to_owned(), request_id: self.request_id() };
        Ok(self.by(subject, role).propose_next_best_action(request).await?.into_inner().next_actions)
    }

    async fn decides(
        &self,
        subject: &str,
        action: &NextAction,
        verdict: NextActionVerdict,
    ) -> Result<NextAction, Status> {
        let request = DecideNextActionRequest {
            name: action.name.clone(),
            verdict: verdict.into(),
            note: "she is right".to_owned(),
            etag: action.etag.clone(),
            request_id: self.request_id(),
        };
        Ok(self.by(subject, Role::Supervisor).decide_next_action(request).await?.into_inner())
    }

    async fn completes(&self, action: &NextAction) -> Result<NextAction, Status> {
        let request = CompleteNextActionRequest { name: action.name.clone(), request_id: self.request_id() };
        Ok(self.client(Role::Agent).complete_next_action(request).await?.into_inner())
    }

    async fn actions(&self, parent: &str) -> Vec<NextAction> {
        let request = ListNextActionsRequest { parent: parent.to_owned(), ..Default::default() };
        self.client(Role::Agent).list_next_actions(request).await.unwrap().into_inner().next_actions
    }
}

const ANYBODY: &str = "customers/-";
const ANGRY: &str = "estoy harta, es una vergüenza";

fn kinds(actions: &[NextAction]) -> Vec<NextActionKind> {
    actions.iter().map(NextAction::kind).collect()
}

async fn somebody(world: &World) -> String {
    world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").dni("00000014Z")).await.customer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_proposed_says_why_and_is_proposed_once() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    assert_eq!(world.proposes("agent-1", Role::Agent, &ana).await.unwrap(), [], "nothing speaks for anything");
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let proposed = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!(kinds(&proposed), [NextActionKind::PersonalCall, NextActionKind::Goodwill]);
    let [call, goodwill] = [&proposed[0], &proposed[1]];
    assert_eq!(call.reasons, [NextActionReason::Effort, NextActionReason::Unhappy].map(i32::from));
    assert_eq!(call.reason_es, "Sus gestiones le han costado demasiado tiempo; sonaba descontento la última vez.");
    assert_eq!(
        call.reason_en,
        "Contacts have cost the customer too much time; the customer sounded unhappy when last heard."
    );
    let amount = goodwill.amount.as_ref().unwrap();
    assert_eq!((amount.minor_units, amount.currency_code.as_str(), &call.amount), (1_500, "EUR", &None));
    assert_eq!((goodwill.state(), goodwill.proposed_by.as_str()), (NextActionState::Proposed, "agent-1"));
    assert_eq!(
        world.proposes("agent-2", Role::Agent, &ana).await.unwrap(),
        proposed,
        "it waits, and is not proposed again"
    );
    assert_eq!(world.count("next_action").await, 2);
    let mut waiting = world.actions(ANYBODY).await;
    waiting.sort_by_key(|action| action.kind);
    assert_eq!(waiting, proposed);
    assert_eq!(world.actions(&ana).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_together_gets_one_proposal() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let all = (0..8).map(|n| {
        let (world, ana) = (&world, &ana);
        async move { world.proposes(&format!("agent-{n}"), Role::Agent, ana).await.unwrap() }
    });
    let answers = futures::future::join_all(all).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(world.count("next_action").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goodwill_takes_two_people_and_is_given_once_a_year() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let goodwill = world.proposes("boss-1", Role::Supervisor, &ana).await.unwrap().remove(1);
    let own = world.decides("boss-1", &goodwill, NextActionVerdict::Approve).await.unwrap_err();
    assert_eq!((own.code(), reason(&own).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_NEEDS_ANOTHER"));
    let early = world.completes(&goodwill).await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_SETTLED"));
    let approved = world.decides("boss-2", &goodwill, NextActionVerdict::Approve).await.unwrap();
    assert_eq!((approved.state(), approved.decided_by.as_str()), (NextActionState::Approved, "boss-2"));
    let stale = world.decides("boss-2", &goodwill, NextActionVerdict::Decline).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "STALE_ETAG"));
    let again = world.decides("boss-2", &approved, NextActionVerdict::Decline).await.unwrap_err();
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_SETTLED"));
    let done = world.completes(&approved).await.unwrap();
    assert_eq!((done.state(), done.done_time.is_some()), (NextActionState::Done, true));
    assert_eq!(world.completes(&approved).await.unwrap(), done, "once done it is done");
    let next = world.proposes("boss-1", Role::Supervisor, &ana).await.unwrap();
    assert_eq!(kinds(&next), [NextActionKind::PersonalCall], "given once a year");
    assert!(world.entries(7).await.ends_with(&[
        "ventanilla.customer.v1.NextActionProposed".to_owned(),
        "ventanilla.customer.v1.NextActionDecided".to_owned(),
        "ventanilla.customer.v1.NextActionDone".to_owned(),
    ]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_declined_or_lapsed_may_be_proposed_anew() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let first = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    let declined = world.decides("boss-1", &first[0], NextActionVerdict::Decline).await.unwrap();
    assert_eq!((declined.state(), declined.note.as_str()), (NextActionState::Declined, "she is right"));
    let second = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!((kinds(&second), &second[1]), (kinds(&first), &first[1]));
    assert_ne!(second[0].name, first[0].name);
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 31));
    let late = world.decides("boss-1", &second[0], NextActionVerdict::Approve).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_SETTLED"));
    assert_eq!(world.actions(ANYBODY).await, []);
    let states: Vec<NextActionState> = world.actions(&ana).await.iter().map(NextAction::state).collect();
    assert_eq!(states.iter().filter(|state| **state == NextActionState::Lapsed).count(), 2, "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_in_confidence_speaks_for_nothing() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Sealed).await;
    let reasons = |proposed: Vec<NextAction>| proposed[0].reasons().collect::<Vec<_>>();
    let proposed = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!(reasons(proposed), [NextActionReason::Effort], "what it cost, and not how it sounded");
    let eva = world.ingest(record("crm", "sales", "2").named("Eva Sanz Oca").dni("00000001R")).await.customer;
    world.hears(&eva, ANGRY, true, Discretion::Open).await;
    let proposed = world.proposes("agent-1", Role::Agent, &eva).await.unwrap();
    assert_eq!(reasons(proposed), [NextActionReason::Effort, NextActionReason::Unhappy]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_tells_of_affairs_nothing_is_proposed_because_nothing_is_open() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, false, Discretion::Open).await;
    let request = ProposeNextBestActionRequest { name: ana, request_id: world.request_id() };
    let answer = world.by("agent-1", Role::Agent).propose_next_best_action(request).await.unwrap().into_inner();
    assert_eq!(answer.next_actions, [], "unhappy, and perhaps somebody works on it");
    let silent: Vec<&str> = answer.gaps.iter().map(|gap| gap.source.as_str()).collect();
    assert_eq!(silent, ["ticketing", "sla-monitor", "ombudsman-escalation"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_goes_where_its_ids_go() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    let other = world.ingest(record("erp", "billing", "9").named("Ana Ruiz")).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let proposed = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    let merged = world.merge(&[&ana, &other.customer]).await.unwrap().name;
    for name in [&ana, &other.customer] {
        let told = world.actions(name).await;
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|action| action.customer == merged));
    }
    assert_eq!(kinds(&world.proposes("agent-1", Role::Agent, &other.customer).await.unwrap()), kinds(&proposed));
    let other = [other.name.as_str()];
    let apart = world.unmerge(&merged, &other).await.unwrap();
    let counts = futures::future::join_all(apart.iter().map(|customer| world.actions(&customer.name))).await;
    let mut counts: Vec<usize> = counts.iter().map(Vec::len).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_decision_is_said_at_once() {
    let world = World::new().await;
    let request = DecideNextActionRequest { name: "relations/1".to_owned(), verdict: 2, ..Default::default() };
    let status = world.client(Role::Supervisor).decide_next_action(request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "name", "note", "etag"]);
    let denied = world.client(Role::Agent).decide_next_action(DecideNextActionRequest::default()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_why_they_leave_is_offered_nothing_any_more() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let before = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!(kinds(&before), [NextActionKind::PersonalCall, NextActionKind::Goodwill]);
    let approved = world.decides("boss-1", &before[1], NextActionVerdict::Approve).await.unwrap();
    world.leaves(&ana).await;
    let late = world.completes(&approved).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_SETTLED"));
    // However often they call after that.
    for _ in 0..12 {
        world.hears(&ana, ANGRY, false, Discretion::Open).await;
    }
    let after = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!(kinds(&after), [NextActionKind::PersonalCall]);
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 91));
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    let later = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert!(kinds(&later).contains(&NextActionKind::Goodwill), "peace is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_called_back_however_often_is_not_called_again_for_what_they_said_before() {
    let world = World::new().await;
    let ana = somebody(&world).await;
    world.hears(&ana, ANGRY, true, Discretion::Open).await;
    for _ in 0..12 {
        world.is_called(&ana).await;
    }
    let proposed = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert_eq!(kinds(&proposed), [NextActionKind::Goodwill], "somebody has called since");
}

/// Two records that nobody holds to be one person's, each of somebody who was made to wait, and the goodwill that was proposed to each.
async fn two_with_goodwill(world: &World) -> [(String, NextAction); 2] {
    let names = [("sales", "Ana Ruiz Gil"), ("billing", "Ana Ruiz")];
    let mut told = Vec::new();
    for (department, name) in names {
        let customer = world.ingest(record("crm", department, department).named(name)).await.customer;
        world.hears(&customer, ANGRY, true, Discretion::Open).await;
        let mut proposed = world.proposes("agent-1", Role::Agent, &customer).await.unwrap();
        assert_eq!(kinds(&proposed), [NextActionKind::PersonalCall, NextActionKind::Goodwill]);
        told.push((customer, proposed.remove(1)));
    }
    told.try_into().unwrap()
}

fn overtaken(refused: &Status) {
    assert_eq!((refused.code(), reason(refused).as_str()), (Code::FailedPrecondition, "NEXT_ACTION_SETTLED"));
    assert_eq!(refused.get_error_details().error_info().unwrap().metadata["state"], "overtaken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goodwill_is_given_once_a_year_to_who_turn_out_to_be_one_person() {
    let world = World::new().await;
    let [(ana, one), (too, other)] = two_with_goodwill(&world).await;
    let one = world.decides("boss-1", &one, NextActionVerdict::Approve).await.unwrap();
    world.merge(&[&ana, &too]).await.unwrap();
    // One is about to be given: the other is not approved beside it, and may be declined.
    overtaken(&world.decides("boss-1", &other, NextActionVerdict::Approve).await.unwrap_err());
    assert_eq!(world.completes(&one).await.unwrap().state(), NextActionState::Done);
    overtaken(&world.decides("boss-1", &other, NextActionVerdict::Approve).await.unwrap_err());
    let declined = world.decides("boss-1", &other, NextActionVerdict::Decline).await.unwrap();
    assert_eq!(declined.state(), NextActionState::Declined);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_were_approved_before_the_two_became_one_the_first_is_given() {
    let world = World::new().await;
    let [(ana, one), (too, other)] = two_with_goodwill(&world).await;
    let one = world.decides("boss-1", &one, NextActionVerdict::Approve).await.unwrap();
    let other = world.decides("boss-1", &other, NextActionVerdict::Approve).await.unwrap();
    world.merge(&[&ana, &too]).await.unwrap();
    let done = world.completes(&other).await.unwrap();
    assert_eq!(done.state(), NextActionState::Done);
    overtaken(&world.completes(&one).await.unwrap_err());
    assert_eq!(world.completes(&other).await.unwrap(), done, "once done it is done");
    let listed = world.proposes("agent-1", Role::Agent, &ana).await.unwrap();
    assert!(!kinds(&listed).contains(&NextActionKind::Goodwill), "nobody is told to give it again: {listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_ask_at_once_for_who_is_one_person_one_is_approved() {
    let world = World::new().await;
    let [(ana, one), (too, other)] = two_with_goodwill(&world).await;
    world.merge(&[&ana, &too]).await.unwrap();
    let (first, second) = tokio::join!(
        world.decides("boss-1", &one, NextActionVerdict::Approve),
        world.decides("boss-2", &other, NextActionVerdict::Approve)
    );
    let refused: Vec<Status> = [first, second].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    overtaken(&refused[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_turns_out_to_have_said_why_they_leave_is_offered_nothing_any_more() {
    let world = World::new().await;
    let [(ana, one), (too, other)] = two_with_goodwill(&world).await;
    let one = world.decides("boss-1", &one, NextActionVerdict::Approve).await.unwrap();
    let third = world.ingest(record("crm", "care", "3").named("A. Ruiz")).await.customer;
    world.leaves(&third).await;
    world.merge(&[&ana, &too, &third]).await.unwrap();
    overtaken(&world.completes(&one).await.unwrap_err());
    overtaken(&world.decides("boss-1", &other, NextActionVerdict::Approve).await.unwrap_err());
    let calls = world.proposes("agent-1", Role::Agent, &too).await.unwrap();
    assert!(calls.iter().all(|action| action.kind() == NextActionKind::PersonalCall), "{calls:?}");
    let approved = world.decides("boss-1", &calls[0], NextActionVerdict::Approve).await.unwrap();
    assert_eq!(world.completes(&approved).await.unwrap().state(), NextActionState::Done, "a call sells nothing");
    // Peace is over, and what was approved has lapsed by itself.
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 91));
    let late = world.completes(&one).await.unwrap_err();
    assert_eq!(late.get_error_details().error_info().unwrap().metadata["state"], "lapsed");
}
