//! The clocks of the procedure, with a real sla-monitor beside the office: each follows the other.

use std::time::Duration;

use testkit::{Served, eventually};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::acts::{propose, sent};
use crate::world::{World, refusal};

/// Long over, and under the law of 2025.
const UNDER_THE_LAW: &str = "2026-03-02T09:00:00Z";
const SOON: Duration = Duration::from_secs(30);

/// The clock of this stage on a case or an obligation, once it is in this state.
async fn clock(monitor: &Served, subject: &str, stage: &str, state: sla::ClockState) -> sla::Clock {
    eventually(SOON, || async {
        let mut client = SlaServiceClient::new(monitor.channel(kernel::Role::OfficeIntake));
        let request = sla::ListClocksRequest { subject: subject.to_owned(), ..Default::default() };
        let found = client.list_clocks(request).await.map_err(|status| status.to_string())?.into_inner();
        let clock = found.clocks.into_iter().find(|clock| clock.stage == stage);
        match clock {
            Some(clock) if clock.state() == state => Ok(clock),
            other => Err(format!("{stage} of {subject}: {:?}", other.map(|clock| clock.state()))),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stay_stops_the_term_to_decide_and_it_goes_on_with_the_case() {
    let (world, monitor) = World::monitored().await;
    let case = world.seated_under("es.general").await;
    let running = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    world.to_draft(&case).await;
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2020").unwrap();
    clock(&monitor, &case, "decide", sla::ClockState::Paused).await;
    world.days(7);
    act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "dropped").unwrap();
    let resumed = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    let seconds = |clock: &sla::Clock| clock.due_time.map(|at| at.seconds).unwrap();
    // Of the seven days it stood still the first was that of the start, which no term counts; six more it has to run.
    assert_eq!(seconds(&resumed) - seconds(&running), 6 * 24 * 3600);
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "another").unwrap();
    let closed = act!(world, "ines", close_stayed_case, CloseStayedCaseRequest, &case,
        reason: pb::StayClosure::Withdrawn, statement: "I go to court");
    assert_eq!(closed.unwrap().state(), S::Closed);
    clock(&monitor, &case, "decide", sla::ClockState::Cancelled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_meets_the_term_to_decide_and_forwarding_takes_it_away() {
    let (world, monitor) = World::monitored().await;
    let case = world.seated_under("es.general").await;
    world.to_draft(&case).await;
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros").unwrap();
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    // The law names no effect of an offer on the term.
    clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    world.days(11);
    act!(world, "ines", answer_offer, AnswerOfferRequest, &case, accepted: true, statement: "agreed").unwrap();
    clock(&monitor, &case, "decide", sla::ClockState::Fulfilled).await;

    let case = world.seated_under("es.general").await;
    clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    act!(world, "ines", forward_case, ForwardCaseRequest, &case, competent: "the insurer", reasons: "not ours")
        .unwrap();
    clock(&monitor, &case, "decide", sla::ClockState::Cancelled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_has_a_clock_whose_breach_makes_the_case_overdue_and_a_proof_in_time_meets_it() {
    let (world, monitor) = World::monitored().await;
    let accepted = || async {
        let case = world.told_under("es.general").await;
        act!(world, "ines", answer_decision, AnswerDecisionRequest, &case, party: pb::BoundBy::Firm, accepted: true,
            statement: "we will")
        .unwrap();
        let owed = clock(&monitor, &case, "order_compliance", sla::ClockState::Running).await;
        assert_eq!((owed.rule.as_str(), owed.bearer()), ("house.office.order", sla::ClockBearer::House));
        let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
        act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order]).unwrap();
        clock(&monitor, &case, "order_compliance", sla::ClockState::Fulfilled).await;
        case
    };
    // Nobody does anything: sla-monitor says when it was over, and the office hears it.
    let case = accepted().await;
    let name = format!("{case}/obligations/1");
    let missed = clock(&monitor, &name, "comply", sla::ClockState::Running).await;
    assert_eq!((missed.rule.as_str(), missed.due_time), ("house.office.comply", world.owed(&case).await[0].due_time));
    eventually(SOON, || async {
        let state = world.stands(&case).await;
        if state == S::Overdue { Ok(()) } else { Err(format!("{state:?}")) }
    })
    .await;
    assert_eq!(world.owed(&case).await[0].overdue_time, missed.due_time);
    let report = clock(&monitor, &name, "report_overdue", sla::ClockState::Running).await;
    // What comes too late and proves nothing is told of once, and stops nobody.
    world.days(15);
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a letter").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: false, reasons: "a letter").unwrap();
    assert_eq!((report.rule.as_str(), report.origin_time), ("house.office.report", missed.due_time));
    world.days(20);
    act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing was refunded").unwrap();
    clock(&monitor, &name, "report_overdue", sla::ClockState::Fulfilled).await;
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    let given_up = clock(&monitor, &name, "comply", sla::ClockState::Cancelled).await;
    assert_eq!(given_up.breached_time, missed.due_time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposed_refusal_stops_the_term_to_decide_until_the_claimant_answered_or_let_their_time_pass() {
    let (world, monitor) = World::monitored_at(UNDER_THE_LAW).await;
    let seconds = |at: Option<prost_types::Timestamp>| at.unwrap().seconds;
    // It is long ago: for the monitor the ten days are over as soon as they were given, and the month goes on after them.
    let case = world.seated_under("es.finance").await;
    let before = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    propose(&world, &case, pb::InadmissibilityGround::OtherForum).await.unwrap();
    let lapsed = clock(&monitor, &case, "allegations_on_inadmissibility", sla::ClockState::Lapsed).await;
    let after = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    let longer = seconds(after.due_time) - seconds(before.due_time);
    assert!((9 * 86_400..=11 * 86_400).contains(&longer), "{longer} s");
    let told = world.entries::<pb::HearingEnded>().await;
    assert_eq!((told.len(), told[0].case_name.as_str(), told[0].answered), (1, case.as_str(), false));
    assert!(seconds(after.due_time) > seconds(lapsed.due_time));

    // So does a time to complete the complaint that passes unused: nobody forgets a case for ever.
    let case = world.seated_under("es.finance").await;
    let before = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    let asked = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::Documents.into()],
        explanation: "send the contract".into(),
        request_id: crate::world::fresh_id(),
    };
    world.ines().request_cure(asked).await.unwrap();
    clock(&monitor, &case, "claimant_cures", sla::ClockState::Lapsed).await;
    let after = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    let longer = seconds(after.due_time) - seconds(before.due_time);
    assert!((9 * 86_400..=11 * 86_400).contains(&longer), "{longer} s");

    // Who answers sooner has it go on from then, although nothing moved the case.
    let case = world.seated_under("es.finance").await;
    let before = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
    propose(&world, &case, pb::InadmissibilityGround::OtherForum).await.unwrap();
    world.days(3);
    sent(&world, &case, |_| {}).await.unwrap();
    eventually(SOON, || async {
        let after = clock(&monitor, &case, "decide", sla::ClockState::Running).await;
        let longer = seconds(after.due_time) - seconds(before.due_time);
        if (2 * 86_400..=4 * 86_400).contains(&longer) { Ok(()) } else { Err(format!("{longer} s")) }
    })
    .await;
    let heard = world.entries::<pb::HearingEnded>().await;
    assert!(heard.iter().any(|heard| heard.case_name == case && heard.answered), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_decision_asks_for_is_to_be_ordered_from_when_it_binds_and_what_is_made_up_for_is_not_to_be_reported() {
    let (world, monitor) = World::monitored().await;
    // By law it binds the firm once the parties were told.
    let case = world.told_under("es.finance").await;
    let decision = pb::GetDecisionRequest { name: format!("{case}/decision") };
    let told_at = world.elena().get_decision(decision).await.unwrap().into_inner().notify_time;
    let owed = clock(&monitor, &case, "order_compliance", sla::ClockState::Running).await;
    assert_eq!(owed.origin_time, told_at);
    let told = world.entries::<pb::DecisionBound>().await;
    assert_eq!(
        (told.len(), told[0].bound_by(), told[0].article.as_str()),
        (1, pb::BoundBy::Law, "Ley 44/2002 art. 29.2")
    );
    eventually(SOON, || async {
        let next = world.get(&case).await.next_due_time;
        if next == owed.due_time { Ok(()) } else { Err(format!("{next:?}")) }
    })
    .await;
    let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
    act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order]).unwrap();
    clock(&monitor, &case, "order_compliance", sla::ClockState::Fulfilled).await;

    let name = format!("{case}/obligations/1");
    clock(&monitor, &name, "report_overdue", sla::ClockState::Running).await;
    world.days(11);
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a transfer").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "it arrived").unwrap();
    clock(&monitor, &name, "report_overdue", sla::ClockState::Cancelled).await;

    // Where the firm's word binds, nothing is to be ordered before it is given; what it refuses to give is to be ordered never.
    let case = world.told_under("es.general").await;
    act!(world, "ines", answer_decision, AnswerDecisionRequest, &case, party: pb::BoundBy::Firm, accepted: false,
        statement: "no")
    .unwrap();
    assert_eq!(world.entries::<pb::DecisionBound>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_proven_in_time_is_met_in_time_however_late_it_is_judged() {
    let (world, monitor) = World::monitored().await;
    let case = world.seated_under("es.general").await;
    world.to_draft(&case).await;
    world.decide(&case).await;
    act!(world, "elena", recommend, RecommendRequest, &case, recommendation: "mend the run", department: "it",
        term_days: 30)
    .unwrap();
    let name = format!("{case}/obligations/1");
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "it was mended").unwrap();
    // The database's clock says that it was over long ago; the proof awaits judgement, so the office says nothing.
    let running = clock(&monitor, &name, "answer_recommendation", sla::ClockState::Running).await;
    assert_eq!(running.department, "it");
    world.days(60);
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "seen").unwrap();
    let met = clock(&monitor, &name, "answer_recommendation", sla::ClockState::Fulfilled).await;
    assert_eq!((met.breached_time, met.settled_time), (None, world.owed(&case).await[0].met_time));
    assert_eq!(world.owed(&case).await[0].overdue_time, None);
    assert!(world.entries::<pb::ObligationOverdue>().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_of_the_parties_is_counted_and_shown_on_the_case_until_it_is_used() {
    let (world, monitor) = World::monitored_at(UNDER_THE_LAW).await;
    let case = world.seated_under("es.finance").await;
    let request = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::Documents.into()],
        explanation: "send the contract".into(),
        request_id: crate::world::fresh_id(),
    };
    let asked = world.ines().request_cure(request).await.unwrap().into_inner();
    // It is long ago, and for the monitor over since.
    let lapsed = clock(&monitor, &case, "claimant_cures", sla::ClockState::Lapsed).await;
    assert_eq!((lapsed.bearer(), lapsed.breached_time), (sla::ClockBearer::Claimant, None));
    // What the office told the claimant is the first instant after it.
    let told = asked.cure.unwrap().due_time.unwrap();
    let last = lapsed.due_time.unwrap();
    assert_eq!((last.seconds + 1, last.nanos), (told.seconds, 999_999_000));
    let shown = eventually(SOON, || async {
        let terms = world.get(&case).await.party_terms;
        match terms.as_slice() {
            [term] if term.lapse_time.is_some() => Ok(*term),
            _ => Err(format!("{terms:?}")),
        }
    })
    .await;
    assert_eq!((shown.kind(), shown.bearer()), (pb::PartyTermKind::Cure, pb::Party::Claimant));
    assert_eq!((shown.due_time, shown.lapse_time), (lapsed.due_time, lapsed.due_time));

    let request = pb::ReceiveCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        content: "the contract".into(),
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        request_id: crate::world::fresh_id(),
        ..Default::default()
    };
    world.ines().receive_cure(request).await.unwrap();
    let used = clock(&monitor, &case, "claimant_cures", sla::ClockState::Fulfilled).await;
    // In time for the office, whose day it was.
    assert_eq!((used.lapse_time, used.settled_time.is_some()), (None, true));
    world.admit(&case).await.unwrap();
    clock(&monitor, &case, "entity_allegations_to_defensor", sla::ClockState::Lapsed).await;
    let firm = eventually(SOON, || async {
        let terms = world.get(&case).await.party_terms;
        match terms.as_slice() {
            [term] if term.bearer() == pb::Party::Firm => Ok(*term),
            _ => Err(format!("{terms:?}")),
        }
    })
    .await;
    assert_eq!(firm.kind(), pb::PartyTermKind::Statement);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_before_the_firms_term_is_over_is_told_until_when_to_wait() {
    let (world, monitor) = World::monitored_at(UNDER_THE_LAW).await;
    // For the monitor this term is over; for one that runs the office is asked in the monitor's own time.
    let ticket = world.ticket_in("general").await;
    let own = crate::world::CUSTOMER.strip_prefix("customers/").unwrap();
    let facts_time = world.in_days(-30);
    let open = |ticket: &str| pb::OpenCaseRequest {
        regime: "es.general".into(),
        facts_time,
        ..crate::world::open_request(ticket)
    };
    clock(&monitor, &ticket, "resolve_and_answer", sla::ClockState::Running).await;
    let claimant = || world.as_person(own, kernel::Role::Customer);
    let taken = claimant().open_case(open(&ticket)).await.unwrap().into_inner();
    assert_eq!(taken.origin(), pb::CaseOrigin::Silence);

    let young = world.ticket_in("general").await;
    let running = clock(&monitor, &young, "resolve_and_answer", sla::ClockState::Running).await;
    let admin = world.database.admin().await;
    let id = crate::world::uuid_of(&running.name);
    for change in [
        "alter table sla_monitor.clock_entry disable trigger clock_entry_append_only",
        "update sla_monitor.clock_entry set occurred_at = now()",
        "alter table sla_monitor.clock_entry enable trigger clock_entry_append_only",
    ] {
        let change =
            if change.starts_with("update") { format!("{change} where clock_id = '{id}'") } else { change.to_owned() };
        sqlx::query(sqlx::AssertSqlSafe(change)).execute(&admin).await.unwrap();
    }
    let refused = claimant().open_case(open(&young)).await.unwrap_err();
    let (code, why, metadata) = refusal(&refused);
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "PREMATURE"));
    assert_eq!(metadata["article"], "office rulebook, after the term of Ley 10/2025 art. 17");
    assert!(metadata["due_time"].as_str() > "2026", "{metadata:?}");
    let rows = world.rows().await;
    assert_eq!(rows.0, 1, "nothing was opened");
    // The office's own intake may take it in, and says so.
    let early = world.ines().open_case(open(&young)).await.unwrap().into_inner();
    assert_eq!(early.origin(), pb::CaseOrigin::Direct);

    // A term that stands still is over at no instant that is known; two months of silence are enough all the same.
    let asked = world.ticket_in("general").await;
    world.ask_to_complete(&asked).await;
    clock(&monitor, &asked, "resolve_and_answer", sla::ClockState::Scheduled).await;
    let (code, why, metadata) = refusal(&claimant().open_case(open(&asked)).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "PREMATURE"));
    assert_eq!(metadata["due_time"].as_str(), "2026-05-02T22:00:00Z");
    world.days(62);
    assert_eq!(claimant().open_case(open(&asked)).await.unwrap().into_inner().origin(), pb::CaseOrigin::Silence);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accredited_body_sees_until_when_it_may_refuse_and_every_decision_has_a_time_to_be_notified() {
    let (world, monitor) = World::monitored_at(UNDER_THE_LAW).await;
    let case = world.seated_under_adr().await;
    // It is long ago, and for the monitor over since: three weeks after the day it came, and a breach of nobody.
    let over = clock(&monitor, &case, "refuse_admission", sla::ClockState::Lapsed).await;
    assert_eq!((over.rule.as_str(), over.bearer()), ("es.adr.18.refuse", sla::ClockBearer::Office));
    assert_eq!((over.due_time, over.breached_time), (crate::world::time("2026-05-02T21:59:59.999999Z"), None));
    let shown = eventually(SOON, || async {
        let terms = world.get(&case).await.party_terms;
        match terms.as_slice() {
            [term] if term.lapse_time.is_some() => Ok(*term),
            _ => Err(format!("{terms:?}")),
        }
    })
    .await;
    assert_eq!((shown.kind(), shown.bearer()), (pb::PartyTermKind::Refusal, pb::Party::Office));
    world.admit(&case).await.unwrap();
    let set = world.entries::<pb::PartyTermSet>().await;
    assert_eq!(set[0].due_time, crate::world::time("2026-05-02T22:00:00Z"));
    let closed = world.entries::<pb::PartyTermClosed>().await;
    assert_eq!((closed.len(), closed[0].kind(), closed[0].used), (1, pb::PartyTermKind::Refusal, false));

    for (regime, rule) in [("es.general", "house.office.notify"), ("es.finance", "es.fin.29septies-3.notify")] {
        let case = world.seated_under(regime).await;
        world.to_draft(&case).await;
        world.elena().issue_decision(crate::world::issue_request(&world, &case).await).await.unwrap();
        let owed = clock(&monitor, &case, "notify_decision", sla::ClockState::Running).await;
        assert_eq!((owed.rule.as_str(), owed.bearer()), (rule, sla::ClockBearer::House), "{regime}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accredited_body_takes_longer_once_for_reasons_that_the_parties_read_and_the_term_ends_at_its_bound() {
    let (world, monitor) = World::monitored().await;
    let case = world.seated_under_adr().await;
    let extend = async |who: &str, case: &str| act!(world, who, extend_term, ExtendTermRequest, case, reasons: "an expert is heard");
    world.admit(&case).await.unwrap();
    let term = clock(&monitor, &case, "result", sla::ClockState::Running).await;
    eventually(SOON, || async {
        let due = world.get(&case).await.decide_due_time;
        if due == term.due_time { Ok(()) } else { Err(format!("{due:?}")) }
    })
    .await;
    assert_eq!(refusal(&extend("ines", &case).await.unwrap_err()).0, Code::PermissionDenied, "it is for who decides");
    let extended = extend("elena", &case).await.unwrap();
    assert!(extended.term_extended_time.is_some() && extended.state() == S::Admitted);
    assert_eq!(world.papers(&case, pb::DossierKind::TermExtension).await, ["an expert is heard"]);
    let told = world.entries::<pb::CaseTermExtended>().await;
    assert_eq!((told.len(), told[0].case_name.as_str(), told[0].article.as_str()), (1, case.as_str(), ADR_20));
    // Ninety days of the complete file, and ninety more at most; midnight is an hour earlier in the summer.
    let seconds = |due: Option<prost_types::Timestamp>| due.unwrap().seconds;
    let longer = eventually(SOON, || async {
        let due = world.get(&case).await.decide_due_time;
        let longer = seconds(due) - seconds(term.due_time);
        if longer > 0 { Ok(longer) } else { Err(format!("{due:?}")) }
    })
    .await;
    assert!((longer - 90 * 24 * 3600).abs() <= 3600, "{longer}");
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2020").unwrap();
    clock(&monitor, &case, "result", sla::ClockState::Paused).await;
    act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "dropped").unwrap();
    clock(&monitor, &case, "result", sla::ClockState::Running).await;
    let refused = refusal(&extend("elena", &case).await.unwrap_err());
    assert_eq!((refused.0, refused.1.as_str(), refused.2["why"].as_str()), (Code::FailedPrecondition, NO, "extended"));

    // What the law gives nobody, the office does not take; what is over becomes no longer.
    let finance = world.seated_under("es.finance").await;
    world.admit(&finance).await.unwrap();
    let refused = refusal(&extend("elena", &finance).await.unwrap_err());
    assert_eq!((refused.1.as_str(), refused.2["why"].as_str()), (NO, "no_rule"));
    let late = world.seated_under_adr().await;
    world.admit(&late).await.unwrap();
    clock(&monitor, &late, "result", sla::ClockState::Running).await;
    eventually(SOON, || async { world.get(&late).await.decide_due_time.ok_or("not told yet") }).await;
    world.days(100);
    let refused = refusal(&extend("elena", &late).await.unwrap_err());
    assert_eq!((refused.1.as_str(), refused.2["why"].as_str()), (NO, "over"));
    assert_eq!(world.entries::<pb::CaseTermExtended>().await.len(), 1);
}

const ADR_20: &str = "Ley 7/2017 art. 20";
const NO: &str = "TERM_NOT_EXTENDED";
