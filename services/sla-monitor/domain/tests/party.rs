//! Time that parties to a case have.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::party::{Stage, Stands, given, stands};
use ventanilla_sla_monitor_domain::proof::prove;
use ventanilla_sla_monitor_domain::rule::{Bearer, Subject};
use ventanilla_sla_monitor_domain::{Catalogue, Entry, Happening, replay};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn catalogue() -> Catalogue {
    Catalogue::embedded(&Switches::new()).unwrap()
}

const CURE: &str = "es.fin.29quater-2.cure";
const REFLECTION: &str = "house.office.reflection";

fn of(rule: &str, entries: &[Entry], now: &str) -> Stands {
    let catalogue = catalogue();
    let terms = Terms { rule: catalogue.rule(rule).unwrap(), calendar: catalogue.calendar("es.national").unwrap() };
    stands(&replay(entries, terms).unwrap(), terms, instant(now))
}

#[test]
fn what_the_law_counts_is_proven_by_the_count_and_what_the_office_gives_beside_it_by_its_word() {
    let catalogue = catalogue();
    let terms = Terms { rule: catalogue.rule(CURE).unwrap(), calendar: catalogue.calendar("es.national").unwrap() };
    let at = instant("2026-03-20T09:00:00Z");
    // Ten calendar days after the twentieth end with the thirtieth, in Madrid, by summer time.
    assert_eq!(given(terms, at, instant("2026-03-30T22:00:00Z")), Happening::Started);
    let longer = given(terms, at, instant("2026-04-01T22:00:00Z"));
    assert_eq!(longer, Happening::StartedUntil(instant("2026-04-01T21:59:59.999999Z")));
    let replayed = replay(&[Entry { at, what: longer }], terms).unwrap();
    let proof = prove(&replayed, terms, "", "").unwrap();
    assert_eq!(proof.due, Some(instant("2026-04-01T21:59:59.999999Z")));
    assert!(proof.sentence_es.contains("caduca; nadie incumple"), "{}", proof.sentence_es);
    assert!(proof.sentence_en.contains("nobody breaches anything"), "{}", proof.sentence_en);
}

#[test]
fn time_that_is_not_used_lapses_and_stays_lapsed_when_it_is_used_late_or_what_it_was_for_is_over() {
    let at = instant("2026-03-20T09:00:00Z");
    let start = Entry { at, what: Happening::Started };
    let due = Some(instant("2026-03-30T21:59:59.999999Z"));
    let with = |at: &str, what| vec![start.clone(), Entry { at: instant(at), what }];
    let alone = std::slice::from_ref(&start);
    assert_eq!(of(CURE, alone, "2026-03-30T21:59:59Z"), Stands { stage: Stage::Running, lapsed: None });
    assert_eq!(of(CURE, alone, "2026-03-30T22:00:00Z"), Stands { stage: Stage::Lapsed, lapsed: due });
    let (early, late) = ("2026-03-25T10:00:00Z", "2026-04-02T10:00:00Z");
    let used = |at: &str| Stage::Fulfilled { at: instant(at) };
    let now = "2026-05-01T00:00:00Z";
    assert_eq!(of(CURE, &with(early, Happening::Fulfilled), now), Stands { stage: used(early), lapsed: None });
    assert_eq!(of(CURE, &with(late, Happening::Fulfilled), now), Stands { stage: used(late), lapsed: due });
    let away = Stage::FellAway { at: instant(early) };
    assert_eq!(of(CURE, &with(early, Happening::Cancelled), now), Stands { stage: away, lapsed: None });
    assert_eq!(of(CURE, &with(late, Happening::Cancelled), now), Stands { stage: Stage::Lapsed, lapsed: due });
}

#[test]
fn time_to_think_is_given_when_it_is_over_and_nothing_lapses() {
    let until = instant("2026-03-30T21:59:59.999999Z");
    let start = Entry { at: instant("2026-03-20T09:00:00Z"), what: Happening::StartedUntil(until) };
    let alone = std::slice::from_ref(&start);
    assert_eq!(of(REFLECTION, alone, "2026-03-25T00:00:00Z").stage, Stage::Running);
    let given = Stands { stage: Stage::Fulfilled { at: until }, lapsed: None };
    assert_eq!(of(REFLECTION, alone, "2026-03-31T00:00:00Z"), given);
    let closed = [start.clone(), Entry { at: instant("2026-04-02T10:00:00Z"), what: Happening::Cancelled }];
    assert_eq!(of(REFLECTION, &closed, "2026-04-03T00:00:00Z"), given);
}

#[test]
fn whose_time_it_is_stands_with_every_rule_of_a_party_and_with_no_other() {
    let catalogue = catalogue();
    for rule in catalogue.rules() {
        assert_eq!(rule.subject == Subject::PartyTerm, rule.bearer != Bearer::House, "{}", rule.id);
    }
    let calendar = catalogue.calendar("es.national").unwrap();
    let of = |stage: &str, regime: &str| {
        catalogue.for_party(stage, regime, instant("2026-03-20T09:00:00Z"), calendar).map(|c| c.rule.id.as_str())
    };
    assert_eq!(of("claimant_cures", "es.finance"), Some(CURE));
    assert_eq!(of("claimant_cures", "es.general"), Some("house.office.cure"));
    assert_eq!(of("reflection_before_acceptance", "es.finance"), Some(REFLECTION));
    assert_eq!(of("decide", "es.finance"), None);
    // Three weeks in which a body may refuse are the law's, and only its.
    assert_eq!(of("refuse_admission", "es.adr"), Some("es.adr.18.refuse"));
    assert_eq!((of("refuse_admission", "es.finance"), of("refuse_admission", "es.general")), (None, None));
}

#[test]
fn every_decision_is_notified_within_a_time_the_laws_where_it_sets_one() {
    let catalogue = catalogue();
    let calendar = catalogue.calendar("es.national").unwrap();
    let of = |regime: &str| {
        let chosen = catalogue.for_decision("notify_decision", regime, instant("2026-03-20T09:00:00Z"), calendar);
        chosen.map(|chosen| (chosen.rule.id.as_str(), chosen.because_en))
    };
    assert_eq!(of("es.finance").unwrap().0, "es.fin.29septies-3.notify");
    for regime in ["es.general", "es.adr"] {
        let (rule, because) = of(regime).unwrap();
        assert_eq!(rule, "house.office.notify");
        assert!(because.contains("the house's own rule gives it"), "{because}");
    }
}

proptest! {
    /// Whatever happens after the time is over, and whenever it is looked at, what lapsed stays lapsed at the same instant.
    #[test]
    fn nothing_that_happens_later_takes_a_lapse_back(hours in prop::collection::vec((241_i64..2_000, any::<bool>()), 0..5), look in 0_i64..4_000) {
        let at = instant("2026-06-01T08:00:00Z");
        let after = |hours: i64| at + SignedDuration::from_hours(hours);
        let mut entries = vec![Entry { at, what: Happening::Started }];
        for (hours, used) in hours {
            let what = if used { Happening::Fulfilled } else { Happening::Cancelled };
            entries.push(Entry { at: after(24 + hours), what });
        }
        let due = instant("2026-06-11T21:59:59.999999Z");
        let catalogue = catalogue();
        let terms = Terms { rule: catalogue.rule(CURE).unwrap(), calendar: catalogue.calendar("es.national").unwrap() };
        let now = after(look).max(entries.iter().map(|e| e.at).max().unwrap());
        let found = stands(&replay(&entries, terms).unwrap(), terms, now);
        prop_assert_eq!(found.lapsed, (now > due).then_some(due));
    }
}
