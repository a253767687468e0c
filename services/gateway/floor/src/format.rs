//! How numbers and lengths of time are written in the two languages.

use web::Lang;

/// Writes numbers for readers of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format(pub Lang);

impl Format {
    /// A share as `97,3 %`. What is not all is never written as 100 %, and what is not nothing never as 0 %.
    pub fn percent(self, share: f64) -> String {
        let tenths = thousandths(share);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if tenth == 0 && (whole == 0 || whole == 100) {
            return format!("{whole} %");
        }
        format!("{whole}{}{tenth} %", self.0.of(",", "."))
    }

    /// A share as `97 %`, for axes.
    pub fn whole_percent(self, share: f64) -> String {
        format!("{:.0} %", if share.is_finite() { share * 100.0 } else { 0.0 })
    }

    /// A number with its thousands set apart.
    pub fn count(self, count: i64) -> String {
        let digits = count.unsigned_abs().to_string();
        let mut out = String::from(if count < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push_str(self.0.of(".", ","));
            }
            out.push(digit);
        }
        out
    }

    /// `de 1.234`.
    pub fn of(self, count: i64) -> String {
        format!("{} {}", self.0.of("de", "of"), self.count(count))
    }

    /// A number with so many decimals.
    pub fn decimal(self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", if value.is_finite() { value } else { 0.0 });
        if self.0 == Lang::Es { text.replace('.', ",") } else { text }
    }

    /// A length of time in its two largest units: `3 d 4 h`.
    pub fn span(self, seconds: f64) -> String {
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        if seconds < 10.0 && seconds.fract() >= 0.05 {
            return format!("{} s", self.decimal(seconds, 1));
        }
        let whole = seconds.round().min(1e15) as u64;
        let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
        match (days, hours, minutes, whole % 60) {
            (0, 0, 0, s) => format!("{s} s"),
            (0, 0, m, 0) => format!("{m} min"),
            (0, 0, m, s) if m < 10 => format!("{m} min {s} s"),
            (0, 0, m, _) => format!("{m} min"),
            (0, h, 0, _) => format!("{h} h"),
            (0, h, m, _) => format!("{h} h {m} min"),
            (d, 0, _, _) => format!("{d} d"),
            (d, h, _, _) if d < 30 => format!("{d} d {h} h"),
            (d, _, _, _) => format!("{d} d"),
        }
    }

    /// What stands where nothing was decided.
    pub fn nothing_decided(self) -> &'static str {
        self.0.of("todavía nada decidido", "nothing decided yet")
    }

    /// An amount in its currency's minor unit; currencies without cents are few and none of ours.
    pub fn money(self, minor_units: i64, currency: &str) -> String {
        let (whole, cents) = (minor_units / 100, minor_units.unsigned_abs() % 100);
        let sign = if minor_units < 0 && whole == 0 { "-" } else { "" };
        format!("{sign}{}{}{cents:02} {currency}", self.count(whole), self.0.of(",", "."))
    }
}

/// A share in thousandths; rounded, but not onto nothing or all.
fn thousandths(share: f64) -> u32 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let rounded = (share * 1000.0).round() as u32;
    match rounded {
        0 if share > 0.0 => 1,
        1000 if share < 1.0 => 999,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ES: Format = Format(Lang::Es);
    const EN: Format = Format(Lang::En);

    #[test]
    fn what_is_not_all_is_never_written_as_all() {
        assert_eq!(EN.percent(0.973_4), "97.3 %");
        assert_eq!(ES.percent(0.973_4), "97,3 %");
        assert_eq!(EN.percent(0.999_99), "99.9 %");
        assert_eq!(EN.percent(0.000_01), "0.1 %");
        assert_eq!((EN.percent(1.0).as_str(), EN.percent(0.0).as_str()), ("100 %", "0 %"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(ES.count(1_234_567), "1.234.567");
        assert_eq!(EN.count(-1_000), "-1,000");
        assert_eq!(EN.count(999), "999");
    }

    #[test]
    fn a_length_is_told_in_its_two_largest_units() {
        let said = |seconds: f64| EN.span(seconds);
        assert_eq!(said(0.42), "0.4 s");
        assert_eq!(said(59.0), "59 s");
        assert_eq!(said(90.0), "1 min 30 s");
        assert_eq!(said(3_600.0), "1 h");
        assert_eq!(said(100_000.0), "1 d 3 h");
        assert_eq!(said(86_400.0 * 45.0 + 7_200.0), "45 d");
        assert_eq!(said(f64::NAN), "0 s");
    }

    #[test]
    fn money_has_its_cents() {
        assert_eq!(ES.money(123_456, "EUR"), "1.234,56 EUR");
        assert_eq!(EN.money(-5, "EUR"), "-0.05 EUR");
    }
}
