//! Sectors, as far as it depends on them which law a complaint is under.

/// Slugs of the sectors of finance.
const FINANCE: [&str; 5] = ["finance", "banking", "insurance", "investment", "payment-services"];

/// Sectors that an affair may be of: those that a law the house knows names, and all others as `general`.
pub const SECTORS: [&str; 13] = [
    "general",
    "basic-services-continuous",
    "water",
    "gas",
    "power",
    "transport",
    "post",
    "ecomms",
    "finance",
    "banking",
    "insurance",
    "investment",
    "payment-services",
];

/// Whether an affair may be of this sector. Of one that no law names no term would run.
pub fn is_sector(sector: &str) -> bool {
    SECTORS.contains(&sector)
}

/// Whether complaints of this sector are under Ley 44/2002, and not under Ley 10/2025 (its art. 2.5).
pub fn is_finance(sector: &str) -> bool {
    FINANCE.contains(&sector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sector_of_finance_is_a_sector_and_a_made_up_one_is_none() {
        assert!(FINANCE.into_iter().all(is_sector));
        assert!(!["telecom", "", "General"].into_iter().any(is_sector));
    }

    #[test]
    fn banks_insurers_and_brokers_are_finance_and_a_power_company_is_not() {
        assert!(["finance", "banking", "insurance", "investment", "payment-services"].into_iter().all(is_finance));
        assert!(!["general", "energy", "", "Finance"].into_iter().any(is_finance));
    }
}
