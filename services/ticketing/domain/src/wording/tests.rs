//! Whatever a customer reads is in their language, and says in each what it says in Spanish.

use std::collections::BTreeSet;

use kernel::{ResourceId as _, Uuid};

use super::*;
use crate::{
    Assignment, Characteristics, CustomerId, Draft, EverFiled, Filing, Opened, Receipt, Severity, Ticket, TicketId,
    TrackingKey,
};

const ALL: [Language; 5] = [Language::Es, Language::En, Language::Ca, Language::Gl, Language::Eu];

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn opened(language: Language) -> Opened {
    let draft = Draft {
        customer: CustomerId::from_uuid(Uuid::from_u128(7)),
        filing: Filing {
            ticket_type: TicketType::Reclamacion,
            severity: Severity::High,
            sector: "general".parse().unwrap(),
            topic: None,
        },
        subject: "S".parse().unwrap(),
        channel: kernel::Channel::Phone,
        assignment: Assignment { department: "billing".parse().unwrap(), owner: None },
        language,
        points: Vec::new(),
        first_received: Some(at("2026-11-20T09:00:00Z")),
        interaction: None,
        follow_up_of: None,
        served_first: false,
        characteristics: Characteristics::default(),
        ever: EverFiled::default(),
    };
    let id = TicketId::from_uuid(Uuid::from_u128(1));
    Ticket::open(draft, id, TrackingKey::from_entropy([5; 12]), None, at("2026-11-22T09:00:00Z"))
}

/// All that is said in a language of one affair, with what each must hold.
fn said(language: Language) -> Vec<(String, Vec<String>)> {
    let opened = opened(language);
    let facts = opened.ticket.facts();
    let key = facts.tracking_key.to_string();
    let (asked, due) = (at("2026-11-22T09:30:00Z"), at("2026-12-02T11:15:00Z"));
    let day = |at| spell(at, language, "%H:%M");
    let of_law = |general: &str, finance: &str, law| if law == CureLaw::General { general } else { finance }.to_owned();
    let mut all = Vec::new();
    for law in [CureLaw::General, CureLaw::Finance] {
        let held = vec![key.clone(), "MISSING".to_owned(), day(due), of_law("10/2025", "44/2002", law)];
        all.push((cure_request(facts, "MISSING", due, law), held));
        all.push((uncured(facts, asked, due, law), vec![day(asked), day(due), of_law("13.4", "29 quater.2", law)]));
    }
    all.push((holding_reply(facts, "WHY", due), vec![key.clone(), "WHY".to_owned(), day(due)]));
    all.push((withdrawn(facts, asked), vec![key.clone(), spelled(asked, language)]));
    all.push((rejected(facts, "WHY", "WHERE"), vec![key, "WHY".to_owned(), "WHERE".to_owned()]));
    all.push((promise_ends(language).expose().to_owned(), Vec::new()));
    all.push((
        announced("WHAT", due, "WHY", language),
        ["WHAT", "WHY", &spelled(due, language)].map(str::to_owned).into(),
    ));
    let (old, new) = (("WAS", asked), ("IS", due));
    let held = ["WAS", "IS", &spelled(asked, language), &spelled(due, language)].map(str::to_owned);
    all.push((renegotiated(old, new, language), held.into()));
    all.push((answer_due(None, true, asked, language), Vec::new()));
    for (now, by_law) in
        [(asked, true), (asked, false), (at("2027-01-01T00:00:00Z"), true), (at("2027-01-01T00:00:00Z"), false)]
    {
        all.push((answer_due(Some(due), by_law, now, language), vec![spelled(due, language)]));
    }
    all.push((new_date("WHAT", due, language), vec!["WHAT".to_owned(), spelled(due, language)]));
    all.push((complaint_invitation(language).to_owned(), Vec::new()));
    let words = document_words(language);
    assert_eq!(words.language, language);
    all.extend(
        [words.seal, words.explained, words.attached, words.unprintable].map(|text| (text.to_owned(), Vec::new())),
    );
    let receipt = Receipt::of(&opened, |_| [0; 32]).text.expose().clone();
    all.push((
        receipt,
        vec![to_the_second(at("2026-11-22T09:00:00Z"), language), to_the_second(facts.first_received, language)],
    ));
    all
}

#[test]
fn whatever_is_said_is_said_in_each_language_in_its_own_words_with_all_that_it_must_say() {
    let in_each = ALL.map(said);
    for each in &in_each {
        for (text, held) in each {
            assert!(held.iter().all(|one| text.contains(one)), "{text:?} lacks one of {held:?}");
        }
    }
    for nth in 0..in_each[0].len() {
        let texts: BTreeSet<&str> = in_each.iter().map(|each| each[nth].0.as_str()).collect();
        // The seal is called `Segell`, `Sello` or `Selo`: even a word is another in each.
        assert_eq!(texts.len(), ALL.len(), "{texts:#?}");
    }
}

#[test]
fn a_galician_and_a_basque_customer_read_when_they_must_have_their_answer() {
    let (due, now) = (at("2026-12-02T11:15:00Z"), at("2026-11-22T09:00:00Z"));
    assert_eq!(
        answer_due(Some(due), true, now, Language::Gl),
        "Por lei debe ter a nosa resposta como moi tarde o 02/12/2026 12:15 (Europe/Madrid)."
    );
    assert_eq!(
        answer_due(Some(due), true, now, Language::Eu),
        "Legez gure erantzuna izan behar duzu, gehienez ere egun eta ordu honetan: 2026/12/02 12:15 (Europe/Madrid)."
    );
}

#[test]
fn a_basque_receipt_is_basque_from_its_title_to_its_dates() {
    let receipt = Receipt::of(&opened(Language::Eu), |_| [0; 32]);
    let lines: Vec<&str> = receipt.text.expose().lines().collect();
    assert_eq!(lines[0], "HARTU-AGIRIA");
    assert!(lines.contains(&"Jasotako eguna eta ordua: 2026/11/22 10:00:00 CET (Europe/Madrid)"), "{lines:?}");
    assert!(lines.contains(&"Mota: erreklamazioa"), "{lines:?}");
}
