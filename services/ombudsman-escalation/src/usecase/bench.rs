//! Seats that are lost and taken in transactions that are about more than one case: what each case's dossier and
//! ledger say of it.

use jiff::Timestamp;
use kernel::{Actor, Ambient, ResourceId as _};
use ledger::{Draft, Stamp};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{self, Content, Head};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{ConflictGround, DossierKind, OfficeRole, Visibility};
use postgres::{StoreError, Tx};

use ventanilla_proto::ombudsman::v1 as pb;

use super::Paper;
use super::heard::Heard;
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::{conflict_ground_to_proto, office_role_to_proto, stage_to_proto, visibility_to_proto};
use crate::store::case::{self, StoredCase};
use crate::store::dossier::Filed;
use crate::store::wall::{self, NewSeat};
use crate::store::{dossier as dossier_store, obligation, procedure, seats};

/// Grounds that somebody makes by what they do, or others of theirs. A declaration that ran out keeps nobody off for good, and so ends no seat by the way.
const OF_ACTS: [ConflictGround; 6] = [
    ConflictGround::TouchedTicket,
    ConflictGround::UnitTouchedTicket,
    ConflictGround::LineTouchedTicket,
    // With the unit that speaks for the firm; or with whom the customer turns out to be.
    ConflictGround::RelationWithParty,
    ConflictGround::FirmPrincipal,
    ConflictGround::SteppedAside,
];

/// In whose name seats are moved, and when.
pub(crate) struct Bench<'a> {
    pub(crate) ambient: &'a Ambient,
    pub(crate) actor: Actor,
    pub(crate) stamp: Stamp,
    pub(crate) now: Timestamp,
}

/// What was moved on one case, before it is written.
pub(crate) struct Moves {
    pub(crate) stored: StoredCase,
    head: Head,
    papers: Vec<Filed>,
    entries: Vec<Draft>,
}

impl Moves {
    /// Nothing yet, on this locked case.
    pub(crate) const fn of(stored: StoredCase) -> Self {
        let head = stored.head;
        Self { stored, head, papers: Vec::new(), entries: Vec::new() }
    }
}

impl Bench<'_> {
    /// Takes a person off a case when the wall stands against them by now. Who could take the seat is proposed.
    pub(crate) async fn recuse_if_conflicted(&self, tx: &mut Tx, case: CaseId, person: &str) -> Result<(), StoreError> {
        self.recuse_for(tx, case, person, ConflictGround::ALL).await
    }

    /// The same, where something that was done is among what stands against them.
    pub(crate) async fn recuse_for_acts(&self, tx: &mut Tx, case: CaseId, person: &str) -> Result<(), StoreError> {
        self.recuse_for(tx, case, person, &OF_ACTS).await
    }

    async fn recuse_for(
        &self,
        tx: &mut Tx,
        case: CaseId,
        person: &str,
        causes: &[ConflictGround],
    ) -> Result<(), StoreError> {
        let grounds = wall::conflicts(&mut **tx, case, person, self.now).await?;
        if !grounds.iter().any(|ground| causes.contains(ground)) {
            return Ok(());
        }
        let Some(stored) = case::lock(tx, case).await? else { return Ok(()) };
        let mut moves = Moves::of(stored);
        let left = wall::leave(tx, case, person, &grounds, self.now).await?;
        let proposals = self.proposals(tx, &moves.stored, &left).await?;
        let told: Vec<&str> = grounds.iter().map(|ground| ground.as_str()).collect();
        let mut text = format!("taken off the case by the conflict wall: {person} ({})", told.join(", "));
        for (office_role, proposed) in left.iter().zip(&proposals) {
            text.push_str(&match proposed {
                Some(substitute) => format!("\nproposed as {office_role}: {substitute}"),
                None => format!("\nnobody is free of conflict as {office_role}"),
            });
        }
        self.paper(&mut moves, Paper::text(DossierKind::Assignment, Visibility::Office, text));
        for (office_role, proposed) in left.into_iter().zip(proposals) {
            self.note_recusal(&mut moves, person, office_role, &grounds, proposed.unwrap_or_default());
        }
        self.write(tx, moves).await
    }

    async fn proposals(
        &self,
        tx: &mut Tx,
        stored: &StoredCase,
        left: &[OfficeRole],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let known = wall::load(tx, stored.case.ticket, stored.case.customer, self.now).await?;
        let team = wall::team(&mut **tx, stored.case.id).await?;
        let loads = seats::loads(&mut **tx).await?;
        let first = |office_role: &OfficeRole| {
            team.candidates(*office_role, &known, &loads, self.now).into_iter().next().map(|(person, _)| person)
        };
        Ok(left.iter().map(first).collect())
    }

    /// Takes a seat from one person and gives it to another, who must be free to take it.
    pub(crate) async fn hand_over(
        &self,
        tx: &mut Tx,
        moves: &mut Moves,
        (person, office_role): (&str, OfficeRole),
        grounds: &[ConflictGround],
        (substitute, heard): (&str, Heard),
    ) -> Result<(), Failure> {
        let case = moves.stored.case.id;
        wall::leave_seat(tx, case, (person, office_role), grounds, self.now).await?;
        let sits_there =
            wall::team(&mut **tx, case).await?.live(substitute).any(|seat| seat.office_role == office_role);
        if !sits_there {
            let seat = NewSeat {
                id: self.ambient.uuid(self.now),
                case,
                person: substitute,
                office_role,
                by: &self.actor.id,
                heard,
                now: self.now,
            };
            wall::seat(tx, seat).await?;
        }
        let told: Vec<&str> = grounds.iter().map(|ground| ground.as_str()).collect();
        let text = format!("{substitute} takes the seat of {person} as {office_role} ({})", told.join(", "));
        self.paper(moves, Paper::text(DossierKind::Assignment, Visibility::Office, text));
        self.note_recusal(moves, person, office_role, grounds, substitute.to_owned());
        if !sits_there {
            let assigned = pb::CaseAssigned {
                case_name: case.name(),
                person: substitute.to_owned(),
                office_role: office_role_to_proto(office_role).into(),
            };
            moves.entries.push(self.entry(case, &assigned));
        }
        Ok(())
    }

    fn note_recusal(
        &self,
        moves: &mut Moves,
        person: &str,
        office_role: OfficeRole,
        grounds: &[ConflictGround],
        substitute: String,
    ) {
        let case = moves.stored.case.id;
        let recused = pb::CaseRecused {
            case_name: case.name(),
            person: person.to_owned(),
            office_role: office_role_to_proto(office_role).into(),
            grounds: grounds.iter().map(|ground| conflict_ground_to_proto(*ground).into()).collect(),
            substitute,
        };
        moves.entries.push(self.entry(case, &recused));
    }

    fn paper(&self, moves: &mut Moves, paper: Paper) {
        let case = moves.stored.case.id;
        let Paper { kind, visibility, content_type, bytes } = paper;
        let content = Content { salt: self.ambient.bytes(), bytes };
        let draft = dossier::Draft { kind, visibility, content_type, content };
        let sealed = draft.seal(case, moves.head, &self.actor, self.now);
        moves.head = sealed.head();
        let added = pb::DossierEntryAdded {
            case_name: case.name(),
            sequence: i64::try_from(sealed.entry.sequence).unwrap_or(i64::MAX),
            visibility: visibility_to_proto(sealed.entry.visibility).into(),
            hash: sealed.hash.to_vec(),
        };
        moves.entries.push(self.entry(case, &added));
        moves.papers.push(Filed::plain(sealed));
    }

    fn entry<M: prost::Message + prost::Name>(&self, case: CaseId, payload: &M) -> Draft {
        Draft::new(self.ambient.uuid(self.now), case.name(), payload, &self.stamp)
    }

    /// A review decided otherwise: its decision takes the place of this one, what is still owed after it is owed no more, and the case is
    /// closed where it was not.
    pub(crate) async fn supersede(&self, tx: &mut Tx, stored: StoredCase, review: CaseId) -> Result<(), Failure> {
        let before = stored.case.clone();
        let (id, after) = (before.id, before.clone().supersede()?);
        procedure::supersede(tx, id, review, self.now).await?;
        for owed in obligation::of_case(tx, id).await? {
            let lapsed = owed.clone().lapse(self.now);
            if lapsed != owed {
                obligation::update(tx, id, &lapsed).await?;
            }
        }
        let mut moves = Moves::of(stored);
        if after.stage() != before.stage() {
            let moved = pb::CaseTransitioned {
                case_name: id.name(),
                ticket: after.ticket.name(),
                customer: after.customer.name(),
                from_state: stage_to_proto(before.stage()).into(),
                to_state: stage_to_proto(after.stage()).into(),
                ground: pb::InadmissibilityGround::Unspecified.into(),
            };
            moves.entries.push(self.entry(id, &moved));
        }
        for (kind, used) in after.term_changes(&before, self.now).closed {
            moves.entries.push(self.entry(id, &answer::term_closed(id, kind, used)));
        }
        let superseded = pb::DecisionSuperseded { case_name: id.name(), review: review.name() };
        moves.entries.push(self.entry(id, &superseded));
        let told = Phrase::Superseded { review }.text(moves.stored.matter.language);
        self.paper(&mut moves, Paper::text(DossierKind::Review, Visibility::Parties, told));
        moves.stored.case = after;
        self.write(tx, moves).await?;
        Ok(())
    }

    /// Takes a paper into the dossier of a case that does not move by it.
    pub(crate) async fn take_in(&self, tx: &mut Tx, stored: StoredCase, paper: Paper) -> Result<(), StoreError> {
        let mut moves = Moves::of(stored);
        self.paper(&mut moves, paper);
        self.write(tx, moves).await
    }

    /// Writes what was moved on a case, and that the case changed.
    pub(crate) async fn write(&self, tx: &mut Tx, moves: Moves) -> Result<(), StoreError> {
        if moves.entries.is_empty() {
            return Ok(());
        }
        dossier_store::append(tx, &moves.papers).await?;
        case::update(tx, &moves.stored.case, moves.stored.version, self.now).await?;
        ledger::append(tx, &moves.entries).await
    }
}
