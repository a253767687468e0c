//! Notices: a customer is told that a promise will not be kept before it is broken, with why, by when instead, and what is done for them. Which template says it,
//! by which channel it goes and when, and what becomes of it on the way.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::{Channel, Department, Language};

use crate::wording::ZONE;
use crate::{
    Body, Cause, MessageId, NoticeId, NoticePlace, NoticeTemplateId, PromiseId, Refusal, State, Template, Texts,
    ToldBefore, Word, spelled,
};

/// How often a notice is handed to who delivers it, before nobody tries any more.
pub const MOST_HANDINGS: u32 = 5;
/// Characters a filled-in notice may have: those of a message.
pub const MAX_NOTICE: usize = 20_000;

/// When customers are told, and what they are promised instead where nothing better is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeTerms {
    /// How long before it is due a promise at risk is spoken of.
    pub lead: SignedDuration,
    /// How much later than the old date the new one is.
    pub extension: SignedDuration,
    /// When nobody is to disturb a customer of whom nothing is known at the moment.
    pub quiet: QuietHours,
}

impl NoticeTerms {
    /// The new date: what affairs like this one tell, when that is later than the old date; else a house's extension.
    pub fn new_due(&self, due: Timestamp, told: Option<Timestamp>) -> Timestamp {
        match told {
            Some(earliest) if earliest > due => earliest,
            _ => due.checked_add(self.extension).unwrap_or(Timestamp::MAX),
        }
    }
}

/// What a template is written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeScope {
    /// The department; all where none is named.
    pub department: Option<Department>,
    /// What the affair waits for; anything where none is named.
    pub reason: Option<Word>,
}

impl NoticeScope {
    /// How near it is to an affair of `department` that waits for `awaited`; the less, the nearer. None where it is for others.
    fn distance(&self, department: &Department, awaited: Option<&Word>) -> Option<u8> {
        let other_reason = match &self.reason {
            Some(reason) if Some(reason) == awaited => 0,
            Some(_) => return None,
            None => 2,
        };
        match &self.department {
            Some(own) if own == department => Some(other_reason),
            Some(_) => None,
            None => Some(other_reason + 1),
        }
    }
}

/// The template for an affair: the one for what it waits for, else the general one; its department's before the house's; of equals, the first.
pub fn choose_template<T>(
    kept: impl IntoIterator<Item = (NoticeScope, T)>,
    department: &Department,
    awaited: Option<&Word>,
) -> Option<T> {
    let near = |(scope, kept): (NoticeScope, T)| scope.distance(department, awaited).map(|far| (far, kept));
    kept.into_iter().filter_map(near).min_by_key(|(far, _)| *far).map(|(_, kept)| kept)
}

/// What an affair that stands so waits for; none when it waits for nothing.
pub const fn awaited(state: &State) -> Option<&Word> {
    match state {
        State::Pending { awaiting, .. } | State::Held { awaiting, .. } => Some(awaiting),
        _ => None,
    }
}

/// What a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeWords {
    /// The notice, each text a template.
    pub texts: Texts,
    /// Why the promise is not kept, in the same languages.
    pub causes: Texts<500>,
    /// What is done for the customer, in the same languages.
    pub remedies: Texts<500>,
    /// What they can do when a term of law is missed, in the same languages, where it is told of such terms; none where it is told of all others.
    pub recourses: Option<Texts<500>>,
}

/// What one notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSaid {
    /// In which language.
    pub language: Language,
    /// The text.
    pub text: Body,
    /// Why the promise is not kept.
    pub cause: Cause,
}

/// What of an affair is filled into a notice.
#[derive(Debug, Clone, Copy)]
pub struct NoticeAbout<'a> {
    /// The key the affair is followed by.
    pub tracking_key: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// What the department that works on it is called, in the language that is told.
    pub department: &'a str,
    /// When the promise is due.
    pub due: Timestamp,
    /// What is promised instead.
    pub new_due: Timestamp,
}

impl NoticeWords {
    /// In which language they tell somebody of this one: theirs where there is a text in it.
    pub fn language_for(&self, language: Language) -> Language {
        self.texts.language_for(language)
    }

    /// What is said of this affair, in its customer's language where there is a text in it; none when it is longer than a message may be.
    pub fn say(&self, about: NoticeAbout<'_>, language: Language) -> Option<NoticeSaid> {
        let language = self.language_for(language);
        let (cause, remedy) = (self.causes.told_in(language).expose(), self.remedies.told_in(language).expose());
        let recourse = self.recourses.as_ref().map_or("", |texts| texts.told_in(language).expose());
        let template: Template<NoticePlace> = self.texts.told_in(language).expose().parse().ok()?;
        let fill = |place| {
            Some(match place {
                NoticePlace::TrackingKey => about.tracking_key.to_owned(),
                NoticePlace::Subject => about.subject.to_owned(),
                NoticePlace::Department => about.department.to_owned(),
                NoticePlace::PromiseDue => spelled(about.due, language),
                NoticePlace::NewDue => spelled(about.new_due, language),
                NoticePlace::Cause => cause.to_owned(),
                NoticePlace::Remedy => remedy.to_owned(),
                NoticePlace::Recourse => recourse.to_owned(),
            })
        };
        let text = template.fill(fill).ok()?.parse().ok()?;
        Some(NoticeSaid { language, text, cause: cause.parse().ok()? })
    }
}

/// What is wrong with a text of a template, if anything: it must say why, by when instead and what is done, of a term of law also what the customer can do, and fit into a
/// message whatever it is filled in with.
pub fn flaw_of(text: &Template<NoticePlace>, of_law: bool) -> Option<&'static str> {
    let says = |place| text.places().any(|found| found == place);
    if says(NoticePlace::Recourse) != of_law {
        return Some("must say {recourse} where there are recourses, and nowhere else");
    }
    if ![NoticePlace::Cause, NoticePlace::NewDue, NoticePlace::Remedy].into_iter().all(says) {
        return Some("must say {cause}, {new_due} and {remedy}");
    }
    if text.longest(NoticePlace::longest) > MAX_NOTICE {
        return Some("must have at most 20000 characters when it is filled in");
    }
    None
}

impl NoticePlace {
    /// The most characters it is filled in with.
    const fn longest(self) -> usize {
        match self {
            Self::TrackingKey => 40,
            Self::Subject => 200,
            Self::Department | Self::PromiseDue | Self::NewDue => 100,
            Self::Cause | Self::Remedy | Self::Recourse => 500,
        }
    }
}

/// Hours in which nobody is to disturb, each day, over midnight if need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    until: Time,
    zone: TimeZone,
}

/// Whether nobody is to disturb, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// It is not quiet.
    No,
    /// Until this instant.
    Until(Timestamp),
    /// Every hour of every day.
    Always,
}

impl QuietHours {
    /// From `HH:MM` until `HH:MM` in an IANA time zone, that of the house where none is named; none when they cannot be read.
    pub fn parse(from: &str, until: &str, zone: &str) -> Option<Self> {
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
        };
        let zone = TimeZone::get(if zone.is_empty() { ZONE } else { zone }).ok()?;
        Some(Self { from: time(from)?, until: time(until)?, zone })
    }

    /// The same from one text, `HH:MM-HH:MM`, in the house's time zone.
    pub fn of_house(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        Self::parse(from, until, "")
    }

    /// When it is quiet next, after an instant at which it is not.
    pub fn begins_after(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.zone.to_datetime(at).date();
        let begins = |day: Date| self.zone.to_ambiguous_timestamp(day.to_datetime(self.from)).earlier().ok();
        today.series(1.day()).take(3).filter_map(begins).find(|begin| *begin > at)
    }

    /// Whether it is quiet at this instant, and until when. Equal ends are the whole day.
    pub fn at(&self, now: Timestamp) -> Quiet {
        if self.from == self.until {
            return Quiet::Always;
        }
        let local = self.zone.to_datetime(now);
        let over_midnight = self.from > self.until;
        let after_begin = local.time() >= self.from;
        let before_end = local.time() < self.until;
        let quiet = if over_midnight { after_begin || before_end } else { after_begin && before_end };
        if !quiet {
            return Quiet::No;
        }
        let day = if over_midnight && after_begin { local.date().tomorrow() } else { Ok(local.date()) };
        let Ok(day) = day else { return Quiet::Always };
        let end = self.zone.to_ambiguous_timestamp(day.to_datetime(self.until));
        // Where clocks go back the end comes twice, and the first may be over; where they go forward it is skipped, and is when they did.
        let ends = [end.earlier(), end.later()];
        let mut ends: Vec<Timestamp> = ends.into_iter().flatten().filter(|end| *end > now).collect();
        ends.sort_unstable();
        let not_quiet = |at: &Timestamp| {
            let time = self.zone.to_datetime(*at).time();
            if over_midnight { time >= self.until && time < self.from } else { time >= self.until || time < self.from }
        };
        ends.iter().find(|at| not_quiet(at)).or(ends.last()).map_or(Quiet::Always, |end| Quiet::Until(*end))
    }
}

/// So long before a promise is due a notice may be sent at the latest that waits for the end of quiet hours: somebody has to take it.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// By which channel a notice goes, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeRoute {
    /// The channel.
    pub channel: Channel,
    /// From then on.
    pub from: Timestamp,
    /// When it would disturb from then on, and by which channel it goes instead; none where it never does.
    pub later: Option<(Timestamp, Channel)>,
}

/// What is known of how a customer wants to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// The channel they asked for.
    pub preferred: Option<Channel>,
    /// The one they come by.
    pub learned: Option<Channel>,
    /// When nobody is to disturb: theirs, and where they stated none the house's.
    pub quiet: Option<QuietHours>,
    /// They have an e-mail address.
    pub email: bool,
}

impl Reach {
    /// Of a customer whose wishes cannot be asked for at the moment: the house's own quiet hours are kept. Waiting for the customer's would leave the promise to
    /// break unannounced, and a copy of them here would be one more to go stale and to erase; whom it wakes at night is not made good by an apology.
    pub fn unknown(house: &QuietHours) -> Self {
        Self { quiet: Some(house.clone()), ..Self::default() }
    }
}

/// How a notice written at `now` about a promise that is due at `due` goes to a customer whose affair came by `own`. What would disturb waits until nobody is
/// disturbed; where that is too late, it goes by what wakes nobody.
pub fn route(reach: &Reach, own: Channel, now: Timestamp, due: Timestamp) -> NoticeRoute {
    let wished = match reach.preferred.or(reach.learned).unwrap_or(own) {
        // A letter comes too late, and nobody stands at a counter.
        Channel::Post | Channel::InPerson => Channel::Sms,
        channel => channel,
    };
    let disturbs = matches!(wished, Channel::Phone | Channel::Sms | Channel::Chat);
    let quiet = reach.quiet.as_ref().filter(|_| disturbs).map_or(Quiet::No, |quiet| quiet.at(now));
    let silent = if reach.email { Channel::Email } else { Channel::Web };
    // Who comes to it late, or tries again, wakes nobody either.
    let by = |from: Timestamp| {
        let begins = reach.quiet.as_ref().filter(|_| disturbs).and_then(|quiet| quiet.begins_after(from));
        NoticeRoute { channel: wished, from, later: begins.map(|at| (at, silent)) }
    };
    let in_time = |end: Timestamp| end.checked_add(MARGIN).is_ok_and(|end| end < due);
    match quiet {
        Quiet::No => by(now),
        Quiet::Until(end) if in_time(end) => by(end),
        Quiet::Until(_) | Quiet::Always => NoticeRoute { channel: silent, from: now, later: None },
    }
}

/// What a customer is told before a promise is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The promise it speaks of.
    pub promise: PromiseId,
    /// What is promised instead.
    pub new_promise: PromiseId,
    /// The template it was written from.
    pub template: NoticeTemplateId,
    /// What it says.
    pub said: NoticeSaid,
    /// When the promise is due.
    pub due: Timestamp,
    /// When what is promised instead is due.
    pub new_due: Timestamp,
    /// How it goes to the customer.
    pub route: NoticeRoute,
    /// The message that says it in the affair; none in one that is over, to which nothing is added.
    pub message: Option<MessageId>,
    /// When it was written.
    pub written: Timestamp,
    /// What became of it on its way.
    pub delivery: Delivery,
}

/// What became of a notice on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// How often it was handed to who delivers it.
    pub handings: u32,
    /// When first.
    pub handed: Option<Timestamp>,
    /// How many of these were by the instant the promise was due.
    pub in_time: u32,
    /// From when on it may be handed over again: it waits until then, or somebody has it until then.
    pub next: Timestamp,
    /// Why it was not delivered when it was last tried.
    pub failure: Option<Word>,
    /// Where it stands.
    pub state: NoticeState,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// It waits to be handed to who delivers it, for the first time or again.
    Waiting,
    /// Somebody has it and has not said what became of it.
    Handed,
    /// The customer has it.
    Delivered {
        /// Since when.
        at: Timestamp,
        /// The handing, from 1, by which it came.
        handing: u32,
    },
    /// Nobody tries any more.
    Undeliverable {
        /// Since when.
        at: Timestamp,
    },
    /// There was nothing to tell any more.
    Withdrawn {
        /// Since when.
        at: Timestamp,
    },
}

/// What who delivers says of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeOutcome {
    /// The customer has it.
    Delivered,
    /// They have not.
    Failed {
        /// Why.
        reason: Word,
    },
}

/// How long a notice waits after it failed so often.
pub fn pause_after(handings: u32) -> SignedDuration {
    let times = 5_i64.saturating_pow(handings.saturating_sub(1).min(MOST_HANDINGS));
    SignedDuration::from_mins(times)
}

impl Notice {
    /// Whether its customer has it, or may: somebody was handed it and did not bring it back.
    pub const fn left_the_house(&self) -> bool {
        matches!(self.delivery.state, NoticeState::Delivered { .. } | NoticeState::Handed)
    }

    /// What it had told by the instant the promise was due: the handing by which the customer has it had left the house by then; or somebody had it at that instant and has not said
    /// what became of it, which proves nothing (the burden is the firm's, Ley 10/2025 art. 4.7). What was handed over, and came back without a word, told nobody.
    pub fn told(&self) -> ToldBefore {
        let Delivery { handings, in_time, next, state, .. } = &self.delivery;
        let cause = self.said.cause.clone();
        match state {
            NoticeState::Delivered { handing, .. } if handing <= in_time => ToldBefore::InTime(cause),
            NoticeState::Handed if handings == in_time && *next > self.due => ToldBefore::Unreported(cause),
            NoticeState::Delivered { .. }
            | NoticeState::Handed
            | NoticeState::Waiting
            | NoticeState::Undeliverable { .. }
            | NoticeState::Withdrawn { .. } => ToldBefore::Nothing,
        }
    }

    /// What became of the handing with this number, from 1. What is said twice, or too late to matter, changes nothing: then there is no other notice.
    ///
    /// # Errors
    /// [`Refusal::NoticeNotHanded`] when it was not handed over so often.
    pub fn report(mut self, handing: u32, outcome: NoticeOutcome, at: Timestamp) -> Result<Option<Self>, Refusal> {
        let Delivery { handings, state, .. } = self.delivery;
        if handing == 0 || handing > handings {
            return Err(Refusal::NoticeNotHanded { handings });
        }
        match outcome {
            NoticeOutcome::Delivered if matches!(state, NoticeState::Delivered { .. }) => return Ok(None),
            NoticeOutcome::Delivered => {
                self.delivery.state = NoticeState::Delivered { at, handing };
                self.delivery.failure = None;
            }
            // Somebody else has it by now, or it is known already how it ended.
            NoticeOutcome::Failed { .. } if state != NoticeState::Handed || handing < handings => return Ok(None),
            NoticeOutcome::Failed { reason } => {
                self.delivery.failure = Some(reason);
                if handings >= MOST_HANDINGS {
                    self.delivery.state = NoticeState::Undeliverable { at };
                } else {
                    self.delivery.state = NoticeState::Waiting;
                    self.delivery.next = at.checked_add(pause_after(handings)).unwrap_or(Timestamp::MAX);
                }
            }
        }
        Ok(Some(self))
    }

    /// Nobody said what became of its last handing: nobody tries any more. None when there is still something to wait for.
    pub fn give_up(mut self, at: Timestamp) -> Option<Self> {
        let Delivery { handings, next, state, .. } = self.delivery;
        if state != NoticeState::Handed || handings < MOST_HANDINGS || next > at {
            return None;
        }
        self.delivery.state = NoticeState::Undeliverable { at };
        self.delivery.failure = Some("no_report".parse().expect("it is a word"));
        Some(self)
    }

    /// There is nothing to tell any more. None when somebody has it, or it has ended.
    pub fn withdraw(mut self, at: Timestamp) -> Option<Self> {
        let Delivery { state, next, .. } = self.delivery;
        if state != NoticeState::Waiting && !(state == NoticeState::Handed && next <= at) {
            return None;
        }
        self.delivery.state = NoticeState::Withdrawn { at };
        Some(self)
    }
}

#[cfg(test)]
mod tests;
