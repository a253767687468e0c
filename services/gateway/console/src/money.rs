//! Amounts as people write them.

use ventanilla_proto::r#type::v1::Money;
use web::Lang;

/// Euros from `30`, `30,5`, `1.234,50` or `1234.50`; `Ok(None)` for nothing at all. Marks that stand
/// elsewhere than before thousands or cents are refused.
pub(crate) fn euros(text: &str) -> Result<Option<Money>, ()> {
    let text = text.trim().trim_end_matches('€').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, cents) = match text.rfind([',', '.']) {
        // Three digits after a mark are thousands; one or two are cents.
        Some(at) if (1..=2).contains(&(text.len() - at - 1)) => (&text[..at], &text[at + 1..]),
        _ => (text, ""),
    };
    let whole = ungrouped(whole, text[whole.len()..].chars().next()).ok_or(())?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&whole) || !(cents.is_empty() || digits(cents)) {
        return Err(());
    }
    let cents = format!("{cents:0<2}");
    let minor = whole.parse::<i64>().map_err(|_| ())? * 100 + cents.parse::<i64>().map_err(|_| ())?;
    Ok(Some(Money { currency_code: "EUR".to_owned(), minor_units: minor }))
}

/// The same without the one mark that parts it in threes, which is not the mark before the cents.
fn ungrouped(whole: &str, before_cents: Option<char>) -> Option<String> {
    let Some(mark) = whole.chars().find(|letter| !letter.is_ascii_digit()) else { return Some(whole.to_owned()) };
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or_default();
    let proper = (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3);
    (matches!(mark, '.' | ',' | ' ') && Some(mark) != before_cents && proper).then(|| whole.replace(mark, ""))
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
        assert_eq!(cents("1.234,56"), Ok(Some(123_456)));
        assert_eq!(cents("1,234.56"), Ok(Some(123_456)));
        assert_eq!(cents("1 234,5"), Ok(Some(123_450)));
        assert_eq!(cents("1234,5"), Ok(Some(123_450)));
        assert_eq!(cents("1234"), Ok(Some(123_400)));
        assert_eq!(cents("1.234"), Ok(Some(123_400)));
        assert_eq!(cents("1.234.567"), Ok(Some(123_456_700)));
        assert_eq!(cents("  "), Ok(None));
        for bad in ["-3", "3,x", "x", ",", "1,2,3x", "€"] {
            assert!(cents(bad).is_err() || cents(bad) == Ok(None), "{bad}");
        }
    }

    #[test]
    fn an_amount_that_may_be_mistyped_is_refused() {
        let mistyped =
            "12,5000|1234,5678|1,23,4|1,234,5|1234.567|1.234.56|1.234 567|0.500|12.|.5|1..234|1.23a|3,é|é.234";
        for bad in mistyped.split('|') {
            assert_eq!(euros(bad), Err(()), "{bad}");
        }
    }
}
