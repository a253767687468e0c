//! Values about a person, which must not leak by being printed.

use std::fmt;

/// Wraps personal data. `Debug` and `Display` print `[personal]`; reading it takes a call that
/// stands out in a review.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks `value` as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never log or trace what comes out of this.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, by move.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// Another personal value made of this one.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Personal<U> {
        Personal(f(self.0))
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl<T> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

#[cfg(test)]
mod tests {
    use super::Personal;

    #[test]
    fn does_not_print_what_it_holds() {
        let name = Personal::new("María del Mar");
        assert_eq!(format!("{name} {name:?} {:?}", Some(&name)), "[personal] [personal] Some([personal])");
    }
}
