//! The process map as a picture: a road from top to bottom, as wide as a telephone. Where things stand is told by shape and by words, not by colour.

use jiff::{SignedDuration, Timestamp};
use ventanilla_proto::ticketing::v1::{MilestonePlace, PublicMilestone};
use web::{Lang, When, day};

/// Characters of a line at the picture's width.
const LINE: usize = 34;
/// Between two lines of a milestone.
const LEADING: u32 = 17;
/// Between two milestones.
const GAP: u32 = 18;

/// A milestone, placed.
pub(crate) struct Stop {
    /// Where its circle is.
    pub(crate) y: u32,
    /// Where the road to the next one ends.
    pub(crate) next: Option<u32>,
    /// What it is called, in lines with their places.
    pub(crate) title: Vec<(u32, String)>,
    /// When it was reached, or how long it takes.
    pub(crate) note: Vec<(u32, String)>,
    pub(crate) place: MilestonePlace,
    /// All of it in one sentence, for who does not see the picture.
    pub(crate) told: String,
}

impl Stop {
    pub(crate) fn passed(&self) -> bool {
        self.place == MilestonePlace::Passed
    }

    pub(crate) fn here(&self) -> bool {
        self.place == MilestonePlace::Here
    }
}

/// The picture.
pub(crate) struct Road {
    pub(crate) stops: Vec<Stop>,
    pub(crate) height: u32,
}

pub(crate) fn road(lang: Lang, milestones: &[PublicMilestone]) -> Road {
    let mut y = 4;
    let mut stops: Vec<Stop> = Vec::new();
    for milestone in milestones {
        let note = note(lang, milestone);
        let (title, after) = lines(&milestone.title, y + 15);
        let (written, end) = lines(&note, after);
        if let Some(before) = stops.last_mut() {
            before.next = Some(y + 2);
        }
        let told = told(lang, milestone, &note);
        stops.push(Stop { y: y + 10, next: None, title, note: written, place: milestone.place(), told });
        y = end - LEADING + GAP + 6;
    }
    Road { stops, height: y + 6 }
}

/// A text in lines of the picture's width, and where the next text begins.
fn lines(text: &str, mut y: u32) -> (Vec<(u32, String)>, u32) {
    let mut out: Vec<(u32, String)> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some((_, line)) if line.chars().count() + 1 + word.chars().count() <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                out.push((y, word.to_owned()));
                y += LEADING;
            }
        }
    }
    (out, y)
}

fn note(lang: Lang, milestone: &PublicMilestone) -> String {
    let since = When::of(lang, milestone.enter_time).map(|when| when.at);
    let standard = milestone.standard_duration.and_then(length);
    match (milestone.place(), since, standard) {
        (MilestonePlace::Here, Some(since), Some(standard)) => {
            let (from, until) = (day(lang, since), until(lang, since, standard));
            match lang {
                Lang::Es => format!("Desde el {from}. Debe acabar el {until}."),
                Lang::En => format!("Since {from}. Should end on {until}."),
            }
        }
        (MilestonePlace::Here, Some(since), None) => format!("{} {}", lang.of("Desde el", "Since"), day(lang, since)),
        (MilestonePlace::Passed, Some(since), _) => day(lang, since),
        (MilestonePlace::Ahead, _, Some(standard)) => {
            format!("{} {}", lang.of("Suele tardar", "Usually takes"), span(lang, standard))
        }
        _ => String::new(),
    }
}

fn length(duration: prost_types::Duration) -> Option<SignedDuration> {
    Some(SignedDuration::new(duration.seconds, duration.nanos)).filter(SignedDuration::is_positive)
}

fn until(lang: Lang, since: Timestamp, standard: SignedDuration) -> String {
    since.checked_add(standard).map_or_else(|_| String::new(), |until| day(lang, until))
}

fn span(lang: Lang, standard: SignedDuration) -> String {
    let hours = standard.as_hours().max(1);
    let (count, es, en) = if hours < 48 {
        (hours, ("hora", "horas"), ("hour", "hours"))
    } else {
        (hours / 24, ("día", "días"), ("day", "days"))
    };
    let (one, many) = match lang {
        Lang::Es => es,
        Lang::En => en,
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

fn told(lang: Lang, milestone: &PublicMilestone, note: &str) -> String {
    let place = match milestone.place() {
        MilestonePlace::Passed => lang.of("Hecho", "Done"),
        MilestonePlace::Here => lang.of("Está aquí", "It is here"),
        MilestonePlace::Ahead | MilestonePlace::Unspecified => lang.of("Después", "Then"),
    };
    let note = if note.is_empty() { String::new() } else { format!(" ({})", note.trim_end_matches('.')) };
    format!("{place}: {}{note}.", milestone.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milestone(title: &str, place: MilestonePlace, second: Option<i64>, days: i64) -> PublicMilestone {
        PublicMilestone {
            title: title.into(),
            place: place.into(),
            enter_time: second.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            standard_duration: (days > 0).then_some(prost_types::Duration { seconds: days * 86_400, nanos: 0 }),
        }
    }

    #[test]
    fn the_road_tells_what_was_what_is_and_what_comes() {
        let now = 1_795_000_000;
        let road = road(
            Lang::Es,
            &[
                milestone("Recibido", MilestonePlace::Passed, Some(now - 86_400), 1),
                milestone("En curso", MilestonePlace::Here, Some(now), 5),
                milestone("Respondido", MilestonePlace::Ahead, None, 3),
            ],
        );
        let told: Vec<&str> = road.stops.iter().map(|stop| stop.told.as_str()).collect();
        assert_eq!(
            told,
            [
                "Hecho: Recibido (17-11-2026).",
                "Está aquí: En curso (Desde el 18-11-2026. Debe acabar el 23-11-2026).",
                "Después: Respondido (Suele tardar 3 días).",
            ]
        );
        assert!(road.stops.windows(2).all(|pair| pair[0].y < pair[1].y && pair[0].next.unwrap() < pair[1].y));
        assert!(road.height > road.stops[2].y);
    }

    #[test]
    fn a_long_name_is_broken_where_the_picture_ends() {
        let long = milestone(&"palabra ".repeat(12), MilestonePlace::Here, None, 0);
        let road = road(Lang::Es, &[long]);
        let stop = &road.stops[0];
        assert!(stop.title.len() > 1 && stop.title.iter().all(|(_, line)| line.chars().count() <= LINE));
        assert!(road.height > stop.title.last().unwrap().0);
    }
}
