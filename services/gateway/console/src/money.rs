//! Amounts as people write them.

use ventanilla_proto::r#type::v1::Money;
use web::Lang;

/// Euros from `30`, `30,5`, `1.234,50` or `1234.50`; `Ok(None)` for nothing at all.
pub(crate) fn euros(text: &str) -> Result<Option<Money>, ()> {
    let text = text.trim().trim_end_matches('€').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, cents) = match text.rfind([',', '.']) {
        // Three digits after a mark are thousands; one or two are cents.
        Some(at) if text.len() - at - 1 <= 2 => (&text[..at], &text[at + 1..]),
        _ => (text, ""),
    };
    let whole: String = whole.chars().filter(|c| !matches!(c, '.' | ',' | ' ')).collect();
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&whole) || !(cents.is_empty() || digits(cents)) {
        return Err(());
    }
    let cents = format!("{cents:0<2}");
    let minor = whole.parse::<i64>().map_err(|_| ())? * 100 + cents.parse::<i64>().map_err(|_| ())?;
    Ok(Some(Money { currency_code: "EUR".to_owned(), minor_units: minor }))
}

/// `30,50 EUR` or `30.50 EUR`.
pub(crate) fn text(lang: Lang, money: &Money) -> String {
    let (units, cents) = (money.minor_units / 100, money.minor_units.unsigned_abs() % 100);
    format!("{units}{}{cents:02} {}", lang.of(",", "."), money.currency_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        let cents = |text: &str| euros(text).map(|money| money.map(|money| money.minor_units));
        assert_eq!(cents("30"), Ok(Some(3_000)));
        assert_eq!(cents("30,5 €"), Ok(Some(3_050)));
        assert_eq!(cents("1.234,50"), Ok(Some(123_450)));
        assert_eq!(cents("1234.50"), Ok(Some(123_450)));
        assert_eq!(cents("1.234"), Ok(Some(123_400)));
        assert_eq!(cents("  "), Ok(None));
        for bad in ["-3", "3,x", "x", ",", "1,2,3x", "€"] {
            assert!(cents(bad).is_err() || cents(bad) == Ok(None), "{bad}");
        }
    }
}
