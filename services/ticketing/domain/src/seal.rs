//! The seal of a receipt: what the house signs of it, and the plain text that carries text and seal together.
//!
//! Whoever has the sealed text and the house's public key needs nobody else to know that the house received
//! this, when, and under which key.

use jiff::Timestamp;
use kernel::ResourceId as _;
pub use seal::SealError;

use crate::{TicketId, TrackingKey};

/// The form of a receipt's seal.
pub static RECEIPT: seal::Form =
    seal::Form { statement: "ventanilla.ticketing.receipt.v1", labels: &["ticket", "tracking-key", "received"] };

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The affair.
    pub ticket: TicketId,
    /// The key it is followed by.
    pub key: TrackingKey,
    /// When the content was presented; to the microsecond, as it is kept.
    pub received: Timestamp,
    /// SHA-256 of the receipt's text.
    pub content_hash: [u8; 32],
    /// Id of the key that signs, of hex digits.
    pub key_id: String,
}

/// A receipt's text with its seal, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The receipt.
    pub text: &'a str,
    /// What is said of it.
    pub seal: Seal,
    /// The signature, Ed25519.
    pub signature: Vec<u8>,
}

impl Seal {
    /// What is signed, to the byte.
    pub fn statement(&self) -> String {
        self.form().statement()
    }

    /// The text, and below it the seal.
    pub fn beneath(&self, text: &str, signature: &[u8]) -> String {
        self.form().beneath(text, signature)
    }

    fn form(&self) -> seal::Seal {
        // Always six digits: one instant has one spelling.
        let received = self.received.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        let facts = vec![self.ticket.name(), self.key.to_string(), received];
        seal::Seal { form: &RECEIPT, facts, content_hash: self.content_hash, key_id: self.key_id.clone() }
    }
}

impl<'a> Sealed<'a> {
    /// Reads what [`Seal::beneath`] wrote. Says nothing of whether the signature holds.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn read(file: &'a str) -> Result<Self, SealError> {
        seal::Sealed::read(&RECEIPT, file).and_then(Self::of)
    }

    /// What the facts of a seal mean.
    ///
    /// # Errors
    /// [`SealError::Line`] for the first that means nothing.
    pub fn of(read: seal::Sealed<'a>) -> Result<Self, SealError> {
        let ticket = read.fact(0, |text| TicketId::parse(text).ok())?;
        let key = read.fact(1, |text| text.parse().ok())?;
        let received = read.fact(2, |text| text.parse().ok())?;
        let seal::Sealed { text, seal, signature } = read;
        let seal::Seal { content_hash, key_id, .. } = seal;
        Ok(Self { text, seal: Seal { ticket, key, received, content_hash, key_id }, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal {
            ticket: TicketId::parse("tickets/01890a5d-ac96-774b-bcce-b302099a8057").unwrap(),
            key: TrackingKey::from_entropy([7; 12]),
            received: "2026-11-22T09:30:00Z".parse().unwrap(),
            content_hash: [0xab; 32],
            key_id: "0011223344556677".to_owned(),
        }
    }

    #[test]
    fn what_was_sealed_is_read_back_whatever_the_customer_wrote() {
        let forged = seal().beneath("JUSTIFICANTE\n", &[1; 64]);
        for text in ["JUSTIFICANTE\n\nAsunto: ñandú\n", "", forged.as_str()] {
            let file = seal().beneath(text, &[9; 64]);
            let sealed = Sealed::read(&file).unwrap();
            assert_eq!((sealed.text, &sealed.seal, sealed.signature.as_slice()), (text, &seal(), &[9; 64][..]));
        }
    }

    #[test]
    fn a_seal_that_was_tampered_with_says_where() {
        let whole = seal().beneath("text\n", &[9; 64]);
        assert_eq!(Sealed::read("text\n"), Err(SealError::Absent));
        assert_eq!(Sealed::read(&whole.replace("receipt.v1", "receipt.v2")), Err(SealError::Line { line: 1 }));
        assert_eq!(Sealed::read(&whole.replace("sha256: ab", "sha256: aB")), Err(SealError::Line { line: 5 }));
        assert_eq!(Sealed::read(&whole.replace("signature: 09", "signature: 9")), Err(SealError::Line { line: 7 }));
        assert_eq!(Sealed::read(&format!("{whole}more\n")), Err(SealError::More));
    }
}
