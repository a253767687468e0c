//! People of a Spanish town, household by household, with the names, homes and lines that families
//! share. A function of its size and seed.

use std::fmt::Write as _;

use ventanilla_customer_profile_domain::matching::{AddressText, Description, Mention, WrittenDate};

use super::names::{KINDS, MEN, STREETS, SURNAMES, SYLLABLES, TOWNS, WOMEN};
use super::slips::duplicate;

/// A source of choices that is the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 >> 33) ^ (self.0 >> 17);
        (mixed % bound as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One of a list whose parts stand with how often they occur.
    fn weighted<'a>(&mut self, all: &[(&'a str, usize)]) -> &'a str {
        let mut left = self.below(all.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in all {
            if left < *weight {
                return value;
            }
            left -= weight;
        }
        all[0].0
    }
}

/// What one department wrote down about one person.
#[derive(Clone, PartialEq)]
pub struct Sheet {
    pub person: u32,
    pub household: u32,
    pub given: String,
    pub first: String,
    pub second: String,
    pub born: Option<(i16, u8, u8)>,
    pub street: String,
    pub locality: String,
    pub province: String,
    pub postal_code: String,
    pub landline: String,
    pub mobile: String,
    pub email: String,
    pub document: String,
}

impl Sheet {
    pub fn describe(&self) -> Description<'_> {
        fn mentions<'a>(values: &[&'a str], scope: &'a str) -> Vec<Mention<'a>> {
            values
                .iter()
                .filter(|v| !v.is_empty())
                .map(|value| Mention { value, scope, ..Mention::default() })
                .collect()
        }
        Description {
            given: &self.given,
            first_surname: &self.first,
            second_surname: &self.second,
            whole_name: "",
            birth_date: self.born.map(|(year, month, day)| WrittenDate { year, month, day }),
            address: Some(AddressText {
                lines: [&self.street, ""],
                number: "",
                locality: &self.locality,
                region: &self.province,
                postal_code: &self.postal_code,
            }),
            phones: mentions(&[&self.landline, &self.mobile], ""),
            emails: mentions(&[&self.email], ""),
            documents: mentions(&[&self.document], "ES"),
            accounts: Vec::new(),
        }
    }
}

/// Sheets of about so many inhabitants: the first sheet of each, then the duplicates, mixed.
pub fn town(inhabitants: usize, seed: u64) -> Vec<Sheet> {
    let mut dice = Dice::new(seed);
    let mut people: Vec<Sheet> = Vec::new();
    let mut household = 0;
    while people.len() < inhabitants {
        settle(&mut people, household, &mut dice);
        household += 1;
    }
    let mut sheets = people.clone();
    for person in &people {
        let copies = [0, 0, 0, 1, 1, 1, 1, 2, 2, 3][dice.below(10)];
        sheets.extend((0..copies).map(|_| duplicate(person, &mut dice)));
    }
    for at in (1..sheets.len()).rev() {
        let other = dice.below(at + 1);
        sheets.swap(at, other);
    }
    sheets
}

/// A household: one or two adults and their children, among them twins and namesakes.
fn settle(people: &mut Vec<Sheet>, household: u32, dice: &mut Dice) {
    let (locality, province, postal) = *dice.one_of(TOWNS);
    let street = format!("{} {} {}", dice.one_of(KINDS), dice.one_of(STREETS), 1 + dice.below(120));
    let home = Sheet {
        person: 0,
        household,
        given: String::new(),
        first: String::new(),
        second: String::new(),
        born: None,
        street: if dice.chance(60) {
            format!("{street}, {}º {}", 1 + dice.below(8), dice.one_of(&["A", "B", "C", "D"]))
        } else {
            street
        },
        locality: locality.to_owned(),
        province: province.to_owned(),
        postal_code: format!("{:05}", postal + dice.below(30)),
        landline: if dice.chance(60) { format!("9{:08}", dice.below(100_000_000)) } else { String::new() },
        mobile: String::new(),
        email: String::new(),
        document: String::new(),
    };
    let year = 1935 + dice.below(60) as i16;
    let father = adult(&home, dice.weighted(MEN), year, people.len(), dice);
    let mother = adult(&home, dice.weighted(WOMEN), year + dice.below(5) as i16, people.len() + 1, dice);
    let alone = dice.chance(30);
    let children = if alone { 0 } else { dice.below(4) };
    people.push(father.clone());
    if alone {
        return;
    }
    people.push(mother.clone());
    let mut named: Vec<String> = Vec::new();
    let mut last: Option<Sheet> = None;
    for nth in 0..children {
        let son = dice.chance(50);
        let parent = if son { &father } else { &mother };
        let given = match dice.chance(12) {
            true => parent.given.clone(),
            false => dice.weighted(if son { MEN } else { WOMEN }).to_owned(),
        };
        // Parents give each child a name of its own.
        let head = given.split(' ').next().unwrap_or_default().to_owned();
        if named.contains(&head) {
            continue;
        }
        named.push(head);
        let mut child = adult(&home, &given, year + 24 + 3 * nth as i16, people.len(), dice);
        (child.first, child.second) = (father.first.clone(), mother.first.clone());
        if let Some(elder) = last.as_ref().filter(|_| dice.chance(10)) {
            child.born = elder.born;
        }
        // The young have their parents' line and mailbox, and often no document.
        if child.born.is_some_and(|(year, ..)| year > 2008) {
            (child.mobile, child.email) = (mother.mobile.clone(), mother.email.clone());
            if dice.chance(70) {
                child.document.clear();
            }
        }
        last = Some(child.clone());
        people.push(child);
    }
}

fn adult(home: &Sheet, given: &str, year: i16, person: usize, dice: &mut Dice) -> Sheet {
    let (first, second) = (surname(dice), surname(dice));
    let folded: String =
        format!("{given}.{first}").to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    Sheet {
        person: person as u32,
        given: given.to_owned(),
        first,
        second,
        born: Some((year.min(2024), 1 + dice.below(12) as u8, 1 + dice.below(28) as u8)),
        mobile: if dice.chance(85) { format!("6{:08}", dice.below(100_000_000)) } else { String::new() },
        email: if dice.chance(60) { format!("{folded}{}@correo.example", dice.below(1000)) } else { String::new() },
        document: if dice.chance(75) { dni(dice.below(90_000_000) + 5_000_000) } else { String::new() },
        ..home.clone()
    }
}

/// Two thirds from the list, the others from a long tail.
fn surname(dice: &mut Dice) -> String {
    if dice.chance(66) {
        return dice.weighted(SURNAMES).to_owned();
    }
    let mut made = String::new();
    for _ in 0..2 + dice.below(2) {
        made.push_str(dice.one_of::<&str>(SYLLABLES));
    }
    let mut text = String::new();
    let _ = write!(text, "{}{}", made[..1].to_uppercase(), &made[1..]);
    text
}

/// A name as the register has it: of surnames what the list says of ten thousand, and beyond the list nobody's else.
pub fn registered(dice: &mut Dice) -> [String; 3] {
    let given = if dice.chance(50) { dice.weighted(MEN) } else { dice.weighted(WOMEN) };
    let mut surname = || {
        let mut left = dice.below(10_000);
        let listed = SURNAMES.iter().find(|(_, weight)| {
            let found = left < *weight;
            left = left.saturating_sub(*weight);
            found
        });
        listed.map_or_else(String::new, |(surname, _)| (*surname).to_owned())
    };
    let (first, second) = (surname(), surname());
    [given.to_owned(), first, second]
}

fn dni(number: usize) -> String {
    format!("{number:08}{}", char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]))
}
