//! A case and how it may move. Each state carries exactly what belongs to it; every step consumes the
//! case and gives back the next one, or says why not.

mod moves;
mod procedure;
mod state;
mod terms;

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::{Channel, Personal};

pub use moves::MOVES;
pub use procedure::Effect;
pub use state::{Bound, Offer, Promise, Proposal, State, Told};
pub use terms::{PartyTerm, TermChanges};

use crate::admissibility::{self, Facts};
use crate::regime::Regime;
use crate::term;
use crate::vocabulary::{Ground, MissingItem, Origin, Parallel, RepresentativeKind, Stage};
use crate::{CaseId, CustomerId, Refused, TicketId};

/// One thing the claimant asks to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPoint {
    /// Short id inside the case.
    pub id: String,
    /// The claim in the claimant's words.
    pub text: Personal<String>,
}

/// What the claimant brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// When it was first presented to the firm, at any door.
    pub filed_at_entity: Timestamp,
    /// When it reached the office.
    pub filed_at_office: Timestamp,
    /// When the facts happened.
    pub facts_at: Option<Timestamp>,
    /// When the claimant learnt of them.
    pub known_at: Option<Timestamp>,
    /// What was declared about other proceedings.
    pub parallel: Option<Parallel>,
    /// Channel the document came by.
    pub channel: Channel,
    /// What is claimed.
    pub points: Vec<ClaimPoint>,
    /// Who acts for the claimant; `None` where the claimant acts alone.
    pub representative: Option<Representative>,
    /// How it came before the office; `None` from before that was kept.
    pub origin: Option<Origin>,
    /// The reference of the regulator that sent it.
    pub regulator_reference: Option<String>,
}

/// Who acts for a claimant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representative {
    /// Who it is.
    pub name: Personal<String>,
    /// What makes them the representative.
    pub kind: RepresentativeKind,
    /// When that was proven; `None` while the proof is awaited.
    pub proven_at: Option<Timestamp>,
}

/// A case before the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The affair it came from.
    pub ticket: TicketId,
    /// The claimant.
    pub customer: CustomerId,
    /// Rules it is heard under.
    pub regime: &'static Regime,
    /// What was brought.
    pub complaint: Complaint,
    /// What the claimant was asked to complete; kept after it was.
    pub cure: Option<Cure>,
    /// The decided case it reviews.
    pub review_of: Option<CaseId>,
    /// When the office took longer to decide; `None` where it did not.
    pub extended_at: Option<Timestamp>,
    /// An offer of the firm that moves nothing until the office takes it up.
    pub waiting_offer: Option<Offer>,
    /// When a conciliation came to nothing last; `None` while none did.
    pub conciliation_ended_at: Option<Timestamp>,
    /// Until when it may be refused, where that stood still while the case was stayed; `None` where it did not.
    pub refusable_until: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
}

/// What the claimant was asked to complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// What is missing.
    pub items: BTreeSet<MissingItem>,
    /// All that was ever asked for: nothing is asked for twice.
    pub asked: BTreeSet<MissingItem>,
    /// When it was asked for; `None` from before that was kept.
    pub asked_at: Option<Timestamp>,
    /// Until when it may be sent.
    pub due: Timestamp,
    /// When it was sent.
    pub cured_at: Option<Timestamp>,
}

impl Cure {
    /// Whether something was asked for of which the complaint itself does not show whether it is there.
    pub fn asks_for_a_judgement(&self) -> bool {
        self.asked.iter().any(|item| JUDGED.contains(item))
    }
}

/// What no field of a complaint shows to be there.
const JUDGED: [MissingItem; 2] = [MissingItem::Identity, MissingItem::Documents];

/// What the claimant sent to complete the complaint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// The declaration.
    pub parallel: Option<Parallel>,
    /// The date of the facts.
    pub facts_at: Option<Timestamp>,
    /// When the claimant learnt of them.
    pub known_at: Option<Timestamp>,
    /// The claim points.
    pub points: Vec<ClaimPoint>,
    /// Proof that the representative may act for the claimant.
    pub representation: bool,
    /// The claimant says it themselves, who may say otherwise what they said before.
    pub own: bool,
}

impl Complaint {
    /// Takes in what was sent. Who takes it in for the claimant takes what is open: nothing that was said is written over by another's hand, and no claim
    /// point is dropped.
    ///
    /// # Errors
    /// [`Refused::NotAskedFor`].
    fn complete(
        &mut self,
        sent: Completion,
        open: &BTreeSet<MissingItem>,
        reached_at: Timestamp,
    ) -> Result<(), Refused> {
        let added: Vec<ClaimPoint> =
            sent.points.iter().filter(|sent| self.points.iter().all(|had| had.text != sent.text)).cloned().collect();
        let changed = [
            (MissingItem::ParallelProceedingsDeclaration, sent.parallel.is_some() && sent.parallel != self.parallel),
            (MissingItem::FactsDate, sent.facts_at.is_some() && sent.facts_at != self.facts_at),
            // Nothing asks for it: what was not said of it is always taken.
            (
                MissingItem::FactsDate,
                self.known_at.is_some() && sent.known_at.is_some() && sent.known_at != self.known_at,
            ),
            (MissingItem::ClaimPoints, !added.is_empty()),
        ];
        let beyond = changed.into_iter().filter(|(item, changed)| *changed && !sent.own && !open.contains(item));
        let mut items: Vec<MissingItem> = beyond.map(|(item, _)| item).collect();
        items.dedup();
        if !items.is_empty() {
            return Err(Refused::NotAskedFor { items });
        }
        self.parallel = sent.parallel.or(self.parallel);
        self.facts_at = sent.facts_at.or(self.facts_at);
        self.known_at = sent.known_at.or(self.known_at);
        if sent.own && !sent.points.is_empty() {
            self.points = sent.points;
        } else {
            for point in added {
                let id = self.free_id(point.id);
                self.points.push(ClaimPoint { id, ..point });
            }
        }
        if let Some(representative) = self.representative.as_mut().filter(|_| sent.representation) {
            representative.proven_at = representative.proven_at.or(Some(reached_at));
        }
        Ok(())
    }

    /// This id, or the next by number where a point has it.
    fn free_id(&self, id: String) -> String {
        let is_free = |id: &String| self.points.iter().all(|point| point.id != *id);
        let numbered = (self.points.len() + 1..).map(|number| format!("p{number}"));
        std::iter::once(id.clone()).chain(numbered).find(is_free).unwrap_or(id)
    }
}

impl Case {
    /// A complaint arrives.
    ///
    /// # Errors
    /// [`Refused::Channel`] when the regime does not admit the channel.
    pub fn receive(
        id: CaseId,
        ticket: TicketId,
        customer: CustomerId,
        regime: &'static Regime,
        complaint: Complaint,
    ) -> Result<Self, Refused> {
        match regime.no_phone {
            Some(article) if complaint.channel == Channel::Phone => Err(Refused::Channel { article }),
            _ => Ok(Self {
                id,
                ticket,
                customer,
                regime,
                complaint,
                cure: None,
                review_of: None,
                extended_at: None,
                waiting_offer: None,
                conciliation_ended_at: None,
                refusable_until: None,
                state: State::Received,
            }),
        }
    }

    /// Where it stands.
    pub const fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// What the office did not take up while the claim was heard comes to nothing after it.
    fn to(self, state: State) -> Self {
        let stage = state.stage();
        let heard = procedure::HEARD.contains(&stage) && stage != Stage::Conciliation;
        Self { waiting_offer: self.waiting_offer.filter(|_| heard), state, ..self }
    }

    fn wrong<T>(&self, allowed: &'static [Stage]) -> Result<T, Refused> {
        Err(Refused::State { state: self.stage(), allowed })
    }

    /// Enters it in the registry.
    ///
    /// # Errors
    /// Unless it is received.
    pub fn register(self) -> Result<Self, Refused> {
        match self.state {
            State::Received => Ok(self.to(State::Registered)),
            _ => self.wrong(&[Stage::Received]),
        }
    }

    /// Asks the claimant to complete it. What they were asked for and answered is judged, and not asked for again, since each round moves the terms; but for
    /// what the complaint itself shows to be missing still.
    ///
    /// # Errors
    /// Unless it is registered; when some of it was asked for before.
    pub fn request_cure(self, items: BTreeSet<MissingItem>, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Registered => {
                let before = self.cure.as_ref().map(|cure| cure.asked.clone()).unwrap_or_default();
                let missing = admissibility::missing(&self.complaint);
                let again: Vec<MissingItem> =
                    items.intersection(&before).filter(|item| !missing.contains(item)).copied().collect();
                if !again.is_empty() {
                    return Err(Refused::AskedAlready { items: again });
                }
                let due = term::end_after_days(now, self.regime.cure_days);
                let asked = before.union(&items).copied().collect();
                let cure = Some(Cure { items, asked, asked_at: Some(now), due, cured_at: None });
                Ok(Self { cure, state: State::NeedsCure { due }, ..self })
            }
            _ => self.wrong(&[Stage::Registered]),
        }
    }

    /// What of the complaint the claimant may complete now, or say anew: what they were asked for, or is missing still; where a refusal was proposed also what its
    /// ground turns on.
    pub fn completes(&self) -> BTreeSet<MissingItem> {
        let missing = admissibility::missing(&self.complaint);
        match &self.state {
            State::NeedsCure { .. } => {
                let asked = self.cure.iter().flat_map(|cure| &cure.items).copied();
                missing.into_iter().chain(asked).collect()
            }
            State::Registered if self.cure.is_some() => missing,
            State::InadmissibleProposed(proposal) => {
                missing.into_iter().chain(admissibility::turns_on(proposal.ground)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Takes in what the claimant sent, from when it reached the office. What came before the deadline counts; later is still taken as long
    /// as the case was not archived. What was sent in part is completed by what is sent after it, and what is sent where a refusal was proposed answers
    /// the proposal, but for what came before it.
    ///
    /// # Errors
    /// Unless a cure was asked for, and of what was asked something is missing still, or a refusal was proposed; when it says otherwise what was not asked for.
    pub fn receive_cure(mut self, completion: Completion, reached_at: Timestamp) -> Result<Self, Refused> {
        let (missing, open) = (admissibility::missing(&self.complaint), self.completes());
        let (state, completes) = match self.state.clone() {
            State::NeedsCure { .. } => (State::Registered, true),
            State::Registered if !missing.is_empty() && self.cure.is_some() => (State::Registered, true),
            State::InadmissibleProposed(proposal) => {
                (State::InadmissibleProposed(proposal.answered(reached_at)), !missing.is_empty())
            }
            _ => return self.wrong(&[Stage::NeedsCure, Stage::InadmissibleProposed]),
        };
        self.complaint.complete(completion, &open, reached_at)?;
        if let Some(cure) = self.cure.as_mut().filter(|_| completes) {
            cure.cured_at = Some(reached_at);
            self.refusable_until = None;
        }
        Ok(self.to(state))
    }

    /// Proposes to refuse it on a ground of the closed list.
    ///
    /// # Errors
    /// Unless it is registered and the facts bear the ground out.
    pub fn propose_inadmissibility(
        self,
        ground: Ground,
        reasons: Personal<String>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if self.stage() != Stage::Registered {
            return self.wrong(&[Stage::Registered]);
        }
        admissibility::support(ground, &self.complaint, facts, self.regime)?;
        let allegations_due = term::end_after_days(now, self.regime.allegations_days);
        let repeats = facts.repeats.clone().filter(|_| ground == Ground::Repeated);
        let proposed_at = Some(now);
        let proposal = Proposal { ground, reasons, proposed_at, repeats, allegations_due, allegations_at: None };
        Ok(self.to(State::InadmissibleProposed(proposal)))
    }

    /// The claimant states something that reached the office then: an answer, where a refusal was proposed before; a paper of the dossier elsewhere.
    ///
    /// # Errors
    /// When the case is over.
    pub fn hear_claimant(self, reached_at: Timestamp) -> Result<Self, Refused> {
        // Who withdrew says no more in it.
        if self.stage() == Stage::OwnInitiative {
            return self.wrong(OPEN);
        }
        self.accepts_papers()?;
        match self.state.clone() {
            State::InadmissibleProposed(proposal) => {
                Ok(self.to(State::InadmissibleProposed(proposal.answered(reached_at))))
            }
            _ => Ok(self),
        }
    }

    /// Refuses it for good: on the proposed ground, once the claimant was heard or let the time pass; or
    /// because it was not completed in time.
    ///
    /// # Errors
    /// When the ground is another one than proposed, a term still runs, or the state is another.
    pub fn refuse(
        self,
        ground: Ground,
        reasons: Personal<String>,
        signpost: String,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        match self.state.clone() {
            State::InadmissibleProposed(proposal) => {
                if proposal.ground != ground {
                    return Err(Refused::GroundNotMet { ground, article: self.regime.article(ground) });
                }
                if self.takes_away(ground) {
                    return Err(Refused::GroundNotMet { ground, article: self.regime.article(ground) });
                }
                if let Some((due, article)) = self.refusal_due().filter(|(due, _)| *due <= now) {
                    return Err(Refused::RefusalLate { due, article });
                }
                if proposal.allegations_at.is_none() && now < proposal.allegations_due {
                    let article = self.regime.allegations_article;
                    return Err(Refused::ClaimantTermRunning { due: proposal.allegations_due, article });
                }
                Ok(self.to(State::Inadmissible {
                    proposal: Proposal { reasons, ..proposal },
                    signpost,
                    refused_at: now,
                }))
            }
            State::NeedsCure { due } => {
                if ground != Ground::EssentialDataMissing {
                    return Err(Refused::GroundNotMet { ground, article: self.regime.article(ground) });
                }
                if now < due {
                    return Err(Refused::ClaimantTermRunning { due, article: self.regime.cure_article });
                }
                if self.cure.as_ref().is_some_and(|cure| self.has_all_of(&cure.items)) {
                    return Err(Refused::GroundNotMet { ground, article: self.regime.article(ground) });
                }
                Ok(self.to(State::ArchivedUncured { reasons, signpost, refused_at: now }))
            }
            _ => self.wrong(&[Stage::InadmissibleProposed, Stage::NeedsCure]),
        }
    }

    /// What the claimant was asked to complete was there, as far as the complaint itself shows, and the time for it is over: it goes on in the registry, where it is
    /// admitted, or a refusal proposed. Itself otherwise: who was asked for what takes a judgement and sent nothing is archived.
    pub fn past_its_cure(self, now: Timestamp) -> Self {
        match self.state {
            State::NeedsCure { due }
                if due <= now && self.cure.as_ref().is_some_and(|cure| self.has_all_of(&cure.items)) =>
            {
                self.to(State::Registered)
            }
            _ => self,
        }
    }

    /// Whether nothing of this is missing as far as the complaint itself shows: what takes a judgement is missing while nothing was sent.
    fn has_all_of(&self, items: &BTreeSet<MissingItem>) -> bool {
        items.iter().all(|item| !JUDGED.contains(item)) && items.is_disjoint(&admissibility::missing(&self.complaint))
    }

    /// Whether the complaint, as it was completed since the refusal was proposed, takes the ground away.
    fn takes_away(&self, ground: Ground) -> bool {
        match ground {
            Ground::EssentialDataMissing => self.cure.as_ref().is_some_and(|cure| self.has_all_of(&cure.items)),
            Ground::ParallelProceedings | Ground::FilingWindowPassed | Ground::TimeBarred => {
                let found = admissibility::examine(&self.complaint, &Facts::default(), self.regime);
                !found.contains(&admissibility::Finding::Bar(ground))
            }
            Ground::Repeated => {
                let repeats = self.state.proposal().and_then(|proposal| proposal.repeats.as_ref());
                repeats.is_some_and(|of| admissibility::is_about_later_facts(&self.complaint, of.decided_at))
            }
            _ => false,
        }
    }

    /// Until when the complaint may be refused, from the day it was complete, and where that stands; `None` where nothing bounds it.
    pub fn refusal_due(&self) -> Option<(Timestamp, &'static str)> {
        let complete_at = self.cure.as_ref().and_then(|cure| cure.cured_at).unwrap_or(self.complaint.filed_at_office);
        let due = |days| self.refusable_until.unwrap_or_else(|| term::end_after_days(complete_at, days));
        self.regime.refusal.map(|(days, article)| (due(days), article))
    }

    /// Admits it; the firm's time to state its position starts.
    ///
    /// # Errors
    /// When essential data are missing or proceedings run in parallel, or the state is another.
    pub fn admit(self, now: Timestamp) -> Result<Self, Refused> {
        if !matches!(self.state, State::Registered | State::InadmissibleProposed(_)) {
            return self.wrong(&[Stage::Registered, Stage::InadmissibleProposed]);
        }
        admissibility::admissible(&self.complaint, self.regime)?;
        let statement_due = term::end_after_days(now, self.regime.statement_days);
        Ok(self.to(State::Admitted { statement_due }))
    }

    /// The firm states its position.
    ///
    /// # Errors
    /// Unless it is admitted, or the firm is adding to what it said before the investigation.
    pub fn hear_entity(self) -> Result<Self, Refused> {
        match self.state {
            State::Admitted { statement_due } | State::EntityAllegations { statement_due } => {
                Ok(self.to(State::EntityAllegations { statement_due }))
            }
            _ => self.wrong(&[Stage::Admitted, Stage::EntityAllegations]),
        }
    }

    /// The firm states something, or brings what it has, at any time while the claim is heard: of an admitted case its statement is its position.
    ///
    /// # Errors
    /// Unless the claim is being heard.
    pub fn hear_firm(self, states: bool) -> Result<Self, Refused> {
        match self.stage() {
            Stage::Admitted if states => self.hear_entity(),
            stage if procedure::HEARD.contains(&stage) => Ok(self),
            _ => self.wrong(procedure::HEARD),
        }
    }

    /// Opens the investigation: the firm spoke, or its time is over.
    ///
    /// # Errors
    /// While the silent firm's term runs, or in another state.
    pub fn investigate(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Admitted { statement_due } if now < statement_due => {
                Err(Refused::EntityTermRunning { due: statement_due, article: self.regime.statement_article })
            }
            State::Admitted { statement_due } | State::EntityAllegations { statement_due } => {
                Ok(self.to(State::Investigation { statement_due }))
            }
            _ => self.wrong(&[Stage::Admitted, Stage::EntityAllegations]),
        }
    }

    /// A draft of the decision exists.
    ///
    /// # Errors
    /// Unless it is under investigation or drafted already.
    pub fn draft(self) -> Result<Self, Refused> {
        match self.state {
            State::Investigation { statement_due } | State::Drafted { statement_due } => {
                Ok(self.to(State::Drafted { statement_due }))
            }
            _ => self.wrong(&[Stage::Investigation, Stage::Drafted]),
        }
    }

    /// The decision was issued. What it must contain is [`crate::decision`]'s to say.
    ///
    /// # Errors
    /// Unless a draft exists.
    pub fn decide(self) -> Result<Self, Refused> {
        match self.state {
            State::Drafted { statement_due } => Ok(self.to(State::Decided { statement_due })),
            _ if self.state.is_decided() => Err(Refused::DecisionImmutable),
            _ => self.wrong(&[Stage::Drafted]),
        }
    }

    /// The parties were told.
    ///
    /// # Errors
    /// Unless it is decided.
    pub fn notify(self) -> Result<Self, Refused> {
        match self.state {
            State::Decided { statement_due } => Ok(self.to(State::Notified { statement_due })),
            _ => self.wrong(&[Stage::Decided]),
        }
    }

    /// Whether anything may still be added to its dossier by hand.
    ///
    /// # Errors
    /// When it is stayed or over.
    pub fn accepts_papers(&self) -> Result<(), Refused> {
        if self.stage().is_over() || self.stage() == Stage::Stayed { self.wrong(OPEN) } else { Ok(()) }
    }

    /// Whether it may still be said what it is about.
    ///
    /// # Errors
    /// Once it is decided or over.
    pub fn accepts_matter(&self) -> Result<(), Refused> {
        if procedure::UNDECIDED.contains(&self.stage()) { Ok(()) } else { self.wrong(procedure::UNDECIDED) }
    }

    /// Whether people may still be put on it: where anything may follow, there must be somebody who does it.
    ///
    /// # Errors
    /// When nothing can follow.
    pub fn accepts_people(&self) -> Result<(), Refused> {
        if self.stage().is_terminal() { self.wrong(OPEN) } else { Ok(()) }
    }
}

const OPEN: &[Stage] = &[
    Stage::Received,
    Stage::Registered,
    Stage::NeedsCure,
    Stage::InadmissibleProposed,
    Stage::Admitted,
    Stage::EntityAllegations,
    Stage::Investigation,
    Stage::Drafted,
    Stage::Conciliation,
    Stage::OwnInitiative,
    Stage::Decided,
    Stage::Notified,
    Stage::Binding,
    Stage::NotBinding,
    Stage::Compliance,
    Stage::Complied,
    Stage::Overdue,
    Stage::Reported,
];
