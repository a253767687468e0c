//! Process maps: the steps affairs of one kind go through, who owns each, how long each may take, and what the customer is told
//! of it. A map is data that is laid over what happened ([`Course`]); it moves nothing.

mod course;
mod figures;
mod road;

pub use course::{Course, Place, Turn, Visit};
pub use figures::{Figures, Measure, Move, MoveEnd, StepFigures};
pub use road::{Milestone, Stretch, road};

use std::collections::HashSet;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Department, Language, Violations};

use crate::{ProcessId, Refusal, Slug, Standing, TextError, TicketType, Word};

/// Most steps of one map.
pub const MAX_STEPS: usize = 100;
/// Most steps that a refusal names.
const MOST_NAMED: usize = 20;
/// Most situations that one step names.
pub const MAX_SITUATIONS: usize = 20;

/// Which affairs a map is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Kind of affair; any where none is said.
    pub ticket_type: Option<TicketType>,
    /// Subject matter; any where none is said.
    pub topic: Option<Slug>,
}

/// One version of a process map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// Which affairs it is made for.
    pub scope: Scope,
    /// Number of the version, from 1.
    pub version: i32,
    /// Affairs that are opened from then on go by it.
    pub effective: Timestamp,
    /// The steps.
    pub map: ProcessMap,
    /// Who wrote it.
    pub by: Actor,
    /// When it was written down.
    pub at: Timestamp,
}

/// A text for people that is nobody's: 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(TextError::ControlInLine);
        }
        if !(1..=MAX).contains(&text.chars().count()) {
            return Err(TextError::Length { min: 1, max: MAX });
        }
        Ok(Self(text.to_owned()))
    }
}

/// What something is called.
pub type StepTitle = Wording<100>;
/// What is told of it.
pub type StepText = Wording<500>;

/// The same said in several languages, each once, in Spanish and English at the least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording<const MAX: usize>(Vec<(Language, Line<MAX>)>);

/// Why a wording is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// Somebody could not read it.
    #[error("must have a text in Spanish and one in English")]
    Missing,
    /// Which of the two?
    #[error("must have one text in each language")]
    Twice,
}

impl<const MAX: usize> Wording<MAX> {
    /// These texts, in the order of their languages.
    ///
    /// # Errors
    /// [`WordingError`].
    pub fn new(mut texts: Vec<(Language, Line<MAX>)>) -> Result<Self, WordingError> {
        let languages: HashSet<Language> = texts.iter().map(|(language, _)| *language).collect();
        if languages.len() < texts.len() {
            return Err(WordingError::Twice);
        }
        if ![Language::Es, Language::En].iter().all(|needed| languages.contains(needed)) {
            return Err(WordingError::Missing);
        }
        texts.sort_by_key(|(language, _)| *language);
        Ok(Self(texts))
    }

    /// Each with its language.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Language, &str)> {
        self.0.iter().map(|(language, line)| (*language, line.as_str()))
    }

    /// What is said in this language: its own text, or the Spanish one.
    pub fn in_language(&self, language: Language) -> &str {
        let of = |wanted| self.iter().find(|(language, _)| *language == wanted).map(|(_, text)| text);
        of(language).or_else(|| of(Language::Es)).expect("there is a Spanish one")
    }
}

/// Where an affair stands, as far as a step looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Its state.
    pub standing: Standing,
    /// The reason it stands there with; any where none is said.
    pub reason: Option<Word>,
    /// The department that works on it; any where none is said.
    pub department: Option<Department>,
}

impl Situation {
    /// Whether it is of affairs that stand so for this reason and no other.
    fn is_for(&self, standing: Standing, reason: Option<&str>) -> bool {
        self.standing == standing && self.reason.as_ref().map(Word::as_str) == reason
    }

    fn is(&self, turn: &Turn) -> bool {
        self.standing == turn.standing
            && self.reason.as_ref().is_none_or(|reason| turn.reason.as_deref() == Some(reason.as_str()))
            && self.department.as_ref().is_none_or(|department| *department == turn.department)
    }
}

/// One step of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its id, once in the map.
    pub id: Slug,
    /// Who owns it; the affair's own department where none is said.
    pub department: Option<Department>,
    /// How long it may take, by the clock on the wall.
    pub standard: Option<SignedDuration>,
    /// What the house calls it.
    pub internal_title: StepTitle,
    /// What the customer is told it is called.
    pub public_title: StepTitle,
    /// What happens in it, for the customer.
    pub public_text: StepText,
    /// What happens next, for the customer.
    pub public_next: StepText,
    /// Where an affair can stand while it is here; a step that names nothing is entered by word alone.
    pub situations: Vec<Situation>,
    /// Steps that may follow, the usual one first.
    pub next: Vec<Slug>,
    /// Affairs may begin here.
    pub may_begin: bool,
    /// Affairs may end here.
    pub may_end: bool,
}

impl Step {
    /// Whether it names where an affair stands.
    fn names(&self, turn: &Turn) -> bool {
        self.situations.iter().any(|situation| situation.is(turn))
    }

    /// Whether what it tells the customer is said for this reason alone.
    pub fn is_for(&self, standing: Standing, reason: &str) -> bool {
        self.situations.iter().any(|situation| situation.is_for(standing, Some(reason)))
    }

    /// Whether what it tells the customer is about an affair in this state: where it names none, about one that the house is working on.
    pub fn speaks_of(&self, standing: Standing) -> bool {
        if self.situations.is_empty() {
            return matches!(standing, Standing::Acknowledged | Standing::InProgress | Standing::Held);
        }
        self.situations.iter().any(|situation| situation.standing == standing)
    }

    /// Whether an affair that stands so can be here.
    fn admits(&self, turn: &Turn) -> bool {
        self.situations.is_empty() || self.names(turn)
    }
}

/// The steps of a process, which lead from where affairs begin to where they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessMap {
    steps: Vec<Step>,
    /// For each step, the places of those that may follow.
    next: Vec<Vec<usize>>,
}

impl ProcessMap {
    /// A map of these steps.
    ///
    /// # Errors
    /// [`Violations`], each under its path from `steps`.
    pub fn new(steps: Vec<Step>) -> Result<Self, Violations> {
        let mut violations = Violations::new();
        if !(1..=MAX_STEPS).contains(&steps.len()) {
            violations.push("steps", format!("must have 1 to {MAX_STEPS} steps, has {}", steps.len()));
            return Err(violations);
        }
        let place_of = |id: &Slug| steps.iter().position(|step| step.id == *id);
        let mut next = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            if place_of(&step.id) != Some(place) {
                violations.push(format!("steps[{place}].id"), "must be there once");
            }
            if step.standard.is_some_and(|standard| !standard.is_positive()) {
                violations.push(format!("steps[{place}].standard_duration"), "must be more than nothing");
            }
            if step.situations.len() > MAX_SITUATIONS {
                violations
                    .push(format!("steps[{place}].situations"), format!("must be at most {MAX_SITUATIONS} situations"));
            }
            let mut followers = Vec::with_capacity(step.next.len());
            for (i, id) in step.next.iter().enumerate() {
                match place_of(id) {
                    None => violations.push(format!("steps[{place}].next[{i}]"), "must be a step of the map"),
                    Some(same) if same == place => {
                        violations.push(format!("steps[{place}].next[{i}]"), "must be another step");
                    }
                    Some(follower) if followers.contains(&follower) => {
                        violations.push(format!("steps[{place}].next[{i}]"), "must be there once");
                    }
                    Some(follower) => followers.push(follower),
                }
            }
            next.push(followers);
        }
        violations.into_result()?;
        let map = Self { steps, next };
        map.refuse_dead_ends()?;
        Ok(map)
    }

    /// Refuses steps that no affair comes to, or comes away from.
    fn refuse_dead_ends(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        let begins = |place: &usize| self.steps[*place].may_begin;
        let ends = |place: &usize| self.steps[*place].may_end;
        let all = 0..self.steps.len();
        if !all.clone().any(|place| begins(&place)) {
            violations.push("steps", "must have one that affairs may begin at");
        }
        if !all.clone().any(|place| ends(&place)) {
            violations.push("steps", "must have one that affairs may end at");
        }
        violations.into_result()?;
        let mut violations = Violations::new();
        let reached = spread(all.clone().filter(begins), |place| self.next[place].iter().copied());
        let before = |of: usize| all.clone().filter(move |place| self.next[*place].contains(&of));
        let leading = spread(all.clone().filter(ends), before);
        for place in all.clone() {
            if !reached.contains(&place) {
                violations.push(format!("steps[{place}]"), "cannot be reached from a step that affairs may begin at");
            }
            if !leading.contains(&place) {
                violations.push(format!("steps[{place}].next"), "must lead to a step that affairs may end at");
            }
        }
        violations.into_result()
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step that speaks of affairs that stand so for this reason; of those that stand so for whatever reason, where none does.
    pub fn step_for(&self, standing: Standing, reason: Option<&str>) -> Option<&Step> {
        let speaks = |step: &&Step, reason: Option<&str>| step.situations.iter().any(|it| it.is_for(standing, reason));
        let for_reason = self.steps.iter().find(|step| speaks(step, reason));
        for_reason
            .or_else(|| self.steps.iter().find(|step| speaks(step, None)))
            .or_else(|| self.steps.iter().find(|step| step.speaks_of(standing)))
    }

    /// Steps that may follow this one.
    pub fn next(&self, place: usize) -> impl Iterator<Item = &Step> {
        self.next[place].iter().map(|follower| &self.steps[*follower])
    }

    /// Whether the map lets an affair go from one step to another.
    pub fn leads(&self, from: usize, to: usize) -> bool {
        self.next[from].contains(&to)
    }

    /// The place of this step.
    pub fn place_of(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id.as_str() == id)
    }

    /// Refuses that an affair which has come this way, and stands so, comes to the step `id`.
    ///
    /// # Errors
    /// [`Refusal::StepNotOnMap`], [`Refusal::AlreadyAtStep`], [`Refusal::StepNotHere`].
    pub fn refuse_step(&self, id: &Slug, course: &Course, now: &Turn) -> Result<(), Refusal> {
        let Some(place) = self.place_of(id.as_str()) else {
            let steps = self.steps.iter().take(MOST_NAMED).map(|step| step.id.as_str().to_owned()).collect();
            return Err(Refusal::StepNotOnMap { steps });
        };
        if course.visits().last().is_some_and(|visit| visit.place == Place::Step(place)) {
            return Err(Refusal::AlreadyAtStep);
        }
        if !self.steps[place].admits(now) {
            return Err(Refusal::StepNotHere { state: now.standing });
        }
        Ok(())
    }
}

/// All places that can be come to from these.
fn spread<I: Iterator<Item = usize>>(from: impl Iterator<Item = usize>, onward: impl Fn(usize) -> I) -> HashSet<usize> {
    let mut waiting: Vec<usize> = from.collect();
    let mut reached: HashSet<usize> = waiting.iter().copied().collect();
    while let Some(place) = waiting.pop() {
        waiting.extend(onward(place).filter(|next| reached.insert(*next)));
    }
    reached
}
