//! The people on one case. Nobody gets a seat, and nobody acts from one, without the wall's word at that
//! very moment: a conflict that comes to light later stops the person too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::vocabulary::{ConflictGround, OfficeRole};
use crate::wall::{Person, Wall};
use crate::{HouseRefused, Refused};

/// What people sit on a case as. An auditor of the office sits on none.
pub const SEATS: &[OfficeRole] =
    &[OfficeRole::Intake, OfficeRole::Investigator, OfficeRole::Ombudsman, OfficeRole::Quality];

/// Who works on a case, apart from who only looks after its quality.
pub const WORKING: &[OfficeRole] = &[OfficeRole::Intake, OfficeRole::Investigator, OfficeRole::Ombudsman];

/// Who says who works on a case.
pub const MOVING_SEATS: &[OfficeRole] = &[OfficeRole::Intake, OfficeRole::Ombudsman];

/// A seat on a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// Who.
    pub person: Person,
    /// As what.
    pub office_role: OfficeRole,
    /// Since when.
    pub since: Timestamp,
    /// When the person lost it, or stepped aside.
    pub left: Option<Timestamp>,
    /// Whether they stepped aside of their own accord, with no ground of the wall.
    pub stepped_aside: bool,
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
        let mut grounds = wall.conflicts(person, now);
        self.add_stepping_aside(person, &mut grounds);
        if !grounds.is_empty() {
            return Err(Refused::Conflict { grounds });
        }
        if !SEATS.contains(&office_role) || !wall.is_appointed(person, office_role) {
            return Err(Refused::NotAppointed { person: person.to_owned() });
        }
        if self.live(person).any(|seat| seat.office_role == office_role) {
            return Err(Refused::AlreadyAssigned);
        }
        self.seats.push(Seat { person: person.to_owned(), office_role, since: now, left: None, stepped_aside: false });
        Ok(self)
    }

    /// The person steps aside from every seat held.
    ///
    /// # Errors
    /// When the person holds none.
    pub fn recuse(mut self, person: &str, now: Timestamp) -> Result<Self, Refused> {
        if self.live(person).next().is_none() {
            return Err(Refused::NotAssigned { needed: SEATS });
        }
        for seat in self.seats.iter_mut().filter(|seat| seat.person == person && seat.left.is_none()) {
            seat.left = Some(now);
            seat.stepped_aside = true;
        }
        Ok(self)
    }

    /// Whether the person stepped aside from this case: for a cause that is theirs to judge (Ley 7/2017 art. 24), and that does not pass by being seated again.
    pub fn stepped_aside(&self, person: &str) -> bool {
        self.seats.iter().any(|seat| seat.person == person && seat.stepped_aside)
    }

    /// The wall knows it too, of every case of the affair, but for what was done since it was read.
    fn add_stepping_aside(&self, person: &str, grounds: &mut Vec<ConflictGround>) {
        if self.stepped_aside(person) && !grounds.contains(&ConflictGround::SteppedAside) {
            grounds.push(ConflictGround::SteppedAside);
        }
    }

    /// Whether nothing that is known ties the person to the case, as [`Wall::is_clear_of`] says it, nor that they stepped aside from it.
    ///
    /// # Errors
    /// [`Refused::Conflict`] with every ground; that they have no mandate, where that is it.
    pub fn finds_clear(&self, person: &str, wall: &Wall, now: Timestamp) -> Result<(), Refused> {
        let mut grounds = match wall.is_clear_of(person, now) {
            Ok(()) => Vec::new(),
            Err(Refused::Conflict { grounds }) => grounds,
            Err(other) => return Err(other),
        };
        self.add_stepping_aside(person, &mut grounds);
        if grounds.is_empty() { Ok(()) } else { Err(Refused::Conflict { grounds }) }
    }

    /// Whether the person may say who works on the case: nothing that is known ties them to it, and they are appointed for the registry or as ombudsman.
    ///
    /// # Errors
    /// As [`Team::finds_clear`]; when they are appointed for neither.
    pub fn may_move_seats(&self, person: &str, wall: &Wall, now: Timestamp) -> Result<(), Refused> {
        self.finds_clear(person, wall, now)?;
        if MOVING_SEATS.iter().any(|office_role| wall.is_appointed(person, *office_role)) {
            Ok(())
        } else {
            Err(Refused::NotAppointed { person: person.to_owned() })
        }
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
        let grounds = wall.grounds_against(person, seat.office_role, now);
        if grounds.is_empty() { Ok(seat.office_role) } else { Err(Refused::Conflict { grounds }) }
    }

    /// Live seats the wall stands against now, each with every ground.
    pub fn against(&self, wall: &Wall, now: Timestamp) -> Vec<(&Seat, Vec<ConflictGround>)> {
        let live = self.seats.iter().filter(|seat| seat.left.is_none());
        live.map(|seat| (seat, wall.grounds_against(&seat.person, seat.office_role, now)))
            .filter(|(_, grounds)| !grounds.is_empty())
            .collect()
    }

    /// Takes one seat from a person the wall stands against, and gives it to another. Answers the grounds.
    ///
    /// # Errors
    /// When the person does not hold it, nothing stands against it, or the substitute cannot be given it.
    pub fn substitute(
        mut self,
        person: &str,
        office_role: OfficeRole,
        substitute: &str,
        wall: &Wall,
        now: Timestamp,
    ) -> Result<(Self, Vec<ConflictGround>), Refused> {
        let held = |seat: &&mut Seat| seat.left.is_none() && seat.person == person && seat.office_role == office_role;
        let Some(seat) = self.seats.iter_mut().find(held) else {
            return Err(Refused::NotAssigned { needed: SEATS });
        };
        let grounds = wall.grounds_against(person, office_role, now);
        if grounds.is_empty() {
            return Err(HouseRefused::SeatStands.into());
        }
        seat.left = Some(now);
        Ok((self.assign(substitute, office_role, wall, now)?, grounds))
    }

    /// Who could be given a seat, and how many seats each holds elsewhere: free of conflict, fewest seats first. Who
    /// sat on this case and left it is not asked back.
    pub fn candidates(
        &self,
        office_role: OfficeRole,
        wall: &Wall,
        loads: &BTreeMap<Person, u32>,
        now: Timestamp,
    ) -> Vec<(Person, u32)> {
        let was_here = |person: &str| {
            self.seats
                .iter()
                .any(|seat| seat.person == person && (seat.left.is_some() || seat.office_role == office_role))
        };
        let free = wall.register.keys().filter(|person| {
            !was_here(person.as_str()) && wall.grounds_against(person.as_str(), office_role, now).is_empty()
        });
        let mut found: Vec<(Person, u32)> =
            free.map(|person| (person.clone(), loads.get(person).copied().unwrap_or_default())).collect();
        found.sort_by(|(one, few), (other, many)| (few, one).cmp(&(many, other)));
        found
    }

    /// The seats a person holds now.
    pub fn live<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Seat> + 'a {
        self.seats.iter().filter(move |seat| seat.left.is_none() && seat.person == person)
    }
}
