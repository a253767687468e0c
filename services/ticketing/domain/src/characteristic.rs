//! What the house asks to know of affairs of a kind: typed facts, held against the set that is made for that kind.
//!
//! A set is data in versions; what it says of each fact is parsed once and decides here. Law lets nobody turn an affair away because a form was not filled in by
//! a machine, so that what is required is asked of people alone ([`Demand`]).

mod decimal;
mod id;

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::Violations;

use crate::{Amount, Filing, Line, Slug, StepTitle, Text};

pub use decimal::{Decimal, DecimalError};
pub use id::{CharacteristicSetId, CharacteristicSetIdError};

/// Facts of one affair, and rules of one set.
pub const MAX_CHARACTERISTICS: usize = 50;
/// Words that a rule may name.
pub const MAX_WORDS: usize = 100;

/// What one fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CharacteristicValue {
    /// Words.
    Text(Text<1, 500>),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Date(Date),
    /// An amount.
    Money(Amount),
}

impl CharacteristicValue {
    /// What kind it is of, as a refusal names it.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "yes or no",
            Self::Date(_) => "a date",
            Self::Money(_) => "an amount of money",
        }
    }
}

/// One fact of an affair. Personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Characteristic {
    /// Its name in the set.
    pub name: Slug,
    /// What it is.
    pub value: CharacteristicValue,
}

/// From where to where a value may lie, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// Not less.
    pub least: Option<T>,
    /// Not more.
    pub most: Option<T>,
}

impl<T: PartialOrd + Copy + std::fmt::Display> Bounds<T> {
    /// Nothing lies below the least and above the most at once.
    pub fn is_empty(&self) -> bool {
        matches!((self.least, self.most), (Some(least), Some(most)) if least > most)
    }

    fn refuse(&self, value: T) -> Result<(), String> {
        match (self.least, self.most) {
            (Some(least), _) if value < least => Err(format!("must not be less than {least}")),
            (_, Some(most)) if value > most => Err(format!("must not be more than {most}")),
            _ => Ok(()),
        }
    }
}

/// What a fact may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Words: one of these, or any where there are none.
    Text(Vec<Line<100>>),
    /// A number.
    Number {
        /// Within these.
        bounds: Bounds<Decimal>,
        /// Counted in this.
        unit: Option<Line<20>>,
    },
    /// Yes or no.
    Flag,
    /// A day within these.
    Date(Bounds<Date>),
    /// An amount.
    Money {
        /// In this currency, or any.
        currency: Option<String>,
        /// In minor units, within these.
        bounds: Bounds<i64>,
    },
}

impl Allowed {
    /// What kind of value it allows, as a refusal names it.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number { .. } => "a number",
            Self::Flag => "yes or no",
            Self::Date(_) => "a date",
            Self::Money { .. } => "an amount of money",
        }
    }

    /// Why the value is none of these. Holds no part of the value.
    fn refuse(&self, value: &CharacteristicValue) -> Result<(), String> {
        use CharacteristicValue as V;
        match (self, value) {
            (Self::Text(words), V::Text(text)) => {
                let known = words.is_empty() || words.iter().any(|word| word.as_str() == text.expose());
                let named = || words.iter().map(Line::as_str).collect::<Vec<_>>().join(", ");
                if known { Ok(()) } else { Err(format!("must be one of {}", named())) }
            }
            (Self::Number { bounds, .. }, V::Number(number)) => bounds.refuse(*number),
            (Self::Flag, V::Flag(_)) => Ok(()),
            (Self::Date(bounds), V::Date(date)) => bounds.refuse(*date),
            (Self::Money { currency, bounds }, V::Money(amount)) => {
                if let Some(currency) = currency.as_ref().filter(|currency| **currency != amount.currency) {
                    return Err(format!("must be in {currency}"));
                }
                bounds.refuse(amount.minor_units)
            }
            (_, other) => Err(format!("must be {}, not {}", self.kind(), other.kind())),
        }
    }
}

/// What one fact may be, and whether it has to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacteristicRule {
    /// Its name.
    pub name: Slug,
    /// What it may be.
    pub allowed: Allowed,
    /// People have to state it.
    pub required: bool,
    /// What it is called.
    pub title: StepTitle,
}

/// What is asked of whoever states facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// All that is required: of people.
    All,
    /// That what is said fits: of machines, and of histories from elsewhere.
    WhatIsSaid,
}

/// The rules of a set, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CharacteristicRules(Vec<CharacteristicRule>);

impl CharacteristicRules {
    /// These rules.
    ///
    /// # Errors
    /// [`Violations`] with paths `[i].name` of names that are there twice.
    pub fn new(rules: Vec<CharacteristicRule>) -> Result<Self, Violations> {
        let mut v = Violations::new();
        for (i, rule) in rules.iter().enumerate() {
            if rules[..i].iter().any(|before| before.name == rule.name) {
                v.push(format!("[{i}].name"), "is named twice");
            }
        }
        v.into_result()?;
        Ok(Self(rules))
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &CharacteristicRule> {
        self.0.iter()
    }

    fn of(&self, name: &Slug) -> Option<&CharacteristicRule> {
        self.0.iter().find(|rule| rule.name == *name)
    }

    /// Holds facts against the rules: everything that does not fit, found in the field `field`.
    ///
    /// # Errors
    /// [`Violations`], all of them.
    pub fn hold(&self, field: &str, stated: &[Characteristic], demand: Demand) -> Result<(), Violations> {
        let mut v = Violations::new();
        for (i, one) in stated.iter().enumerate() {
            if stated[..i].iter().any(|before| before.name == one.name) {
                v.push(format!("{field}[{i}].name"), "is named twice");
                continue;
            }
            match self.of(&one.name) {
                None => v.push(format!("{field}[{i}].name"), self.unknown()),
                Some(rule) => {
                    if let Err(why) = rule.allowed.refuse(&one.value) {
                        v.push(format!("{field}[{i}].value"), why);
                    }
                }
            }
        }
        if demand == Demand::All {
            let is_stated = |rule: &&CharacteristicRule| stated.iter().any(|one| one.name == rule.name);
            for missing in self.0.iter().filter(|rule| rule.required && !is_stated(rule)) {
                v.push(field, format!("must state {}", missing.name.as_str()));
            }
        }
        v.into_result()
    }

    fn unknown(&self) -> String {
        if self.0.is_empty() {
            return "no characteristics are known of affairs like this".to_owned();
        }
        let names: Vec<&str> = self.0.iter().map(|rule| rule.name.as_str()).collect();
        format!("must be one of {}", names.join(", "))
    }

    /// What is known of an affair that comes under these rules: what is stated now, and of what was stated before whatever fits and is not stated anew.
    pub fn carry(&self, before: &[Characteristic], stated: Vec<Characteristic>) -> Vec<Characteristic> {
        let fits = |one: &&Characteristic| {
            self.of(&one.name).is_some_and(|rule| rule.allowed.refuse(&one.value).is_ok())
                && stated.iter().all(|anew| anew.name != one.name)
        };
        let mut all: Vec<Characteristic> = before.iter().filter(fits).cloned().collect();
        all.extend(stated);
        all
    }
}

/// A set in one of its versions, as far as affairs are held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacteristicSet {
    /// Which.
    pub id: CharacteristicSetId,
    /// Number of the version.
    pub version: i32,
    /// What it says.
    pub rules: CharacteristicRules,
}

/// All sets in their newest versions.
#[derive(Debug, Clone, Default)]
pub struct CharacteristicSets(BTreeMap<CharacteristicSetId, CharacteristicSet>);

impl FromIterator<CharacteristicSet> for CharacteristicSets {
    fn from_iter<I: IntoIterator<Item = CharacteristicSet>>(sets: I) -> Self {
        Self(sets.into_iter().map(|set| (set.id.clone(), set)).collect())
    }
}

impl CharacteristicSets {
    /// The set that is made for affairs that are filed so: that of type and topic, else that of the type.
    pub fn of(&self, filing: &Filing) -> Option<&CharacteristicSet> {
        CharacteristicSetId::for_filing(filing).iter().find_map(|id| self.0.get(id))
    }
}

/// What is known of one affair, in the order of the names, and what it was held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Characteristics {
    /// The facts.
    stated: Vec<Characteristic>,
    /// The set and its version; none where there was no set.
    held_against: Option<(CharacteristicSetId, i32)>,
}

impl Characteristics {
    /// As they were stored, or before they are held against anything.
    pub fn new(mut stated: Vec<Characteristic>, held_against: Option<(CharacteristicSetId, i32)>) -> Self {
        stated.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        Self { stated, held_against }
    }

    /// Facts that are held against the set that is made for their affair, found in the field `field`. Where there is none, nothing can be stated.
    ///
    /// # Errors
    /// [`Violations`], all that does not fit.
    pub fn held(
        field: &str,
        stated: Vec<Characteristic>,
        set: Option<&CharacteristicSet>,
        demand: Demand,
    ) -> Result<Self, Violations> {
        match set {
            Some(set) => set.rules.hold(field, &stated, demand)?,
            None => CharacteristicRules::default().hold(field, &stated, demand)?,
        }
        Ok(Self::new(stated, set.map(|set| (set.id.clone(), set.version))))
    }

    /// The facts under another filing: what is stated now, and what was before and fits.
    ///
    /// # Errors
    /// [`Violations`], as [`Characteristics::held`].
    pub fn refiled(
        &self,
        field: &str,
        stated: Vec<Characteristic>,
        set: Option<&CharacteristicSet>,
        demand: Demand,
    ) -> Result<Self, Violations> {
        // What is stated now is looked at by itself first, so that a path is a place in the request.
        Self::held(field, stated.clone(), set, Demand::WhatIsSaid)?;
        let all = set.map_or_else(Vec::new, |set| set.rules.carry(&self.stated, stated));
        Self::held(field, all, set, demand)
    }

    /// The facts, in the order of their names.
    pub fn stated(&self) -> &[Characteristic] {
        &self.stated
    }

    /// The set and the version they were held against.
    pub fn held_against(&self) -> Option<(&CharacteristicSetId, i32)> {
        self.held_against.as_ref().map(|(id, version)| (id, *version))
    }
}
