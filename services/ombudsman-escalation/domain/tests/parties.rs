//! Time that a case gives its parties, and when a complaint may come that the firm has not answered.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Personal, ResourceId, Uuid};
use ombudsman_escalation_domain::admissibility::{
    Facts, FirmClock, FirmClockStands, FirmTerm, admissible, examine, is_about_later_facts, origin,
    turns_on_the_firms_term,
};
use ombudsman_escalation_domain::case::{Case, ClaimPoint, Complaint, Completion, Effect, PartyTerm};
use ombudsman_escalation_domain::regime::{REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{
    BoundBy, Ground, MissingItem, Origin, Outcome, Parallel, Party, Stage, TermKind,
};
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

fn regime(id: &str) -> &'static Regime {
    Regime::find(id).expect("shipped")
}

fn because() -> Personal<String> {
    Personal::new("because".to_owned())
}

fn complaint() -> Complaint {
    Complaint {
        filed_at_entity: at("2026-09-01T10:00:00Z"),
        filed_at_office: now(),
        facts_at: Some(at("2026-08-01T00:00:00Z")),
        known_at: None,
        parallel: Some(Parallel::None),
        channel: Channel::Web,
        points: vec![ClaimPoint { id: "p1".to_owned(), text: because() }],
        representative: None,
        origin: None,
        regulator_reference: None,
    }
}

fn registered(of: &'static Regime) -> Case {
    let (id, ticket) = (CaseId::from_uuid(Uuid::from_u128(1)), TicketId::from_uuid(Uuid::from_u128(2)));
    let customer = CustomerId::from_uuid(Uuid::from_u128(3));
    Case::receive(id, ticket, customer, of, complaint()).and_then(Case::register).expect("a written complaint")
}

fn admitted(of: &'static Regime) -> Case {
    registered(of).admit(now()).expect("admissible")
}

/// What a step set for the parties with its bearers, and what it closed with whether that went unused.
type Changed = (Vec<(TermKind, Party)>, Vec<(TermKind, bool)>);

fn changed(before: &Case, after: &Case, at: Timestamp) -> Changed {
    let mut changes = after.term_changes(before, at);
    changes.set.retain(|term| term.bearer != Party::Office);
    changes.closed.retain(|(kind, _)| *kind != TermKind::Refusal);
    (changes.set.iter().map(|term| (term.kind, term.bearer)).collect(), changes.closed)
}

#[test]
fn each_waiting_state_gives_its_party_the_time_of_the_regime_and_says_whether_it_was_used() {
    for of in REGIMES {
        let case = registered(of);
        let asked = case.clone().request_cure(BTreeSet::from([MissingItem::Documents]), now()).unwrap();
        assert_eq!(changed(&case, &asked, now()), (vec![(TermKind::Cure, Party::Claimant)], vec![]), "{}", of.id);
        assert_eq!(asked.party_terms()[0].article, of.cure_article);
        let cured = asked.clone().receive_cure(Completion::default(), later(1)).unwrap();
        assert_eq!(changed(&asked, &cured, later(1)), (vec![], vec![(TermKind::Cure, true)]), "{}", of.id);
        let away = asked.clone().withdraw().unwrap();
        assert_eq!(changed(&asked, &away, later(1)), (vec![], vec![(TermKind::Cure, false)]), "{}", of.id);
        let due = asked.party_terms()[0].due;
        let archived = asked.clone().refuse(Ground::EssentialDataMissing, because(), String::new(), due).unwrap();
        assert_eq!(changed(&asked, &archived, due), (vec![], vec![(TermKind::Cure, false)]), "{}", of.id);

        let proposed =
            case.clone().propose_inadmissibility(Ground::OtherForum, because(), &Facts::default(), now()).unwrap();
        assert_eq!(changed(&case, &proposed, now()).0, [(TermKind::Allegations, Party::Claimant)], "{}", of.id);
        let heard = proposed.clone().hear_claimant(later(2)).unwrap();
        assert_eq!(changed(&proposed, &heard, later(2)), (vec![], vec![(TermKind::Allegations, true)]), "{}", of.id);
        // What the office makes of it afterwards closes nothing that was used.
        assert_eq!(changed(&heard, &heard.clone().admit(later(3)).unwrap(), later(3)).1, vec![], "{}", of.id);

        let before = admitted(of);
        assert_eq!(changed(&case, &before, now()).0, [(TermKind::Statement, Party::Firm)], "{}", of.id);
        let stated = before.clone().hear_entity().unwrap();
        assert_eq!(changed(&before, &stated, later(1)), (vec![], vec![(TermKind::Statement, true)]), "{}", of.id);
        let stayed = before.clone().stay(later(1)).unwrap();
        assert_eq!(changed(&before, &stayed, later(1)), (vec![], vec![(TermKind::Statement, false)]), "{}", of.id);
        let resumed = stayed.clone().resume(later(4)).unwrap();
        assert_eq!(changed(&stayed, &resumed, later(4)).0, [(TermKind::Statement, Party::Firm)], "{}", of.id);
        assert!(resumed.party_terms()[0].due > before.party_terms()[0].due, "{}", of.id);
    }
}

#[test]
fn an_offer_gives_time_to_think_and_time_to_answer_once_it_was_told() {
    let of = regime("es.finance");
    let offered = admitted(of).offer(7, None, now()).unwrap();
    assert_eq!(offered.party_terms(), []);
    let told = offered.clone().tell_offer(now()).unwrap();
    let both = [(TermKind::Reflection, Party::Claimant), (TermKind::OfferAnswer, Party::Claimant)];
    assert_eq!(changed(&offered, &told, now()).0, both);
    let [think, answer]: [PartyTerm; 2] = told.party_terms().try_into().unwrap();
    assert!(think.due < answer.due);
    let closed = |used| vec![(TermKind::Reflection, false), (TermKind::OfferAnswer, used)];
    let no = told.clone().answer_offer(false, later(1)).unwrap();
    assert_eq!(changed(&told, &no, later(1)).1, closed(true));
    let yes = told.clone().answer_offer(true, think.due).unwrap();
    assert_eq!(changed(&told, &yes, think.due).1, closed(true));
    let lapsed = told.clone().end_conciliation(answer.due).unwrap();
    assert_eq!(changed(&told, &lapsed, answer.due).1, closed(false));
    let another = told.clone().offer(9, None, answer.due).unwrap();
    assert_eq!(changed(&told, &another, answer.due), (vec![], closed(false)));
    let away = told.clone().withdraw().unwrap();
    assert_eq!(changed(&told, &away, later(2)).1, closed(false));
}

#[test]
fn whose_word_binds_has_time_to_give_it_and_nobody_has_where_the_law_binds() {
    let effect = |outcome, by_law| Effect { outcome, by_law, notified_at: now(), confirms: None };
    let told = |of| {
        let heard = admitted(of).hear_entity().unwrap().investigate(now()).unwrap();
        heard.draft().unwrap().decide().unwrap().notify().unwrap()
    };
    for (id, bearer) in [("es.general", Party::Firm), ("es.adr", Party::Claimant)] {
        let case = told(regime(id));
        let term = case.answer_term(effect(Outcome::PartlyUpheld, false)).expect("somebody's word binds");
        assert_eq!((term.kind, term.bearer), (TermKind::DecisionAnswer, bearer), "{id}");
        assert_eq!(case.answer_term(effect(Outcome::NotUpheld, false)), None, "{id}");
        let by = if bearer == Party::Firm { BoundBy::Firm } else { BoundBy::Claimant };
        let yes = case.clone().answer_decision(by, true, effect(Outcome::Upheld, false), now()).unwrap();
        assert_eq!(yes.stage(), Stage::Binding);
        assert_eq!(changed(&case, &yes, now()).1, [(TermKind::DecisionAnswer, true)], "{id}");
        let over = case.clone().leave_unbound(effect(Outcome::Upheld, false), term.due).unwrap();
        assert_eq!(changed(&case, &over, term.due).1, [(TermKind::DecisionAnswer, false)], "{id}");
    }
    let finance = told(regime("es.finance"));
    assert_eq!(finance.answer_term(effect(Outcome::Upheld, true)), None);
    let bound = finance.clone().bind_by_law(effect(Outcome::Upheld, true), now()).unwrap();
    assert_eq!(changed(&finance, &bound, now()), (vec![], vec![]));
}

#[test]
fn what_the_firm_did_not_answer_is_heard_when_its_time_is_over_and_the_office_may_take_it_in_before() {
    let filed = at("2026-11-02T09:00:00Z");
    let running = FirmTerm { due: Some(later(3)), ..FirmTerm::default() };
    let over = FirmTerm { due: Some(later(-1)), ..FirmTerm::default() };
    let missed = FirmTerm { missed: true, ..FirmTerm::default() };
    // The firm asked for something, and its term waits for it.
    let still = FirmTerm { stands_still: true, ..FirmTerm::default() };
    let unknown = FirmTerm::default();
    let of = |id: &str, answered, term, by_office| origin(regime(id), (filed, answered), term, by_office, now());
    let general = |term, by_office| of("es.general", false, term, by_office);
    let article = "office rulebook, after the term of Ley 10/2025 art. 17";
    assert_eq!(general(running, false), Err(Refused::Premature { due: later(3), article }));
    // At the due instant itself the firm may still answer.
    let at_due = FirmTerm { due: Some(now()), ..FirmTerm::default() };
    assert_eq!(general(at_due, false), Err(Refused::Premature { due: now(), article }));
    assert_eq!(general(running, true), Ok(Origin::Direct));
    assert_eq!((general(over, false), general(missed, false)), (Ok(Origin::Silence), Ok(Origin::Silence)));
    assert_eq!(general(unknown, false), Ok(Origin::Direct));
    // However long it stands still, or is put off, two months are enough.
    let longest = at("2027-01-02T23:00:00Z");
    assert_eq!(general(still, false), Err(Refused::Premature { due: longest, article }));
    let put_off = FirmTerm { due: Some(later(90)), ..FirmTerm::default() };
    assert_eq!(general(put_off, false), Err(Refused::Premature { due: longest, article }));
    let when = |term, now| origin(regime("es.general"), (filed, false), term, false, now);
    let before = longest - SignedDuration::from_micros(1);
    for term in [still, put_off] {
        assert_eq!(when(term, before), Err(Refused::Premature { due: longest, article }));
        assert_eq!(when(term, longest), Ok(Origin::Silence));
    }
    assert_eq!(when(unknown, longest), Ok(Origin::Silence));
    let turns =
        |answered, by_office, now| turns_on_the_firms_term(regime("es.general"), (filed, answered), by_office, now);
    assert!(turns(false, false, before) && !turns(false, false, longest), "then nobody need be asked for it");
    assert!(!turns(true, false, before) && !turns(false, true, before));
    assert_eq!(general(still, true), Ok(Origin::Direct));
    assert_eq!(general(FirmTerm { missed: true, ..still }, false), Ok(Origin::Silence));
    assert_eq!(of("es.finance", false, still, false), Ok(Origin::Direct));
    assert_eq!(of("es.general", true, running, false), Ok(Origin::Answer));
    // In finance the office may be turned to in the first place (art. 29 quater.1).
    assert_eq!(of("es.finance", false, running, false), Ok(Origin::Direct));
    assert_eq!(of("es.finance", false, missed, false), Ok(Origin::Silence));
    // A month of silence is the law's, and nobody waives it: filed on 2 November, it is over with 2 December.
    for by_office in [false, true] {
        let early = Refused::Premature { due: at("2026-12-02T23:00:00Z"), article: "Ley 7/2017 art. 18.1.a" };
        assert_eq!(of("es.adr", false, missed, by_office), Err(early));
        let months_ago = (at("2026-10-20T09:00:00Z"), false);
        assert_eq!(origin(regime("es.adr"), months_ago, running, by_office, now()), Ok(Origin::Silence));
    }
}

#[test]
fn what_was_presented_before_a_decision_is_about_nothing_that_came_after_it() {
    let decided = now();
    let presented = |filed_at_entity, facts_at| {
        let complaint = Complaint { filed_at_entity, facts_at, ..complaint() };
        is_about_later_facts(&complaint, decided)
    };
    assert!(presented(later(2), Some(later(1))));
    assert!(!presented(later(2), Some(decided)), "what happened by then was before who decided");
    assert!(!presented(later(2), None));
    assert!(!presented(later(-2), Some(later(1))), "the firm was told of it before it happened");
}

#[test]
fn a_term_that_stands_still_is_not_over_and_nothing_is_known_of_what_was_opened_a_moment_ago() {
    use FirmClockStands::{Over, Runs, Still};
    let clock = |stands| FirmClock { missed: false, stands };
    let (moment, while_) = (SignedDuration::from_secs(119), SignedDuration::from_secs(120));
    let of = |clocks: &[FirmClock], age| FirmTerm::of(clocks, age);
    assert_eq!((of(&[], moment), of(&[], while_)), (None, Some(FirmTerm::default())));
    assert_eq!(of(&[clock(Over)], moment), Some(FirmTerm::default()), "it has heard of it");
    let still = FirmTerm { stands_still: true, ..FirmTerm::default() };
    assert_eq!(of(&[clock(Still), clock(Over)], moment), Some(still));
    let both = [clock(Runs(Some(later(3)))), clock(Runs(Some(later(5)))), clock(Runs(None))];
    assert_eq!(of(&both, while_), Some(FirmTerm { due: Some(later(5)), ..FirmTerm::default() }));
    let missed = [FirmClock { missed: true, stands: Over }, clock(Still)];
    assert_eq!(of(&missed, while_), Some(FirmTerm { missed: true, ..still }));
}

#[test]
fn an_accredited_body_refuses_on_its_own_list_within_three_weeks_and_a_year_after_the_firm_was_asked() {
    let adr = regime("es.adr");
    let propose = |case: Case, ground| case.propose_inadmissibility(ground, because(), &Facts::default(), now());
    for ground in [Ground::ManifestlyUnfounded, Ground::Vexatious, Ground::InjuryOrCrime, Ground::OtherForum] {
        assert!(propose(registered(adr), ground).is_ok(), "{ground}");
        let of_finance = propose(registered(regime("es.finance")), ground);
        assert_eq!(of_finance.is_ok(), ground == Ground::OtherForum, "{ground}");
    }
    for ground in [Ground::NotConcreteOperations, Ground::TimeBarred, Ground::Repeated] {
        let refused = Refused::GroundNotMet { ground, article: "Ley 7/2017 art. 18.1" };
        assert_eq!(propose(registered(adr), ground), Err(refused), "{ground}");
    }
    let proposed = propose(registered(adr), Ground::Vexatious).unwrap();
    let due = at("2026-12-13T23:00:00Z");
    let refuse = |at| proposed.clone().refuse(Ground::Vexatious, because(), "the courts".to_owned(), at);
    assert!(refuse(due - SignedDuration::from_micros(1)).is_ok());
    assert_eq!(refuse(due), Err(Refused::RefusalLate { due, article: "Ley 7/2017 art. 18.3" }));
    assert_eq!(proposed.clone().admit(due).unwrap().stage(), Stage::Admitted);
    // Completed late, it is complete late.
    let asked = registered(adr).request_cure(BTreeSet::from([MissingItem::Documents]), now()).unwrap();
    let cured = asked.receive_cure(Completion::default(), later(8)).unwrap();
    assert_eq!(cured.refusal_due().unwrap().0, at("2026-12-21T23:00:00Z"));

    let old = |filed: &str| Complaint { filed_at_entity: at(filed), ..complaint() };
    let late = |filed: &str| examine(&old(filed), &Facts::default(), adr).len();
    assert_eq!((late("2025-11-22T10:00:00Z"), late("2025-11-21T10:00:00Z")), (0, 1));
    // A review of what came in time came in time.
    let reviewed = Complaint { origin: Some(Origin::Review), ..old("2025-11-21T10:00:00Z") };
    assert_eq!(examine(&reviewed, &Facts::default(), adr), []);
    let undeclared = Complaint { parallel: None, ..complaint() };
    let missing = Refused::DeclarationMissing { article: "Ley 7/2017 art. 18.1.d" };
    assert_eq!(admissible(&undeclared, adr), Err(missing));
}

#[test]
fn the_body_has_three_weeks_to_refuse_a_complete_file_and_no_time_for_it_while_the_claimant_completes_it() {
    let adr = regime("es.adr");
    let fresh = registered(adr);
    let refusal =
        |due| PartyTerm { kind: TermKind::Refusal, bearer: Party::Office, due, article: "Ley 7/2017 art. 18.3" };
    let first = refusal(fresh.refusal_due().unwrap().0);
    assert_eq!(fresh.party_terms(), [first]);
    assert!(["es.finance", "es.general"].into_iter().all(|id| registered(regime(id)).party_terms().is_empty()));

    let asked = fresh.clone().request_cure(BTreeSet::from([MissingItem::Documents]), now()).unwrap();
    assert_eq!(asked.party_terms().iter().map(|term| term.kind).collect::<Vec<_>>(), [TermKind::Cure]);
    let closed = |before: &Case, after: &Case| after.term_changes(before, later(11)).closed;
    assert_eq!(closed(&fresh, &asked), [(TermKind::Refusal, false)]);
    let cured = asked.clone().receive_cure(Completion::default(), later(8)).unwrap();
    assert_eq!(cured.party_terms(), [refusal(at("2026-12-21T23:00:00Z"))], "three weeks from when it was complete");

    let proposed = cured.clone().propose_inadmissibility(Ground::Vexatious, because(), &Facts::default(), later(9));
    let proposed = proposed.unwrap();
    assert_eq!(closed(&cured, &proposed), [], "it runs on while the claimant is heard");
    let heard = proposed.hear_claimant(later(10)).unwrap();
    let refused = heard.clone().refuse(Ground::Vexatious, because(), "the courts".to_owned(), later(11)).unwrap();
    assert_eq!(closed(&heard, &refused), [(TermKind::Refusal, true)]);
    assert_eq!(closed(&heard, &heard.clone().admit(later(11)).unwrap()), [(TermKind::Refusal, false)]);
}
