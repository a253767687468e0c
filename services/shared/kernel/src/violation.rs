//! Everything that is wrong with a request, collected before anything is refused.

use std::fmt;

/// One field that was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request message, e.g. `ticket.claim_points[2].text`.
    pub field: String,
    /// What is wrong and what would be right; safe to show, never the personal value itself.
    pub description: String,
}

/// All that is wrong with one request. Parse functions push into it and go on, so that the caller
/// learns everything at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one violation.
    pub fn push(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation { field: field.into(), description: description.into() });
    }

    /// Takes the value, or notes what was wrong with it and goes on with `None`.
    pub fn check<T, E: fmt::Display>(&mut self, field: impl Into<String>, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.push(field, error.to_string());
                None
            }
        }
    }

    /// Takes over what was wrong inside the field `outer`, each under its whole path; an inner path that is
    /// empty speaks of the field itself.
    pub fn absorb(&mut self, outer: &str, inner: Self) {
        let path = |field: &str| if field.is_empty() { outer.to_owned() } else { format!("{outer}.{field}") };
        let renamed = |v: Violation| Violation { field: path(&v.field), ..v };
        self.0.extend(inner.0.into_iter().map(renamed));
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when nothing was wrong, else all of it.
    ///
    /// # Errors
    /// Itself, when it holds a violation.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// What was noted, in order.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "1 field of the request is not valid"),
            n => write!(f, "{n} fields of the request are not valid"),
        }
    }
}

impl std::error::Error for Violations {}

impl crate::Classify for Violations {
    fn kind(&self) -> crate::Kind {
        crate::Kind::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "INVALID_REQUEST"
    }

    fn violations(&self) -> &[Violation] {
        &self.0
    }
}
