//! What ticketing decides: how an affair opens, moves and ends, what a receipt says, when a promise
//! is kept. Pure functions of their arguments; time, ids, chance and the hash function come from
//! outside, and nothing here knows a database or a transport.

mod agent;
mod answer;
mod article;
mod attachment;
mod cause;
mod characteristic;
mod claim;
mod cure;
mod error;
mod filing;
mod group;
mod history;
mod holding_reply;
mod id;
mod incident;
mod key;
mod named;
mod notice;
mod process;
mod promise;
mod public;
mod readability;
mod receipt;
mod redress;
mod satisfaction;
mod seal;
mod silence;
mod split;
mod state;
mod survey;
mod template;
mod text;
mod ticket;
mod transition;
mod wording;
mod words;

pub use self::seal::{RECEIPT, Seal, SealError, Sealed};
pub use agent::{
    Agent, AgentId, AgentIdError, PublicName, Skill, SkillRule, Superior, Waiting, freest, reasons, turns,
};
pub use answer::is_generic;
pub use article::{ArticleDraft, coverage, refuse_unpublished};
pub use attachment::{
    Attachment, AttachmentError, FileName, MAX_ATTACHMENTS, MAX_MENTIONS, MediaType, Uri, refuse_unclean,
};
pub use cause::{Counted, MAX_CAUSE_DEPTH, refuse_place, totals};
pub use characteristic::{
    Allowed, Bounds, Characteristic, CharacteristicRule, CharacteristicRules, CharacteristicSet, CharacteristicSetId,
    CharacteristicSetIdError, CharacteristicSets, CharacteristicValue, Characteristics, Decimal, DecimalError, Demand,
    MAX_CHARACTERISTICS, MAX_WORDS,
};
pub use claim::{Answered, ClaimPoint, PointAnswered};
pub use cure::{CureDraft, CureLaw, CureRequest, CureSettled, CureState, LeastTerm, OpenCure};
pub use error::{Refusal, SalesBan};
pub use filing::{Filing, MAX_POINTS, Refiled};
pub use group::{Bonds, MAX_MERGED, Merge, Merged, moment_of_all, one_since, refuse_for_members, refuse_open_points};
pub use history::Destination;
pub use holding_reply::{HoldingReply, HoldingReplyDraft, Lengthened, Sender};
pub use id::{
    ArticleId, CaseId, ClockId, CureId, CustomerId, DepartmentId, IncidentId, InteractionId, LinkId, MacroId,
    MessageId, NestedIdError, NoticeId, NoticeTemplateId, ProcessId, PromiseId, RedressId, RedressItemId, RootCauseId,
    SlugId, SlugIdError, SurveyId, SurveyIdError, TicketId, ViewId,
};
pub use incident::{
    Affected, Incident, IncidentDraft, IncidentState, IncidentUpdate, Joined, Telling, Texts, TextsError, reach,
};
pub use key::{KeyError, KeypadKey, KeypadProof, Proof, TrackingKey};
pub use named::Named;
pub use notice::{
    Delivery, MOST_HANDINGS, Notice, NoticeAbout, NoticeOutcome, NoticeRoute, NoticeSaid, NoticeScope, NoticeState,
    NoticeTerms, NoticeWords, Quiet, QuietHours, Reach, awaited, choose_template, flaw_of, pause_after, route,
};
pub use process::{
    Course, Figures, Line, MAX_SITUATIONS, MAX_STEPS, Measure, Milestone, Move, MoveEnd, Place, Process, ProcessMap,
    Scope, Situation, Step, StepFigures, StepText, StepTitle, Stretch, Turn, Visit, Wording, WordingError, road,
};
pub use promise::{
    GoesAlong, Promise, PromiseDraft, PromiseForecast, PromiseGate, PromiseKind, PromiseState, Settlement, ToldBefore,
    Tried,
};
pub use public::{CustomerOption, customer_options};
pub use readability::{Readability, ReadabilityGrade, readability};
pub use receipt::Receipt;
pub use redress::{
    Amount, Authority, Granting, Limits, Proposer, Redress, RedressDraft, RedressState, Reference, Ruling,
};
pub use satisfaction::{Answers, Estimated, Question, Scored, scored};
pub use silence::{Heard, HeardCounts, HeardError, HeardFlaw, LEAST_ANSWERS, Silence, SilenceEstimate, silence};
pub use split::{SplitDraft, SplitOff};
pub use state::State;
pub use survey::{Ces, Csat, Nps, Opinion, Score, ScoreError, Survey, SurveyState};
pub use template::Place as TemplatePlace;
pub use template::{NoticePlace, Placeholder, Template, TemplateError};
pub use text::{
    Answer, Body, Cause, ExternalId, Missing, Owner, PointText, PromiseText, Query, Signpost, Slug, Subject, Text,
    TextError, Title, Told, Verbatim, Word,
};
pub use ticket::{Assigned, Assignment, Draft, EverFiled, Facts, Moment, OfficeCase, Opened, Ticket, Ties};
pub use transition::{Command, CustomerWord, Policy, Transitioned, is_elapsed_term};
pub use wording::{
    DocumentWords, announced, answer_due, complaint_invitation, document_words, new_date, promise_ends, rejected,
    renegotiated, spelled, withdrawn,
};
pub use words::{
    AffectedOutcome, ArticleStanding, AttemptOutcome, CancelReason, ChangeKind, CloseReason, LinkKind, Presence,
    PromiseStanding, RedressStanding, SatisfactionCause, ScanState, Severity, Standing, TakeReason, TicketType,
    Visibility,
};
