//! A map and what went by it, as places and moves.

use std::collections::BTreeMap;

use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Language;
use web::Lang;

use crate::addresses::seconds;
use crate::format::Format;
use crate::plot::{self, Move, Place, Station, Svg};

/// Moves of a picture at most: the most frequent. The table has more.
const DRAWN: usize = 60;

/// What the house calls a step; its id where the map has none of that id.
pub(super) fn title(map: &ticketing::Process, step: &str, lang: Lang) -> String {
    let Some(known) = map.steps.iter().find(|known| known.id == step) else { return step.to_owned() };
    let wanted = if lang == Lang::Es { Language::Es } else { Language::En };
    let titled = known.internal_title.iter().find(|title| title.language() == wanted);
    titled.or(known.internal_title.first()).map_or_else(|| step.to_owned(), |title| title.text.clone())
}

/// The step that took most of the time.
pub(super) fn slowest(figures: &ticketing::ProcessFigures) -> Option<String> {
    let took = |step: &ticketing::StepFigures| seconds(step.total_duration.as_ref()).unwrap_or(0.0);
    let most = figures.steps.iter().filter(|step| took(step) > 0.0).max_by(|a, b| took(a).total_cmp(&took(b)))?;
    Some(most.step.clone())
}

/// The picture: what affairs did, or what the map says where nobody measured.
pub(super) fn drawn(map: &ticketing::Process, figures: Option<&ticketing::ProcessFigures>, format: Format) -> Svg {
    let lang = format.0;
    let mut line = Line::of(map, figures, format);
    let moves = match figures {
        Some(figures) => figures.moves.iter().take(DRAWN).map(|moved| line.moved(moved)).collect::<Vec<_>>(),
        None => line.said(map),
    };
    let told = lang.of(
        "Los pasos de arriba abajo y, entre ellos, por dónde fueron los asuntos; a trazos lo que el mapa no dice. La barra de cada paso es su parte del tiempo. Todo está en las tablas.",
        "The steps from top to bottom and between them how affairs went; dashed what the map does not say. The bar of each step is its share of the time. All of it is in the tables.",
    );
    plot::way("way", &line.stations, &moves, format).svg(lang.of("Por dónde van los asuntos", "How affairs go"), told)
}

/// The steps in their places.
struct Line {
    stations: Vec<Station>,
    at: BTreeMap<String, usize>,
    /// Places that are not on the map, by what was told of them.
    off: BTreeMap<String, usize>,
    lang: Lang,
}

impl Line {
    fn of(map: &ticketing::Process, figures: Option<&ticketing::ProcessFigures>, format: Format) -> Self {
        let lang = format.0;
        let slow = figures.and_then(slowest);
        let stations = map.steps.iter().map(|step| {
            let took = figures.and_then(|figures| figures.steps.iter().find(|took| took.step == step.id));
            Station {
                title: title(map, &step.id, lang),
                share: took.and_then(|took| took.share),
                note: took.map(|took| note(took, format)).unwrap_or_default(),
                slowest: slow.as_ref() == Some(&step.id),
                off_map: false,
            }
        });
        let at = map.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index)).collect();
        Self { stations: stations.collect(), at, off: BTreeMap::new(), lang }
    }

    /// A place that is not on the map stands after all that are.
    fn off(&mut self, told: &str) -> Place {
        if let Some(index) = self.off.get(told) {
            return Place::At(*index);
        }
        let elsewhere = self.lang.of("fuera del mapa", "off the map");
        let title = if told.is_empty() { elsewhere.to_owned() } else { format!("{told} ({elsewhere})") };
        self.stations.push(Station { title, share: None, note: String::new(), slowest: false, off_map: true });
        self.off.insert(told.to_owned(), self.stations.len() - 1);
        Place::At(self.stations.len() - 1)
    }

    fn place(&mut self, step: &str, off_map: bool, edge: Place) -> Place {
        if off_map {
            return self.off(step);
        }
        if step.is_empty() {
            return edge;
        }
        match self.at.get(step) {
            Some(index) => Place::At(*index),
            None => self.off(step),
        }
    }

    fn moved(&mut self, moved: &ticketing::MoveFigures) -> Move {
        Move {
            from: self.place(&moved.from_step, moved.from_off_map, Place::Beginning),
            to: self.place(&moved.to_step, moved.to_off_map, Place::End),
            count: moved.count,
            on_map: moved.on_map,
        }
    }

    /// What the map says, each as often.
    fn said(&mut self, map: &ticketing::Process) -> Vec<Move> {
        let step = |from, to| Move { from, to, count: 1, on_map: true };
        let mut moves = Vec::new();
        for (index, known) in map.steps.iter().enumerate() {
            if known.may_begin {
                moves.push(step(Place::Beginning, Place::At(index)));
            }
            for next in &known.next {
                if let Some(to) = self.at.get(next) {
                    moves.push(step(Place::At(index), Place::At(*to)));
                }
            }
            if known.may_end {
                moves.push(step(Place::At(index), Place::End));
            }
        }
        moves
    }
}

fn note(took: &ticketing::StepFigures, format: Format) -> String {
    let lang = format.0;
    let mut said = Vec::new();
    if let Some(share) = took.share {
        said.push(format!("{} {}", format.percent(share), lang.of("del tiempo", "of the time")));
    }
    if let Some(half) = seconds(took.p50_duration.as_ref()) {
        said.push(format!("p50 {}", format.span(half)));
    }
    said.push(format!("{} {}", format.count(took.visit_count), lang.of("estancias", "stays")));
    said.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> ticketing::Process {
        let step = |id: &str, next: &[&str]| ticketing::ProcessStep {
            id: id.to_owned(),
            next: next.iter().map(|next| (*next).to_owned()).collect(),
            may_begin: id == "receive",
            may_end: id == "answer",
            ..Default::default()
        };
        ticketing::Process { steps: vec![step("receive", &["answer"]), step("answer", &[])], ..Default::default() }
    }

    #[test]
    fn what_is_off_the_map_stands_after_it_once() {
        let format = Format(Lang::En);
        let mut line = Line::of(&map(), None, format);
        let moved = |from: &str, to: &str, off| ticketing::MoveFigures {
            from_step: from.to_owned(),
            to_step: to.to_owned(),
            to_off_map: off,
            count: 2,
            ..Default::default()
        };
        let first = line.moved(&moved("receive", "manual", true));
        let again = line.moved(&moved("answer", "manual", true));
        assert_eq!((first.from, first.to, again.to), (Place::At(0), Place::At(2), Place::At(2)));
        assert_eq!(line.stations.len(), 3);
        let ended = line.moved(&moved("answer", "", false));
        assert_eq!(ended.to, Place::End);
        let began = line.moved(&moved("", "receive", false));
        assert_eq!(began.from, Place::Beginning);
    }

    #[test]
    fn a_map_alone_is_drawn_as_it_says() {
        let mut line = Line::of(&map(), None, Format(Lang::En));
        let moves: Vec<_> = line.said(&map()).into_iter().map(|step| (step.from, step.to)).collect();
        let expected = [(Place::Beginning, Place::At(0)), (Place::At(0), Place::At(1)), (Place::At(1), Place::End)];
        assert_eq!(moves, expected);
    }
}
