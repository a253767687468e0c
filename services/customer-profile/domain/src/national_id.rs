//! National documents. Those whose issuer gives them a check character are held to it; of Spain all do, of other
//! countries those that [`schemes`] knows by their form. Whatever else a country has is kept with its country.

mod schemes;

use kernel::Personal;

use schemes::Judged;

/// A national document: country and normalised number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalId {
    country: String,
    number: Personal<String>,
    proof: Option<&'static str>,
}

/// Why a text is no national document. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANationalId {
    /// The country is not two letters.
    #[error("must have a two-letter country code")]
    Country,
    /// Neither DNI, NIE nor CIF.
    #[error(
        "must be a Spanish DNI, NIE or CIF: 8 digits and a letter, X/Y/Z with 7 digits and a letter, or a letter with 7 digits and a check character"
    )]
    SpanishForm,
    /// The check character does not fit the number.
    #[error("the check character does not belong to this number")]
    CheckCharacter,
    /// Too short, too long, or with other characters.
    #[error("must have 4 to 24 letters or digits")]
    OtherForm,
}

const DNI_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
const CIF_LETTERS: &[u8; 10] = b"JABCDEFGHI";

impl NationalId {
    /// Reads a document of `country` (two letters). Blanks, dots, hyphens and slashes are dropped.
    ///
    /// # Errors
    /// [`NotANationalId`] says what is wrong with it.
    pub fn parse(text: &str, country: &str) -> Result<Self, NotANationalId> {
        let id = Self::stored(text, country)?;
        match schemes::judge(&id.country, id.number()) {
            Judged::Broken => Err(NotANationalId::CheckCharacter),
            Judged::Proven(_) | Judged::NoForm => Ok(id),
        }
    }

    /// The same for a document that was taken at a time when less was known of its country: one that is not what it should
    /// be is kept without [proof](Self::proof), since who has it is still who they are.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but for check characters of other countries than Spain.
    pub fn stored(text: &str, country: &str) -> Result<Self, NotANationalId> {
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(NotANationalId::Country);
        }
        let country = country.to_ascii_uppercase();
        let number: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/'))
            .collect::<String>()
            .to_uppercase();
        let (number, proof) = if country == "ES" {
            (spanish(&number)?, Some("es"))
        } else {
            let number = other(number)?;
            let proof = match schemes::judge(&country, &number) {
                Judged::Proven(scheme) => Some(scheme.name),
                Judged::Broken | Judged::NoForm => None,
            };
            (number, proof)
        };
        Ok(Self { country, number: number.into(), proof })
    }

    /// Which document of its country it is, when its own check character proves it: two that are proven and differ are of
    /// two people, as far as they are of one kind.
    pub fn proof(&self) -> Option<&'static str> {
        self.proof
    }

    /// Two-letter country.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The number without separators, with its check character.
    pub fn number(&self) -> &str {
        self.number.expose()
    }

    /// Whether it is known to be an organisation's, which has one name in the register and another over its door: a Spanish CIF.
    pub fn is_of_an_organisation(&self) -> bool {
        self.country == "ES"
            && !self
                .number()
                .starts_with(|c: char| c.is_ascii_digit() || ('K'..='M').contains(&c) || ('X'..='Z').contains(&c))
    }

    /// Passes every check and identifies nobody: what screens are filled with to get past a
    /// mandatory field.
    pub fn is_filler(&self) -> bool {
        if self.country != "ES" {
            let number = self.number().as_bytes();
            return number.iter().all(|byte| *byte == number[0]);
        }
        matches!(self.number().trim_matches(|c: char| c.is_ascii_alphabetic()), "00000000" | "99999999" | "0000000")
    }
}

fn other(number: String) -> Result<String, NotANationalId> {
    let fits = (4..=24).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(number) } else { Err(NotANationalId::OtherForm) }
}

fn spanish(number: &str) -> Result<String, NotANationalId> {
    // The VAT form puts the country before the number.
    let number = number.strip_prefix("ES").unwrap_or(number);
    if !number.is_ascii() || !(2..=9).contains(&number.len()) {
        return Err(NotANationalId::SpanishForm);
    }
    let (body, check) = number.split_at(number.len() - 1);
    let check = check.as_bytes()[0];
    match body.as_bytes()[0] {
        b'0'..=b'9' => dni(body, check),
        first @ (b'X' | b'Y' | b'Z') => nie(first, &body[1..], check),
        first @ (b'K' | b'L' | b'M') => letter_checked(first, b"", &body[1..], check),
        first @ (b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U' | b'V' | b'W') => cif(first, &body[1..], check),
        _ => Err(NotANationalId::SpanishForm),
    }
}

/// Old documents are written without their leading zeros.
fn dni(digits: &str, check: u8) -> Result<String, NotANationalId> {
    let value: u32 = digits.parse().map_err(|_| NotANationalId::SpanishForm)?;
    // Below 5 digits a slip of the pen is likelier than one of the first documents.
    if digits.len() > 8 || digits.len() < 5 || !check.is_ascii_uppercase() {
        return Err(NotANationalId::SpanishForm);
    }
    if DNI_LETTERS[(value % 23) as usize] != check {
        return Err(NotANationalId::CheckCharacter);
    }
    Ok(format!("{value:08}{}", char::from(check)))
}

fn nie(first: u8, digits: &str, check: u8) -> Result<String, NotANationalId> {
    letter_checked(first, &[b'0' + (first - b'X')], digits, check)
}

/// A letter, seven digits, and the letter of the DNI table for `lead` followed by the digits.
fn letter_checked(first: u8, lead: &[u8], digits: &str, check: u8) -> Result<String, NotANationalId> {
    if digits.len() != 7 || !digits.bytes().all(|b| b.is_ascii_digit()) || !check.is_ascii_uppercase() {
        return Err(NotANationalId::SpanishForm);
    }
    let value = lead.iter().copied().chain(digits.bytes()).fold(0u32, |sum, b| sum * 10 + u32::from(b - b'0'));
    if DNI_LETTERS[(value % 23) as usize] != check {
        return Err(NotANationalId::CheckCharacter);
    }
    Ok(format!("{}{digits}{}", char::from(first), char::from(check)))
}

/// Organisations: the kind decides whether the check character is a digit, a letter, or either.
fn cif(first: u8, digits: &str, check: u8) -> Result<String, NotANationalId> {
    if digits.len() != 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotANationalId::SpanishForm);
    }
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(place, b)| {
            let digit = u32::from(b - b'0');
            if place % 2 == 1 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    let control = ((10 - sum % 10) % 10) as u8;
    let (digit, letter) = (b'0' + control, CIF_LETTERS[control as usize]);
    let fits = match first {
        b'A' | b'B' | b'E' | b'H' => check == digit,
        b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => check == letter,
        _ => check == digit || check == letter,
    };
    if fits {
        Ok(format!("{}{digits}{}", char::from(first), char::from(check)))
    } else {
        Err(NotANationalId::CheckCharacter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, NotANationalId> {
        NationalId::parse(text, "ES").map(|id| id.number().to_owned())
    }

    #[test]
    fn spanish_documents_are_held_to_their_check_character() {
        for (text, number) in [
            ("12345678Z", "12345678Z"),
            ("12.345.678-z", "12345678Z"),
            ("1234567L", "01234567L"),
            ("ES12345678Z", "12345678Z"),
            ("X1234567L", "X1234567L"),
            ("Y-1234567-X", "Y1234567X"),
            ("Z1234567R", "Z1234567R"),
            ("A58818501", "A58818501"),
            ("Q2826000H", "Q2826000H"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(number), "{text:?}");
        }
        for text in ["12345678A", "X1234567A", "A58818502", "Q28260008"] {
            assert_eq!(read(text), Err(NotANationalId::CheckCharacter), "{text:?}");
        }
        for text in ["", "1", "1Q", "123456789Z", "ñ2345678Z", "I1234567A", "X123456L", "12345678"] {
            assert!(matches!(read(text), Err(NotANationalId::SpanishForm)), "{text:?}");
        }
    }

    #[test]
    fn one_wrong_digit_of_a_dni_never_passes() {
        for place in 0..8 {
            for digit in b'0'..=b'9' {
                let mut text = *b"12345678Z";
                if text[place] != digit {
                    text[place] = digit;
                    let text = std::str::from_utf8(&text).unwrap();
                    assert_eq!(read(text), Err(NotANationalId::CheckCharacter), "{text}");
                }
            }
        }
    }

    /// Examples that the issuers themselves, or texts about the rules, give.
    const GENUINE: [(&str, &str, &str); 25] = [
        ("AR", "20-12345678-6", "cuit"),
        ("BE", "85.07.30-033.28", "nrn"),
        ("BE", "17073003384", "nrn"),
        ("BG", "7523169263", "egn"),
        ("BR", "529.982.247-25", "cpf"),
        ("CH", "756.9217.0769.85", "ahv"),
        ("CL", "12.345.678-5", "rut"),
        ("CL", "7654321-6", "rut"),
        ("DE", "86 095 742 719", "idnr"),
        ("DE", "47036892816", "idnr"),
        ("EC", "1710034065", "cedula"),
        ("FR", "2 55 08 14 168 025 38", "nir"),
        ("FR", "2 69 05 49 588 157 80", "nir"),
        ("IT", "RSSMRA85T10A562S", "cf"),
        ("MX", "HEGG560427MVZRRL04", "curp"),
        ("MX", "BOXW310820HNERXN09", "curp"),
        ("NL", "111222333", "bsn"),
        ("PE", "20100070970", "ruc"),
        ("PE", "20131312955", "ruc"),
        ("PL", "44051401359", "pesel"),
        ("PT", "501 442 600", "nif"),
        ("PT", "123456789", "nif"),
        ("PT", "00000000 0 ZZ4", "cc"),
        ("RO", "1800101221144", "cnp"),
        ("UY", "1.234.567-2", "ci"),
    ];

    #[test]
    fn documents_of_other_countries_are_held_to_their_own_check_characters() {
        for (country, text, proof) in GENUINE {
            let id = NationalId::parse(text, country).unwrap_or_else(|error| panic!("{country} {text}: {error}"));
            assert_eq!(id.proof(), Some(proof), "{country} {text}");
        }
        for (country, text) in
            [("PT", "501442601"), ("FR", "255081416802539"), ("IT", "RSSMRA85T10A562T"), ("CL", "12345678K")]
        {
            assert_eq!(NationalId::parse(text, country), Err(NotANationalId::CheckCharacter), "{country} {text}");
        }
    }

    #[test]
    fn one_wrong_digit_never_passes_where_the_rule_promises_it() {
        // The other rules let two remainders come to one digit.
        for (country, text, _) in GENUINE.into_iter().filter(|(.., proof)| {
            matches!(*proof, "nrn" | "idnr" | "nir" | "cf" | "bsn" | "pesel" | "ahv" | "cuit" | "rut" | "cedula")
        }) {
            let number = NationalId::parse(text, country).unwrap().number().to_owned();
            for (place, genuine) in number.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
                for digit in (b'0'..=b'9').filter(|digit| *digit != genuine) {
                    let mut wrong = number.clone().into_bytes();
                    wrong[place] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    let id = NationalId::parse(&wrong, country);
                    assert!(id.is_err() || id.is_ok_and(|id| id.proof().is_none()), "{country} {wrong}");
                }
            }
        }
    }

    #[test]
    fn who_was_taken_before_a_rule_was_known_is_still_read() {
        let id = NationalId::stored("501442601", "PT").unwrap();
        assert_eq!((id.number(), id.proof()), ("501442601", None));
        assert!(NationalId::stored("501442600", "PT").unwrap().proof().is_some());
        assert_eq!(NationalId::stored("12345678A", "ES"), Err(NotANationalId::CheckCharacter));
    }

    #[test]
    fn documents_of_other_countries_keep_their_country() {
        let id = NationalId::parse("ab 12.34-56", "pt").unwrap();
        assert_eq!((id.country(), id.number(), id.proof()), ("PT", "AB123456", None));
        assert_eq!(NationalId::parse("ab", "PT"), Err(NotANationalId::OtherForm));
        assert_eq!(NationalId::parse("12345678Z", "ESP"), Err(NotANationalId::Country));
    }

    #[test]
    fn knows_what_screens_are_filled_with() {
        assert!(NationalId::parse("00000000T", "ES").unwrap().is_filler());
        assert!(NationalId::parse("X0000000T", "ES").unwrap().is_filler());
        assert!(!NationalId::parse("12345678Z", "ES").unwrap().is_filler());
        assert!(NationalId::parse("00000000000", "PL").unwrap().is_filler());
        assert_eq!(NationalId::parse("11111111111", "BR"), Err(NotANationalId::CheckCharacter));
    }
}
