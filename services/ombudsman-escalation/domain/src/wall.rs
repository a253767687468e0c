//! The conflict wall, computed from facts: whoever touched the ticket, their unit, or their line, or
//! has a relation with a party, is kept off the case. What is not known counts as a conflict.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{ActorKind, Department};

use crate::vocabulary::{ConflictGround, IncompatibilityKind, OfficeRole, RelationKind};
use crate::{CustomerId, HouseRefused, Refused, term};

pub use mandate::{
    ENTERED_WITHIN_DAYS, MANDATE_YEARS, Mandate, MandateTooShort, current, entered_too_late, may_follow,
};

mod mandate;

/// Years a relation, or work for the firm, keeps its shadow (Ley 7/2017 art. 23.1.b).
pub const LOOK_BACK_YEARS: i64 = 3;

/// Years a declaration of relations counts.
pub const DECLARATION_YEARS: i64 = 1;

/// A person, by the opaque id of the identity provider.
pub type Person = String;

/// A person in the register of the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Opaque id.
    pub person: Person,
    /// What the person was appointed for.
    pub office_roles: BTreeSet<OfficeRole>,
    /// The unit the person belongs to.
    pub unit: Department,
    /// Whom the person reports to.
    pub line_manager: Option<Person>,
    /// The term of office.
    pub mandate: Mandate,
    /// The last declaration of relations.
    pub declaration: Option<Declaration>,
    /// What the declarations before it told.
    pub earlier: Earlier,
}

impl Member {
    /// Every relation the person ever declared, each as the office has to take it.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.declaration.iter().flat_map(|newest| &newest.relations).chain(&self.earlier.relations)
    }

    fn incompatibilities(&self) -> impl Iterator<Item = &Incompatibility> {
        self.declaration.iter().flat_map(|newest| &newest.incompatibilities).chain(&self.earlier.incompatibilities)
    }
}

/// What a person told before their newest declaration. It is not forgotten by being left out of the next: what lasted, and is told no more, ended
/// no earlier than it was last told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Every relation.
    pub relations: Vec<Relation>,
    /// Every post or interest.
    pub incompatibilities: Vec<Incompatibility>,
}

impl Earlier {
    /// Of all declarations of a person, oldest first, what all but the newest told: what was told as lasting counts until the next one.
    pub fn of(declarations: &[Declaration]) -> Self {
        let mut earlier = Self::default();
        for pair in declarations.windows(2) {
            let [told, next] = pair else { continue };
            let until = |ended_at: Option<Timestamp>| Some(ended_at.unwrap_or(next.declared_at));
            let goes_on = |one: &Relation| {
                let same = |later: &&Relation| later.party == one.party && later.kind == one.kind;
                let no_earlier = |later: &Relation| {
                    later.ended_at.is_none_or(|ended| one.ended_at.is_some_and(|told| ended >= told))
                };
                next.relations.iter().filter(same).any(no_earlier)
            };
            let relations = told.relations.iter().filter(|one| !goes_on(one)).cloned();
            earlier.relations.extend(relations.map(|one| Relation { ended_at: until(one.ended_at), ..one }));
            let incompatibilities = told.incompatibilities.iter().copied();
            let ended = incompatibilities.map(|one| Incompatibility { ended_at: until(one.ended_at), ..one });
            earlier.incompatibilities.extend(ended);
        }
        earlier
    }
}

/// What a person declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// When.
    pub declared_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// Every relation.
    pub relations: Vec<Relation>,
    /// Every post or interest that no person of the office may have.
    pub incompatibilities: Vec<Incompatibility>,
}

/// A post or an interest that no person of the office may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incompatibility {
    /// Kind.
    pub kind: IncompatibilityKind,
    /// When it ended; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
}

impl Incompatibility {
    /// Whether it keeps the person off: while it lasts, and as long as any relation with a party where it was one with the firm, which is a party to every case
    /// (Ley 7/2017 art. 23.1.b).
    fn keeps_off(&self, now: Timestamp, look_back: Timestamp) -> bool {
        let with_a_party = match self.kind {
            IncompatibilityKind::EmployedByFirm
            | IncompatibilityKind::GovernsFirm
            | IncompatibilityKind::OwnsFirm
            | IncompatibilityKind::AdvisesParties => true,
            IncompatibilityKind::PaidByOutcome | IncompatibilityKind::Disqualified => false,
        };
        self.ended_at.is_none_or(|ended| ended > now || (with_a_party && ended >= look_back))
    }
}

/// A party to a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The claimant.
    Customer(CustomerId),
    /// A unit of the firm.
    Unit(Department),
}

/// One relation with a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// With whom.
    pub party: Party,
    /// Kind.
    pub kind: RelationKind,
    /// When it ended; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
}

/// The register of the office.
pub type Register = BTreeMap<Person, Member>;

/// Somebody acted on the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Who.
    pub actor: Person,
    /// What kind of party.
    pub kind: ActorKind,
    /// For which department, where it is known.
    pub department: Option<Department>,
}

/// What is known about who acted on a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Involvement {
    /// Whether the ticket's history was received from ticketing's own ledger, no entry of it waits that could not be applied, and of every employee who brought the
    /// affair before the office it is known for which department.
    pub received: bool,
    /// Everybody who acted.
    pub touches: Vec<Touch>,
}

/// Everything the wall judges by, for one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wall {
    /// The claimant, by every id the person ever had: who turned out to be one person is one party.
    pub customers: BTreeSet<CustomerId>,
    /// The register of the office.
    pub register: Register,
    /// Who acted on the ticket.
    pub involvement: Involvement,
    /// When each person last acted for the firm, on any ticket and before the office in any case.
    pub last_for_firm: BTreeMap<Person, Timestamp>,
    /// Who spoke for the firm before the office in a case of the affair, and for which department, where that is known.
    pub spoke_for_firm: BTreeMap<Person, BTreeSet<Department>>,
    /// Who stepped aside from a case of the affair.
    pub stepped_aside: BTreeSet<Person>,
}

impl Wall {
    /// Every ground that keeps `person` off the case, in a fixed order; none means that the person may work on it.
    pub fn conflicts(&self, person: &str, now: Timestamp) -> Vec<ConflictGround> {
        let mut found = BTreeSet::new();
        let acted = self.involvement.touches.iter().map(|touch| &touch.actor).chain(self.spoke_for_firm.keys());
        let touched: BTreeSet<&str> = acted.map(String::as_str).collect();
        if touched.contains(person) {
            found.insert(ConflictGround::TouchedTicket);
        }
        if !self.involvement_known() {
            found.insert(ConflictGround::InvolvementUnknown);
        }
        if self.line_of(person).iter().any(|other| touched.contains(other.as_str())) {
            found.insert(ConflictGround::LineTouchedTicket);
        }
        let look_back = term::years_before(now, LOOK_BACK_YEARS);
        if self.last_for_firm.get(person).is_some_and(|last| *last >= look_back) {
            found.insert(ConflictGround::FirmPrincipal);
        }
        // For a cause that is theirs to judge (Ley 7/2017 art. 24), and that is none of one case of the affair alone.
        if self.stepped_aside.contains(person) {
            found.insert(ConflictGround::SteppedAside);
        }
        match self.register.get(person) {
            None => {
                found.insert(ConflictGround::NoMandate);
                found.insert(ConflictGround::MissingDeclaration);
            }
            Some(member) => self.judge(member, now, look_back, &mut found),
        }
        found.into_iter().collect()
    }

    /// Whether nothing that is known ties the person to the case, and their term runs: who has to do with it, or with a party, brings it before the office no more than
    /// they choose who works on it or read what the office keeps to itself. What is not known, of the ticket or of what they declared, keeps off whoever is
    /// chosen, and would else keep everybody from giving a seat to who has declared.
    ///
    /// # Errors
    /// [`Refused::Conflict`] with every ground; that they have no mandate, where that is it.
    pub fn is_clear_of(&self, person: &str, now: Timestamp) -> Result<(), Refused> {
        if !self.register.get(person).is_some_and(|member| member.mandate.runs_at(now)) {
            return Err(HouseRefused::NoMandate.into());
        }
        let mut grounds = self.conflicts(person, now);
        grounds.retain(|ground| match ground {
            ConflictGround::TouchedTicket
            | ConflictGround::UnitTouchedTicket
            | ConflictGround::LineTouchedTicket
            | ConflictGround::RelationWithParty
            | ConflictGround::FirmPrincipal
            | ConflictGround::SteppedAside
            | ConflictGround::Incompatible => true,
            ConflictGround::MissingDeclaration
            | ConflictGround::NoMandate
            | ConflictGround::InvolvementUnknown
            | ConflictGround::NotAppointed => false,
        });
        if grounds.is_empty() { Ok(()) } else { Err(Refused::Conflict { grounds }) }
    }

    /// Every ground against this person in this role: those of the wall, and that they are not appointed for it.
    pub fn grounds_against(&self, person: &str, office_role: OfficeRole, now: Timestamp) -> Vec<ConflictGround> {
        let mut grounds = self.conflicts(person, now);
        if !self.is_appointed(person, office_role) {
            grounds.push(ConflictGround::NotAppointed);
        }
        grounds
    }

    /// Whether the register holds the person for this role.
    pub fn is_appointed(&self, person: &str, office_role: OfficeRole) -> bool {
        self.register.get(person).is_some_and(|member| member.office_roles.contains(&office_role))
    }

    /// Whether a declared relation is one with a party to this case.
    pub fn is_with_party(&self, relation: &Relation) -> bool {
        match &relation.party {
            Party::Customer(customer) => self.customers.contains(customer),
            Party::Unit(unit) => self.units_involved().contains(unit),
        }
    }

    fn judge(&self, member: &Member, now: Timestamp, look_back: Timestamp, found: &mut BTreeSet<ConflictGround>) {
        if !member.mandate.runs_at(now) {
            found.insert(ConflictGround::NoMandate);
        }
        let units = self.units_involved();
        if units.contains(&member.unit) {
            found.insert(ConflictGround::UnitTouchedTicket);
        }
        if member.declaration.as_ref().is_none_or(|newest| newest.expires_at <= now) {
            found.insert(ConflictGround::MissingDeclaration);
        }
        // What was told stands against them whether it still counts as a declaration or not.
        let counts = |relation: &Relation| relation.ended_at.is_none_or(|ended| ended >= look_back);
        if member.relations().any(|relation| self.is_with_party(relation) && counts(relation)) {
            found.insert(ConflictGround::RelationWithParty);
        }
        if member.incompatibilities().any(|one| one.keeps_off(now, look_back)) {
            found.insert(ConflictGround::Incompatible);
        }
    }

    /// Known means received, and every employee's department is known.
    fn involvement_known(&self) -> bool {
        let complete = |touch: &Touch| touch.kind != ActorKind::Employee || touch.department.is_some();
        self.involvement.received && self.involvement.touches.iter().all(complete)
    }

    /// Units of the firm that acted. What the claimant or the office did involves no unit.
    fn units_involved(&self) -> BTreeSet<Department> {
        let of_the_firm = |touch: &&Touch| matches!(touch.kind, ActorKind::Employee | ActorKind::System);
        let acted = self.involvement.touches.iter().filter(of_the_firm).filter_map(|touch| touch.department.clone());
        acted.chain(self.spoke_for_firm.values().flatten().cloned()).collect()
    }

    /// Everybody above the person in the line, and everybody below, as far as the register tells.
    fn line_of(&self, person: &str) -> BTreeSet<Person> {
        let mut line = BTreeSet::new();
        let mut above = self.manager_of(person);
        while let Some(manager) = above {
            if !line.insert(manager.clone()) {
                break;
            }
            above = self.manager_of(&manager);
        }
        let mut below = vec![person.to_owned()];
        while let Some(head) = below.pop() {
            for member in self.register.values().filter(|m| m.line_manager.as_ref() == Some(&head)) {
                if line.insert(member.person.clone()) {
                    below.push(member.person.clone());
                }
            }
        }
        line.remove(person);
        line
    }

    fn manager_of(&self, person: &str) -> Option<Person> {
        self.register.get(person).and_then(|member| member.line_manager.clone())
    }
}
