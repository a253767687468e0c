//! Sectors, as far as it depends on them which law a complaint is under.

/// Slugs of the sectors of finance.
const FINANCE: [&str; 5] = ["finance", "banking", "insurance", "investment", "payment-services"];

/// Whether complaints of this sector are under Ley 44/2002, and not under Ley 10/2025 (its art. 2.5).
pub fn is_finance(sector: &str) -> bool {
    FINANCE.contains(&sector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banks_insurers_and_brokers_are_finance_and_a_power_company_is_not() {
        assert!(["finance", "banking", "insurance", "investment", "payment-services"].into_iter().all(is_finance));
        assert!(!["general", "energy", "", "Finance"].into_iter().any(is_finance));
    }
}
