//! Similar earlier decisions, as a page shows them.

use ventanilla_proto::ombudsman::v1::{FindPrecedentsRequest, PointPrecedents};
use web::{Lang, When};

use crate::draft::{Considered, Draft};
use crate::office::{self, Office};
use crate::words;

/// Most that are shown of one point.
const MOST: i32 = 5;

/// One earlier decided point beside the draft.
pub(crate) struct Similar {
    /// Place in the form.
    pub(crate) at: usize,
    pub(crate) key: String,
    pub(crate) case_id: String,
    pub(crate) short: String,
    pub(crate) outcome: &'static str,
    pub(crate) issued: Option<When>,
    pub(crate) percent: i64,
    pub(crate) shared: String,
    pub(crate) must: bool,
    pub(crate) departure: String,
}

/// Those of one claim point.
pub(crate) struct OfPoint {
    pub(crate) claim_point: String,
    pub(crate) count: i64,
    pub(crate) similar: Vec<Similar>,
}

/// What the office finds for the case; nothing where it may not be asked or does not answer.
pub(crate) async fn find(office: &Office, case: &str, draft: &Draft) -> Vec<OfPoint> {
    let request = FindPrecedentsRequest { case_name: case.to_owned(), claim_point: String::new(), max_count: MOST };
    match office.precedents().find_precedents(request).await {
        Ok(answer) => shown(office.lang, &answer.into_inner().points, draft),
        Err(_) => Vec::new(),
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
                    departure: departure.unwrap_or_default(),
                };
                at += 1;
                similar
            })
            .collect(),
    };
    points.iter().map(&mut of_point).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "a share of one is at most a hundred percent")]
fn percent(share: f64) -> i64 {
    (share.clamp(0.0, 1.0) * 100.0).round() as i64
}
