//! What the customer thought: asked once about an affair, after the answer and never before (Ley 10/2025 art. 18).

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Channel};

use crate::{Moment, Owner, Refusal, SatisfactionCause, Standing, SurveyId, Ticket, Verbatim};

/// A point on a scale from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score<const MIN: u8, const MAX: u8>(u8);

/// Satisfaction (CSAT): 1 very dissatisfied, 5 very satisfied.
pub type Csat = Score<1, 5>;
/// The recommendation question behind the Net Promoter Score (Reichheld 2003): 0 not at all likely, 10 extremely likely.
pub type Nps = Score<0, 10>;
/// Customer effort score 2.0, "it was made easy for me": 1 strongly disagree, 7 strongly agree.
pub type Ces = Score<1, 7>;

/// Off the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from {min} to {max}")]
pub struct ScoreError {
    /// Lowest.
    min: u8,
    /// Highest.
    max: u8,
}

impl<const MIN: u8, const MAX: u8> Score<MIN, MAX> {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl<const MIN: u8, const MAX: u8> TryFrom<i32> for Score<MIN, MAX> {
    type Error = ScoreError;

    fn try_from(value: i32) -> Result<Self, ScoreError> {
        let error = ScoreError { min: MIN, max: MAX };
        let value = u8::try_from(value).map_err(|_| error)?;
        if (MIN..=MAX).contains(&value) { Ok(Self(value)) } else { Err(error) }
    }
}

/// What the customer said: a score at least, or words. Causes alone say neither good nor bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// By which channel.
    pub channel: Channel,
    /// How satisfied.
    pub csat: Option<Csat>,
    /// How likely to recommend the firm.
    pub nps: Option<Nps>,
    /// How easy it was.
    pub ces: Option<Ces>,
    /// What it is about, each once.
    pub causes: Vec<SatisfactionCause>,
    /// In the customer's own words.
    pub verbatim: Option<Verbatim>,
}

impl Opinion {
    /// Whether the customer was dissatisfied: by their satisfaction, where they said none by whether they would recommend the firm, where they said neither
    /// by how easy it was. Words alone are not read for it.
    pub fn is_dissatisfied(&self) -> bool {
        match (self.csat, self.nps, self.ces) {
            (Some(csat), ..) => csat.get() <= 2,
            // A detractor (Reichheld 2003).
            (None, Some(nps), _) => nps.get() <= 6,
            (None, None, Some(ces)) => ces.get() <= 3,
            (None, None, None) => false,
        }
    }
}

/// The survey of one affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Its id.
    pub id: SurveyId,
    /// By which channel the customer was asked.
    pub channel: Channel,
    /// Who asked.
    pub by: Actor,
    /// When, in the world.
    pub asked: Timestamp,
    /// Where it stands.
    pub state: SurveyState,
}

/// Where a survey stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurveyState {
    /// The customer was asked.
    Asked,
    /// The customer answered.
    Answered {
        /// When, in the world.
        at: Timestamp,
        /// Who wrote it down.
        by: Actor,
        /// What was said.
        opinion: Opinion,
    },
}

impl Ticket {
    /// Asks the customer what they thought. `asked` is the survey there is already, if any.
    ///
    /// # Errors
    /// [`Refusal`] before the answer, a second time, or out of order.
    pub fn ask_survey(
        self,
        asked: Option<&Survey>,
        channel: Channel,
        by: Actor,
        moment: Moment,
    ) -> Result<(Self, Survey), Refusal> {
        if let Some(survey) = asked {
            return Err(Refusal::SurveyAlreadyAsked { survey: survey.id });
        }
        self.refuse_survey_before_resolution()?;
        let id = SurveyId::of(self.facts.id);
        let (ticket, at) = self.note(moment)?;
        Ok((ticket, Survey { id, channel, by, asked: at, state: SurveyState::Asked }))
    }

    /// Writes down what the customer said. `resolved_by` is who resolved the ticket last.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket went back to work, the customer has answered, `by` owns the ticket or resolved it, or the time is out
    /// of order.
    pub fn answer_survey(
        self,
        mut survey: Survey,
        opinion: Opinion,
        (by, resolved_by, worked_by): (Actor, Option<&Actor>, Option<&Owner>),
        moment: Moment,
    ) -> Result<(Self, Survey), Refusal> {
        if matches!(survey.state, SurveyState::Answered { .. }) {
            return Err(Refusal::SurveyAlreadyAnswered);
        }
        self.refuse_survey_before_resolution()?;
        // Nobody grades their own work; a note of what somebody said about you is a grade you give yourself.
        // A program that resolves for many and asks many is nobody's work.
        let owns = self.assignment.owner.iter().chain(worked_by).any(|owner| owner.as_str() == by.id);
        let resolved = by.kind == ActorKind::Employee && resolved_by.is_some_and(|who| who.id == by.id);
        if owns || resolved {
            return Err(Refusal::SurveyOfOwnWork);
        }
        let (ticket, at) = self.note(moment)?;
        survey.state = SurveyState::Answered { at, by, opinion };
        Ok((ticket, survey))
    }

    fn refuse_survey_before_resolution(&self) -> Result<(), Refusal> {
        match self.state.standing() {
            // Closed follows resolved and nothing else.
            Standing::Resolved | Standing::Closed => Ok(()),
            state => Err(Refusal::SurveyBeforeResolution { state }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfaction_says_who_is_dissatisfied_before_recommendation_and_ease() {
        let opinion = |csat: Option<i32>, nps: Option<i32>, ces: Option<i32>| Opinion {
            channel: Channel::Sms,
            csat: csat.map(|score| score.try_into().unwrap()),
            nps: nps.map(|score| score.try_into().unwrap()),
            ces: ces.map(|score| score.try_into().unwrap()),
            causes: Vec::new(),
            verbatim: Some("fatal".parse().unwrap()),
        };
        for (csat, nps, ces) in [(Some(2), Some(10), Some(7)), (None, Some(6), Some(7)), (None, None, Some(3))] {
            assert!(opinion(csat, nps, ces).is_dissatisfied(), "{csat:?} {nps:?} {ces:?}");
        }
        for (csat, nps, ces) in
            [(Some(3), Some(0), Some(1)), (None, Some(7), Some(1)), (None, None, Some(4)), (None, None, None)]
        {
            assert!(!opinion(csat, nps, ces).is_dissatisfied(), "{csat:?} {nps:?} {ces:?}");
        }
    }

    #[test]
    fn a_score_is_on_its_scale() {
        assert_eq!(Csat::try_from(1).map(Score::get), Ok(1));
        assert_eq!(Nps::try_from(0).map(Score::get), Ok(0));
        assert_eq!(Ces::try_from(7).map(Score::get), Ok(7));
        for bad in [i32::MIN, -1, 0, 6, 257, i32::MAX] {
            assert_eq!(Csat::try_from(bad), Err(ScoreError { min: 1, max: 5 }), "{bad}");
        }
        assert!(Nps::try_from(11).is_err());
        assert!(Ces::try_from(8).is_err());
    }
}
