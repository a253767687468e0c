//! Numbers, days and hours in words, for a voice.

use jiff::civil::{Date, Weekday};
use jiff::{ToSpan as _, Zoned};

use crate::say::Lang;

const ES: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const ES_TENS: [&str; 10] =
    ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const EN: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const EN_TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const EN_ORDINALS: [&str; 32] = [
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
];
const ES_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const EN_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number from 0 to 99 in words; above, "more than ninety-nine".
pub(crate) fn number(n: u32, lang: Lang) -> String {
    let at = |i: u32| usize::try_from(i).unwrap_or_default();
    match lang {
        Lang::Es if n < 30 => ES[at(n)].to_owned(),
        Lang::Es if n < 100 && n.is_multiple_of(10) => ES_TENS[at(n / 10)].to_owned(),
        Lang::Es if n < 100 => format!("{} y {}", ES_TENS[at(n / 10)], ES[at(n % 10)]),
        Lang::Es => "más de noventa y nueve".to_owned(),
        Lang::En if n < 20 => EN[at(n)].to_owned(),
        Lang::En if n < 100 && n.is_multiple_of(10) => EN_TENS[at(n / 10)].to_owned(),
        Lang::En if n < 100 => format!("{}-{}", EN_TENS[at(n / 10)], EN[at(n % 10)]),
        Lang::En => "more than ninety-nine".to_owned(),
    }
}

/// A day as people say it: today, tomorrow, or by its name and date.
pub(crate) fn day(date: Date, today: Date, lang: Lang) -> String {
    if date == today {
        return match lang {
            Lang::Es => "hoy",
            Lang::En => "today",
        }
        .to_owned();
    }
    if today.checked_add(1.day()).is_ok_and(|tomorrow| tomorrow == date) {
        return match lang {
            Lang::Es => "mañana",
            Lang::En => "tomorrow",
        }
        .to_owned();
    }
    let month = usize::try_from(date.month() - 1).unwrap_or_default();
    let of_month = u32::try_from(date.day()).unwrap_or_default();
    match lang {
        Lang::Es => format!("el {}, {} de {}", weekday(date, lang), number(of_month, lang), ES_MONTHS[month]),
        Lang::En => {
            let ordinal = EN_ORDINALS[usize::try_from(of_month).unwrap_or_default()];
            format!("on {}, the {ordinal} of {}", weekday(date, lang), EN_MONTHS[month])
        }
    }
}

fn weekday(date: Date, lang: Lang) -> &'static str {
    let (es, en) = match date.weekday() {
        Weekday::Monday => ("lunes", "Monday"),
        Weekday::Tuesday => ("martes", "Tuesday"),
        Weekday::Wednesday => ("miércoles", "Wednesday"),
        Weekday::Thursday => ("jueves", "Thursday"),
        Weekday::Friday => ("viernes", "Friday"),
        Weekday::Saturday => ("sábado", "Saturday"),
        Weekday::Sunday => ("domingo", "Sunday"),
    };
    match lang {
        Lang::Es => es,
        Lang::En => en,
    }
}

/// An hour of the day as people say it.
pub(crate) fn hour(at: &Zoned, lang: Lang) -> String {
    let hour = u32::try_from(at.hour()).unwrap_or_default();
    let minute = u32::try_from(at.minute()).unwrap_or_default();
    let spoken = match hour % 12 {
        0 => 12,
        other => other,
    };
    match lang {
        Lang::Es => {
            let name = if spoken == 1 { "la una".to_owned() } else { format!("las {}", number(spoken, lang)) };
            let minutes = match minute {
                0 => String::new(),
                15 => " y cuarto".to_owned(),
                30 => " y media".to_owned(),
                other => format!(" y {}", number(other, lang)),
            };
            let part = match hour {
                0..6 => "de la madrugada",
                6..12 => "de la mañana",
                12..14 => "del mediodía",
                14..21 => "de la tarde",
                _ => "de la noche",
            };
            format!("{name}{minutes} {part}")
        }
        Lang::En => {
            let minutes = match minute {
                0 => String::new(),
                other @ 1..10 => format!(" oh {}", number(other, lang)),
                other => format!(" {}", number(other, lang)),
            };
            let part = match hour {
                0..12 => "in the morning",
                12..18 => "in the afternoon",
                _ => "in the evening",
            };
            format!("{}{minutes} {part}", number(spoken, lang))
        }
    }
}

/// A code read out character by character, with a pause after each.
pub(crate) fn spelled(code: &str, lang: Lang) -> String {
    let characters = code.chars().filter(char::is_ascii_alphanumeric);
    let words: Vec<String> = characters.map(|c| character(c.to_ascii_uppercase(), lang)).collect();
    words.join(", ")
}

fn character(c: char, lang: Lang) -> String {
    if let Some(digit) = c.to_digit(10) {
        return number(digit, lang);
    }
    if lang == Lang::En {
        return c.to_string();
    }
    let name = match c {
        'A' => "a",
        'B' => "be de Barcelona",
        'C' => "ce",
        'D' => "de",
        'E' => "e",
        'F' => "efe",
        'G' => "ge",
        'H' => "hache",
        'J' => "jota",
        'K' => "ka",
        'M' => "eme",
        'N' => "ene",
        'P' => "pe",
        'Q' => "cu",
        'R' => "erre",
        'S' => "ese",
        'T' => "te",
        'V' => "uve de Valencia",
        'W' => "uve doble",
        'X' => "equis",
        'Y' => "i griega",
        'Z' => "zeta",
        _ => "",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn numbers_are_said_in_both_languages() {
        for (n, es, en) in [
            (0, "cero", "zero"),
            (1, "uno", "one"),
            (16, "dieciséis", "sixteen"),
            (21, "veintiuno", "twenty-one"),
            (30, "treinta", "thirty"),
            (45, "cuarenta y cinco", "forty-five"),
            (100, "más de noventa y nueve", "more than ninety-nine"),
        ] {
            assert_eq!((number(n, Lang::Es).as_str(), number(n, Lang::En).as_str()), (es, en));
        }
    }

    #[test]
    fn days_are_said_as_people_say_them() {
        let today = date(2026, 11, 25);
        assert_eq!(day(today, today, Lang::Es), "hoy");
        assert_eq!(day(date(2026, 11, 26), today, Lang::En), "tomorrow");
        assert_eq!(day(date(2026, 11, 27), today, Lang::Es), "el viernes, veintisiete de noviembre");
        assert_eq!(day(date(2026, 11, 27), today, Lang::En), "on Friday, the twenty-seventh of November");
        assert_eq!(day(date(2027, 1, 31), today, Lang::En), "on Sunday, the thirty-first of January");
    }

    #[test]
    fn hours_are_said_as_people_say_them() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let at = |h, m| date(2026, 11, 25).at(h, m, 0, 0).to_zoned(zone.clone()).unwrap();
        assert_eq!(hour(&at(13, 0), Lang::Es), "la una del mediodía");
        assert_eq!(hour(&at(9, 30), Lang::Es), "las nueve y media de la mañana");
        assert_eq!(hour(&at(17, 5), Lang::En), "five oh five in the afternoon");
        assert_eq!(hour(&at(0, 15), Lang::Es), "las doce y cuarto de la madrugada");
    }

    #[test]
    fn a_key_is_spelled_so_that_no_letter_is_taken_for_another() {
        assert_eq!(spelled("7K3V-B", Lang::Es), "siete, ka, tres, uve de Valencia, be de Barcelona");
        assert_eq!(spelled("7K3V", Lang::En), "seven, K, three, V");
    }
}
