//! The row of a case, and its states told apart by their columns.

use jiff::Timestamp;
use kernel::{Actor, Personal, ResourceId as _};
use ombudsman_escalation_domain::admissibility::Repetition;
use ombudsman_escalation_domain::case::{
    Bound, Case, ClaimPoint, Complaint, Cure, Offer, Promise, Proposal, Representative, State, Told,
};
use ombudsman_escalation_domain::dossier::Head;
use ombudsman_escalation_domain::matter::Matter;
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::{Ground, Stage};
use ombudsman_escalation_domain::{CaseId, CustomerId, TicketId};
use postgres::StoreError;
use uuid::Uuid;

use super::StoredCase;
use crate::store::{amount, hash, instant, word};

const TABLE: &str = "office_case";

/// Asks for cases: what follows the columns, and its arguments. The columns are named, so that one that a later version adds changes no answer that
/// a connection of this one has prepared.
macro_rules! cases {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            CaseRow,
            "select case_id, version, ticket_id, customer_id, regime, state, filed_at_entity, filed_at_office,
                    facts_at, known_at, parallel, channel, opened_by_kind, opened_by, opened_by_department, cure_items,
                    cure_due_at, cured_at, ground, reasons, allegations_due_at, allegations_at, signpost, refused_at,
                    statement_due_at, dossier_length, dossier_head, created_at, updated_at, came_from, stayed_at,
                    offer_sequence, offered_at, offer_told_at, reflection_until, offer_open_until, settled_at,
                    own_initiative_at, bound_at, bound_by, proof_sequence, review_of, motive, language, claimed_minor,
                    claimed_currency, ended_at, offer_debtor, offer_days, representative_name, representative_kind,
                    representation_at, origin, regulator_reference, code_number, cure_asked, cure_asked_at,
                    term_due_at, extended_at, refusable_until, conciliation_ended_at, proposed_at, repeats,
                    repeats_decided_at
               from ombudsman.office_case c " + $rest
            $(, $argument)*
        )
    };
}
pub(super) use cases;

pub(super) struct CaseRow {
    pub(super) case_id: Uuid,
    pub(super) version: i64,
    pub(super) ticket_id: Uuid,
    pub(super) customer_id: Uuid,
    pub(super) regime: String,
    pub(super) state: String,
    pub(super) filed_at_entity: jiff_sqlx::Timestamp,
    pub(super) filed_at_office: jiff_sqlx::Timestamp,
    pub(super) facts_at: Option<jiff_sqlx::Timestamp>,
    pub(super) known_at: Option<jiff_sqlx::Timestamp>,
    pub(super) parallel: Option<String>,
    pub(super) channel: String,
    pub(super) opened_by_kind: String,
    pub(super) opened_by: String,
    pub(super) opened_by_department: Option<String>,
    pub(super) cure_items: Option<Vec<String>>,
    pub(super) cure_due_at: Option<jiff_sqlx::Timestamp>,
    pub(super) cured_at: Option<jiff_sqlx::Timestamp>,
    pub(super) ground: Option<String>,
    pub(super) reasons: Option<String>,
    pub(super) allegations_due_at: Option<jiff_sqlx::Timestamp>,
    pub(super) allegations_at: Option<jiff_sqlx::Timestamp>,
    pub(super) signpost: Option<String>,
    pub(super) refused_at: Option<jiff_sqlx::Timestamp>,
    pub(super) statement_due_at: Option<jiff_sqlx::Timestamp>,
    pub(super) dossier_length: i64,
    pub(super) dossier_head: Vec<u8>,
    pub(super) created_at: jiff_sqlx::Timestamp,
    pub(super) updated_at: jiff_sqlx::Timestamp,
    pub(super) came_from: Option<String>,
    pub(super) stayed_at: Option<jiff_sqlx::Timestamp>,
    pub(super) offer_sequence: Option<i64>,
    pub(super) offered_at: Option<jiff_sqlx::Timestamp>,
    pub(super) offer_told_at: Option<jiff_sqlx::Timestamp>,
    pub(super) reflection_until: Option<jiff_sqlx::Timestamp>,
    pub(super) offer_open_until: Option<jiff_sqlx::Timestamp>,
    pub(super) settled_at: Option<jiff_sqlx::Timestamp>,
    pub(super) own_initiative_at: Option<jiff_sqlx::Timestamp>,
    pub(super) bound_at: Option<jiff_sqlx::Timestamp>,
    pub(super) bound_by: Option<String>,
    pub(super) proof_sequence: Option<i64>,
    pub(super) review_of: Option<Uuid>,
    pub(super) motive: Option<String>,
    pub(super) language: String,
    pub(super) claimed_minor: Option<i64>,
    pub(super) claimed_currency: Option<String>,
    pub(super) ended_at: Option<jiff_sqlx::Timestamp>,
    pub(super) offer_debtor: Option<String>,
    pub(super) offer_days: Option<i32>,
    pub(super) representative_name: Option<String>,
    pub(super) representative_kind: Option<String>,
    pub(super) representation_at: Option<jiff_sqlx::Timestamp>,
    pub(super) origin: Option<String>,
    pub(super) regulator_reference: Option<String>,
    pub(super) code_number: i32,
    pub(super) cure_asked: Option<Vec<String>>,
    pub(super) cure_asked_at: Option<jiff_sqlx::Timestamp>,
    pub(super) term_due_at: Option<jiff_sqlx::Timestamp>,
    pub(super) extended_at: Option<jiff_sqlx::Timestamp>,
    pub(super) refusable_until: Option<jiff_sqlx::Timestamp>,
    pub(super) conciliation_ended_at: Option<jiff_sqlx::Timestamp>,
    pub(super) proposed_at: Option<jiff_sqlx::Timestamp>,
    pub(super) repeats: Option<Vec<Uuid>>,
    pub(super) repeats_decided_at: Option<jiff_sqlx::Timestamp>,
}

impl CaseRow {
    pub(super) fn read(self, points: Vec<ClaimPoint>) -> Result<StoredCase, StoreError> {
        let id = self.case_id;
        let corrupt = |column| StoreError::corrupt(TABLE, column, id);
        let state = self.state()?;
        let parallel = self.parallel.as_deref().map(|text| word(text, TABLE, "parallel", id)).transpose()?;
        let department = self
            .opened_by_department
            .as_deref()
            .map(|slug| word(slug, TABLE, "opened_by_department", id))
            .transpose()?;
        let head = Head {
            sequence: u64::try_from(self.dossier_length).map_err(|_| corrupt("dossier_length"))?,
            hash: hash(&self.dossier_head, TABLE, "dossier_head", id)?,
        };
        let matter = Matter {
            motive: self.motive.as_deref().map(|slug| word(slug, TABLE, "motive", id)).transpose()?,
            language: word(&self.language, TABLE, "language", id)?,
            claimed: amount(self.claimed_minor, self.claimed_currency.clone()),
        };
        let case = Case {
            id: CaseId::from_uuid(id),
            ticket: TicketId::from_uuid(self.ticket_id),
            customer: CustomerId::from_uuid(self.customer_id),
            regime: Regime::find(&self.regime).ok_or_else(|| corrupt("regime"))?,
            cure: self.cure()?,
            review_of: self.review_of.map(CaseId::from_uuid),
            extended_at: instant(self.extended_at),
            waiting_offer: self.waiting_offer(&state)?,
            conciliation_ended_at: instant(self.conciliation_ended_at),
            refusable_until: instant(self.refusable_until),
            state,
            complaint: Complaint {
                filed_at_entity: self.filed_at_entity.to_jiff(),
                filed_at_office: self.filed_at_office.to_jiff(),
                facts_at: instant(self.facts_at),
                known_at: instant(self.known_at),
                parallel,
                channel: word(&self.channel, TABLE, "channel", id)?,
                points,
                representative: self.representative()?,
                origin: self.origin.as_deref().map(|text| word(text, TABLE, "origin", id)).transpose()?,
                regulator_reference: self.regulator_reference,
            },
        };
        let opened_by =
            Actor { kind: word(&self.opened_by_kind, TABLE, "opened_by_kind", id)?, id: self.opened_by, department };
        let (created_at, updated_at) = (self.created_at.to_jiff(), self.updated_at.to_jiff());
        let (ended_at, term_due_at) = (instant(self.ended_at), instant(self.term_due_at));
        let (version, code_number) = (self.version, self.code_number);
        Ok(StoredCase {
            case,
            version,
            opened_by,
            head,
            matter,
            created_at,
            updated_at,
            ended_at,
            code_number,
            term_due_at,
        })
    }

    fn representative(&self) -> Result<Option<Representative>, StoreError> {
        let (Some(name), Some(kind)) = (&self.representative_name, &self.representative_kind) else { return Ok(None) };
        let kind = word(kind, TABLE, "representative_kind", self.case_id)?;
        let proven_at = instant(self.representation_at);
        Ok(Some(Representative { name: Personal::new(name.clone()), kind, proven_at }))
    }

    fn cure(&self) -> Result<Option<Cure>, StoreError> {
        let (Some(items), Some(due)) = (&self.cure_items, instant(self.cure_due_at)) else { return Ok(None) };
        let read = |texts: &[String]| texts.iter().map(|text| word(text, TABLE, "cure_items", self.case_id)).collect();
        let asked: Result<_, _> = read(self.cure_asked.as_ref().unwrap_or(items));
        let items: Result<_, _> = read(items);
        let (asked_at, cured_at) = (instant(self.cure_asked_at), instant(self.cured_at));
        Ok(Some(Cure { items: items?, asked: asked?, asked_at, due, cured_at }))
    }

    fn state(&self) -> Result<State, StoreError> {
        let stage: Stage = word(&self.state, TABLE, "state", self.case_id)?;
        let statement_due = || self.needed(instant(self.statement_due_at), "statement_due_at");
        Ok(match stage {
            Stage::Received => State::Received,
            Stage::Registered => State::Registered,
            Stage::NeedsCure => State::NeedsCure { due: self.needed(instant(self.cure_due_at), "cure_due_at")? },
            Stage::ArchivedUncured => State::ArchivedUncured {
                reasons: Personal::new(self.needed(self.reasons.clone(), "reasons")?),
                signpost: self.needed(self.signpost.clone(), "signpost")?,
                refused_at: self.needed(instant(self.refused_at), "refused_at")?,
            },
            Stage::InadmissibleProposed => State::InadmissibleProposed(self.proposal()?),
            Stage::Inadmissible => State::Inadmissible {
                proposal: self.proposal()?,
                signpost: self.needed(self.signpost.clone(), "signpost")?,
                refused_at: self.needed(instant(self.refused_at), "refused_at")?,
            },
            Stage::Admitted => State::Admitted { statement_due: statement_due()? },
            Stage::EntityAllegations => State::EntityAllegations { statement_due: statement_due()? },
            Stage::Investigation => State::Investigation { statement_due: statement_due()? },
            Stage::Drafted => State::Drafted { statement_due: statement_due()? },
            Stage::Decided => State::Decided { statement_due: statement_due()? },
            Stage::Notified => State::Notified { statement_due: statement_due()? },
            Stage::Closed => State::Closed { after: self.came_from()?, statement_due: instant(self.statement_due_at) },
            Stage::Withdrawn => State::Withdrawn { statement_due: instant(self.statement_due_at) },
            Stage::Rectified => State::Rectified { proof: self.sequence(self.proof_sequence, "proof_sequence")? },
            Stage::ForwardedInternally => State::ForwardedInternally {
                signpost: self.needed(self.signpost.clone(), "signpost")?,
                forwarded_at: self.needed(instant(self.refused_at), "refused_at")?,
            },
            Stage::Stayed => State::Stayed {
                statement_due: instant(self.statement_due_at),
                from: self.came_from()?,
                since: self.needed(instant(self.stayed_at), "stayed_at")?,
            },
            Stage::Conciliation => State::Conciliation { statement_due: statement_due()?, offer: self.offer()? },
            Stage::Settled => State::Settled {
                statement_due: statement_due()?,
                offer: self.offer()?,
                settled_at: self.needed(instant(self.settled_at), "settled_at")?,
            },
            Stage::OwnInitiative => State::OwnInitiative {
                statement_due: statement_due()?,
                since: self.needed(instant(self.own_initiative_at), "own_initiative_at")?,
            },
            Stage::Binding => State::Binding { statement_due: statement_due()?, bound: self.bound()? },
            Stage::NotBinding => State::NotBinding { statement_due: statement_due()? },
            Stage::Compliance => State::Compliance { statement_due: statement_due()?, bound: self.bound()? },
            Stage::Complied => State::Complied { statement_due: statement_due()?, bound: self.bound()? },
            Stage::Overdue => State::Overdue { statement_due: statement_due()?, bound: self.bound()? },
            Stage::Reported => State::Reported { statement_due: statement_due()?, bound: self.bound()? },
        })
    }

    fn came_from(&self) -> Result<Stage, StoreError> {
        word(self.needed(self.came_from.as_deref(), "came_from")?, TABLE, "came_from", self.case_id)
    }

    fn offer(&self) -> Result<Offer, StoreError> {
        let told = match (instant(self.offer_told_at), instant(self.reflection_until), instant(self.offer_open_until)) {
            (Some(at), Some(reflect_until), Some(open_until)) => Some(Told { at, reflect_until, open_until }),
            _ => None,
        };
        let entry = self.sequence(self.offer_sequence, "offer_sequence")?;
        let promise = match (&self.offer_debtor, self.offer_days) {
            (Some(debtor), Some(days)) => {
                Some(Promise { debtor: word(debtor, TABLE, "offer_debtor", self.case_id)?, days: i64::from(days) })
            }
            _ => None,
        };
        Ok(Offer { entry, offered_at: self.needed(instant(self.offered_at), "offered_at")?, told, promise })
    }

    /// An offer that is none of the state's.
    fn waiting_offer(&self, state: &State) -> Result<Option<Offer>, StoreError> {
        let waits = self.offer_sequence.is_some() && state.offer().is_none();
        waits.then(|| self.offer()).transpose()
    }

    fn bound(&self) -> Result<Bound, StoreError> {
        let by = self.needed(self.bound_by.as_deref(), "bound_by")?;
        let by = word(by, TABLE, "bound_by", self.case_id)?;
        Ok(Bound { at: self.needed(instant(self.bound_at), "bound_at")?, by })
    }

    fn sequence(&self, stored: Option<i64>, column: &'static str) -> Result<u64, StoreError> {
        let corrupt = || StoreError::corrupt(TABLE, column, self.case_id);
        u64::try_from(stored.ok_or_else(corrupt)?).map_err(|_| corrupt())
    }

    fn proposal(&self) -> Result<Proposal, StoreError> {
        let ground = self.needed(self.ground.as_deref(), "ground")?;
        Ok(Proposal {
            ground: word(ground, TABLE, "ground", self.case_id)?,
            reasons: Personal::new(self.needed(self.reasons.clone(), "reasons")?),
            proposed_at: instant(self.proposed_at),
            repeats: self.repeats.as_ref().zip(instant(self.repeats_decided_at)).map(|(cases, decided_at)| {
                Repetition { cases: cases.iter().copied().map(CaseId::from_uuid).collect(), decided_at }
            }),
            allegations_due: self.needed(instant(self.allegations_due_at), "allegations_due_at")?,
            allegations_at: instant(self.allegations_at),
        })
    }

    fn needed<T>(&self, value: Option<T>, column: &'static str) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::corrupt(TABLE, column, self.case_id))
    }
}

/// The columns that the state of a case fills. What a state does not hold is empty.
#[derive(Default)]
pub(super) struct Flat<'a> {
    pub(super) cure_items: Option<Vec<String>>,
    pub(super) cure_asked: Option<Vec<String>>,
    pub(super) cure_asked_at: Option<Timestamp>,
    pub(super) cure_due_at: Option<Timestamp>,
    pub(super) cured_at: Option<Timestamp>,
    pub(super) ground: Option<Ground>,
    pub(super) reasons: Option<&'a str>,
    pub(super) proposed_at: Option<Timestamp>,
    pub(super) repeats: Option<&'a Repetition>,
    pub(super) allegations_due_at: Option<Timestamp>,
    pub(super) allegations_at: Option<Timestamp>,
    pub(super) signpost: Option<&'a str>,
    pub(super) refused_at: Option<Timestamp>,
    pub(super) statement_due_at: Option<Timestamp>,
    pub(super) came_from: Option<Stage>,
    pub(super) stayed_at: Option<Timestamp>,
    pub(super) offer: Option<&'a Offer>,
    pub(super) settled_at: Option<Timestamp>,
    pub(super) own_initiative_at: Option<Timestamp>,
    pub(super) bound: Option<Bound>,
    pub(super) proof_sequence: Option<i64>,
}

impl<'a> Flat<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        let state = &case.state;
        let (offer, bound) = (state.offer().or(case.waiting_offer.as_ref()), state.bound());
        let mut flat = Self { statement_due_at: state.statement_due(), offer, bound, ..Self::default() };
        if let Some(cure) = &case.cure {
            flat.cure_items = Some(cure.items.iter().map(ToString::to_string).collect());
            flat.cure_asked = Some(cure.asked.iter().map(ToString::to_string).collect());
            flat.cure_asked_at = cure.asked_at;
            flat.cure_due_at = Some(cure.due);
            flat.cured_at = cure.cured_at;
        }
        if let Some(proposal) = case.state.proposal() {
            flat.ground = Some(proposal.ground);
            flat.reasons = Some(proposal.reasons.expose());
            flat.proposed_at = proposal.proposed_at;
            flat.repeats = proposal.repeats.as_ref();
            flat.allegations_due_at = Some(proposal.allegations_due);
            flat.allegations_at = proposal.allegations_at;
        }
        match &case.state {
            State::ArchivedUncured { reasons, signpost, refused_at } => {
                flat.ground = Some(Ground::EssentialDataMissing);
                flat.reasons = Some(reasons.expose());
                flat.signpost = Some(signpost);
                flat.refused_at = Some(*refused_at);
            }
            State::Inadmissible { signpost, refused_at, .. } => {
                flat.signpost = Some(signpost);
                flat.refused_at = Some(*refused_at);
            }
            State::ForwardedInternally { signpost, forwarded_at } => {
                flat.signpost = Some(signpost);
                flat.refused_at = Some(*forwarded_at);
            }
            State::Stayed { from, since, .. } => {
                flat.came_from = Some(*from);
                flat.stayed_at = Some(*since);
            }
            State::Closed { after, .. } => flat.came_from = Some(*after),
            State::Settled { settled_at, .. } => flat.settled_at = Some(*settled_at),
            State::OwnInitiative { since, .. } => flat.own_initiative_at = Some(*since),
            State::Rectified { proof } => flat.proof_sequence = Some(i64::try_from(*proof).unwrap_or(i64::MAX)),
            _ => {}
        }
        flat
    }
}
