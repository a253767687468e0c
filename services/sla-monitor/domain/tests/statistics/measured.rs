//! Calls as they were measured, and the parameters once more from a ledger.

use jiff::{SignedDuration, Timestamp};
use ventanilla_sla_monitor_domain::figures::{
    Abandoned, CallCounts, Ended, HumanRequest, Measured, Period, Supervisor, SupervisorRequest, Told, recompute,
    supervisor_due,
};
use ventanilla_sla_monitor_domain::{Catalogue, catalogue::Switches};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn call(id: &str, arrived: Timestamp, ended: Ended, seconds: i64) -> Measured {
    Measured {
        key: ("pbx".to_owned(), id.to_owned()),
        department: "billing".to_owned(),
        by_phone: true,
        arrived,
        ended,
        wait_ended: later(arrived, seconds),
        human: None,
        supervisor: None,
    }
}

fn july() -> Period {
    Period {
        from: at("2026-07-01T00:00:00Z"),
        to: at("2026-08-01T00:00:00Z"),
        department: None,
        as_of: at("2026-09-01T00:00:00Z"),
        reading: Abandoned::Always,
    }
}

#[test]
fn a_supervisor_is_owed_until_the_end_of_that_business_day_or_of_the_next() {
    let catalogue = Catalogue::embedded(&Switches::default()).unwrap();
    let madrid = catalogue.calendar("es.madrid").unwrap();
    let due = |asked| supervisor_due(madrid, at(asked)).unwrap();
    // A Thursday; a Saturday; the last minute of a Friday; Christmas Eve after midnight, when Christmas and a Sunday follow.
    assert_eq!(due("2026-07-02T09:00:00+02:00"), at("2026-07-02T21:59:59.999999Z"));
    assert_eq!(due("2026-07-04T09:00:00+02:00"), at("2026-07-06T21:59:59.999999Z"));
    assert_eq!(due("2026-07-03T23:59:59+02:00"), at("2026-07-03T21:59:59.999999Z"));
    assert_eq!(due("2026-12-25T00:00:01+01:00"), at("2026-12-28T22:59:59.999999Z"));
}

#[test]
fn every_request_is_counted_under_how_it_was_met() {
    let arrived = at("2026-07-02T09:00:00Z");
    let due = later(arrived, 1_000);
    let asked = |given| Some(SupervisorRequest { asked: arrived, given, due });
    let human = |given| Some(HumanRequest { asked: later(arrived, 10), given });
    let mut counts = CallCounts::default();
    for call in [
        Measured {
            supervisor: asked(Supervisor::AtOnce(later(arrived, 5))),
            ..call("1", arrived, Ended::Answered, 179)
        },
        Measured {
            supervisor: asked(Supervisor::AtOnce(later(arrived, 180))),
            by_phone: false,
            ..call("7", arrived, Ended::Answered, 1_000)
        },
        Measured {
            supervisor: asked(Supervisor::AtOnce(later(due, 1))),
            by_phone: false,
            ..call("8", arrived, Ended::Answered, 1_000)
        },
        Measured { supervisor: asked(Supervisor::Later(due)), ..call("2", arrived, Ended::Answered, 180) },
        Measured { supervisor: asked(Supervisor::Later(later(due, 1))), ..call("3", arrived, Ended::Abandoned, 20) },
        Measured { supervisor: asked(Supervisor::Never), ..call("4", arrived, Ended::HungUp, 2_000) },
        Measured { human: human(Some(later(arrived, 190))), ..call("5", arrived, Ended::Answered, 1) },
        Measured { human: human(None), by_phone: false, ..call("6", arrived, Ended::Abandoned, 20) },
    ] {
        counts.add(july().law(), &call);
    }
    let strict = counts.parameters(july().law(), Abandoned::Always).unwrap();
    assert_eq!((strict.answered.parameter.counted.with(), strict.answered.parameter.counted.of()), (2, 5));
    let mild = counts.parameters(july().law(), Abandoned::AfterTheTerm).unwrap().answered;
    assert_eq!((mild.parameter.counted.of(), mild.abandoned_apart, mild.hung_up), (4, 1, 1));
    // Three minutes to the microsecond are too late for a person, too, and whoever never came is among those who were asked for.
    assert_eq!((strict.human.counted.with(), strict.human.counted.of()), (0, 2));
    let supervisors = strict.supervisor.map(|parameter| (parameter.counted.with(), parameter.counted.of()));
    // Three minutes later in the same call is no longer at once, and a day later no longer in time.
    assert_eq!(supervisors, [(1, 6), (3, 6)]);
}

#[test]
fn a_call_counts_once_in_the_period_it_arrived_in() {
    let july = july();
    let calls = vec![
        call("1", july.from, Ended::Answered, 1),
        call("2", later(july.to, -1), Ended::Answered, 1_000),
        call("3", july.to, Ended::Answered, 1),
        call("4", later(july.from, -1), Ended::Answered, 500),
    ];
    let told = || [Told::Calls(calls.clone()), Told::Calls(calls.clone())];
    let all = recompute(told(), &july).unwrap();
    assert_eq!((all.calls.answered.parameter.counted.with(), all.calls.answered.parameter.counted.of()), (1, 2));
    let elsewhere = Period { department: Some("sales".to_owned()), ..july };
    let none = recompute(told(), &elsewhere).unwrap();
    assert_eq!((none.calls.answered.parameter.counted.of(), none.resolved), (0, None));
}

#[test]
fn a_clock_is_what_its_last_entries_say() {
    let july = july();
    let origin = later(july.from, 60);
    let started = |clock: &str, is_legal_answer| Told::Started {
        clock: clock.to_owned(),
        origin,
        due: Some(later(origin, 100)),
        is_legal_answer,
    };
    let settled = |clock: &str, seconds: Option<i64>, breached: Option<i64>| Told::Settled {
        clock: clock.to_owned(),
        met: seconds.map(|seconds| later(origin, seconds)),
        breached: breached.map(|seconds| later(origin, seconds)),
    };
    let breached = |clock: &str| Told::Breached { clock: clock.to_owned(), at: later(origin, 100) };
    let moved = |clock: &str, seconds, due| Told::Moved {
        clock: clock.to_owned(),
        at: later(origin, seconds),
        due,
        breached: None,
    };
    let told = [
        started("in time", true),
        settled("in time", Some(50), None),
        started("late", true),
        breached("late"),
        settled("late", Some(150), Some(100)),
        // A late entry showed that it had been met in time.
        started("corrected", true),
        breached("corrected"),
        settled("corrected", Some(90), None),
        started("reopened", true),
        settled("reopened", Some(10), None),
        moved("reopened", 20, Some(later(july.as_of, 5))),
        // It stood still before it was breached, which was not known then; another did only in its next run.
        started("excused", true),
        breached("excused"),
        moved("excused", 80, None),
        started("restarted", true),
        breached("restarted"),
        moved("restarted", 150, Some(later(july.as_of, 5))),
        started("nobody has looked at it yet", true),
        started("withdrawn", true),
        settled("withdrawn", None, None),
        started("withdrawn after its breach", true),
        settled("withdrawn after its breach", None, Some(100)),
        started("the house's own", false),
        settled("the house's own", Some(1), None),
    ];
    let resolved = recompute(told, &july).unwrap().resolved.unwrap();
    assert_eq!((resolved.in_term, resolved.took.count(), resolved.overdue), (2, 3, 3));
    assert_eq!(resolved.took.quantile(100), Some(150_000_000));
}
