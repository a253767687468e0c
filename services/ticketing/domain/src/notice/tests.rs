//! What decides about notices, tried without anything else.
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
            Quiet::No => {
                prop_assert_ne!(from, until);
                let begin = hours.begins_after(now).unwrap();
                prop_assert!(begin > now && begin.duration_since(now) <= SignedDuration::from_hours(49));
            }
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
        // Whoever takes it after ten in the evening wakes nobody either.
        let later = Some((at("2026-11-24T21:00:00Z"), Channel::Web));
        assert_eq!(route(&reach, channel, night, due), NoticeRoute { channel, from: morning, later });
    }
    let silent = |channel| NoticeRoute { channel, from: night, later: None };
    assert_eq!(route(&reach, Channel::Email, night, due), silent(Channel::Email));
    // At the instant it is due it is too late.
    let web = silent(Channel::Web);
    assert_eq!(route(&reach, Channel::Phone, night, morning), web);
    let hardly = morning.checked_add(SignedDuration::from_mins(15)).unwrap();
    assert_eq!(route(&reach, Channel::Phone, night, hardly), web, "nobody takes it in so short a time");
    let reachable = Reach { email: true, ..reach };
    let email = silent(Channel::Email);
    assert_eq!(route(&reachable, Channel::Phone, night, morning), email);
    let never = Reach { quiet: Some(quiet("00:00", "00:00")), ..Reach::default() };
    assert_eq!(route(&never, Channel::Phone, night, due), web);
}

#[test]
fn what_they_asked_for_goes_before_what_they_come_by_before_how_the_affair_came() {
    let (now, due) = (at("2026-11-23T10:00:00Z"), at("2026-11-24T13:00:00Z"));
    let by = |preferred, learned, own| route(&Reach { preferred, learned, ..Reach::default() }, own, now, due).channel;
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
fn who_is_not_known_is_not_woken_and_is_told_in_time_by_what_wakes_nobody() {
    let house = QuietHours::of_house("21:00-09:00").unwrap();
    assert_eq!(house, quiet("21:00", "09:00"));
    assert_eq!((QuietHours::of_house("21:00"), QuietHours::of_house("21:00-9h")), (None, None));
    let unknown = Reach::unknown(&house);
    let night = at("2026-11-23T22:00:00Z");
    let waits = route(&unknown, Channel::Sms, night, at("2026-11-24T12:00:00Z"));
    assert_eq!((waits.channel, waits.from), (Channel::Sms, at("2026-11-24T08:00:00Z")));
    let silent = route(&unknown, Channel::Sms, night, at("2026-11-24T08:10:00Z"));
    assert_eq!((silent.channel, silent.from), (Channel::Web, night));
}

#[test]
fn the_new_date_is_what_affairs_tell_and_never_earlier_than_the_old() {
    let day = SignedDuration::from_hours(24);
    let terms = NoticeTerms { lead: day, extension: day, quiet: quiet("21:00", "09:00") };
    let due = at("2026-11-24T13:00:00Z");
    assert_eq!(terms.new_due(due, None), at("2026-11-25T13:00:00Z"));
    assert_eq!(terms.new_due(due, Some(at("2026-11-24T13:00:00Z"))), at("2026-11-25T13:00:00Z"));
    assert_eq!(terms.new_due(due, Some(at("2026-11-24T14:00:00Z"))), at("2026-11-24T14:00:00Z"));
}

fn words() -> NoticeWords {
    let text = "{tracking_key}: no llegamos el {promise_due}: {cause}. Será el {new_due}. {remedy}. {{{department}}}";
    NoticeWords {
        texts: Texts::new(vec![(Language::Es, text.parse().unwrap())]).unwrap(),
        causes: Texts::new(vec![(Language::Es, "falta una pieza".parse().unwrap())]).unwrap(),
        remedies: Texts::new(vec![(Language::Es, "Le abonamos un mes".parse().unwrap())]).unwrap(),
        recourses: None,
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
    let flaw = |text: &str| flaw_of(&text.parse().unwrap(), false);
    assert_eq!(flaw("{cause} {new_due} {remedy}"), None);
    assert!(flaw("{cause} {new_due}").unwrap().contains("{remedy}"));
    assert!(flaw(&format!("{{new_due}}{}", "{cause}{remedy}".repeat(21))).unwrap().contains("20000"));
}

#[test]
fn a_notice_of_a_term_of_law_says_what_the_customer_can_do_and_no_other_does() {
    let (plain, whole) = ("{cause} {new_due} {remedy}", "{cause} {new_due} {remedy} {recourse}");
    let flaw = |text: &str, of_law| flaw_of(&text.parse().unwrap(), of_law);
    assert_eq!((flaw(plain, false), flaw(whole, true)), (None, None));
    assert!(flaw(plain, true).unwrap().contains("{recourse}") && flaw(whole, false).unwrap().contains("{recourse}"));
    let texts = Texts::new(vec![(Language::Es, whole.parse().unwrap())]).unwrap();
    let recourses = Some(Texts::new(vec![(Language::Es, "Puede acudir a Consumo".parse().unwrap())]).unwrap());
    let words = NoticeWords { texts, recourses, ..words() };
    let (due, new_due) = (at("2026-11-24T13:00:00Z"), at("2026-11-25T13:00:00Z"));
    let about = NoticeAbout { tracking_key: "K", subject: "S", department: "billing", due, new_due };
    assert!(
        words.say(about, Language::Es).unwrap().text.expose().ends_with("Le abonamos un mes Puede acudir a Consumo")
    );
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
        route: NoticeRoute { channel: Channel::Sms, from: written, later: None },
        message: None,
        written,
        delivery: Delivery {
            handings: 0,
            handed: None,
            in_time: 0,
            next: written,
            failure: None,
            state: NoticeState::Waiting,
        },
    }
}

fn handed(mut notice: Notice, now: Timestamp) -> Notice {
    let delivery = &mut notice.delivery;
    delivery.handings += 1;
    delivery.handed = delivery.handed.or(Some(now));
    if now <= notice.due {
        delivery.in_time = delivery.handings;
    }
    delivery.next = now.checked_add(SignedDuration::from_mins(1)).unwrap();
    delivery.state = NoticeState::Handed;
    notice
}

fn failed(reason: &str) -> NoticeOutcome {
    NoticeOutcome::Failed { reason: word(reason) }
}

fn told_in_time() -> ToldBefore {
    ToldBefore::InTime(said().cause)
}

fn unreported() -> ToldBefore {
    ToldBefore::Unreported(said().cause)
}

#[test]
fn it_told_in_time_what_left_the_house_by_the_instant_the_promise_was_due_and_is_said_to_have_arrived() {
    let due = notice().due;
    let late = due.checked_add(SignedDuration::from_millis(1)).unwrap();
    let delivered = |notice: Notice| notice.report(1, NoticeOutcome::Delivered, late).unwrap().unwrap();
    assert_eq!(notice().told(), ToldBefore::Nothing);
    assert_eq!(delivered(handed(notice(), due)).told(), told_in_time(), "it left in time, and arrived");
    assert_eq!(delivered(handed(notice(), late)).told(), ToldBefore::Nothing, "it left too late");
    let failed_once = handed(notice(), due).report(1, failed("no_such_number"), due).unwrap().unwrap();
    assert_eq!(failed_once.told(), ToldBefore::Nothing, "who delivers it said that it did not arrive");
    assert_eq!(handed(failed_once, due).told(), unreported());
}

#[test]
fn what_nobody_sent_in_time_and_another_sent_later_told_nothing_in_time() {
    let due = notice().due;
    let late = due.checked_add(SignedDuration::from_mins(6)).unwrap();
    let again = handed(handed(notice(), due), late);
    assert_eq!(again.told(), ToldBefore::Nothing, "who has it now took it too late");
    let by = |handing| again.clone().report(handing, NoticeOutcome::Delivered, late).unwrap().unwrap().told();
    assert_eq!((by(1), by(2)), (told_in_time(), ToldBefore::Nothing));
}

#[test]
fn what_somebody_had_as_the_promise_was_broken_and_said_nothing_of_is_told_apart() {
    let mut lapsed = handed(notice(), notice().written);
    lapsed.delivery.next = lapsed.due;
    assert_eq!(lapsed.told(), ToldBefore::Nothing, "its taker had until then, and said nothing");
    lapsed.delivery.next = lapsed.due.checked_add(SignedDuration::from_mins(9)).unwrap();
    assert_eq!(lapsed.told(), unreported(), "somebody still had it");
    assert_eq!(
        handed(notice(), lapsed.due.checked_add(SignedDuration::from_millis(1)).unwrap()).told(),
        ToldBefore::Nothing
    );
    for (one, other, both) in [
        (ToldBefore::Nothing, unreported(), unreported()),
        (unreported(), told_in_time(), told_in_time()),
        (ToldBefore::Nothing, ToldBefore::Nothing, ToldBefore::Nothing),
    ] {
        assert_eq!((one.clone().or(other.clone()), other.or(one)), (both.clone(), both));
    }
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
    assert_eq!(delivered.delivery.state, NoticeState::Delivered { at: now, handing: 3 });
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
    let held = handed(notice(), now);
    assert_eq!(held.clone().withdraw(now), None);
    assert!(held.clone().withdraw(held.delivery.next).is_some(), "nobody has it any more");
    assert!(held.report(1, failed("busy"), now).unwrap().unwrap().withdraw(now).is_some(), "it did not arrive");
}
