//! How a customer wants to be met: by which channel, when not, and with what care.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use kernel::{Channel, Personal};

/// Hours in which nobody is to disturb: from `from`, over midnight if need be, until `until`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuietHours {
    /// First moment of quiet, local time.
    pub from: Time,
    /// First moment after it.
    pub until: Time,
    /// Where the customer's clock stands.
    pub zone: TimeZone,
}

impl QuietHours {
    /// Whether it is quiet at this instant. Equal ends are a whole day.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        let local = now.to_zoned(self.zone.clone()).time();
        if self.from < self.until {
            (self.from..self.until).contains(&local)
        } else {
            local >= self.from || local < self.until
        }
    }
}

/// Contacts that are enough to learn from.
const ENOUGH: usize = 3;

/// The channel a customer comes by: that of more than half of the last contacts they made themselves, if there are three at least.
/// What the firm wrote or called meanwhile takes no place among them.
pub fn learned_channel(own: &[Channel]) -> Option<Channel> {
    let times = |channel: Channel| own.iter().filter(|c| **c == channel).count();
    own.iter().copied().find(|channel| own.len() >= ENOUGH && times(*channel) * 2 > own.len())
}

/// What makes a customer vulnerable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Driver {
    /// Illness, lasting or not.
    Health,
    /// A disability, recognised or declared.
    Disability,
    /// Bereavement, separation, loss of work and the like.
    LifeEvent,
    /// Little room to bear a shock.
    Resilience,
    /// Little knowledge of the language, of numbers or of machines.
    Capability,
}

impl Driver {
    /// Every driver (those of the FCA's guidance FG21/1, with disability apart, which gives a right here).
    pub const ALL: [Self; 5] = [Self::Health, Self::Disability, Self::LifeEvent, Self::Resilience, Self::Capability];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Disability => "disability",
            Self::LifeEvent => "life_event",
            Self::Resilience => "resilience",
            Self::Capability => "capability",
        }
    }

    /// The driver with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|driver| driver.as_str() == word)
    }
}

/// Who may read a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessClass {
    /// Whoever serves the customer.
    Serving,
    /// Whoever serves reads what to do, and not why.
    NeedOnly,
    /// Stewards and supervisors alone.
    Sealed,
}

impl AccessClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Serving, Self::NeedOnly, Self::Sealed];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::NeedOnly => "need_only",
            Self::Sealed => "sealed",
        }
    }

    /// The class with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// What a reader may see of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What makes the customer vulnerable.
    pub driver: Option<Driver>,
    /// What to do differently.
    pub need: Option<Personal<String>>,
}

/// What may be seen of a declaration by somebody who is trusted with all of them, or only serves. `None`: not even that
/// there is one.
pub fn seen(class: AccessClass, driver: Driver, need: &Personal<String>, trusted: bool) -> Option<Seen> {
    let all = Seen { driver: Some(driver), need: Some(need.clone()) };
    match class {
        _ if trusted => Some(all),
        AccessClass::Serving => Some(all),
        AccessClass::NeedOnly => Some(Seen { driver: None, ..all }),
        AccessClass::Sealed => None,
    }
}

/// Why a caller is to be served first (Ley 10/2025, art. 10.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorityRight {
    /// 65 or older (art. 3: persona de edad avanzada).
    Age,
    /// A declared disability.
    Disability,
    /// There is a reason, and it is not for everybody who serves.
    Undisclosed,
}

/// A declared disability, as far as it gives a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disability {
    /// Its access class lets the reader know of it.
    pub may_be_named: bool,
}

/// Age from which a person is of advanced age.
const ADVANCED_AGE: i32 = 65;

/// The right of somebody born on this day, today in Spanish peninsular time.
pub fn priority_right(born: Option<Date>, disability: Option<Disability>, now: Timestamp) -> Option<PriorityRight> {
    let today = now.to_zoned(TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC)).date();
    let of_age = born.and_then(|born| born.checked_add(ADVANCED_AGE.years()).ok()).is_some_and(|day| day <= today);
    match disability {
        _ if of_age => Some(PriorityRight::Age),
        Some(Disability { may_be_named: true }) => Some(PriorityRight::Disability),
        Some(Disability { may_be_named: false }) => Some(PriorityRight::Undisclosed),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn quiet(from: Time, until: Time) -> QuietHours {
        QuietHours { from, until, zone: TimeZone::get("Europe/Madrid").unwrap() }
    }

    #[test]
    fn quiet_hours_go_over_midnight_in_the_customers_own_zone() {
        let night = quiet(time(22, 0, 0, 0), time(8, 0, 0, 0));
        let at = |text: &str| night.is_quiet(text.parse().unwrap());
        // Madrid is at UTC+1 in winter and UTC+2 in summer.
        assert!(!at("2026-01-10T20:59:59Z") && at("2026-01-10T21:00:00Z"));
        assert!(at("2026-07-10T20:00:00Z") && at("2026-07-11T05:59:59Z") && !at("2026-07-11T06:00:00Z"));
        let siesta = quiet(time(14, 0, 0, 0), time(16, 0, 0, 0));
        assert!(siesta.is_quiet("2026-01-10T13:30:00Z".parse().unwrap()));
        assert!(!siesta.is_quiet("2026-01-10T15:00:00Z".parse().unwrap()));
        assert!(quiet(time(0, 0, 0, 0), time(0, 0, 0, 0)).is_quiet("2026-01-10T13:30:00Z".parse().unwrap()));
    }

    #[test]
    fn a_channel_is_learned_from_more_than_half_of_three_contacts_at_least() {
        assert_eq!(learned_channel(&[Channel::Chat, Channel::Phone, Channel::Chat]), Some(Channel::Chat));
        assert_eq!(learned_channel(&[Channel::Chat, Channel::Chat]), None, "too few");
        assert_eq!(learned_channel(&[Channel::Chat, Channel::Phone, Channel::Chat, Channel::Phone]), None);
    }

    #[test]
    fn a_declaration_is_seen_as_its_class_allows() {
        let need = Personal::new("speak slowly".to_owned());
        let seen_by = |class, trusted| seen(class, Driver::Health, &need, trusted);
        let told = |seen: Option<Seen>| seen.map(|s| (s.driver.is_some(), s.need.is_some()));
        assert_eq!(told(seen_by(AccessClass::Serving, false)), Some((true, true)));
        assert_eq!(told(seen_by(AccessClass::NeedOnly, false)), Some((false, true)));
        assert_eq!(told(seen_by(AccessClass::Sealed, false)), None);
        assert!(AccessClass::ALL.into_iter().all(|class| told(seen_by(class, true)) == Some((true, true))));
    }

    #[test]
    fn the_right_begins_on_the_65th_birthday_where_the_customer_lives() {
        let born = Some(date(1961, 11, 27));
        let right = |now: &str| priority_right(born, None, now.parse().unwrap());
        assert_eq!(right("2026-11-26T22:59:59Z"), None);
        assert_eq!(right("2026-11-26T23:00:00Z"), Some(PriorityRight::Age));
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        let disability = |may_be_named| Some(Disability { may_be_named });
        assert_eq!(priority_right(None, disability(true), now), Some(PriorityRight::Disability));
        assert_eq!(priority_right(None, disability(false), now), Some(PriorityRight::Undisclosed));
        assert_eq!(priority_right(None, None, now), None);
        let leap = Some(date(1960, 2, 29));
        assert_eq!(priority_right(leap, None, "2025-02-28T12:00:00Z".parse().unwrap()), Some(PriorityRight::Age));
    }

    #[test]
    fn stored_words_are_read_back() {
        assert!(Driver::ALL.into_iter().all(|driver| Driver::stored(driver.as_str()) == Some(driver)));
        assert!(AccessClass::ALL.into_iter().all(|class| AccessClass::stored(class.as_str()) == Some(class)));
    }
}
