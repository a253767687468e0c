//! What the office says in its own words, phrase by phrase in both languages.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::{Channel, Department, Language, Personal, ResourceId as _, Uuid};
use ombudsman_escalation_domain::case::{Case, ClaimPoint, Complaint, Completion, Promise};
use ombudsman_escalation_domain::phrase::{Missed, Phrase};
use ombudsman_escalation_domain::regime::{REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{BoundBy, Origin, Parallel, StayClosure};
use ombudsman_escalation_domain::{CaseId, CustomerId, TicketId};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn regime(id: &str) -> &'static Regime {
    Regime::find(id).expect("shipped")
}

fn id(number: u128) -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(number))
}

fn points() -> Vec<ClaimPoint> {
    vec![ClaimPoint { id: "p1".to_owned(), text: Personal::new("Me cobran dos veces".to_owned()) }]
}

/// A complaint with so much said in it.
fn complaint(parallel: Option<Parallel>, facts: Option<&str>, known: Option<&str>) -> Case {
    let brought = Complaint {
        filed_at_entity: at("2026-09-01T10:00:00Z"),
        filed_at_office: at("2026-10-20T10:00:00Z"),
        facts_at: facts.map(at),
        known_at: known.map(at),
        parallel,
        channel: Channel::Web,
        points: points(),
        representative: None,
        origin: Some(Origin::Answer),
        regulator_reference: None,
    };
    let (ticket, customer) = (TicketId::from_uuid(Uuid::from_u128(2)), CustomerId::from_uuid(Uuid::from_u128(3)));
    Case::receive(id(1), ticket, customer, regime("es.finance"), brought).expect("it is taken")
}

/// Every phrase by its name: one that is new has to be named here, and told below.
const fn name(phrase: &Phrase<'_>) -> &'static str {
    match phrase {
        Phrase::Complaint(_) => "complaint",
        Phrase::Completed { .. } => "completed",
        Phrase::OtherRules { .. } => "other rules",
        Phrase::NoClocks(_) => "no clocks",
        Phrase::Admitted { .. } => "admitted",
        Phrase::InvestigationOpened => "investigation opened",
        Phrase::RefusalProposed { .. } => "refusal proposed",
        Phrase::Refused { .. } => "refused",
        Phrase::Offered { .. } => "offered",
        Phrase::OfferTold(_) => "offer told",
        Phrase::OfferAnswered { .. } => "offer answered",
        Phrase::DecisionTold(_) => "decision told",
        Phrase::DecisionAnswered { .. } => "decision answered",
        Phrase::CameAgain { .. } => "came again",
        Phrase::Ordered { .. } => "ordered",
        Phrase::ProofJudged { .. } => "proof judged",
        Phrase::Overdue { .. } => "overdue",
        Phrase::Reported { .. } => "reported",
        Phrase::ReviewedBy { .. } => "reviewed by",
        Phrase::Reviews { .. } => "reviews",
        Phrase::Superseded { .. } => "superseded",
        Phrase::StayClosed { .. } => "stay closed",
    }
}

#[test]
fn every_phrase_is_said_in_english_to_whom_it_is_theirs_and_in_spanish_to_everybody_else() {
    let full = complaint(Some(Parallel::None), Some("2026-02-27T11:00:00Z"), Some("2026-03-01T23:30:00Z"));
    let bare = complaint(None, None, None);
    let completion = Completion {
        parallel: Some(Parallel::Pending),
        facts_at: Some(at("2026-10-03T00:00:00Z")),
        known_at: Some(at("2026-12-31T23:30:00Z")),
        points: points(),
        ..Completion::default()
    };
    let nothing = Completion::default();
    let billing = "billing".parse::<Department>().expect("a department");
    let promise = Promise { debtor: billing.clone(), days: 10 };
    let at_once = Promise { days: 1, ..promise.clone() };
    let (review, decided) = (id(9), [id(7), id(8)]);
    let (finance, general, adr) = (regime("es.finance"), regime("es.general"), regime("es.adr"));
    let midnight = at("2026-03-30T22:00:00Z");
    let within = at("2026-12-09T17:05:00Z");
    let told: Vec<(Phrase<'_>, String, String)> = [
        (
            Phrase::Complaint(&full),
            "Normas por las que se tramita: las normas de las entidades financieras (Ley 44/2002)\nOtros procedimientos sobre lo mismo: ninguno\nFecha de los hechos: 27 de febrero de 2026\nConocidos por quien reclama desde: 2 de marzo de 2026\nPunto p1: Me cobran dos veces\n",
            "Heard under: the rules for financial firms (Ley 44/2002)\nOther proceedings about the same: none\nDate of the facts: 27 February 2026\nKnown to the claimant since: 2 March 2026\nPoint p1: Me cobran dos veces\n",
        ),
        (
            Phrase::Complaint(&bare),
            "Normas por las que se tramita: las normas de las entidades financieras (Ley 44/2002)\nOtros procedimientos sobre lo mismo: sin declarar\nFecha de los hechos: sin decir\nConocidos por quien reclama desde: sin decir\nPunto p1: Me cobran dos veces\n",
            "Heard under: the rules for financial firms (Ley 44/2002)\nOther proceedings about the same: not declared\nDate of the facts: not said\nKnown to the claimant since: not said\nPoint p1: Me cobran dos veces\n",
        ),
        (
            Phrase::Completed { sent: &completion, content: "La de marzo" },
            "La de marzo\nOtros procedimientos sobre lo mismo: hay uno pendiente\nFecha de los hechos: 3 de octubre de 2026\nConocidos por quien reclama desde: 1 de enero de 2027\nPunto p1: Me cobran dos veces",
            "La de marzo\nOther proceedings about the same: some are pending\nDate of the facts: 3 October 2026\nKnown to the claimant since: 1 January 2027\nPoint p1: Me cobran dos veces",
        ),
        (Phrase::Completed { sent: &nothing, content: "La de marzo" }, "La de marzo", "La de marzo"),
        (
            Phrase::OtherRules { heard: finance, own: general },
            "Se tramita por las normas de las entidades financieras (Ley 44/2002). El asunto se presentó en un sector al que corresponden las normas generales de la oficina (Ley 10/2025 y su reglamento).",
            "It is heard under the rules for financial firms (Ley 44/2002). The affair was filed in a sector that goes by the office's general rules (Ley 10/2025 and its rulebook).",
        ),
        (
            Phrase::NoClocks(Missed::Silent),
            "Falta la copia de los plazos del asunto: el servicio que los cuenta no contestó a tiempo.",
            "The copy of the affair's terms is missing: the service that counts them did not answer in time.",
        ),
        (
            Phrase::NoClocks(Missed::Unknown),
            "Falta la copia de los plazos del asunto: el servicio que los cuenta no los conoce.",
            "The copy of the affair's terms is missing: the service that counts them does not know them.",
        ),
        (
            Phrase::NoClocks(Missed::Withheld),
            "Falta la copia de los plazos del asunto: el servicio que los cuenta no los facilitó.",
            "The copy of the affair's terms is missing: the service that counts them did not give them.",
        ),
        (
            Phrase::NoClocks(Missed::Failed),
            "Falta la copia de los plazos del asunto: el servicio que los cuenta contestó con un error.",
            "The copy of the affair's terms is missing: the service that counts them answered with an error.",
        ),
        (
            // Over at midnight in Madrid: the day before is the last.
            Phrase::Admitted { until: midnight },
            "Se admite a trámite. La entidad puede exponer su posición hasta el 30 de marzo de 2026 incluido.",
            "The case is admitted. The firm may state its position until the end of 30 March 2026.",
        ),
        (
            Phrase::Admitted { until: within },
            "Se admite a trámite. La entidad puede exponer su posición hasta las 18:05 del 9 de diciembre de 2026.",
            "The case is admitted. The firm may state its position until 18:05 on 9 December 2026.",
        ),
        (Phrase::InvestigationOpened, "Se abre la investigación.", "The investigation is opened."),
        (
            Phrase::RefusalProposed { article: "Ley 7/2017 art. 18.1.e", reasons: "Han pasado dos años", repeats: &[] },
            "Ley 7/2017 art. 18.1.e: Han pasado dos años",
            "Ley 7/2017 art. 18.1.e: Han pasado dos años",
        ),
        (
            Phrase::RefusalProposed {
                article: "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.d",
                reasons: "Ya se resolvió",
                repeats: &decided,
            },
            "Reglamento de la oficina, con las causas de la Ley 44/2002 art. 29 quater.3.d: Ya se resolvió\nRepite lo ya resuelto en cases/00000000-0000-0000-0000-000000000007, cases/00000000-0000-0000-0000-000000000008.",
            "office rulebook, grounds as in Ley 44/2002 art. 29 quater.3.d: Ya se resolvió\nIt repeats what was decided in cases/00000000-0000-0000-0000-000000000007, cases/00000000-0000-0000-0000-000000000008.",
        ),
        (
            Phrase::Refused {
                article: "Ley 44/2002 art. 29 quater.3, last paragraph",
                reasons: "Hay un pleito",
                signpost: "El juzgado",
            },
            "Ley 44/2002 art. 29 quater.3, último párrafo: Hay un pleito\nEl juzgado",
            "Ley 44/2002 art. 29 quater.3, last paragraph: Hay un pleito\nEl juzgado",
        ),
        (Phrase::Offered { terms: "41 euros", promise: None }, "41 euros", "41 euros"),
        (
            Phrase::Offered { terms: "41 euros", promise: Some(&promise) },
            "41 euros\n\nLo cumple el departamento «billing», en 10 días desde que se acepte.",
            "41 euros\n\nThe department “billing” carries it out within 10 days of its acceptance.",
        ),
        (
            Phrase::Offered { terms: "41 euros", promise: Some(&at_once) },
            "41 euros\n\nLo cumple el departamento «billing», en 1 día desde que se acepte.",
            "41 euros\n\nThe department “billing” carries it out within 1 day of its acceptance.",
        ),
        (
            Phrase::OfferTold(Channel::Email),
            "La oferta se comunicó a la parte reclamante por correo electrónico.",
            "The claimant was told the offer by e-mail.",
        ),
        (
            Phrase::OfferAnswered { accepted: true, statement: "de acuerdo" },
            "La parte reclamante acepta la oferta: de acuerdo",
            "The claimant accepts the offer: de acuerdo",
        ),
        (
            Phrase::OfferAnswered { accepted: false, statement: "es poco" },
            "La parte reclamante no acepta la oferta: es poco",
            "The claimant does not accept the offer: es poco",
        ),
        (
            Phrase::DecisionTold(Channel::Post),
            "La resolución se comunicó a la parte reclamante por correo postal.",
            "The claimant was told the decision by post.",
        ),
        (
            Phrase::DecisionAnswered { by: BoundBy::Claimant, accepted: true, statement: "sí" },
            "La parte reclamante acepta la resolución: sí",
            "The claimant accepts the decision: sí",
        ),
        (
            Phrase::DecisionAnswered { by: BoundBy::Firm, accepted: false, statement: "no" },
            "La entidad no acepta la resolución: no",
            "The firm does not accept the decision: no",
        ),
        (
            Phrase::CameAgain { debtor: &billing, due: midnight },
            "Lo que se había cumplido por la misma causa antes de estos hechos no acabó con ella. El departamento «billing» debe comunicar, hasta el 30 de marzo de 2026 incluido, qué hace para que no se repita.",
            "What had been carried out for the same cause before these facts did not end it. The department “billing” has to tell, until the end of 30 March 2026, what it does so that it does not come again.",
        ),
        (
            Phrase::Ordered { number: 2, claim_point: "p1", remedy: "Se devuelve", debtor: &billing, due: midnight },
            "Obligación 2, punto p1: Se devuelve\nLa cumple el departamento «billing», hasta el 30 de marzo de 2026 incluido.",
            "Obligation 2, point p1: Se devuelve\nThe department “billing” carries it out, until the end of 30 March 2026.",
        ),
        (
            Phrase::ProofJudged { number: 2, holds: true, reasons: "llegó" },
            "La prueba aportada acredita que la obligación 2 se cumplió: llegó",
            "The proof shows that obligation 2 was met: llegó",
        ),
        (
            Phrase::ProofJudged { number: 2, holds: false, reasons: "no llegó" },
            "La prueba aportada no acredita que la obligación 2 se cumplió: no llegó",
            "The proof does not show that obligation 2 was met: no llegó",
        ),
        (
            Phrase::Overdue { number: 3, over: midnight },
            "La obligación 3 no se cumplió en su plazo, que terminó al acabar el 30 de marzo de 2026.",
            "Obligation 3 was not met in its time, which ended with 30 March 2026.",
        ),
        (
            Phrase::Overdue { number: 3, over: within },
            "La obligación 3 no se cumplió en su plazo, que terminó a las 18:05 del 9 de diciembre de 2026.",
            "Obligation 3 was not met in its time, which ended at 18:05 on 9 December 2026.",
        ),
        (
            Phrase::Reported { regime: adr, report: "Nada se devolvió" },
            "Se comunica a la autoridad competente que acreditó a la oficina.\n\nNada se devolvió",
            "It is reported to the competent authority that accredited the body.\n\nNada se devolvió",
        ),
        (
            Phrase::ReviewedBy { review, cause: "un hecho nuevo" },
            "Lo revisa el expediente cases/00000000-0000-0000-0000-000000000009: un hecho nuevo",
            "It is reviewed by cases/00000000-0000-0000-0000-000000000009: un hecho nuevo",
        ),
        (
            Phrase::Reviews { case: review, cause: "un hecho nuevo" },
            "Revisa el expediente cases/00000000-0000-0000-0000-000000000009: un hecho nuevo",
            "It reviews cases/00000000-0000-0000-0000-000000000009: un hecho nuevo",
        ),
        (
            Phrase::Superseded { review },
            "La resolución del expediente cases/00000000-0000-0000-0000-000000000009 sustituye a la de este.",
            "The decision of cases/00000000-0000-0000-0000-000000000009 takes the place of the decision of this case.",
        ),
        (
            Phrase::StayClosed { reason: StayClosure::ProceedingsDecided, statement: "laudo de 3 de marzo" },
            "Se cierra porque el otro procedimiento resolvió el asunto: laudo de 3 de marzo",
            "It is closed because the other proceedings decided the matter: laudo de 3 de marzo",
        ),
        (
            Phrase::StayClosed { reason: StayClosure::Withdrawn, statement: "ya está" },
            "Se cierra porque la parte reclamante desistió mientras tanto: ya está",
            "It is closed because the claimant stopped meanwhile: ya está",
        ),
    ]
    .map(|(phrase, es, en)| (phrase, es.to_owned(), en.to_owned()))
    .into();
    for (phrase, es, en) in &told {
        assert_eq!(phrase.text(Language::En), *en);
        for language in [Language::Es, Language::Ca, Language::Gl, Language::Eu] {
            assert_eq!(phrase.text(language), *es, "{language}");
        }
    }
    let names: BTreeSet<&str> = told.iter().map(|(phrase, ..)| name(phrase)).collect();
    assert_eq!(names.len(), 22, "every phrase is in the table: {names:?}");
}

#[test]
fn every_channel_every_declaration_and_every_month_has_words_of_its_own_in_both_languages() {
    for language in [Language::Es, Language::En] {
        let ways: BTreeSet<String> =
            Channel::ALL.iter().map(|channel| Phrase::OfferTold(*channel).text(language)).collect();
        assert_eq!(ways.len(), Channel::ALL.len(), "{ways:?}");
        let declared = [None, Some(Parallel::None), Some(Parallel::Pending), Some(Parallel::Decided)];
        let declared: BTreeSet<String> =
            declared.map(|parallel| Phrase::Complaint(&complaint(parallel, None, None)).text(language)).into();
        assert_eq!(declared.len(), 4, "{declared:?}");
    }
    let months = |language: Language| -> Vec<String> {
        let due = |month: u8| at(&format!("2026-{month:02}-15T12:00:00Z"));
        let told = (1..=12).map(|month| Phrase::Overdue { number: 1, over: due(month) }.text(language));
        told.map(|text| {
            text.split(['.', ' ']).rev().nth(if language == Language::En { 2 } else { 3 }).unwrap().to_owned()
        })
        .collect()
    };
    let spanish = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre";
    assert_eq!(months(Language::Es).join(" "), spanish);
    let english = "January February March April May June July August September October November December";
    assert_eq!(months(Language::En).join(" "), english);
}

/// Words that are English and of no law's name.
const ENGLISH: [&str; 9] = ["office", "rulebook", "grounds", "last", "paragraph", "the", "as", "in", "firm"];

#[test]
fn no_ground_of_any_rules_is_told_in_english_to_who_reads_spanish() {
    for regime in REGIMES {
        let grounds = regime.grounds.iter().map(|(_, article)| *article).chain([regime.grounds_in]);
        let refused = grounds.map(|article| Phrase::Refused { article, reasons: "", signpost: "" });
        let named = [Phrase::Reported { regime, report: "" }, Phrase::OtherRules { heard: regime, own: regime }];
        for phrase in refused.chain(named) {
            let text = phrase.text(Language::Es);
            let english = text.split(|c: char| !c.is_alphabetic()).find(|word| ENGLISH.contains(word));
            assert_eq!(english, None, "{}: {text}", regime.id);
        }
    }
}
