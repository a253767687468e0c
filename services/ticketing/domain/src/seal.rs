//! The seal of a receipt: what the house signs of it, and the plain text that carries text and seal together.
//!
//! Whoever has the sealed text and the house's public key needs nobody else to know that the house received
//! this, when, and under which key. The seal stands below the text, so that nothing a customer wrote can stand
//! in its place.

use jiff::Timestamp;
use kernel::ResourceId as _;

use crate::{TicketId, TrackingKey};

/// What a signed statement begins with: a signature over it is one over nothing else that the house signs.
const STATEMENT: &str = "ventanilla.ticketing.receipt.v1";
const RULE: &str = "----- ventanilla seal -----";

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

/// Why a file is no sealed receipt. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no seal in it.
    #[error("it has no seal")]
    Absent,
    /// A line of the seal is missing, is not the one that belongs there, or cannot be read.
    #[error("line {line} of the seal is not what belongs there")]
    Line {
        /// From 1.
        line: usize,
    },
    /// There is more below the seal.
    #[error("there is something below the seal")]
    More,
}

impl Seal {
    /// What is signed, to the byte. Every part has a fixed alphabet without line breaks.
    pub fn statement(&self) -> String {
        let hash = hex::encode(self.content_hash);
        format!(
            "statement: {STATEMENT}\nticket: {}\ntracking-key: {}\nreceived: {}\nsha256: {hash}\nkey-id: {}",
            self.ticket.name(),
            self.key,
            // Always six digits: one instant has one spelling.
            self.received.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"),
            self.key_id,
        )
    }

    /// The text, and below it the seal.
    pub fn beneath(&self, text: &str, signature: &[u8]) -> String {
        format!("{text}\n{RULE}\n{}\nsignature: {}\n", self.statement(), hex::encode(signature))
    }
}

impl<'a> Sealed<'a> {
    /// Reads what [`Seal::beneath`] wrote. Says nothing of whether the signature holds.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn read(file: &'a str) -> Result<Self, SealError> {
        let rule = format!("\n{RULE}\n");
        let at = file.rfind(&rule).ok_or(SealError::Absent)?;
        let mut lines = file[at + rule.len()..].lines();
        let mut line = 0;
        let mut next = |label: &str| -> Result<(&'a str, SealError), SealError> {
            line += 1;
            let wrong = SealError::Line { line };
            let value = lines.next().and_then(|text| text.strip_prefix(label)).and_then(|rest| rest.strip_prefix(": "));
            value.map(|value| (value, wrong)).ok_or(wrong)
        };
        let (statement, wrong) = next("statement")?;
        if statement != STATEMENT {
            return Err(wrong);
        }
        let (ticket, wrong) = next("ticket")?;
        let ticket = TicketId::parse(ticket).map_err(|_| wrong)?;
        let (key, wrong) = next("tracking-key")?;
        let key = key.parse().map_err(|_| wrong)?;
        let (received, wrong) = next("received")?;
        let received = received.parse().map_err(|_| wrong)?;
        let (hash, wrong) = next("sha256")?;
        let content_hash = unhex(hash).and_then(|hash| hash.try_into().ok()).ok_or(wrong)?;
        let (key_id, wrong) = next("key-id")?;
        let key_id = Some(key_id).filter(|id| unhex(id).is_some()).ok_or(wrong)?.to_owned();
        let (signature, wrong) = next("signature")?;
        let signature = unhex(signature).ok_or(wrong)?;
        if lines.next().is_some() {
            return Err(SealError::More);
        }
        Ok(Self { text: &file[..at], seal: Seal { ticket, key, received, content_hash, key_id }, signature })
    }
}

/// Bytes in lower case digits, which is how they are written here.
fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text)
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
