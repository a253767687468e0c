//! What an affair costs the customer: others measure the agent's time.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How far back the customer's time is counted.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Within what time a further contact about the same affair is a repeat.
const REPEAT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A contact that the customer made, as far as it cost time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attended {
    /// When it began.
    pub at: Timestamp,
    /// How long the customer waited for somebody.
    pub waited: SignedDuration,
    /// How long it took then.
    pub handled: SignedDuration,
    /// How often the customer was passed on within it.
    pub transfers: u32,
    /// The affair it was about.
    pub affair: Option<Uuid>,
}

/// What contacts within a [`WINDOW`] have cost the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effort {
    /// How many there were.
    pub contacts: u32,
    /// Time waited.
    pub waited: SignedDuration,
    /// Time waited and spent.
    pub spent: SignedDuration,
    /// How often the customer was passed on.
    pub transfers: u32,
    /// Contacts about an affair that had been the matter of another within a week before: the first has not solved it.
    pub repeats: u32,
}

impl Effort {
    /// The sum at `now` of contacts that the customer made, in any order; those outside the window or in the future do not
    /// count.
    pub fn of(contacts: &[Attended], now: Timestamp) -> Self {
        let within = |contact: &&Attended| contact.at <= now && now.duration_since(contact.at) < WINDOW;
        let mut counted: Vec<&Attended> = contacts.iter().filter(within).collect();
        counted.sort_by_key(|contact| contact.at);
        let mut effort = Self::default();
        for (nth, contact) in counted.iter().enumerate() {
            effort.contacts += 1;
            effort.waited = effort.waited.saturating_add(contact.waited);
            effort.spent = effort.spent.saturating_add(contact.waited).saturating_add(contact.handled);
            effort.transfers = effort.transfers.saturating_add(contact.transfers);
            let same = |earlier: &&&Attended| {
                earlier.affair == contact.affair && contact.at.duration_since(earlier.at) <= REPEAT
            };
            if contact.affair.is_some() && counted[..nth].iter().any(|earlier| same(&earlier)) {
                effort.repeats += 1;
            }
        }
        effort
    }

    /// Whether the time spent has come to the cap.
    pub fn reaches(&self, cap: SignedDuration) -> bool {
        self.spent >= cap
    }

    /// Whether what customers turn out to have spent as one has come to the cap, and what each of them had spent had not.
    pub fn is_reached_by_joining(&self, parts: &[Self], cap: SignedDuration) -> bool {
        self.reaches(cap) && !parts.iter().any(|part| part.reaches(cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minutes(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    fn hour(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn contact(at: i64, waited: i64, handled: i64, affair: u128) -> Attended {
        Attended {
            at: hour(at),
            waited: minutes(waited),
            handled: minutes(handled),
            transfers: 1,
            affair: (affair > 0).then(|| Uuid::from_u128(affair)),
        }
    }

    #[test]
    fn the_sums_are_those_of_the_contacts_in_the_window() {
        let contacts = [
            contact(0, 90, 90, 1),
            contact(100, 3, 10, 1),
            contact(148, 4, 11, 1),
            contact(160, 5, 12, 2),
            contact(170, 6, 13, 0),
            contact(180, 7, 14, 0),
            contact(5_000, 50, 50, 1),
        ];
        let effort = Effort::of(&contacts, hour(24 * 90));
        // The first has just left the window, the last is in the future; nobody knows what two of them were about.
        let told = Effort { contacts: 5, waited: minutes(25), spent: minutes(85), transfers: 5, repeats: 1 };
        assert_eq!(effort, told);
        assert!(effort.reaches(minutes(85)) && !effort.reaches(minutes(86)));
        assert_eq!(Effort::of(&contacts[..1], hour(24 * 90 - 1)).contacts, 1);
        let week = [contact(0, 0, 0, 1), contact(24 * 7, 0, 0, 1), contact(24 * 14 + 1, 0, 0, 1)];
        assert_eq!(Effort::of(&week, hour(24 * 15)).repeats, 1, "a week is the last moment");
    }

    #[test]
    fn the_cap_is_reached_by_joining_from_below_alone() {
        let spent = |mins| Effort { spent: minutes(mins), ..Effort::default() };
        let reached = |parts: [i64; 2]| spent(parts.iter().sum()).is_reached_by_joining(&parts.map(spent), minutes(60));
        assert!(reached([40, 40]) && reached([59, 1]));
        assert!(!reached([40, 19]), "below");
        assert!(!reached([60, 1]) && !reached([1, 75]), "one of them had come there: it was said then");
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_the_order_and_split_over_affairs(
            raw in prop::collection::vec((0..4_000_i64, 0..60_i64, 0..60_i64, 0..4_u128), 0..40), now in 0..4_000_i64,
        ) {
            let contacts: Vec<Attended> = raw.iter().map(|(at, w, h, affair)| contact(*at, *w, *h, *affair)).collect();
            let whole = Effort::of(&contacts, hour(now));
            let reversed: Vec<Attended> = contacts.iter().rev().copied().collect();
            prop_assert_eq!(Effort::of(&reversed, hour(now)), whole);
            let mut parts = Effort::default();
            for affair in 0..4_u128 {
                let key = (affair > 0).then(|| Uuid::from_u128(affair));
                let own: Vec<Attended> = contacts.iter().filter(|c| c.affair == key).copied().collect();
                let part = Effort::of(&own, hour(now));
                parts.contacts += part.contacts;
                parts.waited += part.waited;
                parts.spent += part.spent;
                parts.transfers += part.transfers;
                parts.repeats += part.repeats;
            }
            prop_assert_eq!(parts, whole);
        }
    }
}
