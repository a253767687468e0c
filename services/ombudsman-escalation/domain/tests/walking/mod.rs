//! Every case that the steps of the procedure lead to, by regime.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Department, Personal, ResourceId, Uuid};
use ombudsman_escalation_domain::admissibility::Facts;
use ombudsman_escalation_domain::case::{
    Case, ClaimPoint, Complaint, Completion, Effect, Offer, Promise, Proposal, State, Told,
};
use ombudsman_escalation_domain::obligation::{Obligation, Proof};
use ombudsman_escalation_domain::regime::{Acceptance, REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{
    BoundBy, Ground, MissingItem, ObligationKind, Outcome, Parallel, Stage, StayClosure,
};
use ombudsman_escalation_domain::{CaseId, CustomerId, Refused, TicketId};

pub fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

pub fn days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

pub fn billing() -> Department {
    "billing".parse().expect("a slug")
}

/// A case and what stands beside it.
#[derive(Debug, Clone)]
pub struct Node {
    pub case: Case,
    /// How it was decided.
    pub outcome: Option<Outcome>,
    /// Whether a word that binds would still come in time.
    pub in_time: bool,
    /// Whether it is a review that was told and repeats what it reviews.
    pub confirms: bool,
    pub obligations: Vec<Obligation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Register,
    Forward,
    RequestCure,
    /// For something that the complaint holds.
    AskForWhatIsThere,
    /// The time to complete is over, and nothing was missing.
    GoOn,
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

pub fn steps() -> Vec<Step> {
    use Step as S;
    let mut all = vec![
        S::Register,
        S::Forward,
        S::RequestCure,
        S::AskForWhatIsThere,
        S::GoOn,
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
    pub fn received(regime: &'static Regime, parallel: Option<Parallel>) -> Self {
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

    pub fn effect(&self) -> Option<Effect> {
        let outcome = self.outcome?;
        let (by_law, _) = self.case.regime.binds(outcome);
        let confirms = self.confirms.then(|| CaseId::from_uuid(Uuid::from_u128(8)));
        Some(Effect { outcome, by_law, notified_at: if self.in_time { now() } else { days(-60) }, confirms })
    }

    pub fn owe(mut self, kind: ObligationKind) -> Self {
        let claim_point = (kind == ObligationKind::Order).then(|| "p1".to_owned());
        let owed = Obligation::new(kind, billing(), 9, (now(), days(30))).after(self.obligations.len());
        let owed = Obligation { claim_point, ..owed };
        self.obligations.push(owed);
        self
    }

    /// What the step makes of it.
    pub fn after(&self, step: Step) -> Result<Self, Refused> {
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
            S::AskForWhatIsThere => with(case.request_cure(BTreeSet::from([MissingItem::ClaimPoints]), now())?),
            S::GoOn => {
                let goes_on = case.clone().past_its_cure(now());
                if goes_on == case {
                    return Err(Refused::DecisionNotFound);
                }
                with(goes_on)
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
            S::Report => {
                let case = case.report(&obligations)?;
                let obligations = obligations.iter().cloned().map(|owed| owed.report(now())).collect();
                Self { obligations, ..with(case) }
            }
            S::Close => with(case.close(&obligations)?),
            S::Wait => self.later(),
        })
    }

    /// Terms that run end; of an offer first the time to think, then its own.
    pub fn later(&self) -> Self {
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
    pub fn canonical(&self) -> Self {
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

    pub fn mapped(&self, to: &dyn Fn(Timestamp) -> Timestamp) -> Self {
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
            owed.reported_at = owed.reported_at.map(to);
            owed.lapsed_at = owed.lapsed_at.map(to);
            owed.proof = owed.proof.map(|proof| Proof { at: to(proof.at), ..proof });
        }
        next
    }

    pub fn key(&self) -> String {
        let case = &self.case;
        let aside =
            (&case.waiting_offer, case.conciliation_ended_at, case.refusable_until, case.complaint.filed_at_office);
        format!("{:?}{aside:?}", (&case.state, &case.complaint.parallel, &case.cure))
            + &format!("{:?}{}{}{:?}", self.outcome, self.in_time, self.confirms, self.obligations)
    }
}

/// Brings every instant of a state to where `to` says.
pub fn bring(state: &mut State, to: &dyn Fn(Timestamp) -> Timestamp) {
    match state {
        State::Received | State::Registered | State::Rectified { .. } => {}
        State::NeedsCure { due } => *due = to(*due),
        State::ArchivedUncured { refused_at, .. } | State::Inadmissible { refused_at, .. } => {
            *refused_at = to(*refused_at);
        }
        State::InadmissibleProposed(Proposal { proposed_at, allegations_due, allegations_at, .. }) => {
            *proposed_at = proposed_at.map(to);
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
pub struct Walk {
    pub nodes: Vec<Node>,
    pub edges: Vec<(usize, Step, usize)>,
}

pub fn walk(regime: &'static Regime) -> Walk {
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
pub fn regimes() -> Vec<&'static Regime> {
    let find = |id| Regime::find(id).expect("shipped");
    let general = find("es.general");
    let acceptance = Some(Acceptance { by: BoundBy::Claimant, days: 30, article: "a scheme's rules" });
    let scheme = Regime { id: "a.scheme", acceptance, ..*general };
    let shipped: Vec<&'static Regime> = REGIMES.iter().collect();
    [shipped, vec![Box::leak(Box::new(scheme))]].concat()
}

pub fn stage(walk: &Walk, at: usize) -> Stage {
    walk.nodes[at].case.stage()
}
