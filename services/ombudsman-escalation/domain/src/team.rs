//! The people on one case. Nobody gets a seat, and nobody acts from one, without the wall's word at that
//! very moment: a conflict that comes to light later stops the person too.

use jiff::Timestamp;

use crate::Refused;
use crate::vocabulary::OfficeRole;
use crate::wall::{Person, Wall};

/// A seat on a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// Who.
    pub person: Person,
    /// As what.
    pub office_role: OfficeRole,
    /// Since when.
    pub since: Timestamp,
    /// When the person stepped aside.
    pub left: Option<Timestamp>,
}

/// Everybody who works or worked on a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Team {
    /// Seats, in the order they were given.
    pub seats: Vec<Seat>,
}

impl Team {
    /// Gives a person a seat.
    ///
    /// # Errors
    /// With every conflict the wall finds, when the person was not appointed for the role, or sits there already.
    pub fn assign(
        mut self,
        person: &str,
        office_role: OfficeRole,
        wall: &Wall,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let grounds = wall.conflicts(person, now);
        if !grounds.is_empty() {
            return Err(Refused::Conflict { grounds });
        }
        let appointed = wall.register.get(person).is_some_and(|member| member.office_roles.contains(&office_role));
        if !appointed {
            return Err(Refused::NotAppointed { person: person.to_owned() });
        }
        if self.live(person).any(|seat| seat.office_role == office_role) {
            return Err(Refused::AlreadyAssigned);
        }
        self.seats.push(Seat { person: person.to_owned(), office_role, since: now, left: None });
        Ok(self)
    }

    /// The person steps aside from every seat held.
    ///
    /// # Errors
    /// When the person holds none.
    pub fn recuse(mut self, person: &str, now: Timestamp) -> Result<Self, Refused> {
        if self.live(person).next().is_none() {
            return Err(Refused::NotAssigned { needed: OfficeRole::ALL });
        }
        for seat in self.seats.iter_mut().filter(|seat| seat.person == person && seat.left.is_none()) {
            seat.left = Some(now);
        }
        Ok(self)
    }

    /// Lets a person act in one of the roles `needed`.
    ///
    /// # Errors
    /// When the person holds no such seat, or the wall finds a conflict now.
    pub fn authorize(
        &self,
        person: &str,
        needed: &'static [OfficeRole],
        wall: &Wall,
        now: Timestamp,
    ) -> Result<OfficeRole, Refused> {
        let seat =
            self.live(person).find(|seat| needed.contains(&seat.office_role)).ok_or(Refused::NotAssigned { needed })?;
        let grounds = wall.conflicts(person, now);
        if grounds.is_empty() { Ok(seat.office_role) } else { Err(Refused::Conflict { grounds }) }
    }

    /// The seats a person holds now.
    pub fn live<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Seat> + 'a {
        self.seats.iter().filter(move |seat| seat.left.is_none() && seat.person == person)
    }
}
