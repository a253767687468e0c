//! How a case may move, what it may be refused on, and what its decision must hold.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Personal, ResourceId, Uuid};
use ombudsman_escalation_domain::admissibility::{Facts, Finding, Repetition, examine};
use ombudsman_escalation_domain::case::{Case, ClaimPoint, Complaint, Completion, Effect};
use ombudsman_escalation_domain::decision::{Answer, Decision};
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::{Ground, MissingItem, Outcome, Parallel, Stage};
use ombudsman_escalation_domain::{CaseId, CustomerId, Refused, TicketId};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

fn later(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

fn finance() -> &'static Regime {
    Regime::find("es.finance").expect("shipped")
}

fn point(id: &str) -> ClaimPoint {
    ClaimPoint { id: id.to_owned(), text: Personal::new("the fee was charged twice".to_owned()) }
}

fn complaint() -> Complaint {
    Complaint {
        filed_at_entity: at("2026-11-01T10:00:00Z"),
        filed_at_office: now(),
        facts_at: Some(at("2026-09-01T00:00:00Z")),
        known_at: None,
        parallel: Some(Parallel::None),
        channel: Channel::Web,
        points: vec![point("p1"), point("p2")],
        representative: None,
        origin: None,
        regulator_reference: None,
    }
}

fn registered(complaint: Complaint) -> Case {
    let id = CaseId::from_uuid(Uuid::from_u128(1));
    let ticket = TicketId::from_uuid(Uuid::from_u128(2));
    let customer = CustomerId::from_uuid(Uuid::from_u128(3));
    Case::receive(id, ticket, customer, finance(), complaint).and_then(Case::register).expect("a written complaint")
}

fn because() -> Personal<String> {
    Personal::new("because".to_owned())
}

#[test]
fn walks_from_registration_to_closure() {
    let case = registered(complaint()).admit(now()).and_then(Case::hear_entity).expect("the firm speaks");
    let case = case.investigate(now()).and_then(Case::draft).and_then(Case::draft).expect("drafted");
    let case = case.decide().and_then(Case::notify).expect("told");
    let effect = Effect { outcome: Outcome::NotUpheld, by_law: false, notified_at: now(), confirms: None };
    let case = case.leave_unbound(effect, now()).and_then(|case| case.close(&[])).expect("closed");
    assert_eq!(case.stage(), Stage::Closed);
    assert_eq!(case.decide(), Err(Refused::DecisionImmutable));
}

#[test]
fn a_silent_firm_is_waited_for_until_its_time_is_over() {
    let case = registered(complaint()).admit(now()).expect("admitted");
    assert!(matches!(case.clone().investigate(later(9)), Err(Refused::EntityTermRunning { .. })));
    assert!(case.investigate(later(11)).is_ok());
}

#[test]
fn a_finance_complaint_by_phone_is_not_received() {
    let id = CaseId::from_uuid(Uuid::from_u128(1));
    let (ticket, customer) = (TicketId::from_uuid(Uuid::from_u128(2)), CustomerId::from_uuid(Uuid::from_u128(3)));
    let by_phone = || Complaint { channel: Channel::Phone, ..complaint() };
    let refused = Case::receive(id, ticket, customer, finance(), by_phone());
    assert_eq!(refused, Err(Refused::Channel { article: "Ley 44/2002 art. 29 ter" }));
    let general = Regime::find("es.general").expect("shipped");
    assert!(Case::receive(id, ticket, customer, general, by_phone()).is_ok());
}

#[test]
fn refuses_only_what_was_proposed_and_only_after_hearing_the_claimant() {
    let old = Complaint { facts_at: Some(at("2020-01-01T00:00:00Z")), ..complaint() };
    let case = registered(old)
        .propose_inadmissibility(Ground::TimeBarred, because(), &Facts::default(), now())
        .expect("more than five years");
    let refuse = |case: Case, ground, when| case.refuse(ground, because(), "courts".to_owned(), when);
    assert!(matches!(refuse(case.clone(), Ground::TimeBarred, later(3)), Err(Refused::ClaimantTermRunning { .. })));
    assert!(matches!(refuse(case.clone(), Ground::Repeated, later(12)), Err(Refused::GroundNotMet { .. })));
    assert!(refuse(case.clone(), Ground::TimeBarred, later(12)).is_ok());
    let heard = case.hear_claimant(later(1)).expect("the claimant answers");
    assert_eq!(refuse(heard, Ground::TimeBarred, later(2)).expect("heard").stage(), Stage::Inadmissible);
}

#[test]
fn every_ground_that_facts_can_bear_out_needs_those_facts() {
    for ground in Ground::ALL {
        let proposed = registered(complaint()).propose_inadmissibility(*ground, because(), &Facts::default(), now());
        let judged = matches!(ground, Ground::OtherForum | Ground::NotConcreteOperations);
        assert_eq!(proposed.is_ok(), judged, "{ground}");
    }
}

#[test]
fn time_bars_count_from_the_facts_and_the_window_from_knowing_them() {
    let bars = |facts_at: &str, known_at: Option<&str>| {
        let complaint = Complaint { facts_at: Some(at(facts_at)), known_at: known_at.map(at), ..complaint() };
        examine(&complaint, &Facts::default(), finance())
    };
    let (window, barred) = (Finding::Bar(Ground::FilingWindowPassed), Finding::Bar(Ground::TimeBarred));
    assert_eq!(bars("2025-01-01T00:00:00Z", None), []);
    assert_eq!(bars("2024-01-01T00:00:00Z", None), vec![window.clone()]);
    assert_eq!(bars("2022-01-01T00:00:00Z", Some("2026-01-01T00:00:00Z")), []);
    assert_eq!(bars("2021-10-01T00:00:00Z", Some("2026-01-01T00:00:00Z")), vec![barred.clone()]);
    assert_eq!(bars("2019-01-01T00:00:00Z", None), [window, barred]);
}

#[test]
fn a_repeated_complaint_is_one_that_was_decided_before() {
    let facts = Facts { repeats: Repetition::of([(CaseId::from_uuid(Uuid::from_u128(7)), now())]), ..Facts::default() };
    assert_eq!(examine(&complaint(), &facts, finance()), [Finding::Bar(Ground::Repeated)]);
}

#[test]
fn a_complaint_that_turns_out_to_be_about_later_facts_is_not_refused_as_repeated() {
    let decided = |at| (CaseId::from_uuid(Uuid::from_u128(7)), at);
    let filed = complaint().filed_at_entity;
    let (before, after) = (filed - SignedDuration::from_hours(48), filed + SignedDuration::from_hours(48));
    let refused = |repeats, facts_at: Option<Timestamp>| {
        let facts = Facts { repeats: Repetition::of(repeats), ..Facts::default() };
        let case = registered(complaint());
        let proposed = case.propose_inadmissibility(Ground::Repeated, because(), &facts, now()).expect("it repeats");
        let said = Completion { facts_at, ..Completion::default() };
        let heard = proposed.receive_cure(said, later(1)).expect("they answer");
        heard.refuse(Ground::Repeated, because(), "the courts".to_owned(), later(2)).map(|case| case.stage())
    };
    let article = finance().article(Ground::Repeated);
    let not_met = Err(Refused::GroundNotMet { ground: Ground::Repeated, article });
    let later_facts = Some(before + SignedDuration::from_hours(1));
    assert_eq!(refused(vec![decided(before)], None), Ok(Stage::Inadmissible));
    assert_eq!(refused(vec![decided(before)], later_facts), not_met);
    // Of two it is about what came after the one alone.
    let other = (CaseId::from_uuid(Uuid::from_u128(8)), after);
    assert_eq!(refused(vec![decided(before), other], later_facts), Ok(Stage::Inadmissible));
}

#[test]
fn what_can_be_completed_is_asked_for_before_anything_is_refused() {
    let bare = Complaint { parallel: None, facts_at: None, ..complaint() };
    let case = registered(bare);
    let refused =
        case.clone().propose_inadmissibility(Ground::EssentialDataMissing, because(), &Facts::default(), now());
    assert_eq!(refused, Err(Refused::CureFirst { article: "Ley 44/2002 art. 29 quater.2" }));
    assert!(matches!(case.clone().admit(now()), Err(Refused::DeclarationMissing { .. })));

    let items = BTreeSet::from([MissingItem::FactsDate, MissingItem::ParallelProceedingsDeclaration]);
    let asked = case.request_cure(items, now()).expect("registered");
    let early = asked.clone().refuse(Ground::EssentialDataMissing, because(), "courts".to_owned(), later(2));
    assert!(matches!(early, Err(Refused::ClaimantTermRunning { .. })));
    let late = asked.clone().refuse(Ground::EssentialDataMissing, because(), "courts".to_owned(), later(12));
    assert_eq!(late.expect("not completed").stage(), Stage::ArchivedUncured);

    let completion = Completion {
        parallel: Some(Parallel::None),
        facts_at: Some(at("2026-09-01T00:00:00Z")),
        points: Vec::new(),
        ..Completion::default()
    };
    let cured = asked.receive_cure(completion, later(2)).expect("completed");
    assert_eq!(cured.admit(later(2)).expect("complete").stage(), Stage::Admitted);
}

#[test]
fn the_office_abstains_while_proceedings_run_in_parallel() {
    let pending = Complaint { parallel: Some(Parallel::Pending), ..complaint() };
    let case = registered(pending);
    assert!(matches!(case.clone().admit(now()), Err(Refused::MustAbstain { .. })));
    assert!(case.propose_inadmissibility(Ground::ParallelProceedings, because(), &Facts::default(), now()).is_ok());
}

#[test]
fn the_claimant_may_stop_until_the_decision() {
    let drafted = registered(complaint()).admit(now()).and_then(Case::hear_entity);
    let drafted = drafted.and_then(|case| case.investigate(now())).and_then(Case::draft).expect("drafted");
    assert_eq!(drafted.clone().withdraw().expect("undecided").stage(), Stage::Withdrawn);
    assert_eq!(drafted.clone().rectify(7).expect("undecided").stage(), Stage::Rectified);
    assert!(matches!(drafted.decide().expect("decided").withdraw(), Err(Refused::State { .. })));
    assert!(matches!(registered(complaint()).rectify(7), Err(Refused::State { .. })));
}

fn answer(claim_point: &str, outcome: Outcome, about: &str) -> Answer {
    Answer {
        claim_point: claim_point.to_owned(),
        outcome,
        finding: Personal::new(format!("the statement of September shows the {about} charged on two days")),
        reason: Personal::new(format!("the contract allows one {about} per year and names no second one")),
        remedy: Personal::new(format!("refund the second {about} with interest")),
        redress: None,
    }
}

fn violations(answers: Vec<Answer>) -> Vec<(String, String)> {
    let points = [point("p1"), point("p2")];
    match Decision::of(&points, answers, finance()) {
        Err(Refused::DecisionIncomplete { violations, .. }) => {
            violations.as_slice().iter().map(|v| (v.field.clone(), v.description.clone())).collect()
        }
        other => panic!("refused as incomplete, not {other:?}"),
    }
}

#[test]
fn every_unanswered_point_is_listed() {
    let missing = |id: &str| ("points".to_owned(), format!("claim point {id} is not answered"));
    assert_eq!(violations(Vec::new()), [missing("p1"), missing("p2")]);
    assert_eq!(violations(vec![answer("p1", Outcome::Upheld, "fee")]), [missing("p2")]);
}

#[test]
fn points_answered_twice_or_never_claimed_are_named() {
    let wrong = vec![
        answer("p1", Outcome::Upheld, "fee"),
        answer("p1", Outcome::Upheld, "commission"),
        answer("p9", Outcome::Upheld, "interest"),
    ];
    let fields: Vec<String> = violations(wrong).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["points", "points[1].claim_point", "points[2].claim_point"]);
}

#[test]
fn generic_text_is_no_answer() {
    let mut first = answer("p1", Outcome::NotUpheld, "fee");
    first.reason = Personal::new("Por los motivos expuestos, se desestima la reclamación.".to_owned());
    first.remedy = Personal::new("none".to_owned());
    let mut second = answer("p2", Outcome::NotUpheld, "fee");
    second.finding = Personal::new("no no no no no no no no no no".to_owned());
    second.reason = Personal::new(String::new());
    let found = violations(vec![first, second]);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["points[0].reason", "points[0].remedy", "points[1].finding", "points[1].reason"]);
    assert!(found[0].1.contains("stock phrase"), "{}", found[0].1);
}

#[test]
fn a_phrase_is_the_same_phrase_however_it_is_written() {
    let disguised = [
        // Letters that stand alone are one word.
        "N o p r o c e d e. N o h a l u g a r.",
        // Accents that stand apart from their letters, and what parts words unseen.
        "Por los motivos expuestos, se desestima la reclamacio\u{301}n.",
        "Por los mo\u{ad}tivos expu\u{200b}estos, se desestima la reclama\u{2060}ción; no pro\u{200d}cede.",
        "Ｎｏ ｐｒｏｃｅｄｅ. Se desestima la queja, según lo expuesto.",
        // In the other languages that claimants have.
        "D'acord amb la normativa vigent, l'entitat ha actuat correctament i es desestima la reclamació.",
        "De acordo coa normativa vixente, a entidade actuou correctamente.",
        "Indarrean dagoen araudiaren arabera erakundeak zuzen jokatu du; erreklamazioa ezetsi da.",
    ];
    for text in disguised {
        let mut first = answer("p1", Outcome::NotUpheld, "fee");
        first.reason = Personal::new(text.to_owned());
        let found = violations(vec![first, answer("p2", Outcome::Upheld, "commission")]);
        let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["points[0].reason"], "{text}");
    }
}

#[test]
fn a_finding_is_no_reason_for_itself() {
    let mut first = answer("p1", Outcome::Upheld, "fee");
    first.reason = first.finding.clone();
    let found = violations(vec![first, answer("p2", Outcome::Upheld, "commission")]);
    let told = "repeats points[0].finding; each point needs its own".to_owned();
    assert_eq!(found, [("points[0].reason".to_owned(), told)]);
}

#[test]
fn the_same_reason_for_two_points_answers_neither() {
    let mut second = answer("p2", Outcome::Upheld, "commission");
    second.reason = answer("p1", Outcome::Upheld, "fee").reason;
    let found = violations(vec![answer("p1", Outcome::Upheld, "fee"), second]);
    assert_eq!(
        found,
        [("points[1].reason".to_owned(), "repeats points[0].reason; each point needs its own".to_owned())]
    );
}

#[test]
fn the_outcome_follows_from_the_points_and_favourable_ones_bind() {
    let decide = |one: Outcome, two: Outcome| {
        let answers = vec![answer("p2", two, "commission"), answer("p1", one, "fee")];
        Decision::of(&[point("p1"), point("p2")], answers, finance()).expect("complete")
    };
    let both = decide(Outcome::Upheld, Outcome::Upheld);
    assert_eq!((both.outcome, both.binding, both.answers[0].claim_point.as_str()), (Outcome::Upheld, true, "p1"));
    assert_eq!(decide(Outcome::Upheld, Outcome::NotUpheld).outcome, Outcome::PartlyUpheld);
    let none = decide(Outcome::NotUpheld, Outcome::NotUpheld);
    assert_eq!((none.outcome, none.binding), (Outcome::NotUpheld, false));
}
