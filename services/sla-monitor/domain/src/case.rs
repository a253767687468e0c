//! What happens to a case of the office, and what each rule makes of it: the term its regime sets, and what the house measures beside it.

use crate::clock::Happening;
use crate::condition::{Metric, Occasion, Turn};
use crate::policy::Measure;
use crate::rule::{Ends, Rule};

/// What happened to a case, or to what the office ordered in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The claimant has to complete it.
    NeedsCure,
    /// The claimant is heard before it is refused.
    RefusalProposed,
    /// It is stayed: another body has it.
    Stayed,
    /// The office takes longer to decide, for reasons that the parties were told.
    TermExtended,
    /// What it waited for came, and the work goes on.
    GoesOn,
    /// It was decided.
    Decided,
    /// It came to what takes the place of a decision: a reasoned refusal, a settlement, or the firm put right what was claimed.
    EndedOtherwise,
    /// It was archived, withdrawn or forwarded: nobody waits for it any more.
    GivenUp,
    /// It was closed while it was stayed.
    ClosedWhileStayed,
    /// It was closed.
    Closed,
    /// The parties were told the decision.
    Notified,
    /// What a decision that binds asks for was ordered.
    Ordered,
    /// What was not carried out was reported.
    Reported,
    /// What was ordered or recommended was met, by a proof that was held to be good.
    ObligationMet,
}

impl Event {
    /// What it is to a clock of this rule; `None` when the rule says nothing about it.
    pub fn to_clock_of(self, rule: &Rule) -> Option<Happening> {
        match &rule.measure {
            Some(measure) => self.under(measure),
            None => self.by_regime(rule),
        }
    }

    /// The ground that rules of regimes name.
    const fn ground(self) -> Option<&'static str> {
        match self {
            Self::NeedsCure => Some("cure"),
            Self::RefusalProposed => Some("inadmissibility_allegations"),
            Self::Stayed => Some("parallel_proceedings"),
            Self::TermExtended => Some("reasoned_extension"),
            _ => None,
        }
    }

    fn by_regime(self, rule: &Rule) -> Option<Happening> {
        let met = |ends| (rule.ends == ends).then_some(Happening::Fulfilled);
        let given_up = |ends| (rule.ends == ends).then_some(Happening::Cancelled);
        match self {
            Self::NeedsCure | Self::RefusalProposed | Self::Stayed | Self::TermExtended => {
                let ground = self.ground()?;
                rule.effect_of(ground).map(|_| Happening::Hindered(ground.to_owned()))
            }
            Self::GoesOn => (!rule.effects.is_empty()).then_some(Happening::Unhindered),
            Self::Decided | Self::EndedOtherwise => met(Ends::Decision),
            Self::GivenUp => Some(Happening::Cancelled),
            Self::ClosedWhileStayed => given_up(Ends::Decision),
            // What was missed stays missed; nobody waits for it any more.
            Self::Closed => match rule.ends {
                Ends::ObligationMet | Ends::Ordered | Ends::Reported => Some(Happening::Cancelled),
                _ => None,
            },
            Self::Notified => met(Ends::Notification),
            Self::Ordered => met(Ends::Ordered),
            Self::Reported => met(Ends::Reported),
            // Made up for before it was reported: there is nothing to report.
            Self::ObligationMet => met(Ends::ObligationMet).or_else(|| given_up(Ends::Reported)),
        }
    }

    fn under(self, measure: &Measure) -> Option<Happening> {
        let occasion = match self {
            Self::NeedsCure | Self::RefusalProposed => Occasion::WaitsForCustomer,
            Self::Stayed => Occasion::Held,
            // What the law lets take longer the house measures as before.
            Self::TermExtended => return None,
            // What the office owes after it decided is its rulebook's and measured by nothing else.
            Self::Ordered | Self::Reported => return None,
            Self::GoesOn => Occasion::Works,
            Self::Decided => Occasion::Decided,
            // Of what is no decision nobody is notified as of one.
            Self::EndedOtherwise if measure.metric == Metric::NotifyDecision => Occasion::Cancelled,
            Self::EndedOtherwise => Occasion::Decided,
            Self::GivenUp | Self::ClosedWhileStayed | Self::Closed => Occasion::Cancelled,
            Self::Notified => Occasion::Notified,
            Self::ObligationMet => Occasion::ObligationMet,
        };
        measure.conditions.turn(occasion).map(|turn| match turn {
            Turn::Start => Happening::Begun,
            Turn::Cancel => Happening::Cancelled,
            Turn::Pause => Happening::Hindered(occasion.as_str().to_owned()),
            Turn::Resume => Happening::Unhindered,
            Turn::Stop => Happening::Fulfilled,
            Turn::Reset => Happening::Renewed,
            Turn::Anew => Happening::BegunAnew,
            Turn::Reopen => Happening::Reopened,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use crate::catalogue::Switches;
    use crate::policy::Filter;

    fn measured(metric: Metric) -> Rule {
        let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
        let measure = Measure {
            metric,
            conditions: metric.conditions(),
            filter: Filter::default(),
            rank: 0,
            calendar: None,
            retroactive_start: false,
            retroactive_pause: false,
            calls: None,
            from: jiff::Timestamp::MIN,
            until: None,
        };
        // Grounds that its regime names move nothing that the house measures: its own conditions do.
        Rule { measure: Some(measure), ..catalogue.rule("es.fin.29septies-1.decide").unwrap().clone() }
    }

    fn what(metric: Metric, events: &[Event]) -> Vec<Option<Happening>> {
        events.iter().map(|event| event.to_clock_of(&measured(metric))).collect()
    }

    #[test]
    fn deciding_stands_still_while_the_claimant_or_another_body_has_it_and_ends_with_what_ends_it() {
        use Event as E;
        let events =
            [E::NeedsCure, E::GoesOn, E::RefusalProposed, E::Stayed, E::Decided, E::EndedOtherwise, E::GivenUp];
        let still = |ground: &str| Some(Happening::Hindered(ground.to_owned()));
        assert_eq!(
            what(Metric::DecideCase, &events),
            [
                still("waits_for_customer"),
                Some(Happening::Unhindered),
                still("waits_for_customer"),
                still("held"),
                Some(Happening::Fulfilled),
                Some(Happening::Fulfilled),
                Some(Happening::Cancelled)
            ]
        );
        assert_eq!(what(Metric::DecideCase, &[E::Notified, E::ObligationMet]), [None, None]);
    }

    #[test]
    fn notifying_counts_from_a_decision_and_from_nothing_that_takes_its_place() {
        use Event as E;
        assert_eq!(
            what(Metric::NotifyDecision, &[E::Stayed, E::Decided, E::Notified, E::EndedOtherwise]),
            [None, Some(Happening::Begun), Some(Happening::Fulfilled), Some(Happening::Cancelled)]
        );
    }

    #[test]
    fn an_order_is_complied_with_by_its_proof_and_given_up_with_its_case() {
        use Event as E;
        assert_eq!(
            what(Metric::Comply, &[E::Decided, E::Notified, E::ObligationMet, E::Closed]),
            [None, None, Some(Happening::Fulfilled), Some(Happening::Cancelled)]
        );
    }

    #[test]
    fn conditions_of_affairs_say_nothing_of_cases() {
        for metric in Metric::OF_AFFAIRS {
            assert_eq!(what(metric, &[Event::Decided, Event::Notified, Event::ObligationMet]), [None, None, None]);
        }
    }
}
