//! How easily texts read, held against the dictionary's division of words, sums made by hand, and an oracle written another way:
//! `readability.py`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use kernel::Language;
use proptest::prelude::*;
use ventanilla_ticketing_domain::{Readability, ReadabilityGrade, readability};

/// Spanish words divided by hand as the *Ortografía* (2010) divides them; a hyphen is a border between syllables.
const WORDS: &[&str] = &[
    // Two open vowels part.
    "a-é-re-o",
    "te-a-tro",
    "po-e-ta",
    "le-er",
    "cre-er",
    "le-éis",
    "po-se-er",
    "zo-o",
    "zo-ó-lo-go",
    "co-or-di-nar",
    "o-es-te",
    "hé-ro-e",
    "ca-os",
    "lí-ne-a",
    "a-ho-ra",
    "re-al",
    "pa-se-ar",
    "tra-e",
    "ve-ra-ne-áis",
    "ho-me-o-pa-tí-a",
    // A closed vowel joins an open one.
    "ai-re",
    "au-to",
    "pei-ne",
    "boi-na",
    "Eu-ro-pa",
    "es-ta-dou-ni-den-se",
    "clien-te",
    "pie",
    "fac-tu-ra-ción",
    "a-gua",
    "cua-tro",
    "bue-no",
    "an-ti-guo",
    "a-diós",
    "des-pués",
    "náu-ti-co",
    "bon-sái",
    "guion",
    "cruel",
    "crio-llo",
    "mur-cié-la-go",
    "re-cla-ma-ción",
    "se-rie",
    // Two different closed ones join, accent or none; two of the same part.
    "ciu-dad",
    "triun-fo",
    "cui-da-do",
    "rui-do",
    "huir",
    "jui-cio",
    "viu-da",
    "vein-tiún",
    "ca-suís-ti-ca",
    "je-sui-ta",
    "in-ter-viú",
    "a-cuí-fe-ro",
    "chi-i-ta",
    "du-un-vi-ro",
    "ti-í-to",
    "an-ti-hi-gié-ni-co",
    // A stressed closed vowel parts from an open one.
    "pa-ís",
    "ma-íz",
    "ba-úl",
    "dí-a",
    "rí-o",
    "com-pa-ñí-a",
    "re-ír",
    "o-ír",
    "re-ú-ne",
    "tran-se-ún-te",
    "gra-dú-a",
    "con-ti-nú-a",
    "ge-o-gra-fí-a",
    "huí-a-mos",
    "tí-os",
    "sa-lí-ais",
    "o-í-ais",
    "ca-í-as",
    // Three vowels that are one syllable, and three that are not.
    "lim-piáis",
    "des-pre-ciéis",
    "a-ve-ri-guáis",
    "a-ve-ri-güéis",
    "miau",
    "guau",
    "buey",
    "se-miau-to-má-ti-co",
    "hioi-des",
    "pa-ra-noi-a",
    // `h` is nothing.
    "prohi-bir",
    "ahu-mar",
    "de-sahu-cio",
    "rehu-sar",
    "ahi-ja-do",
    "bú-ho",
    "a-hí",
    "ve-hí-cu-lo",
    "pro-hí-be",
    "co-he-te",
    "al-co-hol",
    "al-mo-ha-da",
    "za-na-ho-ria",
    "al-ba-ha-ca",
    "ca-ca-hue-te",
    "al-de-hue-la",
    "va-hí-do",
    "hue-vo",
    "des-hie-lo",
    "mu-cha-cho",
    "truhan",
    // `u` that is not heard, and `ü` that is.
    "que",
    "quien",
    "a-quí",
    "que-ja",
    "quie-to",
    "quios-co",
    "gue-rra",
    "gui-ta-rra",
    "guí-a",
    "se-guí-a",
    "con-si-guió",
    "che-que",
    "pin-güi-no",
    "ver-güen-za",
    "ci-güe-ña",
    "lin-güís-ti-ca",
    "pa-ra-güe-ro",
    "ar-güir",
    "guar-dia",
    "len-gua",
    // `y` is a vowel at the end and before a consonant.
    "y",
    "hoy",
    "muy",
    "rey",
    "re-yes",
    "ley",
    "yo",
    "ya-te",
    "ma-yo",
    "con-voy",
    "Pa-ra-guay",
    "U-ru-guay",
    "Y-ri-go-yen",
    "Ay-llón",
    "a-yu-da",
    "cons-tru-yen-do",
    "ahu-yen-tar",
    // And what most words are.
    "mes",
    "im-por-te",
    "con-tra-to",
    "trans-por-te",
    "res-pues-ta",
    "de-par-ta-men-to",
    "ins-truc-cio-nes",
    "te-lé-fo-no",
    "fac-tu-ra",
    "ex-pe-dien-te",
    "ins-cri-bir",
    "al-re-de-dor",
    "plan-ta",
    "o-bli-ga-ción",
    "ex-tra-or-di-na-rio",
];

fn spanish(text: &str) -> Readability {
    readability(text, Language::Es).unwrap_or_else(|| panic!("no word in {text:?}"))
}

fn english(text: &str) -> Readability {
    readability(text, Language::En).unwrap_or_else(|| panic!("no word in {text:?}"))
}

/// Words, sentences, syllables.
fn counts(text: Readability) -> (u32, u32, u32) {
    (text.words, text.sentences, text.syllables)
}

#[test]
fn spanish_words_have_the_syllables_the_dictionary_gives_them() {
    assert_eq!(WORDS.iter().collect::<HashSet<_>>().len(), WORDS.len());
    for divided in WORDS {
        let (word, expected) = (divided.replace('-', ""), u32::try_from(divided.split('-').count()).unwrap());
        assert_eq!(counts(spanish(&word)), (1, 1, expected), "{divided}");
        assert_eq!(spanish(&word.to_uppercase()).syllables, expected, "{divided} in capitals");
    }
}

#[test]
fn accents_written_apart_are_the_same_letters() {
    for (apart, together) in [
        ("pai\u{301}s", "país"),
        ("pingu\u{308}ino", "pingüino"),
        ("nin\u{303}o", "niño"),
        ("RAI\u{301}Z", "raíz"),
        ("vi\u{300}a", "vìa"),
    ] {
        assert_eq!(spanish(apart), spanish(together), "{together}");
    }
}

#[test]
fn english_words_have_the_syllables_they_are_said_with() {
    let said = [
        (1, "called the bill price charged asked whole eyes street through don't which please month changed"),
        (
            2,
            "table tables wanted office people client statement safely being paying didn't refund royal account receive movement hundred",
        ),
        (2, "installed settled prices agreed every usage"),
        (
            3,
            "offices area previous serious medium usual customer customers agreement beautiful employee requirement yesterday",
        ),
        (4, "immediate experience information material situation continuous"),
        (5, "immediately individual electricity"),
    ];
    for (syllables, words) in said {
        for word in words.split(' ') {
            assert_eq!(english(word).syllables, syllables, "{word}");
        }
    }
}

#[test]
fn a_figure_is_a_word_of_one_syllable() {
    for figure in ["7", "1918", "1.234,50", "1,234.50", "12:30", "22/11/2026", "1.º", "3ª", "4G", "B12"] {
        assert_eq!(counts(spanish(figure)), (1, 1, 1), "{figure}");
    }
    assert_eq!(counts(spanish("Le abonamos 1.234,50 € (IVA del 21 % aparte).")), (7, 1, 13));
}

#[test]
fn what_is_written_together_is_one_word() {
    assert_eq!(counts(spanish("teórico-práctico")), (1, 1, 7));
    assert_eq!(counts(spanish("COVID-19")), (1, 1, 3));
    assert_eq!(counts(spanish("10-15")), (1, 1, 2));
    assert_eq!(counts(english("We couldn’t re-open it.")), (4, 1, 7));
    assert_eq!(counts(spanish("y/o")), (2, 1, 2));
    assert_eq!(counts(spanish("S.A.")), (2, 1, 2));
}

#[test]
fn sentences_end_where_they_do() {
    let cases = [
        (1, "Según el art. 13 de la ley, el núm. 5 no aplica."),
        (1, "La Sra. García y el Sr. D. Juan Pérez firman en la c. Mayor."),
        (1, "Son 1.234,50 euros al mes."),
        (1, "Lo vemos, p. ej. a las 9 a. m. del lunes."),
        (2, "Traiga el DNI, la factura, etc. Después le llamamos."),
        (1, "Traiga el DNI, la factura, etc. y venga."),
        (1, "Pensábamos... que no era posible… pero lo es"),
        (2, "Lo sentimos... Ya está resuelto."),
        (3, "¿Qué ha pasado? ¡Nada! Todo sigue igual."),
        (2, "¿Cuándo?¿Cómo?"),
        (2, "¿Seguro?! Sí."),
        (1, "—¿Viene? —preguntó el técnico."),
        (2, "Dijo: «Mañana voy.» No vino."),
        (1, "Escriba a ayuda@ejemplo.es o entre en www.ejemplo.es/ayuda ahora."),
        (1, "La EE. UU. no; la UE tampoco: nadie."),
        (1, "Una línea que el correo\nparte en dos."),
        (2, "Estimada clienta:\nHemos revisado su factura."),
        (2, "Sin punto al final\n\ny otro párrafo"),
        (4, "Necesitamos:\n- su nombre\n- su contrato;\n• una firma"),
        (3, "Pasos:\n1. Abra la tapa.\n2) cierre la tapa"),
        (3, "Pasos:\r\na) abra\r\nb) cierre"),
        (3, "1.- abra la tapa\n2.- ciérrela\n3.- espere"),
    ];
    for (sentences, text) in cases {
        assert_eq!(spanish(text).sentences, sentences, "{text}");
    }
    assert_eq!(english("Mr. Smith of St. Mary's paid approx. 5 euros, e.g. on Monday. Dr. Who did not.").sentences, 2);
    assert_eq!(counts(spanish("1. Abra.\n2. Cierre.")), (2, 2, 4), "the marks of a list are no words");
}

/// Sums by hand: 206.835 - 62.3 syllables/words - words/sentences, and 206.835 - 1.015 words/sentences - 84.6 syllables/words.
#[test]
fn whole_texts_have_the_score_that_comes_out_by_hand() {
    let close = |text: Readability, counts_by_hand, score: f64, grade| {
        assert_eq!(counts(text), counts_by_hand);
        assert!((text.score - score).abs() < 1e-9, "{} is not {score}", text.score);
        assert_eq!(text.grade, grade);
    };
    // He-mos re-vi-sa-do su fac-tu-ra. | El im-por-te e-ra co-rrec-to: 2+4+1+3, 1+3+2+3; 206.835 - 62.3 * 19/8 - 8/2.
    close(
        spanish("Hemos revisado su factura. El importe era correcto."),
        (8, 2, 19),
        54.8725,
        ReadabilityGrade::SomewhatHard,
    );
    // ¿Quie-re sa-ber por qué? | Se lo de-ci-mos hoy: 2+2+1+1, 1+1+3+1; 206.835 - 62.3 * 12/8 - 8/2.
    close(spanish("¿Quiere saber por qué? Se lo decimos hoy."), (8, 2, 12), 109.385, ReadabilityGrade::VeryEasy);
    // La de-ses-ti-ma-ción de la re-cla-ma-ción in-ter-pues-ta o-be-de-ce a la in-a-pli-ca-bi-li-dad de la nor-ma-ti-va:
    // 1+5+1+1+4+4+4+1+1+7+1+1+4 = 35 of 13 words; 206.835 - 62.3 * 35/13 - 13.
    close(
        spanish("La desestimación de la reclamación interpuesta obedece a la inaplicabilidad de la normativa."),
        (13, 1, 35),
        26.104_230_769_230_77,
        ReadabilityGrade::VeryHard,
    );
    close(spanish("Sí."), (1, 1, 1), 143.535, ReadabilityGrade::VeryEasy);
    // The cat sat on the mat. | It was a sun-ny day: 11 words, 12 syllables; 206.835 - 1.015 * 11/2 - 84.6 * 12/11.
    close(
        english("The cat sat on the mat. It was a sunny day."),
        (11, 2, 12),
        108.961_590_909_090_91,
        ReadabilityGrade::VeryEasy,
    );
    // We have cor-rec-ted the bill and will re-fund the a-mount you paid with-in five days: 1+1+3+1+1+1+1+2+1+2+1+1+2+1+1 = 20 of 15;
    // 206.835 - 1.015 * 15 - 84.6 * 20/15.
    close(
        english("We have corrected the bill and will refund the amount you paid within five days."),
        (15, 1, 20),
        78.81,
        ReadabilityGrade::QuiteEasy,
    );
    close(english("Yes."), (1, 1, 1), 121.22, ReadabilityGrade::VeryEasy);
}

#[test]
fn what_has_no_formula_or_no_word_has_no_score() {
    for language in Language::ALL {
        let known = matches!(language, Language::Es | Language::En);
        assert_eq!(readability("Hola.", *language).is_some(), known, "{language}");
        for empty in ["", " \n\n ", "...", "¿?", "€ % ª º", "- \n* "] {
            assert_eq!(readability(empty, *language), None, "{empty:?}");
        }
    }
}

#[test]
fn no_text_is_too_long() {
    for (part, words) in
        [("a", 1), ("y", 1), ("1-", 1), ("1.", 1), ("a'", 1), (". ", 0), ("(", 0), ("\n", 0), ("a.\n- ", 10_000)]
    {
        for language in [Language::Es, Language::En] {
            let counted = readability(&part.repeat(10_000), language).map_or(0, |text| text.words);
            assert_eq!(counted, words, "{part:?}");
        }
    }
}

/// SplitMix64: the same cases at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Texts of words of the table, of letters in any order, and of whatever makes the end of a sentence hard to see.
fn texts(chance: &mut Chance) -> Vec<String> {
    const LETTERS: &[&str] =
        &["a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú", "ü", "y", "h", "q", "g", "c", "n", "s"];
    const HARD: &[&str] = &[
        "art.",
        "Sr.",
        "núm.",
        "etc.",
        "p. ej.",
        "D.",
        "1.234,50",
        "12:30",
        "2.",
        "B12",
        "3ª",
        "n.º",
        "22/11/2026",
        "15",
        "teórico-práctico",
        "€",
        "%",
        "(véase)",
        "«sí»",
        "—",
        "ayuda@ejemplo.es",
        "EE. UU.",
    ];
    const JOINTS: &[&str] = &[
        " ", " ", " ", " ", " ", ", ", "; ", ": ", ". ", ". ", "... ", "… ", "? ", "! ", "?! ", "?¿", ".» ", ".) ",
        " ¿", " (", ") ", "\n", ".\n", "\n\n", "\n- ", "\n• ", "\n1. ", "\n12) ", "\nb) ", "\n3.- ", ".", " - ",
        ".\r\n", "\r\n\r\n",
    ];
    let mut texts: Vec<String> = WORDS.iter().map(|word| word.replace('-', "")).collect();
    texts.extend((0..2_000).map(|_| (0..=chance.below(9)).map(|_| chance.of(LETTERS)).collect()));
    texts.extend((0..1_000).map(|_| {
        let mut text = String::new();
        for _ in 0..=chance.below(40) {
            let word = chance.of(WORDS).replace('-', "");
            match chance.below(8) {
                0 => text.push_str(chance.of(HARD)),
                1 => text.push_str(&word.to_uppercase()),
                2 | 3 => {
                    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
                    write!(text, "{}{rest}", first.to_uppercase()).unwrap();
                }
                _ => text.push_str(&word),
            }
            text.push_str(chance.of(JOINTS));
        }
        text
    }));
    texts
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let texts = texts(&mut Chance(20_261_129));
    // One text a line; nothing here has a backslash of its own.
    let input: String = texts.iter().map(|text| text.replace('\n', "\\n").replace('\r', "\\r") + "\n").collect();
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readability.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), texts.len());
    for (text, answer) in texts.iter().zip(answers.lines()) {
        let ours = readability(text, Language::Es).map_or("-".to_owned(), |r| {
            format!("{} {} {} {:.9} {:?}", r.words, r.sentences, r.syllables, r.score, r.grade)
        });
        assert_eq!(ours, answer, "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_has_a_finite_score_and_counts_in_order(text in "(\\PC|[ .\n¿?'’:-]){0,120}") {
        for language in [Language::Es, Language::En] {
            if let Some(read) = readability(&text, language) {
                prop_assert!(read.score.is_finite());
                prop_assert!(read.sentences >= 1 && read.sentences <= read.words && read.words <= read.syllables);
                let most = if language == Language::Es { 143.535 } else { 121.22 };
                prop_assert!(read.score <= most + 1e-9);
            }
        }
    }

    #[test]
    fn paragraphs_add_up(a in "(\\PC|[ .\n¿?:-]){0,60}", b in "(\\PC|[ .\n¿?:-]){0,60}") {
        for language in [Language::Es, Language::En] {
            let of = |text: &str| readability(text, language).map_or((0, 0, 0), counts);
            let ((w, s, y), (v, t, z)) = (of(&a), of(&b));
            prop_assert_eq!(of(&format!("{a}\n\n{b}")), (w + v, s + t, y + z));
        }
    }

    #[test]
    fn a_sentence_more_is_never_harder(picks in prop::collection::vec(0..WORDS.len(), 2..40), at in any::<prop::sample::Index>()) {
        let words: Vec<String> = picks.iter().map(|pick| WORDS[*pick].replace('-', "").to_uppercase()).collect();
        let cut = 1 + at.index(words.len() - 1);
        let (whole, cut) = (words.join(" "), format!("{}. {}", words[..cut].join(" "), words[cut..].join(" ")));
        for language in [Language::Es, Language::En] {
            let (one, two) = (readability(&whole, language).unwrap(), readability(&cut, language).unwrap());
            prop_assert!(two.score >= one.score, "{} is harder than {}", cut, whole);
            prop_assert!(two.grade >= one.grade);
            prop_assert_eq!((one.words, one.syllables), (two.words, two.syllables));
        }
    }

    #[test]
    fn a_longer_word_is_never_easier(pick in 0..WORDS.len()) {
        let word = WORDS[pick].replace('-', "");
        let longer = format!("{word}mente");
        prop_assert!(spanish(&longer).score < spanish(&word).score);
    }
}
