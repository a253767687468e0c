//! The tracking key and the proof: short codes a customer reads out over the phone.
//!
//! Alphabet: Crockford's base 32, which has no I, L, O or U. Check character of the key: the hybrid
//! system of ISO 7064 with M = 32 (MOD 33,32), so that the check character has no look-alike either;
//! it finds every single mistyped character and nearly every swapped pair.
//!
//! On a telephone each character is typed once, on the key it stands on: 2 for 2, A, B and C. What is typed so fits more than one code; it is
//! compared and never read back.

use std::fmt;
use std::str::FromStr;

use kernel::Personal;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const M: u32 = 32;
const DATA: usize = 12;
const GROUP: usize = 4;
const PROOF: usize = 6;

/// Key a customer follows an affair by: 60 random bits and a check character, e.g. `7K3M-9QXT-2VBD-R`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackingKey([u8; DATA]);

/// The secret that opens the public status together with the key. Does not print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof(Personal<[u8; PROOF]>);

/// A tracking key as it is typed on a telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeypadKey([u8; DATA + 1]);

/// A proof as it is typed on a telephone. Does not print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeypadProof(Personal<[u8; PROOF]>);

/// Why a code was not understood. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Characters are missing, or too many.
    #[error("must have {expected} letters and digits, spaces and hyphens apart")]
    Length {
        /// How many belong here.
        expected: usize,
    },
    /// A character that the alphabet does not have.
    #[error("character {position} is none of the letters and digits in use (there is no u)")]
    Character {
        /// Place of the first such character, from 1, spaces and hyphens apart.
        position: usize,
    },
    /// A character that a telephone has no key for.
    #[error("character {position} is no digit")]
    Digit {
        /// Place of the first such character, from 1, spaces and hyphens apart.
        position: usize,
    },
    /// The check character does not fit.
    #[error("the check character does not fit: a character is mistyped, or two are swapped")]
    Check,
}

impl TrackingKey {
    /// The key made of random bytes, five bits of each.
    pub fn from_entropy(bytes: [u8; DATA]) -> Self {
        Self(bytes.map(|b| b & 31))
    }

    /// The canonical spelling without hyphens, which is what is stored.
    pub fn compact(&self) -> String {
        self.0.iter().chain([&check(&self.0)]).map(|v| char::from(ALPHABET[usize::from(*v)])).collect()
    }
}

impl fmt::Display for TrackingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, character) in self.compact().chars().enumerate() {
            if i > 0 && i % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl FromStr for TrackingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let values: [u8; DATA + 1] = values(text)?;
        let mut data = [0; DATA];
        data.copy_from_slice(&values[..DATA]);
        if check(&data) == values[DATA] { Ok(Self(data)) } else { Err(KeyError::Check) }
    }
}

impl Proof {
    /// The proof made of bytes nobody can predict, five bits of each.
    pub fn from_entropy(bytes: [u8; PROOF]) -> Self {
        Self(Personal::new(bytes.map(|b| b & 31)))
    }

    /// The six characters. To be told once, and never logged.
    pub fn expose(&self) -> String {
        self.0.expose().iter().map(|v| char::from(ALPHABET[usize::from(*v)])).collect()
    }
}

impl FromStr for Proof {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        values(text).map(|v| Self(Personal::new(v)))
    }
}

impl Proof {
    /// Whether typing it on a telephone gives these digits. Looks at all of them whatever the first ones are.
    pub fn is_typed(&self, typed: &KeypadProof) -> bool {
        let pairs = self.0.expose().iter().zip(typed.0.expose());
        pairs.fold(0, |differ, (value, digit)| differ | (key_of(ALPHABET[usize::from(*value)]) ^ digit)) == 0
    }
}

impl KeypadKey {
    /// The digits, as keys are looked for by them.
    pub fn digits(&self) -> String {
        self.0.iter().map(|digit| char::from(*digit)).collect()
    }
}

impl TrackingKey {
    /// As it is typed on a telephone.
    pub fn on_keypad(&self) -> KeypadKey {
        let mut digits = [0; DATA + 1];
        for (digit, character) in digits.iter_mut().zip(self.compact().bytes()) {
            *digit = key_of(character);
        }
        KeypadKey(digits)
    }
}

impl FromStr for KeypadKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        digits(text).map(Self)
    }
}

impl FromStr for KeypadProof {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        digits(text).map(|digits| Self(Personal::new(digits)))
    }
}

/// The key of a telephone that a character of the alphabet stands on, as a digit (ITU-T E.161).
const fn key_of(character: u8) -> u8 {
    match character {
        b'A'..=b'C' => b'2',
        b'D'..=b'F' => b'3',
        b'G'..=b'I' => b'4',
        b'J'..=b'L' => b'5',
        b'M'..=b'O' => b'6',
        b'P'..=b'S' => b'7',
        b'T'..=b'V' => b'8',
        b'W'..=b'Z' => b'9',
        digit => digit,
    }
}

/// Reads `N` digits, spaces and hyphens anywhere.
fn digits<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let mut out = [0; N];
    let mut count = 0;
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let position = count + 1;
        let digit = u8::try_from(character).ok().filter(u8::is_ascii_digit).ok_or(KeyError::Digit { position })?;
        *out.get_mut(count).ok_or(KeyError::Length { expected: N })? = digit;
        count = position;
    }
    if count == N { Ok(out) } else { Err(KeyError::Length { expected: N }) }
}

/// Reads `N` characters as people write them: any case, spaces and hyphens anywhere, look-alikes resolved.
fn values<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let mut out = [0; N];
    let mut count = 0;
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let position = count + 1;
        let value = value_of(character).ok_or(KeyError::Character { position })?;
        *out.get_mut(count).ok_or(KeyError::Length { expected: N })? = value;
        count = position;
    }
    if count == N { Ok(out) } else { Err(KeyError::Length { expected: N }) }
}

fn value_of(character: char) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|a| char::from(*a) == upper).and_then(|p| u8::try_from(p).ok())
}

fn check(data: &[u8; DATA]) -> u8 {
    let product = data.iter().fold(M, |product, value| {
        let sum = (product + u32::from(*value)) % M;
        (2 * if sum == 0 { M } else { sum }) % (M + 1)
    });
    // The check value makes the last sum 1 modulo M; both terms are below 33, so this fits a byte.
    u8::try_from((M + 1 - product) % M).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TrackingKey {
        TrackingKey::from_entropy([7, 19, 3, 20, 9, 23, 29, 26, 2, 27, 11, 13])
    }

    #[test]
    fn is_written_in_groups_and_read_back() {
        let text = key().to_string();
        assert_eq!(text.len(), 16);
        assert_eq!(text.matches('-').count(), 3);
        assert_eq!(text.parse(), Ok(key()));
        assert_eq!(key().compact().parse(), Ok(key()));
    }

    #[test]
    fn is_read_as_people_say_it() {
        let zero = TrackingKey::from_entropy([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let spoken = zero.to_string().to_lowercase().replace('0', "o").replacen('1', "l", 3).replace('1', "I");
        assert_eq!(format!("  {} ", spoken.replace('-', " ")).parse(), Ok(zero));
    }

    #[test]
    fn every_single_mistyped_character_is_found() {
        let compact: Vec<char> = key().compact().chars().collect();
        for place in 0..compact.len() {
            for other in ALPHABET.iter().map(|a| char::from(*a)).filter(|a| *a != compact[place]) {
                let mut typed = compact.clone();
                typed[place] = other;
                let typed: String = typed.into_iter().collect();
                assert_eq!(typed.parse::<TrackingKey>(), Err(KeyError::Check), "{typed}");
            }
        }
    }

    #[test]
    fn nearly_every_swapped_pair_is_found() {
        let (mut swapped, mut missed) = (0, 0);
        for a in 0..32 {
            for b in (0..32).filter(|b| *b != a) {
                let mut data = key().0;
                (data[4], data[5]) = (a, b);
                let sum = check(&data);
                (data[4], data[5]) = (b, a);
                swapped += 1;
                missed += i32::from(check(&data) == sum);
            }
        }
        assert!(missed * 20 < swapped, "{missed} of {swapped} swaps go unseen");
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!("7K3M".parse::<TrackingKey>(), Err(KeyError::Length { expected: 13 }));
        assert_eq!("7U3M-9QXT-2VBD-R".parse::<TrackingKey>(), Err(KeyError::Character { position: 2 }));
        assert_eq!("abc".parse::<Proof>(), Err(KeyError::Length { expected: 6 }));
    }

    #[test]
    fn is_typed_on_a_telephone_as_the_database_looks_for_it() {
        // What the index of the migration does to a key, spelled out.
        let (letters, keys) = ("ABCDEFGHJKMNPQRSTVWXYZ", "2223334455667777889999");
        for start in 0..32u8 {
            let key = TrackingKey::from_entropy(std::array::from_fn(|i| start.wrapping_add(u8::try_from(i).unwrap())));
            let translated: String = key
                .compact()
                .chars()
                .map(|c| letters.find(c).map_or(c, |at| char::from(keys.as_bytes()[at])))
                .collect();
            assert_eq!(key.on_keypad().digits(), translated);
            assert_eq!(translated.parse(), Ok(key.on_keypad()));
        }
    }

    #[test]
    fn a_proof_is_held_against_the_digits_it_stands_on() {
        let proof: Proof = "XVY6RE".parse().unwrap();
        assert!(proof.is_typed(&"989 673".parse().unwrap()));
        for wrong in ["989674", "089673", "999673"] {
            assert!(!proof.is_typed(&wrong.parse().unwrap()), "{wrong}");
        }
        assert_eq!("98967".parse::<KeypadProof>(), Err(KeyError::Length { expected: 6 }));
        assert_eq!("98X673".parse::<KeypadProof>(), Err(KeyError::Digit { position: 3 }));
    }

    #[test]
    fn a_proof_does_not_print_itself() {
        let proof = Proof::from_entropy([1, 2, 3, 4, 5, 6]);
        assert!(!format!("{proof:?}").contains(&proof.expose()));
        assert_eq!(proof.expose().to_lowercase().parse(), Ok(proof));
    }
}
