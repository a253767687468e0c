//! An error with all that caused it, for the log.

use std::error::Error;
use std::fmt::Write as _;

/// The error and its causes in one line, outermost first: `storage is not available: no connection
/// became free in time`. For the log alone; a caller is told the outermost.
pub fn chain(error: &(impl Error + ?Sized)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        // Writing to a String cannot fail.
        let _ = write!(line, ": {inner}");
        cause = inner.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the port is wrong")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn every_cause_is_said_once() {
        let error = Outer("x".parse::<u16>().unwrap_err());
        assert_eq!(chain(&error), "the port is wrong: invalid digit found in string");
    }
}
