//! What events do to a clock, and that the verdict depends on instants alone.

use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use ventanilla_sla_monitor_domain::affair::Event;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::{Breach, Fall, Terms};
use ventanilla_sla_monitor_domain::proof::{Outcome, prove};
use ventanilla_sla_monitor_domain::{Catalogue, Entry, Happening, Replay, State, replay};

const GENERAL: &str = "es.l10-2025.17-1.resolve";
const FINANCE: &str = "es.fin.29septies-1.decide";
const PAYMENTS: &str = "es.fin.pay.decide";

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded(&Switches::new()).unwrap());

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hindered(ground: &str) -> Happening {
    Happening::Hindered(ground.to_owned())
}

fn clock(rule: &str, entries: &[(&str, Happening)]) -> Replay {
    clock_with(&Switches::new(), rule, entries)
}

fn clock_with(switches: &Switches, rule: &str, entries: &[(&str, Happening)]) -> Replay {
    let catalogue = Catalogue::embedded(switches).unwrap();
    let terms = Terms { rule: catalogue.rule(rule).unwrap(), calendar: catalogue.calendar("es.madrid").unwrap() };
    let entries: Vec<Entry> = entries.iter().map(|(at, what)| Entry { at: instant(at), what: what.clone() }).collect();
    let replayed = replay(&entries, terms).unwrap();
    prove(&replayed, terms, "", "").unwrap();
    replayed
}

#[test]
fn met_at_the_due_instant_is_in_time_and_a_microsecond_later_is_not() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let due = "2026-03-23T22:59:59.999999Z"; // 19-03 is no holiday of Madrid in 2026: 3..6, 9..13, 16..20, 23.
    let met = clock(GENERAL, &[start.clone(), (due, Happening::Fulfilled)]);
    assert_eq!(met.state, State::Fulfilled { at: instant(due), due: instant(due) });
    assert_eq!(met.breaches, []);
    let late = clock(GENERAL, &[start, ("2026-03-23T23:00:00Z", Happening::Fulfilled)]);
    assert_eq!(late.breaches, [Breach { epoch: 1, origin: instant("2026-03-02T10:00:00+01:00"), at: instant(due) }]);
}

#[test]
fn an_open_clock_is_breached_by_the_hour_and_not_by_who_looked() {
    let open = clock(GENERAL, &[("2026-03-02T10:00:00+01:00", Happening::Started)]);
    let due = instant("2026-03-23T22:59:59.999999Z");
    assert_eq!(open.breach_by(due), None);
    assert_eq!(
        open.breach_by(instant("2026-03-23T23:00:00Z")),
        Some(Breach { epoch: 1, origin: instant("2026-03-02T10:00:00+01:00"), at: due })
    );
}

#[test]
fn an_incomplete_general_complaint_starts_when_it_is_cured() {
    let deferred = clock(
        GENERAL,
        &[
            ("2026-03-02T10:00:00+01:00", Happening::Started),
            ("2026-03-04T10:00:00+01:00", hindered("documents_missing")),
        ],
    );
    assert!(matches!(deferred.state, State::Scheduled { .. }));
    let cured = clock(
        GENERAL,
        &[
            ("2026-03-02T10:00:00+01:00", Happening::Started),
            ("2026-03-04T10:00:00+01:00", hindered("documents_missing")),
            ("2026-03-09T10:00:00+01:00", Happening::Unhindered),
        ],
    );
    // Fifteen from 10-03: 10..13, 16..20, 23..27, 30.
    assert_eq!(cured.state, State::Running { due: instant("2026-03-30T21:59:59.999999Z") });
    assert_eq!((cured.epoch, cured.first_origin), (2, instant("2026-03-02T10:00:00+01:00")));
}

#[test]
fn waiting_on_any_other_ground_stops_no_general_clock() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let waiting = clock(GENERAL, &[start.clone(), ("2026-03-04T10:00:00+01:00", hindered("customer_to_call_back"))]);
    assert_eq!(waiting.state, clock(GENERAL, &[start]).state);
}

#[test]
fn cure_pauses_a_finance_clock_and_restarts_it_under_the_other_reading() {
    let entries = [
        ("2026-03-02T10:00:00+01:00", Happening::Started),
        ("2026-03-10T10:00:00+01:00", hindered("cure")),
        ("2026-03-15T10:00:00+01:00", Happening::Unhindered),
    ];
    // A month ends on 2-04; the ends of 10, 11, 12, 13, 14 March were spent waiting: 7-04.
    let paused = clock(FINANCE, &entries);
    assert_eq!(paused.state, State::Running { due: instant("2026-04-07T21:59:59.999999Z") });
    let switches = Switches::from([("es.fin.29quater-2.effect".to_owned(), "restart".to_owned())]);
    let restarted = clock_with(&switches, FINANCE, &entries);
    assert_eq!(restarted.state, State::Running { due: instant("2026-04-15T21:59:59.999999Z") });
    assert_eq!((paused.epoch, restarted.epoch), (1, 2));
}

#[test]
fn under_the_old_order_of_2004_cure_suspends_the_two_months() {
    let entries = [
        ("2025-03-03T10:00:00+01:00", Happening::Started),
        ("2025-03-10T10:00:00+01:00", hindered("cure")),
        ("2025-03-15T10:00:00+01:00", Happening::Unhindered),
    ];
    // Orden ECO/734/2004, 12.2: two months end on 3-05; the ends of 10, 11, 12, 13, 14 March were spent waiting: 8-05.
    let paused = clock("es.fin.eco734-15.decide", &entries);
    assert_eq!(paused.state, State::Running { due: instant("2025-05-08T21:59:59.999999Z") });
    assert_eq!(paused.epoch, 1);
}

#[test]
fn a_holding_reply_in_august_gives_the_month_and_no_more() {
    // RDL 19/2018, 69: of a claim of Monday 3-08-2026 fifteen business days end on 24-08, and a month on 3-09.
    let start = ("2026-08-03T09:00:00+02:00", Happening::Started);
    let due = |entries: &[(&str, Happening)]| clock(PAYMENTS, entries).state;
    assert_eq!(due(std::slice::from_ref(&start)), State::Running { due: instant("2026-08-24T21:59:59.999999Z") });
    let reply = ("2026-08-20T09:00:00+02:00", hindered("holding_reply"));
    assert_eq!(due(&[start, reply]), State::Running { due: instant("2026-09-03T21:59:59.999999Z") });
}

#[test]
fn an_extension_that_comes_while_the_term_is_put_off_counts_once_it_starts() {
    const ADR: &str = "es.adr.20.result";
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let incomplete = ("2026-03-04T10:00:00+01:00", hindered("incomplete"));
    let reasons = ("2026-03-06T10:00:00+01:00", hindered("reasoned_extension"));
    let complete = ("2026-03-10T10:00:00+01:00", Happening::Unhindered);
    let lengthened = clock(ADR, &[start.clone(), incomplete.clone(), reasons, complete.clone()]);
    // 180 days from the tenth of March: 21 of it, 30, 31, 30, 31, 31 and 6 of September.
    assert_eq!(lengthened.state, State::Running { due: instant("2026-09-06T21:59:59.999999Z") });
    let plain = clock(ADR, &[start, incomplete, complete]);
    // Ninety days: 21, 30, 31 and 8 of June.
    assert_eq!(plain.state, State::Running { due: instant("2026-06-08T21:59:59.999999Z") });
}

#[test]
fn a_holding_reply_extends_once_and_only_up_to_the_bound() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let once = [start.clone(), ("2026-03-20T10:00:00+01:00", hindered("holding_reply"))];
    let twice = [once[0].clone(), once[1].clone(), ("2026-03-27T10:00:00+01:00", hindered("holding_reply"))];
    assert_eq!(clock(PAYMENTS, &once).state, State::Running { due: instant("2026-04-02T21:59:59.999999Z") });
    assert_eq!(clock(PAYMENTS, &once).state, clock(PAYMENTS, &twice).state);
    let too_late = clock(PAYMENTS, &[start, ("2026-03-24T10:00:00+01:00", hindered("holding_reply"))]);
    assert_eq!(too_late.state, State::Running { due: instant("2026-03-23T22:59:59.999999Z") });
}

#[test]
fn a_pause_begun_on_the_last_day_gives_the_rest_of_the_day_of_its_end() {
    let entries = [
        ("2026-03-02T10:00:00+01:00", Happening::Started),
        ("2026-04-02T12:00:00+02:00", hindered("cure")),
        ("2026-04-12T12:00:00+02:00", Happening::Unhindered),
    ];
    assert_eq!(clock(FINANCE, &entries).state, State::Running { due: instant("2026-04-12T21:59:59.999999Z") });
}

#[test]
fn reopening_before_the_due_instant_gains_no_time() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let reopened = clock(
        GENERAL,
        &[
            start.clone(),
            ("2026-03-03T10:00:00+01:00", Happening::Fulfilled),
            ("2026-03-20T10:00:00+01:00", Happening::Reopened),
        ],
    );
    assert_eq!(reopened.state, clock(GENERAL, &[start]).state);
    assert_eq!(reopened.epoch, 1);
}

#[test]
fn reopening_after_the_due_instant_begins_a_new_run_and_keeps_the_verdict() {
    let reopened = clock(
        GENERAL,
        &[
            ("2026-03-02T10:00:00+01:00", Happening::Started),
            ("2026-03-03T10:00:00+01:00", Happening::Fulfilled),
            ("2026-05-04T10:00:00+02:00", Happening::Reopened),
        ],
    );
    // Fifteen from 5-05: 5..8, 11..14, 18..22, 25, 26; the 15th is San Isidro.
    assert_eq!(reopened.state, State::Running { due: instant("2026-05-26T21:59:59.999999Z") });
    assert_eq!((reopened.epoch, reopened.breaches.len()), (2, 0));
}

#[test]
fn a_promise_declared_broken_counts_as_a_breach_when_it_was_due() {
    let due = "2026-03-05T17:00:00+01:00";
    let broken = clock(
        "house.promise",
        &[
            ("2026-03-02T10:00:00+01:00", Happening::StartedUntil(instant(due))),
            ("2026-03-04T10:00:00+01:00", Happening::Forfeited),
        ],
    );
    assert_eq!(broken.breaches, [Breach { epoch: 1, origin: instant("2026-03-02T10:00:00+01:00"), at: instant(due) }]);
    let kept = clock(
        "house.promise",
        &[("2026-03-02T10:00:00+01:00", Happening::StartedUntil(instant(due))), (due, Happening::Fulfilled)],
    );
    assert_eq!(kept.breaches, []);
}

#[test]
fn a_displaced_clock_ends_where_it_was_displaced_and_keeps_the_verdict_it_had() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let due = "2026-03-23T22:59:59.999999Z";
    let before = clock(GENERAL, &[start.clone(), (due, Happening::Displaced)]);
    assert_eq!(before.state, State::Cancelled { at: instant(due) });
    assert_eq!(before.breaches, [], "it was displaced in time");
    let after = clock(GENERAL, &[start.clone(), ("2026-03-23T23:00:00Z", Happening::Displaced)]);
    assert_eq!(
        after.breaches,
        [Breach { epoch: 1, origin: instant("2026-03-02T10:00:00+01:00"), at: instant(due) }],
        "what was broken before stays broken"
    );
    let met = "2026-03-10T10:00:00Z";
    let answered = clock(GENERAL, &[start, (met, Happening::Fulfilled), (due, Happening::Displaced)]);
    assert_eq!(answered.state, State::Fulfilled { at: instant(met), due: instant(due) });
}

#[test]
fn a_request_that_is_withdrawn_was_never_made() {
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let asked = ("2026-03-23T09:00:00+01:00", hindered("cure_requested"));
    let back = ("2026-03-23T09:00:01+01:00", Happening::Withdrawn("cure_requested".to_owned()));
    let due = State::Running { due: instant("2026-03-23T22:59:59.999999Z") };
    let withdrawn = clock(GENERAL, &[start.clone(), asked.clone(), back]);
    assert_eq!((withdrawn.state, withdrawn.epoch, withdrawn.breaches.len()), (due.clone(), 1, 0));
    // However often, and however long it takes: what was owed by then is broken.
    let late = ("2026-04-07T09:00:00+02:00", Happening::Withdrawn("cure_requested".to_owned()));
    let again = ("2026-04-07T09:00:01+02:00", hindered("cure_requested"));
    let parked = clock(GENERAL, &[start.clone(), asked.clone(), late, again]);
    assert_eq!((parked.state, parked.epoch), (due, 1));
    assert_eq!(parked.breaches.len(), 1);
    // The ground of another is not taken back with it.
    let other = ("2026-03-23T09:00:01+01:00", Happening::Withdrawn("incomplete".to_owned()));
    assert!(matches!(clock(GENERAL, &[start, asked, other]).state, State::Scheduled { .. }));
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        Just(hindered("cure")),
        Just(hindered("incomplete")),
        Just(hindered("holding_reply")),
        Just(hindered("something_else")),
        Just(Happening::Unhindered),
        Just(Happening::Withdrawn("incomplete".to_owned())),
        Just(Happening::Fulfilled),
        Just(Happening::MetByWord),
        Just(Happening::Cancelled),
        Just(Happening::Reopened),
        Just(Happening::Displaced),
        Just(Happening::Reinstated),
    ]
}

/// Entries an affair could have: a start, then anything, at distinct instants.
fn history() -> impl Strategy<Value = Vec<Entry>> {
    let step = (1_i64..20 * 86_400, happening());
    prop::collection::vec(step, 0..12).prop_map(|steps| {
        let mut at = 1_767_225_600; // 2026-01-01
        let mut entries = vec![Entry { at: Timestamp::from_second(at).unwrap(), what: Happening::Started }];
        for (after, what) in steps {
            at += after;
            entries.push(Entry { at: Timestamp::from_second(at).unwrap(), what });
        }
        entries
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_changes_nothing(entries in history(), seed in any::<u64>(), rule in 0_usize..3) {
        let rule = CATALOGUE.rule([GENERAL, FINANCE, PAYMENTS][rule]).unwrap();
        let terms = Terms { rule, calendar: CATALOGUE.calendar("es.madrid").unwrap() };
        let mut shuffled = entries.clone();
        let mut x = seed | 1;
        for i in (1..shuffled.len()).rev() {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, usize::try_from(x >> 33).unwrap() % (i + 1));
        }
        prop_assert_eq!(replay(&entries, terms).unwrap(), replay(&shuffled, terms).unwrap());
    }

    #[test]
    fn verdicts_agree_with_the_state(entries in history(), rule in 0_usize..3) {
        let rule = CATALOGUE.rule([GENERAL, FINANCE, PAYMENTS][rule]).unwrap();
        let terms = Terms { rule, calendar: CATALOGUE.calendar("es.madrid").unwrap() };
        let replayed = replay(&entries, terms).unwrap();
        prop_assert_eq!(replayed.first_origin, entries[0].at);
        prop_assert!(replayed.origin >= replayed.first_origin);
        prop_assert!(replayed.breaches.windows(2).all(|w| w[0].epoch < w[1].epoch));
        if let State::Fulfilled { at, due } = replayed.state {
            let breached_now = replayed.breaches.iter().any(|b| b.epoch == replayed.epoch);
            prop_assert_eq!(at > due, breached_now);
        }
        let thresholds = replayed.thresholds(terms).unwrap();
        prop_assert!(thresholds.windows(2).all(|w| w[0].1 <= w[1].1));
        if let State::Running { due } = replayed.state {
            prop_assert!(thresholds.iter().all(|(_, at)| replayed.origin <= *at && *at <= due));
        }
        prove(&replayed, terms, "", "").unwrap();
    }

    #[test]
    fn an_entry_replayed_twice_changes_nothing(entries in history(), twice in any::<prop::sample::Index>()) {
        let terms = Terms { rule: CATALOGUE.rule(GENERAL).unwrap(), calendar: CATALOGUE.calendar("es.madrid").unwrap() };
        let mut doubled = entries.clone();
        let i = twice.index(entries.len());
        doubled.insert(i + 1, entries[i].clone());
        prop_assert_eq!(replay(&entries, terms).unwrap(), replay(&doubled, terms).unwrap());
    }

    #[test]
    fn a_reinstated_clock_is_the_clock_it_would_be_had_it_never_been_displaced(
        entries in history(), rule in 0_usize..3, gone in 0_i64..200 * 86_400, back in 0_i64..200 * 86_400,
    ) {
        let rule = CATALOGUE.rule([GENERAL, FINANCE, PAYMENTS][rule]).unwrap();
        let terms = Terms { rule, calendar: CATALOGUE.calendar("es.madrid").unwrap() };
        let undisturbed: Vec<Entry> = entries.into_iter()
            .filter(|entry| !matches!(entry.what, Happening::Displaced | Happening::Reinstated)).collect();
        let after = |seconds: i64| undisturbed[0].at + jiff::SignedDuration::from_secs(seconds);
        let mut disturbed = undisturbed.clone();
        disturbed.push(Entry { at: after(gone), what: Happening::Displaced });
        disturbed.push(Entry { at: after(gone + back), what: Happening::Reinstated });
        prop_assert_eq!(replay(&undisturbed, terms).unwrap(), replay(&disturbed, terms).unwrap());
        // Left displaced, nothing that comes later is held against anybody.
        disturbed.pop();
        let displaced = replay(&disturbed, terms).unwrap();
        prop_assert!(displaced.state.settled().is_some());
        prop_assert!(displaced.breaches.iter().all(|breach| breach.at < after(gone)));
        prop_assert_eq!(displaced.breach_by(Timestamp::MAX), displaced.breaches.first().copied());
    }
}

#[test]
fn a_proof_speaks_of_one_as_of_one_and_names_what_did_not_count() {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let terms = Terms { rule: catalogue.rule(FINANCE).unwrap(), calendar: catalogue.calendar("es.madrid").unwrap() };
    let said = |entries: &[(&str, Happening)]| {
        let entries: Vec<Entry> =
            entries.iter().map(|(at, what)| Entry { at: instant(at), what: what.clone() }).collect();
        let proof = prove(&replay(&entries, terms).unwrap(), terms, "", "").unwrap();
        (proof.sentence_es, proof.sentence_en)
    };
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let (es, en) = said(std::slice::from_ref(&start));
    assert!(
        es.contains(", 1 mes desde el 02-03-2026 10:00:00") && es.contains(" vence el 02-04-2026 23:59:59"),
        "{es}"
    );
    assert!(en.contains(", 1 month from 02-03-2026 10:00:00") && en.contains(" falls due on "), "{en}");
    assert!(!es.contains("detenido"), "{es}");
    let (es, en) = said(&[
        start,
        ("2026-03-05T09:00:00+01:00", hindered("cure")),
        ("2026-03-09T12:30:00+01:00", Happening::Unhindered),
    ]);
    assert!(es.ends_with("Estuvo detenido del 05-03-2026 09:00:00 al 09-03-2026 12:30:00 («cure»)."), "{es}");
    assert!(en.ends_with("It stood still from 05-03-2026 09:00:00 to 09-03-2026 12:30:00 («cure»)."), "{en}");
}

#[test]
fn the_eight_weeks_are_met_by_the_answer_or_by_why_it_is_late_in_writing_with_where_to_go() {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let meets = |rule: &str, event: Event| match event.to_clock_of(catalogue.rule(rule).unwrap()) {
        Some(Happening::Fulfilled) => event == Event::Resolved,
        Some(Happening::MetByWord) => event != Event::Resolved,
        _ => false,
    };
    let (letter, word) = (Event::Explained { signposts: true }, Event::Explained { signposts: false });
    let disp = "uk.disp.1-6-2.final";
    assert!(meets(disp, letter.clone()) && meets(disp, Event::Resolved));
    assert!(!meets(disp, word.clone()) && !meets(disp, Event::Answered), "no other message is a response");
    let continuity = "es.l10-2025.17-2.continuity";
    assert!(meets(continuity, word.clone()) && meets(continuity, letter.clone()) && meets(continuity, Event::Resolved));
    assert!(!meets(continuity, Event::Answered), "which says neither why nor until when");
    // What resolves and answers is the answer alone.
    assert!(!meets("es.l10-2025.17-1.resolve", letter.clone()) && !meets("uk.disp.1-6-2A.psd", letter.clone()));
    // The customer is told of the eight weeks as of the term of the answer.
    assert!(
        catalogue.rule(disp).unwrap().ends_with_answer() && !catalogue.rule(continuity).unwrap().ends_with_answer()
    );
    for event in [letter, word] {
        assert_eq!(Event::from_word(event.as_str(), event.ground()), Some(event));
    }
}

/// A clock of British time or of Madrid's to whose affair all this happens.
fn told(rule: &str, calendar: &str, received: &str, happened: &[(&str, Event)]) -> Replay {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let rule = catalogue.rule(rule).unwrap();
    let terms = Terms { rule, calendar: catalogue.calendar(calendar).unwrap() };
    let start = Entry { at: instant(received), what: Happening::Started };
    let entry = |(at, event): &(&str, Event)| Some(Entry { at: instant(at), what: event.to_clock_of(rule)? });
    let entries: Vec<Entry> = std::iter::once(start).chain(happened.iter().filter_map(entry)).collect();
    replay(&entries, terms).unwrap()
}

#[test]
fn what_an_explanation_met_a_reopening_does_not_take_back() {
    // The letter went out in the seventh of eight weeks: they are over for good, whenever the answer is found not to hold.
    let (letter, objection) = (Event::Explained { signposts: true }, Event::Reopened);
    let disp = |happened: &[(&str, Event)]| told("uk.disp.1-6-2.final", "gb.england", "2026-03-02T10:00:00Z", happened);
    let sent = ("2026-04-20T10:00:00Z", letter);
    let met = State::Fulfilled { at: instant(sent.0), due: instant("2026-04-27T22:59:59.999999Z") };
    for (resolved, reopened) in
        [("2026-04-23T10:00:00Z", "2026-04-25T10:00:00Z"), ("2026-05-25T10:00:00Z", "2026-06-01T10:00:00Z")]
    {
        let after = [(resolved, Event::Resolved), (reopened, objection.clone())];
        let clock = disp(&[std::slice::from_ref(&sent), &after[..]].concat());
        assert_eq!((&clock.state, clock.epoch, clock.breach_by(Timestamp::MAX)), (&met, 1, None));
        // Without the letter it is the answer alone that met it, or did not.
        let clock = disp(&after);
        assert!(matches!(clock.state, State::Running { .. }) && clock.breach_by(Timestamp::MAX).is_some());
    }
    // An outage at nine: cause and hour by twenty past is what the two hours ask for.
    let continuity =
        |happened: &[(&str, Event)]| told("es.l10-2025.17-2.continuity", "es.madrid", "2026-03-02T09:00:00Z", happened);
    let why = ("2026-03-02T09:20:00Z", Event::Explained { signposts: false });
    let resolved = ("2026-03-02T10:00:00Z", Event::Resolved);
    let met = State::Fulfilled { at: instant(why.0), due: instant("2026-03-02T11:00:00Z") };
    for reopened in ["2026-03-02T10:30:00Z", "2026-03-03T10:30:00Z"] {
        let clock = continuity(&[why.clone(), resolved.clone(), (reopened, objection.clone())]);
        assert_eq!((&clock.state, clock.epoch, clock.breach_by(Timestamp::MAX)), (&met, 1, None));
    }
    // Said while the affair was resolved, it is said all the same; and where nothing was, the two hours go on.
    let reopened = ("2026-03-02T10:30:00Z", objection.clone());
    let meanwhile = ("2026-03-02T10:10:00Z", why.1.clone());
    let clock = continuity(&[resolved.clone(), meanwhile, reopened.clone()]);
    assert_eq!(clock.state, State::Fulfilled { at: instant(resolved.0), due: instant("2026-03-02T11:00:00Z") });
    let goes_on = continuity(&[resolved.clone(), reopened.clone()]);
    assert_eq!(goes_on.state, State::Running { due: instant("2026-03-02T11:00:00Z") });
    let late = ("2026-03-02T11:15:00Z", why.1);
    assert_eq!(continuity(&[resolved, reopened, late]).breaches.len(), 1);
}

#[test]
fn a_proof_of_what_fell_away_says_when_and_why_and_tells_no_due_date_that_nobody_owed() {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let proven = |rule: &str, entries: &[(&str, Happening)]| {
        let terms = Terms { rule: catalogue.rule(rule).unwrap(), calendar: catalogue.calendar("es.madrid").unwrap() };
        let entries: Vec<Entry> =
            entries.iter().map(|(at, what)| Entry { at: instant(at), what: what.clone() }).collect();
        prove(&replay(&entries, terms).unwrap(), terms, "", "").unwrap()
    };
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let (away, late) = ("2026-03-05T09:00:00+01:00", "2026-05-05T09:00:00+02:00");
    for (what, fall, es, en) in [
        (Happening::Cancelled, Fall::Withdrawn, "se retiró", "was withdrawn"),
        (Happening::Displaced, Fall::Displaced, "dejó de regir", "does not govern"),
    ] {
        let proof = proven(FINANCE, &[start.clone(), (away, what.clone())]);
        assert_eq!((proof.due, proof.fell), (None, Some((instant(away), fall))));
        let said = (&proof.sentence_es, &proof.sentence_en);
        assert!(
            said.0.contains("acabó el 05-03-2026 09:00:00, hora de Europe/Madrid: ") && said.0.contains(es),
            "{said:?}"
        );
        assert!(
            said.1.contains("ended on 05-03-2026 09:00:00, Europe/Madrid time: ") && said.1.contains(en),
            "{said:?}"
        );
        assert!(
            said.0.ends_with("nada se debe ni se incumplió.") && said.1.ends_with("nothing was breached."),
            "{said:?}"
        );
        let told = proof.steps.iter().all(|step| !step.es.starts_with("Vence el") && !step.es.contains("04-2026"));
        assert!(told, "{:?}", proof.steps);
        assert_eq!(proof.steps.last().unwrap().outcome, Outcome::Instant(instant(away)));
        // What was due before that was owed.
        let proof = proven(FINANCE, &[start.clone(), (late, what)]);
        assert_eq!(proof.due, Some(instant("2026-04-02T21:59:59.999999Z")));
        assert!(proof.sentence_es.ends_with("Vencía el 02-04-2026 23:59:59 y no se cumplió."), "{}", proof.sentence_es);
        assert!(
            proof.sentence_en.ends_with("It was due on 02-04-2026 23:59:59 and was not met."),
            "{}",
            proof.sentence_en
        );
    }
    let due = instant("2026-03-20T12:00:00+01:00");
    let promised = (start.0, Happening::StartedUntil(due));
    let proof = proven("house.promise", &[promised.clone(), (away, Happening::Forfeited)]);
    assert_eq!(
        (proof.due, proof.fell),
        (Some(due), Some((instant(away), Fall::Forfeited))),
        "declared before: it counts"
    );
    let proof = proven("house.promise", &[promised.clone(), (away, Happening::Cancelled)]);
    assert_eq!((proof.due, proof.fell.map(|(_, fall)| fall)), (None, Some(Fall::Withdrawn)));
    assert_eq!(proven("house.promise", &[promised, (away, Happening::Fulfilled)]).fell, None);
    let proof = proven(FINANCE, &[(start.0, Happening::Awaited), (away, Happening::Closed)]);
    assert_eq!((proof.due, proof.fell.map(|(_, fall)| fall)), (None, Some(Fall::NeverStarted)));
    assert!(proof.steps.iter().all(|step| !step.en.starts_with("The term starts")), "{:?}", proof.steps);
}

#[test]
fn a_proof_of_what_fell_away_after_a_run_that_was_missed_says_so() {
    let proven = |rule: &str, entries: &[(&str, Happening)]| {
        let terms = Terms { rule: CATALOGUE.rule(rule).unwrap(), calendar: CATALOGUE.calendar("es.madrid").unwrap() };
        let entries: Vec<Entry> =
            entries.iter().map(|(at, what)| Entry { at: instant(at), what: what.clone() }).collect();
        let replayed = replay(&entries, terms).unwrap();
        (prove(&replayed, terms, "", "").unwrap(), replayed)
    };
    let start = ("2026-03-02T10:00:00+01:00", Happening::Started);
    let late = ("2026-03-26T09:00:00+01:00", Happening::Fulfilled);
    let again = ("2026-03-31T09:00:00+02:00", Happening::Reopened);
    for ends in [Happening::Cancelled, Happening::Displaced] {
        let away = ("2026-04-06T09:00:00+02:00", ends);
        let (proof, replayed) = proven(GENERAL, &[start.clone(), late.clone(), again.clone(), away]);
        let [Breach { epoch: 1, at, .. }] = replayed.breaches[..] else { panic!("{:?}", replayed.breaches) };
        assert_eq!((replayed.epoch, proof.due), (2, None));
        assert_eq!(replayed.breach_by(instant("2026-04-06T09:00:00+02:00")).map(|breach| breach.at), Some(at));
        let (es, en) = (&proof.sentence_es, &proof.sentence_en);
        let day = "23-03-2026 23:59:59";
        assert!(
            es.ends_with(&format!("Esta cuenta no vencía antes; la cuenta número 1 vencía el {day} y no se cumplió.")),
            "{es}"
        );
        assert!(
            en.ends_with(&format!("This run was not due before; run number 1 was due on {day} and was not met.")),
            "{en}"
        );
    }
    // Two that were missed: the clock is judged by the first of them.
    let twice = [
        start,
        late,
        again,
        ("2026-05-04T09:00:00+02:00", Happening::Fulfilled),
        ("2026-05-05T09:00:00+02:00", Happening::Reopened),
        ("2026-05-06T09:00:00+02:00", Happening::Cancelled),
    ];
    let (proof, replayed) = proven(GENERAL, &twice);
    assert_eq!((replayed.breaches.len(), replayed.epoch, proof.due), (2, 3, None));
    let es = "2 cuentas anteriores no se cumplieron; la primera, la número 1, vencía el 23-03-2026 23:59:59.";
    assert!(proof.sentence_es.ends_with(es), "{}", proof.sentence_es);
    let en = "2 earlier runs were not met; the first, number 1, was due on 23-03-2026 23:59:59.";
    assert!(proof.sentence_en.ends_with(en), "{}", proof.sentence_en);
}

#[test]
fn what_was_met_before_it_began_is_no_affair_that_is_over() {
    let (awaited, word) = ("2026-03-02T10:00:00+01:00", "2026-03-02T11:00:00+01:00");
    let terms = Terms { rule: CATALOGUE.rule(FINANCE).unwrap(), calendar: CATALOGUE.calendar("es.madrid").unwrap() };
    let mut entries = vec![
        Entry { at: instant(awaited), what: Happening::Awaited },
        Entry { at: instant(word), what: Happening::Fulfilled },
    ];
    let replayed = replay(&entries, terms).unwrap();
    let proof = prove(&replayed, terms, "", "").unwrap();
    assert_eq!((proof.due, proof.fell), (None, Some((instant(word), Fall::MetBefore))));
    let (es, en) = (&proof.sentence_es, &proof.sentence_en);
    assert!(es.contains("lo que la habría cumplido llegó antes") && !es.contains("acabó antes"), "{es}");
    assert!(en.contains("what would have met it came before") && !en.contains("was over"), "{en}");
    assert!(proof.steps.iter().all(|step| !step.en.starts_with("The term starts")), "{:?}", proof.steps);
    // What starts it comes after that: it counts.
    entries.push(Entry { at: instant("2026-03-02T12:00:00+01:00"), what: Happening::Begun });
    let begun = replay(&entries, terms).unwrap();
    assert!(matches!(begun.state, State::Running { .. }) && begun.fell.is_none(), "{begun:?}");
}
