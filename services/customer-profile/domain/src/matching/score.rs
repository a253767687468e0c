//! Two people compared, field by field, and what the comparison is worth: the score of Fellegi and
//! Sunter, with what members of one family share taken back, and the reasons for which no score is
//! high enough to link by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Content, IdentifierKind, Pair, Record, SourceRecordId};

use super::contact::{accounts, documents, emails, one_persons, phones, proves_the_same};
use super::edition::Edition;
use super::level::{Field, Grade, Level};
use super::name::Order;
use super::person::{Description, Frequencies, Person};
use super::rules::Rules;

const FIELDS: usize = Field::ALL.len();

/// How far two people agree, in every field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    levels: [Level; FIELDS],
    /// How common the three parts of the name are, as log2 of their share, where that is known.
    shares: [Option<f32>; 3],
    /// Whether the birth dates may be those of parent and child.
    generation: bool,
    /// Whether both have one document, and it holds by itself.
    one_document: bool,
    /// Whether both have one person's document, and nothing of their names and birth dates is the same.
    strangers: bool,
    /// What stands between the two, whatever agrees.
    contradiction: Option<Doubt>,
}

/// What one field adds to a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Field.
    pub field: Field,
    /// Level of agreement.
    pub level: Level,
    /// What it adds, in bits.
    pub weight: f64,
}

/// Why a pair is not linked without being asked, whatever its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Each has a valid document of the same country and kind, and they are not the same.
    DifferentDocuments,
    /// Neither given name nor birth date is the same: parent and child, or siblings.
    DifferentPeople,
    /// Each has a birth date, and no slip of the pen leads from one to the other.
    DifferentBirthDates,
    /// All that agrees is what members of one family share.
    OneFamily,
    /// Nothing agrees that belongs to one person alone.
    NothingPersonal,
    /// Nobody proved who says one of the two.
    Unproven,
    /// What fits one fits another, too, and the two are not one person.
    SeveralPeople,
}

impl Doubt {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DifferentDocuments => "different_documents",
            Self::DifferentPeople => "different_people",
            Self::DifferentBirthDates => "different_birth_dates",
            Self::OneFamily => "one_family",
            Self::NothingPersonal => "nothing_personal",
            Self::Unproven => "unproven",
            Self::SeveralPeople => "several_people",
        }
    }
}

/// What a pair is worth, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The sum of all weights, in bits.
    pub total: f64,
    /// The grade that the rules give it.
    pub grade: Grade,
    /// What keeps it from being certain.
    pub doubt: Option<Doubt>,
    /// One finding for each field.
    pub findings: [Finding; FIELDS],
    /// What stands between the two, whatever agrees.
    pub contradiction: Option<Doubt>,
    /// Whether both have one person's document, and nothing of their names and birth dates is the same.
    pub strangers: bool,
}

impl Comparison {
    /// Compares two people; the order in which they are given does not matter.
    pub fn of(one: &Person, other: &Person) -> Self {
        let name = one.name.compare(&other.name);
        let order = match name.order {
            _ if name.given.0 == Level::Missing && name.first.0 == Level::Missing => Level::Missing,
            Order::Straight => Level::Exact,
            Order::Surnames => Level::Variant,
            Order::SecondForFirst => Level::Weak,
            Order::GivenAndSurname => Level::Partial,
        };
        let births = one.birth_date.zip(other.birth_date);
        let places = one.place.as_ref().zip(other.place.as_ref());
        let birth = births.map_or(Level::Missing, |(one, other)| one.compare(other));
        let unnamed = name.given.0 == Level::Far && name.first.0 == Level::Far && !birth.agrees();
        Self {
            levels: [
                name.given.0,
                name.first.0,
                name.second.0,
                order,
                birth,
                places.map_or(Level::Missing, |(one, other)| one.compare(other)),
                phones(one.phones(), other.phones()),
                emails(one.emails(), other.emails()),
                documents(one.documents(), other.documents()),
                accounts(one.accounts(), other.accounts()),
                Level::Missing,
            ],
            shares: [name.given.1, name.first.1, name.second.1],
            generation: births.is_some_and(|(one, other)| one.is_a_generation_from(other)),
            one_document: proves_the_same(one.documents(), other.documents()),
            strangers: unnamed && one_persons(one.documents(), other.documents()),
            contradiction: contradiction(one, other),
        }
    }

    /// What it has in common with others of the same pattern, whatever the names.
    pub(super) fn pattern(&self) -> ([Level; FIELDS], bool) {
        (self.levels, self.generation)
    }

    /// A comparison with this pattern, of average names.
    pub(super) fn of_pattern((levels, generation): ([Level; FIELDS], bool)) -> Self {
        Self { levels, shares: [None; 3], generation, one_document: false, strangers: false, contradiction: None }
    }

    /// The level of a field.
    pub const fn level(&self, field: Field) -> Level {
        self.levels[field as usize]
    }

    /// Whether all that agrees may be what members of one family share.
    fn may_be_family(&self) -> bool {
        let (given, birth) = (self.level(Field::GivenName), self.level(Field::BirthDate));
        let (first, second) = (self.level(Field::FirstSurname), self.level(Field::SecondSurname));
        let born_apart = matches!(birth, Level::Far | Level::Partial);
        match self.level(Field::NationalId) {
            document if document.agrees() => return false,
            Level::Contradicted if birth != Level::Exact => return true,
            _ => {}
        }
        match given {
            // Siblings, spouses, and twins, who share even the birth date.
            Level::Far => true,
            Level::Missing | Level::Weak => !birth.agrees(),
            // Joan and Joana.
            Level::Near | Level::Partial if birth == Level::Far => true,
            // A child named after a parent: only the other surname tells them apart.
            _ if self.generation && born_apart => !second.agrees(),
            _ => (first == Level::Far || second == Level::Far) && !birth.agrees(),
        }
    }

    fn doubt(&self, edition: Edition) -> Option<Doubt> {
        let strangers = (self.strangers && edition.heeds_names()).then_some(Doubt::DifferentPeople);
        strangers.or_else(|| self.unlikeness()).or(self.contradiction.filter(|_| edition.heeds_contradictions()))
    }

    fn unlikeness(&self) -> Option<Doubt> {
        let given = self.level(Field::GivenName);
        let birth = self.level(Field::BirthDate);
        let unlike = |level| matches!(level, Level::Far | Level::Partial);
        if self.level(Field::NationalId) == Level::Contradicted {
            Some(Doubt::DifferentDocuments)
        } else if given == Level::Far && unlike(birth) {
            Some(Doubt::DifferentPeople)
        } else if self.may_be_family() {
            Some(Doubt::OneFamily)
        } else if !self.agrees_on_something_personal() {
            Some(Doubt::NothingPersonal)
        } else {
            None
        }
    }

    /// Whether something agrees that one person alone has: a document or an account with a name or
    /// birth date that fits, a birth date with the name, or a full name with the person's own line.
    fn agrees_on_something_personal(&self) -> bool {
        let given = self.level(Field::GivenName);
        let (first, second) = (self.level(Field::FirstSurname), self.level(Field::SecondSurname));
        let birth = self.level(Field::BirthDate);
        let documented = self.level(Field::NationalId) == Level::Exact && (given.agrees() || birth == Level::Exact);
        let contracted = self.level(Field::Account) == Level::Exact && given.is_firm() && first.agrees();
        let born = birth == Level::Exact && given.is_firm() && first.agrees() && second != Level::Far;
        let reached = self.level(Field::Phone) == Level::Exact || self.level(Field::Email) == Level::Exact;
        let named = given.is_firm() && first == Level::Exact && second == Level::Exact;
        documented || contracted || born || (named && reached && birth != Level::Far)
    }
}

/// What no agreement outweighs: two documents that hold by themselves, or two birth dates that no slip explains.
fn contradiction(one: &Person, other: &Person) -> Option<Doubt> {
    if documents(one.documents(), other.documents()) == Level::Contradicted {
        return Some(Doubt::DifferentDocuments);
    }
    let births = one.birth_date.zip(other.birth_date);
    births.is_some_and(|(one, other)| one.contradicts(other)).then_some(Doubt::DifferentBirthDates)
}

/// The pairs of these records between which a contradiction stands, whatever else they share.
pub fn contradictions(records: &[Record]) -> BTreeSet<Pair> {
    let neutral = Frequencies::neutral();
    let described = |record: &Record| (record.id, Person::new(&Description::from(&record.content), &neutral));
    let people: Vec<_> = records.iter().map(described).collect();
    let mut found = BTreeSet::new();
    for (nth, (id, one)) in people.iter().enumerate() {
        for (older, other) in &people[..nth] {
            if contradiction(one, other).is_some() {
                found.insert(Pair::of(*id, *older));
            }
        }
    }
    found
}

/// Those of these records that somebody who is described contradicts, whatever else they share, and by what.
pub fn contradicted(described: &Content, records: &[Record]) -> BTreeMap<SourceRecordId, Doubt> {
    let neutral = Frequencies::neutral();
    let person = |content: &Content| Person::new(&Description::from(content), &neutral);
    let one = person(described);
    let doubt = |record: &Record| Some((record.id, contradiction(&one, &person(&record.content))?));
    records.iter().filter_map(doubt).collect()
}

impl Score {
    /// The same of two records of which nobody proved who says one: whatever agrees, somebody may have written it who knows.
    #[must_use]
    pub fn unproven(self) -> Self {
        Self { grade: self.grade.min(Grade::Probable), doubt: self.doubt.or(Some(Doubt::Unproven)), ..self }
    }

    /// What stands, by this edition, against making two records one person because they carry the same identifier of this kind. An account
    /// is its holders'. A document is one person's, who may be written in many ways; where nothing of what is written agrees it was
    /// put down for somebody else, and a steward is asked.
    pub fn against(&self, kind: IdentifierKind, edition: Edition) -> Option<Doubt> {
        if !edition.heeds_contradictions() {
            return None;
        }
        let others = match kind {
            IdentifierKind::Account => self.findings[Field::GivenName as usize].level == Level::Far,
            IdentifierKind::NationalId => self.strangers && edition.heeds_names(),
            _ => false,
        };
        self.contradiction.or(others.then_some(Doubt::DifferentPeople))
    }
}

/// What members of one family may have in common, besides the birth date of twins.
const FAMILY_SHARES: [Field; 6] =
    [Field::FirstSurname, Field::SecondSurname, Field::Address, Field::Phone, Field::Email, Field::Account];

impl Rules {
    /// Scores two people.
    pub fn score(&self, one: &Person, other: &Person) -> Score {
        self.judge(&Comparison::of(one, other))
    }

    /// Scores a comparison.
    pub fn judge(&self, comparison: &Comparison) -> Score {
        let mut findings = Field::ALL.map(|field| {
            let level = comparison.level(field);
            Finding { field, level, weight: self.finding_weight(comparison, field, level) }
        });
        if comparison.may_be_family() {
            let weight = -self.family_excess(comparison, &findings);
            findings[Field::Family as usize] = Finding { field: Field::Family, level: Level::Shared, weight };
        }
        let total = findings.iter().map(|finding| finding.weight).sum();
        let doubt = comparison.doubt(self.edition());
        let grade = match self.grade(total) {
            Grade::Certain if doubt.is_some() => Grade::Probable,
            // Two who are not one person and have one document: one of them has it wrongly, and a steward is asked.
            Grade::Possible | Grade::CertainlyNot
                if comparison.one_document && self.edition().heeds_contradictions()
                    || comparison.strangers && self.edition().heeds_names() =>
            {
                Grade::Probable
            }
            grade => grade,
        };
        Score {
            total,
            grade,
            doubt,
            findings,
            contradiction: comparison.contradiction,
            strangers: comparison.strangers,
        }
    }

    fn family_excess(&self, comparison: &Comparison, findings: &[Finding; FIELDS]) -> f64 {
        let weight = |field: Field| findings[field as usize].weight.max(0.0);
        let shared: f64 = FAMILY_SHARES.into_iter().map(weight).sum();
        let birth = comparison.level(Field::BirthDate);
        let allowance = self.family_allowance();
        let (shared, allowance) = match (comparison.level(Field::GivenName), birth) {
            // Twins are rarer than a given name put down wrongly: a steward is asked.
            (Level::Far, Level::Exact) => (shared + weight(Field::BirthDate), allowance.twins),
            (Level::Far, _) => (shared + weight(Field::BirthDate), allowance.relatives),
            _ => (shared, allowance.relatives),
        };
        (shared - allowance).max(0.0)
    }

    /// The weight of a level; of an equal name, by how common that name is.
    fn finding_weight(&self, comparison: &Comparison, field: Field, level: Level) -> f64 {
        match comparison.shares.get(field as usize).copied().flatten() {
            Some(share) if level == Level::Exact => self.weight_of_share(field, share),
            _ => self.weight(field, level),
        }
    }
}
