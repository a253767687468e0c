//! The general term of an affair, counted by hand.

use jiff::{SignedDuration, Timestamp};
use ventanilla_proto::sla::v1 as sla;

use super::{GENERAL, Ground, Life, Owed};
use crate::world::State;

/// Days on which nothing is open in Madrid, of the time that the stories may reach: from the city's calendar, by hand.
const CLOSED: [&str; 10] = [
    "2026-11-02",
    "2026-11-09",
    "2026-12-07",
    "2026-12-08",
    "2026-12-25",
    "2027-01-01",
    "2027-01-06",
    "2027-03-19",
    "2027-03-25",
    "2027-03-26",
];

/// The end of the fifteenth business day after an instant, counted day by day.
fn fifteen_days(after: Timestamp) -> Timestamp {
    let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
    let mut day = after.to_zoned(zone.clone()).date();
    let mut counted = 0;
    while counted < 15 {
        day = day.tomorrow().unwrap();
        let weekend = matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        counted += usize::from(!weekend && !CLOSED.contains(&day.to_string().as_str()));
    }
    let midnight = day.tomorrow().unwrap().to_zoned(zone).unwrap().timestamp();
    midnight.checked_sub(SignedDuration::from_micros(1)).unwrap()
}

/// Whether the general term runs, and then that it is right: it counts from the first receipt, or from where the customer's time or an answer ended, and is fifteen business days: no line of the service
/// says so here.
pub(super) fn by_hand(life: &Life, owed: &Owed) -> bool {
    let Some((state, epoch, origin, due)) = owed.get(GENERAL) else { return false };
    if *state != i32::from(sla::ClockState::Running) {
        return false;
    }
    let origin = origin.expect("what runs has an origin");
    assert_eq!(*due, Some(fifteen_days(origin)), "from {origin}");
    let ends = life.grounds.iter().filter(|(ground, _)| matches!(ground, Ground::Moves((_, State::InProgress), _)));
    let begins = ends.map(|(_, at)| *at).any(|at| at == origin);
    assert!(
        origin == life.ticket.received || (*epoch > 1 && begins),
        "{origin} is neither receipt nor the end of anything"
    );
    true
}
