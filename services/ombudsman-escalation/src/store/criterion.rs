//! What the office says in general: criteria and recommendations.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::matter::Motive;
use ombudsman_escalation_domain::{CaseId, RecommendationId, Refused};
use postgres::{Db, StoreError};
use sqlx::PgConnection;

use super::report::Window;
use super::word;
use crate::error::Failure;

/// A decision that stands for a criterion.
#[derive(Debug, Clone)]
pub(crate) struct Leading {
    /// Its case.
    pub(crate) case: CaseId,
    /// The criterion.
    pub(crate) criterion: String,
    /// Language.
    pub(crate) language: Language,
    /// Who marked it.
    pub(crate) marked_by: String,
    /// When.
    pub(crate) marked_at: Timestamp,
}

/// Something the office recommends.
#[derive(Debug, Clone)]
pub(crate) struct Recommended {
    /// Its id.
    pub(crate) id: RecommendationId,
    /// Rules it is about.
    pub(crate) regime: String,
    /// Motive it is about; all without one.
    pub(crate) motive: Option<Motive>,
    /// Language.
    pub(crate) language: Language,
    /// What is recommended.
    pub(crate) text: String,
    /// Who made it.
    pub(crate) made_by: String,
    /// When.
    pub(crate) made_at: Timestamp,
}

/// Marks a decision.
#[tracing::instrument(name = "db.criterion.mark", skip_all)]
pub(crate) async fn mark(tx: &mut PgConnection, leading: &Leading) -> Result<(), Failure> {
    let marked = sqlx::query!(
        "insert into ombudsman.leading_decision (case_id, language, criterion, marked_by, marked_at) values ($1, $2, $3, $4, $5)",
        leading.case.uuid(),
        leading.language.as_str(),
        leading.criterion,
        leading.marked_by,
        leading.marked_at.to_sqlx() as _,
    )
    .execute(tx)
    .await
    .map_err(StoreError::from);
    match marked {
        Err(error) if error.constraint() == Some("leading_decision_pkey") => Err(Refused::CriterionExists.into()),
        Err(error) if error.constraint() == Some("leading_decision_was_issued") => {
            Err(Refused::DecisionNotFound.into())
        }
        other => Ok(other.map(|_| ())?),
    }
}

/// Writes a recommendation.
#[tracing::instrument(name = "db.criterion.recommend", skip_all)]
pub(crate) async fn recommend(tx: &mut PgConnection, made: &Recommended) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.recommendation (recommendation_id, regime, motive, language, text, made_by, made_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        made.id.uuid(),
        made.regime,
        made.motive.as_ref().map(Motive::as_str),
        made.language.as_str(),
        made.text,
        made.made_by,
        made.made_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Decisions that were marked in a time.
#[tracing::instrument(name = "db.criterion.leading", skip_all)]
pub(crate) async fn leading(db: &Db, window: Window<'_>) -> Result<Vec<Leading>, StoreError> {
    let rows = sqlx::query!(
        "select l.case_id, l.language, l.criterion, l.marked_by, l.marked_at
           from ombudsman.leading_decision l join ombudsman.office_case c on c.case_id = l.case_id
          where l.marked_at >= $1 and l.marked_at < $2 and ($3::text is null or c.regime = $3)
            and ombudsman.replaced_by(l.case_id) is null
          order by l.marked_at, l.case_id",
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Leading {
                case: CaseId::from_uuid(row.case_id),
                language: word(&row.language, "leading_decision", "language", row.case_id)?,
                criterion: row.criterion,
                marked_by: row.marked_by,
                marked_at: row.marked_at.to_jiff(),
            })
        })
        .collect()
}

/// What was recommended in a time.
#[tracing::instrument(name = "db.criterion.recommended", skip_all)]
pub(crate) async fn recommended(db: &Db, window: Window<'_>) -> Result<Vec<Recommended>, StoreError> {
    let rows = sqlx::query!(
        "select recommendation_id, regime, motive, language, text, made_by, made_at from ombudsman.recommendation
          where made_at >= $1 and made_at < $2 and ($3::text is null or regime = $3) order by made_at, recommendation_id",
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.recommendation_id;
            Ok(Recommended {
                id: RecommendationId::from_uuid(id),
                motive: row.motive.as_deref().map(|slug| word(slug, "recommendation", "motive", id)).transpose()?,
                language: word(&row.language, "recommendation", "language", id)?,
                regime: row.regime,
                text: row.text,
                made_by: row.made_by,
                made_at: row.made_at.to_jiff(),
            })
        })
        .collect()
}
