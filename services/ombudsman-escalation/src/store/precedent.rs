//! Decided points by their words, and what decisions made of those they considered.

use std::collections::BTreeMap;

use kernel::{Language, Personal, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::{Case, ClaimPoint};
use ombudsman_escalation_domain::matter::{Matter, Motive};
use ombudsman_escalation_domain::precedent::{Asked, Found, Weighed};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::decision::Issued;
use super::word;

/// The mark of a regime and a motive among the words of decided points.
pub(crate) fn mark(case: &Case, matter: &Matter) -> String {
    format!("@{}|{}", case.regime.id, matter.motive.as_ref().map_or("", Motive::as_str))
}

/// The marks whose decided points are looked at for a case: those of its motive and of every motive it had, and that of cases whose motive nobody
/// said. No change of motive takes a case away from what it had to answer.
#[tracing::instrument(name = "db.precedent.marks", skip_all)]
pub(crate) async fn marks(
    connection: &mut PgConnection,
    case: &Case,
    matter: &Matter,
) -> Result<Vec<String>, StoreError> {
    let had = sqlx::query_scalar!(
        "select motive from ombudsman.case_motive where case_id = $1 order by motive",
        case.id.uuid()
    );
    let had = had.fetch_all(connection).await?;
    let mut marks = vec![mark(case, matter)];
    for motive in had.iter().map(String::as_str).chain([""]) {
        let other = format!("@{}|{motive}", case.regime.id);
        if !marks.contains(&other) {
            marks.push(other);
        }
    }
    Ok(marks)
}

/// Holds these marks until the end of the transaction: who decides under one of them waits, and then sees what was decided.
#[tracing::instrument(name = "db.precedent.hold", skip_all)]
pub(crate) async fn hold(tx: &mut PgConnection, marks: &[String]) -> Result<(), StoreError> {
    let mut marks = marks.to_vec();
    // In one order, so that nobody waits for who waits for them.
    marks.sort();
    for mark in marks {
        sqlx::query!(
            r#"select pg_advisory_xact_lock(hashtextextended('ombudsman.precedent' || $1, 0))::text as "locked?""#,
            mark
        )
        .fetch_one(&mut *tx)
        .await?;
    }
    Ok(())
}

/// For each claim point the decided points of these marks that are most similar, the most similar first and so many at most, and how many decided
/// points there are.
#[tracing::instrument(name = "db.precedent.shown", skip_all)]
pub(crate) async fn shown(
    connection: &mut PgConnection,
    case: &Case,
    marks: &[String],
    language: Language,
    limit: usize,
) -> Result<BTreeMap<String, Shown>, StoreError> {
    let mut all: BTreeMap<String, Shown> = BTreeMap::new();
    for mark in marks {
        for (point, asked) in asked(&mut *connection, mark, language, &case.complaint.points).await? {
            let found = similar(&mut *connection, case.id, mark, &asked, limit).await?;
            let shown = all.entry(point).or_default();
            shown.points += asked.points;
            shown.found.extend(found.into_iter().map(|found| (asked.clone(), found)));
        }
    }
    for shown in all.values_mut() {
        let newest = |found: &Found| std::cmp::Reverse((found.issued_at, found.case, found.point.clone()));
        shown
            .found
            .sort_by(|(_, a), (_, b)| b.similarity.total_cmp(&a.similarity).then_with(|| newest(a).cmp(&newest(b))));
        shown.found.truncate(limit);
    }
    Ok(all)
}

/// What is similar to a claim point.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// How many decided points there are under the marks that were looked at.
    pub(crate) points: u64,
    /// The similar ones, each with what was asked under its mark.
    pub(crate) found: Vec<(Asked, Found)>,
}

/// The words of each claim point, read in this language, with how many decided points of the mark have them.
#[tracing::instrument(name = "db.precedent.asked", skip_all)]
pub(crate) async fn asked(
    connection: &mut PgConnection,
    mark: &str,
    language: Language,
    points: &[ClaimPoint],
) -> Result<BTreeMap<String, Asked>, StoreError> {
    let ids: Vec<String> = points.iter().map(|point| point.id.clone()).collect();
    let texts: Vec<String> = points.iter().map(|point| point.text.expose().clone()).collect();
    let rows = sqlx::query!(
        r#"select p.id as "point!", w.word as "word!", coalesce(known.points, 0) as "found_in!"
             from unnest($1::text[], $2::text[]) as p (id, body)
            cross join lateral unnest(ombudsman.words_of($3, p.body)) as w (word)
             left join ombudsman.precedent_word known on known.mark = $4 and known.word = w.word"#,
        &ids,
        &texts,
        language.as_str(),
        mark,
    )
    .fetch_all(&mut *connection)
    .await?;
    let all = sqlx::query_scalar!("select points from ombudsman.precedent_word where mark = $1 and word = $1", mark);
    let all = count(all.fetch_optional(connection).await?.unwrap_or_default());
    let mut asked: BTreeMap<String, Asked> =
        ids.into_iter().map(|id| (id, Asked { points: all, ..Asked::default() })).collect();
    for row in rows {
        if let Some(point) = asked.get_mut(&row.point) {
            point.words.insert(row.word, count(row.found_in));
        }
    }
    Ok(asked)
}

struct FoundRow {
    case_id: Uuid,
    point_id: String,
    outcome: String,
    issued_at: jiff_sqlx::Timestamp,
    shared: Vec<String>,
}

impl FoundRow {
    fn read(self, asked: &Asked) -> Result<Found, StoreError> {
        Ok(Found {
            case: CaseId::from_uuid(self.case_id),
            outcome: word(&self.outcome, "precedent", "outcome", self.case_id)?,
            issued_at: self.issued_at.to_jiff(),
            similarity: asked.share(self.shared.iter().map(String::as_str)),
            shared: self.shared,
            point: self.point_id,
        })
    }
}

/// Decided points of the mark that share most of what is asked, but those of the case itself and of the one it reviews; the newest first of equals.
#[tracing::instrument(name = "db.precedent.similar", skip_all)]
pub(crate) async fn similar(
    connection: &mut PgConnection,
    case: CaseId,
    mark: &str,
    asked: &Asked,
    limit: usize,
) -> Result<Vec<Found>, StoreError> {
    let (words, weights): (Vec<String>, Vec<f64>) =
        asked.words.keys().map(|word| (word.clone(), asked.weight(word))).unzip();
    let rarest: Vec<String> = asked.rarest().into_iter().map(str::to_owned).collect();
    if rarest.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        FoundRow,
        r#"with asked as (select * from unnest($2::text[], $3::float8[]) as a (word, weight))
           select p.case_id, p.point_id, p.outcome, p.issued_at,
                  array_agg(a.word order by a.weight desc, a.word) as "shared!"
             from ombudsman.precedent p cross join unnest(p.words) as w (word) join asked a on a.word = w.word
            where p.words @> array[$1::text] and p.words && $4::text[] and p.case_id <> $5
              and p.case_id is distinct from (select review_of from ombudsman.office_case where case_id = $5)
            group by p.case_id, p.point_id
            order by sum(a.weight) desc, p.issued_at desc, p.case_id, p.point_id limit $6"#,
        mark,
        &words,
        &weights,
        &rarest,
        case.uuid(),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.read(asked)).collect()
}

/// These decided points, of whatever mark, by what they share of what is asked; those that there are.
#[tracing::instrument(name = "db.precedent.named", skip_all)]
pub(crate) async fn named(
    connection: &mut PgConnection,
    case: CaseId,
    asked: &Asked,
    wanted: &[(CaseId, String)],
) -> Result<Vec<Found>, StoreError> {
    let (cases, points): (Vec<Uuid>, Vec<String>) =
        wanted.iter().map(|(case, point)| (case.uuid(), point.clone())).unzip();
    let words: Vec<String> = asked.words.keys().cloned().collect();
    let rows = sqlx::query_as!(
        FoundRow,
        r#"select p.case_id, p.point_id, p.outcome, p.issued_at,
                  array(select w from unnest(p.words) as w where w = any($4) order by w) as "shared!"
             from ombudsman.precedent p
            where (p.case_id, p.point_id) in (select * from unnest($1::uuid[], $2::text[])) and p.case_id <> $3"#,
        &cases,
        &points,
        case.uuid(),
        &words,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.read(asked)).collect()
}

/// Makes precedents of the points of a decision.
#[tracing::instrument(name = "db.precedent.index", skip_all)]
pub(super) async fn index(tx: &mut PgConnection, issued: &Issued, mark: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.precedent (case_id, point_id, outcome, issued_at, words)
         select d.case_id, p.point_id, p.outcome, d.issued_at,
                array[$2::text] || ombudsman.words_of(d.language, q.claim || ' ' || p.finding || ' ' || p.reason)
           from ombudsman.decision d
           join ombudsman.decision_point p on p.case_id = d.case_id
           join ombudsman.claim_point q on q.case_id = p.case_id and q.point_id = p.point_id
          where d.case_id = $1 order by p.point_id",
        issued.case.uuid(),
        mark,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what a decision made of the precedents it considered.
#[tracing::instrument(name = "db.precedent.insert", skip_all)]
pub(super) async fn insert(tx: &mut PgConnection, case: CaseId, weighed: &[Weighed]) -> Result<(), StoreError> {
    let text = |pick: fn(&Weighed) -> String| weighed.iter().map(pick).collect::<Vec<String>>();
    let cases: Vec<Uuid> = weighed.iter().map(|one| one.found.case.uuid()).collect();
    let similar: Vec<f64> = weighed.iter().map(|one| one.found.similarity).collect();
    let contrary: Vec<bool> = weighed.iter().map(|one| one.contrary).collect();
    let reasons: Vec<Option<String>> =
        weighed.iter().map(|one| one.departure.as_ref().map(|reason| reason.expose().clone())).collect();
    sqlx::query!(
        "insert into ombudsman.decision_precedent
           (case_id, place, point_id, earlier_case, earlier_point, outcome, similarity, contrary, departure_reason)
         select $1, place::integer, point_id, earlier_case, earlier_point, outcome, similarity, contrary, reason
           from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::float8[], $7::bool[], $8::text[]) with ordinality
                as given (point_id, earlier_case, earlier_point, outcome, similarity, contrary, reason, place)",
        case.uuid(),
        &text(|one| one.claim_point.clone()),
        &cases,
        &text(|one| one.found.point.clone()),
        &text(|one| one.found.outcome.to_string()),
        &similar,
        &contrary,
        &reasons as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What a decision made of the precedents it considered.
#[tracing::instrument(name = "db.precedent.of_decision", skip_all)]
pub(super) async fn of_decision(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Weighed>, StoreError> {
    let rows = sqlx::query!(
        "select p.point_id, p.earlier_case, p.earlier_point, p.outcome, p.similarity, p.contrary, p.departure_reason, d.issued_at
           from ombudsman.decision_precedent p join ombudsman.decision d on d.case_id = p.earlier_case
          where p.case_id = $1 order by p.place",
        case.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let found = Found {
                case: CaseId::from_uuid(row.earlier_case),
                point: row.earlier_point,
                outcome: word(&row.outcome, "decision_precedent", "outcome", case)?,
                issued_at: row.issued_at.to_jiff(),
                shared: Vec::new(),
                similarity: row.similarity,
            };
            let departure = row.departure_reason.map(Personal::new);
            Ok(Weighed { claim_point: row.point_id, found, contrary: row.contrary, departure })
        })
        .collect()
}

fn count(points: i64) -> u64 {
    u64::try_from(points).unwrap_or_default()
}
