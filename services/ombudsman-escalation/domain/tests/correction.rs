//! A correction changes no number of what grants an amount.

use ombudsman_escalation_domain::correction::changes_a_number;
use proptest::prelude::*;

const REMEDY: &str = "the firm refunds 41.50 EUR of the second charge within 10 days";

#[test]
fn a_number_that_becomes_another_is_a_change_however_it_is_written() {
    for (stood, stands) in [
        ("41", "410"),
        ("41.50 EUR", "4.150 EUR"),
        ("41.50", "41,50"),
        ("41.50 EUR", "EUR"),
        ("the firm", "the 2 firms"),
        ("10 days", "15 days"),
        ("10 days", "١٥ days"),
        ("41.50 EUR of the second charge within 10", "10 EUR of the second charge within 41.50"),
        (" EUR", "0 EUR"),
    ] {
        assert!(changes_a_number(REMEDY, stood, stands), "{stood} -> {stands}");
    }
}

#[test]
fn words_around_a_number_are_no_change_of_it() {
    for (stood, stands) in
        [("second", "first"), ("41.50 EUR", "41.50 euros"), ("10 days", "10, at most, days"), ("nothing", "3")]
    {
        assert!(!changes_a_number(REMEDY, stood, stands), "{stood} -> {stands}");
    }
}

proptest! {
    /// Held against the digits alone: whoever keeps the numbers keeps the digits in their order.
    #[test]
    fn what_keeps_the_numbers_keeps_every_digit(before in "[a-z ]{0,6}", number in 0_u32..5_000, after in "[a-z ,.]{0,6}", stands in "[a-z0-9., ]{0,8}") {
        let text = format!("{before} {number} {after}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let stood = number.to_string();
        prop_assert!(changes_a_number(&text, &stood, &stands) || digits(&text) == digits(&text.replacen(&stood, &stands, 1)));
    }
}
