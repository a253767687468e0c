//! The receipt (justificante, Ley 10/2025 art. 12): what was presented, when to the second, and under
//! which key it can be followed. Plain text, which any customer can keep and nobody needs a program for.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::wording::{receipt_words, to_the_second};
use crate::{Opened, Ticket};

/// Proof of what was presented and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The receipt itself.
    pub text: kernel::Personal<String>,
    /// SHA-256 of the text.
    pub content_hash: [u8; 32],
    /// When the content was presented.
    pub received: Timestamp,
}

impl Receipt {
    /// The receipt of an affair that was just opened. `sha256` is the hash function.
    pub fn of(opened: &Opened, sha256: impl FnOnce(&[u8]) -> [u8; 32]) -> Self {
        let text = compose(&opened.ticket, opened.received);
        Self { content_hash: sha256(text.as_bytes()), text: text.into(), received: opened.received }
    }
}

/// Further lines set in by four spaces, whatever breaks them.
fn set_in(value: &str) -> String {
    let lines = value.split("\r\n").flat_map(|part| part.split(['\n', '\r', '\u{2028}', '\u{2029}']));
    lines.collect::<Vec<_>>().join("\n    ")
}

fn compose(ticket: &Ticket, received: Timestamp) -> String {
    let facts = ticket.facts();
    let words = receipt_words(facts.language);
    let mut text = format!("{}\n\n", words.title);
    let mut line = |label: &str, value: &str| {
        // Further lines of what the customer wrote are set in, so that none can pass for one of the house's. Writing into a String cannot fail.
        let _ = writeln!(text, "{label}: {}", set_in(value));
    };
    line(words.key, &facts.tracking_key.to_string());
    line(words.received, &to_the_second(received, facts.language));
    if facts.first_received < received {
        line(words.first_received, &to_the_second(facts.first_received, facts.language));
    }
    line(words.kind, words.kind_of(ticket.filing().ticket_type));
    line(words.department, ticket.assignment().department.as_str());
    line(words.subject, facts.subject.expose());
    for point in ticket.points() {
        line(&point.id, point.text.expose());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::set_in;

    #[test]
    fn no_line_that_a_customer_wrote_begins_where_the_houses_do() {
        assert_eq!(set_in("a\nb\rc\r\nd\u{2028}e\u{2029}f"), "a\n    b\n    c\n    d\n    e\n    f");
        assert_eq!(set_in("a"), "a");
    }
}
