//! What was found, in words, and what cures it.

use std::io::Write;

use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Well,
    /// Worth knowing; nothing fails by it today.
    Note,
    /// Wrong.
    Ill,
    /// Could not be looked at.
    Unseen,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The process, or `database`.
    pub about: String,
    /// What was looked at, one word.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found. Never a secret.
    pub says: String,
    /// What to do about it; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn well(about: &str, check: &'static str, says: impl Into<String>) -> Self {
        Self { about: about.to_owned(), check, state: State::Well, says: says.into(), cure: None }
    }

    /// Worth knowing.
    pub fn note(about: &str, check: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { state: State::Note, cure: Some(cure.into()), ..Self::well(about, check, says) }
    }

    /// Wrong.
    pub fn ill(about: &str, check: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { state: State::Ill, cure: Some(cure.into()), ..Self::well(about, check, says) }
    }

    /// Could not be looked at.
    pub fn unseen(about: &str, check: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { state: State::Unseen, cure: Some(cure.into()), ..Self::well(about, check, says) }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub well: bool,
    /// All that was looked at, by process.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Of these findings.
    pub fn of(findings: Vec<Finding>) -> Self {
        Self { well: findings.iter().all(|finding| finding.state != State::Ill), findings }
    }

    /// For a person at a terminal: what is wrong with its cure, and what is well in a line.
    pub fn tell(&self, mut out: impl Write) -> std::io::Result<()> {
        let mut about = "";
        for finding in &self.findings {
            if finding.about != about {
                about = &finding.about;
                writeln!(out, "{about}")?;
            }
            let mark = match finding.state {
                State::Well => "well  ",
                State::Note => "note  ",
                State::Ill => "WRONG ",
                State::Unseen => "unseen",
            };
            writeln!(out, "  {mark}  {:<12}{}", finding.check, finding.says)?;
            if let Some(cure) = &finding.cure {
                writeln!(out, "          {:<12}-> {cure}", "")?;
            }
        }
        let count = |state: State| self.findings.iter().filter(|finding| finding.state == state).count();
        let (ill, noted, unseen) = (count(State::Ill), count(State::Note), count(State::Unseen));
        writeln!(
            out,
            "{}: {ill} wrong, {noted} worth knowing, {unseen} not looked at, {} well",
            if self.well { "well" } else { "not well" },
            count(State::Well)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_cure_and_makes_the_report_so() {
        let findings = vec![
            Finding::well("ticketing", "settings", "read"),
            Finding::ill("ticketing", "token", "gone", "make one"),
        ];
        let report = Report::of(findings);
        assert!(!report.well);
        let mut told = Vec::new();
        report.tell(&mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("WRONG") && told.contains("-> make one") && told.contains("1 wrong"), "{told}");
        assert!(Report::of(vec![Finding::note("a", "disk", "little", "more")]).well);
        assert!(Report::of(vec![Finding::unseen("a", "migrations", "no", "give")]).well);
    }
}
