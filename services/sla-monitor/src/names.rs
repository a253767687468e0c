//! The names of things that clocks are about.

use std::fmt;

use kernel::{IdError, ResourceId, typed_id};

typed_id!(
    /// A clock.
    ClockId,
    "clocks"
);
typed_id!(
    /// An affair of ticketing.
    TicketId,
    "tickets"
);
typed_id!(
    /// A case of the ombudsman's office.
    CaseId,
    "cases"
);
typed_id!(
    /// A customer.
    CustomerId,
    "customers"
);
typed_id!(
    /// A promise, below its ticket.
    PromiseId,
    "promises"
);

/// What a clock is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An affair.
    Ticket(TicketId),
    /// A case.
    Case(CaseId),
    /// A promise.
    Promise(TicketId, PromiseId),
    /// What the firm owes after a case, by its number in it.
    Obligation(CaseId, u32),
}

/// A name that is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be tickets/{{uuid}}, cases/{{uuid}}, tickets/{{uuid}}/promises/{{uuid}} or cases/{{uuid}}/obligations/{{number}}"
)]
pub struct NotASubject;

impl From<IdError> for NotASubject {
    fn from(_: IdError) -> Self {
        Self
    }
}

impl Subject {
    /// Reads a resource name.
    ///
    /// # Errors
    /// [`NotASubject`].
    pub fn parse(name: &str) -> Result<Self, NotASubject> {
        if name.starts_with("cases/") {
            return match name.split_once("/obligations/") {
                Some((case, number)) => {
                    // One obligation has one name.
                    let plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
                    let number = number.parse().ok().filter(|_| plain).ok_or(NotASubject)?;
                    Ok(Self::Obligation(CaseId::parse(case)?, number))
                }
                None => Ok(Self::Case(CaseId::parse(name)?)),
            };
        }
        match name.find("/promises/") {
            Some(at) => Ok(Self::Promise(TicketId::parse(&name[..at])?, PromiseId::parse(&name[at + 1..])?)),
            None => Ok(Self::Ticket(TicketId::parse(name)?)),
        }
    }

    /// The resource name.
    pub fn name(self) -> String {
        match self {
            Self::Ticket(id) => id.name(),
            Self::Case(id) => id.name(),
            Self::Promise(ticket, promise) => format!("{}/{}", ticket.name(), promise.name()),
            Self::Obligation(case, number) => format!("{}/obligations/{number}", case.name()),
        }
    }

    /// The ticket or case it belongs to.
    pub fn affair(self) -> uuid::Uuid {
        match self {
            Self::Ticket(id) | Self::Promise(id, _) => id.uuid(),
            Self::Case(id) | Self::Obligation(id, _) => id.uuid(),
        }
    }
}

/// A measured call, by its system and its id there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// Slug of the system.
    pub system: String,
    /// Id of the call in it.
    pub id: String,
}

/// A name that is no call's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be telephoneSystems/{{slug}}/calls/{{id}}")]
pub struct NotACall;

impl CallName {
    /// Reads a resource name; whether there could be such a system or call is not looked at further than what a name must have.
    ///
    /// # Errors
    /// [`NotACall`].
    pub fn parse(name: &str) -> Result<Self, NotACall> {
        let rest = name.strip_prefix("telephoneSystems/").ok_or(NotACall)?;
        let (system, id) = rest.split_once("/calls/").ok_or(NotACall)?;
        let known = |part: &str| {
            (1..=64).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        };
        if !known(system) || !known(id) {
            return Err(NotACall);
        }
        Ok(Self { system: system.to_owned(), id: id.to_owned() })
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "telephoneSystems/{}/calls/{}", self.system, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_is_read_back_from_its_name() {
        let id = uuid::Uuid::from_u128(7);
        let (ticket, promise) = (TicketId::from_uuid(id), PromiseId::from_uuid(id));
        let case = CaseId::from_uuid(id);
        for subject in [
            Subject::Ticket(ticket),
            Subject::Case(case),
            Subject::Promise(ticket, promise),
            Subject::Obligation(case, 12),
        ] {
            assert_eq!(Subject::parse(&subject.name()), Ok(subject));
        }
        for number in ["", "0", "07", "+7", "x", "4294967296"] {
            let bad = format!("{}/obligations/{number}", case.name());
            assert_eq!(Subject::parse(&bad), Err(NotASubject), "{bad}");
        }
        let call = CallName { system: "pbx-madrid".to_owned(), id: "a.1_2".to_owned() };
        assert_eq!(CallName::parse(&call.to_string()), Ok(call));
        for bad in ["", "calls/1", "telephoneSystems/pbx", "telephoneSystems/pbx/calls/", "telephoneSystems//calls/1"] {
            assert_eq!(CallName::parse(bad), Err(NotACall), "{bad}");
        }
        assert_eq!(CallName::parse("telephoneSystems/pbx/calls/1/calls/2"), Err(NotACall));
        for bad in ["", "tickets/", "tickets/x", "customers/x", "tickets/x/promises/y", "cases/", "promises/x"] {
            assert_eq!(Subject::parse(bad), Err(NotASubject), "{bad}");
        }
    }
}
