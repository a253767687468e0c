//! What may be refused and on what ground, and what is taken in of what a claimant sends, by whose hand.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Personal, ResourceId, Uuid};
use ombudsman_escalation_domain::admissibility::{Facts, Repetition};
use ombudsman_escalation_domain::case::{Case, ClaimPoint, Complaint, Completion, State};
use ombudsman_escalation_domain::regime::{REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{Ground, MissingItem, Origin, Parallel, Stage, TermKind};
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

fn because() -> Personal<String> {
    Personal::new("because".to_owned())
}

fn point(id: &str, text: &str) -> ClaimPoint {
    ClaimPoint { id: id.to_owned(), text: Personal::new(text.to_owned()) }
}

fn complaint() -> Complaint {
    Complaint {
        filed_at_entity: at("2026-09-01T10:00:00Z"),
        filed_at_office: now(),
        facts_at: Some(at("2026-08-01T00:00:00Z")),
        known_at: None,
        parallel: Some(Parallel::None),
        channel: Channel::Web,
        points: vec![point("p1", "charged twice")],
        representative: None,
        origin: Some(Origin::Silence),
        regulator_reference: None,
    }
}

fn registered(of: &'static Regime, complaint: Complaint) -> Case {
    let (id, ticket) = (CaseId::from_uuid(Uuid::from_u128(1)), TicketId::from_uuid(Uuid::from_u128(2)));
    let customer = CustomerId::from_uuid(Uuid::from_u128(3));
    Case::receive(id, ticket, customer, of, complaint).and_then(Case::register).expect("a written complaint")
}

fn regime(id: &str) -> &'static Regime {
    Regime::find(id).expect("shipped")
}

/// A complaint that this ground is for, and what is known beside it.
fn borne_out(of: &'static Regime, ground: Ground) -> (Case, Facts) {
    let case = |complaint| registered(of, complaint);
    let whole = Facts::default();
    match ground {
        Ground::EssentialDataMissing => {
            let asked = case(complaint()).request_cure(BTreeSet::from([MissingItem::Documents]), now());
            let sent = asked.and_then(|case| case.receive_cure(Completion::default(), later(1)));
            (sent.expect("asked and answered"), Facts { judged: true, ..whole })
        }
        Ground::Repeated => (
            case(complaint()),
            Facts { repeats: Repetition::of([(CaseId::from_uuid(Uuid::from_u128(7)), now())]), ..whole },
        ),
        Ground::FilingWindowPassed => {
            let facts_at = Some(at("2023-09-01T00:00:00Z"));
            (case(Complaint { facts_at, filed_at_entity: at("2025-10-01T10:00:00Z"), ..complaint() }), whole)
        }
        Ground::TimeBarred => (case(Complaint { facts_at: Some(at("2019-09-01T00:00:00Z")), ..complaint() }), whole),
        Ground::ParallelProceedings => (case(Complaint { parallel: Some(Parallel::Pending), ..complaint() }), whole),
        Ground::NoPriorContact => {
            let (filed_at_entity, origin) = (at("2026-11-10T10:00:00Z"), Some(Origin::Regulator));
            (case(Complaint { filed_at_entity, origin, ..complaint() }), whole)
        }
        Ground::OtherForum
        | Ground::NotConcreteOperations
        | Ground::ManifestlyUnfounded
        | Ground::Vexatious
        | Ground::InjuryOrCrime => (case(complaint()), whole),
    }
}

#[test]
fn what_may_be_completed_is_what_was_asked_for_then_what_is_missing_still_and_what_a_proposal_turns_on() {
    use MissingItem::{Documents, FactsDate, ParallelProceedingsDeclaration};
    let bare = Complaint { parallel: None, facts_at: None, ..complaint() };
    let case = registered(regime("es.finance"), bare);
    assert_eq!(case.completes(), BTreeSet::new(), "nobody asked");
    let asked = case.request_cure(BTreeSet::from([Documents, FactsDate]), now()).expect("registered");
    assert_eq!(asked.completes(), BTreeSet::from([Documents, FactsDate, ParallelProceedingsDeclaration]));
    let part = Completion { parallel: Some(Parallel::None), ..Completion::default() };
    let partly = asked.receive_cure(part, later(1)).expect("they send what they have");
    assert_eq!(partly.completes(), BTreeSet::from([FactsDate]), "the date is missing still");
    let rest = Completion { facts_at: Some(at("2019-09-01T00:00:00Z")), ..Completion::default() };
    let whole = partly.receive_cure(rest, later(2)).expect("and the rest");
    assert_eq!(whole.completes(), BTreeSet::new());
    let proposed = whole.propose_inadmissibility(Ground::TimeBarred, because(), &Facts::default(), later(3));
    assert_eq!(proposed.expect("it is").completes(), BTreeSet::from([FactsDate]), "what the ground turns on");
}

#[test]
fn on_every_ground_of_every_regime_some_complaint_is_refused() {
    for of in REGIMES {
        for (ground, article) in of.grounds {
            let (case, facts) = borne_out(of, *ground);
            let proposed = case.propose_inadmissibility(*ground, because(), &facts, later(2));
            let proposed = proposed.unwrap_or_else(|refused| panic!("{} {ground}: {refused}", of.id));
            let heard = proposed.hear_claimant(later(3)).expect("they answer");
            let refused = heard.refuse(*ground, because(), "the courts".to_owned(), later(4));
            let refused = refused.unwrap_or_else(|refused| panic!("{} {ground}: {refused}", of.id));
            assert_eq!(refused.stage(), Stage::Inadmissible, "{} {article}", of.id);
        }
    }
}

#[test]
fn who_came_to_the_firm_first_is_not_refused_for_not_coming() {
    let adr = regime("es.adr");
    let propose = |change: &dyn Fn(&mut Complaint), facts: &Facts| {
        let mut complaint =
            Complaint { filed_at_entity: at("2026-11-10T10:00:00Z"), origin: Some(Origin::Regulator), ..complaint() };
        change(&mut complaint);
        registered(adr, complaint).propose_inadmissibility(Ground::NoPriorContact, because(), facts, now())
    };
    assert!(propose(&|_| {}, &Facts::default()).is_ok());
    let not_met = Err(Refused::GroundNotMet { ground: Ground::NoPriorContact, article: "Ley 7/2017 art. 18.1.a" });
    // Answered; or silent for the month, which is over with 22 October in Madrid.
    assert_eq!(propose(&|_| {}, &Facts { answered: true, ..Facts::default() }), not_met);
    assert_eq!(propose(&|complaint| complaint.origin = Some(Origin::Answer), &Facts::default()), not_met);
    let last = at("2026-10-22T10:00:00Z");
    let silent = |filed: Timestamp, reached: Timestamp| {
        let change =
            |complaint: &mut Complaint| (complaint.filed_at_entity, complaint.filed_at_office) = (filed, reached);
        propose(&change, &Facts::default())
    };
    assert_eq!(silent(last, at("2026-11-22T23:00:00Z")), not_met);
    assert!(silent(last, at("2026-11-22T22:59:59Z")).is_ok());
}

fn asked(complaint: Complaint, items: &[MissingItem]) -> Case {
    registered(regime("es.finance"), complaint)
        .request_cure(items.iter().copied().collect(), now())
        .expect("registered")
}

fn not_asked_for<T>(items: &[MissingItem]) -> Result<T, Refused> {
    Err(Refused::NotAskedFor { items: items.to_vec() })
}

#[test]
fn who_takes_in_what_was_sent_writes_over_nothing_that_was_said() {
    let documents = || asked(complaint(), &[MissingItem::Documents]);
    let other = || Completion {
        parallel: Some(Parallel::Pending),
        facts_at: Some(at("2020-01-01T00:00:00Z")),
        points: vec![point("p1", "charged three times")],
        ..Completion::default()
    };
    let all = [MissingItem::ParallelProceedingsDeclaration, MissingItem::FactsDate, MissingItem::ClaimPoints];
    assert_eq!(documents().receive_cure(other(), later(1)), not_asked_for(&all));
    // What says the same says nothing otherwise.
    let (parallel, facts_at, points) = (complaint().parallel, complaint().facts_at, complaint().points);
    let same = Completion { parallel, facts_at, points, ..Completion::default() };
    assert_eq!(documents().receive_cure(same, later(1)).expect("sent").complaint, complaint());
    // The claimant says it otherwise themselves.
    let own = documents().receive_cure(Completion { own: true, ..other() }, later(1)).expect("their own words");
    assert_eq!(own.complaint.parallel, Some(Parallel::Pending));
    assert_eq!(own.complaint.points, [point("p1", "charged three times")]);
}

#[test]
fn what_was_asked_for_is_taken_in_and_claim_points_are_added_and_never_dropped() {
    let sent = |points| Completion { points, ..Completion::default() };
    let case = || asked(complaint(), &[MissingItem::ClaimPoints]);
    let added = case().receive_cure(sent(vec![point("p1", "and nobody calls"), point("p9", "nor writes")]), later(1));
    let kept = [point("p1", "charged twice"), point("p2", "and nobody calls"), point("p9", "nor writes")];
    assert_eq!(added.expect("asked for").complaint.points, kept);
    let facts_at = Some(at("2026-07-01T00:00:00Z"));
    let dated = asked(complaint(), &[MissingItem::FactsDate]);
    let dated = dated.receive_cure(Completion { facts_at, ..Completion::default() }, later(1)).expect("asked for");
    assert_eq!(dated.complaint.facts_at, facts_at);
    // What was answered in part is completed, and what was answered is not answered anew.
    let bare = Complaint { parallel: None, facts_at: None, ..complaint() };
    let items = [MissingItem::FactsDate, MissingItem::ParallelProceedingsDeclaration];
    let first = asked(bare, &items).receive_cure(Completion { facts_at, ..Completion::default() }, later(1));
    let first = first.expect("a part");
    let again = Completion { facts_at: Some(now()), ..Completion::default() };
    assert_eq!(first.clone().receive_cure(again, later(2)), not_asked_for(&[MissingItem::FactsDate]));
    let second = Completion { parallel: Some(Parallel::None), ..Completion::default() };
    assert_eq!(first.receive_cure(second, later(2)).expect("the rest").complaint.parallel, Some(Parallel::None));
}

#[test]
fn what_answers_a_proposal_is_taken_in_as_far_as_the_ground_turns_on_it() {
    let barred = Complaint { facts_at: Some(at("2019-09-01T00:00:00Z")), ..complaint() };
    let proposed = registered(regime("es.finance"), barred).propose_inadmissibility(
        Ground::TimeBarred,
        because(),
        &Facts::default(),
        now(),
    );
    let proposed = proposed.expect("barred");
    let declared = Completion { parallel: Some(Parallel::Decided), ..Completion::default() };
    let beyond = not_asked_for(&[MissingItem::ParallelProceedingsDeclaration]);
    assert_eq!(proposed.clone().receive_cure(declared, later(1)), beyond);
    let facts_at = Some(at("2026-07-01T00:00:00Z"));
    let heard = proposed.receive_cure(Completion { facts_at, ..Completion::default() }, later(3)).expect("heard");
    let State::InadmissibleProposed(proposal) = &heard.state else { panic!("{:?}", heard.stage()) };
    assert_eq!((proposal.allegations_at, heard.complaint.facts_at), (Some(later(3)), facts_at));
    let refused = heard.clone().refuse(Ground::TimeBarred, because(), "the courts".to_owned(), later(20));
    assert!(matches!(refused, Err(Refused::GroundNotMet { .. })), "{refused:?}");
    assert_eq!(heard.admit(later(4)).expect("nothing bars it").stage(), Stage::Admitted);
}

#[test]
fn what_came_before_a_refusal_was_proposed_completes_the_complaint_and_answers_nothing_of_the_proposal() {
    let barred = Complaint { facts_at: Some(at("2019-09-01T00:00:00Z")), ..complaint() };
    let case = registered(regime("es.finance"), barred);
    let proposed = case.propose_inadmissibility(Ground::TimeBarred, because(), &Facts::default(), later(1));
    let proposed = proposed.expect("barred");
    let refuse = |case: Case, days| case.refuse(Ground::TimeBarred, because(), "the courts".to_owned(), later(days));
    // The letter reached the office the day before, and is opened the day after.
    let letter = proposed.clone().receive_cure(Completion::default(), now()).expect("it came");
    let early = refuse(letter.clone(), 2);
    assert!(matches!(early, Err(Refused::ClaimantTermRunning { .. })), "{early:?}");
    let answer = letter.receive_cure(Completion::default(), later(2)).expect("and this answers it");
    assert_eq!(refuse(answer, 2).expect("heard").stage(), Stage::Inadmissible);
    let at_once = proposed.receive_cure(Completion::default(), later(1)).expect("heard");
    assert_eq!(refuse(at_once, 2).expect("heard").stage(), Stage::Inadmissible);
}

#[test]
fn who_was_asked_for_what_was_there_holds_the_case_up_no_longer_than_the_time_they_had() {
    let asked = asked(complaint(), &[MissingItem::ClaimPoints]);
    assert_eq!(asked.clone().past_its_cure(later(2)), asked, "their time runs");
    let refused = asked.clone().refuse(Ground::EssentialDataMissing, because(), "courts".to_owned(), later(30));
    assert!(matches!(refused, Err(Refused::GroundNotMet { .. })), "{refused:?}");
    let goes_on = asked.clone().past_its_cure(later(30));
    assert_eq!(goes_on.stage(), Stage::Registered);
    // The time they had was given, and used by nobody.
    let closed = goes_on.term_changes(&asked, later(30)).closed;
    assert_eq!(closed, [(TermKind::Cure, false)]);
    assert_eq!(goes_on.admit(later(30)).expect("complete").stage(), Stage::Admitted);
    // Who was asked for what takes a judgement, or for what is not there, and sent nothing, is archived.
    for (complaint, item) in
        [(complaint(), MissingItem::Documents), (Complaint { facts_at: None, ..complaint() }, MissingItem::FactsDate)]
    {
        let silent = self::asked(complaint, &[item]);
        assert_eq!(silent.clone().past_its_cure(later(30)), silent, "{item}");
        let archived = silent.refuse(Ground::EssentialDataMissing, because(), "courts".to_owned(), later(30));
        assert_eq!(archived.expect("nothing came").stage(), Stage::ArchivedUncured);
    }
}

#[test]
fn when_the_claimant_learnt_of_the_facts_is_said_later_and_opens_the_window_by_which_it_counts() {
    let old = Complaint { facts_at: Some(at("2023-09-01T00:00:00Z")), ..complaint() };
    let proposed = registered(regime("es.finance"), old.clone()).propose_inadmissibility(
        Ground::FilingWindowPassed,
        because(),
        &Facts::default(),
        now(),
    );
    let proposed = proposed.expect("more than two years");
    let known = |at| Completion { known_at: Some(at), ..Completion::default() };
    let learnt = at("2025-09-01T00:00:00Z");
    let heard = proposed.receive_cure(known(learnt), later(1)).expect("heard");
    assert_eq!(heard.complaint.known_at, Some(learnt));
    assert_eq!(heard.admit(later(2)).expect("in time").stage(), Stage::Admitted);
    // Nobody but the claimant says otherwise what was said of it.
    let said = Complaint { known_at: Some(learnt), ..old };
    let documents = || asked(said.clone(), &[MissingItem::Documents]);
    let other = at("2024-09-01T00:00:00Z");
    assert_eq!(documents().receive_cure(known(other), later(1)), not_asked_for(&[MissingItem::FactsDate]));
    let own = Completion { own: true, ..known(other) };
    assert_eq!(documents().receive_cure(own, later(1)).expect("their words").complaint.known_at, Some(other));
}
