//! The part of the board that changes: figures, table and pictures of one instant.

use askama::Template;
use ventanilla_proto::sla::v1 as sla;
use web::{Departments, Lang, When};

use super::choice::Dimension;
use crate::addresses::{last, seconds};
use crate::format::Format;
use crate::interval::{Share, share};
use crate::plot::{self, CountRow, DurationRow, MonthRow, Part, RateRow, Svg};
use crate::words;

/// Lines of a picture at most: the largest, in the order of the table, which has them all.
const DRAWN: usize = 24;

#[derive(Template)]
#[template(path = "board/figures.html")]
pub(super) struct Figures {
    lang: Lang,
    as_of: Option<When>,
    from: Option<When>,
    to: Option<When>,
    zone: String,
    by: &'static str,
    empty: bool,
    tiles: Vec<Tile>,
    rows: Vec<Row>,
    pictures: Vec<Drawn>,
    left_out: usize,
}

/// The board with its departments by what they are called: as their lines are labelled, in the table and in every picture.
fn named(board: &sla::Board, by: Dimension, lang: Lang, names: &Departments) -> sla::Board {
    let mut board = board.clone();
    if by == Dimension::Department {
        for row in board.by_department.iter_mut().filter(|row| !row.key.is_empty()) {
            row.key = names.called(&row.key, lang);
        }
    }
    board
}

/// A template escapes what it is given.
impl askama::filters::HtmlSafe for Figures {}

struct Tile {
    label: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

struct Row {
    label: String,
    total: bool,
    counts: [String; 6],
    rate: String,
    within: String,
    settle: [String; 5],
}

struct Drawn {
    caption: String,
    note: &'static str,
    svg: Svg,
}

impl Figures {
    /// The figures of a board, with lines of this dimension.
    pub(super) fn of(board: &sla::Board, by: Dimension, lang: Lang, names: &Departments) -> Self {
        let board = &named(board, by, lang, names);
        let format = Format(lang);
        let none = sla::BoardRow::default();
        let total = board.total.as_ref().unwrap_or(&none);
        let rows = by.rows(board);
        let mut table: Vec<Row> = rows.iter().map(|row| line(row, by, format)).collect();
        table.push(Row { label: lang.of("en total", "in all").to_owned(), total: true, ..line(total, by, format) });
        let drawn = largest(rows);
        Self {
            lang,
            as_of: When::of(lang, board.as_of_time),
            from: When::of(lang, board.from_time),
            to: When::of(lang, board.to_time),
            zone: board.zone.clone(),
            by: by.name(lang),
            empty: total.clock_count == 0,
            tiles: tiles(total, format),
            rows: table,
            left_out: rows.len() - drawn.len(),
            pictures: if total.clock_count == 0 { Vec::new() } else { pictures(board, &drawn, by, format) },
        }
    }
}

fn label(row: &sla::BoardRow, by: Dimension, lang: Lang) -> String {
    match by {
        Dimension::Manager | Dimension::Policy | Dimension::Cause if !row.key.is_empty() => last(&row.key).to_owned(),
        Dimension::Department | Dimension::Team | Dimension::Queue if !row.key.is_empty() => row.key.clone(),
        _ => words::key(&row.key, lang),
    }
}

fn kept(row: &sla::BoardRow) -> Option<Share> {
    share(row.met_count, row.met_count + row.breached_count)
}

fn line(row: &sla::BoardRow, by: Dimension, format: Format) -> Row {
    let counts =
        [row.case_count, row.clock_count, row.met_count, row.breached_count, row.open_count, row.cancelled_count];
    let rate = kept(row);
    let settle = settled(row).map(|at| at.map(|at| format.span(at)));
    Row {
        label: label(row, by, format.0),
        total: false,
        counts: counts.map(|count| format.count(count)),
        rate: rate.map_or_else(|| "—".to_owned(), |rate| format.percent(rate.rate)),
        within: rate
            .map(|rate| format!("{} – {}", format.percent(rate.low), format.percent(rate.high)))
            .unwrap_or_default(),
        settle: settle.unwrap_or_else(|| std::array::from_fn(|_| "—".to_owned())),
    }
}

fn settled(row: &sla::BoardRow) -> Option<[f64; 5]> {
    let settle = row.settle.as_ref()?;
    let at =
        [&settle.p50_duration, &settle.p75_duration, &settle.p90_duration, &settle.p95_duration, &settle.p99_duration];
    let at = at.map(|length| seconds(length.as_ref()));
    at.iter().all(Option::is_some).then(|| at.map(Option::unwrap_or_default))
}

fn tiles(total: &sla::BoardRow, format: Format) -> Vec<Tile> {
    let lang = format.0;
    let rate = kept(total);
    let within = rate.map(|rate| format!("95 %: {} – {}", format.percent(rate.low), format.percent(rate.high)));
    let settle = settled(total);
    let half = settle.map_or_else(|| "—".to_owned(), |at| format.span(at[0]));
    let most = settle.map(|at| format!("{} {}", lang.of("9 de cada 10 en", "9 in 10 within"), format.span(at[2])));
    let tile = |label, value, note, class| Tile { label, value, note, class };
    vec![
        tile(
            lang.of("dentro de plazo", "kept in time"),
            rate.map_or_else(|| "—".to_owned(), |rate| format.percent(rate.rate)),
            within.unwrap_or_default(),
            "",
        ),
        tile(
            lang.of("fuera de plazo", "missed"),
            format.count(total.breached_count),
            format!("{} {}", format.of(total.met_count + total.breached_count), lang.of("decididos", "decided")),
            if total.breached_count > 0 { "bad" } else { "good" },
        ),
        tile(
            lang.of("abiertos", "open"),
            format.count(total.open_count),
            lang.of("aún a tiempo", "still in time").to_owned(),
            "",
        ),
        tile(lang.of("la mitad tarda", "half take"), half, most.unwrap_or_default(), ""),
        tile(
            lang.of("asuntos", "affairs"),
            format.count(total.case_count),
            format!("{} {}", format.count(total.clock_count), lang.of("relojes", "clocks")),
            "",
        ),
    ]
}

/// The lines with most clocks, in their order.
fn largest(rows: &[sla::BoardRow]) -> Vec<&sla::BoardRow> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(rows[*index].clock_count));
    order.truncate(DRAWN);
    order.sort_unstable();
    order.into_iter().map(|index| &rows[index]).collect()
}

fn pictures(board: &sla::Board, drawn: &[&sla::BoardRow], by: Dimension, format: Format) -> Vec<Drawn> {
    let lang = format.0;
    let mut pictures = Vec::new();
    if by == Dimension::Month || board.by_month.len() > 1 {
        pictures.push(trend(&board.by_month, format));
    }
    if by != Dimension::Month && !drawn.is_empty() {
        if by != Dimension::Outcome {
            pictures.push(rates(board, drawn, by, format));
            pictures.push(counts(drawn, by, format));
        }
        let rows: Vec<DurationRow> = drawn
            .iter()
            .filter_map(|row| settled(row).map(|at| DurationRow { label: label(row, by, lang), at }))
            .collect();
        if !rows.is_empty() {
            let caption = lang.of("Cuánto se tarda", "How long it takes");
            let told = format!("{} ({})", caption, by.name(lang));
            pictures.push(Drawn {
                svg: plot::durations("b-durations", &rows, format).svg(&told, lang.of(
                    "De cada fila, en cuánto se cumple la mitad, tres de cuatro, nueve de diez, 95 % y 99 %. Las cifras están en la tabla.",
                    "Of each line, within how long half, three in four, nine in ten, 95 % and 99 % are met. The figures are in the table.",
                )),
                note: lang.of("El doble de largo está igual de lejos en toda la escala.", "Twice as long is as far everywhere on the scale."),
                caption: told,
            });
        }
    }
    if !board.by_promise_outcome.is_empty() {
        pictures.push(promises(&board.by_promise_outcome, format));
    }
    pictures
}

fn rates(board: &sla::Board, drawn: &[&sla::BoardRow], by: Dimension, format: Format) -> Drawn {
    let lang = format.0;
    let row = |row: &&sla::BoardRow| {
        let kept = kept(row);
        RateRow {
            label: label(row, by, lang),
            rate: kept.map(|kept| kept.rate),
            low: kept.map_or(0.0, |kept| kept.low),
            high: kept.map_or(1.0, |kept| kept.high),
            of: row.met_count + row.breached_count,
            target: None,
        }
    };
    let rows: Vec<RateRow> = drawn.iter().map(row).collect();
    let all = board.total.as_ref().and_then(kept).map(|kept| kept.rate);
    let caption = format!("{} ({})", lang.of("Dentro de plazo", "Kept in time"), by.name(lang));
    Drawn {
        svg: plot::rates("b-rates", &rows, all, format).svg(&caption, lang.of(
            "De cada fila, la parte que se cumplió y entre qué valores está con una certeza del 95 %. Las cifras están en la tabla.",
            "Of each line, the share that was kept and where it lies within 95 %. The figures are in the table.",
        )),
        note: lang.of(
            "La raya dice entre qué valores está la tasa (95 %, Wilson): con pocos casos es ancha. La línea de puntos es el total.",
            "The bar says where the rate lies (95 %, Wilson): of few it is wide. The dashed line is the total.",
        ),
        caption,
    }
}

fn counts(drawn: &[&sla::BoardRow], by: Dimension, format: Format) -> Drawn {
    let lang = format.0;
    let part = |name: &str, class, striped| Part { name: name.to_owned(), class, striped };
    let parts = [
        part(lang.of("en plazo", "kept"), "p-met", false),
        part(lang.of("fuera de plazo", "missed"), "p-breached", true),
        part(lang.of("abiertos", "open"), "p-open", false),
        part(lang.of("sin efecto", "fell away"), "p-away", false),
    ];
    let rows: Vec<CountRow> = drawn
        .iter()
        .map(|row| CountRow {
            label: label(row, by, lang),
            counts: vec![row.met_count, row.breached_count, row.open_count, row.cancelled_count],
        })
        .collect();
    let caption = format!("{} ({})", lang.of("Cuántos", "How many"), by.name(lang));
    Drawn {
        svg: plot::counts("b-counts", &parts, &rows, format).svg(&caption, lang.of(
            "De cada fila, cuántos relojes se cumplieron, cuántos no, cuántos siguen abiertos y cuántos quedaron sin efecto.",
            "Of each line, how many clocks were kept, missed, are open, and fell away.",
        )),
        note: "",
        caption,
    }
}

fn trend(months: &[sla::BoardRow], format: Format) -> Drawn {
    let lang = format.0;
    let rows: Vec<MonthRow> = months
        .iter()
        .map(|row| {
            let kept = kept(row);
            MonthRow {
                label: month(&row.key),
                rate: kept.map(|kept| kept.rate),
                low: kept.map_or(0.0, |kept| kept.low),
                high: kept.map_or(1.0, |kept| kept.high),
                count: row.clock_count,
                missed: row.breached_count,
            }
        })
        .collect();
    let caption = lang.of("Mes a mes", "Month by month").to_owned();
    Drawn {
        svg: plot::months("b-months", &rows, format).svg(&caption, lang.of(
            "Arriba, la parte que se cumplió cada mes y entre qué valores está; abajo, cuántos relojes empezaron y cuántos se incumplieron.",
            "Above, the share that was kept each month and where it lies; below, how many clocks there were and how many were missed.",
        )),
        note: lang.of(
            "Un asunto cuenta en el mes en que se recibió: el último mes aún puede cambiar.",
            "An affair counts in the month it was received in: the last month may still change.",
        ),
        caption,
    }
}

/// `2026-11` as `11/26`.
fn month(key: &str) -> String {
    match (key.get(2..4), key.get(5..7)) {
        (Some(year), Some(month)) => format!("{month}/{year}"),
        _ => key.to_owned(),
    }
}

/// How promises end, as keys of the board, always in this order, so that a colour means one thing; and whether it is striped.
const ENDINGS: [(&str, &str, bool); 6] = [
    ("kept", "p-kept", false),
    ("renegotiated", "p-second", false),
    ("lapsed", "p-away", false),
    ("broken_announced", "p-third", false),
    ("broken_unreported", "p-fourth", true),
    ("broken_silent", "p-breached", true),
];

fn promises(outcomes: &[sla::BoardRow], format: Format) -> Drawn {
    let lang = format.0;
    let parts = ENDINGS.map(|(key, class, striped)| Part { name: words::key(key, lang), class, striped });
    let of = |key: &str| outcomes.iter().find(|row| row.key == key).map_or(0, |row| row.clock_count);
    let label = lang.of("promesas", "promises").to_owned();
    let row = CountRow { label, counts: ENDINGS.map(|(key, ..)| of(key)).to_vec() };
    let caption = lang.of("Promesas a clientes", "Promises to customers").to_owned();
    Drawn {
        svg: plot::counts("b-promises", &parts, &[row], format).svg(
            &caption,
            lang.of(
                "Cuántas promesas se cumplieron, se renegociaron, decayeron con su asunto, se rompieron avisando, con un aviso del que no se sabe si llegó, y en silencio.",
                "How many promises were kept, renegotiated, fell away with their affair, broken with notice, with a notice of which nobody knows whether it arrived, and in silence.",
            ),
        ),
        note: lang.of(
            "De un aviso sin acuse alguien se hizo cargo a tiempo y no ha dicho si llegó; cuando lo diga, la promesa cuenta como avisada o en silencio.",
            "A notice that is not reported was with somebody in time, who has not said whether it arrived; once they do, the promise counts as announced or as silent.",
        ),
        caption,
    }
}

#[cfg(test)]
mod tests {
    use ventanilla_proto::ticketing::v1::PromiseState;

    use super::*;

    /// Every way a promise ends, as the contract of whoever keeps promises names it.
    fn endings() -> Vec<String> {
        let ends = |state: &PromiseState| {
            !matches!(state, PromiseState::Unspecified | PromiseState::Made | PromiseState::AtRisk)
        };
        let states = (0..32).filter_map(|number| PromiseState::try_from(number).ok()).filter(ends);
        states.map(|state| state.as_str_name().trim_start_matches("PROMISE_STATE_").to_lowercase()).collect()
    }

    #[test]
    fn promises_are_counted_by_every_way_they_end_in_words_table_and_picture() {
        let outcome = |(at, key): (usize, &String)| sla::BoardRow {
            key: key.clone(),
            clock_count: 1_i64 << at,
            ..sla::BoardRow::default()
        };
        let rows: Vec<_> = endings().iter().enumerate().map(outcome).collect();
        assert_eq!(rows.len(), ENDINGS.len());
        let total = Some(sla::BoardRow { clock_count: 63, ..sla::BoardRow::default() });
        let board = sla::Board { by_promise_outcome: rows.clone(), total, ..sla::Board::default() };
        for lang in [Lang::Es, Lang::En] {
            let figures = Figures::of(&board, Dimension::Outcome, lang, &Departments::default());
            let svg = figures.pictures.last().map(|drawn| drawn.svg.to_string()).unwrap_or_default();
            let mut told = std::collections::BTreeSet::new();
            for (row, line) in rows.iter().zip(&figures.rows) {
                let word = words::key(&row.key, lang);
                let has_word = lang == Lang::En || word != row.key.replace('_', " ");
                assert!(has_word, "{} has a word of its own", row.key);
                assert_eq!(line.label, word);
                assert!(svg.contains(&format!(">{word}</text>")), "{word} stands whole in the key: {svg}");
                let bar = format!("{}: {}<", word, row.clock_count);
                assert!(svg.contains(&bar), "{bar} is drawn: {svg}");
                told.insert(word);
            }
            assert_eq!(told.len(), ENDINGS.len(), "no two are told alike");
        }
    }
}
