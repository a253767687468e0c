//! What a customer has bought and agreed, and what that says of how things stand: where in its life as a customer it is, what
//! it is worth, and what speaks of its leaving. For planning and for care; nobody waits longer for it.

use jiff::{SignedDuration, Timestamp};

/// What was dealt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DealingKind {
    /// Something was bought or billed.
    Purchase,
    /// Money went back.
    Refund,
    /// A contract began.
    ContractStart,
    /// A contract ended.
    ContractEnd,
}

impl DealingKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Purchase, Self::Refund, Self::ContractStart, Self::ContractEnd];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::ContractStart => "contract_start",
            Self::ContractEnd => "contract_end",
        }
    }

    /// The kind with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether money went with it.
    pub const fn has_amount(self) -> bool {
        matches!(self, Self::Purchase | Self::Refund)
    }
}

/// One dealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dealing {
    /// What.
    pub kind: DealingKind,
    /// When.
    pub at: Timestamp,
}

/// What is summed over all dealings, however many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Purchases of the last [`YEAR`].
    pub purchases: i64,
    /// What was bought less what went back in the last [`YEAR`], in minor units of the house's currency.
    pub spent: i64,
    /// Contracts that began, less those that ended.
    pub contracts: i64,
    /// The first purchase or beginning of a contract.
    pub first_at: Option<Timestamp>,
}

/// What else is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trouble {
    /// A complaint is not over.
    pub complaint: bool,
    /// A term or a promise was missed in an affair that is not over.
    pub missed_term: bool,
}

/// From how much spent in a year a customer counts as what, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    /// At least so much is high.
    pub high: i64,
    /// At least so much is middle, less is low.
    pub middle: i64,
}

/// What a customer spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueBand {
    /// Least.
    Low,
    /// Between.
    Middle,
    /// Most.
    High,
}

/// Where in its life as a customer somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Nothing was bought or agreed yet.
    Prospect,
    /// Buys, or is under contract.
    Active,
    /// The same, and something speaks of leaving.
    AtRisk,
    /// Has left.
    Churned,
    /// Had left, and came back within a [`YEAR`].
    WonBack,
}

/// What speaks of a customer's leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChurnSignal {
    /// The next purchase is late: twice the usual time has passed.
    PurchaseLate,
    /// The last contract ended a short time ago.
    ContractEnded,
    /// A complaint is not over.
    Complaint,
    /// A term or a promise was missed.
    MissedTerm,
}

/// How things stand with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// Where in its life as a customer.
    pub lifecycle: Lifecycle,
    /// What it spends; `None` when nothing was bought within a [`YEAR`].
    pub band: Option<ValueBand>,
    /// The usual time between two purchases; `None` for fewer than three.
    pub rhythm: Option<SignedDuration>,
    /// The last purchase that is known.
    pub last_purchase_at: Option<Timestamp>,
    /// What speaks of leaving, in the order of [`ChurnSignal`]; empty for who has left or never came.
    pub signals: Vec<ChurnSignal>,
}

/// A year of 365 days.
pub const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How long after its last contract somebody may still be kept.
const PARTING: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The least time between two purchases that are two.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How many gaps between purchases the usual one is taken from.
const GAPS: usize = 12;

impl Worth {
    /// How things stand at `now`. `dealings` are the last ones that are known, in any order; what lies after `now` does not
    /// count.
    pub fn of(dealings: &[Dealing], sums: Sums, trouble: Trouble, bands: Bands, now: Timestamp) -> Self {
        let mut dealings: Vec<Dealing> = dealings.iter().filter(|dealing| dealing.at <= now).copied().collect();
        dealings.sort_by_key(|dealing| (dealing.at, dealing.kind as u8));
        let of = |kind| dealings.iter().filter(move |dealing| dealing.kind == kind).map(|dealing| dealing.at);
        let purchases: Vec<Timestamp> = of(DealingKind::Purchase).collect();
        let rhythm = rhythm(&purchases);
        let last_purchase_at = purchases.last().copied();
        let last_end = of(DealingKind::ContractEnd).next_back();
        let running = sums.contracts > 0;
        let since = |at: Timestamp| now.duration_since(at);

        let band = match sums {
            Sums { purchases: ..=0, .. } => None,
            Sums { spent, .. } if spent >= bands.high => Some(ValueBand::High),
            Sums { spent, .. } if spent >= bands.middle => Some(ValueBand::Middle),
            Sums { .. } => Some(ValueBand::Low),
        };
        let late = rhythm.zip(last_purchase_at).is_some_and(|(rhythm, last)| since(last) > twice(rhythm));
        let buys = last_purchase_at.is_some_and(|last| since(last) <= patience(rhythm));
        let parting = !running && last_end.is_some_and(|end| since(end) <= PARTING && Some(end) > last_purchase_at);
        let here = running || buys || parting;
        let came =
            running || last_purchase_at.is_some() || dealings.iter().any(|d| !matches!(d.kind, DealingKind::Refund));
        let mut signals = Vec::new();
        if here {
            let all = [
                (ChurnSignal::PurchaseLate, late),
                (ChurnSignal::ContractEnded, parting),
                (ChurnSignal::Complaint, trouble.complaint),
                (ChurnSignal::MissedTerm, trouble.missed_term),
            ];
            signals.extend(all.into_iter().filter(|(_, speaks)| *speaks).map(|(signal, _)| signal));
        }
        let lifecycle = match (came, here, signals.is_empty()) {
            (false, ..) => Lifecycle::Prospect,
            (true, false, _) => Lifecycle::Churned,
            (true, true, false) => Lifecycle::AtRisk,
            (true, true, true) if came_back(&dealings, now) => Lifecycle::WonBack,
            (true, true, true) => Lifecycle::Active,
        };
        Self { lifecycle, band, rhythm, last_purchase_at, signals }
    }

    /// The same of whom nobody is to evaluate: what was bought and agreed, and no judgement of it.
    #[must_use]
    pub fn unprofiled(self) -> Self {
        let lifecycle = match self.lifecycle {
            Lifecycle::AtRisk => Lifecycle::Active,
            lifecycle => lifecycle,
        };
        Self { lifecycle, band: None, signals: Vec::new(), ..self }
    }
}

/// The median of the last gaps of a day or more: what is bought together is bought once.
fn rhythm(purchases: &[Timestamp]) -> Option<SignedDuration> {
    let gaps = purchases.windows(2).map(|two| two[1].duration_since(two[0]));
    let mut gaps: Vec<SignedDuration> = gaps.filter(|gap| *gap >= DAY).rev().take(GAPS).collect();
    gaps.sort();
    (gaps.len() >= 2).then(|| gaps[gaps.len() / 2])
}

fn twice(span: SignedDuration) -> SignedDuration {
    span.checked_mul(2).unwrap_or(SignedDuration::MAX)
}

/// How long somebody who buys may be silent before they count as gone: four times the usual, and never less than a year.
fn patience(rhythm: Option<SignedDuration>) -> SignedDuration {
    rhythm.map_or(YEAR, |rhythm| twice(twice(rhythm)).max(YEAR))
}

/// Whether a silence as long as that of somebody who is gone ended within a year.
fn came_back(dealings: &[Dealing], now: Timestamp) -> bool {
    let alive: Vec<&Dealing> = dealings.iter().filter(|dealing| dealing.kind != DealingKind::Refund).collect();
    alive.windows(2).any(|two| {
        let silence = two[1].at.duration_since(two[0].at);
        let gone = match two[0].kind {
            DealingKind::ContractEnd => silence > PARTING,
            // Under a contract nobody need buy.
            DealingKind::ContractStart => false,
            DealingKind::Purchase | DealingKind::Refund => silence > YEAR,
        };
        gone && two[1].kind != DealingKind::ContractEnd && now.duration_since(two[1].at) <= YEAR
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BANDS: Bands = Bands { high: 100_000, middle: 20_000 };

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn bought(days: &[i64]) -> Vec<Dealing> {
        days.iter().map(|at| Dealing { kind: DealingKind::Purchase, at: day(*at) }).collect()
    }

    fn contract(from: i64, until: Option<i64>) -> Vec<Dealing> {
        let end = until.map(|at| Dealing { kind: DealingKind::ContractEnd, at: day(at) });
        [Dealing { kind: DealingKind::ContractStart, at: day(from) }].into_iter().chain(end).collect()
    }

    /// As the service sums.
    fn sums(dealings: &[Dealing], now: Timestamp) -> Sums {
        let count = |kind, since: Timestamp| {
            let of = dealings.iter().filter(|d| d.kind == kind && d.at > since && d.at <= now).count();
            i64::try_from(of).unwrap()
        };
        let purchases = count(DealingKind::Purchase, now - YEAR);
        let begun = count(DealingKind::ContractStart, Timestamp::MIN);
        Sums {
            purchases,
            spent: purchases * 5_000,
            contracts: begun - count(DealingKind::ContractEnd, Timestamp::MIN),
            first_at: None,
        }
    }

    fn at(dealings: &[Dealing], now: i64, trouble: Trouble) -> (Lifecycle, Vec<ChurnSignal>) {
        let worth = Worth::of(dealings, sums(dealings, day(now)), trouble, BANDS, day(now));
        (worth.lifecycle, worth.signals)
    }

    #[test]
    fn who_buys_goes_from_prospect_to_active_to_late_to_gone_and_may_come_back() {
        let calm = Trouble::default();
        let buys = bought(&[0, 30, 60, 90]);
        assert_eq!(at(&[], 100, calm), (Lifecycle::Prospect, vec![]));
        assert_eq!(at(&buys, 149, calm), (Lifecycle::Active, vec![]));
        assert_eq!(at(&buys, 151, calm), (Lifecycle::AtRisk, vec![ChurnSignal::PurchaseLate]));
        assert_eq!(at(&buys, 90 + 366, calm), (Lifecycle::Churned, vec![]));
        let back = bought(&[0, 30, 60, 90, 500]);
        assert_eq!(at(&back, 501, calm), (Lifecycle::WonBack, vec![]));
        let long_back = bought(&[0, 30, 60, 90, 500, 530, 560, 590, 620, 650, 680, 710, 740, 770, 800, 830, 860, 890]);
        assert_eq!(at(&long_back, 900, calm), (Lifecycle::Active, vec![]), "after a year it is a customer like others");
    }

    #[test]
    fn what_is_bought_together_is_bought_once() {
        let together = bought(&[100, 100, 100, 100]);
        assert_eq!(at(&together, 101, Trouble::default()), (Lifecycle::Active, vec![]));
    }

    #[test]
    fn under_contract_nobody_need_buy_and_after_it_there_is_a_parting() {
        let calm = Trouble::default();
        assert_eq!(at(&contract(0, None), 2_000, calm), (Lifecycle::Active, vec![]));
        let over = contract(0, Some(400));
        assert_eq!(at(&over, 450, calm), (Lifecycle::AtRisk, vec![ChurnSignal::ContractEnded]));
        assert_eq!(at(&over, 491, calm), (Lifecycle::Churned, vec![]));
        let again = [over, contract(600, None)].concat();
        assert_eq!(at(&again, 700, calm), (Lifecycle::WonBack, vec![]));
        let soon = [contract(0, Some(400)), contract(420, None)].concat();
        assert_eq!(at(&soon, 430, calm), (Lifecycle::Active, vec![]), "a renewal is no return");
    }

    #[test]
    fn trouble_speaks_of_leaving_for_who_is_here_and_for_nobody_else() {
        let trouble = Trouble { complaint: true, missed_term: true };
        let both = vec![ChurnSignal::Complaint, ChurnSignal::MissedTerm];
        assert_eq!(at(&contract(0, None), 10, trouble), (Lifecycle::AtRisk, both));
        assert_eq!(at(&[], 10, trouble), (Lifecycle::Prospect, vec![]));
        assert_eq!(at(&contract(0, Some(10)), 500, trouble), (Lifecycle::Churned, vec![]));
    }

    #[test]
    fn the_band_is_that_of_what_was_spent_within_a_year() {
        let band = |purchases: i64, spent| {
            let sums = Sums { purchases, spent, contracts: 0, first_at: None };
            Worth::of(&bought(&[0]), sums, Trouble::default(), BANDS, day(1)).band
        };
        assert_eq!(band(0, 0), None);
        assert_eq!(band(1, -500), Some(ValueBand::Low), "more went back than came");
        assert_eq!([19_999, 20_000, 99_999, 100_000].map(|spent| band(2, spent).unwrap()), {
            use ValueBand::{High, Low, Middle};
            [Low, Middle, Middle, High]
        });
    }

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        assert!(DealingKind::ALL.into_iter().all(|kind| DealingKind::stored(kind.as_str()) == Some(kind)));
        assert_eq!(DealingKind::stored("gift"), None);
    }

    fn any_dealings() -> impl Strategy<Value = Vec<Dealing>> {
        let dealing =
            (0..4_usize, 0..2_000_i64).prop_map(|(kind, at)| Dealing { kind: DealingKind::ALL[kind], at: day(at) });
        prop::collection::vec(dealing, 0..40)
    }

    proptest! {
        #[test]
        fn who_has_just_bought_is_here_and_order_and_future_do_not_matter(
            dealings in any_dealings(), now in 0..2_000_i64, complaint: bool,
        ) {
            let trouble = Trouble { complaint, missed_term: false };
            let worth = |all: &[Dealing]| Worth::of(all, sums(all, day(now)), trouble, BANDS, day(now));
            let told = worth(&dealings);
            let reversed: Vec<Dealing> = dealings.iter().rev().copied().collect();
            prop_assert_eq!(&worth(&reversed), &told);
            let past: Vec<Dealing> = dealings.iter().filter(|d| d.at <= day(now)).copied().collect();
            prop_assert_eq!(&worth(&past), &told);
            prop_assert_eq!(told.lifecycle == Lifecycle::AtRisk, !told.signals.is_empty());

            let just = [dealings, bought(&[now])].concat();
            let told = worth(&just).lifecycle;
            prop_assert!(!matches!(told, Lifecycle::Churned | Lifecycle::Prospect));
        }
    }
}
