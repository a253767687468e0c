//! Documents as an independent reader finds them: `read.py` knows nothing of how they were made.

mod reader;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reader::{parts, read, text};
use ventanilla_paper::{Attached, Block, Paper, PaperError, pdf};

const NOTE: &str = "Characters shown as □ are complete in the attached file.";
const MARGIN: f64 = 64.0;
const PAGE: (f64, f64) = (595.276, 841.89);

fn paper<'a>(blocks: Vec<Block<'a>>) -> Paper<'a> {
    Paper {
        title: "Justificante <2026> & copia",
        language: "es",
        issued: "2026-11-29T16:41:07Z".parse().expect("a timestamp"),
        issuer: "Compañía del Ebro, S. A.",
        blocks,
        footer: "Reclamación R-1",
        attached: Vec::new(),
        unprintable: NOTE,
    }
}

fn attached<'a>(name: &'a str, media_type: &'a str, bytes: &'a [u8]) -> Attached<'a> {
    Attached { name, media_type, description: "lo firmado", bytes }
}

fn rendered(blocks: Vec<Block<'_>>) -> Vec<u8> {
    pdf(&paper(blocks)).expect("text never fails")
}

#[test]
fn the_same_paper_gives_the_same_bytes() {
    let make = || {
        let blocks =
            vec![Block::Heading("Uno"), Block::Field { label: "Número", value: "R-1 Жалоба" }, Block::Verbatim("ab")];
        let attached = vec![attached("b.json", "application/json", b"{}"), attached("a.txt", "text/plain", b"a")];
        pdf(&Paper { attached, ..paper(blocks) }).expect("a document")
    };
    let elsewhere = std::thread::scope(|scope| scope.spawn(make).join().expect("no panic"));
    assert_eq!(make(), elsewhere);
}

#[test]
fn it_claims_to_be_an_archive_and_accessible_and_says_what_it_is() {
    let file = &read(&[rendered(vec![Block::Heading("Qué ocurrió"), Block::Paragraph("Nada.")])])[0];
    assert_eq!(file["archive"], "3A");
    assert_eq!(file["accessible"], "1");
    assert_eq!(file["language"], "es");
    assert_eq!(file["title"], "Justificante <2026> & copia");
    assert_eq!(file["info"]["Author"], "Compañía del Ebro, S. A.");
    assert_eq!(file["info"]["CreationDate"], "D:20261129164107Z");
    assert_eq!(file["outline"], serde_json::json!(["Justificante <2026> & copia", "Qué ocurrió"]));
}

#[test]
fn an_attached_file_comes_back_byte_for_byte() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let attached = vec![
        attached("reclamación.bin", "application/octet-stream", &every_byte),
        attached("vacío.txt", "text/plain", b""),
    ];
    let file = &read(&[pdf(&Paper { attached, ..paper(Vec::new()) }).expect("a document")])[0];
    let found = &file["attached"]["reclamación.bin"];
    let hex: String = every_byte.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found["hex"], hex);
    assert_eq!(found["media_type"], "application/octet-stream");
    assert_eq!(found["description"], "lo firmado");
    assert_eq!(found["associated"], true);
    assert_eq!(file["attached"]["vacío.txt"]["hex"], "");
}

#[test]
fn every_line_can_be_read_back_in_order_with_its_meaning() {
    let blocks = vec![
        Block::Heading("Qué ocurrió"),
        Block::Field { label: "Ciudad", value: "Αθήνα, Київ, Łódź" },
        Block::Field { label: "Importe", value: "1.234,56 €\nfinal" },
        Block::Paragraph("Una línea.\n\tOtra, ﬁnal.  Dos espacios."),
        Block::Verbatim("sha256  9f86d081"),
    ];
    let file = &read(&[rendered(blocks)])[0];
    let expected = [
        ("P", "Compañía del Ebro, S. A."),
        ("H1", "Justificante <2026> & copia"),
        ("H2", "Qué ocurrió"),
        ("Lbl", "Ciudad"),
        ("LBody", "Αθήνα, Київ, Łódź"),
        ("Lbl", "Importe"),
        ("LBody", "1.234,56 €final"),
        ("P", "Una línea. Otra, ﬁnal.  Dos espacios."),
        ("Code", "sha256  9f86d081"),
    ];
    assert_eq!(parts(file), expected.map(|(tag, text)| (tag.to_owned(), text.to_owned())));
}

#[test]
fn a_hundred_thousand_characters_span_pages_and_nothing_is_lost_or_outside_the_margins() {
    let words = (0_usize..).map(|at| format!("{}{at} ", "palabra".repeat(at * at % 7)));
    let long: String = words.take(8000).collect::<String>().chars().take(100_000).collect();
    assert_eq!(long.chars().count(), 100_000);
    let file = &read(&[rendered(vec![Block::Paragraph(&long)])])[0];
    assert_eq!(text(file, "P")[1], long);

    let pages = file["pages"].as_array().expect("pages");
    assert!(pages.len() > 20);
    for (at, page) in pages.iter().enumerate() {
        let lines = page.as_array().expect("lines");
        for line in lines.iter().filter(|line| !line["text"].as_str().expect("text").trim().is_empty()) {
            let at = |edge: &str| line[edge].as_f64().expect("a number");
            assert!(at("left") >= MARGIN - 0.1 && at("right") <= PAGE.0 - MARGIN + 0.1, "{line}");
            assert!(at("top") >= 30.0 && at("bottom") <= PAGE.1 - 30.0, "{line}");
        }
        let has = |text: &str| lines.iter().any(|line| line["mcid"].is_null() && line["text"] == text);
        assert!(has("Reclamación R-1") && has(&format!("{} / {}", at + 1, pages.len())));
    }
}

#[test]
fn what_is_too_long_for_its_place_is_still_printed_whole() {
    let long = "Anticonstitucionalmente".repeat(60);
    let blocks = vec![
        Block::Heading(&long),
        Block::Field { label: &long, value: &long },
        Block::Field { label: "Corto", value: &long },
        Block::Verbatim(&long),
    ];
    let whole = Paper { title: &long, issuer: &long, footer: &long, ..paper(blocks) };
    let file = &read(&[pdf(&whole).expect("a document")])[0];
    assert!(parts(file).iter().all(|(_, text)| *text == long || text == "Corto"), "{:?}", parts(file));
    assert_eq!(parts(file).len(), 9, "the issuer, the title, six of the blocks, and the footer in full");
}

#[test]
fn a_character_without_a_glyph_is_shown_as_a_box_and_said_so_once() {
    let file = &read(&[rendered(vec![
        Block::Field { label: "Nombre", value: "李小龍 Núñez" },
        Block::Paragraph("A\u{F6C5}B \u{FFFF}"),
    ])])[0];
    assert_eq!(text(file, "LBody"), ["□□□ Núñez"]);
    assert_eq!(text(file, "P")[1..], ["A□B □".to_owned(), NOTE.to_owned()]);

    let complete = &read(&[rendered(vec![Block::Paragraph("□ Núñez")])])[0];
    assert_eq!(text(complete, "P")[1..], ["□ Núñez"]);
}

#[test]
fn what_cannot_be_seen_cannot_deceive() {
    let file = &read(&[rendered(vec![Block::Paragraph("pa\u{202E}gar\u{7}\u{0}\u{FEFF} 100\u{AD} €\u{E0041}")])])[0];
    assert_eq!(text(file, "P")[1..], ["pagar 100 €"]);
}

#[test]
fn a_line_from_right_to_left_is_drawn_whole_from_the_right_margin() {
    let arabic = "تم تسجيل الشكوى ABC ١٢٣";
    let file = &read(&[rendered(vec![Block::Paragraph(arabic)])])[0];
    let sorted = |text: &str| {
        let mut chars: Vec<char> = text.chars().collect();
        chars.sort_unstable();
        chars
    };
    assert_eq!(sorted(&text(file, "P")[1]), sorted(arabic));
    let line = file["pages"][0]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["text"].as_str().is_some_and(|text| text.contains("ABC")));
    let right = line.expect("the line")["right"].as_f64().expect("a number");
    assert!((right - (PAGE.0 - MARGIN)).abs() < 1.0, "{right}");
}

#[test]
fn what_no_conforming_document_can_hold_is_refused() {
    let of = |language, attached| pdf(&Paper { language, attached, ..paper(Vec::new()) }).expect_err("no document");
    for tag in ["", "e", "español", "es_ES", "es-", "es-ES\n"] {
        assert_eq!(of(tag, Vec::new()), PaperError::Language(tag.to_owned()));
    }
    assert_eq!(of("es", vec![attached("a", "text", b"")]), PaperError::MediaType("a".to_owned()));
    assert_eq!(of("es", vec![attached(" ", "text/plain", b"")]), PaperError::Label(" ".to_owned()));
    assert_eq!(of("es", vec![attached("a", "text/plain", b""); 2]), PaperError::SameName("a".to_owned()));
}

/// Every kind of character in every place, with more of those that have broken such writers before.
fn any_text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        4 => any::<char>(),
        4 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('\u{590}', '\u{8FF}'),
        2 => proptest::char::range('\u{300}', '\u{36F}'),
        2 => proptest::sample::select(vec!['\n', '\r', '\t', ' ', '\u{200B}', '\u{200D}', '\u{2029}', '\u{FB03}', '\u{FFFE}', '□']),
    ];
    proptest::collection::vec(char, 0..80).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_text_anywhere_becomes_a_document(texts in proptest::collection::vec(any_text(), 7)) {
        let [title, issuer, footer, one, two, three, unprintable] = texts.iter().map(String::as_str).collect::<Vec<_>>().try_into().expect("seven");
        let blocks = vec![
            Block::Field { label: one, value: two },
            Block::Verbatim(one),
            Block::Field { label: two, value: three },
            Block::Paragraph(three),
            Block::Heading(one),
        ];
        let bytes = pdf(&Paper { title, issuer, footer, unprintable, ..paper(blocks) });
        prop_assert!(bytes.is_ok_and(|bytes| bytes.starts_with(b"%PDF-1.7")));
    }
}

#[test]
fn any_text_of_left_to_right_scripts_is_read_back_to_the_letter() {
    let char = prop_oneof![
        8 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('\u{A1}', '\u{AC}'),
        4 => proptest::char::range('\u{C0}', '\u{17F}'),
        2 => proptest::char::range('\u{410}', '\u{44F}'),
        1 => proptest::char::range('\u{4E00}', '\u{4F00}'),
        2 => proptest::sample::select(vec![' ', '\t', '\n']),
    ];
    let texts = proptest::collection::vec(proptest::collection::vec(char, 1..900), 12);
    let mut runner = TestRunner::deterministic();
    let texts = texts.new_tree(&mut runner).expect("texts").current();
    let texts: Vec<String> = texts.into_iter().map(|chars| chars.into_iter().collect()).collect();
    let files = read(&texts.iter().map(|text| rendered(vec![Block::Paragraph(text)])).collect::<Vec<_>>());
    for (wrote, file) in texts.iter().zip(&files) {
        let shown = |char| match char {
            '\u{4E00}'..='\u{4F00}' => Some('□'),
            '\t' => Some(' '),
            '\n' => None,
            _ => Some(char),
        };
        let expected: String = wrote.chars().filter_map(shown).collect();
        assert_eq!(text(file, "P")[1], expected);
    }
}
