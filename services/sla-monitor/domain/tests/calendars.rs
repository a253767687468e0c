//! The calendars that are shipped, and those a house makes of them.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use ventanilla_sla_monitor_domain::calendar::{Changes, Holiday, Hours, SCOPES, Title};
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::proof::preview;
use ventanilla_sla_monitor_domain::{Calendar, Catalogue, Run, Term};

fn catalogue() -> Catalogue {
    Catalogue::embedded(&Switches::new()).unwrap()
}

fn days(calendar: &Calendar) -> impl Iterator<Item = Date> {
    let (first, last) = (date(calendar.first_year, 1, 1), date(calendar.last_year, 12, 31));
    first.series(1.day()).take_while(move |day| *day <= last)
}

#[test]
fn every_calendar_is_read_back_from_its_own_text() {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    for calendar in catalogue.calendars() {
        let read = Calendar::parse(&calendar.text()).unwrap();
        // What it extends is not in its text: it stands alone.
        let mut expected = calendar.clone();
        expected.extends.clear();
        assert_eq!(format!("{read:?}"), format!("{expected:?}"), "{}", calendar.id);
    }
}

#[test]
fn every_community_and_city_of_spain_and_every_country_of_a_shipped_law_has_a_calendar() {
    let c = catalogue();
    let ids: Vec<&str> = c.calendars().map(|calendar| calendar.id.as_str()).collect();
    assert!(ids.is_sorted());
    let communities = c.calendars().filter(|calendar| calendar.jurisdiction == "ES" && !calendar.region.is_empty());
    assert_eq!(communities.map(|calendar| calendar.region.as_str()).collect::<BTreeSet<_>>().len(), 19);
    for rule in c.rules().filter(|rule| !rule.jurisdiction.is_empty()) {
        assert!(c.calendars().any(|calendar| rule.holds_in(&calendar.jurisdiction)), "{}", rule.id);
    }
    for id in ["gb.england", "gb.scotland", "gb.northern-ireland", "au.national", "au.nsw", "au.vic", "us", "je", "gg"]
    {
        assert!(ids.contains(&id), "{id}");
    }
}

#[test]
fn every_calendar_says_what_it_is_and_how_far_it_reaches() {
    for calendar in catalogue().calendars() {
        let id = &calendar.id;
        assert!(!calendar.title.es.is_empty() && !calendar.title.en.is_empty(), "{id}");
        assert!(calendar.source.contains("holidays 0.109"), "{id}");
        assert!(calendar.version.starts_with(&calendar.data_date.to_string()), "{id}");
        assert!(calendar.first_year <= 2010 && calendar.last_year >= 2027, "{id}");
        assert_eq!(calendar.jurisdiction.len(), 2, "{id}");
        assert!(calendar.region.is_empty() || calendar.region.starts_with(&calendar.jurisdiction), "{id}");
        assert!(calendar.holidays.values().all(|day| SCOPES.contains(&day.scope.as_str())), "{id}");
        for year in calendar.first_year..=calendar.last_year {
            let held = calendar.holidays.keys().filter(|day| day.year() == year).count();
            assert!((6..=20).contains(&held), "{id} holds {held} days of {year}");
        }
    }
}

#[test]
fn every_day_of_every_calendar_has_an_answer() {
    for calendar in catalogue().calendars() {
        for day in days(calendar) {
            let is_weekend = day.weekday().to_monday_zero_offset() > 4;
            let is_holiday = calendar.holidays.contains_key(&day);
            assert_eq!(calendar.is_business_day(day), !is_weekend && !is_holiday, "{} {day}", calendar.id);
            assert_eq!(calendar.windows_of(day).unwrap().is_empty(), is_weekend || is_holiday, "{} {day}", calendar.id);
            assert!(calendar.start_of_day(day).unwrap() < calendar.last_instant(day).unwrap());
        }
        assert!(calendar.covers(date(2026, 6, 1)) && !calendar.covers(date(2009, 12, 31)));
        assert!(calendar.is_business_day(date(2051, 6, 1)) && !calendar.covers(date(2051, 6, 1)), "Thursday");
        assert_eq!(calendar.business_weekdays().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_proof_says_when_the_count_leaves_the_years_that_are_held() {
    let c = catalogue();
    let calendar = c.calendar("es.galicia").unwrap();
    let start: Timestamp = "2027-12-27T10:00:00Z".parse().unwrap();
    let proof = preview(c.rule("es.l10-2025.17-1.resolve").unwrap(), calendar, start).unwrap();
    assert!(proof.steps.iter().any(|step| step.en.contains("does not hold the holidays of 2028")));
}

#[test]
fn communities_hold_the_national_days_and_their_own() {
    let c = catalogue();
    let works = |id: &str, day: Date| c.calendar(id).unwrap().is_business_day(day);
    // Maundy Thursday and Easter Monday of 2026: Catalonia keeps the second, Andalusia the first, Navarre both.
    let (thursday, monday) = (date(2026, 4, 2), date(2026, 4, 6));
    for (id, expected) in [
        ("es.andalucia", (false, true)),
        ("es.cataluna", (true, false)),
        ("es.navarra", (false, false)),
        ("es.national", (true, true)),
    ] {
        assert_eq!((works(id, thursday), works(id, monday)), expected, "{id}");
    }
    assert_eq!(c.calendar("es.melilla").unwrap().zone_name, "Africa/Ceuta");
    assert_eq!(c.calendar("es.madrid").unwrap().extends, "es.national");
    for calendar in c.calendars().filter(|calendar| calendar.extends == "es.national") {
        let national = &c.calendar("es.national").unwrap().holidays;
        assert!(national.iter().all(|(day, holiday)| calendar.holidays.get(day) == Some(holiday)), "{}", calendar.id);
    }
}

#[test]
fn days_set_for_one_occasion_or_put_off_from_a_weekend_are_held() {
    // By proclamation or law of the day, each known apart from the data.
    let c = catalogue();
    for (id, day) in [
        ("gb.england", date(2011, 4, 29)),
        ("gb.england", date(2020, 5, 8)),
        ("gb.england", date(2022, 6, 3)),
        ("gb.scotland", date(2022, 9, 19)),
        ("gb.northern-ireland", date(2023, 5, 8)),
        ("gb.england", date(2026, 12, 28)),
        ("ie", date(2022, 3, 18)),
        ("us", date(2021, 6, 18)),
        ("us", date(2026, 7, 3)),
        ("mx", date(2024, 10, 1)),
        ("cl", date(2022, 9, 16)),
        ("au.national", date(2022, 9, 22)),
        ("es.madrid", date(2025, 11, 10)),
    ] {
        assert!(!c.calendar(id).unwrap().is_business_day(day), "{id} {day}");
    }
    assert!(c.calendar("gb.england").unwrap().is_business_day(date(2020, 5, 4)), "put off to the 8th");
    assert!(c.calendar("us").unwrap().is_business_day(date(2020, 6, 19)), "a holiday from 2021 on");
    assert!(c.calendar("gb.scotland").unwrap().is_business_day(date(2026, 4, 6)), "Easter Monday");
}

#[test]
fn a_region_may_leave_out_a_national_day_that_it_moves() {
    // Australia Day of 2025 fell on a Sunday: in New South Wales the Monday was kept in its place.
    let c = catalogue();
    let nsw = c.calendar("au.nsw").unwrap();
    assert!(c.calendar("au.national").unwrap().holidays.contains_key(&date(2025, 1, 26)));
    assert!(!nsw.holidays.contains_key(&date(2025, 1, 26)));
    assert!(!nsw.is_business_day(date(2025, 1, 27)));
}

fn getafe() -> Changes {
    let town = |title: &str| Holiday { title: title.to_owned(), scope: "town".to_owned() };
    Changes {
        id: "es.madrid.getafe".to_owned(),
        version: "1".to_owned(),
        title: Title { es: "Getafe".to_owned(), en: String::new() },
        source: "pleno municipal".to_owned(),
        added: vec![(date(2026, 5, 14), town("Nuestra Señora de los Ángeles")), (date(2026, 5, 25), town("Feria"))],
        removed: vec![date(2026, 5, 15), date(2026, 11, 9)],
        ..Changes::default()
    }
}

#[test]
fn a_house_adds_the_days_of_its_town_and_takes_over_the_rest() {
    let c = catalogue();
    let madrid = c.calendar("es.madrid").unwrap();
    let town = madrid.extended(getafe()).unwrap();
    assert!(town.is_business_day(date(2026, 5, 15)) && !town.is_business_day(date(2026, 5, 14)));
    assert!(!town.is_business_day(date(2026, 1, 6)));
    assert_eq!((town.extends.as_str(), town.jurisdiction.as_str(), town.region.as_str()), ("es.madrid", "ES", "ES-MD"));
    assert_eq!((town.title.es.as_str(), town.title.en.as_str()), ("Getafe", "Getafe"));
    assert_eq!(
        (town.first_year, town.last_year, town.data_date),
        (madrid.first_year, madrid.last_year, madrid.data_date)
    );
    assert_eq!(town.hours, madrid.hours);
    // Nineteen from 24 April, in Madrid: 27 to 30, 4 to 8, 11 to 14, 18 to 22, 25 May. In the town the 14th is off in place of the 15th,
    // and the 25th too.
    let term = Term::BusinessDays(19);
    let origin = "2026-04-24T09:00:00+02:00".parse().unwrap();
    let due = |calendar| Run { term, origin, calendar, pauses: &[] }.due().unwrap().to_string();
    assert_eq!(
        (due(madrid).as_str(), due(&town).as_str()),
        ("2026-05-25T21:59:59.999999Z", "2026-05-26T21:59:59.999999Z")
    );
}

#[test]
fn a_house_sets_its_hours_weekdays_zone_and_days_with_hours_of_their_own() {
    let c = catalogue();
    let saturday = Hours { weekday: 6, start_minute: 600, end_minute: 840 };
    let changes = Changes {
        hours: Some(vec![saturday]),
        business_weekdays: Some(vec![1, 2, 3, 4, 5, 6]),
        zone: Some("Atlantic/Canary".to_owned()),
        exceptions: vec![(date(2026, 12, 24), vec![(540, 720)])],
        ..getafe()
    };
    let house = c.calendar("es.madrid").unwrap().extended(changes).unwrap();
    assert!(house.is_business_day(date(2026, 5, 23)), "a Saturday");
    assert_eq!((house.hours.as_slice(), house.zone_name.as_str()), ([saturday].as_slice(), "Atlantic/Canary"));
    assert_eq!(house.last_instant(date(2026, 1, 1)).unwrap().to_string(), "2026-01-01T23:59:59.999999Z");
    assert_eq!(house.windows_of(date(2026, 12, 24)).unwrap().len(), 1);
    assert!(house.windows_of(date(2026, 12, 23)).unwrap().is_empty(), "a Wednesday");
    // And another house extends it in turn.
    let changes = Changes { id: "branch".to_owned(), removed: Vec::new(), added: Vec::new(), ..getafe() };
    assert_eq!(house.extended(changes).unwrap().windows_of(date(2026, 12, 24)).unwrap().len(), 1);
}

#[test]
fn a_day_may_be_worked_from_its_first_instant_to_its_last_however_long_it_is() {
    let c = catalogue();
    let whole = |weekday| Hours { weekday, start_minute: 0, end_minute: 1440 };
    let changes = Changes {
        hours: Some((1..=7).map(whole).collect()),
        exceptions: vec![(date(2026, 1, 1), vec![(0, 1440)])],
        ..getafe()
    };
    let house = c.calendar("es.madrid").unwrap().extended(changes).unwrap();
    for (day, hours) in [((2026, 1, 1), 24), ((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 4), 24)] {
        let day = date(day.0, day.1, day.2);
        let [window] = house.windows_of(day).unwrap()[..] else { panic!("{day} has one window") };
        assert_eq!(
            (window.from, window.to.duration_since(window.from).as_hours()),
            (house.start_of_day(day).unwrap(), hours),
            "{day}"
        );
        assert_eq!(window.to, house.start_of_day(day.tomorrow().unwrap()).unwrap());
    }
    // Day joins day, so that two days of open time are two days.
    let from = "2026-11-03T11:30:00Z".parse().unwrap();
    let due = house.add_open_time(from, jiff::SignedDuration::from_hours(48), &[]).unwrap();
    assert_eq!(due.to_string(), "2026-11-05T11:30:00Z");
    assert_eq!(Calendar::parse(&house.text()).unwrap().hours, house.hours);
    for (start_minute, end_minute) in [(0, 1441), (600, 2041), (1440, 1500), (1440, 1440)] {
        let hours = Some(vec![Hours { weekday: 1, start_minute, end_minute }]);
        let refused = c.calendar("es.madrid").unwrap().extended(Changes { hours, ..getafe() }).unwrap_err();
        assert_eq!(refused, [format!("hours: {start_minute}-{end_minute} of weekday 1 are no hours")]);
    }
}

#[test]
fn all_that_is_wrong_with_a_houses_calendar_is_said_at_once() {
    let c = catalogue();
    let holiday = |title: &str, scope: &str| Holiday { title: title.to_owned(), scope: scope.to_owned() };
    let wrong = Changes {
        id: "Getafe!".to_owned(),
        version: " ".to_owned(),
        added: vec![
            (date(2026, 1, 6), holiday("Reyes", "town")),
            (date(2062, 5, 14), holiday("Feria", "town")),
            (date(2026, 5, 14), holiday("", "village")),
            (date(2026, 5, 14), holiday("Otra", "town")),
        ],
        removed: vec![date(2026, 5, 14), date(2026, 5, 15), date(2026, 5, 15)],
        hours: Some(vec![Hours { weekday: 8, start_minute: 600, end_minute: 540 }]),
        exceptions: vec![(date(2026, 12, 24), vec![(-1, 60)]), (date(2026, 12, 24), vec![])],
        business_weekdays: Some(vec![0, 1, 1, i8::MIN]),
        zone: Some("Europe/Getafe".to_owned()),
        ..Changes::default()
    };
    let problems = c.calendar("es.madrid").unwrap().extended(wrong).unwrap_err();
    for expected in [
        "id: `Getafe!`",
        "version: must not be empty",
        "title: must not be empty",
        "source: must not be empty",
        "zone: no zone is named `Europe/Getafe`",
        "business_weekdays: 0 is not from 1 to 7",
        "business_weekdays: 1 stands twice",
        "business_weekdays: -128 is not from 1 to 7",
        "hours: weekday 8 is not from 1 to 7",
        "hours: 600-540 of weekday 8 are no hours",
        "removed: 2026-05-14 is no holiday of es.madrid",
        "removed: 2026-05-15 stands twice",
        "added: 2026-01-06 is a holiday of es.madrid already",
        "added: 2062-05-14 is outside 2010 to 2027",
        "added: 2026-05-14 has no title",
        "added: 2026-05-14 has scope `village`",
        "added: 2026-05-14 stands twice",
        "exceptions: -1-60 of 2026-12-24 are no hours",
        "exceptions: 2026-12-24 stands twice",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected}: {problems:#?}");
    }
    assert_eq!(problems.len(), 19, "{problems:#?}");
    let nothing_counts = Changes { business_weekdays: Some(Vec::new()), hours: Some(Vec::new()), ..getafe() };
    assert_eq!(c.calendar("es.madrid").unwrap().extended(nothing_counts).unwrap_err().len(), 2);
}

#[test]
fn a_file_that_extends_nothing_known_or_another_place_is_refused() {
    let file = |more: &str| {
        format!(
            "id = \"x\"\nversion = \"1\"\njurisdiction = \"ES\"\ntitle_es = \"x\"\ntitle_en = \"x\"\nzone = \"UTC\"\n\
             data_date = \"2026-11-22\"\nfirst_year = 2010\nlast_year = 2027\nsource = \"test\"\n{more}"
        )
    };
    let error = |more: &str| Calendar::parse(&file(more)).unwrap_err().to_string();
    assert!(Calendar::parse(&file("business_weekdays = [1]")).is_ok());
    assert!(error("").contains("business_weekdays: at least one is needed"));
    assert!(error("extends = \"es.nowhere\"").contains("no calendar es.nowhere to extend"));
    assert!(error("business_weekdays = [1]\nholidays = \"2026-01-06\"").contains("not a date, a scope and a title"));
    let mexico = catalogue().calendar("mx").unwrap().clone();
    let known = std::collections::BTreeMap::from([("mx".to_owned(), mexico)]);
    let other = Calendar::parse_among(&file("extends = \"mx\""), &known).unwrap_err().to_string();
    assert!(other.contains("it extends a calendar of MX"), "{other}");
}
