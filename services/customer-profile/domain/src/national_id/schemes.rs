//! Documents of other countries that carry a check character of their own, by the rules their issuers published.
//!
//! A country has documents without one too (passports, old cards). So a number is held to a rule only when it has the form of the
//! document that the rule is of, and forms are taken narrowly: what merely looks like one is nobody's mistake.

/// A document with a check character.
pub(super) struct Scheme {
    /// Two-letter country.
    country: &'static str,
    /// Its short name in its country, in lower case.
    pub(super) name: &'static str,
    /// Whether a number has its form.
    fits: fn(&[u8]) -> bool,
    /// Whether the check character of a number of that form is right.
    holds: fn(&[u8]) -> bool,
}

/// What the rules say of a number.
pub(super) enum Judged {
    /// The number of such a document.
    Proven(&'static Scheme),
    /// It has the form of such a document, and its check character is wrong.
    Broken,
    /// It has the form of none.
    NoForm,
}

/// Holds a number, in capitals and without separators, to the documents of its country.
pub(super) fn judge(country: &str, number: &str) -> Judged {
    let number = number.as_bytes();
    let mut broken = false;
    for scheme in SCHEMES.iter().filter(|scheme| scheme.country == country && (scheme.fits)(number)) {
        if (scheme.holds)(number) {
            return Judged::Proven(scheme);
        }
        broken = true;
    }
    if broken { Judged::Broken } else { Judged::NoForm }
}

macro_rules! schemes {
    ($($country:literal $name:literal $fits:expr, $holds:expr;)*) => {
        static SCHEMES: &[Scheme] = &[$(Scheme { country: $country, name: $name, fits: $fits, holds: $holds }),*];
    };
}

schemes! {
    // ANSES/AFIP: weights 5 4 3 2 7 6 5 4 3 2, modulo 11; a remainder of 1 is never given out.
    "AR" "cuit" |n| digits(n, 11) && matches!(&n[..2], b"20" | b"23" | b"24" | b"27" | b"30" | b"33" | b"34"), cuit;
    // Rijksregister: 97 less the remainder of nine digits, behind a 2 for who was born in this century.
    "BE" "nrn" |n| digits(n, 11), nrn;
    // GRAO: weights 2 4 8 5 10 9 7 3 6, modulo 11, 10 counts as 0; foreigners: 21 19 17 13 11 9 7 3 1, modulo 10.
    "BG" "egn" |n| digits(n, 10), |n| weighted(n, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digit(n[9]);
    "BG" "lnch" |n| digits(n, 10), |n| weighted(n, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == digit(n[9]);
    // Receita Federal: two digits, each modulo 11 of all before it.
    "BR" "cpf" |n| digits(n, 11), cpf;
    // BSV: EAN-13, beginning 756.
    "CH" "ahv" |n| digits(n, 13) && n.starts_with(b"756"), |n| {
        (10 - weighted(n, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10 == digit(n[12])
    };
    // Registro Civil: weights 2 to 7 from the right, modulo 11, K for 10.
    "CL" "rut" |n| (8..=9).contains(&n.len()) && all_digits(&n[..n.len() - 1]) && (is_digit(n[n.len() - 1]) || n.ends_with(b"K")), rut;
    // BZSt: ISO/IEC 7064 MOD 11,10.
    "DE" "idnr" |n| digits(n, 11) && n[0] != b'0', idnr;
    // Registro Civil: province, a third digit below 6, and Luhn's sum over the first nine.
    "EC" "cedula" |n| digits(n, 10) && ((1..=24).contains(&pair(n)) || pair(n) == 30) && n[2] < b'6', |n| {
        (10 - luhn(&n[..9], 0) % 10) % 10 == digit(n[9])
    };
    // INSEE: 97 less the remainder of thirteen digits; Corsica's 2A and 2B count as 19 and 18.
    "FR" "nir" nir_form, nir;
    // Decreto 23-12-1976: tables for odd and even places, modulo 26.
    "IT" "cf" codice_form, codice;
    // RENAPO: values by place from 18 down to 2, modulo 10.
    "MX" "curp" curp_form, curp;
    // RvIG: weights 9 to 2 and -1, modulo 11.
    "NL" "bsn" |n| digits(n, 9), |n| {
        n.iter().any(|byte| *byte != b'0') && (weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]) + 11 - digit(n[8])).is_multiple_of(11)
    };
    // SUNAT: weights 5 4 3 2 7 6 5 4 3 2, modulo 11.
    "PE" "ruc" |n| digits(n, 11) && matches!(&n[..2], b"10" | b"15" | b"16" | b"17" | b"20"), |n| {
        (11 - weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10 == digit(n[10])
    };
    // Ministerstwo: weights 1 3 7 9, modulo 10.
    "PL" "pesel" |n| digits(n, 11), |n| {
        (10 - weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10 == digit(n[10])
    };
    // Autoridade Tributária: weights 9 to 2, modulo 11; remainders 0 and 1 give 0.
    "PT" "nif" |n| digits(n, 9) && matches!(n[0], b'1'..=b'3' | b'5' | b'6' | b'8' | b'9'), nif;
    // IRN: eight digits, their own check digit, two letters of the version, and Luhn's sum over all in base 36.
    "PT" "cc" |n| n.len() == 12 && all_digits(&n[..9]) && n[9..11].iter().all(u8::is_ascii_alphanumeric) && is_digit(n[11]), |n| {
        luhn(n, 1).is_multiple_of(10)
    };
    // Weights 2 7 9 1 4 6 3 5 8 2 7 9, modulo 11, 10 counts as 1.
    "RO" "cnp" |n| digits(n, 13) && n[0] != b'0', |n| {
        let rest = weighted(n, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
        (if rest == 10 { 1 } else { rest }) == digit(n[12])
    };
    // DNIC: weights 2 9 8 7 6 3 4, modulo 10.
    "UY" "ci" |n| digits(n, 8), |n| (10 - weighted(n, &[2, 9, 8, 7, 6, 3, 4]) % 10) % 10 == digit(n[7]);
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn all_digits(number: &[u8]) -> bool {
    number.iter().all(u8::is_ascii_digit)
}

fn digits(number: &[u8], length: usize) -> bool {
    number.len() == length && all_digits(number)
}

fn digit(byte: u8) -> u32 {
    u32::from(byte - b'0')
}

fn pair(number: &[u8]) -> u32 {
    digit(number[0]) * 10 + digit(number[1])
}

/// The leading digits as a number; at most fourteen of them.
fn value(number: &[u8]) -> u64 {
    number.iter().fold(0, |value, byte| value * 10 + u64::from(digit(*byte)))
}

/// The sum of the leading digits by their weights.
fn weighted(number: &[u8], weights: &[u32]) -> u32 {
    number.iter().zip(weights).map(|(byte, weight)| digit(*byte) * weight).sum()
}

/// Luhn's sum, with letters from 10 on: from the right, every second is doubled, the first one for `from` 0. What exceeds nine
/// after doubling loses nine.
fn luhn(number: &[u8], from: usize) -> u32 {
    let values = number.iter().rev().map(|byte| char::from(*byte).to_digit(36).unwrap_or_default());
    let doubled = |value: u32| if value * 2 > 9 { value * 2 - 9 } else { value * 2 };
    values.enumerate().map(|(place, value)| if place % 2 == from { doubled(value) } else { value }).sum()
}

fn cuit(number: &[u8]) -> bool {
    let rest = weighted(number, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    rest != 1 && (11 - rest) % 11 == digit(number[10])
}

fn nrn(number: &[u8]) -> bool {
    let (body, check) = (value(&number[..9]), value(&number[9..]));
    [body, 2_000_000_000 + body].into_iter().any(|body| 97 - body % 97 == check)
}

fn cpf(number: &[u8]) -> bool {
    let check = |length: usize| {
        let sum: u32 = (2..).zip(number[..length].iter().rev()).map(|(weight, byte)| digit(*byte) * weight).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    // A digit repeated passes, and is what fields are filled with.
    number.iter().any(|byte| *byte != number[0]) && check(9) == digit(number[9]) && check(10) == digit(number[10])
}

fn rut(number: &[u8]) -> bool {
    let (body, check) = number.split_at(number.len() - 1);
    let sum: u32 = (2..=7).cycle().zip(body.iter().rev()).map(|(weight, byte): (u32, _)| digit(*byte) * weight).sum();
    let expected = match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        other => b'0' + other as u8,
    };
    check[0] == expected
}

fn idnr(number: &[u8]) -> bool {
    let product = number[..10].iter().fold(10, |product, byte| {
        let sum = (digit(*byte) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == digit(number[10])
}

fn nir_form(number: &[u8]) -> bool {
    let corsican = matches!(number.get(5..7), Some(b"2A" | b"2B"));
    number.len() == 15
        && matches!(number[0], b'1' | b'2' | b'3' | b'4' | b'7' | b'8')
        && all_digits(&number[..6])
        && (corsican || is_digit(number[6]))
        && all_digits(&number[7..])
}

fn nir(number: &[u8]) -> bool {
    let mut body = number.to_vec();
    match &number[5..7] {
        b"2A" => body[5..7].copy_from_slice(b"19"),
        b"2B" => body[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    97 - value(&body[..13]) % 97 == value(&body[13..])
}

/// Where digits stand in a codice fiscale. Two people of one code are told apart by letters in their place.
const CODICE_DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
const CODICE_ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

fn codice_form(number: &[u8]) -> bool {
    number.len() == 16
        && number.iter().enumerate().all(|(place, byte)| {
            if CODICE_DIGITS.contains(&place) {
                byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte)
            } else {
                byte.is_ascii_uppercase()
            }
        })
}

fn codice(number: &[u8]) -> bool {
    let rank = |byte: u8| if is_digit(byte) { digit(byte) } else { u32::from(byte - b'A') };
    let of =
        |place: usize, byte: u8| if place.is_multiple_of(2) { CODICE_ODD[rank(byte) as usize] } else { rank(byte) };
    let sum: u32 = number[..15].iter().enumerate().map(|(place, byte)| of(place, *byte)).sum();
    u32::from(number[15] - b'A') == sum % 26
}

fn curp_form(number: &[u8]) -> bool {
    let letters = |range: std::ops::Range<usize>| number[range].iter().all(u8::is_ascii_uppercase);
    number.len() == 18
        && letters(0..4)
        && all_digits(&number[4..10])
        && matches!(number[10], b'H' | b'M' | b'X')
        && letters(11..16)
        && number[16].is_ascii_alphanumeric()
        && is_digit(number[17])
}

fn curp(number: &[u8]) -> bool {
    // In this alphabet Ñ stands behind N, though it is in no CURP.
    let rank = |byte: u8| match byte {
        b'0'..=b'9' => digit(byte),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte - b'A') + 11,
    };
    let sum: u32 = (2..=18).rev().zip(number).map(|(weight, byte): (u32, _)| rank(*byte) * weight).sum();
    (10 - sum % 10) % 10 == digit(number[17])
}

fn nif(number: &[u8]) -> bool {
    let rest = weighted(number, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    (if rest < 2 { 0 } else { 11 - rest }) == digit(number[8])
}
