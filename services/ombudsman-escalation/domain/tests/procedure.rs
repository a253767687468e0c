//! The whole procedure of a case, walked through: every sequence of steps on the pure state machine, breadth first and to closure.
//!
//! Instants are only ever held against the present one, so a case is the same for the walk when each of its instants lies on the same
//! side of now: they are brought to a few fixed ones, which makes the walk finite. Time passes by a step of its own, in which the
//! terms that run end, the earlier ones first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Department, Personal, ResourceId, Uuid};
use ombudsman_escalation_domain::admissibility::Facts;
use ombudsman_escalation_domain::case::{
    Case, ClaimPoint, Complaint, Completion, Effect, MOVES, Offer, Promise, Proposal, State, Told,
};
use ombudsman_escalation_domain::obligation::{Obligation, Proof};
use ombudsman_escalation_domain::regime::{Acceptance, REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{
    BoundBy, Ground, MissingItem, ObligationKind, Outcome, Parallel, Stage, StayClosure,
};
use ombudsman_escalation_domain::{CaseId, CustomerId, Refused, TicketId};

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

fn days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

fn billing() -> Department {
    "billing".parse().expect("a slug")
}

/// A case and what stands beside it.
#[derive(Debug, Clone)]
struct Node {
    case: Case,
    /// How it was decided.
    outcome: Option<Outcome>,
    /// Whether a word that binds would still come in time.
    in_time: bool,
    /// Whether it is a review that was told and repeats what it reviews.
    confirms: bool,
    obligations: Vec<Obligation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Register,
    Forward,
    RequestCure,
    ReceiveCure(Option<Parallel>),
    Propose(Ground),
    HearClaimant,
    Refuse(Ground),
    Admit,
    HearEntity,
    Investigate,
    Draft,
    Decide(Outcome),
    Notify(bool),
    Supersede,
    Stay,
    Resume,
    CloseStayed(StayClosure),
    Offer(bool),
    TellOffer,
    AnswerOffer(bool),
    EndConciliation,
    Withdraw,
    OwnInitiative,
    Rectify,
    BindByLaw,
    AnswerDecision(BoundBy, bool),
    LeaveUnbound,
    Order,
    Recommend,
    Prove(usize),
    Judge(usize, bool),
    FallDue(usize),
    Report,
    Close,
    /// Not a step of anybody: time passes.
    Wait,
}

fn steps() -> Vec<Step> {
    use Step as S;
    let mut all = vec![
        S::Register,
        S::Forward,
        S::RequestCure,
        S::HearClaimant,
        S::Admit,
        S::HearEntity,
        S::Investigate,
        S::Draft,
        S::Notify(false),
        S::Notify(true),
        S::Supersede,
        S::Stay,
        S::Resume,
        S::Offer(false),
        S::Offer(true),
        S::TellOffer,
        S::AnswerOffer(true),
        S::AnswerOffer(false),
        S::EndConciliation,
        S::Withdraw,
        S::OwnInitiative,
        S::Rectify,
        S::BindByLaw,
        S::LeaveUnbound,
        S::Order,
        S::Recommend,
        S::Report,
        S::Close,
        S::Wait,
    ];
    all.extend(Parallel::ALL.iter().map(|parallel| S::ReceiveCure(Some(*parallel))));
    all.push(S::ReceiveCure(None));
    for ground in [Ground::OtherForum, Ground::ParallelProceedings, Ground::EssentialDataMissing] {
        all.extend([S::Propose(ground), S::Refuse(ground)]);
    }
    all.extend(Outcome::ALL.iter().map(|outcome| S::Decide(*outcome)));
    all.extend(StayClosure::ALL.iter().map(|reason| S::CloseStayed(*reason)));
    for by in BoundBy::ALL {
        all.extend([S::AnswerDecision(*by, true), S::AnswerDecision(*by, false)]);
    }
    for n in 0..2 {
        all.extend([S::Prove(n), S::Judge(n, true), S::Judge(n, false), S::FallDue(n)]);
    }
    all
}

impl Node {
    fn received(regime: &'static Regime, parallel: Option<Parallel>) -> Self {
        let complaint = Complaint {
            filed_at_entity: days(-20),
            filed_at_office: now(),
            facts_at: Some(days(-60)),
            known_at: None,
            parallel,
            channel: Channel::Web,
            points: vec![ClaimPoint { id: "p1".to_owned(), text: Personal::new("charged twice".to_owned()) }],
            representative: None,
            origin: None,
            regulator_reference: None,
        };
        let (id, ticket) = (CaseId::from_uuid(Uuid::from_u128(1)), TicketId::from_uuid(Uuid::from_u128(2)));
        let customer = CustomerId::from_uuid(Uuid::from_u128(3));
        let case = Case::receive(id, ticket, customer, regime, complaint).expect("in writing");
        Self { case, outcome: None, in_time: true, confirms: false, obligations: Vec::new() }
    }

    fn effect(&self) -> Option<Effect> {
        let outcome = self.outcome?;
        let (by_law, _) = self.case.regime.binds(outcome);
        let confirms = self.confirms.then(|| CaseId::from_uuid(Uuid::from_u128(8)));
        Some(Effect { outcome, by_law, notified_at: if self.in_time { now() } else { days(-60) }, confirms })
    }

    fn owe(mut self, kind: ObligationKind) -> Self {
        let claim_point = (kind == ObligationKind::Order).then(|| "p1".to_owned());
        let owed = Obligation::new(kind, billing(), 9, (now(), days(30))).after(self.obligations.len());
        let owed = Obligation { claim_point, ..owed };
        self.obligations.push(owed);
        self
    }

    /// What the step makes of it.
    fn after(&self, step: Step) -> Result<Self, Refused> {
        use Step as S;
        let Self { case, outcome, in_time, confirms, obligations } = self.clone();
        let reasons = || Personal::new("because".to_owned());
        let with = |case| Self { case, ..self.clone() };
        let told = || self.effect().ok_or(Refused::DecisionNotFound);
        let of = |n: usize| obligations.get(n).cloned().ok_or(Refused::DecisionNotFound);
        let put = |n: usize, owed: Obligation| {
            let mut all = obligations.clone();
            all[n] = owed;
            let case = case.clone().weigh(&all);
            Self { case, outcome, in_time, confirms, obligations: all }
        };
        let case = case.clone();
        Ok(match step {
            S::Register => with(case.register()?),
            S::Forward => with(case.forward("the SAC".to_owned(), now())?),
            S::RequestCure => {
                let missing = ombudsman_escalation_domain::admissibility::missing(&case.complaint);
                let items = if missing.is_empty() { BTreeSet::from([MissingItem::Documents]) } else { missing };
                with(case.request_cure(items, now())?)
            }
            S::ReceiveCure(parallel) => {
                with(case.receive_cure(Completion { parallel, ..Completion::default() }, now())?)
            }
            S::Propose(ground) => with(case.propose_inadmissibility(ground, reasons(), &Facts::default(), now())?),
            S::HearClaimant => with(case.hear_claimant(now())?),
            S::Refuse(ground) => with(case.refuse(ground, reasons(), "the courts".to_owned(), now())?),
            S::Admit => with(case.admit(now())?),
            S::HearEntity => with(case.hear_entity()?),
            S::Investigate => with(case.investigate(now())?),
            S::Draft => with(case.draft()?),
            S::Decide(outcome) => Self { outcome: Some(outcome), ..with(case.decide()?) },
            S::Notify(confirms) => Self { in_time: true, confirms, ..with(case.notify()?) },
            S::Supersede => {
                // Of a closed case nothing moves.
                if case.stage() == Stage::Closed {
                    return Err(Refused::DecisionNotFound);
                }
                let obligations = obligations.iter().cloned().map(|owed| owed.lapse(now())).collect();
                Self { obligations, ..with(case.supersede()?) }
            }
            S::Stay => with(case.stay(now())?),
            S::Resume => with(case.resume(now())?),
            S::CloseStayed(reason) => with(case.close_stayed(reason)?),
            S::Offer(promises) => {
                let promise = promises.then(|| Promise { debtor: billing(), days: 30 });
                with(case.offer(5, promise, now())?)
            }
            S::TellOffer => with(case.tell_offer(now())?),
            S::AnswerOffer(accepted) => {
                let answered = with(case.answer_offer(accepted, now())?);
                let promised =
                    answered.case.state.offer().filter(|_| accepted).is_some_and(|offer| offer.promise.is_some());
                if promised { answered.owe(ObligationKind::Settlement) } else { answered }
            }
            S::EndConciliation => with(case.end_conciliation(now())?),
            S::Withdraw => with(case.withdraw()?),
            S::OwnInitiative => with(case.continue_by_own_initiative(now())?),
            S::Rectify => with(case.rectify(7)?),
            S::BindByLaw => with(case.bind_by_law(told()?, now())?),
            S::AnswerDecision(by, accepted) => with(case.answer_decision(by, accepted, told()?, now())?),
            S::LeaveUnbound => with(case.leave_unbound(told()?, now())?),
            S::Order => with(case.order()?).owe(ObligationKind::Order),
            S::Recommend => {
                case.accepts_recommendations()?;
                // One is enough to see what it does.
                if obligations.iter().any(|owed| owed.kind == ObligationKind::Recommendation) {
                    return Err(Refused::DecisionNotFound);
                }
                with(case).owe(ObligationKind::Recommendation)
            }
            S::Prove(n) => {
                case.accepts_proof()?;
                put(n, of(n)?.prove(Proof { entry: 11, at: now() })?)
            }
            S::Judge(n, holds) => {
                case.accepts_proof()?;
                put(n, of(n)?.judge(holds)?)
            }
            S::FallDue(n) => {
                let owed = of(n)?;
                if owed.due > now() {
                    return Err(Refused::DecisionNotFound);
                }
                let due = owed.due;
                put(n, owed.fall_due(due))
            }
            S::Report => with(case.report(&obligations)?),
            S::Close => with(case.close(&obligations)?),
            S::Wait => self.later(),
        })
    }

    /// Terms that run end; of an offer first the time to think, then its own.
    fn later(&self) -> Self {
        let mut next = self.mapped(&|at| if at > now() { days(-1) } else { at });
        if let (State::Conciliation { offer: before, .. }, State::Conciliation { statement_due, offer }) =
            (&self.case.state, &next.case.state)
            && let (Some(was), Some(is)) = (before.told, offer.told)
            && was.reflect_until > now()
        {
            let told = Some(Told { open_until: days(30), ..is });
            let (statement_due, offer) = (*statement_due, Offer { told, ..offer.clone() });
            next.case.state = State::Conciliation { statement_due, offer };
        }
        next.in_time = false;
        next.case.complaint.filed_at_office = days(-60);
        next
    }

    /// The same with every instant brought to the fixed one on its side of now, and without what no step looks at any more.
    fn canonical(&self) -> Self {
        let mut next = self.mapped(&|at| if at > now() { days(30) } else { days(-1) });
        let case = &mut next.case;
        // The examination of its admission is over.
        if case.state.statement_due().is_some() || case.stage().is_over() {
            (case.cure, case.refusable_until, case.complaint.filed_at_office) = (None, None, now());
        }
        if case.state.is_decided() || case.stage().is_over() {
            case.conciliation_ended_at = None;
        }
        next
    }

    fn mapped(&self, to: &dyn Fn(Timestamp) -> Timestamp) -> Self {
        let mut next = self.clone();
        bring(&mut next.case.state, to);
        if let Some(cure) = &mut next.case.cure {
            cure.due = to(cure.due);
            cure.cured_at = cure.cured_at.map(to);
        }
        next.case.refusable_until = next.case.refusable_until.map(to);
        next.case.conciliation_ended_at = next.case.conciliation_ended_at.map(to);
        if let Some(offer) = &mut next.case.waiting_offer {
            offer.offered_at = to(offer.offered_at);
        }
        for owed in &mut next.obligations {
            (owed.since, owed.due) = (to(owed.since), to(owed.due));
            owed.done_at = owed.done_at.map(to);
            owed.overdue_at = owed.overdue_at.map(to);
            owed.lapsed_at = owed.lapsed_at.map(to);
            owed.proof = owed.proof.map(|proof| Proof { at: to(proof.at), ..proof });
        }
        next
    }

    fn key(&self) -> String {
        let case = &self.case;
        let aside =
            (&case.waiting_offer, case.conciliation_ended_at, case.refusable_until, case.complaint.filed_at_office);
        format!("{:?}{aside:?}", (&case.state, &case.complaint.parallel, &case.cure))
            + &format!("{:?}{}{}{:?}", self.outcome, self.in_time, self.confirms, self.obligations)
    }
}

/// Brings every instant of a state to where `to` says.
fn bring(state: &mut State, to: &dyn Fn(Timestamp) -> Timestamp) {
    match state {
        State::Received | State::Registered | State::Rectified { .. } => {}
        State::NeedsCure { due } => *due = to(*due),
        State::ArchivedUncured { refused_at, .. } | State::Inadmissible { refused_at, .. } => {
            *refused_at = to(*refused_at);
        }
        State::InadmissibleProposed(Proposal { allegations_due, allegations_at, .. }) => {
            *allegations_due = to(*allegations_due);
            *allegations_at = allegations_at.map(to);
        }
        State::ForwardedInternally { forwarded_at, .. } => *forwarded_at = to(*forwarded_at),
        State::Admitted { statement_due }
        | State::EntityAllegations { statement_due }
        | State::Investigation { statement_due }
        | State::Drafted { statement_due }
        | State::Decided { statement_due }
        | State::Notified { statement_due }
        | State::NotBinding { statement_due } => *statement_due = to(*statement_due),
        State::Binding { statement_due, bound }
        | State::Compliance { statement_due, bound }
        | State::Complied { statement_due, bound }
        | State::Overdue { statement_due, bound }
        | State::Reported { statement_due, bound } => {
            (*statement_due, bound.at) = (to(*statement_due), to(bound.at));
        }
        State::Closed { statement_due, .. } | State::Withdrawn { statement_due } => {
            *statement_due = statement_due.map(to);
        }
        State::OwnInitiative { statement_due, since } => {
            (*statement_due, *since) = (to(*statement_due), to(*since));
        }
        // While it is stayed nothing runs: its term is over only if it was before.
        State::Stayed { statement_due, since, .. } => {
            let over = statement_due.is_some_and(|due| due <= *since);
            *statement_due = statement_due.map(|_| if over { days(-3) } else { days(30) });
            *since = days(-2);
        }
        State::Conciliation { statement_due, offer } | State::Settled { statement_due, offer, .. } => {
            (*statement_due, offer.offered_at) = (to(*statement_due), to(offer.offered_at));
            offer.told = offer.told.map(|Told { at, reflect_until, open_until }| Told {
                at: to(at),
                reflect_until: to(reflect_until),
                open_until: to(open_until),
            });
        }
    }
    if let State::Settled { settled_at, .. } = state {
        *settled_at = to(*settled_at);
    }
}

/// All there is to reach, and how.
struct Walk {
    nodes: Vec<Node>,
    edges: Vec<(usize, Step, usize)>,
}

fn walk(regime: &'static Regime) -> Walk {
    let (mut nodes, mut edges): (Vec<Node>, _) = (Vec::new(), Vec::new());
    let (mut known, mut waiting) = (BTreeMap::new(), VecDeque::new());
    for parallel in [None, Some(Parallel::None), Some(Parallel::Pending)] {
        let start = Node::received(regime, parallel).canonical();
        known.insert(start.key(), nodes.len());
        waiting.push_back(nodes.len());
        nodes.push(start);
    }
    let steps = steps();
    while let Some(at) = waiting.pop_front() {
        for step in &steps {
            let Ok(next) = nodes[at].after(*step) else { continue };
            let next = next.canonical();
            let to = *known.entry(next.key()).or_insert_with(|| {
                waiting.push_back(nodes.len());
                nodes.push(next.clone());
                nodes.len() - 1
            });
            edges.push((at, *step, to));
        }
    }
    Walk { nodes, edges }
}

/// The regimes that ship, and one in which the claimant's word binds the firm.
fn regimes() -> Vec<&'static Regime> {
    let find = |id| Regime::find(id).expect("shipped");
    let general = find("es.general");
    let acceptance = Some(Acceptance { by: BoundBy::Claimant, days: 30, article: "a scheme's rules" });
    let scheme = Regime { id: "a.scheme", acceptance, ..*general };
    let shipped: Vec<&'static Regime> = REGIMES.iter().collect();
    [shipped, vec![Box::leak(Box::new(scheme))]].concat()
}

fn stage(walk: &Walk, at: usize) -> Stage {
    walk.nodes[at].case.stage()
}

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
                assert_eq!(node.case.clone().close(&node.obligations).is_err(), node.obligations[0].is_open());
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
