//! Notices: a customer is told that a promise will not be kept before it is broken, with why, by when instead, and what is done for them. Which template says it,
//! by which channel it goes and when, and what becomes of it on the way.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Department, Language};

use crate::wording::ZONE;
use crate::{
    Body, Cause, MessageId, NoticeId, NoticePlace, NoticeTemplateId, PromiseId, Refusal, State, Template, Texts, Word,
    spelled,
};

/// How often a notice is handed to who delivers it, before nobody tries any more.
pub const MOST_HANDINGS: u32 = 5;
/// Characters a filled-in notice may have: those of a message.
pub const MAX_NOTICE: usize = 20_000;

/// When customers are told, and what they are promised instead where nothing better is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeTerms {
    /// How long before it is due a promise at risk is spoken of.
    pub lead: SignedDuration,
    /// How much later than the old date the new one is.
    pub extension: SignedDuration,
}

impl NoticeTerms {
    /// The new date: what affairs like this one tell, when that is later than the old date; else a house's extension.
    pub fn new_due(self, due: Timestamp, told: Option<Timestamp>) -> Timestamp {
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
    /// The department that works on it.
    pub department: &'a str,
    /// When the promise is due.
    pub due: Timestamp,
    /// What is promised instead.
    pub new_due: Timestamp,
}

impl NoticeWords {
    /// What is said of this affair, in its customer's language where there is a text in it; none when it is longer than a message may be.
    pub fn say(&self, about: NoticeAbout<'_>, language: Language) -> Option<NoticeSaid> {
        let has = |wanted| self.texts.iter().any(|(language, _)| language == wanted);
        let language = if has(language) { language } else { Language::Es };
        let (cause, remedy) = (self.causes.told_in(language).expose(), self.remedies.told_in(language).expose());
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
            })
        };
        let text = template.fill(fill).ok()?.parse().ok()?;
        Some(NoticeSaid { language, text, cause: cause.parse().ok()? })
    }
}

/// What is wrong with a text of a template, if anything: it must say why, by when instead and what is done, and fit into a message whatever it is filled in with.
pub fn flaw_of(text: &Template<NoticePlace>) -> Option<&'static str> {
    let says = |place| text.places().any(|found| found == place);
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
            Self::Cause | Self::Remedy => 500,
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

/// By which channel a notice goes, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeRoute {
    /// The channel.
    pub channel: Channel,
    /// From then on.
    pub from: Timestamp,
}

/// What is known of how a customer wants to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// The channel they asked for.
    pub preferred: Option<Channel>,
    /// The one they come by.
    pub learned: Option<Channel>,
    /// When nobody is to disturb.
    pub quiet: Option<QuietHours>,
    /// They have an e-mail address.
    pub email: bool,
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
    match quiet {
        Quiet::No => NoticeRoute { channel: wished, from: now },
        Quiet::Until(end) if end < due => NoticeRoute { channel: wished, from: end },
        Quiet::Until(_) | Quiet::Always => {
            NoticeRoute { channel: if reach.email { Channel::Email } else { Channel::Web }, from: now }
        }
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
    /// Whether it left the house before the promise was broken.
    pub fn is_in_time(&self) -> bool {
        self.delivery.handed.is_some_and(|at| at <= self.due)
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
                self.delivery.state = NoticeState::Delivered { at };
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

    /// There is nothing to tell any more. None when it left the house, or has ended.
    pub fn withdraw(mut self, at: Timestamp) -> Option<Self> {
        if self.delivery.state != NoticeState::Waiting || self.delivery.handed.is_some() {
            return None;
        }
        self.delivery.state = NoticeState::Withdrawn { at };
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ResourceId as _, Uuid};
    use proptest::prelude::*;

    use super::*;
    use crate::{SlugId as _, TicketId};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn quiet(from: &str, until: &str) -> QuietHours {
        QuietHours::parse(from, until, "").unwrap()
    }

    fn word(text: &str) -> Word {
        text.parse().unwrap()
    }

    #[test]
    fn quiet_hours_end_the_same_day_or_the_next_morning() {
        let night = quiet("22:00", "08:00");
        assert_eq!(night.at(at("2026-11-23T22:30:00Z")), Quiet::Until(at("2026-11-24T07:00:00Z")));
        assert_eq!(night.at(at("2026-11-24T06:59:59Z")), Quiet::Until(at("2026-11-24T07:00:00Z")));
        assert_eq!(night.at(at("2026-11-24T07:00:00Z")), Quiet::No);
        let siesta = quiet("14:00", "16:00");
        assert_eq!(siesta.at(at("2026-11-24T13:00:00Z")), Quiet::Until(at("2026-11-24T15:00:00Z")));
        assert_eq!(siesta.at(at("2026-11-24T15:00:00Z")), Quiet::No);
        assert_eq!(quiet("09:00", "09:00").at(at("2026-11-24T15:00:00Z")), Quiet::Always);
        assert_eq!(QuietHours::parse("25:00", "08:00", ""), None);
        assert_eq!(QuietHours::parse("22:00", "08:00", "Europe/Nowhere"), None);
        let canary = QuietHours::parse("22:00", "08:00", "Atlantic/Canary").unwrap();
        assert_eq!(canary.at(at("2026-11-24T07:30:00Z")), Quiet::Until(at("2026-11-24T08:00:00Z")));
    }

    #[test]
    fn quiet_hours_end_also_where_clocks_jump() {
        // The hour between two and three comes twice on the 25th of October, and not at all on the 29th of March.
        let night = quiet("22:00", "02:30");
        assert_eq!(night.at(at("2026-10-25T01:15:00Z")), Quiet::Until(at("2026-10-25T01:30:00Z")));
        assert_eq!(night.at(at("2026-03-29T00:15:00Z")), Quiet::Until(at("2026-03-29T01:30:00Z")));
    }

    proptest! {
        #[test]
        fn nobody_is_disturbed_until_they_end_and_they_do_within_a_day(
            from in 0_i64..1_440, until in 0_i64..1_440, second in 1_767_225_600_i64..1_798_761_600,
        ) {
            let spell = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let now = Timestamp::from_second(second).unwrap();
            let hours = quiet(&spell(from), &spell(until));
            match hours.at(now) {
                Quiet::Always => prop_assert_eq!(from, until),
                Quiet::No => prop_assert_ne!(from, until),
                Quiet::Until(end) => {
                    prop_assert!(end > now && end.duration_since(now) <= SignedDuration::from_hours(25));
                    prop_assert_eq!(hours.at(end), Quiet::No);
                    let middle = now.checked_add(end.duration_since(now) / 2).unwrap();
                    prop_assert!(hours.at(middle) != Quiet::Always);
                }
            }
        }
    }

    #[test]
    fn what_would_disturb_waits_or_goes_by_what_does_not() {
        let (night, due) = (at("2026-11-23T22:00:00Z"), at("2026-11-24T13:00:00Z"));
        let reach = Reach { quiet: Some(quiet("22:00", "08:00")), ..Reach::default() };
        let morning = at("2026-11-24T07:00:00Z");
        for channel in [Channel::Phone, Channel::Sms, Channel::Chat] {
            assert_eq!(route(&reach, channel, night, due), NoticeRoute { channel, from: morning });
        }
        assert_eq!(route(&reach, Channel::Email, night, due), NoticeRoute { channel: Channel::Email, from: night });
        // At the instant it is due it is too late.
        let web = NoticeRoute { channel: Channel::Web, from: night };
        assert_eq!(route(&reach, Channel::Phone, night, morning), web);
        let reachable = Reach { email: true, ..reach };
        let email = NoticeRoute { channel: Channel::Email, from: night };
        assert_eq!(route(&reachable, Channel::Phone, night, morning), email);
        let never = Reach { quiet: Some(quiet("00:00", "00:00")), ..Reach::default() };
        assert_eq!(route(&never, Channel::Phone, night, due), web);
    }

    #[test]
    fn what_they_asked_for_goes_before_what_they_come_by_before_how_the_affair_came() {
        let (now, due) = (at("2026-11-23T10:00:00Z"), at("2026-11-24T13:00:00Z"));
        let by =
            |preferred, learned, own| route(&Reach { preferred, learned, ..Reach::default() }, own, now, due).channel;
        assert_eq!(by(Some(Channel::Email), Some(Channel::Chat), Channel::Phone), Channel::Email);
        assert_eq!(by(None, Some(Channel::Chat), Channel::Phone), Channel::Chat);
        assert_eq!(by(None, None, Channel::Phone), Channel::Phone);
        assert_eq!(by(Some(Channel::Post), None, Channel::Phone), Channel::Sms);
    }

    #[test]
    fn the_nearest_template_is_taken() {
        let scope = |department: &str, reason: &str| NoticeScope {
            department: department.parse().ok(),
            reason: reason.parse().ok(),
        };
        let billing: Department = "billing".parse().unwrap();
        let all = [scope("", ""), scope("billing", ""), scope("", "part_missing"), scope("billing", "part_missing")];
        let chosen = |kept: &[NoticeScope], awaited: Option<&Word>| {
            choose_template(kept.iter().cloned().map(|scope| (scope.clone(), scope)), &billing, awaited)
        };
        let waits = word("part_missing");
        assert_eq!(chosen(&all, Some(&waits)), Some(all[3].clone()));
        assert_eq!(chosen(&all[..3], Some(&waits)), Some(all[2].clone()), "the reason weighs more than the department");
        assert_eq!(chosen(&all, Some(&word("weather"))), Some(all[1].clone()));
        assert_eq!(chosen(&all, None), Some(all[1].clone()));
        assert_eq!(chosen(&all[..1], None), Some(all[0].clone()));
        assert_eq!(chosen(&[scope("network", ""), scope("", "weather")], Some(&waits)), None);
    }

    #[test]
    fn the_new_date_is_what_affairs_tell_and_never_earlier_than_the_old() {
        let day = SignedDuration::from_hours(24);
        let terms = NoticeTerms { lead: day, extension: day };
        let due = at("2026-11-24T13:00:00Z");
        assert_eq!(terms.new_due(due, None), at("2026-11-25T13:00:00Z"));
        assert_eq!(terms.new_due(due, Some(at("2026-11-24T13:00:00Z"))), at("2026-11-25T13:00:00Z"));
        assert_eq!(terms.new_due(due, Some(at("2026-11-24T14:00:00Z"))), at("2026-11-24T14:00:00Z"));
    }

    fn words() -> NoticeWords {
        let text =
            "{tracking_key}: no llegamos el {promise_due}: {cause}. Será el {new_due}. {remedy}. {{{department}}}";
        NoticeWords {
            texts: Texts::new(vec![(Language::Es, text.parse().unwrap())]).unwrap(),
            causes: Texts::new(vec![(Language::Es, "falta una pieza".parse().unwrap())]).unwrap(),
            remedies: Texts::new(vec![(Language::Es, "Le abonamos un mes".parse().unwrap())]).unwrap(),
        }
    }

    fn said() -> NoticeSaid {
        let about = NoticeAbout {
            tracking_key: "K",
            subject: "S",
            department: "billing",
            due: at("2026-11-24T13:00:00Z"),
            new_due: at("2026-11-25T13:00:00Z"),
        };
        words().say(about, Language::En).unwrap()
    }

    #[test]
    fn who_has_no_text_of_their_own_is_told_in_spanish() {
        let said = said();
        let text = "K: no llegamos el 24/11/2026 14:00 (Europe/Madrid): falta una pieza. Será el 25/11/2026 14:00 (Europe/Madrid). Le abonamos un mes. \
                    {billing}";
        assert_eq!((said.language, said.text.expose()), (Language::Es, text));
        assert_eq!(said.cause.expose(), "falta una pieza");
    }

    #[test]
    fn a_notice_says_why_and_by_when_instead_and_fits_into_a_message() {
        let flaw = |text: &str| flaw_of(&text.parse().unwrap());
        assert_eq!(flaw("{cause} {new_due} {remedy}"), None);
        assert!(flaw("{cause} {new_due}").unwrap().contains("{remedy}"));
        assert!(flaw(&format!("{{new_due}}{}", "{cause}{remedy}".repeat(21))).unwrap().contains("20000"));
    }

    fn notice() -> Notice {
        let ticket = TicketId::from_uuid(Uuid::nil());
        let promise = |id| PromiseId { ticket, id: Uuid::from_u128(id) };
        let written = at("2026-11-24T09:00:00Z");
        Notice {
            id: NoticeId { ticket, id: Uuid::nil() },
            promise: promise(1),
            new_promise: promise(2),
            template: NoticeTemplateId::of("delay").unwrap(),
            said: said(),
            due: at("2026-11-24T13:00:00Z"),
            new_due: at("2026-11-25T13:00:00Z"),
            route: NoticeRoute { channel: Channel::Sms, from: written },
            message: None,
            written,
            delivery: Delivery { handings: 0, handed: None, next: written, failure: None, state: NoticeState::Waiting },
        }
    }

    fn handed(mut notice: Notice, now: Timestamp) -> Notice {
        let delivery = &mut notice.delivery;
        delivery.handings += 1;
        delivery.handed = delivery.handed.or(Some(now));
        delivery.next = now.checked_add(SignedDuration::from_mins(1)).unwrap();
        delivery.state = NoticeState::Handed;
        notice
    }

    fn failed(reason: &str) -> NoticeOutcome {
        NoticeOutcome::Failed { reason: word(reason) }
    }

    #[test]
    fn it_is_in_time_when_it_left_the_house_by_the_instant_the_promise_was_due() {
        let due = notice().due;
        assert!(!notice().is_in_time());
        assert!(handed(notice(), due).is_in_time());
        assert!(!handed(notice(), due.checked_add(SignedDuration::from_millis(1)).unwrap()).is_in_time());
    }

    #[test]
    fn what_failed_is_offered_again_after_a_growing_pause_and_not_for_ever() {
        let mut now = notice().written;
        let mut tried = notice();
        for pause in [1, 5, 25, 125] {
            tried = handed(tried, now);
            let handings = tried.delivery.handings;
            tried = tried.report(handings, failed("busy"), now).unwrap().unwrap();
            assert_eq!(tried.delivery.state, NoticeState::Waiting);
            assert_eq!(tried.delivery.next.duration_since(now), SignedDuration::from_mins(pause));
            assert_eq!(tried.clone().report(handings, failed("busy"), now).unwrap(), None, "said twice");
            now = tried.delivery.next;
        }
        let last = handed(tried, now);
        let given_up = last.clone().give_up(last.delivery.next).unwrap();
        assert_eq!(given_up.delivery.failure, Some(word("no_report")));
        assert_eq!(last.clone().give_up(now), None, "somebody has it");
        let ended = last.report(5, failed("no_such_number"), now).unwrap().unwrap();
        assert_eq!(ended.delivery.state, NoticeState::Undeliverable { at: now });
        // Whoever says that the customer has it knows better.
        let delivered = ended.report(3, NoticeOutcome::Delivered, now).unwrap().unwrap();
        assert_eq!(delivered.delivery.state, NoticeState::Delivered { at: now });
        assert_eq!(delivered.report(5, failed("busy"), now).unwrap(), None);
    }

    #[test]
    fn nobody_reports_on_what_they_were_not_handed() {
        let now = notice().written;
        assert_eq!(notice().report(1, NoticeOutcome::Delivered, now), Err(Refusal::NoticeNotHanded { handings: 0 }));
        let once = handed(notice(), now);
        assert_eq!(once.clone().report(2, failed("busy"), now), Err(Refusal::NoticeNotHanded { handings: 1 }));
        let twice = handed(once, now);
        assert_eq!(twice.report(1, failed("busy"), now).unwrap(), None, "another has it by now");
    }

    #[test]
    fn only_what_has_not_left_the_house_is_withdrawn() {
        let now = notice().written;
        assert_eq!(notice().withdraw(now).unwrap().delivery.state, NoticeState::Withdrawn { at: now });
        assert_eq!(handed(notice(), now).withdraw(now), None);
    }
}
