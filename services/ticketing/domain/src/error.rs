//! What business refuses, with the facts a program needs to act on it.

mod sales_ban;
mod told;

use jiff::Timestamp;

use crate::{
    ArticleStanding, CaseId, ClockId, CureId, CureLaw, CustomerId, Owner, Placeholder, Presence, PromiseStanding,
    RedressStanding, ScanState, Standing, SurveyId, TicketId,
};

pub use sales_ban::SalesBan;

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state does not know this transition.
    #[error("a ticket that is {state} cannot {transition}")]
    TransitionNotAllowed {
        /// Where the ticket stands.
        state: Standing,
        /// The verb that was asked for.
        transition: &'static str,
    },
    /// Nothing can follow.
    #[error("the ticket is {state} and over; open a new one that follows it up")]
    TicketOver {
        /// Where the ticket stands.
        state: Standing,
    },
    /// Points without an answer.
    #[error("claim points without an answer: {}; answer each before resolving", points.join(", "))]
    ClaimPointUnanswered {
        /// Ids of the points.
        points: Vec<String>,
    },
    /// Boilerplate, an echo of the point, or the answer to another point.
    #[error("the text is no reasoned answer to this point; say what was found and why")]
    GenericAnswer,
    /// A term has passed.
    #[error("a ticket is neither closed nor cancelled because a term has passed")]
    CloseByElapsedTerm,
    /// The customer may still object.
    #[error("the customer may object until {open_until}")]
    ObjectionWindowOpen {
        /// When the window is over.
        open_until: Timestamp,
    },
    /// The office hears a case about it.
    #[error("the ombudsman's office hears {case} about this ticket")]
    OfficeCaseOpen {
        /// The case.
        case: CaseId,
    },
    /// Earlier than what is already written.
    #[error("the ticket already has a change at {not_before}; send changes in their order")]
    OutOfOrder {
        /// The ticket's last change.
        not_before: Timestamp,
    },
    /// Only history brought from elsewhere has a past time of its own.
    #[error("only an importer or a service may state a past time or a closing at the source")]
    PastTimeNotAllowed,
    /// The ticket has no such point.
    #[error("the ticket has no such claim point")]
    NoSuchClaimPoint,
    /// The promise has ended.
    #[error("the promise is {state}")]
    PromiseOver {
        /// How it ended.
        state: PromiseStanding,
    },
    /// Too late to keep, announce or renegotiate it.
    #[error("the promise was due at {due}; it can only be settled as broken in silence")]
    PromisePastDue {
        /// When it was due.
        due: Timestamp,
    },
    /// Too early to call it broken in silence.
    #[error("the promise is not due before {due}; announce that it will be broken")]
    PromiseNotDue {
        /// When it is due.
        due: Timestamp,
    },
    /// Satisfaction with what is not answered yet.
    #[error("a ticket that is {state} has no answer to be satisfied with; resolve it first")]
    SurveyBeforeResolution {
        /// Where the ticket stands.
        state: Standing,
    },
    /// A customer is asked once.
    #[error("the customer was asked already: {}", survey.name())]
    SurveyAlreadyAsked {
        /// The survey.
        survey: SurveyId,
    },
    /// An answer is not changed.
    #[error("the customer has answered")]
    SurveyAlreadyAnswered,
    /// Nobody grades their own work.
    #[error("who owns the ticket or resolved it does not write down how satisfied the customer is")]
    SurveyOfOwnWork,
    /// Nothing is offered for sale in an affair like this.
    #[error("nothing is offered for sale in an affair like this ({}); answer it, and leave the offer out", law.article())]
    SalesOfferNotAllowed {
        /// Why not.
        law: SalesBan,
    },
    /// The caller is no agent here.
    #[error("the caller is no agent here; a supervisor has to put them here")]
    AgentUnknown,
    /// The caller takes no affairs now.
    #[error("the caller is {presence} and takes no affairs")]
    AgentNotAvailable {
        /// How it stands.
        presence: Presence,
    },
    /// The caller holds all they may.
    #[error("the caller holds {holding} affairs and may hold {capacity}; answer one or hand it over")]
    AgentAtCapacity {
        /// How many they may hold.
        capacity: u16,
        /// How many they hold.
        holding: u32,
    },
    /// Said of somebody else.
    #[error("only supervisors say of others whether they take affairs")]
    NotYourPresence,
    /// Nobody opens an affair for them.
    #[error("{customer} was erased; whoever comes back is somebody new")]
    CustomerErased {
        /// Who was.
        customer: CustomerId,
    },
    /// Waiting for this stops, puts off or lengthens a legal term.
    #[error(
        "a legal term is moved by no wait; ask the customer to complete the affair, which gives them the time of {}, or send a holding reply where law knows one",
        law.article()
    )]
    CureRequestNeeded {
        /// The law that gives the time.
        law: CureLaw,
    },
    /// No law of the affair knows an answer for the time being.
    #[error("no term of the affair that runs is lengthened by a holding reply, or it is over")]
    HoldingReplyNotProvided,
    /// Told once.
    #[error("the customer was told already why the answer takes longer")]
    HoldingReplySent,
    /// Later than law lets.
    #[error("the answer is owed by {latest}, however the customer is held off")]
    HoldingReplyTooLate {
        /// The end of the lengthened term.
        latest: Timestamp,
    },
    /// Law gives the customer more time.
    #[error("the customer has until {earliest} at the least ({})", law.article())]
    CureTermTooShort {
        /// The least.
        earliest: Timestamp,
        /// The law that gives it.
        law: CureLaw,
    },
    /// The customer has time, has answered, or was never asked.
    #[error("the ticket does not count as resolved: the last request to complete it is {state}")]
    CureNotLapsed {
        /// `never_asked`, `asked`, `answered`, `answered_late` or `of_another_law`.
        state: &'static str,
    },
    /// A legal term would stand still for too long.
    #[error("a legal term stands still until {latest} at the most, which is twice what law gives the customer")]
    CureTermTooLong {
        /// The latest.
        latest: Timestamp,
    },
    /// The customer was asked for this before.
    #[error("the customer was asked for this before, in {}; ask for what is still missing", cure.name())]
    CureAskedBefore {
        /// When.
        cure: CureId,
    },
    /// Their silence says nothing.
    #[error(
        "the customer has said something since they were answered; reopen the ticket, or close it as accepted where that is what they said"
    )]
    CustomerHasSpoken,
    /// Nothing shows it.
    #[error("nothing that the customer said shows it; write down what they said")]
    NotSaidByCustomer,
    /// Nobody says that their own answer was accepted.
    #[error(
        "who resolved the ticket does not say that the customer accepted; let somebody else, or the customer by key and proof"
    )]
    AcceptanceOfOwnWork,
    /// An answer is promised, and there is none.
    #[error("an answer that was promised is kept by the answer, and the ticket is {state}")]
    NotAnsweredYet {
        /// Where the ticket stands.
        state: Standing,
    },
    /// A call or a visit is promised, and nobody was reached.
    #[error("a call or a visit is kept by reaching the customer or by trying them often enough; say how it went")]
    NotReachedYet {
        /// How often they were tried.
        tried: u32,
    },
    /// Nobody of this id is an agent here.
    #[error("{} is no agent here; a supervisor has to put them here", owner.as_str())]
    OwnerUnknown {
        /// Who.
        owner: Owner,
    },
    /// They wait already.
    #[error("the customer waits for a superior since {since}")]
    SupervisorAlreadyCalled {
        /// Since when.
        since: Timestamp,
    },
    /// Nothing more is told.
    #[error("the incident is over, and nothing more is told; open another if it came back")]
    IncidentOver,
    /// Of another incident, or of none.
    #[error("the ticket does not belong to this incident")]
    NotAffected,
    /// Nothing would change.
    #[error("the ticket is filed so already")]
    AlreadyFiledSo,
    /// A complaint without a point.
    #[error("a queja or reclamación claims at least one point; say what is claimed")]
    NothingClaimed,
    /// More than one affair may claim.
    #[error("a ticket claims at most {most} points")]
    TooManyClaimPoints {
        /// The most.
        most: usize,
    },
    /// The point is answered in another affair.
    #[error("the point was split off into {to}; answer it there")]
    ClaimPointMoved {
        /// The other affair.
        to: TicketId,
    },
    /// What is answered is not split off.
    #[error("{point} is answered already and stays; split off what is not")]
    ClaimPointIsAnswered {
        /// Id of the point.
        point: String,
    },
    /// Nothing to split, or nothing to stay.
    #[error("a split takes some of the points and leaves some; hand over the whole ticket by a transfer")]
    SplitLeavesNothing,
    /// It is answered with another.
    #[error("the ticket is answered with {into}, which it was merged into; go on there, or unmerge it")]
    TicketMerged {
        /// The one to go on in.
        into: TicketId,
    },
    /// Not merged.
    #[error("the ticket was not merged into another")]
    TicketNotMerged,
    /// Into itself, or into one that it is one with already.
    #[error("the two are one affair already")]
    AlreadyOne,
    /// Of different people.
    #[error("the two tickets are of different customers; let customer-profile say whether they are one person")]
    CustomersDiffer,
    /// Too many in one.
    #[error("at most {most} tickets are one affair")]
    TooManyMerged {
        /// The most.
        most: usize,
    },
    /// It is said already.
    #[error("the two are linked so already")]
    AlreadyLinked,
    /// A part of two wholes.
    #[error("the ticket is a part of {parent} already; end that link first")]
    HasParent {
        /// Of what it is a part.
        parent: TicketId,
    },
    /// It would be a part, or a cause, of itself.
    #[error("the link would lead in a circle")]
    LinkCircular,
    /// It has ended, or is of the kind that ends by its own verb.
    #[error("the link is not one to end: it has ended, or ends by unmerging, or is what happened")]
    LinkNotToEnd,
    /// What was said in it was destroyed.
    #[error("what was said in the ticket was destroyed with its customer's data; nothing is added to it any more")]
    TicketErased,
    /// One map for one kind of affair.
    #[error("{process} is made for the same kind of affair and subject matter; write a version of that one")]
    ScopeTaken {
        /// Name of the other map.
        process: String,
    },
    /// The map has no such step.
    #[error("the affair's map has no such step")]
    StepNotOnMap {
        /// Ids of those it has, the first of them.
        steps: Vec<String>,
    },
    /// The step is for affairs that stand otherwise.
    #[error("an affair that is {state} is not at that step")]
    StepNotHere {
        /// Where the ticket stands.
        state: Standing,
    },
    /// There is nothing to enter.
    #[error("the affair is at that step already")]
    AlreadyAtStep,
    /// More than one call looks at.
    #[error("there are more than {most} affairs in that time; ask for a shorter one")]
    TooManyTickets {
        /// The most.
        most: usize,
    },
    /// Somebody else made it.
    #[error("somebody else made the view; only they and supervisors change it")]
    NotYourView,
    /// It is somebody else's.
    #[error("it is somebody else's; ask them, or make one of your own")]
    NotYours,
    /// The customer would be sent a file that nobody found clean.
    #[error("attachment {place} is {state}; have it looked into, or leave it out")]
    AttachmentNotClean {
        /// Its place, from 0.
        place: usize,
        /// What was found.
        state: ScanState,
    },
    /// A macro says what the affair has not.
    #[error("the affair has no {placeholder} to fill in; edit the text")]
    MacroLacks {
        /// What is filled in.
        placeholder: Placeholder,
    },
    /// Nobody approves what they wrote.
    #[error("who wrote a template does not approve it; ask another supervisor")]
    NoticeTemplateOwn,
    /// Nothing is left to approve.
    #[error("the template is approved as it stands")]
    NoticeTemplateApproved,
    /// Nobody was handed it so often.
    #[error("the notice was handed over {handings} times; report on one of these")]
    NoticeNotHanded {
        /// How often it was.
        handings: u32,
    },
    /// It is not in the catalogue any more.
    #[error("the item is not offered any more; propose another")]
    ItemRetired,
    /// Nobody decides what they proposed.
    #[error("who proposed a redress does not decide it; ask another supervisor")]
    RedressOwnProposal,
    /// Machines promise little.
    #[error("a telephone system promises a call back and nothing else; let a person promise it")]
    PromiseNotByMachine,
    /// Nobody grants twice.
    #[error("the caller has granted it; another supervisor has to")]
    RedressGrantedAlready,
    /// It is at another step.
    #[error("the redress is {state}")]
    RedressNotOpen {
        /// Where it stands.
        state: RedressStanding,
    },
    /// A cause would be a kind of itself.
    #[error("the cause would be a kind of itself; name another parent")]
    CauseCircular,
    /// The tree of causes would be too deep.
    #[error("the tree of causes would be more than {most} deep; name a parent further up")]
    CauseTooDeep {
        /// How deep it may be.
        most: usize,
    },
    /// It is not said of affairs any more.
    #[error("the cause is not said of affairs any more; state another")]
    CauseRetired,
    /// One question has one answer.
    #[error("{article} answers the question; write a version of that one")]
    ArticleExists {
        /// The other's name.
        article: String,
    },
    /// It is not in use.
    #[error("the article is {state}; publish it, or cite another")]
    ArticleNotPublished {
        /// Whether it is in use.
        state: ArticleStanding,
    },
    /// Affairs like this one take longer.
    #[error(
        "fewer than {percent} % of affairs like this one are answered before {earliest}, and {kept_percent} % by the day that is promised; promise a later day, or say why it will be kept"
    )]
    PromiseTooEarly {
        /// Before which fewer than the house asks for are answered.
        earliest: Timestamp,
        /// How many that is.
        percent: u8,
        /// How many were answered by the day that is promised.
        kept_percent: u8,
    },
    /// It stands for a term, and its clock says how it ended.
    #[error(
        "the promise stands for the term of {clock}, which an answer meets and no other date moves; answer, or announce that it will be missed"
    )]
    PromiseOfTerm {
        /// The clock.
        clock: ClockId,
    },
    /// Nobody was promised a call or a visit.
    #[error("the promise is neither of a call back nor of an appointment; settle it instead")]
    NothingToAttempt,
}
