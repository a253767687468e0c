//! Mass incidents: one cause, many affairs, and everybody affected is told the same at once (Ley 10/2025 art. 4.5, 13.9
//! and 14.2). Each affair stays one of its own, with its clocks and its answer.

use jiff::Timestamp;
use kernel::{Actor, Channel, Department, Language};

use crate::error::SalesBan;
use crate::ticket::is_continuity;
use crate::{AffectedOutcome, IncidentId, Moment, Refusal, Slug, Text, Ticket, Title};

/// What is asked for when an incident opens.
#[derive(Debug, Clone)]
pub struct IncidentDraft {
    /// What it is, in one line.
    pub title: Title,
    /// Who works on it.
    pub department: Department,
    /// Subject matter.
    pub topic: Option<Slug>,
    /// When it began, where that was earlier than now.
    pub started: Option<Timestamp>,
}

/// A mass incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// What it is, in one line.
    pub title: Title,
    /// Who works on it.
    pub department: Department,
    /// Subject matter.
    pub topic: Option<Slug>,
    /// When it began, in the world.
    pub started: Timestamp,
    /// Who opened it.
    pub by: Actor,
    /// Where it stands.
    pub state: IncidentState,
    /// When it is expected to be over, as it was told last.
    pub expected_end: Option<Timestamp>,
    /// How often those affected were told something.
    pub updates: i32,
}

/// Where a mass incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentState {
    /// It lasts.
    Open,
    /// It is over.
    Over {
        /// Since when.
        at: Timestamp,
    },
}

/// What those affected are to be told.
#[derive(Debug, Clone)]
pub struct Telling {
    /// In which words.
    pub texts: Texts,
    /// When it is expected to be over.
    pub expected_end: Option<Timestamp>,
    /// It is over.
    pub over: bool,
}

/// What those affected are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentUpdate {
    /// The incident.
    pub incident: IncidentId,
    /// Its number, from 1.
    pub number: i32,
    /// In which words.
    pub texts: Texts,
    /// When it is expected to be over.
    pub expected_end: Option<Timestamp>,
    /// It is over.
    pub over: bool,
    /// Who tells it.
    pub by: Actor,
    /// When, in the world.
    pub at: Timestamp,
}

impl IncidentUpdate {
    /// The resource name.
    pub fn name(&self) -> String {
        format!("{}/updates/{}", kernel::ResourceId::name(self.incident), self.number)
    }
}

/// The same said in several languages, each once, in Spanish at the least; at most `MAX` characters each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts<const MAX: usize = 2_000>(Vec<(Language, Text<1, MAX>)>);

/// Why texts cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextsError {
    /// Nobody could be told who has no wording of their own.
    #[error("must have a text in Spanish, which is told to everybody without one of their own")]
    NoSpanish,
    /// Which of the two?
    #[error("must have one text in each language")]
    Twice,
}

impl<const MAX: usize> Texts<MAX> {
    /// These.
    ///
    /// # Errors
    /// [`TextsError`].
    pub fn new(texts: Vec<(Language, Text<1, MAX>)>) -> Result<Self, TextsError> {
        let twice = |(place, (language, _)): (usize, &(Language, Text<1, MAX>))| {
            texts[..place].iter().any(|(l, _)| l == language)
        };
        if texts.iter().enumerate().any(twice) {
            return Err(TextsError::Twice);
        }
        if !texts.iter().any(|(language, _)| *language == Language::Es) {
            return Err(TextsError::NoSpanish);
        }
        Ok(Self(texts))
    }

    /// Each with its language.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Language, &Text<1, MAX>)> {
        self.0.iter().map(|(language, text)| (*language, text))
    }

    /// In which language they tell somebody of this one: theirs, or Spanish.
    pub fn language_for(&self, language: Language) -> Language {
        if self.0.iter().any(|(known, _)| *known == language) { language } else { Language::Es }
    }

    /// What is told in this language: its own text, or the Spanish one.
    pub fn told_in(&self, language: Language) -> &Text<1, MAX> {
        let told = self.language_for(language);
        let text = self.0.iter().find(|(language, _)| *language == told).map(|(_, text)| text);
        text.expect("there is a Spanish one")
    }
}

impl Incident {
    /// Refuses that something is offered for sale to who is affected, where law does: what the incident is about, their affairs are about, whatever each is filed as.
    ///
    /// # Errors
    /// [`Refusal::SalesOfferNotAllowed`].
    pub fn refuse_sales_offer(&self) -> Result<(), Refusal> {
        if is_continuity(self.topic.as_ref()) {
            return Err(Refusal::SalesOfferNotAllowed { law: SalesBan::Continuity });
        }
        Ok(())
    }

    /// Opens an incident at `now`.
    pub fn open(draft: IncidentDraft, id: IncidentId, by: Actor, now: Timestamp) -> Self {
        let IncidentDraft { title, department, topic, started } = draft;
        let started = started.unwrap_or(now).min(now);
        Self { id, title, department, topic, started, by, state: IncidentState::Open, expected_end: None, updates: 0 }
    }

    /// Tells those affected what is known.
    ///
    /// # Errors
    /// [`Refusal::IncidentOver`].
    pub fn tell(mut self, telling: Telling, by: Actor, at: Timestamp) -> Result<(Self, IncidentUpdate), Refusal> {
        if let IncidentState::Over { .. } = self.state {
            return Err(Refusal::IncidentOver);
        }
        let Telling { texts, expected_end, over } = telling;
        self.updates = self.updates.saturating_add(1);
        self.expected_end = expected_end;
        if over {
            self.state = IncidentState::Over { at };
        }
        let update = IncidentUpdate { incident: self.id, number: self.updates, texts, expected_end, over, by, at };
        Ok((self, update))
    }
}

/// The channel that reaches who reported something by `reported`: the same where it is a digital one, and SMS where it is
/// not (art. 13.9).
pub const fn reach(reported: Channel) -> Channel {
    match reported {
        Channel::Email | Channel::Web | Channel::Chat | Channel::Social | Channel::Api => reported,
        Channel::Sms | Channel::Phone | Channel::Post | Channel::InPerson => Channel::Sms,
    }
}

/// That an affair belongs to a mass incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affected {
    /// Which.
    pub incident: IncidentId,
    /// Number of the last update that stands in the affair.
    pub told: i32,
}

/// What became of an affair that was said to be affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// It belongs to the incident now, as of an instant.
    Added(Box<Ticket>, Timestamp),
    /// It did before, or cannot.
    Not(AffectedOutcome),
}

impl Ticket {
    /// Says that `incident` caused it.
    pub fn join(mut self, incident: IncidentId, moment: Moment) -> Joined {
        match self.ties.affected {
            Some(known) if known.incident == incident => return Joined::Not(AffectedOutcome::AlreadyThere),
            Some(_) => return Joined::Not(AffectedOutcome::OfAnother),
            None => {}
        }
        let at = match self.refuse_if_over().and_then(|()| self.settle(moment)) {
            Ok(at) => at,
            Err(_) => return Joined::Not(AffectedOutcome::TicketOver),
        };
        self.ties.affected = Some(Affected { incident, told: 0 });
        self.last_change = at;
        Joined::Added(Box::new(self), at)
    }

    /// Says that `incident` did not cause it after all.
    ///
    /// # Errors
    /// [`Refusal`] when it is over, or does not belong to this incident.
    pub fn leave(mut self, incident: IncidentId, moment: Moment) -> Result<(Self, Timestamp), Refusal> {
        self.refuse_if_over()?;
        if self.ties.affected.is_none_or(|known| known.incident != incident) {
            return Err(Refusal::NotAffected);
        }
        let at = self.settle(moment)?;
        self.ties.affected = None;
        self.last_change = at;
        Ok((self, at))
    }

    /// The same, with everything up to this update said or passed over.
    pub fn told_up_to(mut self, number: i32) -> Self {
        if let Some(affected) = &mut self.ties.affected {
            affected.told = affected.told.max(number);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{ActorKind, ResourceId, Uuid};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn somebody() -> Actor {
        Actor { kind: ActorKind::Employee, id: "u-1".into(), department: None }
    }

    fn texts(said: &[(Language, &str)]) -> Result<Texts, TextsError> {
        Texts::new(said.iter().map(|(language, text)| (*language, text.parse().unwrap())).collect())
    }

    fn incident() -> Incident {
        let draft = IncidentDraft {
            title: "Sin fibra en Móstoles".parse().unwrap(),
            department: "network-ops".parse().unwrap(),
            topic: None,
            started: Some(at("2026-11-23T07:00:00Z")),
        };
        Incident::open(draft, IncidentId::from_uuid(Uuid::from_u128(1)), somebody(), at("2026-11-23T09:00:00Z"))
    }

    fn telling(over: bool) -> Telling {
        let texts = texts(&[(Language::Es, "Se ha roto una fibra.")]).unwrap();
        Telling { texts, expected_end: Some(at("2026-11-23T15:00:00Z")), over }
    }

    #[test]
    fn who_has_no_wording_of_their_own_is_told_in_spanish() {
        let both = texts(&[(Language::En, "A fibre is broken."), (Language::Es, "Se ha roto una fibra.")]).unwrap();
        assert_eq!(both.told_in(Language::En).expose(), "A fibre is broken.");
        assert_eq!(both.told_in(Language::Eu).expose(), "Se ha roto una fibra.");
        assert_eq!(texts(&[(Language::En, "A fibre is broken.")]), Err(TextsError::NoSpanish));
        assert_eq!(texts(&[(Language::Es, "Uno"), (Language::Es, "Otro")]), Err(TextsError::Twice));
        assert_eq!(texts(&[]), Err(TextsError::NoSpanish));
    }

    #[test]
    fn updates_are_numbered_and_nothing_is_told_once_it_is_over() {
        let (incident, first) = incident().tell(telling(false), somebody(), at("2026-11-23T09:10:00Z")).unwrap();
        assert_eq!((first.number, incident.state), (1, IncidentState::Open));
        assert_eq!(incident.expected_end, Some(at("2026-11-23T15:00:00Z")));
        let (incident, last) = incident.tell(telling(true), somebody(), at("2026-11-23T14:00:00Z")).unwrap();
        assert_eq!((last.number, incident.state), (2, IncidentState::Over { at: at("2026-11-23T14:00:00Z") }));
        let refused = incident.tell(telling(false), somebody(), at("2026-11-23T16:00:00Z"));
        assert_eq!(refused.map(|_| ()), Err(Refusal::IncidentOver));
    }

    #[test]
    fn who_reported_by_no_digital_way_is_reached_by_sms() {
        let reached: Vec<Channel> = Channel::ALL.iter().map(|channel| reach(*channel)).collect();
        for (reported, reached) in Channel::ALL.iter().zip(reached) {
            let digital =
                matches!(reported, Channel::Email | Channel::Web | Channel::Chat | Channel::Social | Channel::Api);
            assert_eq!(reached, if digital { *reported } else { Channel::Sms });
        }
    }
}
