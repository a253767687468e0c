//! What happens to a person's sheet on the way to another department: slips, habits, and a life
//! that goes on.

use super::town::{Dice, Sheet};

const NICKNAMES: &[(&str, &str)] = &[
    ("Francisco", "Paco"),
    ("José", "Pepe"),
    ("Manuel", "Manolo"),
    ("Dolores", "Lola"),
    ("Consuelo", "Chelo"),
    ("Antonio", "Toni"),
    ("Javier", "Javi"),
    ("Alejandro", "Álex"),
    ("Rosario", "Charo"),
    ("Concepción", "Concha"),
    ("Rafael", "Rafa"),
    ("Isabel", "Isa"),
    ("Ignacio", "Nacho"),
    ("Enrique", "Quique"),
    ("Francisca", "Paqui"),
    ("Josefa", "Pepa"),
    ("Montserrat", "Montse"),
    ("Beatriz", "Bea"),
    ("Teresa", "Tere"),
    ("Daniel", "Dani"),
    ("María Carmen", "Mari Carmen"),
    ("María José", "M. José"),
    ("María Teresa", "Maite"),
    ("José María", "Chema"),
    ("Juan José", "Juanjo"),
    ("María Isabel", "Maribel"),
    ("Francisco Javier", "Fco. Javier"),
    ("María Pilar", "Mª Pilar"),
    ("María Dolores", "Mª Dolores"),
    ("María Ángeles", "María de los Ángeles"),
    ("José Antonio", "J. Antonio"),
];

/// The same person as another department has them.
pub fn duplicate(person: &Sheet, dice: &mut Dice) -> Sheet {
    let mut copy = person.clone();
    habits(&mut copy, dice);
    life(&mut copy, dice);
    gaps(&mut copy, dice);
    for _ in 0..[0, 0, 1, 1, 2][dice.below(5)] {
        match dice.below(8) {
            0 => copy.given = typo(&copy.given, dice),
            1 | 2 => copy.first = typo(&copy.first, dice),
            3 => copy.second = typo(&copy.second, dice),
            4 => copy.street = typo(&copy.street, dice),
            5 => copy.born = copy.born.map(|born| misdated(born, dice)),
            6 => copy.mobile = misdialled(&copy.mobile, dice),
            _ => copy.document = misdialled(&copy.document, dice),
        }
    }
    copy
}

/// How people and forms write names.
fn habits(copy: &mut Sheet, dice: &mut Dice) {
    if dice.chance(12) {
        if let Some((_, short)) = NICKNAMES.iter().find(|(long, _)| *long == copy.given) {
            copy.given = (*short).to_owned();
        }
    } else if dice.chance(8) && copy.given.contains(' ') {
        copy.given = copy.given.split(' ').next().unwrap_or_default().to_owned();
    }
    match dice.below(100) {
        0..20 => copy.second.clear(),
        20..24 => std::mem::swap(&mut copy.first, &mut copy.second),
        24..28 => {
            copy.first = format!("{} {}", copy.first, copy.second);
            copy.second.clear();
        }
        28..31 => std::mem::swap(&mut copy.given, &mut copy.first),
        31..33 => copy.first = std::mem::take(&mut copy.second),
        _ => {}
    }
    if dice.chance(40) {
        for text in [&mut copy.given, &mut copy.first, &mut copy.second, &mut copy.street, &mut copy.locality] {
            *text = unaccented(text).to_uppercase();
        }
    }
    if dice.chance(30) {
        copy.street = copy.street.replace("Calle ", "C/ ").replace("Avenida ", "Av. ").replace("Plaza ", "Pza. ");
        copy.street = copy.street.split(',').next().unwrap_or_default().to_owned();
    }
}

/// Moves and new numbers.
fn life(copy: &mut Sheet, dice: &mut Dice) {
    if dice.chance(12) {
        copy.street =
            format!("Calle {} {}", dice.one_of(&["Nueva", "del Prado", "de Lugo", "Larga"]), 1 + dice.below(90));
        copy.postal_code = format!("{:05}", 1000 + dice.below(51_000));
        copy.locality = (*dice.one_of(&["Madrid", "Sevilla", "Lugo", "Gijón", "Murcia", "Vigo"])).to_owned();
        copy.province.clear();
        copy.landline.clear();
    }
    if dice.chance(15) {
        copy.mobile = format!("6{:08}", dice.below(100_000_000));
    }
    if dice.chance(15) {
        copy.email = format!("nuevo{}@otro.example", dice.below(100_000));
    }
}

/// What other departments do not ask for.
fn gaps(copy: &mut Sheet, dice: &mut Dice) {
    if dice.chance(12) {
        copy.born = None;
    }
    for (text, percent) in [
        (&mut copy.document, 30),
        (&mut copy.email, 25),
        (&mut copy.landline, 40),
        (&mut copy.mobile, 15),
        (&mut copy.street, 10),
    ] {
        if dice.chance(percent) {
            text.clear();
        }
    }
}

fn typo(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = dice.below(letters.len() - 1);
    let letter = char::from(b'a' + dice.below(26) as u8);
    match dice.below(4) {
        0 => letters.swap(at, at + 1),
        1 => letters[at] = letter,
        2 => letters.insert(at, letter),
        _ => {
            letters.remove(at);
        }
    }
    letters.into_iter().collect()
}

fn misdated((year, month, day): (i16, u8, u8), dice: &mut Dice) -> (i16, u8, u8) {
    match dice.below(5) {
        0 if day <= 12 => (year, day, month),
        1 => (year + 1, month, day),
        2 => (year, month, 1 + day % 28),
        3 => (year - 10, month, day),
        _ => (year, 1 + month % 12, day),
    }
}

fn misdialled(digits: &str, dice: &mut Dice) -> String {
    let mut digits: Vec<u8> = digits.bytes().collect();
    if digits.len() > 2 {
        let at = 1 + dice.below(digits.len() - 2);
        digits[at] = b'0' + dice.below(10) as u8;
    }
    digits.into_iter().map(char::from).collect()
}

fn unaccented(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'Á' => 'a',
        'é' | 'É' => 'e',
        'í' | 'Í' => 'i',
        'ó' | 'Ó' => 'o',
        'ú' | 'Ú' | 'ü' => 'u',
        'ñ' | 'Ñ' => 'n',
        other => other,
    };
    text.chars().map(plain).collect()
}
