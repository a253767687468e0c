//! The rules a case is heard under: terms, what binds, and the provision each stands in.

use jiff::Timestamp;

use crate::term;
use crate::vocabulary::{BoundBy, Ground, Outcome};

/// One set of rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Regime {
    /// Its id, e.g. `es.finance`.
    pub id: &'static str,
    /// Where the closed list of grounds stands.
    pub grounds_in: &'static str,
    /// Days the claimant has to complete the complaint.
    pub cure_days: i64,
    /// Provision of that term.
    pub cure_article: &'static str,
    /// Days the claimant has to answer a proposed refusal.
    pub allegations_days: i64,
    /// Provision of that term.
    pub allegations_article: &'static str,
    /// Days the firm has to state its position.
    pub statement_days: i64,
    /// Provision of that term.
    pub statement_article: &'static str,
    /// Days the office has to tell the parties its decision.
    pub notify_days: i64,
    /// Years after the facts were known within which the complaint must be filed.
    pub filing_window_years: i64,
    /// Years after the facts beyond which a complaint is barred.
    pub time_bar_years: i64,
    /// Provision that keeps complaints by telephone out; `None` where they are admitted.
    pub no_phone: Option<&'static str>,
    /// Provision that asks for a complete, reasoned, point-by-point answer.
    pub answer_article: &'static str,
    /// What a decision does to the firm.
    pub binding: Binding,
    /// Whose word makes a favourable decision bind where the law alone does not; `None` where nobody's does.
    pub acceptance: Option<Acceptance>,
    /// Days the claimant has at least to think an offer over.
    pub reflection_days: i64,
    /// Provision of that time.
    pub reflection_article: &'static str,
    /// Days an offer stands after that.
    pub offer_days: i64,
    /// Who is told of what the firm did not carry out.
    pub reports_to: &'static str,
    /// Where that stands.
    pub reports_article: &'static str,
}

/// A party whose word makes a favourable decision bind the firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptance {
    /// Which.
    pub by: BoundBy,
    /// Days after the notification within which it must be given.
    pub days: i64,
    /// Where that stands.
    pub article: &'static str,
}

impl Acceptance {
    /// When the time for it is over.
    pub fn due(&self, notified_at: Timestamp) -> Timestamp {
        term::end_after_days(notified_at, self.days)
    }
}

/// What a decision does to the firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// A decision in the claimant's favour binds the firm.
    FavourableBindsFirm {
        /// Where that stands.
        article: &'static str,
    },
    /// Nothing binds the firm but its own word.
    NotBinding {
        /// Where that stands.
        article: &'static str,
    },
}

/// Every regime.
pub const REGIMES: &[Regime] = &[
    Regime {
        id: "es.finance",
        grounds_in: "Ley 44/2002 art. 29 quater.3",
        cure_days: 10,
        cure_article: "Ley 44/2002 art. 29 quater.2",
        allegations_days: 10,
        allegations_article: "Ley 44/2002 art. 29 quater.4",
        // The law leaves this term to the office's rulebook.
        statement_days: 10,
        statement_article: "Ley 44/2002 art. 29 quinquies.2",
        notify_days: 10,
        // Never less than two years (Orden ECO/734/2004 art. 8.3.e).
        filing_window_years: 2,
        time_bar_years: 5,
        no_phone: Some("Ley 44/2002 art. 29 ter"),
        answer_article: "Ley 44/2002 art. 29 septies.2",
        binding: Binding::FavourableBindsFirm { article: "Ley 44/2002 art. 29.2" },
        acceptance: None,
        // Three business days at least; ten days hold them whatever the holidays.
        reflection_days: 10,
        reflection_article: "office rulebook, time as in Ley 7/2017 art. 14.2",
        offer_days: 10,
        reports_to: "the board of directors of the firm, and the supervisor it answers to",
        reports_article: "Orden ECO/734/2004 art. 17; Ley 44/2002 art. 30",
    },
    Regime {
        id: "es.general",
        grounds_in: "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3",
        // The law asks for ten business days at least; three weeks hold them whatever the holidays.
        cure_days: 21,
        cure_article: "Ley 10/2025 art. 13.3",
        allegations_days: 10,
        allegations_article: "office rulebook, term as in Ley 44/2002 art. 29 quater.4",
        statement_days: 10,
        statement_article: "office rulebook",
        notify_days: 10,
        filing_window_years: 2,
        time_bar_years: 5,
        no_phone: None,
        answer_article: "Ley 10/2025 art. 13.1",
        binding: Binding::NotBinding { article: "Ley 10/2025 names no binding decision" },
        acceptance: Some(Acceptance { by: BoundBy::Firm, days: 10, article: "office rulebook" }),
        reflection_days: 10,
        reflection_article: "office rulebook, time as in Ley 7/2017 art. 14.2",
        offer_days: 10,
        reports_to: "the board of directors of the firm",
        reports_article: "office rulebook",
    },
];

impl Regime {
    /// The regime with this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        REGIMES.iter().find(|regime| regime.id == id)
    }

    /// The provision a ground stands in.
    pub fn article(&self, ground: Ground) -> String {
        let letter = match ground {
            Ground::EssentialDataMissing => ".a",
            Ground::OtherForum => ".b",
            Ground::NotConcreteOperations => ".c",
            Ground::Repeated => ".d",
            Ground::FilingWindowPassed => ".e",
            Ground::TimeBarred => ".f",
            Ground::ParallelProceedings => ", last paragraph",
        };
        format!("{}{letter}", self.grounds_in)
    }

    /// Where it stands what a decision does.
    pub const fn binding_article(&self) -> &'static str {
        match self.binding {
            Binding::FavourableBindsFirm { article } | Binding::NotBinding { article } => article,
        }
    }

    /// Whether a decision with this outcome binds the firm, and where that stands.
    pub fn binds(&self, outcome: Outcome) -> (bool, &'static str) {
        match self.binding {
            // What is upheld in part is favourable in that part.
            Binding::FavourableBindsFirm { article } => (outcome != Outcome::NotUpheld, article),
            Binding::NotBinding { article } => (false, article),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_finance_a_favourable_decision_binds_the_firm_and_another_does_not() {
        let finance = Regime::find("es.finance").expect("shipped");
        assert_eq!(finance.binds(Outcome::Upheld), (true, "Ley 44/2002 art. 29.2"));
        assert!(finance.binds(Outcome::PartlyUpheld).0);
        assert!(!finance.binds(Outcome::NotUpheld).0);
        assert!(!Regime::find("es.general").expect("shipped").binds(Outcome::Upheld).0);
    }

    #[test]
    fn no_regime_has_a_filing_window_under_two_years() {
        assert!(REGIMES.iter().all(|regime| regime.filing_window_years >= 2));
    }

    #[test]
    fn three_days_of_work_fit_into_every_time_to_think_over_the_longest_holidays() {
        // A week that begins with a weekend and holds three holidays still leaves three days of work in ten.
        assert!(REGIMES.iter().all(|regime| regime.reflection_days - 4 - 3 >= 3));
    }
}
