//! Whatever the numbers, a picture holds no number that is none, and nothing outside itself; and what it looks like is kept.

use proptest::prelude::*;
use web::Lang;

use super::*;
use crate::format::Format;

const EN: Format = Format(Lang::En);

/// Numbers as they ought to be, and as they ought not.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 0.0..1.0_f64,
        2 => -1e12..1e12_f64,
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0), Just(f64::MAX)],
    ]
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof!["[b-ho-z-]{0,60}", Just("<script>alert(1)</script>&\"'".to_owned()), Just("ñandú 🦤 \u{0}".to_owned())]
}

fn count() -> impl Strategy<Value = i64> {
    prop_oneof![0_i64..5_000, any::<i64>().prop_map(|n| n / 64)]
}

/// A well-made picture: nothing had to be pulled back, and no number is none.
fn sound(picture: Picture) -> Result<(), TestCaseError> {
    prop_assert_eq!(picture.strayed(), 0, "{:?}", picture);
    let svg = picture.svg("title", "description").to_string();
    for word in ["NaN", "inf", "<script", "style=", "\u{0}"] {
        prop_assert!(!svg.contains(word), "{} in {}", word, svg);
    }
    prop_assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn rates_stay_on_the_sheet(
        rows in prop::collection::vec((label(), prop::option::of(number()), number(), number(), count(), prop::option::of(number())), 0..20),
        all in prop::option::of(number()),
    ) {
        let rows: Vec<_> = rows.into_iter()
            .map(|(label, rate, low, high, of, target)| RateRow { label, rate, low, high, of, target })
            .collect();
        sound(rates("r", &rows, all, EN))?;
    }

    #[test]
    fn durations_stay_on_the_sheet(rows in prop::collection::vec((label(), [number(), number(), number(), number(), number()]), 0..20)) {
        let rows: Vec<_> = rows.into_iter().map(|(label, at)| DurationRow { label, at }).collect();
        sound(durations("d", &rows, EN))?;
    }

    #[test]
    fn counts_stay_on_the_sheet(
        names in prop::collection::vec(label(), 1..6),
        rows in prop::collection::vec((label(), prop::collection::vec(count(), 6)), 0..20),
    ) {
        let parts: Vec<_> = names.into_iter().map(|name| Part { name, class: "p-met", striped: true }).collect();
        let rows: Vec<_> = rows.into_iter().map(|(label, counts)| CountRow { label, counts }).collect();
        sound(counts("c", &parts, &rows, EN))?;
    }

    #[test]
    fn months_stay_on_the_sheet(
        rows in prop::collection::vec((label(), prop::option::of(number()), number(), number(), count(), count()), 0..40),
    ) {
        let rows: Vec<_> = rows.into_iter()
            .map(|(label, rate, low, high, count, missed)| MonthRow { label, rate, low, high, count, missed })
            .collect();
        sound(months("m", &rows, EN))?;
    }

    #[test]
    fn calibration_stays_on_the_sheet(
        rows in prop::collection::vec((number(), number(), number(), number(), count()), 0..12),
        base in number(),
    ) {
        let rows: Vec<_> = rows.into_iter()
            .map(|(told, observed, low, high, count)| ToldRow { told, observed, low, high, count })
            .collect();
        sound(calibration("k", &rows, base, EN))?;
    }

    #[test]
    fn change_stays_on_the_sheet(rows in prop::collection::vec((label(), number(), number(), count()), 0..20)) {
        let rows: Vec<_> =
            rows.into_iter().map(|(label, before, now, count)| ChangeRow { label, before, now, count }).collect();
        sound(change("g", &rows, EN))?;
    }

    #[test]
    fn ways_stay_on_the_sheet(
        stations in prop::collection::vec((label(), prop::option::of(number()), label(), any::<bool>(), any::<bool>()), 0..30),
        moves in prop::collection::vec((0_usize..34, 0_usize..34, count(), any::<bool>()), 0..60),
    ) {
        let last = stations.len();
        let place = |at: usize| match at {
            0 => Place::Beginning,
            at if at > last => Place::End,
            at => Place::At(at - 1),
        };
        let moves: Vec<_> = moves.into_iter()
            .map(|(from, to, count, on_map)| Move { from: place(from), to: place(to), count, on_map })
            .collect();
        let stations: Vec<_> = stations.into_iter()
            .map(|(title, share, note, slowest, off_map)| Station { title, share, note, slowest, off_map })
            .collect();
        sound(way("w", &stations, &moves, EN))?;
    }
}

#[test]
fn a_picture_says_what_it_shows_and_escapes_what_it_is_given() {
    let row = RateRow { label: "<b>&".to_owned(), rate: Some(0.5), low: 0.4, high: 0.6, of: 10, target: None };
    let svg = rates("r", &[row], None, EN).svg("Kept & missed", "Half of ten").to_string();
    assert!(svg.contains("role=\"img\" aria-labelledby=\"r-t r-d\""), "{svg}");
    assert!(svg.contains("<title id=\"r-t\">Kept &amp; missed</title><desc id=\"r-d\">Half of ten</desc>"), "{svg}");
    assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"), "{svg}");
}

#[test]
fn what_is_missed_is_striped_as_well_as_coloured() {
    let part = |name: &str, class, striped| Part { name: name.to_owned(), class, striped };
    let parts = [part("met", "p-met", false), part("missed", "p-breached", true)];
    let row = |counts: [i64; 2]| CountRow { label: "billing".to_owned(), counts: counts.to_vec() };
    let stripes =
        |rows: &[CountRow]| counts("c", &parts, rows, EN).svg("", "").to_string().matches("url(#c-h)").count();
    // One in the key, and one for each bar that has missed any.
    assert_eq!(stripes(&[row([5, 0])]), 1);
    assert_eq!(stripes(&[row([5, 2]), row([0, 1])]), 3);
}

#[test]
fn the_pictures_look_as_they_looked() {
    let rate = |label: &str, rate: f64, of| RateRow {
        label: label.to_owned(),
        rate: Some(rate),
        low: rate - 0.05,
        high: rate + 0.02,
        of,
        target: Some(0.95),
    };
    let svg = rates("rates", &[rate("billing", 0.9, 200), rate("network", 0.97, 1_200)], Some(0.96), EN);
    insta::assert_snapshot!("rates", lines(&svg.svg("Kept in time", "By department")));

    let station = |title: &str, share, slowest| Station {
        title: title.to_owned(),
        share: Some(share),
        note: "12 stays".to_owned(),
        slowest,
        off_map: false,
    };
    let stations =
        [station("Recibido", 0.1, false), station("Investigar", 0.7, true), station("Responder", 0.2, false)];
    let step = |from, to, count, on_map| Move { from, to, count, on_map };
    let moves = [
        step(Place::Beginning, Place::At(0), 12, true),
        step(Place::At(0), Place::At(1), 10, true),
        step(Place::At(0), Place::At(2), 2, false),
        step(Place::At(2), Place::At(1), 3, false),
        step(Place::At(2), Place::End, 11, true),
    ];
    insta::assert_snapshot!("way", lines(&way("way", &stations, &moves, EN).svg("The way", "Of twelve")));
}

/// An element a line, so that a difference can be read.
fn lines(svg: &Svg) -> String {
    svg.as_str().replace("><", ">\n<")
}
