//! An electoral roll of made-up people and what clerks make of it. A function of size, slips and seed.

use ventanilla_customer_profile_domain::matching::{AddressText, Description, Mention, WrittenDate};

/// A source of choices that is the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// What one clerk wrote down about one person.
#[derive(Clone)]
pub struct Entry {
    pub person: u32,
    /// Given name, surname, street number, street, suburb, postcode, state, social security number.
    fields: [String; 8],
    born: Option<(i16, u8, u8)>,
}

impl Entry {
    pub fn describe(&self) -> Description<'_> {
        let [given, surname, number, street, suburb, postcode, state, document] = self.fields.each_ref();
        let document = Mention { value: document, scope: "AU", ..Mention::default() };
        Description {
            given,
            first_surname: surname,
            birth_date: self.born.map(|(year, month, day)| WrittenDate { year, month, day }),
            address: Some(AddressText {
                lines: [street, ""],
                number,
                locality: suburb,
                region: state,
                postal_code: postcode,
            }),
            documents: Some(document).into_iter().filter(|document| !document.value.is_empty()).collect(),
            ..Description::default()
        }
    }
}

/// So many people, each with up to `most` duplicates (exactly one where it is one) of up to `slips` slips, mixed.
pub fn roll(people: u32, most: usize, slips: usize, seed: u64) -> Vec<Entry> {
    let mut dice = Dice(seed);
    let mut entries: Vec<Entry> = (0..people).map(|person| citizen(person, &mut dice)).collect();
    for person in 0..people as usize {
        let copies = if most <= 1 { most } else { dice.below(most + 1) };
        for _ in 0..copies {
            let mut copy = entries[person].clone();
            (0..1 + dice.below(slips)).for_each(|_| slip(&mut copy, &mut dice));
            entries.push(copy);
        }
    }
    for at in (1..entries.len()).rev() {
        entries.swap(at, dice.below(at + 1));
    }
    entries
}

fn citizen(person: u32, dice: &mut Dice) -> Entry {
    // The young are many: names crowd.
    let common = |dice: &mut Dice, all: &[&str]| all[dice.below(all.len()).min(dice.below(all.len()))].to_owned();
    let fields = [
        common(dice, &GIVEN),
        if dice.below(3) == 0 {
            common(dice, &SURNAMES)
        } else {
            format!("{}{}", dice.one_of(&HEADS), dice.one_of(&TAILS))
        },
        (1 + dice.below(240)).to_string(),
        format!(
            "{} {} {}",
            dice.one_of(&HEADS),
            dice.one_of(&TAILS),
            dice.one_of(&["street", "place", "crescent", "circuit", "avenue"])
        ),
        format!("{}{}", dice.one_of(&HEADS), dice.one_of(&["ville", "wood", " park", " vale", "field", " heights"])),
        format!("{:04}", 2_000 + dice.below(6_000)),
        dice.one_of(&["nsw", "vic", "qld", "wa", "sa", "tas", "act"]).to_owned(),
        (1_000_000 + dice.below(8_999_999)).to_string(),
    ];
    let born = (1_900 + dice.below(100) as i16, 1 + dice.below(12) as u8, 1 + dice.below(28) as u8);
    Entry { person, fields, born: (dice.below(20) != 0).then_some(born) }
}

/// One thing that happens to a field on the way.
fn slip(entry: &mut Entry, dice: &mut Dice) {
    match dice.below(12) {
        0 => entry.fields.swap(0, 1),
        1 => entry.born = None,
        2 => {
            entry.born = entry
                .born
                .map(|(year, month, day)| if day <= 12 { (year, day, month) } else { (year, month, 1 + day % 28) })
        }
        3 => {
            let field = 2 + dice.below(6);
            entry.fields[field].clear();
        }
        nth => typo(&mut entry.fields[nth % 8], dice),
    }
}

fn typo(text: &mut String, dice: &mut Dice) {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return;
    }
    let at = dice.below(letters.len() - 1);
    let of_its_kind = |old: char, dice: &mut Dice| {
        let base = if old.is_ascii_digit() { (b'0', 10) } else { (b'a', 26) };
        char::from(base.0 + dice.below(base.1) as u8)
    };
    match dice.below(4) {
        0 => letters.swap(at, at + 1),
        1 => letters[at] = of_its_kind(letters[at], dice),
        2 => letters.insert(at, of_its_kind(letters[at], dice)),
        _ => drop(letters.remove(at)),
    }
    *text = letters.into_iter().collect();
}

const GIVEN: [&str; 48] = [
    "olivia",
    "jack",
    "emily",
    "joshua",
    "chloe",
    "thomas",
    "georgia",
    "lachlan",
    "isabella",
    "william",
    "sophie",
    "james",
    "hannah",
    "benjamin",
    "jessica",
    "daniel",
    "charlotte",
    "samuel",
    "grace",
    "matthew",
    "ella",
    "nicholas",
    "zoe",
    "ethan",
    "lucy",
    "alexander",
    "amelia",
    "luke",
    "holly",
    "jacob",
    "mia",
    "cooper",
    "ruby",
    "ryan",
    "imogen",
    "harrison",
    "abbey",
    "mitchell",
    "madeline",
    "dylan",
    "alannah",
    "riley",
    "phoebe",
    "connor",
    "bridget",
    "angus",
    "freya",
    "callum",
];
const SURNAMES: [&str; 24] = [
    "white",
    "campbell",
    "clarke",
    "morrison",
    "ryan",
    "webb",
    "green",
    "burford",
    "matthews",
    "nguyen",
    "dixon",
    "reid",
    "goode",
    "mason",
    "lowe",
    "stanley",
    "coleman",
    "berry",
    "mcgregor",
    "hughes",
    "donaldson",
    "blake",
    "crouch",
    "spence",
];
const HEADS: [&str; 24] = [
    "bar", "cal", "dun", "ever", "fin", "gar", "hal", "ken", "lang", "mar", "nor", "oak", "pem", "quin", "ross",
    "stan", "thorn", "ul", "wal", "york", "ash", "brad", "cran", "el",
];
const TAILS: [&str; 20] = [
    "ston", "field", "worth", "ley", "bury", "combe", "ford", "gate", "ham", "land", "more", "ney", "ridge", "shaw",
    "ton", "wick", "by", "den", "brook", "stead",
];
