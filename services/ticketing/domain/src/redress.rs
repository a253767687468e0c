//! What customers are given for what went wrong, and who may grant it (ISO 10002:2018, 8.7).

use jiff::Timestamp;
use kernel::Actor;

use crate::{Cause, RedressId, RedressItemId, RedressStanding, Refusal, Text};

/// What proves that a customer was given something.
pub type Reference = Text<1, 200>;

/// An amount in minor units of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// Cents, or the like.
    pub minor_units: i64,
}

/// How much is granted by whom alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// ISO 4217 code both are in.
    pub currency: String,
    /// An agent.
    pub agent: i64,
    /// A supervisor; not less.
    pub supervisor: i64,
}

/// What an item of the catalogue says of who grants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granting {
    /// How much by whom; none for what has no amount.
    pub limits: Option<Limits>,
    /// What has no amount is granted by a supervisor.
    pub supervised: bool,
}

/// What somebody may grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// What an agent may.
    Agent,
    /// What a supervisor may.
    Supervisor,
}

impl Granting {
    /// How many others have to grant what somebody with this authority proposes. `amount` is in the item's currency, with what they have proposed
    /// before in the affair.
    pub const fn needed(&self, amount: Option<i64>, authority: Authority) -> u8 {
        let supervisors = match (&self.limits, amount) {
            (Some(limits), Some(amount)) if amount <= limits.agent => 0,
            (Some(limits), Some(amount)) if amount <= limits.supervisor => 1,
            (Some(_), _) => 2,
            (None, _) if self.supervised => 1,
            (None, _) => 0,
        };
        match authority {
            Authority::Agent => supervisors,
            // Who proposes as a supervisor is one of them.
            Authority::Supervisor => supervisors.saturating_sub(1),
        }
    }
}

/// What one customer is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redress {
    /// Its id.
    pub id: RedressId,
    /// What it is of.
    pub item: RedressItemId,
    /// How much, where it has an amount.
    pub amount: Option<Amount>,
    /// Why.
    pub reason: Cause,
    /// Who proposed it.
    pub by: Actor,
    /// When.
    pub proposed: Timestamp,
    /// How many have to grant it, as it was when it was proposed.
    pub needed: u8,
    /// Who has.
    pub granted_by: Vec<Actor>,
    /// Where it stands.
    pub state: RedressState,
}

/// Where a redress stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedressState {
    /// Somebody has to grant it.
    Proposed,
    /// The customer has not been given it.
    Granted {
        /// When the last one granted it.
        at: Timestamp,
    },
    /// Not granted.
    Refused {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Actor,
        /// Why.
        why: Cause,
    },
    /// The customer was given it.
    Given {
        /// When it was granted.
        granted: Timestamp,
        /// When it was given.
        at: Timestamp,
        /// What proves it.
        reference: Reference,
    },
}

impl RedressState {
    /// Without its data.
    pub const fn standing(&self) -> RedressStanding {
        match self {
            Self::Proposed => RedressStanding::Proposed,
            Self::Granted { .. } => RedressStanding::Granted,
            Self::Refused { .. } => RedressStanding::Refused,
            Self::Given { .. } => RedressStanding::Given,
        }
    }
}

/// Who proposes.
#[derive(Debug, Clone)]
pub struct Proposer {
    /// Who.
    pub by: Actor,
    /// What they may grant.
    pub authority: Authority,
    /// What they have proposed before in the affair and was not refused, in minor units of the same currency.
    pub before: i64,
    /// The limits are of their own making.
    pub own_limits: bool,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct RedressDraft {
    /// What it is of.
    pub item: RedressItemId,
    /// How much.
    pub amount: Option<Amount>,
    /// Why.
    pub reason: Cause,
}

/// How a proposal is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It is granted.
    Grant,
    /// It is refused.
    Refuse {
        /// Why.
        why: Cause,
    },
}

impl Redress {
    /// Proposes one; what lies within the proposer's authority is granted at once.
    pub fn propose(draft: RedressDraft, id: RedressId, granting: &Granting, who: Proposer, at: Timestamp) -> Self {
        let RedressDraft { item, amount, reason } = draft;
        let Proposer { by, authority, before, own_limits } = who;
        let in_all = amount.as_ref().map(|amount| amount.minor_units.saturating_add(before));
        let needed = granting.needed(in_all, authority).max(u8::from(own_limits && amount.is_some()));
        let state = if needed == 0 { RedressState::Granted { at } } else { RedressState::Proposed };
        Self { id, item, amount, reason, by, proposed: at, needed, granted_by: Vec::new(), state }
    }

    /// Grants it, or refuses it. What was granted is still refused as long as it was not given.
    ///
    /// # Errors
    /// [`Refusal`] when it is not open, `by` proposed it, or `by` has granted it.
    pub fn decide(mut self, ruling: Ruling, by: Actor, at: Timestamp) -> Result<Self, Refusal> {
        let state = self.state.standing();
        let open = match ruling {
            Ruling::Grant => state == RedressStanding::Proposed,
            Ruling::Refuse { .. } => matches!(state, RedressStanding::Proposed | RedressStanding::Granted),
        };
        if !open {
            return Err(Refusal::RedressNotOpen { state });
        }
        // A person is who their token names, whatever kind of program it was used through.
        if self.by.id == by.id {
            return Err(Refusal::RedressOwnProposal);
        }
        match ruling {
            Ruling::Refuse { why } => self.state = RedressState::Refused { at, by, why },
            Ruling::Grant => {
                if self.granted_by.iter().any(|before| before.id == by.id) {
                    return Err(Refusal::RedressGrantedAlready);
                }
                self.granted_by.push(by);
                if self.missing() == 0 {
                    self.state = RedressState::Granted { at };
                }
            }
        }
        Ok(self)
    }

    /// Writes down that the customer was given it.
    ///
    /// # Errors
    /// [`Refusal::RedressNotOpen`] when it is not granted, or was given before.
    pub fn give(mut self, reference: Reference, at: Timestamp) -> Result<Self, Refusal> {
        let RedressState::Granted { at: granted } = self.state else {
            return Err(Refusal::RedressNotOpen { state: self.state.standing() });
        };
        self.state = RedressState::Given { granted, at, reference };
        Ok(self)
    }

    /// How many more have to grant it.
    pub fn missing(&self) -> usize {
        usize::from(self.needed).saturating_sub(self.granted_by.len())
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ActorKind, ResourceId as _, Uuid};

    use super::*;
    use crate::{SlugId as _, TicketId};

    fn actor(id: &str) -> Actor {
        Actor { kind: ActorKind::Employee, id: id.to_owned(), department: None }
    }

    fn item() -> Granting {
        let limits = Limits { currency: "EUR".to_owned(), agent: 2_000, supervisor: 10_000 };
        Granting { limits: Some(limits), supervised: false }
    }

    fn proposed(amount: i64, by: &str, authority: Authority) -> Redress {
        let draft = RedressDraft {
            item: RedressItemId::of("credit").unwrap(),
            amount: Some(Amount { currency: "EUR".to_owned(), minor_units: amount }),
            reason: "Dos cobros por lo mismo.".parse().unwrap(),
        };
        let id = RedressId { ticket: TicketId::from_uuid(Uuid::nil()), id: Uuid::nil() };
        let who = Proposer { by: actor(by), authority, before: 0, own_limits: false };
        Redress::propose(draft, id, &item(), who, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_was_proposed_before_counts_and_nobody_grants_by_limits_of_their_own_making() {
        let needed = |authority, amount, before, own_limits| {
            let draft = RedressDraft {
                item: RedressItemId::of("credit").unwrap(),
                amount: Some(Amount { currency: "EUR".to_owned(), minor_units: amount }),
                reason: "Otra vez.".parse().unwrap(),
            };
            let id = RedressId { ticket: TicketId::from_uuid(Uuid::nil()), id: Uuid::nil() };
            let who = Proposer { by: actor("ana"), authority, before, own_limits };
            Redress::propose(draft, id, &item(), who, Timestamp::UNIX_EPOCH).needed
        };
        assert_eq!(needed(Authority::Agent, 2_000, 0, false), 0);
        assert_eq!(needed(Authority::Agent, 1, 2_000, false), 1);
        assert_eq!(needed(Authority::Agent, 1, i64::MAX, false), 2);
        assert_eq!(needed(Authority::Supervisor, 1, 10_000, false), 1);
        assert_eq!(needed(Authority::Supervisor, 1, 0, true), 1);
    }

    #[test]
    fn each_grants_alone_what_they_may_and_more_takes_more_people() {
        use Authority::{Agent, Supervisor};
        let needed: Vec<_> =
            [(0, Agent), (2_000, Agent), (2_001, Agent), (10_000, Agent), (10_001, Agent), (i64::MAX, Agent)]
                .into_iter()
                .chain([(2_001, Supervisor), (10_000, Supervisor), (10_001, Supervisor)])
                .map(|(amount, authority)| item().needed(Some(amount), authority))
                .collect();
        assert_eq!(needed, [0, 0, 1, 1, 2, 2, 0, 0, 1]);
        let without = |supervised| Granting { limits: None, supervised };
        assert_eq!([without(false).needed(None, Agent), without(true).needed(None, Agent)], [0, 1]);
        assert_eq!(without(true).needed(None, Supervisor), 0);
    }

    #[test]
    fn what_is_over_a_supervisors_limit_takes_two_who_did_not_propose_it() {
        let at = Timestamp::UNIX_EPOCH;
        let redress = proposed(50_000, "ana", Authority::Agent);
        assert_eq!((redress.state.standing(), redress.missing()), (RedressStanding::Proposed, 2));
        assert_eq!(redress.clone().decide(Ruling::Grant, actor("ana"), at), Err(Refusal::RedressOwnProposal));
        let once = redress.decide(Ruling::Grant, actor("boss"), at).unwrap();
        assert_eq!((once.state.standing(), once.missing()), (RedressStanding::Proposed, 1));
        assert_eq!(once.clone().decide(Ruling::Grant, actor("boss"), at), Err(Refusal::RedressGrantedAlready));
        let early = once.clone().give("pago 7".parse().unwrap(), at);
        assert_eq!(early, Err(Refusal::RedressNotOpen { state: RedressStanding::Proposed }));
        let granted = once.decide(Ruling::Grant, actor("chief"), at).unwrap();
        assert_eq!(granted.state.standing(), RedressStanding::Granted);
        let late = granted.clone().decide(Ruling::Grant, actor("third"), at);
        assert_eq!(late, Err(Refusal::RedressNotOpen { state: RedressStanding::Granted }));
        let given = granted.give("pago 7".parse().unwrap(), at).unwrap();
        let twice = given.give("pago 8".parse().unwrap(), at);
        assert_eq!(twice, Err(Refusal::RedressNotOpen { state: RedressStanding::Given }));
    }

    #[test]
    fn who_has_granted_it_may_still_refuse_it_while_another_is_missing() {
        let at = Timestamp::UNIX_EPOCH;
        let once = proposed(50_000, "ana", Authority::Agent).decide(Ruling::Grant, actor("boss"), at).unwrap();
        let why = || Ruling::Refuse { why: "Se abonó en marzo.".parse().unwrap() };
        let refused = once.decide(why(), actor("boss"), at).unwrap();
        assert_eq!(refused.state.standing(), RedressStanding::Refused);
        let again = refused.decide(why(), actor("chief"), at);
        assert_eq!(again, Err(Refusal::RedressNotOpen { state: RedressStanding::Refused }));
        let granted = proposed(2_000, "ana", Authority::Agent);
        let back = granted.clone().decide(why(), actor("boss"), at).unwrap();
        assert_eq!(back.state.standing(), RedressStanding::Refused);
        let given = granted.give("pago 9".parse().unwrap(), at).unwrap();
        let late = given.decide(why(), actor("boss"), at);
        assert_eq!(late, Err(Refusal::RedressNotOpen { state: RedressStanding::Given }));
    }
}
