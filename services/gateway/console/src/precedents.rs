//! Similar earlier decisions, as a page shows them.

use ventanilla_proto::ombudsman::v1::{FindPrecedentsRequest, PointPrecedents};
use web::{Lang, When};

use crate::draft::{Considered, Draft};
use crate::office::{self, Office};
use crate::words;

/// One earlier decided point beside the draft.
pub(crate) struct Similar {
    /// Place in the form.
    pub(crate) at: usize,
    pub(crate) key: String,
    pub(crate) case_id: String,
    pub(crate) short: String,
    /// Nothing of one that the draft departs from and that the office does not find now.
    pub(crate) found: Option<Found>,
    pub(crate) departure: String,
}

/// What the office says of it.
pub(crate) struct Found {
    pub(crate) outcome: &'static str,
    pub(crate) issued: Option<When>,
    pub(crate) percent: i64,
    pub(crate) shared: String,
    pub(crate) must: bool,
}

/// Those of one claim point.
pub(crate) struct OfPoint {
    pub(crate) claim_point: String,
    pub(crate) count: i64,
    pub(crate) similar: Vec<Similar>,
}

/// What the office finds for the case, as many as it wants answered; nothing where it may not be asked or does not
/// answer. What the draft departs from is there in any case: the form is what is saved.
pub(crate) async fn find(office: &Office, case: &str, draft: &Draft) -> Vec<OfPoint> {
    let request = FindPrecedentsRequest { case_name: case.to_owned(), ..FindPrecedentsRequest::default() };
    match office.precedents().find_precedents(request).await {
        Ok(answer) => shown(office.lang, &answer.into_inner().points, draft),
        Err(_) => shown(office.lang, &[], draft),
    }
}

fn shown(lang: Lang, points: &[PointPrecedents], draft: &Draft) -> Vec<OfPoint> {
    let mut at = 0;
    let mut of_point = |point: &PointPrecedents| OfPoint {
        claim_point: point.claim_point.clone(),
        count: point.decided_point_count,
        similar: point
            .precedents
            .iter()
            .map(|one| {
                let this = Considered {
                    claim_point: point.claim_point.clone(),
                    decision: one.decision.clone(),
                    decided_point: one.decided_point.clone(),
                    departure: String::new(),
                };
                let key = this.key();
                let departure =
                    draft.precedents.iter().find(|kept| kept.key() == key).map(|kept| kept.departure.clone());
                let similar = Similar {
                    at,
                    key,
                    case_id: office::id(&one.decision).to_owned(),
                    short: office::short(&one.decision),
                    found: Some(Found {
                        outcome: words::of(lang, words::outcome(one.outcome())),
                        issued: When::of(lang, one.issue_time),
                        percent: percent(one.similarity),
                        shared: one
                            .shared_words
                            .iter()
                            .take(8)
                            .map(|word| word.stem.as_str())
                            .collect::<Vec<_>>()
                            .join(", "),
                        must: one.must_be_answered,
                    }),
                    departure: departure.unwrap_or_default(),
                };
                at += 1;
                similar
            })
            .collect(),
    };
    let mut all: Vec<OfPoint> = points.iter().map(&mut of_point).collect();
    for kept in &draft.precedents {
        let (point, key) = (&kept.claim_point, kept.key());
        let there = all.iter().flat_map(|of_point| &of_point.similar).any(|one| one.key == key);
        if there || !draft.points.iter().any(|answer| answer.claim_point == *point) {
            continue;
        }
        let short = office::short(&kept.decision);
        let case_id = office::id(&kept.decision).to_owned();
        let similar = Similar { at, key, case_id, short, found: None, departure: kept.departure.clone() };
        at += 1;
        match all.iter_mut().find(|of_point| of_point.claim_point == *point) {
            Some(of_point) => of_point.similar.push(similar),
            None => all.push(OfPoint { claim_point: point.clone(), count: 0, similar: vec![similar] }),
        }
    }
    all
}

#[allow(clippy::cast_possible_truncation, reason = "a share of one is at most a hundred percent")]
fn percent(share: f64) -> i64 {
    (share.clamp(0.0, 1.0) * 100.0).round() as i64
}

#[cfg(test)]
mod tests {
    use ventanilla_proto::ombudsman::v1::Precedent;

    use super::*;
    use crate::draft::Point;

    #[test]
    fn what_a_draft_departs_from_stays_in_the_form_whatever_the_office_finds() {
        let kept = |point: &str, decided: &str| Considered {
            claim_point: point.to_owned(),
            decision: "cases/x/decision".to_owned(),
            decided_point: decided.to_owned(),
            departure: format!("why {decided}"),
        };
        let draft = Draft {
            points: vec![Point { claim_point: "p1".to_owned(), ..Point::default() }],
            precedents: vec![kept("p1", "d1"), kept("p1", "d2"), kept("gone", "d3")],
            ..Draft::default()
        };
        let told = |points: &[PointPrecedents]| -> Vec<(usize, String, bool)> {
            let all = shown(Lang::Es, points, &draft).into_iter().flat_map(|of_point| of_point.similar);
            all.map(|one| (one.at, one.departure, one.found.is_some())).collect()
        };
        assert_eq!(told(&[]), [(0, "why d1".to_owned(), false), (1, "why d2".to_owned(), false)]);
        let found = Precedent {
            decision: "cases/x/decision".to_owned(),
            decided_point: "d2".to_owned(),
            ..Precedent::default()
        };
        let point =
            PointPrecedents { claim_point: "p1".to_owned(), precedents: vec![found], ..PointPrecedents::default() };
        assert_eq!(told(&[point]), [(0, "why d2".to_owned(), true), (1, "why d1".to_owned(), false)]);
    }
}
