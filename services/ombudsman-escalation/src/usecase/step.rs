//! What every change of a case has in common: the request claimed, the case locked at the version the caller
//! read, the caller's seat checked against the wall at this very moment; and at the end one write of case,
//! dossier and ledger together.

use jiff::Timestamp;
use kernel::{Actor, Classify as _, ResourceId as _};
use ledger::{Draft, Stamp};
use ombudsman_escalation_domain::case::Case;
use ombudsman_escalation_domain::dossier::{self, Content, Head, Sealed};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::team::Team;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Ground, OfficeRole, TermKind, Visibility};
use ombudsman_escalation_domain::{CaseId, HouseRefused, ProcedureRefused, Refused};
use postgres::{Claim, Kept, RequestKey, StoreError, Tx, claim, keep_answer};
use prost::{Message, Name};
use server::Call;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Bench;
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::{ground_to_proto, stage_to_proto, visibility_to_proto};
use crate::office::Office;
use crate::store::case::StoredCase;
use crate::store::dossier::Filed;
use crate::store::{case, clock, dossier as dossier_store, procedure, seats, staff, wall};

/// What is asked to be changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// The request.
    pub key: RequestKey,
    /// The case.
    pub case: CaseId,
    /// The version the caller read; `None` for what only adds to the case.
    pub version: Option<i64>,
}

/// Which seat the caller needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seating {
    /// None: the policy of the method says it all.
    Unneeded,
    /// One of these, live and past the wall.
    In(&'static [OfficeRole]),
    /// None: it is the claimant, who showed key and proof of the affair.
    Claimant,
    /// None, but a mandate that runs: the caller acts for the office.
    Mandate,
    /// None: the caller speaks for the firm, by a department of it.
    Firm,
    /// By whoever may say who works on the case: appointed for it, with a mandate that runs, and no ground of the wall against them.
    Bench,
}

/// A paper for the dossier.
pub(crate) struct Paper {
    pub(crate) kind: DossierKind,
    pub(crate) visibility: Visibility,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl Paper {
    /// A text.
    pub(crate) fn text(kind: DossierKind, visibility: Visibility, text: impl Into<String>) -> Self {
        let content_type = "text/plain; charset=utf-8".to_owned();
        Self { kind, visibility, content_type, bytes: text.into().into_bytes() }
    }

    /// A message of the contract, as it was answered.
    pub(crate) fn message<M: Message + Name>(kind: DossierKind, visibility: Visibility, message: &M) -> Self {
        let content_type = format!("application/x-protobuf; messageType=\"{}\"", M::full_name());
        Self { kind, visibility, content_type, bytes: message.encode_to_vec() }
    }
}

/// Whether there is anything to do.
pub(crate) enum Begun {
    /// It was done before: this was the answer.
    Replay(Vec<u8>),
    /// Go on.
    Step(Box<Step>),
}

/// A change under way.
pub(crate) struct Step {
    pub(crate) tx: Tx,
    pub(crate) now: Timestamp,
    pub(crate) stored: StoredCase,
    pub(crate) team: Team,
    pub(crate) actor: Actor,
    key: RequestKey,
    stamp: Stamp,
    head: Head,
    papers: Vec<Filed>,
    entries: Vec<Draft>,
    /// Whether the firm does it: who works on the case inside the house is not the firm's to know.
    of_firm: bool,
    /// How many of the entries tell a move: they come before the papers that came of them.
    moves: usize,
}

impl Step {
    /// Claims the request, locks the case, checks version and seat.
    pub(crate) async fn begin(
        office: &Office,
        call: &Call,
        change: &Change,
        seating: Seating,
    ) -> Result<Begun, Failure> {
        Self::begin_after(office, call, change, seating, &[]).await
    }

    /// The same, where the wall may close other cases by it: those that come before it are locked before it.
    pub(crate) async fn begin_in_reach(
        office: &Office,
        call: &Call,
        change: &Change,
        seating: Seating,
    ) -> Result<Begun, Failure> {
        let mut reader = office.db.reader().acquire().await?;
        let older = seats::within_reach(&mut reader, change.case, &call.actor().id).await?;
        drop(reader);
        let mut older: Vec<CaseId> =
            older.into_iter().map(|(case, _)| case).filter(|case| *case < change.case).collect();
        older.dedup();
        Self::begin_after(office, call, change, seating, &older).await
    }

    /// The same, with older cases locked before: who locks several takes the older first.
    pub(crate) async fn begin_after(
        office: &Office,
        call: &Call,
        change: &Change,
        seating: Seating,
        older: &[CaseId],
    ) -> Result<Begun, Failure> {
        let now = office.ambient.now();
        let mut tx = office.db.tx().await?;
        if let Claim::Replay(kept) = claim(&mut tx, &change.key, now).await? {
            tx.rollback().await?;
            return Ok(Begun::Replay(kept));
        }
        for older in older {
            case::lock(&mut tx, *older).await?;
        }
        let stored = case::lock(&mut tx, change.case).await?.ok_or(Refused::CaseNotFound)?;
        if change.version.is_some_and(|version| version != stored.version) {
            return Err(StoreError::Stale.into());
        }
        let team = wall::team(&mut *tx, change.case).await?;
        let actor = call.actor().clone();
        let refused = match seating {
            Seating::Unneeded | Seating::Claimant => None,
            Seating::Firm => actor.department.is_none().then_some(HouseRefused::NoDepartment.into()),
            Seating::In(needed) => {
                let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, now).await?;
                team.authorize(&actor.id, needed, &wall, now).err()
            }
            Seating::Mandate => {
                let register = staff::register(&mut tx, now).await?;
                let runs = register.get(&actor.id).is_some_and(|member| member.mandate.runs_at(now));
                (!runs).then_some(HouseRefused::NoMandate.into())
            }
            Seating::Bench => {
                let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, now).await?;
                team.may_move_seats(&actor.id, &wall, now).err()
            }
        };
        if let Some(refused) = refused {
            tx.rollback().await?;
            return Err(denied(office, call, (change.key.method, change.case.name()), refused).await);
        }
        let stamp = Stamp::of(actor.clone(), now, call.traceparent.clone());
        let head = stored.head;
        let (papers, entries, moves) = (Vec::new(), Vec::new(), 0);
        let (key, of_firm) = (change.key, matches!(seating, Seating::Firm));
        let step = Self { tx, now, stored, team, actor, key, stamp, head, papers, entries, of_firm, moves };
        Ok(Begun::Step(Box::new(step)))
    }

    /// A step for a case that is only now being opened.
    pub(crate) fn opening(tx: Tx, stored: StoredCase, call: &Call, key: RequestKey, now: Timestamp) -> Self {
        let actor = call.actor().clone();
        let stamp = Stamp::of(actor.clone(), now, call.traceparent.clone());
        let head = stored.head;
        let (team, papers, entries, moves) = (Team::default(), Vec::new(), Vec::new(), 0);
        Self { tx, now, stored, team, actor, key, stamp, head, papers, entries, of_firm: false, moves }
    }

    /// The same, of what ends a review without its decision: who decided what it reviews leaves that to another ombudsman, where one could.
    pub(crate) async fn of_another(mut self: Box<Self>, office: &Office, call: &Call) -> Result<Box<Self>, Failure> {
        let (case, now) = (&self.stored.case, self.now);
        if case.review_of.is_none()
            || !procedure::decided_what_it_reviews(&mut self.tx, case.id, &self.actor.id, now).await?
        {
            return Ok(self);
        }
        let about = (self.key.method, case.id.name());
        self.tx.rollback().await?;
        Err(denied(office, call, about, Refused::from(ProcedureRefused::ReviewByAnother)).await)
    }

    /// The case as it was when the step began.
    pub(crate) fn case(&self) -> Case {
        self.stored.case.clone()
    }

    /// Adds a paper to the dossier.
    pub(crate) fn add(&mut self, office: &Office, paper: Paper) -> Sealed {
        let case = self.stored.case.id;
        let content = Content { salt: office.ambient.bytes(), bytes: paper.bytes };
        let Paper { kind, visibility, content_type, .. } = paper;
        let draft = dossier::Draft { kind, visibility, content_type, content };
        let sealed = draft.seal(case, self.head, &self.actor, self.now);
        self.head = sealed.head();
        let noted = pb::DossierEntryAdded {
            case_name: case.name(),
            sequence: i64::try_from(sealed.entry.sequence).unwrap_or(i64::MAX),
            visibility: visibility_to_proto(visibility).into(),
            hash: sealed.hash.to_vec(),
        };
        self.note(office, &noted);
        self.papers.push(Filed::of(sealed.clone(), &office.seal, office.ambient.bytes()));
        sealed
    }

    /// Adds a paper for both parties in which the office speaks, in the claimant's language.
    pub(crate) fn say(&mut self, office: &Office, kind: DossierKind, phrase: Phrase<'_>) -> Sealed {
        let text = phrase.text(self.stored.matter.language);
        self.add(office, Paper::text(kind, Visibility::Parties, text))
    }

    /// Adds an entry to the ledger.
    pub(crate) fn note<M: Message + Name>(&mut self, office: &Office, payload: &M) {
        let id = office.ambient.uuid(self.now);
        self.entries.push(Draft::new(id, self.stored.case.id.name(), payload, &self.stamp));
    }

    /// Adds an entry about something that happened at another time than this.
    pub(crate) fn note_as_of<M: Message + Name>(&mut self, office: &Office, payload: &M, at: Timestamp) {
        let id = office.ambient.uuid(self.now);
        self.entries.push(Draft::new(id, self.stored.case.id.name(), payload, &self.stamp.clone().occurred(at)));
    }

    /// What this step tells happened then, and is told now.
    pub(crate) fn as_of(&mut self, at: Timestamp) {
        self.stamp = self.stamp.clone().occurred(at);
    }

    /// Tells the time that a case gives which is only now being opened.
    pub(crate) fn note_terms(&mut self, office: &Office) {
        let case = self.case();
        for term in case.party_terms() {
            self.note(office, &answer::term_set(&case, term));
        }
    }

    /// Writes the papers, so that what comes after them in the same transaction can point at them.
    pub(crate) async fn file_papers(&mut self) -> Result<(), Failure> {
        let papers = std::mem::take(&mut self.papers);
        dossier_store::append(&mut self.tx, &papers).await?;
        Ok(())
    }

    /// Writes everything; answers with the case.
    pub(crate) async fn finish(mut self, office: &Office, after: Case) -> Result<pb::Case, Failure> {
        self.write(office, after).await?;
        self.conclude(office).await
    }

    /// Writes everything and takes off whoever the wall keeps off by it; answers with the case.
    pub(crate) async fn finish_in_reach(mut self, office: &Office, after: Case) -> Result<pb::Case, Failure> {
        self.write(office, after).await?;
        self.take_off(office).await?;
        self.conclude(office).await
    }

    /// Takes off whoever the wall keeps off by what was written: the caller of every case, and where they speak for the firm everybody else of the affair.
    pub(crate) async fn take_off(&mut self, office: &Office) -> Result<(), Failure> {
        self.file_papers().await?;
        // What was done is told before what came of it.
        ledger::append(&mut self.tx, &std::mem::take(&mut self.entries)).await?;
        self.moves = 0;
        let bench = self.bench(office);
        for (case, person) in seats::within_reach(&mut self.tx, self.stored.case.id, &self.actor.id).await? {
            if self.of_firm || person == self.actor.id {
                bench.recuse_for_acts(&mut self.tx, case, &person).await?;
            }
        }
        if let Some(stored) = case::lock(&mut self.tx, self.stored.case.id).await? {
            self.head = stored.head;
            self.stored = stored;
        }
        Ok(())
    }

    /// In the caller's name, for seats that move in this step's transaction.
    pub(crate) fn bench<'a>(&self, office: &'a Office) -> Bench<'a> {
        Bench { ambient: &office.ambient, actor: self.actor.clone(), stamp: self.stamp.clone(), now: self.now }
    }

    /// Answers with the case as it is written, and commits.
    pub(crate) async fn conclude(mut self, office: &Office) -> Result<pb::Case, Failure> {
        self.team = if self.of_firm { Team::default() } else { wall::team(&mut *self.tx, self.stored.case.id).await? };
        let terms = clock::terms_of(&mut *self.tx, self.stored.case.id).await?;
        let answer = answer::case(&self.stored, &self.team, &terms);
        let kept = answer::without_words(&answer).encode_to_vec();
        let forever =
            [crate::usecase::open_case::METHOD, crate::usecase::review_case::METHOD].contains(&self.key.method);
        self.commit(office, &kept, forever).await?;
        Ok(answer)
    }

    /// Writes case, dossier and ledger, without ending the transaction.
    pub(crate) async fn write(&mut self, office: &Office, after: Case) -> Result<(), Failure> {
        self.file_papers().await?;
        let before = self.stored.case.stage();
        if before != after.stage() {
            let ground = refusal_ground(&after);
            let transitioned = pb::CaseTransitioned {
                case_name: after.id.name(),
                ticket: after.ticket.name(),
                customer: after.customer.name(),
                from_state: stage_to_proto(before).into(),
                to_state: stage_to_proto(after.stage()).into(),
                ground: ground.map(ground_to_proto).unwrap_or_default().into(),
            };
            let id = office.ambient.uuid(self.now);
            // Before the papers that came of it: the ledger tells the stage first.
            self.entries.insert(self.moves, Draft::new(id, after.id.name(), &transitioned, &self.stamp));
            self.moves += 1;
        }
        let changes = after.term_changes(&self.stored.case, self.now);
        for (kind, used) in changes.closed {
            self.note(office, &answer::term_closed(after.id, kind, used));
            let heard = after.state.proposal().and_then(|proposal| proposal.allegations_at);
            if let (TermKind::Allegations, true, Some(at)) = (kind, used, heard) {
                self.note_as_of(office, &answer::hearing_ended(after.id, true), at);
            }
        }
        for term in changes.set {
            self.note(office, &answer::term_set(&after, term));
        }
        case::update(&mut self.tx, &after, self.stored.version, self.now).await?;
        if after.complaint.points != self.stored.case.complaint.points {
            case::write_points(&mut self.tx, &after).await?;
        }
        self.stored.case = after;
        self.stored.version += 1;
        self.stored.updated_at = self.now;
        Ok(())
    }

    /// Appends to the ledger, and hands the transaction on to what follows in it.
    pub(crate) async fn hand_over(mut self) -> Result<Tx, Failure> {
        self.file_papers().await?;
        ledger::append(&mut self.tx, &self.entries).await?;
        Ok(self.tx)
    }

    /// Keeps the answer, appends to the ledger, commits.
    pub(crate) async fn commit(mut self, office: &Office, kept: &[u8], forever: bool) -> Result<(), Failure> {
        self.file_papers().await?;
        ledger::append(&mut self.tx, &self.entries).await?;
        let kept = Kept { answer: kept, forever, about: &[self.stored.case.id.uuid()] };
        keep_answer(&mut self.tx, self.key.id, kept).await?;
        self.tx.commit().await?;
        office.ledger.nudge();
        Ok(())
    }
}

fn refusal_ground(case: &Case) -> Option<Ground> {
    use ombudsman_escalation_domain::vocabulary::Stage;
    match case.stage() {
        Stage::ArchivedUncured => Some(Ground::EssentialDataMissing),
        _ => case.state.proposal().map(|proposal| proposal.ground),
    }
}

/// Reads a kept answer, with the words of people put back from where they are kept.
pub(crate) async fn replayed(office: &Office, kept: &[u8]) -> Result<pb::Case, Failure> {
    let kept = pb::Case::decode(kept).map_err(|_| Failure::Unreadable)?;
    let id = CaseId::parse(&kept.name).map_err(|_| Failure::Unreadable)?;
    Ok(match case::get(&office.db, id).await? {
        Some(stored) => answer::with_words(kept, &stored),
        None => kept,
    })
}

/// The full path of a method of the office.
fn path(method: &str) -> &'static str {
    let of_the_office = |path: &&str| {
        path.starts_with("/ventanilla.ombudsman.v1.") && path.rsplit_once('/').is_some_and(|(_, name)| name == method)
    };
    ventanilla_proto::policies().iter().map(|policy| policy.path).find(of_the_office).unwrap_or_default()
}

/// Writes into the ledger that somebody whose role may call the method was turned away from this resource, and gives back how; that it could not be written
/// is told instead.
pub(crate) async fn denied(
    office: &Office,
    call: &Call,
    (method, resource): (&str, String),
    how: impl Into<Failure>,
) -> Failure {
    let how = how.into();
    match note_denial(office, call, (method, resource), how.reason()).await {
        Ok(()) => how,
        Err(failure) => failure,
    }
}

async fn note_denial(
    office: &Office,
    call: &Call,
    (method, resource): (&str, String),
    reason: &str,
) -> Result<(), Failure> {
    let now = office.ambient.now();
    let denied = AccessDenied {
        method: path(method).to_owned(),
        roles: call.acting().roles.iter().map(ToString::to_string).collect(),
        reason: reason.to_owned(),
        resource,
    };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let draft = Draft::new(office.ambient.uuid(now), format!("principals/{}", call.actor().id), &denied, &stamp);
    let mut tx = office.db.tx().await?;
    ledger::append(&mut tx, &[draft]).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(())
}

/// An entry of the ledger in the caller's name, for what is not about one case alone.
pub(crate) fn entry<M: Message + Name>(office: &Office, call: &Call, aggregate: String, payload: &M) -> Draft {
    let now = office.ambient.now();
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    Draft::new(office.ambient.uuid(now), aggregate, payload, &stamp)
}
