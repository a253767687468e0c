//! The rules a case is heard under: terms, what binds, and the provision each stands in.

use jiff::Timestamp;

use crate::phrase::Worded;
use crate::term;
use crate::vocabulary::{BoundBy, DossierKind, Ground, Outcome, Party};

/// One set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regime {
    /// Its id, e.g. `es.finance`.
    pub id: &'static str,
    /// What people call it, in the plural: «the rules …».
    pub called: Worded,
    /// The closed list: every ground there is, and the provision it stands in.
    pub grounds: &'static [(Ground, &'static str)],
    /// Where the closed list stands.
    pub grounds_in: &'static str,
    /// When a complaint may come that the firm has not answered.
    pub door: Door,
    /// Provision that asks the claimant what other proceedings run.
    pub declaration_article: &'static str,
    /// Within how many days of the complete complaint it may be refused at the latest, and the provision; `None` where nothing bounds it. After
    /// that it is admitted.
    pub refusal: Option<(i64, &'static str)>,
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
    /// Provision by which the office may take longer to decide, once and for reasons; `None` where it may not.
    pub extension: Option<&'static str>,
    /// Days the office has to tell the parties its decision.
    pub notify_days: i64,
    /// Within which time the complaint must be filed.
    pub filing_window: FilingWindow,
    /// Years after the facts beyond which a complaint is barred; `None` where nothing bars it.
    pub time_bar_years: Option<i64>,
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
    /// Who is told of what the firm did not carry out; in Spanish with its preposition.
    pub reports_to: Worded,
    /// Where that stands.
    pub reports_article: &'static str,
}

/// When a complaint may come that the firm has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// At any time: it may be presented to the office in the first place.
    Open {
        /// Where that stands.
        article: &'static str,
    },
    /// Once the firm's own term to answer is over, or after so many months where it was stopped or put off.
    AfterTerm {
        /// Months after the complaint was presented to the firm, date to date: longer no claimant waits for a firm that is silent.
        at_most_months: i64,
        /// Where that stands.
        article: &'static str,
    },
    /// Once the firm has been silent for so many months.
    AfterSilence {
        /// Months after the complaint was presented to the firm, date to date.
        months: i64,
        /// Where that stands.
        article: &'static str,
    },
}

/// Within which time a complaint must be filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilingWindow {
    /// With the firm, so many years after the facts were known.
    SinceKnown {
        /// How many.
        years: i64,
    },
    /// With the office, so many years after it was presented to the firm.
    SinceFirm {
        /// How many.
        years: i64,
    },
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

/// The closed list of finance, which the office's rulebook takes over where no law has one.
const LETTERS: [(Ground, &str); 7] = [
    (Ground::EssentialDataMissing, "Ley 44/2002 art. 29 quater.3.a"),
    (Ground::OtherForum, "Ley 44/2002 art. 29 quater.3.b"),
    (Ground::NotConcreteOperations, "Ley 44/2002 art. 29 quater.3.c"),
    (Ground::Repeated, "Ley 44/2002 art. 29 quater.3.d"),
    (Ground::FilingWindowPassed, "Ley 44/2002 art. 29 quater.3.e"),
    (Ground::TimeBarred, "Ley 44/2002 art. 29 quater.3.f"),
    (Ground::ParallelProceedings, "Ley 44/2002 art. 29 quater.3, last paragraph"),
];

/// The same by the rulebook.
const BY_RULEBOOK: [(Ground, &str); 7] = [
    (Ground::EssentialDataMissing, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.a"),
    (Ground::OtherForum, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.b"),
    (Ground::NotConcreteOperations, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.c"),
    (Ground::Repeated, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.d"),
    (Ground::FilingWindowPassed, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.e"),
    (Ground::TimeBarred, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.f"),
    (Ground::ParallelProceedings, "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3, last paragraph"),
];

/// The closed list of an accredited body. What was resolved elsewhere and what is pending there are one letter of it.
const OF_ADR: [(Ground, &str); 7] = [
    (Ground::NoPriorContact, "Ley 7/2017 art. 18.1.a"),
    (Ground::ManifestlyUnfounded, "Ley 7/2017 art. 18.1.b"),
    (Ground::Vexatious, "Ley 7/2017 art. 18.1.c"),
    (Ground::OtherForum, "Ley 7/2017 art. 18.1.d"),
    (Ground::ParallelProceedings, "Ley 7/2017 art. 18.1.d"),
    (Ground::FilingWindowPassed, "Ley 7/2017 art. 18.1.e"),
    (Ground::InjuryOrCrime, "Ley 7/2017 art. 18.1"),
];

/// The regime of an accredited body.
const ADR: &str = "es.adr";

/// Why a case is not heard under the rules that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongRegime {
    /// They are for an accredited body.
    #[error("must not be {ADR}: it is for a body accredited under Ley 7/2017, and this office is told to be none")]
    NotAccredited,
    /// The sector has others.
    #[error("must be {}: the rules of the affair's sector, or left out; only the office's intake may choose others", .0.id)]
    OfAnotherSector(&'static Regime),
}

/// Every regime.
pub const REGIMES: &[Regime] = &[
    Regime {
        id: "es.finance",
        called: Worded {
            es: "las normas de las entidades financieras (Ley 44/2002)",
            en: "the rules for financial firms (Ley 44/2002)",
        },
        grounds: &LETTERS,
        grounds_in: "Ley 44/2002 art. 29 quater.3",
        door: Door::Open { article: "Ley 44/2002 art. 29 quater.1" },
        declaration_article: "Ley 44/2002 art. 29 ter",
        refusal: None,
        cure_days: 10,
        cure_article: "Ley 44/2002 art. 29 quater.2",
        allegations_days: 10,
        allegations_article: "Ley 44/2002 art. 29 quater.4",
        // The law leaves this term to the office's rulebook.
        statement_days: 10,
        statement_article: "Ley 44/2002 art. 29 quinquies.2",
        // Who cannot decide in time says why and what is done about it; the term is what it was (art. 29 septies.1).
        extension: None,
        notify_days: 10,
        // Never less than two years (Orden ECO/734/2004 art. 8.3.e).
        filing_window: FilingWindow::SinceKnown { years: 2 },
        time_bar_years: Some(5),
        no_phone: Some("Ley 44/2002 art. 29 ter"),
        answer_article: "Ley 44/2002 art. 29 septies.2",
        binding: Binding::FavourableBindsFirm { article: "Ley 44/2002 art. 29.2" },
        acceptance: None,
        // Three business days at least; ten days hold them whatever the holidays.
        reflection_days: 10,
        reflection_article: "office rulebook, time as in Ley 7/2017 art. 14.2",
        offer_days: 10,
        reports_to: Worded {
            es: "al consejo de administración de la entidad y a su supervisor",
            en: "the board of directors of the firm, and the supervisor it answers to",
        },
        reports_article: "Orden ECO/734/2004 art. 17; Ley 44/2002 art. 30",
    },
    Regime {
        id: "es.general",
        called: Worded {
            es: "las normas generales de la oficina (Ley 10/2025 y su reglamento)",
            en: "the office's general rules (Ley 10/2025 and its rulebook)",
        },
        grounds: &BY_RULEBOOK,
        grounds_in: "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3",
        // The firm has fifteen business days, and the claimant at least ten to complete what is missing (Ley 10/2025 art. 13.3, 17): two months hold both.
        door: Door::AfterTerm { at_most_months: 2, article: "office rulebook, after the term of Ley 10/2025 art. 17" },
        declaration_article: "office rulebook, as in Ley 44/2002 art. 29 ter",
        refusal: None,
        // The law asks for ten business days at least; three weeks hold them whatever the holidays.
        cure_days: 21,
        cure_article: "Ley 10/2025 art. 13.3",
        allegations_days: 10,
        allegations_article: "office rulebook, term as in Ley 44/2002 art. 29 quater.4",
        statement_days: 10,
        statement_article: "office rulebook",
        extension: None,
        notify_days: 10,
        filing_window: FilingWindow::SinceKnown { years: 2 },
        time_bar_years: Some(5),
        no_phone: None,
        answer_article: "Ley 10/2025 art. 13.1",
        binding: Binding::NotBinding { article: "Ley 10/2025 names no binding decision" },
        acceptance: Some(Acceptance { by: BoundBy::Firm, days: 10, article: "office rulebook" }),
        reflection_days: 10,
        reflection_article: "office rulebook, time as in Ley 7/2017 art. 14.2",
        offer_days: 10,
        reports_to: Worded {
            es: "al consejo de administración de la entidad",
            en: "the board of directors of the firm",
        },
        reports_article: "office rulebook",
    },
    // For an accredited body alone: a defender paid by one firm is none, and hears nothing under these rules. It charges claimants nothing.
    Regime {
        id: "es.adr",
        called: Worded {
            es: "las normas de la resolución alternativa de litigios de consumo (Ley 7/2017)",
            en: "the rules for alternative resolution of consumer disputes (Ley 7/2017)",
        },
        grounds: &OF_ADR,
        grounds_in: "Ley 7/2017 art. 18.1",
        door: Door::AfterSilence { months: 1, article: "Ley 7/2017 art. 18.1.a" },
        declaration_article: "Ley 7/2017 art. 18.1.d",
        refusal: Some((21, "Ley 7/2017 art. 18.3")),
        // The law sets no length for completing the file; its own term to refuse holds this one.
        cure_days: 10,
        cure_article: "office rulebook; the file is complete as of Ley 7/2017 art. 17.2",
        allegations_days: 10,
        allegations_article: "office rulebook",
        statement_days: 10,
        statement_article: "Ley 7/2017 art. 19; term of the office rulebook",
        extension: Some("Ley 7/2017 art. 20"),
        notify_days: 10,
        filing_window: FilingWindow::SinceFirm { years: 1 },
        time_bar_years: None,
        no_phone: None,
        answer_article: "Ley 7/2017 art. 20",
        binding: Binding::NotBinding { article: "Ley 7/2017 art. 14.2: a party is bound by what it accepts" },
        // The firm is bound beforehand; the claimant by their word, and not before there was time to think.
        acceptance: Some(Acceptance {
            by: BoundBy::Claimant,
            days: 20,
            article: "Ley 7/2017 art. 14.2; term of the office rulebook",
        }),
        reflection_days: 10,
        reflection_article: "Ley 7/2017 art. 14.2",
        offer_days: 10,
        reports_to: Worded {
            es: "a la autoridad competente que acreditó a la oficina",
            en: "the competent authority that accredited the body",
        },
        reports_article: "Ley 7/2017; office rulebook",
    },
];

impl Regime {
    /// The regime with this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        REGIMES.iter().find(|regime| regime.id == id)
    }

    /// The rules that a complaint of this sector is heard under.
    ///
    /// # Panics
    /// Never: both are shipped.
    pub fn of_sector(sector: &str) -> &'static Self {
        let id = if kernel::is_finance(sector) { "es.finance" } else { "es.general" };
        Self::find(id).unwrap_or(&REGIMES[0])
    }

    /// The rules a complaint of this sector is heard under: those that were asked for, or else its sector's. The office's intake may hold that the affair was
    /// filed under a wrong sector, and nobody else. An accredited body hears all but finance, which has a law of its own.
    ///
    /// # Errors
    /// [`WrongRegime`].
    pub fn choose(
        asked: Option<&'static Self>,
        sector: &str,
        by_intake: bool,
        accredited: bool,
    ) -> Result<&'static Self, WrongRegime> {
        let own = Self::of_sector(sector);
        match asked {
            None => Ok(own),
            Some(asked) if asked.id == ADR && !accredited => Err(WrongRegime::NotAccredited),
            Some(asked) if by_intake || asked == own => Ok(asked),
            Some(asked) if asked.id == ADR && !kernel::is_finance(sector) => Ok(asked),
            Some(_) => Err(WrongRegime::OfAnotherSector(own)),
        }
    }

    /// The provision a ground stands in; `None` where the closed list has no such ground.
    pub fn article_of(&self, ground: Ground) -> Option<&'static str> {
        self.grounds.iter().find(|(known, _)| *known == ground).map(|(_, article)| *article)
    }

    /// The provision a ground stands in, or where the closed list stands that does not have it.
    pub fn article(&self, ground: Ground) -> &'static str {
        self.article_of(ground).unwrap_or(self.grounds_in)
    }

    /// Which party answered, of a paper that is an answer to a decision: nobody's is taken but that of whose word counts. `None` of every other kind.
    pub fn answered_by(&self, kind: DossierKind) -> Option<Party> {
        let acceptance = self.acceptance.filter(|_| kind == DossierKind::DecisionAnswer)?;
        match acceptance.by {
            BoundBy::Claimant => Some(Party::Claimant),
            BoundBy::Firm => Some(Party::Firm),
            BoundBy::Law => None,
        }
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
    fn nobody_but_the_intake_chooses_other_rules_than_the_sectors_and_a_body_without_accreditation_hears_nothing_as_one()
     {
        let [finance, general, adr] = ["es.finance", "es.general", ADR].map(|id| Regime::find(id).expect("shipped"));
        for sector in ["finance", "banking", "insurance", "investment", "payment-services"] {
            assert_eq!(Regime::choose(None, sector, false, true), Ok(finance), "{sector}");
            assert_eq!(
                Regime::choose(Some(general), sector, false, true),
                Err(WrongRegime::OfAnotherSector(finance)),
                "{sector}: Ley 44/2002 is not left by naming another"
            );
            assert_eq!(
                Regime::choose(Some(adr), sector, false, true),
                Err(WrongRegime::OfAnotherSector(finance)),
                "{sector}"
            );
        }
        for sector in ["general", "energy", ""] {
            assert_eq!(Regime::choose(None, sector, false, false), Ok(general));
            assert_eq!(Regime::choose(Some(general), sector, false, false), Ok(general));
            let other = Err(WrongRegime::OfAnotherSector(general));
            assert_eq!(Regime::choose(Some(finance), sector, false, false), other);
            assert_eq!(Regime::choose(Some(adr), sector, false, true), Ok(adr));
        }
        assert_eq!(Regime::choose(Some(finance), "general", true, false), Ok(finance), "filed wrongly");
        for by_intake in [true, false] {
            assert_eq!(Regime::choose(Some(adr), "general", by_intake, false), Err(WrongRegime::NotAccredited));
        }
    }

    #[test]
    fn no_regime_has_a_filing_window_under_what_law_asks_for() {
        // Two years since it was known (Orden ECO/734/2004 art. 8.3.e); one since it was presented to the firm (Ley 7/2017 art. 18.1.e).
        assert!(REGIMES.iter().all(|regime| match regime.filing_window {
            FilingWindow::SinceKnown { years } => years >= 2,
            FilingWindow::SinceFirm { years } => years >= 1,
        }));
    }

    #[test]
    fn every_ground_of_a_regime_stands_in_its_list_once() {
        for regime in REGIMES {
            for (place, (ground, article)) in regime.grounds.iter().enumerate() {
                assert!(regime.grounds[..place].iter().all(|(other, _)| other != ground), "{} {ground}", regime.id);
                assert!(article.starts_with(regime.grounds_in), "{} {ground}", regime.id);
            }
        }
        let adr = Regime::find("es.adr").expect("shipped");
        assert_eq!(adr.article_of(Ground::TimeBarred), None);
        assert_eq!(adr.article(Ground::Vexatious), "Ley 7/2017 art. 18.1.c");
    }

    #[test]
    fn the_body_has_time_to_hear_the_claimant_before_it_may_refuse_no_more() {
        for regime in REGIMES {
            assert!(regime.refusal.is_none_or(|(days, _)| regime.allegations_days < days), "{}", regime.id);
        }
    }

    #[test]
    fn three_days_of_work_fit_into_every_time_to_think_over_the_longest_holidays() {
        // A week that begins with a weekend and holds three holidays still leaves three days of work in ten.
        assert!(REGIMES.iter().all(|regime| regime.reflection_days - 4 - 3 >= 3));
    }
}
