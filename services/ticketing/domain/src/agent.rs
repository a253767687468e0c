//! Who works on affairs, what a queue asks of them, and whose turn it is.

use std::cmp::Reverse;
use std::str::FromStr;

use jiff::Timestamp;
use kernel::{Department, Language};

use crate::{Line, Owner, Presence, Refusal, Severity, Slug, TakeReason, TicketId};

/// Who works on affairs: the subject of their tokens, which is what owners of tickets are named by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentId(Owner);

/// Why the name of an agent was not understood. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a resource name of the form agents/{{id}}, the id being 1 to 200 visible ascii characters without slashes"
)]
pub struct AgentIdError;

impl AgentId {
    const COLLECTION: &str = "agents/";

    /// The agent a subject is.
    pub fn of(subject: &str) -> Result<Self, AgentIdError> {
        let owner = if subject.contains('/') { None } else { subject.parse().ok() };
        owner.map(Self).ok_or(AgentIdError)
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The resource name.
    pub fn name(&self) -> String {
        format!("{}{}", Self::COLLECTION, self.as_str())
    }

    /// As the owner of a ticket.
    pub const fn owner(&self) -> &Owner {
        &self.0
    }
}

impl FromStr for AgentId {
    type Err = AgentIdError;

    fn from_str(name: &str) -> Result<Self, AgentIdError> {
        Self::of(name.strip_prefix(Self::COLLECTION).ok_or(AgentIdError)?)
    }
}

/// What somebody is certified for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// What.
    pub skill: Slug,
    /// From when on it counts no more.
    pub until: Option<Timestamp>,
}

/// Who works on affairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// For which department.
    pub department: Department,
    /// What they are certified for, each once.
    pub skills: Vec<Skill>,
    /// In which languages they serve; none for all.
    pub languages: Vec<Language>,
    /// How many affairs they hold at most.
    pub capacity: u16,
    /// Whether they take affairs now.
    pub presence: Presence,
    /// They lead the department.
    pub leads: bool,
    /// What customers are told they are called.
    pub public_name: Option<PublicName>,
    /// In which team they work.
    pub team: Option<Slug>,
    /// Whom they report to, never themselves.
    pub manager: Option<AgentId>,
}

/// What customers are told somebody is called.
pub type PublicName = Line<60>;

impl Agent {
    /// What they are certified for at an instant.
    pub fn skills_at(&self, now: Timestamp) -> impl Iterator<Item = &Slug> {
        self.skills.iter().filter(move |skill| skill.until.is_none_or(|until| now < until)).map(|skill| &skill.skill)
    }

    /// Refuses one affair more for who holds `holding`.
    ///
    /// # Errors
    /// [`Refusal::AgentNotAvailable`], [`Refusal::AgentAtCapacity`].
    pub fn may_take(&self, holding: u32) -> Result<(), Refusal> {
        if self.presence != Presence::Available {
            return Err(Refusal::AgentNotAvailable { presence: self.presence });
        }
        if holding >= u32::from(self.capacity) {
            return Err(Refusal::AgentAtCapacity { capacity: self.capacity, holding });
        }
        Ok(())
    }
}

/// Who leads a department, with how much they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superior {
    /// Who.
    pub agent: Agent,
    /// How many affairs they hold.
    pub holding: u32,
}

/// The superior a customer who speaks `language` is put through to: of those who are there, serve in it and may take one more, who
/// holds fewest; not whoever owns the affair, to whom the customer speaks already. The answer does not depend on the order of the argument.
pub fn freest<'a>(superiors: &'a [Superior], language: Language, owner: Option<&Owner>) -> Option<&'a Agent> {
    let another = |agent: &Agent| owner.is_none_or(|owner| owner != agent.id.owner());
    let serves = |agent: &Agent| agent.languages.is_empty() || agent.languages.contains(&language);
    let free = superiors
        .iter()
        .filter(|s| s.agent.leads && another(&s.agent) && serves(&s.agent) && s.agent.may_take(s.holding).is_ok());
    free.min_by_key(|s| (s.holding, s.agent.id.as_str())).map(|s| &s.agent)
}

/// A topic that asks for a skill.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SkillRule {
    /// The topic.
    pub topic: Slug,
    /// The skill.
    pub skill: Slug,
}

/// An affair that waits for somebody to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub ticket: TicketId,
    /// The customer has a right to be served first.
    pub served_first: bool,
    /// How much harm it does.
    pub severity: Severity,
    /// The agent knows the customer from another affair.
    pub known: bool,
    /// First receipt in any department.
    pub first_received: Timestamp,
}

impl Waiting {
    /// What is the same for affairs that are as pressing for this agent.
    const fn press(&self) -> (bool, Reverse<Severity>, bool) {
        (!self.served_first, Reverse(self.severity), !self.known)
    }
}

/// Whose turn it is, the first one first: who has a right to be served first, then the most severe, then customers the agent
/// knows, then who has waited longest. The answer does not depend on the order of the argument.
pub fn turns(mut waiting: Vec<Waiting>) -> Vec<Waiting> {
    waiting.sort_by_key(|w| (w.press(), w.first_received, kernel::ResourceId::uuid(w.ticket)));
    waiting
}

/// Why it is the turn of `taken`, of all that wait.
pub fn reasons(taken: &Waiting, waiting: &[Waiting]) -> Vec<TakeReason> {
    let others = || waiting.iter().filter(|other| other.ticket != taken.ticket);
    let longest = !others().any(|o| o.press() == taken.press() && o.first_received < taken.first_received);
    [
        (TakeReason::ServedFirst, taken.served_first),
        (TakeReason::Severity, others().any(|other| other.severity < taken.severity)),
        (TakeReason::Known, taken.known),
        (TakeReason::WaitedLongest, longest),
    ]
    .into_iter()
    .filter_map(|(reason, holds)| holds.then_some(reason))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use kernel::{ResourceId, Uuid};
    use proptest::prelude::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn waiting(n: u128, severity: Severity, hour: i64) -> Waiting {
        let ticket = TicketId::from_uuid(Uuid::from_u128(n));
        Waiting { ticket, served_first: false, severity, known: false, first_received: at(hour) }
    }

    fn agent() -> Agent {
        Agent {
            id: "agents/u-7".parse().unwrap(),
            department: "billing".parse().unwrap(),
            skills: vec![
                Skill { skill: "gas-safety".parse().unwrap(), until: Some(at(10)) },
                Skill { skill: "billing-law".parse().unwrap(), until: None },
            ],
            languages: Vec::new(),
            capacity: 2,
            presence: Presence::Available,
            leads: false,
            public_name: None,
            team: None,
            manager: None,
        }
    }

    #[test]
    fn a_customer_is_put_through_to_the_superior_who_is_there_and_holds_fewest() {
        let leads = |id: &str, holding: u32| Superior {
            agent: Agent { id: AgentId::of(id).unwrap(), leads: true, ..agent() },
            holding,
        };
        let away = Superior { agent: Agent { presence: Presence::Away, ..leads("u-1", 0).agent }, holding: 0 };
        let english = Superior { agent: Agent { languages: vec![Language::En], ..leads("u-2", 0).agent }, holding: 0 };
        let no_leader = Superior { agent: Agent { leads: false, ..leads("u-3", 0).agent }, holding: 0 };
        let mut all = vec![away, english, no_leader, leads("u-4", 2), leads("u-6", 1), leads("u-5", 1)];
        for _ in 0..all.len() {
            assert_eq!(freest(&all, Language::Es, None).map(|agent| agent.id.as_str()), Some("u-5"));
            assert_eq!(freest(&all, Language::En, None).map(|agent| agent.id.as_str()), Some("u-2"));
            let owner: Owner = "u-2".parse().unwrap();
            assert_ne!(
                freest(&all, Language::En, Some(&owner)).map(|agent| agent.id.as_str()),
                Some("u-2"),
                "they have it already"
            );
            all.rotate_left(1);
        }
        assert_eq!(freest(&all[..0], Language::Es, None), None);
    }

    #[test]
    fn a_certification_counts_until_it_ends() {
        let count = |now| agent().skills_at(at(now)).count();
        assert_eq!([count(9), count(10)], [2, 1]);
    }

    #[test]
    fn who_is_not_there_or_holds_all_they_can_takes_nothing() {
        assert_eq!(agent().may_take(1), Ok(()));
        assert_eq!(agent().may_take(2), Err(Refusal::AgentAtCapacity { capacity: 2, holding: 2 }));
        for presence in [Presence::Busy, Presence::Away] {
            let refused = Agent { presence, ..agent() }.may_take(0);
            assert_eq!(refused, Err(Refusal::AgentNotAvailable { presence }));
        }
    }

    #[test]
    fn rights_come_before_harm_and_harm_before_acquaintance_and_that_before_waiting() {
        let long = waiting(1, Severity::Medium, 1);
        let known = Waiting { known: true, ..waiting(2, Severity::Medium, 5) };
        let severe = waiting(3, Severity::Critical, 6);
        let right = Waiting { served_first: true, ..waiting(4, Severity::Low, 7) };
        let all = vec![long, known, severe, right];
        let order: Vec<u128> = turns(all.clone()).iter().map(|w| w.ticket.uuid().as_u128()).collect();
        assert_eq!(order, [4, 3, 2, 1]);
        assert_eq!(reasons(&right, &all), [TakeReason::ServedFirst, TakeReason::WaitedLongest]);
        assert_eq!(reasons(&severe, &all), [TakeReason::Severity, TakeReason::WaitedLongest]);
        assert_eq!(reasons(&known, &all), [TakeReason::Severity, TakeReason::Known, TakeReason::WaitedLongest]);
    }

    #[test]
    fn the_name_of_an_agent_is_read_back_and_no_other_is() {
        assert_eq!(agent().id.name().parse::<AgentId>(), Ok(agent().id));
        for bad in ["", "agents/", "u-7", "agents/a/b", "agents/con espacio", "queues/u-7"] {
            assert_eq!(bad.parse::<AgentId>(), Err(AgentIdError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_turn_is_the_same_in_whatever_order_they_are_read(
            parts in prop::collection::vec((any::<bool>(), 0..4_usize, any::<bool>(), 0..5_i64), 1..12),
            swap in any::<prop::sample::Index>(),
        ) {
            let mut all: Vec<Waiting> = parts
                .into_iter()
                .zip(1..)
                .map(|((served_first, severity, known, hour), n)| Waiting {
                    served_first,
                    known,
                    ..waiting(n, Severity::ALL[severity], hour)
                })
                .collect();
            let expected = turns(all.clone());
            let place = swap.index(all.len());
            all.rotate_left(place);
            prop_assert_eq!(turns(all.clone()), expected.clone());
            prop_assert!(reasons(&expected[0], &all).contains(&TakeReason::WaitedLongest));
            prop_assert_eq!(expected[0].served_first, all.iter().any(|w| w.served_first), "nobody with a right is passed over");
        }
    }
}
