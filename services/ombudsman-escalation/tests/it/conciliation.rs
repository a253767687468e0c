//! Conciliation: the firm offers, the claimant is told, thinks it over, and answers.

use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::r#type::v1::Channel;

use crate::world::{World, fields, reason, refusal, time};

/// A case under investigation.
async fn investigated(world: &World) -> String {
    let case = world.seated_case().await.name;
    world.to_investigation(&case).await;
    case
}

async fn offered(world: &World) -> String {
    let case = investigated(world).await;
    let offered =
        act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros and an apology");
    assert_eq!(offered.unwrap().state(), S::Conciliation);
    case
}

#[tokio::test]
async fn an_offer_is_accepted_after_it_was_told_and_thought_over() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    let yes =
        || async { act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: true, statement: "agreed") };
    assert_eq!(reason(&yes().await.unwrap_err()), (Code::FailedPrecondition, "OFFER_NOT_TOLD".into()));
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let again = act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post);
    assert_eq!(reason(&again.unwrap_err()).1, "OFFER_TOLD_ALREADY");
    let offer = world.told(&case).await.offer.unwrap();
    // Told on Monday 23 November; ten days to think end with 3 December in Madrid, and ten more with the 14th.
    assert_eq!(offer.reflection_end_time, time("2026-12-03T23:00:00Z"));
    assert_eq!(offer.expire_time, time("2026-12-14T23:00:00Z"));
    let (code, why, metadata) = refusal(&yes().await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "REFLECTION_RUNNING"));
    assert_eq!(metadata["article"], "office rulebook, time as in Ley 7/2017 art. 14.2");
    assert_eq!(metadata["due_time"], "2026-12-03T23:00:00Z");

    world.days(11);
    assert_eq!(yes().await.unwrap().state(), S::Settled);
    let told = world.told(&case).await;
    assert!(told.settle_time.is_some() && told.offer.unwrap().tell_time.is_some());
    assert_eq!(world.papers(&case, pb::DossierKind::Offer).await, ["41 euros and an apology"]);
    assert_eq!(
        world.papers(&case, pb::DossierKind::OfferAnswer).await,
        ["La parte reclamante acepta la oferta: agreed"]
    );
    assert_eq!(reason(&world.withdraw(&case).await.unwrap_err()).1, "CASE_STATE");
}

#[tokio::test]
async fn a_no_leads_back_to_the_investigation_at_once_and_a_better_offer_begins_anew() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let no = act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: false, statement: "not enough");
    assert_eq!(no.unwrap().state(), S::Investigation);
    assert!(world.told(&case).await.offer.is_none());

    // A second one moves nothing before the office takes it up.
    let second = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "82 euros");
    assert_eq!(second.unwrap().state(), S::Investigation);
    let told = world.told(&case).await;
    assert!(told.offer.is_none());
    let waiting = told.waiting_offer.unwrap();
    assert!(waiting.tell_time.is_none());
    // The list shows that it is there, since when.
    let list = pb::ListCasesRequest { page_size: 10, ..Default::default() };
    let listed = world.ines().list_cases(list).await.unwrap().into_inner().cases;
    assert_eq!(listed.iter().map(|case| case.untold_offer_time).collect::<Vec<_>>(), [waiting.offer_time]);
    let taken_up = act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post);
    assert_eq!(taken_up.unwrap().state(), S::Conciliation);
    assert!(world.told(&case).await.waiting_offer.is_none());
    world.days(11);
    // None takes the place of an offer that stands.
    let third = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "83 euros");
    let (code, why, metadata) = refusal(&third.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "OFFER_STANDS"));
    assert_eq!(metadata["due_time"], "2026-12-14T23:00:00Z");
    world.days(11);
    // What is offered in the place of one that lapsed is thought over anew.
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "83 euros").unwrap();
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let early = act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: true, statement: "agreed");
    assert_eq!(reason(&early.unwrap_err()).1, "REFLECTION_RUNNING");
}

#[tokio::test]
async fn silence_is_no_consent_and_ends_the_conciliation_when_the_offer_lapsed() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let end =
        || async { act!(world, "ines", end_conciliation, EndConciliationRequest, &case, reasons: "no answer came") };
    assert_eq!(reason(&end().await.unwrap_err()), (Code::FailedPrecondition, "CLAIMANT_TERM_RUNNING".into()));
    world.days(22);
    let late = act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: true, statement: "agreed");
    assert_eq!(reason(&late.unwrap_err()), (Code::FailedPrecondition, "OFFER_LAPSED".into()));
    assert_eq!(end().await.unwrap().state(), S::Investigation);
    // What the firm offers after that is no conciliation that could be ended.
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "82 euros").unwrap();
    assert_eq!(reason(&end().await.unwrap_err()).1, "CASE_STATE");
}

#[tokio::test]
async fn proceedings_elsewhere_end_the_offer() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    assert_eq!(world.told(&case).await.came_from(), S::Investigation);
    act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "dropped").unwrap();
    assert_eq!((world.stands(&case).await, world.told(&case).await.offer), (S::Investigation, None));
}

#[tokio::test]
async fn nobody_settles_by_sql_before_the_offer_was_told_and_thought_over() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    let id = crate::world::uuid_of(&case);
    let settle =
        "update ombudsman.office_case set state = 'settled', settled_at = '2026-11-24T09:00:00Z' where case_id = $1";
    assert_eq!(world.rule_broken_by(settle, id).await, "office_case_settled_after_time_to_think");
    let tell = "update ombudsman.office_case set state = 'settled', offer_told_at = offered_at, settled_at = offered_at + interval '5 days',
        reflection_until = offered_at + interval '4 days', offer_open_until = offered_at + interval '9 days' where case_id = $1";
    assert_eq!(world.rule_broken_by(tell, id).await, "office_case_settled_on_the_offer_told");
    let hurry =
        "update ombudsman.office_case set offer_told_at = offered_at, reflection_until = offered_at + interval '1 day',
        offer_open_until = offered_at + interval '9 days' where case_id = $1";
    assert_eq!(world.rule_broken_by(hurry, id).await, "office_case_time_to_think");
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    assert_eq!(world.rule_broken_by(settle, id).await, "office_case_settled_after_time_to_think");
}

#[tokio::test]
async fn what_is_left_to_be_done_of_an_agreement_is_owed_proven_and_then_closed() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let half = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros", department: "billing");
    assert_eq!(fields(&half.unwrap_err()), ["term_days"]);
    let offered = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros", department: "billing", term_days: 10);
    offered.unwrap();
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let offer = world.told(&case).await.offer.unwrap();
    assert_eq!((offer.department.as_str(), offer.term_days), ("billing", 10));
    world.days(11);
    let yes = act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: true, statement: "agreed");
    assert_eq!(yes.unwrap().state(), S::Settled);
    let owed = world.owed(&case).await;
    assert_eq!(
        (owed.len(), owed[0].kind(), owed[0].department.as_str()),
        (1, pb::ObligationKind::Settlement, "billing")
    );
    // Accepted on 4 December: ten days end with the 14th, in Madrid.
    assert_eq!(owed[0].due_time, time("2026-12-14T23:00:00Z"));
    let set = world.entries::<pb::ObligationSet>().await;
    assert_eq!((set.len(), set[0].kind(), set[0].due_time), (1, pb::ObligationKind::Settlement, owed[0].due_time));
    let (code, why, _) = refusal(&world.close(&case).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "OBLIGATION_OPEN"));
    // It stands among what is open by its term, until somebody closes it.
    let listed = async |standing: pb::CaseStanding, order: pb::CaseOrder| {
        let list = pb::ListCasesRequest { standing: standing.into(), order: order.into(), ..Default::default() };
        let cases = world.ines().list_cases(list).await.unwrap().into_inner().cases;
        cases.into_iter().map(|case| (case.name, case.next_due_time)).collect::<Vec<_>>()
    };
    let open = listed(pb::CaseStanding::Open, pb::CaseOrder::Term).await;
    assert_eq!(open, [(case.clone(), owed[0].due_time)]);
    assert!(listed(pb::CaseStanding::Over, pb::CaseOrder::Newest).await.is_empty());
    let id = crate::world::uuid_of(&case);
    let close = "update ombudsman.office_case set state = 'closed', came_from = 'settled' where case_id = $1";
    assert_eq!(world.rule_broken_by(close, id).await, "office_case_closed_owes_nothing");
    let erase = "insert into ombudsman.erased_case values ($1, now())";
    assert_eq!(world.rule_broken_by(erase, id).await, "erased_case_is_over");
    let name = owed[0].name.clone();
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "transfer of today").unwrap();
    let held = act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "it came");
    assert_eq!(held.unwrap().state(), S::Settled);
    assert_eq!(world.entries::<pb::ObligationMet>().await.len(), 1);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    assert!(listed(pb::CaseStanding::Open, pb::CaseOrder::Term).await.is_empty());
    assert_eq!(listed(pb::CaseStanding::Over, pb::CaseOrder::Newest).await.len(), 1);
}

#[tokio::test]
async fn nobody_settles_by_sql_without_following_up_what_was_promised() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros", department: "billing", term_days: 10).unwrap();
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let settle = "update ombudsman.office_case set state = 'settled', settled_at = reflection_until where case_id = $1";
    let id = crate::world::uuid_of(&case);
    assert_eq!(world.rule_broken_by(settle, id).await, "office_case_settlement_is_followed");
    let other = "insert into ombudsman.obligation (case_id, number, kind, debtor, entry_sequence, since, due_at)
                 values ($1, 1, 'settlement', 'cards', 1, now(), now() + interval '1 day')";
    assert_eq!(world.rule_broken_by(other, id).await, "obligation_settles_what_was_offered");
}

#[tokio::test]
async fn the_firm_holds_off_no_decision_by_what_it_offers() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    for terms in ["41 euros", "42 euros", "43 euros"] {
        let offered = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: terms);
        assert_eq!(offered.unwrap().state(), S::Drafted);
    }
    let id = crate::world::uuid_of(&case);
    let open = "update ombudsman.office_case set state = 'conciliation' where case_id = $1";
    assert_eq!(world.rule_broken_by(open, id).await, "office_case_conciliation_by_the_office");
    // The claimant is told of none that the office did not take up.
    assert!(world.told(&case).await.waiting_offer.is_some());
    world.decide(&case).await;
    assert_eq!(world.stands(&case).await, S::Notified);
    assert!(world.told(&case).await.waiting_offer.is_none(), "it came to nothing");
}

#[tokio::test]
async fn nobody_replaces_by_sql_an_offer_that_stands_or_forgets_that_one_came_to_nothing() {
    let world = World::staffed().await;
    let case = offered(&world).await;
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    let id = crate::world::uuid_of(&case);
    let other = "update ombudsman.office_case set offer_sequence = 1, offer_told_at = null, reflection_until = null, offer_open_until = null
                  where case_id = $1";
    assert_eq!(world.rule_broken_by(other, id).await, "office_case_offer_stands");
    let back = "update ombudsman.office_case set state = 'investigation' where case_id = $1";
    assert_eq!(world.rule_broken_by(back, id).await, "office_case_conciliation_ends_noted");
    act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: false, statement: "no").unwrap();
    let forgotten = "update ombudsman.office_case set conciliation_ended_at = null where case_id = $1";
    assert_eq!(world.rule_broken_by(forgotten, id).await, "office_case_conciliation_stays_ended");
}
