//! Where a law holds.

/// The law of the Union, as rules name it.
pub const UNION: &str = "EU";

/// Member states of the European Union, by ISO 3166 code.
const MEMBER_STATES: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether a rule of the jurisdiction `law` holds in the place of ISO 3166 code `place`. A rule of several places names them with `/`
/// between; law of the Union holds in its member states; a rule of none, the house's own, holds everywhere.
pub fn holds_in(law: &str, place: &str) -> bool {
    law.is_empty() || law.split('/').any(|code| code == place || (code == UNION && MEMBER_STATES.contains(&place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_holds_where_it_was_made_and_the_unions_in_its_member_states() {
        assert!(holds_in("ES", "ES") && !holds_in("ES", "GB") && !holds_in("GB", "ES"));
        assert!(holds_in("EU", "ES") && holds_in("EU", "IE") && !holds_in("EU", "GB") && !holds_in("EU", "MX"));
        assert!(holds_in("JE/GG", "JE") && holds_in("JE/GG", "GG") && !holds_in("JE/GG", "GB"));
        assert!(holds_in("", "ES") && holds_in("", "PE") && !holds_in("ES", ""));
    }
}
