//! A draft of a decision, point by point. The office keeps it as one text, closed under its key; this is the form of that text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ventanilla_proto::ombudsman::v1::{Case, ClaimPoint, ConsideredPrecedent, DecisionOutcome, DecisionPoint};
use ventanilla_proto::r#type::v1::Language;

use crate::money;

/// What is drafted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) points: Vec<Point>,
    pub(crate) signpost: String,
    /// As in a choice, by the number of the contract; 0 while nobody chose.
    pub(crate) language: i32,
    pub(crate) precedents: Vec<Considered>,
    /// A draft that was not written here, as it was found.
    #[serde(skip)]
    pub(crate) plain: String,
}

/// The answer to one claim point so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Point {
    pub(crate) claim_point: String,
    pub(crate) outcome: i32,
    pub(crate) finding: String,
    pub(crate) reason: String,
    pub(crate) remedy: String,
    /// As it was typed.
    pub(crate) amount: String,
}

/// An earlier decided point and why this case goes another way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Considered {
    pub(crate) claim_point: String,
    pub(crate) decision: String,
    pub(crate) decided_point: String,
    pub(crate) departure: String,
}

impl Considered {
    /// As one value of a form.
    pub(crate) fn key(&self) -> String {
        format!("{} {} {}", self.claim_point, self.decision, self.decided_point)
    }
}

impl Draft {
    /// The draft in this text: one of ours, or one that was written elsewhere.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { plain: text.to_owned(), ..Self::default() })
    }

    /// The text to keep.
    pub(crate) fn write(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The same with an answer for each of these points, in their order, and for no others.
    #[must_use]
    pub(crate) fn fitted(mut self, points: &[ClaimPoint]) -> Self {
        let mut kept: BTreeMap<String, Point> =
            self.points.drain(..).map(|point| (point.claim_point.clone(), point)).collect();
        let fit = |point: &ClaimPoint| {
            kept.remove(&point.id).unwrap_or_else(|| Point { claim_point: point.id.clone(), ..Point::default() })
        };
        self.points = points.iter().map(fit).collect();
        self
    }

    /// The draft a form holds.
    pub(crate) fn of(sent: &[(String, String)], points: &[ClaimPoint]) -> Self {
        let text = |name: &str| {
            let found = sent.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
            // Browsers send line ends as CRLF.
            found.unwrap_or_default().replace("\r\n", "\n")
        };
        let point = |point: &ClaimPoint| {
            let field = |name: &str| text(&format!("{name}-{}", point.id));
            Point {
                claim_point: point.id.clone(),
                outcome: field("outcome").parse().unwrap_or(0),
                finding: field("finding"),
                reason: field("reason"),
                remedy: field("remedy"),
                amount: field("amount"),
            }
        };
        let precedents = (0..1_000).map_while(|at| {
            let key = text(&format!("precedent-{at}"));
            let mut parts = key.splitn(3, ' ').map(str::to_owned);
            let (claim_point, decision) = (parts.next().filter(|part| !part.is_empty())?, parts.next()?);
            let decided_point = parts.next()?;
            Some(Considered { claim_point, decision, decided_point, departure: text(&format!("departure-{at}")) })
        });
        Self {
            points: points.iter().map(point).collect(),
            signpost: text("signpost"),
            language: text("language").parse().unwrap_or(0),
            precedents: precedents.filter(|one| !one.departure.is_empty()).collect(),
            plain: String::new(),
        }
    }

    /// Fields of the form that are still empty or cannot be read.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        for point in &self.points {
            let id = &point.claim_point;
            let mut need = |name: &str, there: bool| {
                if !there {
                    gaps.push(format!("{name}-{id}"));
                }
            };
            need("outcome", point.outcome() != DecisionOutcome::Unspecified);
            need("finding", !point.finding.is_empty());
            need("reason", !point.reason.is_empty());
            need("remedy", !point.remedy.is_empty());
            need("amount", money::euros(&point.amount).is_ok());
        }
        if self.signpost.is_empty() {
            gaps.push("signpost".to_owned());
        }
        gaps
    }

    /// The language it is to be issued in: the claimant's, while nobody chose another.
    pub(crate) fn language(&self, case: &Case) -> Language {
        let of_case = case.matter.as_ref().map_or(Language::Unspecified, |matter| matter.language());
        let chosen = Language::try_from(self.language).unwrap_or_default();
        let said = [chosen, of_case].into_iter().find(|language| *language != Language::Unspecified);
        said.unwrap_or(Language::Es)
    }

    /// As the decision says it.
    pub(crate) fn decided(&self) -> Vec<DecisionPoint> {
        let point = |point: &Point| DecisionPoint {
            claim_point: point.claim_point.clone(),
            outcome: point.outcome,
            finding: point.finding.clone(),
            reason: point.reason.clone(),
            remedy: point.remedy.clone(),
            redress_amount: money::euros(&point.amount).ok().flatten(),
        };
        self.points.iter().map(point).collect()
    }

    /// The earlier decisions it answers.
    pub(crate) fn considered(&self) -> Vec<ConsideredPrecedent> {
        let one = |one: &Considered| ConsideredPrecedent {
            claim_point: one.claim_point.clone(),
            decision: one.decision.clone(),
            decided_point: one.decided_point.clone(),
            departure_reason: one.departure.clone(),
            ..ConsideredPrecedent::default()
        };
        self.precedents.iter().map(one).collect()
    }
}

impl Point {
    /// How it goes.
    pub(crate) fn outcome(&self) -> DecisionOutcome {
        DecisionOutcome::try_from(self.outcome).unwrap_or_default()
    }
}

/// The field of the form that a path of the contract means, e.g. `points[1].finding` → `finding-p2`.
pub(crate) fn field_of(path: &str, points: &[Point]) -> Option<String> {
    if path == "signpost" {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix("points[")?;
    let (index, rest) = rest.split_once(']')?;
    let point = points.get(index.parse::<usize>().ok()?)?;
    let name = match rest.trim_start_matches('.').split('.').next() {
        Some("redress_amount") => "amount",
        Some(name @ ("outcome" | "finding" | "reason" | "remedy")) => name,
        _ => "outcome",
    };
    Some(format!("{name}-{}", point.claim_point))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<ClaimPoint> {
        ["p1", "p2"].map(|id| ClaimPoint { id: id.to_owned(), text: format!("claim {id}") }).into()
    }

    fn sent(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_a_form_holds_is_what_the_text_gives_back() {
        let form = sent(&[
            ("outcome-p1", "1"),
            ("finding-p1", "línea 1\r\nlínea 2"),
            ("amount-p1", "30,50"),
            ("signpost", " Junta Arbitral "),
            ("language", "2"),
            ("precedent-0", "p1 cases/x/decision p3"),
            ("departure-0", "otro contrato"),
            ("precedent-1", "p2 cases/y/decision p1"),
            ("departure-1", ""),
        ]);
        let draft = Draft::of(&form, &points());
        assert_eq!(draft.points[0].finding, "línea 1\nlínea 2");
        assert_eq!(draft.precedents.len(), 1, "what nobody answered is not said to be considered");
        assert_eq!(Draft::read(&draft.write()).fitted(&points()), draft);
        assert_eq!(draft.decided()[0].redress_amount.as_ref().map(|m| m.minor_units), Some(3_050));
        assert_eq!(draft.considered()[0].decision, "cases/x/decision");
    }

    #[test]
    fn a_decision_is_in_the_claimants_language_until_another_is_chosen() {
        use ventanilla_proto::ombudsman::v1::CaseMatter;
        let of = |language: Language| Case {
            matter: Some(CaseMatter { language: language.into(), ..CaseMatter::default() }),
            ..Case::default()
        };
        let chosen = |language: i32| Draft { language, ..Draft::default() };
        for language in [Language::Es, Language::En, Language::Ca, Language::Gl, Language::Eu] {
            assert_eq!(chosen(0).language(&of(language)), language);
            assert_eq!(chosen(language.into()).language(&of(Language::Es)), language);
            assert_eq!(chosen(99).language(&of(language)), language);
        }
        assert_eq!(chosen(0).language(&Case::default()), Language::Es);
    }

    #[test]
    fn a_draft_written_elsewhere_is_kept_as_it_was_found() {
        let draft = Draft::read("Estimación parcial").fitted(&points());
        assert_eq!(draft.plain, "Estimación parcial");
        assert_eq!(draft.points.len(), 2);
        // Of another make, it is none of ours, even where it could be taken for an empty one.
        for other in [
            r#"{"fundamentos": "Procede estimar"}"#,
            r#"{"points": [{"claim_point": "p1", "hallazgo": "Hubo dos cargos"}]}"#,
            r#"{"precedents": [{"decision": "cases/x/decision", "why": "otro contrato"}]}"#,
        ] {
            assert_eq!(Draft::read(other).fitted(&points()).plain, other);
        }
    }

    #[test]
    fn every_gap_is_told_at_once_and_paths_find_their_fields() {
        let draft = Draft::of(&sent(&[("outcome-p1", "1"), ("amount-p1", "mucho")]), &points());
        let gaps = draft.gaps();
        for field in ["finding-p1", "amount-p1", "outcome-p2", "signpost"] {
            assert!(gaps.iter().any(|gap| gap == field), "{field} in {gaps:?}");
        }
        assert!(!gaps.iter().any(|gap| gap == "outcome-p1"));
        assert_eq!(field_of("points[1].finding", &draft.points).as_deref(), Some("finding-p2"));
        assert_eq!(field_of("points[0].redress_amount.minor_units", &draft.points).as_deref(), Some("amount-p1"));
        assert_eq!(field_of("points[7].finding", &draft.points), None);
        assert_eq!(field_of("points", &draft.points), None);
    }
}
