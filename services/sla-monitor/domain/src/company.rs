//! The company that is served: its size, by which some of the law binds it or not.

use serde::{Deserialize, Serialize};

use crate::data::DataError;

/// Workers from which a company is large.
const LARGE_WORKERS: u32 = 250;
/// Turnover above which a company is large, in whole euros a year.
const LARGE_TURNOVER_EUR: u64 = 50_000_000;
/// Balance total above which a company is large, in whole euros.
const LARGE_BALANCE_EUR: u64 = 43_000_000;

/// The figures of a company that Ley 10/2025, art. 2, asks for: its own, or those of its group where it belongs to one. A figure that
/// is not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Company {
    /// People employed.
    pub workers: Option<u32>,
    /// Turnover of the year, in whole euros.
    pub turnover_eur: Option<u64>,
    /// Total of the balance sheet, in whole euros.
    pub balance_eur: Option<u64>,
}

impl Company {
    /// Its figures as a text, which [`Company::parse`] reads back.
    ///
    /// # Errors
    /// [`DataError`] where a figure is too large to be written down.
    pub fn text(&self) -> Result<String, DataError> {
        toml::to_string(self).map_err(|error| DataError::new("the company", &error.to_string()))
    }

    /// Reads its figures.
    ///
    /// # Errors
    /// [`DataError`] says what is wrong with them.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        toml::from_str(text).map_err(|error| DataError::new("the company", error.message()))
    }

    /// Whether the law of large companies binds it: 250 workers or more, or a turnover above 50 million euros, or a balance above 43
    /// million. A figure that is not known counts as large, so that only a company known to be small is let off.
    pub const fn is_large(&self) -> bool {
        let by_workers = match self.workers {
            Some(workers) => workers >= LARGE_WORKERS,
            None => true,
        };
        let by_turnover = match self.turnover_eur {
            Some(turnover) => turnover > LARGE_TURNOVER_EUR,
            None => true,
        };
        let by_balance = match self.balance_eur {
            Some(balance) => balance > LARGE_BALANCE_EUR,
            None => true,
        };
        by_workers || by_turnover || by_balance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Company =
        Company { workers: Some(249), turnover_eur: Some(50_000_000), balance_eur: Some(43_000_000) };

    #[test]
    fn a_company_is_small_only_when_all_three_figures_are_known_and_low() {
        assert!(!SMALL.is_large());
        assert!(Company::default().is_large());
        for unknown in [
            Company { workers: None, ..SMALL },
            Company { turnover_eur: None, ..SMALL },
            Company { balance_eur: None, ..SMALL },
        ] {
            assert!(unknown.is_large(), "{unknown:?}");
        }
    }

    #[test]
    fn one_figure_over_its_bound_makes_a_company_large() {
        for large in [
            Company { workers: Some(250), ..SMALL },
            Company { turnover_eur: Some(50_000_001), ..SMALL },
            Company { balance_eur: Some(43_000_001), ..SMALL },
        ] {
            assert!(large.is_large(), "{large:?}");
        }
    }
}
