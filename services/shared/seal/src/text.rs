//! The seal as text: written below what it seals, and read back.

const RULE: &str = "----- ventanilla seal -----";

/// What kind of text is sealed, and which facts are signed with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// What a signed statement begins with: a signature over it is one over nothing else that the house signs.
    pub statement: &'static str,
    /// Names of the facts, in their order.
    pub labels: &'static [&'static str],
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Of which form it is.
    pub form: &'static Form,
    /// The facts, one to a label; none may hold a line break.
    pub facts: Vec<String>,
    /// SHA-256 of the text.
    pub content_hash: [u8; 32],
    /// Id of the key that signs, of hex digits.
    pub key_id: String,
}

/// A text with its seal, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The text.
    pub text: &'a str,
    /// What is said of it.
    pub seal: Seal,
    /// The signature, Ed25519.
    pub signature: Vec<u8>,
}

/// Why a file is no sealed text. Holds no part of it.
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
        let mut lines = format!("statement: {}", self.form.statement);
        for (label, fact) in self.form.labels.iter().zip(&self.facts) {
            lines.push_str(&format!("\n{label}: {fact}"));
        }
        lines.push_str(&format!("\nsha256: {}\nkey-id: {}", hex::encode(self.content_hash), self.key_id));
        lines
    }

    /// The text, and below it the seal.
    pub fn beneath(&self, text: &str, signature: &[u8]) -> String {
        format!("{text}\n{RULE}\n{}\nsignature: {}\n", self.statement(), hex::encode(signature))
    }

    /// The line of the seal that the fact at `index` stands on, from 1.
    pub const fn line_of(index: usize) -> usize {
        index + 2
    }
}

impl<'a> Sealed<'a> {
    /// Reads what [`Seal::beneath`] wrote. Says nothing of whether the signature holds, nor of what the facts mean.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn read(form: &'static Form, file: &'a str) -> Result<Self, SealError> {
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
        if statement != form.statement {
            return Err(wrong);
        }
        let mut facts = Vec::with_capacity(form.labels.len());
        for label in form.labels {
            facts.push(next(label)?.0.to_owned());
        }
        let (hash, wrong) = next("sha256")?;
        let content_hash = unhex(hash).and_then(|hash| hash.try_into().ok()).ok_or(wrong)?;
        let (key_id, wrong) = next("key-id")?;
        let key_id = Some(key_id).filter(|id| unhex(id).is_some()).ok_or(wrong)?.to_owned();
        let (signature, wrong) = next("signature")?;
        let signature = unhex(signature).ok_or(wrong)?;
        if lines.next().is_some() {
            return Err(SealError::More);
        }
        Ok(Self { text: &file[..at], seal: Seal { form, facts, content_hash, key_id }, signature })
    }

    /// The fact at `index`, as what it stands for.
    ///
    /// # Errors
    /// [`SealError::Line`] when it cannot be read.
    pub fn fact<T>(&self, index: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<T, SealError> {
        let fact = self.seal.facts.get(index).and_then(|fact| read(fact));
        fact.ok_or(SealError::Line { line: Seal::line_of(index) })
    }
}

/// The id of the key that a sealed text of whatever form says it was sealed with, which proves nothing; `None` where it has no seal.
pub fn named_key(file: &str) -> Option<&str> {
    let at = file.rfind(&format!("\n{RULE}\n"))?;
    let named = file[at + 1..].lines().find_map(|line| line.strip_prefix("key-id: "));
    named.filter(|id| unhex(id).is_some())
}

/// Bytes in lower case digits, which is how they are written here.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text)
}
