//! The whole procedure of a case, walked through: every sequence of steps on the pure state machine, breadth first and to closure.
//!
//! Instants are only ever held against the present one, so a case is the same for the walk when each of its instants lies on the same
//! side of now: they are brought to a few fixed ones, which makes the walk finite. Time passes by a step of its own, in which the
//! terms that run end, the earlier ones first.

mod walking;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::Personal;
use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::admissibility::Facts;
use ombudsman_escalation_domain::case::{Case, MOVES};
use ombudsman_escalation_domain::obligation::Obligation;
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::{BoundBy, Ground, ObligationKind, Outcome, Parallel, Stage, StayClosure};

use walking::{Node, Step, Walk, days, now, regimes, stage, walk};

#[test]
fn the_steps_make_every_move_of_the_diagram_and_no_other() {
    let mut made = BTreeSet::new();
    let mut reached = BTreeSet::new();
    for walk in regimes().into_iter().map(walk) {
        made.extend(walk.edges.iter().map(|(from, _, to)| (stage(&walk, *from), stage(&walk, *to))));
        reached.extend(walk.nodes.iter().map(|node| node.case.stage()));
    }
    made.retain(|(from, to)| from != to);
    let drawn: BTreeSet<(Stage, Stage)> =
        MOVES.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to))).collect();
    let not_made: Vec<_> = drawn.difference(&made).collect();
    let not_drawn: Vec<_> = made.difference(&drawn).collect();
    assert_eq!((not_made, not_drawn), (Vec::new(), Vec::new()));
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), {
        let mut all = Stage::ALL.to_vec();
        all.sort();
        all
    });
}

#[test]
fn no_decided_case_is_ever_undecided_again() {
    for walk in regimes().into_iter().map(walk) {
        let decided = |at: usize| walk.nodes[at].case.state.is_decided();
        assert!((0..walk.nodes.len()).any(decided));
        for (from, step, to) in &walk.edges {
            assert!(!decided(*from) || decided(*to), "{step:?} from {}", stage(&walk, *from));
            let outcomes = (walk.nodes[*from].outcome, walk.nodes[*to].outcome);
            assert!(!decided(*from) || outcomes.0 == outcomes.1, "{step:?} changes what was decided");
        }
    }
}

#[test]
fn from_everywhere_there_is_a_way_to_an_end() {
    for walk in regimes().into_iter().map(walk) {
        let mut back: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (from, _, to) in &walk.edges {
            back.entry(*to).or_default().push(*from);
        }
        let mut ends: BTreeSet<usize> = (0..walk.nodes.len()).filter(|at| stage(&walk, *at).is_terminal()).collect();
        let mut waiting: Vec<usize> = ends.iter().copied().collect();
        while let Some(at) = waiting.pop() {
            for before in back.get(&at).into_iter().flatten() {
                if ends.insert(*before) {
                    waiting.push(*before);
                }
            }
        }
        let stuck: Vec<String> =
            (0..walk.nodes.len()).filter(|at| !ends.contains(at)).map(|at| walk.nodes[at].key()).collect();
        assert_eq!(stuck, Vec::<String>::new());
    }
}

#[test]
fn in_a_stayed_case_nothing_is_done_but_ending_the_stay_and_after_an_end_nothing_at_all() {
    for walk in regimes().into_iter().map(walk) {
        for (from, step, _) in &walk.edges {
            match stage(&walk, *from) {
                Stage::Stayed => {
                    let ends_it = matches!(step, Step::Resume | Step::CloseStayed(_) | Step::Withdraw);
                    assert!(ends_it || *step == Step::Wait, "{step:?}");
                }
                stage if stage.is_terminal() => {
                    // That a term ran out is told whether a case is closed or not.
                    assert!(matches!(step, Step::Wait | Step::FallDue(_)), "{step:?} in a case that is {stage}");
                }
                _ => {}
            }
        }
        let stayed = walk.nodes.iter().filter(|node| node.case.stage() == Stage::Stayed);
        assert!(stayed.clone().count() > 0);
        for node in stayed {
            assert!(node.case.accepts_papers().is_err());
        }
        // Where something can follow, somebody can be found who does it.
        for node in &walk.nodes {
            assert_eq!(node.case.accepts_people().is_ok(), !node.case.stage().is_terminal(), "{}", node.case.stage());
        }
    }
}

#[test]
fn nothing_binds_but_what_the_regime_makes_bind_and_what_binds_is_carried_out_or_reported() {
    for regime in regimes() {
        let walk = walk(regime);
        for node in &walk.nodes {
            if let Some(bound) = node.case.state.bound() {
                let outcome = node.outcome.expect("decided");
                assert_ne!(outcome, Outcome::NotUpheld);
                let by_law = regime.binds(outcome).0;
                assert_eq!(by_law, bound.by == BoundBy::Law);
                assert!(by_law || regime.acceptance.is_some_and(|acceptance| acceptance.by == bound.by));
            }
            let orders = || node.obligations.iter().filter(|owed| owed.kind == ObligationKind::Order);
            if node.case.stage() == Stage::Complied {
                assert!(orders().count() > 0 && orders().all(|order| order.done_at.is_some() && order.proof.is_some()));
            }
        }
        assert!(walk.nodes.iter().any(|node| node.confirms && node.case.stage() == Stage::Closed));
        assert!(!walk.nodes.iter().any(|node| node.confirms && node.case.state.bound().is_some()));
        for (from, step, to) in &walk.edges {
            if (*step, stage(&walk, *to)) == (Step::Close, Stage::Closed) {
                let before = &walk.nodes[*from];
                let bound = before.case.state.bound().is_some();
                let ended = matches!(before.case.stage(), Stage::Complied | Stage::Reported);
                assert_eq!(bound, ended, "{}", before.case.stage());
            }
        }
    }
}

#[test]
fn what_was_agreed_is_owed_until_it_is_met_or_missed_and_nothing_is_owed_after_a_review_that_decides_otherwise() {
    for walk in regimes().into_iter().map(walk) {
        for (_, step, to) in &walk.edges {
            let node = &walk.nodes[*to];
            let promised = node.case.state.offer().is_some_and(|offer| offer.promise.is_some());
            if node.case.stage() == Stage::Settled && promised {
                assert_eq!(node.obligations.len(), 1);
                let owed = &node.obligations[0];
                let held = owed.is_open() || owed.is_unreported();
                assert_eq!(node.case.clone().close(&node.obligations).is_err(), held);
            }
            if *step == Step::Supersede {
                assert_eq!(node.case.stage(), Stage::Closed);
                assert!(!node.obligations.iter().any(Obligation::is_open), "{:?}", node.obligations);
            }
        }
    }
}

#[test]
fn nobody_settles_without_time_to_think_and_silence_is_no_consent() {
    for walk in regimes().into_iter().map(walk) {
        for (from, step, to) in &walk.edges {
            let (before, after) = (&walk.nodes[*from].case, &walk.nodes[*to].case);
            if after.stage() == Stage::Settled && before.stage() != Stage::Settled {
                assert_eq!(*step, Step::AnswerOffer(true));
                let told = before.state.offer().and_then(|offer| offer.told).expect("the claimant knows it");
                assert!(told.reflect_until <= now() && now() < told.open_until);
            }
        }
    }
}

/// From where some of these ends is reached without these steps.
fn reaching(walk: &Walk, ends: impl Fn(Stage) -> bool, without: impl Fn(Step) -> bool) -> BTreeSet<usize> {
    let mut back: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, step, to) in &walk.edges {
        if !without(*step) {
            back.entry(*to).or_default().push(*from);
        }
    }
    let mut found: BTreeSet<usize> = (0..walk.nodes.len()).filter(|at| ends(stage(walk, *at))).collect();
    let mut waiting: Vec<usize> = found.iter().copied().collect();
    while let Some(at) = waiting.pop() {
        for before in back.get(&at).into_iter().flatten() {
            if found.insert(*before) {
                waiting.push(*before);
            }
        }
    }
    found
}

#[test]
fn no_case_waits_for_its_claimant_however_late_it_is() {
    for walk in regimes().into_iter().map(walk) {
        // Nor is another found competent because nothing else is left.
        let of_the_claimant = |step| {
            matches!(step, Step::Withdraw | Step::ReceiveCure(_) | Step::HearClaimant | Step::AnswerOffer(_))
                || matches!(step, Step::AnswerDecision(BoundBy::Claimant, _) | Step::Forward)
        };
        let found = reaching(&walk, Stage::is_terminal, of_the_claimant);
        let stuck: Vec<String> =
            (0..walk.nodes.len()).filter(|at| !found.contains(at)).map(|at| walk.nodes[at].key()).collect();
        assert_eq!(stuck, Vec::<String>::new());
    }
}

#[test]
fn what_the_claimant_proves_when_they_are_heard_can_have_the_case_admitted() {
    for walk in regimes().into_iter().map(walk) {
        let proposed = |node: &Node| {
            node.case.state.proposal().map(|proposal| proposal.ground) == Some(Ground::ParallelProceedings)
        };
        let heard = (0..walk.nodes.len())
            .filter(|at| walk.nodes[*at].case.stage() == Stage::InadmissibleProposed && proposed(&walk.nodes[*at]));
        let mut seen = 0;
        for at in heard {
            let proven = walk.nodes[at].after(Step::ReceiveCure(Some(Parallel::None))).expect("they are heard");
            let missing = ombudsman_escalation_domain::admissibility::missing(&proven.case.complaint);
            assert!(proven.case.state.proposal().is_some_and(|proposal| proposal.allegations_at.is_some()));
            assert_eq!(proven.case.clone().admit(now()).is_ok(), missing.is_empty());
            let refused = proven.after(Step::Refuse(Ground::ParallelProceedings));
            assert!(matches!(refused, Err(Refused::GroundNotMet { .. })), "{refused:?}");
            seen += 1;
        }
        assert!(seen > 0);
    }
}

#[test]
fn from_a_drafted_case_the_firm_holds_off_no_decision() {
    let by_the_firm = |step: &Step| matches!(step, Step::Offer(_) | Step::HearEntity | Step::Prove(_));
    for walk in regimes().into_iter().map(walk) {
        let mut offered = 0;
        for (from, step, to) in &walk.edges {
            let (before, after) = (&walk.nodes[*from].case, &walk.nodes[*to].case);
            if by_the_firm(step) && before.stage() == Stage::Drafted {
                assert_eq!(after.stage(), Stage::Drafted, "{step:?}");
                assert!(after.clone().decide().is_ok());
                offered += 1;
            }
            // A conciliation that came to nothing is opened again by nobody but the office.
            if matches!(step, Step::Offer(_)) && before.stage() != Stage::Conciliation {
                let opens = before.stage() != Stage::Drafted && before.conciliation_ended_at.is_none();
                assert_eq!(after.stage() == Stage::Conciliation, opens, "{}", before.stage());
                assert_eq!(after.waiting_offer.is_some(), !opens);
            }
            if matches!(step, Step::Offer(_)) && before.stage() == Stage::Conciliation {
                let told = before.state.offer().and_then(|offer| offer.told);
                assert!(told.is_none_or(|told| told.open_until <= now()), "an offer that stands is not replaced");
                assert!(after.clone().end_conciliation(now()).is_ok(), "and what replaces it is ended at once");
            }
            assert_eq!(
                after.untold_offer().is_some(),
                after.clone().tell_offer(now()).is_ok(),
                "what is told is untold before"
            );
            if after.waiting_offer.is_some() {
                let heard = [Stage::Admitted, Stage::EntityAllegations, Stage::Investigation, Stage::Drafted];
                assert!(heard.contains(&after.stage()), "{}", after.stage());
            }
        }
        assert!(offered > 0);
    }
}

#[test]
fn an_offer_that_waits_is_taken_up_by_telling_it() {
    let drafted = investigated().draft().expect("drafted");
    assert!(drafted.clone().tell_offer(now()).is_err(), "there is none");
    let waiting = drafted.offer(5, None, now()).expect("a paper");
    let told = waiting.clone().tell_offer(days(1)).expect("the office takes it up");
    assert_eq!((told.stage(), told.waiting_offer.clone()), (Stage::Conciliation, None));
    assert_eq!(told.state.offer().map(|offer| (offer.entry, offer.offered_at)), Some((5, now())));
    let decided = waiting.decide().expect("the office decides all the same");
    assert_eq!(decided.waiting_offer, None);
}

#[test]
fn the_time_to_refuse_stands_still_while_the_office_abstains_counted_by_hand() {
    let adr = Regime::find("es.adr").expect("shipped");
    let case = Node::received(adr, Some(Parallel::Pending)).case.register().expect("registered");
    // Received on 22 November: three weeks end with 13 December, in Madrid.
    let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    assert_eq!(case.refusal_due().map(|(due, _)| due), Some(at("2026-12-13T23:00:00Z")));
    let proposed = case.propose_inadmissibility(
        Ground::ParallelProceedings,
        Personal::new("a suit".to_owned()),
        &Facts::default(),
        days(12),
    );
    let stayed = proposed.expect("it bars").stay(days(14)).expect("the office abstains");
    assert_eq!(stayed.party_terms(), []);
    let resumed = stayed.clone().resume(days(114)).expect("the suit was dropped");
    assert_eq!((resumed.stage(), resumed.state.proposal()), (Stage::Registered, None));
    // A hundred days later, and the days of Madrid end by then with summer time: 23 March 2027.
    assert_eq!(resumed.refusal_due().map(|(due, _)| due), Some(at("2027-03-23T23:00:00Z")));
    assert!(resumed.admit(days(115)).is_ok());
    assert_eq!(stayed.close_stayed(StayClosure::ProceedingsDecided).expect("decided").state.statement_due(), None);
}

fn investigated() -> Case {
    let finance = Regime::find("es.finance").expect("shipped");
    let case = Node::received(finance, Some(Parallel::None)).case.register().and_then(|case| case.admit(now()));
    case.and_then(Case::hear_entity).and_then(|case| case.investigate(now())).expect("investigated")
}

#[test]
fn an_offer_gives_ten_days_to_think_and_ten_to_say_yes_counted_by_hand() {
    let told = investigated().offer(5, None, now()).and_then(|case| case.tell_offer(now())).expect("told");
    let offer = told.state.offer().and_then(|offer| offer.told).expect("told");
    // Told on 22 November; the tenth day after is 2 December, in Madrid; ten more end with the 13th.
    let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    assert_eq!(offer.reflect_until, at("2026-12-02T23:00:00Z"));
    assert_eq!(offer.open_until, at("2026-12-13T23:00:00Z"));
    let early = told.clone().answer_offer(true, at("2026-12-02T22:59:59Z"));
    assert!(matches!(early, Err(Refused::Procedure(_))), "{early:?}");
    assert_eq!(told.clone().answer_offer(true, at("2026-12-02T23:00:00Z")).expect("in time").stage(), Stage::Settled);
    assert!(told.clone().answer_offer(true, at("2026-12-13T23:00:00Z")).is_err());
    assert!(told.clone().end_conciliation(at("2026-12-13T22:59:59Z")).is_err());
    let ended = told.clone().end_conciliation(at("2026-12-13T23:00:00Z")).expect("the time is over");
    assert_eq!(ended.stage(), Stage::Investigation);
    // None takes the place of an offer that stands; of one that lapsed another does, and the time to think begins again once it is told.
    let refused = told.clone().offer(8, None, at("2026-12-13T22:59:59Z"));
    let stands = ombudsman_escalation_domain::ProcedureRefused::OfferStands { until: at("2026-12-13T23:00:00Z") };
    assert_eq!(refused.err(), Some(stands.into()));
    let better = told.offer(8, None, days(22)).expect("the firm offers more");
    assert!(better.clone().answer_offer(true, days(22)).is_err());
    assert_eq!(
        better.answer_offer(false, days(22)).err(),
        Some(ombudsman_escalation_domain::ProcedureRefused::OfferNotTold.into(),)
    );
}

#[test]
fn after_a_stay_the_silent_firm_has_the_time_it_had_left() {
    let finance = Regime::find("es.finance").expect("shipped");
    let case = Node::received(finance, Some(Parallel::None)).case.register().and_then(|case| case.admit(now()));
    let stayed = case.expect("admitted").stay(days(4)).expect("stayed");
    assert_eq!(stayed.complaint.parallel, Some(Parallel::Pending));
    let resumed = stayed.resume(days(104)).expect("goes on");
    assert!(matches!(resumed.clone().investigate(days(109)), Err(Refused::EntityTermRunning { .. })));
    assert!(resumed.investigate(days(112)).is_ok());
}
