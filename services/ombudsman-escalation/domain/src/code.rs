//! The code by which a claimant shows the office that it is them: as people read and say it.

use std::fmt;
use std::str::FromStr;

/// Symbols of Crockford's base 32: digits and letters without I, L, O and U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols of a code.
const LENGTH: usize = 8;

/// Forty bits that nobody guesses. Does not print but by [`Code::reveal`].
#[derive(Clone, Copy)]
pub struct Code([u8; 5]);

/// What was typed is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be eight letters and digits, as the office gave it")]
pub struct NotACode;

impl Code {
    /// The code of these bits.
    pub const fn new(bits: [u8; 5]) -> Self {
        Self(bits)
    }

    /// Its bits, to be compared in constant time.
    pub const fn bits(&self) -> &[u8; 5] {
        &self.0
    }

    /// In two groups, for the claimant and nobody else.
    pub fn reveal(&self) -> String {
        let all = self.0.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let symbol = |place: usize| char::from(SYMBOLS[(all >> (5 * (LENGTH - 1 - place)) & 31) as usize]);
        let (first, second): (String, String) =
            ((0..LENGTH / 2).map(symbol).collect(), (LENGTH / 2..LENGTH).map(symbol).collect());
        format!("{first}-{second}")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl FromStr for Code {
    type Err = NotACode;

    /// Small letters, spaces and hyphens are understood, and O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut all = 0_u64;
        let mut read = 0;
        for typed in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let symbol = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let value = SYMBOLS.iter().position(|known| char::from(*known) == symbol).ok_or(NotACode)?;
            all = all << 5 | value as u64;
            read += 1;
            if read > LENGTH {
                return Err(NotACode);
            }
        }
        let [_, _, _, bits @ ..] = all.to_be_bytes();
        if read == LENGTH { Ok(Self(bits)) } else { Err(NotACode) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it_and_nothing_else_is_one() {
        let code = Code::new([0, 0x44, 0x32, 0x14, 0xC7]);
        assert_eq!(code.reveal(), "0123-4567");
        for typed in ["0123-4567", "01234567", " oi23 4567 ", "OL23-4567", "0l2-34-567"] {
            assert_eq!(typed.parse::<Code>().map(|read| *read.bits()), Ok(*code.bits()), "{typed}");
        }
        for typed in ["", "0123-456", "0123-45678", "0123-456U", "0123-456ñ", "012345670000000000000000"] {
            assert!(typed.parse::<Code>().is_err(), "{typed}");
        }
        assert_eq!(format!("{code:?}"), "[secret]");
    }

    proptest! {
        #[test]
        fn what_is_revealed_is_read_back(bits in any::<[u8; 5]>()) {
            let code = Code::new(bits);
            prop_assert_eq!(*code.reveal().parse::<Code>().unwrap().bits(), bits);
            prop_assert_eq!(*code.reveal().to_lowercase().replace('-', " ").parse::<Code>().unwrap().bits(), bits);
        }
    }
}
