//! What this service is told at start.

use std::collections::BTreeMap;
use std::path::PathBuf;

use customer_profile_domain::matching::{EXPECTED_RECORDS, Rules, WrittenRules};
use customer_profile_domain::{ActionReason, Attribute, Bands, Slug, SourceOrder, Survivorship};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::rules::Kept;

/// Settings of customer-profile.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Its schema.
    pub database: postgres::Settings,
    /// How it tells who is who.
    #[serde(default)]
    pub identity: IdentitySettings,
    /// From how much spent in a year a customer counts as what.
    #[serde(default)]
    pub worth: WorthSettings,
    /// What contacts may cost a customer.
    #[serde(default)]
    pub effort: EffortSettings,
    /// What may be given for what went wrong.
    #[serde(default)]
    pub goodwill: GoodwillSettings,
}

/// What may be given for what went wrong, in minor units of the house's currency; 0 for nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoodwillSettings {
    /// For a term or a promise that was missed.
    pub missed_term: u32,
    /// For contacts that cost too much of the customer's time.
    pub effort: u32,
    /// At most, for all together.
    pub most: u32,
}

impl Default for GoodwillSettings {
    /// A gesture.
    fn default() -> Self {
        Self { missed_term: 1_000, effort: 1_500, most: 2_000 }
    }
}

impl GoodwillSettings {
    /// What these reasons come to.
    pub(crate) fn amount(&self, reasons: &[ActionReason]) -> i64 {
        let worth = |reason: &ActionReason| match reason {
            ActionReason::MissedTerm => i64::from(self.missed_term),
            ActionReason::Effort => i64::from(self.effort),
            ActionReason::Complaint
            | ActionReason::Unhappy
            | ActionReason::NothingOpen
            | ActionReason::Leaving
            | ActionReason::Dissatisfied => 0,
        };
        reasons.iter().map(worth).sum::<i64>().min(i64::from(self.most))
    }
}

/// What contacts may cost a customer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EffortSettings {
    /// Minutes waited and spent within 90 days at which a supervisor takes over; 0 for no cap.
    pub cap_minutes: u32,
}

impl Default for EffortSettings {
    /// An hour of somebody's life.
    fn default() -> Self {
        Self { cap_minutes: 60 }
    }
}

impl EffortSettings {
    pub(crate) fn cap(&self) -> Option<SignedDuration> {
        (self.cap_minutes > 0).then(|| SignedDuration::from_mins(i64::from(self.cap_minutes)))
    }
}

/// From how much spent in a year a customer counts as what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorthSettings {
    /// ISO 4217 code of the house's currency; amounts in others are not summed.
    pub currency: String,
    /// At least so much is high, in minor units.
    pub high: i64,
    /// At least so much is middle, less is low, in minor units.
    pub middle: i64,
}

impl Default for WorthSettings {
    /// A household's telephone and energy.
    fn default() -> Self {
        Self { currency: "EUR".to_owned(), high: 100_000, middle: 20_000 }
    }
}

impl WorthSettings {
    pub(crate) const fn bands(&self) -> Bands {
        Bands { high: self.high, middle: self.middle }
    }
}

/// How it tells who is who.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// Source systems to believe first, among values observed at the same instant.
    #[serde(default)]
    pub source_order: Vec<String>,
    /// Source systems to believe before all others, by attribute: `name`, `birth_date`, `address`, `language`.
    #[serde(default)]
    pub authority: BTreeMap<String, Vec<String>>,
    /// How many records there will be, all departments together; scores are graded for so many.
    #[serde(default = "records_expected")]
    pub expected_records: u64,
    /// Weights that `estimate-matching` wrote; the house's own when absent. Once a service has started they come into force by
    /// a review (`ReapplyRules`), as does another number of records.
    #[serde(default)]
    pub rules_file: Option<PathBuf>,
}

const fn records_expected() -> u64 {
    EXPECTED_RECORDS
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            source_order: Vec::new(),
            authority: BTreeMap::new(),
            expected_records: records_expected(),
            rules_file: None,
        }
    }
}

impl Settings {
    /// The house's own choices on this database.
    pub fn new(database: postgres::Settings) -> Self {
        Self {
            database,
            identity: IdentitySettings::default(),
            worth: WorthSettings::default(),
            effort: EffortSettings::default(),
            goodwill: GoodwillSettings::default(),
        }
    }
}

impl IdentitySettings {
    /// How scores are weighed and graded, as it is kept and as it is used.
    ///
    /// # Errors
    /// What is wrong with the file of weights.
    pub(crate) fn rules(&self) -> Result<(Kept, Rules), String> {
        let written = match &self.rules_file {
            None => WrittenRules::from(&Rules::standard()),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
                let written: WrittenRules =
                    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
                written.of_file()
            }
        };
        let rules = written.read().map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let file = self.rules_file.as_deref().map(|file| format!("{}: ", file.display()));
            format!("{}{}", file.unwrap_or_default(), faults.join("; "))
        })?;
        let expected_records = self.expected_records;
        Ok((Kept { written, expected_records }, rules.among(expected_records)))
    }

    /// Which values to believe. A name that no system can have is left out, since no record will ever carry it.
    pub(crate) fn survivorship(&self) -> Survivorship {
        let order =
            |names: &[String]| SourceOrder::new(names.iter().filter_map(|name| name.parse::<Slug>().ok()).collect());
        let authorities = Attribute::ALL.into_iter().filter_map(|a| Some((a, self.authority.get(a.as_str())?)));
        authorities.fold(Survivorship::by_order(order(&self.source_order)), |survivorship, (attribute, names)| {
            survivorship.with_authority(attribute, order(names))
        })
    }
}
