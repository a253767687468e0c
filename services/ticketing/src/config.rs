//! What ticketing can be told, beyond what every service is told.

use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;
use ticketing_domain::{NoticeTerms, Policy, PromiseGate, QuietHours};

/// Days a customer has to object, whatever is set.
const FEWEST_OBJECTION_DAYS: u16 = 10;

/// Settings of ticketing.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Its schema.
    pub database: postgres::Settings,
    /// Days a customer may object to a resolution before the ticket may be closed for it: ten at the least, as long as law gives them to complete an affair.
    #[serde(default = "objection_window_days")]
    pub objection_window_days: u16,
    /// Days after its end during which an affair may still be claimed about, and so is not erased (GDPR art. 17.3.e).
    #[serde(default = "keep_ended_days")]
    pub keep_ended_days: u16,
    /// Whether an answer that is promised too early is refused without a reason; otherwise it is noted.
    #[serde(default = "refuse_early_promises")]
    pub refuse_early_promises: bool,
    /// With how much probability an answer is to be promised, in percent, 1 to 99.
    #[serde(default = "promise_percent")]
    pub promise_percent: u8,
    /// How often a customer is tried who was promised a call or a visit, before the promise counts as kept without them.
    #[serde(default = "promise_attempts")]
    pub promise_attempts: u32,
    /// How many minutes after one try another counts; one at the least.
    #[serde(default = "promise_attempt_gap_minutes")]
    pub promise_attempt_gap_minutes: u16,
    /// How long before it is due the customer is told of a promise at risk, in minutes.
    #[serde(default = "notice_lead_minutes")]
    pub notice_lead_minutes: u32,
    /// How many hours later than what is not kept the new date is, where affairs like it do not tell a better one.
    #[serde(default = "notice_extension_hours")]
    pub notice_extension_hours: u16,
    /// In which hours of the house's time zone nobody is called or sent a text who stated no hours of their own, or cannot be asked for them,
    /// `HH:MM-HH:MM`.
    #[serde(default = "notice_quiet_hours")]
    pub notice_quiet_hours: HouseHours,
    /// What the firm is called on the documents that customers are handed.
    #[serde(default = "firm_name")]
    pub firm_name: String,
    /// What customers' proofs are derived under, 64 or 128 hex digits. Unless given it belongs to the signing key; it is given before that key is
    /// changed, since under another one no proof that was told opens anything on a telephone.
    #[serde(default)]
    pub proof_key: Option<SecretString>,
}

/// Hours in which the house disturbs nobody.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct HouseHours(QuietHours);

impl TryFrom<String> for HouseHours {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        QuietHours::of_house(&text).map(Self).ok_or("must be two times of a day, as 21:00-09:00")
    }
}

/// A consumer may bring a complaint to an arbitrator for a year (Ley 7/2017, art. 18.1.e).
fn keep_ended_days() -> u16 {
    365
}

fn refuse_early_promises() -> bool {
    true
}

fn promise_percent() -> u8 {
    80
}

fn promise_attempts() -> u32 {
    3
}

fn promise_attempt_gap_minutes() -> u16 {
    15
}

fn notice_lead_minutes() -> u32 {
    24 * 60
}

fn notice_extension_hours() -> u16 {
    24
}

/// When nobody may be called with an offer (RDLeg 1/2007, art. 96.2): the measure that is at hand of when a call disturbs.
fn notice_quiet_hours() -> HouseHours {
    HouseHours(QuietHours::of_house("21:00-09:00").expect("two times of a day"))
}

fn firm_name() -> String {
    "Ventanilla".to_owned()
}

fn objection_window_days() -> u16 {
    FEWEST_OBJECTION_DAYS
}

impl Settings {
    /// The house's own choices on this database.
    pub fn new(database: postgres::Settings) -> Self {
        Self {
            database,
            objection_window_days: objection_window_days(),
            keep_ended_days: keep_ended_days(),
            refuse_early_promises: refuse_early_promises(),
            promise_percent: promise_percent(),
            promise_attempts: promise_attempts(),
            promise_attempt_gap_minutes: promise_attempt_gap_minutes(),
            notice_lead_minutes: notice_lead_minutes(),
            notice_extension_hours: notice_extension_hours(),
            notice_quiet_hours: notice_quiet_hours(),
            firm_name: firm_name(),
            proof_key: None,
        }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            objection_window: SignedDuration::from_hours(
                24 * i64::from(self.objection_window_days.max(FEWEST_OBJECTION_DAYS)),
            ),
            promise_gate: if self.refuse_early_promises { PromiseGate::Refuse } else { PromiseGate::Flag },
            promise_percent: self.promise_percent.clamp(1, 99),
            promise_attempts: self.promise_attempts.max(1),
            promise_attempt_gap: SignedDuration::from_mins(self.promise_attempt_gap_minutes.max(1).into()),
        }
    }

    pub(crate) fn notices(&self) -> NoticeTerms {
        NoticeTerms {
            lead: SignedDuration::from_mins(self.notice_lead_minutes.into()),
            extension: SignedDuration::from_hours(self.notice_extension_hours.max(1).into()),
            quiet: self.notice_quiet_hours.0.clone(),
        }
    }

    pub(crate) fn keep_ended(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.keep_ended_days))
    }
}
