//! Time that a case gives its parties: what sla-monitor counts, each beside its bearer and the provision that gives it.

use jiff::Timestamp;

use super::{Case, Effect, State};
use crate::vocabulary::{BoundBy, Outcome, Party, Stage, TermKind};

/// Time that a party has for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartyTerm {
    /// What for.
    pub kind: TermKind,
    /// Whose time it is.
    pub bearer: Party,
    /// The first instant at which it is over.
    pub due: Timestamp,
    /// Provision that gives it.
    pub article: &'static str,
}

/// What a step did to the time of the parties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermChanges {
    /// Time that is open no more, and whether its bearer did what it was for.
    pub closed: Vec<(TermKind, bool)>,
    /// Time that is given from now on.
    pub set: Vec<PartyTerm>,
}

impl Case {
    /// The time that its state gives, to the parties and to the office, and that was not used yet. What the answer to a decision has is
    /// [`Case::answer_term`].
    pub fn party_terms(&self) -> Vec<PartyTerm> {
        let examined = matches!(self.state, State::Registered | State::InadmissibleProposed(_));
        let refusal = self.refusal_due().filter(|_| examined).map(|(due, article)| PartyTerm {
            kind: TermKind::Refusal,
            bearer: Party::Office,
            due,
            article,
        });
        refusal.into_iter().chain(self.terms_of_parties()).collect()
    }

    fn terms_of_parties(&self) -> Vec<PartyTerm> {
        let regime = self.regime;
        let claimant = |kind, due, article| PartyTerm { kind, bearer: Party::Claimant, due, article };
        match &self.state {
            State::NeedsCure { due } => vec![claimant(TermKind::Cure, *due, regime.cure_article)],
            State::InadmissibleProposed(proposal) if proposal.allegations_at.is_none() => {
                vec![claimant(TermKind::Allegations, proposal.allegations_due, regime.allegations_article)]
            }
            State::Admitted { statement_due } => vec![PartyTerm {
                kind: TermKind::Statement,
                bearer: Party::Firm,
                due: *statement_due,
                article: regime.statement_article,
            }],
            State::Conciliation { offer, .. } => offer.told.map_or_else(Vec::new, |told| {
                vec![
                    claimant(TermKind::Reflection, told.reflect_until, regime.reflection_article),
                    claimant(TermKind::OfferAnswer, told.open_until, regime.reflection_article),
                ]
            }),
            _ => Vec::new(),
        }
    }

    /// The time of the party whose word makes a decision bind; `None` where the law alone binds, nobody's word does, or nothing was upheld.
    pub fn answer_term(&self, effect: Effect) -> Option<PartyTerm> {
        let acceptance = self.regime.acceptance?;
        let bearer = match acceptance.by {
            BoundBy::Claimant => Party::Claimant,
            BoundBy::Firm => Party::Firm,
            BoundBy::Law => return None,
        };
        let open = self.stage() == Stage::Notified && !effect.by_law && effect.confirms.is_none();
        (open && effect.outcome != Outcome::NotUpheld).then(|| PartyTerm {
            kind: TermKind::DecisionAnswer,
            bearer,
            due: acceptance.due(effect.notified_at),
            article: acceptance.article,
        })
    }

    /// What the step from `before` to this case did to the time of the parties.
    pub fn term_changes(&self, before: &Self, now: Timestamp) -> TermChanges {
        let (old, new) = (before.party_terms(), self.party_terms());
        let mut changes = TermChanges::default();
        for term in &old {
            if !new.contains(term) {
                changes.closed.push((term.kind, self.used(before, term, now)));
            }
        }
        changes.set.extend(new.into_iter().filter(|term| !old.contains(term)));
        let answered = before.stage() == Stage::Notified && self.stage() != Stage::Notified;
        if answered && self.regime.acceptance.is_some() {
            let bound_by_word = self.state.bound().is_some_and(|bound| bound.by != BoundBy::Law);
            changes.closed.push((TermKind::DecisionAnswer, bound_by_word));
        }
        changes
    }

    /// Whether what ended the time of a party is what it had it for.
    fn used(&self, before: &Self, term: &PartyTerm, now: Timestamp) -> bool {
        match term.kind {
            TermKind::Cure => {
                let cured_at = |case: &Self| case.cure.as_ref().and_then(|cure| cure.cured_at);
                self.stage() == Stage::Registered && cured_at(self) != cured_at(before)
            }
            TermKind::Allegations => {
                self.state.proposal().is_some_and(|proposal| proposal.allegations_at.is_some())
                    && before.stage() == self.stage()
            }
            TermKind::Statement => self.stage() == Stage::EntityAllegations,
            // A no leads back to the investigation, as the end of the offer does once it lapsed.
            TermKind::OfferAnswer => match self.stage() {
                Stage::Settled => true,
                Stage::Investigation => now < term.due,
                _ => false,
            },
            TermKind::Refusal => self.stage() == Stage::Inadmissible,
            // Time to think is given, and used by nobody.
            TermKind::Reflection | TermKind::DecisionAnswer => false,
        }
    }
}
