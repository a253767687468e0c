//! The ways out of a hearing beside its decision, and what follows a decision: forwarding, stay, conciliation, rectification,
//! withdrawal, what a decision does, and compliance.

use jiff::Timestamp;

use super::{Bound, Case, Offer, Promise, State, Told};
use crate::obligation::Obligation;
use crate::term;
use crate::vocabulary::{
    BoundBy, DecisionText, NotExtended, ObligationKind, Origin, Outcome, Parallel, Stage, StayClosure,
};
use crate::{ProcedureRefused as No, Refused};

/// The stages in which a claim is heard.
pub(super) const HEARD: &[Stage] =
    &[Stage::Admitted, Stage::EntityAllegations, Stage::Investigation, Stage::Drafted, Stage::Conciliation];

pub(super) const UNDECIDED: &[Stage] = &[
    Stage::Received,
    Stage::Registered,
    Stage::NeedsCure,
    Stage::InadmissibleProposed,
    Stage::Admitted,
    Stage::EntityAllegations,
    Stage::Investigation,
    Stage::Drafted,
    Stage::Conciliation,
];

/// Where the office may abstain: while it hears the claim, or examines whether it will.
const STAYABLE: &[Stage] = &[
    Stage::Registered,
    Stage::InadmissibleProposed,
    Stage::Admitted,
    Stage::EntityAllegations,
    Stage::Investigation,
    Stage::Drafted,
    Stage::Conciliation,
];

/// Where the claimant may stop.
const WITHDRAWABLE: &[Stage] = &[
    Stage::Received,
    Stage::Registered,
    Stage::NeedsCure,
    Stage::InadmissibleProposed,
    Stage::Admitted,
    Stage::EntityAllegations,
    Stage::Investigation,
    Stage::Drafted,
    Stage::Conciliation,
    Stage::Stayed,
];

const CLOSABLE: &[Stage] = &[
    Stage::NotBinding,
    Stage::Complied,
    Stage::Reported,
    Stage::Withdrawn,
    Stage::Rectified,
    Stage::Settled,
    Stage::OwnInitiative,
];

/// Where the parties know a decision.
const TOLD: &[Stage] = &[
    Stage::Notified,
    Stage::Binding,
    Stage::NotBinding,
    Stage::Compliance,
    Stage::Complied,
    Stage::Overdue,
    Stage::Reported,
    Stage::Closed,
];

/// What a notified decision says, as far as what it does depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// How it went.
    pub outcome: Outcome,
    /// Whether it binds the firm by law.
    pub by_law: bool,
    /// When the parties were told.
    pub notified_at: Timestamp,
    /// The reviewed case whose decision it repeated to the letter, and which stayed in force by it; `None` otherwise. What became of that one later gives this one no
    /// effect.
    pub confirms: Option<crate::CaseId>,
}

impl Effect {
    fn confirming(self) -> Refused {
        No::ReviewConfirms { case: self.confirms }.into()
    }
}

impl Case {
    /// Tells the claimant that another is competent, and who.
    ///
    /// # Errors
    /// Unless it is received or registered.
    pub fn forward(self, signpost: String, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Received | State::Registered => {
                Ok(self.to(State::ForwardedInternally { signpost, forwarded_at: now }))
            }
            _ => self.wrong(&[Stage::Received, Stage::Registered]),
        }
    }

    /// Other proceedings run on the same facts: the office abstains. An offer that was made lapses, and so does a refusal that was proposed.
    ///
    /// # Errors
    /// Unless its admission is examined or the claim is being heard.
    pub fn stay(mut self, now: Timestamp) -> Result<Self, Refused> {
        let from = match self.stage() {
            Stage::InadmissibleProposed => Stage::Registered,
            Stage::Conciliation => Stage::Investigation,
            stage if STAYABLE.contains(&stage) => stage,
            _ => return self.wrong(STAYABLE),
        };
        let statement_due = self.heard();
        self.complaint.parallel = Some(Parallel::Pending);
        Ok(self.to(State::Stayed { statement_due, from, since: now }))
    }

    /// The office takes longer to decide. `due` is when it must, as far as that is known.
    ///
    /// # Errors
    /// Unless the claim is being heard; where the regime knows no longer term, it was made longer before, or is over.
    pub fn extend(mut self, due: Option<Timestamp>, now: Timestamp) -> Result<Self, Refused> {
        if self.heard().is_none() {
            return self.wrong(HEARD);
        }
        let why = match (self.regime.extension, self.extended_at, due) {
            (None, ..) => NotExtended::NoRule,
            (Some(_), Some(_), _) => NotExtended::Extended,
            (Some(_), None, None) => NotExtended::Unknown,
            (Some(_), None, Some(due)) if due < now => NotExtended::Over,
            (Some(_), None, Some(_)) => {
                self.extended_at = Some(now);
                return Ok(self);
            }
        };
        Err(No::TermNotExtended { why, article: self.regime.extension.unwrap_or(self.regime.answer_article) }.into())
    }

    /// The other proceedings are over and decided nothing on it: the case goes on where it stood. What was left of the firm's time to speak, or of the office's
    /// to refuse, is left again.
    ///
    /// # Errors
    /// Unless it is stayed.
    pub fn resume(mut self, now: Timestamp) -> Result<Self, Refused> {
        let State::Stayed { statement_due, from, since } = self.state else { return self.wrong(&[Stage::Stayed]) };
        let state = match (from, statement_due.map(|due| term::prolonged(due, since, now))) {
            (_, None) => State::Registered,
            (Stage::Admitted, Some(statement_due)) => State::Admitted { statement_due },
            (Stage::EntityAllegations, Some(statement_due)) => State::EntityAllegations { statement_due },
            (Stage::Drafted, Some(statement_due)) => State::Drafted { statement_due },
            (_, Some(statement_due)) => State::Investigation { statement_due },
        };
        if state == State::Registered {
            self.refusable_until = self.refusal_due().map(|(due, _)| term::prolonged(due, since, now));
        }
        self.complaint.parallel = Some(Parallel::None);
        Ok(self.to(state))
    }

    /// Closes a stayed case.
    ///
    /// # Errors
    /// Unless it is stayed.
    pub fn close_stayed(mut self, reason: StayClosure) -> Result<Self, Refused> {
        let State::Stayed { statement_due, .. } = self.state else { return self.wrong(&[Stage::Stayed]) };
        // What it came to is that the claimant stopped, and not that another body has it.
        let after = match reason {
            StayClosure::ProceedingsDecided => Stage::Stayed,
            StayClosure::Withdrawn => Stage::Withdrawn,
        };
        if reason == StayClosure::ProceedingsDecided {
            self.complaint.parallel = Some(Parallel::Decided);
        }
        Ok(self.to(State::Closed { after, statement_due }))
    }

    /// The firm offers something, or something else than before. The claimant is still to be told. In a drafted case, and after an offer that came to
    /// nothing, it waits: the firm holds off no decision by it, and the office takes it up or decides.
    ///
    /// # Errors
    /// Unless the claim is being heard; while an offer stands that the claimant was told.
    pub fn offer(self, entry: u64, promise: Option<Promise>, now: Timestamp) -> Result<Self, Refused> {
        let Some(statement_due) = self.heard() else { return self.wrong(HEARD) };
        let offer = Offer { entry, offered_at: now, told: None, promise };
        match self.stage() {
            Stage::Conciliation => {
                let told = self.state.offer().and_then(|before| before.told);
                if let Some(told) = told.filter(|told| now < told.open_until) {
                    return Err(No::OfferStands { until: told.open_until }.into());
                }
                Ok(self.to(State::Conciliation { statement_due, offer }))
            }
            Stage::Drafted => Ok(Self { waiting_offer: Some(offer), ..self }),
            _ if self.conciliation_ended_at.is_some() => Ok(Self { waiting_offer: Some(offer), ..self }),
            _ => Ok(self.to(State::Conciliation { statement_due, offer })),
        }
    }

    /// The offer that the claimant is still to be told: the one before them in a conciliation, or the one that waits beside it.
    pub fn untold_offer(&self) -> Option<&Offer> {
        let before_them = if self.stage() == Stage::Conciliation { self.state.offer() } else { None };
        before_them.or(self.waiting_offer.as_ref()).filter(|offer| offer.told.is_none())
    }

    /// The claimant was told the offer: their time to think it over starts. One that waited is taken up by it.
    ///
    /// # Errors
    /// Unless an offer is there that the claimant was not told yet.
    pub fn tell_offer(self, now: Timestamp) -> Result<Self, Refused> {
        let (statement_due, offer) = match (self.state.clone(), self.waiting_offer.clone(), self.heard()) {
            (State::Conciliation { statement_due, offer }, ..) => (statement_due, offer),
            (_, Some(waiting), Some(statement_due)) => (statement_due, waiting),
            _ => return self.wrong(&[Stage::Conciliation]),
        };
        if offer.told.is_some() {
            return Err(No::OfferToldAlready.into());
        }
        let reflect_until = term::end_after_days(now, self.regime.reflection_days);
        let open_until = term::end_after_days(reflect_until, self.regime.offer_days);
        let told = Some(Told { at: now, reflect_until, open_until });
        Ok(self.to(State::Conciliation { statement_due, offer: Offer { told, ..offer } }))
    }

    /// The claimant answers the offer. A no counts at once; a yes only once there was time to think, and while the offer stands.
    ///
    /// # Errors
    /// Unless the claimant was told an offer; when a yes comes too early or too late.
    pub fn answer_offer(self, accepted: bool, now: Timestamp) -> Result<Self, Refused> {
        let State::Conciliation { statement_due, offer } = self.state.clone() else {
            return self.wrong(&[Stage::Conciliation]);
        };
        let Some(told) = offer.told else { return Err(No::OfferNotTold.into()) };
        if !accepted {
            return Ok(self.without_agreement(statement_due, now));
        }
        if now < told.reflect_until {
            let article = self.regime.reflection_article;
            return Err(No::ReflectionRunning { until: told.reflect_until, article }.into());
        }
        if now >= told.open_until {
            return Err(No::OfferLapsed { since: told.open_until }.into());
        }
        Ok(self.to(State::Settled { statement_due, offer, settled_at: now }))
    }

    /// No agreement came about: silence is no consent.
    ///
    /// # Errors
    /// While the claimant may still answer.
    pub fn end_conciliation(self, now: Timestamp) -> Result<Self, Refused> {
        let State::Conciliation { statement_due, offer } = self.state.clone() else {
            return self.wrong(&[Stage::Conciliation]);
        };
        match offer.told {
            Some(told) if now < told.open_until => {
                let article = self.regime.reflection_article;
                Err(Refused::ClaimantTermRunning { due: told.open_until, article })
            }
            _ => Ok(self.without_agreement(statement_due, now)),
        }
    }

    /// The claimant stops.
    ///
    /// # Errors
    /// Once it is decided or over.
    pub fn withdraw(self) -> Result<Self, Refused> {
        if !WITHDRAWABLE.contains(&self.stage()) {
            return self.wrong(WITHDRAWABLE);
        }
        let statement_due = self.state.statement_due();
        Ok(self.to(State::Withdrawn { statement_due }))
    }

    /// The office goes on by itself with what it had admitted: the relation with the claimant is over.
    ///
    /// # Errors
    /// Unless the claimant withdrew a case that had been admitted.
    pub fn continue_by_own_initiative(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Withdrawn { statement_due: Some(statement_due) } => {
                Ok(self.to(State::OwnInitiative { statement_due, since: now }))
            }
            State::Withdrawn { statement_due: None } => Err(No::NeverAdmitted.into()),
            _ => self.wrong(&[Stage::Withdrawn]),
        }
    }

    /// The firm gave in and the claimant is satisfied, as this entry of the dossier proves.
    ///
    /// # Errors
    /// Unless the claim is being heard.
    pub fn rectify(self, proof: u64) -> Result<Self, Refused> {
        if self.heard().is_some() { Ok(self.to(State::Rectified { proof })) } else { self.wrong(HEARD) }
    }

    /// The decision binds the firm by law.
    ///
    /// # Errors
    /// Unless it was notified and does.
    pub fn bind_by_law(self, effect: Effect, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Notified { .. } if effect.confirms.is_some() => Err(effect.confirming()),
            State::Notified { statement_due } if self.binds_by_law(effect) => {
                Ok(self.to(State::Binding { statement_due, bound: Bound { at: now, by: BoundBy::Law } }))
            }
            State::Notified { .. } => Err(No::BindsNobodyYet.into()),
            _ => self.wrong(&[Stage::Notified]),
        }
    }

    /// Whether the parties were told a decision that the law makes bind the firm: what it asks for is to be ordered.
    pub fn binds_by_law(&self, effect: Effect) -> bool {
        self.stage() == Stage::Notified && effect.by_law && effect.confirms.is_none()
    }

    /// That the parties do not know a decision that could be answered.
    pub fn not_told(&self) -> Refused {
        Refused::State { state: self.stage(), allowed: &[Stage::Notified] }
    }

    /// A party answers the decision: where the regime makes it bind by that party's word, a yes in time binds and a no ends it.
    ///
    /// # Errors
    /// Where the law alone binds or nobody's word does; when a yes comes too late.
    pub fn answer_decision(self, by: BoundBy, accepted: bool, effect: Effect, now: Timestamp) -> Result<Self, Refused> {
        let State::Notified { statement_due } = self.state else { return self.wrong(&[Stage::Notified]) };
        if effect.confirms.is_some() {
            return Err(effect.confirming());
        }
        if effect.by_law {
            return Err(No::BindsByLaw { article: self.regime.binding_article() }.into());
        }
        let acceptance = self.regime.acceptance.filter(|acceptance| acceptance.by == by);
        let Some(acceptance) = acceptance.filter(|_| effect.outcome != Outcome::NotUpheld) else {
            return Err(No::BindsByNoWord { by }.into());
        };
        if !accepted {
            return Ok(self.to(State::NotBinding { statement_due }));
        }
        let due = acceptance.due(effect.notified_at);
        if now >= due {
            return Err(No::AcceptanceLate { due, article: acceptance.article }.into());
        }
        Ok(self.to(State::Binding { statement_due, bound: Bound { at: now, by } }))
    }

    /// The decision binds nobody: it was not favourable, nobody whose word counts gave it in time, or the one that it confirms stays in force.
    ///
    /// # Errors
    /// When it binds, or may still come to bind.
    pub fn leave_unbound(self, effect: Effect, now: Timestamp) -> Result<Self, Refused> {
        let State::Notified { statement_due } = self.state else { return self.wrong(&[Stage::Notified]) };
        if effect.confirms.is_some() {
            return Ok(self.to(State::NotBinding { statement_due }));
        }
        if effect.by_law {
            return Err(No::ComplianceOwed { article: self.regime.binding_article() }.into());
        }
        let may_bind = self.regime.acceptance.filter(|_| effect.outcome != Outcome::NotUpheld);
        match may_bind.map(|acceptance| (acceptance.due(effect.notified_at), acceptance.article)) {
            Some((due, article)) if now < due => Err(No::AcceptanceRunning { due, article }.into()),
            _ => Ok(self.to(State::NotBinding { statement_due })),
        }
    }

    /// The firm is told what it has to do.
    ///
    /// # Errors
    /// Unless the decision binds.
    pub fn order(self) -> Result<Self, Refused> {
        match self.state {
            State::Binding { statement_due, bound } => Ok(self.to(State::Compliance { statement_due, bound })),
            _ => self.wrong(&[Stage::Binding]),
        }
    }

    /// Whether the firm may prove what it did, and the office judge it.
    ///
    /// # Errors
    /// When the case is over, but for a settled one: what was agreed is still to be carried out.
    pub fn accepts_proof(&self) -> Result<(), Refused> {
        if self.stage() == Stage::Settled { Ok(()) } else { self.accepts_papers() }
    }

    /// Whether the office may recommend something.
    ///
    /// # Errors
    /// Before the parties know the decision, unless the office goes on by itself; once it is over.
    pub fn accepts_recommendations(&self) -> Result<(), Refused> {
        const FROM: &[Stage] = &[
            Stage::Notified,
            Stage::Binding,
            Stage::NotBinding,
            Stage::Compliance,
            Stage::Complied,
            Stage::Overdue,
            Stage::Reported,
            Stage::OwnInitiative,
        ];
        if FROM.contains(&self.stage()) { Ok(()) } else { self.wrong(FROM) }
    }

    /// Where the case stands by what became of its orders.
    pub fn weigh(self, obligations: &[Obligation]) -> Self {
        let mut orders = obligations.iter().filter(|o| o.kind == ObligationKind::Order);
        let (State::Compliance { statement_due, bound }
        | State::Overdue { statement_due, bound }
        | State::Reported { statement_due, bound }) = self.state
        else {
            return self;
        };
        let stands = self.stage();
        if orders.clone().all(|order| order.done_at.is_some()) {
            self.to(State::Complied { statement_due, bound })
        } else if stands == Stage::Compliance && orders.any(Obligation::is_missed) {
            self.to(State::Overdue { statement_due, bound })
        } else {
            self
        }
    }

    /// What was not carried out was reported. A settled case stays settled, and what falls due after a report is reported too.
    ///
    /// # Errors
    /// Unless something is overdue.
    pub fn report(self, obligations: &[Obligation]) -> Result<Self, Refused> {
        match self.state {
            State::Overdue { statement_due, bound } => Ok(self.to(State::Reported { statement_due, bound })),
            State::Settled { .. } | State::Reported { .. } if obligations.iter().any(Obligation::is_unreported) => {
                Ok(self)
            }
            _ => self.wrong(&[Stage::Overdue]),
        }
    }

    /// A review decided otherwise: its decision is in force, and this one no more. The case is closed where it was not.
    ///
    /// # Errors
    /// Unless the parties knew the decision.
    pub fn supersede(self) -> Result<Self, Refused> {
        self.is_told()?;
        match self.state {
            State::Closed { .. } => Ok(self),
            ref state => {
                let (after, statement_due) = (state.stage(), state.statement_due());
                Ok(self.to(State::Closed { after, statement_due }))
            }
        }
    }

    /// Closes it.
    ///
    /// # Errors
    /// While the firm still owes an order or an answer, or what it brought as proof is not judged; while the office owes the report of what was missed.
    pub fn close(self, obligations: &[Obligation]) -> Result<Self, Refused> {
        let after = self.stage();
        if !CLOSABLE.contains(&after) {
            return self.wrong(CLOSABLE);
        }
        if let Some(open) = obligations.iter().find(|owed| owed.is_open()) {
            return Err(No::ObligationOpen { number: open.number, due: open.due }.into());
        }
        if let Some(missed) = obligations.iter().find(|owed| owed.is_unreported()) {
            return Err(No::ReportOwed { number: missed.number }.into());
        }
        let statement_due = self.state.statement_due();
        Ok(self.to(State::Closed { after, statement_due }))
    }

    /// Whether the parties know its decision, so that a slip in it can be corrected and it can be reviewed.
    ///
    /// # Errors
    /// Unless they do.
    pub fn is_told(&self) -> Result<(), Refused> {
        if self.state.is_decided() && self.stage() != Stage::Decided { Ok(()) } else { self.wrong(TOLD) }
    }

    /// Whether this text of its decision is still corrected: the remedy only until a party answers it or it is ordered, each of which is about what stood.
    ///
    /// # Errors
    /// Unless the parties know the decision; of the remedy, once it was answered or ordered.
    pub fn accepts_correction(&self, text: DecisionText) -> Result<(), Refused> {
        self.is_told()?;
        match text {
            DecisionText::Remedy if self.stage() != Stage::Notified => self.wrong(&[Stage::Notified]),
            _ => Ok(()),
        }
    }

    /// A case that reviews this one: the same claim, before the office once more.
    ///
    /// # Errors
    /// Unless the parties know the decision.
    pub fn review(&self, id: crate::CaseId, now: Timestamp) -> Result<Self, Refused> {
        self.is_told()?;
        let origin = Some(Origin::Review);
        let complaint = super::Complaint { filed_at_office: now, origin, ..self.complaint.clone() };
        let (ticket, customer) = (self.ticket, self.customer);
        let review_of = Some(self.id);
        Ok(Self {
            id,
            ticket,
            customer,
            regime: self.regime,
            complaint,
            cure: None,
            review_of,
            extended_at: None,
            waiting_offer: None,
            conciliation_ended_at: None,
            refusable_until: None,
            state: State::Registered,
        })
    }

    /// A conciliation came to nothing: what the firm offers from now on waits for the office.
    fn without_agreement(self, statement_due: Timestamp, now: Timestamp) -> Self {
        Self { conciliation_ended_at: Some(now), ..self.to(State::Investigation { statement_due }) }
    }

    /// The firm's term, while the claim is being heard.
    fn heard(&self) -> Option<Timestamp> {
        if HEARD.contains(&self.stage()) { self.state.statement_due() } else { None }
    }
}
