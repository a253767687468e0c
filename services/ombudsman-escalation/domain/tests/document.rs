//! A decision as the text that is signed.

use kernel::{Language, Personal, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::ClaimPoint;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::document::{Facts, Line, read, text};
use ombudsman_escalation_domain::matter::Amount;
use ombudsman_escalation_domain::precedent::{Found, Weighed};
use ombudsman_escalation_domain::vocabulary::Outcome;
use proptest::prelude::*;

fn document(finding: &str, language: Language) -> String {
    let personal = |text: &str| Personal::new(text.to_owned());
    let points = [ClaimPoint { id: "p1".to_owned(), text: personal("Me cobran dos veces") }];
    let answers = [Answer {
        claim_point: "p1".to_owned(),
        outcome: Outcome::Upheld,
        finding: personal(finding),
        reason: personal("El contrato no lo permite"),
        remedy: personal("Se devuelve el segundo cargo"),
        redress: Some(Amount::new(4_205, "EUR").unwrap()),
    }];
    let earlier = CaseId::from_uuid(kernel::Uuid::from_u128(9));
    let precedents = [Weighed {
        claim_point: "p1".to_owned(),
        found: Found {
            case: earlier,
            point: "p2".to_owned(),
            outcome: Outcome::NotUpheld,
            issued_at: "2025-12-31T23:30:00Z".parse().unwrap(),
            shared: Vec::new(),
            similarity: 0.754,
        },
        contrary: true,
        departure: Some(personal("allí había un pacto expreso")),
    }];
    text(&Facts {
        office: "Defensor de la Clientela",
        case: CaseId::from_uuid(kernel::Uuid::from_u128(7)),
        regime: "es.finance",
        filed_at_entity: "2026-01-02T10:00:00Z".parse().unwrap(),
        filed_at_office: "2026-02-03T10:00:00Z".parse().unwrap(),
        points: &points,
        answers: &answers,
        precedents: &precedents,
        outcome: Outcome::Upheld,
        binding: true,
        binding_article: "Ley 44/2002 art. 29.2",
        redress: answers[0].redress.as_ref(),
        signpost: "Banco de España",
        issued_by: "elena",
        issued_at: "2026-03-04T09:00:00.000001Z".parse().unwrap(),
        language,
    })
}

#[test]
fn it_tells_everything_that_was_decided_in_the_claimants_language() {
    let spanish = document("Consta el cargo doble", Language::Es);
    for told in [
        "Resolución del defensor de la clientela\n",
        "Presentada a la entidad: 2026-01-02",
        "Dictada: 2026-03-04T09:00:00Z",
        "Resuelve: elena",
        "Efecto: vincula a la entidad (Ley 44/2002 art. 29.2)",
        "La entidad debe pagar: 42.05 EUR",
        "## Punto p1",
        "Lo que se reclama: Me cobran dos veces",
        "Hechos probados: Consta el cargo doble",
        "Por qué: El contrato no lo permite",
        "Lo que procede: Se devuelve el segundo cargo",
        // The last day of the year in Greenwich is the first of the next in Madrid.
        "decision#p2, de 2026-01-01, desestimada (75 %)",
        "Por qué este caso se resuelve de otro modo: allí había un pacto expreso",
        "Adónde acudir: Banco de España",
    ] {
        assert!(spanish.contains(told), "{told:?} is not in\n{spanish}");
    }
    let english = document("Consta el cargo doble", Language::En);
    assert!(english.contains("Effect: binds the firm (Ley 44/2002 art. 29.2)"), "{english}");
    assert_eq!(document("x", Language::Gl), document("x", Language::Es));
}

proptest! {
    /// Whatever is written of a point, the document has the same headings and fields of its own.
    #[test]
    fn nothing_that_somebody_writes_passes_for_the_documents_own(written in "(\\PC|[\n\r\t\u{b}\u{c}\u{85}\u{2028}\u{2029}]|## x|Dictada: x){0,40}") {
        let own = |text: &str| -> Vec<String> {
            let (title, lines) = read(text);
            let kept = lines.into_iter().filter_map(|line| match line {
                Line::Heading(heading) => Some(format!("# {heading}")),
                Line::Field(label, _) => Some(label.to_owned()),
                Line::More(_) => None,
            });
            std::iter::once(title.to_owned()).chain(kept).collect()
        };
        prop_assert_eq!(own(&document(&written, Language::Es)), own(&document("x", Language::Es)));
    }
}
