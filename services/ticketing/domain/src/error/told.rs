//! What a program is told of a refusal: its kind, its reason, and the facts it needs to act on it.

use std::borrow::Cow;

use kernel::{Classify, Kind, ResourceId as _};

use super::Refusal;

/// Every point gets its reasoned answer.
const ART_13_1: &str = "Ley 10/2025 art. 13.1";
/// No closing because a term has passed.
const ART_13_2: &str = "Ley 10/2025 art. 13.2";
/// Satisfaction is asked about after the answer, never before.
const ART_18: &str = "Ley 10/2025 art. 18";

impl Classify for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::PastTimeNotAllowed
            | Self::SurveyOfOwnWork
            | Self::NotYourPresence
            | Self::NotYourView
            | Self::NotYours
            | Self::RedressOwnProposal
            | Self::PromiseNotByMachine
            | Self::AcceptanceOfOwnWork
            | Self::NoticeTemplateOwn => Kind::PermissionDenied,
            Self::NoSuchClaimPoint => Kind::NotFound,
            Self::NoticeTemplateApproved
            | Self::NoticeNotHanded { .. }
            | Self::TransitionNotAllowed { .. }
            | Self::TicketOver { .. }
            | Self::ClaimPointUnanswered { .. }
            | Self::GenericAnswer
            | Self::CloseByElapsedTerm
            | Self::ObjectionWindowOpen { .. }
            | Self::OfficeCaseOpen { .. }
            | Self::OutOfOrder { .. }
            | Self::PromiseOver { .. }
            | Self::PromisePastDue { .. }
            | Self::PromiseNotDue { .. }
            | Self::PromiseOfTerm { .. }
            | Self::SurveyBeforeResolution { .. }
            | Self::SurveyAlreadyAsked { .. }
            | Self::SurveyAlreadyAnswered
            | Self::CustomerErased { .. }
            | Self::AgentUnknown
            | Self::AgentNotAvailable { .. }
            | Self::AgentAtCapacity { .. }
            | Self::SalesOfferNotAllowed { .. }
            | Self::CureRequestNeeded { .. }
            | Self::CureTermTooShort { .. }
            | Self::CureNotLapsed { .. }
            | Self::CureTermTooLong { .. }
            | Self::CureAskedBefore { .. }
            | Self::CustomerHasSpoken
            | Self::NotSaidByCustomer
            | Self::NotAnsweredYet { .. }
            | Self::NotReachedYet { .. }
            | Self::OwnerUnknown { .. }
            | Self::HoldingReplyNotProvided
            | Self::HoldingReplySent
            | Self::HoldingReplyTooLate { .. }
            | Self::SupervisorAlreadyCalled { .. }
            | Self::IncidentOver
            | Self::NotAffected
            | Self::AlreadyFiledSo
            | Self::NothingClaimed
            | Self::TooManyClaimPoints { .. }
            | Self::ClaimPointMoved { .. }
            | Self::ClaimPointIsAnswered { .. }
            | Self::SplitLeavesNothing
            | Self::TicketMerged { .. }
            | Self::TicketNotMerged
            | Self::AlreadyOne
            | Self::CustomersDiffer
            | Self::TooManyMerged { .. }
            | Self::AlreadyLinked
            | Self::HasParent { .. }
            | Self::LinkCircular
            | Self::LinkNotToEnd
            | Self::StepNotOnMap { .. }
            | Self::StepNotHere { .. }
            | Self::AlreadyAtStep
            | Self::TooManyTickets { .. }
            | Self::PromiseTooEarly { .. }
            | Self::NothingToAttempt
            | Self::AttachmentNotClean { .. }
            | Self::MacroLacks { .. }
            | Self::ItemRetired
            | Self::RedressGrantedAlready
            | Self::RedressNotOpen { .. }
            | Self::CauseCircular
            | Self::CauseTooDeep { .. }
            | Self::CauseRetired
            | Self::ArticleNotPublished { .. }
            | Self::TicketErased => Kind::FailedPrecondition,
            Self::ScopeTaken { .. } | Self::ArticleExists { .. } => Kind::AlreadyExists,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::TransitionNotAllowed { .. } => "TRANSITION_NOT_ALLOWED",
            Self::TicketOver { .. } => "TICKET_OVER",
            Self::ClaimPointUnanswered { .. } => "CLAIM_POINT_UNANSWERED",
            Self::GenericAnswer => "GENERIC_ANSWER",
            Self::CloseByElapsedTerm => "CLOSE_BY_ELAPSED_TERM",
            Self::ObjectionWindowOpen { .. } => "OBJECTION_WINDOW_OPEN",
            Self::OfficeCaseOpen { .. } => "OFFICE_CASE_OPEN",
            Self::OutOfOrder { .. } => "OUT_OF_ORDER",
            Self::PastTimeNotAllowed => "PAST_TIME_NOT_ALLOWED",
            Self::NoSuchClaimPoint => "NOT_FOUND",
            Self::PromiseOver { .. } => "PROMISE_OVER",
            Self::PromisePastDue { .. } => "PROMISE_PAST_DUE",
            Self::PromiseNotDue { .. } => "PROMISE_NOT_DUE",
            Self::SurveyBeforeResolution { .. } => "SURVEY_BEFORE_RESOLUTION",
            Self::SurveyAlreadyAsked { .. } => "SURVEY_ALREADY_ASKED",
            Self::SurveyAlreadyAnswered => "SURVEY_ALREADY_ANSWERED",
            Self::SurveyOfOwnWork => "SURVEY_OF_OWN_WORK",
            Self::CustomerErased { .. } => "CUSTOMER_ERASED",
            Self::SalesOfferNotAllowed { .. } => "SALES_OFFER_NOT_ALLOWED",
            Self::CureRequestNeeded { .. } => "CURE_REQUEST_NEEDED",
            Self::CureTermTooShort { .. } => "CURE_TERM_TOO_SHORT",
            Self::CureNotLapsed { .. } => "CURE_NOT_LAPSED",
            Self::CureTermTooLong { .. } => "CURE_TERM_TOO_LONG",
            Self::CureAskedBefore { .. } => "CURE_ASKED_BEFORE",
            Self::CustomerHasSpoken => "CUSTOMER_HAS_SPOKEN",
            Self::NotSaidByCustomer => "NOT_SAID_BY_CUSTOMER",
            Self::AcceptanceOfOwnWork => "ACCEPTANCE_OF_OWN_WORK",
            Self::NotAnsweredYet { .. } => "NOT_ANSWERED_YET",
            Self::NotReachedYet { .. } => "NOT_REACHED_YET",
            Self::OwnerUnknown { .. } => "OWNER_UNKNOWN",
            Self::HoldingReplyNotProvided => "HOLDING_REPLY_NOT_PROVIDED",
            Self::HoldingReplySent => "HOLDING_REPLY_SENT",
            Self::HoldingReplyTooLate { .. } => "HOLDING_REPLY_TOO_LATE",
            Self::SupervisorAlreadyCalled { .. } => "SUPERVISOR_ALREADY_CALLED",
            Self::IncidentOver => "INCIDENT_OVER",
            Self::NotAffected => "NOT_AFFECTED",
            Self::AgentUnknown => "AGENT_UNKNOWN",
            Self::AgentNotAvailable { .. } => "AGENT_NOT_AVAILABLE",
            Self::AgentAtCapacity { .. } => "AGENT_AT_CAPACITY",
            Self::NotYourPresence => "NOT_YOUR_PRESENCE",
            Self::AlreadyFiledSo => "ALREADY_FILED_SO",
            Self::NothingClaimed => "NOTHING_CLAIMED",
            Self::TooManyClaimPoints { .. } => "TOO_MANY_CLAIM_POINTS",
            Self::ClaimPointMoved { .. } => "CLAIM_POINT_MOVED",
            Self::ClaimPointIsAnswered { .. } => "CLAIM_POINT_IS_ANSWERED",
            Self::SplitLeavesNothing => "SPLIT_LEAVES_NOTHING",
            Self::TicketMerged { .. } => "TICKET_MERGED",
            Self::TicketNotMerged => "TICKET_NOT_MERGED",
            Self::AlreadyOne => "ALREADY_ONE",
            Self::CustomersDiffer => "CUSTOMERS_DIFFER",
            Self::TooManyMerged { .. } => "TOO_MANY_MERGED",
            Self::AlreadyLinked => "ALREADY_LINKED",
            Self::HasParent { .. } => "HAS_PARENT",
            Self::LinkCircular => "LINK_CIRCULAR",
            Self::LinkNotToEnd => "LINK_NOT_TO_END",
            Self::TicketErased => "TICKET_ERASED",
            Self::ScopeTaken { .. } => "SCOPE_TAKEN",
            Self::StepNotOnMap { .. } => "STEP_NOT_ON_MAP",
            Self::StepNotHere { .. } => "STEP_NOT_HERE",
            Self::AlreadyAtStep => "ALREADY_AT_STEP",
            Self::TooManyTickets { .. } => "TOO_MANY_TICKETS",
            Self::NotYourView => "NOT_YOUR_VIEW",
            Self::NotYours => "NOT_YOURS",
            Self::AttachmentNotClean { .. } => "ATTACHMENT_NOT_CLEAN",
            Self::MacroLacks { .. } => "MACRO_LACKS",
            Self::NoticeTemplateOwn => "NOTICE_TEMPLATE_OWN",
            Self::NoticeTemplateApproved => "NOTICE_TEMPLATE_APPROVED",
            Self::NoticeNotHanded { .. } => "NOTICE_NOT_HANDED",
            Self::ItemRetired => "ITEM_RETIRED",
            Self::RedressOwnProposal => "REDRESS_OWN_PROPOSAL",
            Self::PromiseNotByMachine => "PROMISE_NOT_BY_MACHINE",
            Self::RedressGrantedAlready => "REDRESS_GRANTED_ALREADY",
            Self::RedressNotOpen { .. } => "REDRESS_NOT_OPEN",
            Self::CauseCircular => "CAUSE_CIRCULAR",
            Self::CauseTooDeep { .. } => "CAUSE_TOO_DEEP",
            Self::CauseRetired => "CAUSE_RETIRED",
            Self::ArticleExists { .. } => "ARTICLE_EXISTS",
            Self::ArticleNotPublished { .. } => "ARTICLE_NOT_PUBLISHED",
            Self::PromiseTooEarly { .. } => "PROMISE_TOO_EARLY",
            Self::PromiseOfTerm { .. } => "PROMISE_OF_TERM",
            Self::NothingToAttempt => "NOTHING_TO_ATTEMPT",
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::TransitionNotAllowed { state, transition } => {
                vec![("state", state.as_str().into()), ("transition", (*transition).into())]
            }
            Self::TicketOver { state } => vec![("state", state.as_str().into())],
            Self::ClaimPointUnanswered { points } => {
                vec![("article", ART_13_1.into()), ("claim_points", points.join(",").into())]
            }
            Self::GenericAnswer => vec![("article", ART_13_1.into())],
            Self::CloseByElapsedTerm | Self::CustomerHasSpoken => vec![("article", ART_13_2.into())],
            Self::CureTermTooLong { latest } => vec![("latest", latest.to_string().into())],
            Self::CureAskedBefore { cure } => vec![("cure", cure.name().into())],
            Self::NotAnsweredYet { state } => vec![("state", state.as_str().into())],
            Self::NotReachedYet { tried } => vec![("attempt_count", tried.to_string().into())],
            Self::OwnerUnknown { owner } => vec![("owner", owner.as_str().to_owned().into())],
            Self::ObjectionWindowOpen { open_until } => vec![("open_until", open_until.to_string().into())],
            Self::OfficeCaseOpen { case } => vec![("case", case.to_string().into())],
            Self::OutOfOrder { not_before } => vec![("not_before", not_before.to_string().into())],
            Self::PromiseOver { state } => vec![("state", state.as_str().into())],
            Self::PromiseOfTerm { clock } => vec![("clock", clock.name().into())],
            Self::PromisePastDue { due } | Self::PromiseNotDue { due } => vec![("due_time", due.to_string().into())],
            Self::SurveyBeforeResolution { state } => {
                vec![("article", ART_18.into()), ("state", state.as_str().into())]
            }
            Self::CustomerErased { customer } => vec![("customer", customer.to_string().into())],
            Self::SurveyAlreadyAsked { survey } => vec![("survey", survey.name().into())],
            Self::SalesOfferNotAllowed { law } => vec![("article", law.article().into())],
            Self::CureRequestNeeded { law } => vec![("article", law.article().into())],
            Self::CureTermTooShort { earliest, law } => {
                vec![("earliest", earliest.to_string().into()), ("article", law.article().into())]
            }
            Self::HoldingReplyTooLate { latest } => vec![("latest", latest.to_string().into())],
            Self::SupervisorAlreadyCalled { since } => vec![("since", since.to_string().into())],
            Self::CureNotLapsed { state } => vec![("state", (*state).into())],
            Self::AgentNotAvailable { presence } => vec![("presence", presence.as_str().into())],
            Self::AgentAtCapacity { capacity, holding } => {
                vec![("capacity", capacity.to_string().into()), ("holding", holding.to_string().into())]
            }
            Self::TooManyClaimPoints { most } | Self::TooManyMerged { most } | Self::TooManyTickets { most } => {
                vec![("most", most.to_string().into())]
            }
            Self::PromiseTooEarly { earliest, percent, kept_percent } => vec![
                ("earliest_time", earliest.to_string().into()),
                ("percent", percent.to_string().into()),
                ("kept_percent", kept_percent.to_string().into()),
            ],
            Self::AttachmentNotClean { place, state } => {
                vec![("attachment", place.to_string().into()), ("scan_state", state.as_str().into())]
            }
            Self::RedressNotOpen { state } => vec![("state", state.as_str().into())],
            Self::CauseTooDeep { most } => vec![("most", most.to_string().into())],
            Self::ArticleExists { article } => vec![("article", article.clone().into())],
            Self::ArticleNotPublished { state } => vec![("state", state.as_str().into())],
            Self::NoticeNotHanded { handings } => vec![("hand_count", handings.to_string().into())],
            Self::MacroLacks { placeholder } => vec![("placeholder", placeholder.to_string().into())],
            Self::ScopeTaken { process } => vec![("process", process.clone().into())],
            Self::StepNotOnMap { steps } => vec![("steps", steps.join(",").into())],
            Self::StepNotHere { state } => vec![("state", state.to_string().into())],
            Self::ClaimPointMoved { to } => vec![("ticket", to.to_string().into())],
            Self::ClaimPointIsAnswered { point } => vec![("claim_point", point.clone().into())],
            Self::TicketMerged { into } => vec![("into", into.to_string().into())],
            Self::HasParent { parent } => vec![("parent", parent.to_string().into())],
            Self::IncidentOver
            | Self::NotAffected
            | Self::AlreadyFiledSo
            | Self::NothingClaimed
            | Self::SplitLeavesNothing
            | Self::TicketNotMerged
            | Self::AlreadyOne
            | Self::CustomersDiffer
            | Self::AlreadyLinked
            | Self::LinkCircular
            | Self::LinkNotToEnd
            | Self::AlreadyAtStep
            | Self::NotYourView
            | Self::NotYours
            | Self::HoldingReplyNotProvided
            | Self::HoldingReplySent
            | Self::ItemRetired
            | Self::NoticeTemplateOwn
            | Self::NoticeTemplateApproved
            | Self::RedressOwnProposal
            | Self::PromiseNotByMachine
            | Self::RedressGrantedAlready
            | Self::CauseCircular
            | Self::CauseRetired
            | Self::NothingToAttempt
            | Self::AgentUnknown
            | Self::NotYourPresence
            | Self::NotSaidByCustomer
            | Self::AcceptanceOfOwnWork
            | Self::PastTimeNotAllowed
            | Self::NoSuchClaimPoint
            | Self::SurveyAlreadyAnswered
            | Self::SurveyOfOwnWork
            | Self::TicketErased => Vec::new(),
        }
    }
}
