//! How the house answers its telephone.

use serde::Deserialize;

/// Settings of the telephone's endpoints. What is left out is as it is by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Longest an answer takes, in milliseconds; the rest of a second belongs to the line.
    pub limit_ms: u64,
    /// Department that calls go to when nothing says which.
    pub department: String,
    /// Country whose numbering plan a number without international prefix belongs to.
    pub region: String,
    /// Zone that customers' days are counted in.
    pub zone: String,
    /// Hour from which customers are called back, Monday to Friday.
    pub open_hour: i8,
    /// Hour until which they are.
    pub close_hour: i8,
    /// Hours within which a call back is promised.
    pub window_hours: i8,
    /// How often one call may try a key with a proof, and one number, and everybody one key, within an hour.
    pub tries: u32,
    /// Where customers follow their affair, as a text message tells it; empty for nowhere.
    pub tracking_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limit_ms: 800,
            department: "customer-service".to_owned(),
            region: "ES".to_owned(),
            zone: "Europe/Madrid".to_owned(),
            open_hour: 9,
            close_hour: 21,
            window_hours: 2,
            tries: 5,
            tracking_url: String::new(),
        }
    }
}
