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

/// A number of every element of this kind and class, in their order.
fn drawn(svg: &Svg, element: &str, class: &str, attribute: &str) -> Vec<f64> {
    let begin = format!("<{element} class=\"{class}\"");
    let of = |part: &str| {
        let value = part.split('>').next()?.split(&format!(" {attribute}=\"")).nth(1)?.split('"').next()?;
        value.parse().ok()
    };
    svg.as_str().split(&begin).skip(1).map(|part| of(part).expect("the element has the attribute")).collect()
}

fn month(label: &str, rate: Option<f64>, count: i64, missed: i64) -> MonthRow {
    let (low, high) = (rate.map_or(0.0, |rate| rate - 0.1), rate.map_or(1.0, |rate| rate + 0.1));
    MonthRow { label: label.to_owned(), rate, low, high, count, missed }
}

#[test]
fn a_share_stands_where_it_is_on_its_axis() {
    // The axis runs from 80 % at 190 to all at 530, since nothing is below 85 %.
    let row = RateRow { label: "b".to_owned(), rate: Some(0.9), low: 0.85, high: 0.95, of: 9, target: Some(0.95) };
    let svg = rates("r", &[row], Some(0.86), EN).svg("", "");
    assert_eq!(drawn(&svg, "circle", "p-dot p-missed", "cx"), [360.0]);
    assert_eq!(drawn(&svg, "line", "p-target", "x1"), [445.0]);
    assert_eq!(drawn(&svg, "line", "p-all", "x1"), [292.0]);
    assert_eq!(drawn(&svg, "line", "p-interval", "x1"), [275.0, 275.0, 445.0]);
}

#[test]
fn bars_are_as_long_as_their_counts_and_laid_end_to_end() {
    let part = |class| Part { name: "part".to_owned(), class, striped: false };
    let row = |counts: [i64; 3]| CountRow { label: "b".to_owned(), counts: counts.to_vec() };
    let parts = [part("p-met"), part("p-open"), part("p-away")];
    let svg = counts("c", &parts, &[row([3, 1, 4]), row([0, 2, 0])], EN).svg("", "");
    // Eight are 440 wide; the first of a class is its sample in the key.
    assert_eq!(drawn(&svg, "rect", "p-met", "x")[1..], [190.0]);
    assert_eq!(drawn(&svg, "rect", "p-met", "width")[1..], [165.0]);
    assert_eq!(drawn(&svg, "rect", "p-open", "x")[1..], [355.0, 190.0]);
    assert_eq!(drawn(&svg, "rect", "p-open", "width")[1..], [55.0, 110.0]);
    assert_eq!(drawn(&svg, "rect", "p-away", "x")[1..], [410.0]);
}

#[test]
fn what_was_told_goes_across_and_what_came_of_it_goes_up() {
    let row = |told, observed| ToldRow { told, observed, low: observed, high: observed, count: 4 };
    let svg = calibration("k", &[row(0.25, 0.5), row(1.0, 0.0)], 0.1, EN).svg("", "");
    assert_eq!(drawn(&svg, "circle", "p-dot", "cx"), [159.0, 444.0]);
    assert_eq!(drawn(&svg, "circle", "p-dot", "cy"), [202.0, 392.0]);
    assert_eq!(drawn(&svg, "line", "p-all", "y1"), [354.0]);
}

#[test]
fn a_length_stands_by_how_many_times_as_long_it_is() {
    // From ten seconds at 190 to an hour at 530: 60 seconds are 0.3044 of the way, by their logarithms.
    let row = DurationRow { label: "b".to_owned(), at: [10.0, 60.0, 600.0, 1_800.0, 3_600.0] };
    let svg = durations("d", &[row], EN).svg("", "");
    // The first of each shape is in the key.
    assert_eq!(drawn(&svg, "circle", "p-dot", "cx")[1..], [190.0]);
    assert_eq!(drawn(&svg, "circle", "p-ring", "cx")[2..], [293.5, 490.0]);
    assert_eq!(drawn(&svg, "circle", "p-ring p-missed", "cx")[1..], [530.0]);
}

#[test]
fn a_month_of_which_nothing_is_known_breaks_the_line_and_one_alone_is_a_point() {
    let rows =
        [month("1", Some(0.5), 4, 2), month("2", Some(0.6), 5, 2), month("3", None, 0, 0), month("4", Some(0.5), 2, 1)];
    let svg = months("m", &rows, EN).svg("", "");
    assert_eq!(svg.as_str().matches("class=\"p-line\"").count(), 1, "{}", lines(&svg));
    assert_eq!(svg.as_str().matches("class=\"p-interval\"").count(), 1, "{}", lines(&svg));
    // Four slots of 162.5 from 58. The axis runs from 40 % at 172 to all at 12.
    assert_eq!(drawn(&svg, "circle", "p-dot", "cx"), [139.2, 301.8, 626.8]);
    assert_eq!(drawn(&svg, "circle", "p-dot", "cy"), [145.3, 118.7, 145.3]);
    // Bars are as high as they are many: five are 70.
    assert_eq!(drawn(&svg, "rect", "p-rest", "height"), [56.0, 70.0, 0.0, 28.0]);
    assert_eq!(drawn(&svg, "rect", "p-breached", "height"), [28.0, 28.0, 0.0, 14.0]);
}

#[test]
fn of_nothing_there_is_an_axis_and_no_mark() {
    let marks = |picture: Picture| {
        assert_eq!(picture.strayed(), 0);
        let svg = picture.svg("", "").to_string();
        (svg.matches("<circle").count() + svg.matches("<path").count(), svg.contains("p-grid"))
    };
    assert_eq!(marks(rates("r", &[], None, EN)), (0, true));
    assert_eq!(marks(counts("c", &[], &[], EN)), (0, true));
    assert_eq!(marks(months("m", &[], EN)), (0, true));
    assert_eq!(marks(calibration("k", &[], 0.0, EN)), (0, true));
    // Five marks of the key, of which one is a square.
    assert_eq!(marks(durations("d", &[], EN)), (4, true));
}

#[test]
fn whatever_is_counted_fits_on_the_sheet() {
    let row = CountRow { label: "b".to_owned(), counts: vec![i64::MAX, i64::MAX] };
    let part = |class| Part { name: "part".to_owned(), class, striped: true };
    let picture = counts("c", &[part("p-met"), part("p-open")], &[row], EN);
    assert_eq!(picture.strayed(), 0);
    let picture = months("m", &[month("1", Some(1.0), i64::MAX, i64::MAX)], EN);
    assert_eq!(picture.strayed(), 0);
}
