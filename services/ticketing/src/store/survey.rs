//! Surveys. They are asked and answered under the lock of their ticket, and counted without it.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{
    Answers, Opinion, Question, SatisfactionCause, Score, Survey, SurveyId, SurveyState, TicketId, TicketType,
};

use super::cause::Period;
use super::{actor, word};

/// A survey with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredSurvey {
    /// The survey.
    pub survey: Survey,
    /// The etag.
    pub version: i64,
}

struct SurveyRow {
    channel: String,
    asked_by_kind: String,
    asked_by_id: String,
    asked_by_department: Option<String>,
    asked_at: jiff_sqlx::Timestamp,
    answered_at: Option<jiff_sqlx::Timestamp>,
    answered_by_kind: Option<String>,
    answered_by_id: Option<String>,
    answered_by_department: Option<String>,
    answer_channel: Option<String>,
    csat: Option<i16>,
    nps: Option<i16>,
    ces: Option<i16>,
    causes: Vec<String>,
    verbatim: Option<String>,
    version: i64,
}

impl SurveyRow {
    fn read(self, id: SurveyId) -> Result<StoredSurvey, StoreError> {
        let key = id.ticket();
        let channel = word("survey", "channel", key, self.channel.parse().ok())?;
        let by = actor("survey", key, &self.asked_by_kind, self.asked_by_id, self.asked_by_department)?;
        let state = match (self.answered_at, self.answered_by_kind, self.answered_by_id) {
            (Some(at), Some(kind), Some(actor_id)) => SurveyState::Answered {
                at: at.to_jiff(),
                by: actor("survey", key, &kind, actor_id, self.answered_by_department)?,
                opinion: Opinion {
                    channel: word("survey", "answer_channel", key, self.answer_channel.and_then(|c| c.parse().ok()))?,
                    csat: score(id, "csat", self.csat)?,
                    nps: score(id, "nps", self.nps)?,
                    ces: score(id, "ces", self.ces)?,
                    causes: self.causes.iter().map(|c| cause(id, c)).collect::<Result<_, _>>()?,
                    verbatim: match self.verbatim {
                        Some(words) => Some(word("survey", "verbatim", key, words.parse().ok())?),
                        None => None,
                    },
                },
            },
            _ => SurveyState::Asked,
        };
        let survey = Survey { id, channel, by, asked: self.asked_at.to_jiff(), state };
        Ok(StoredSurvey { survey, version: self.version })
    }
}

fn score<const MIN: u8, const MAX: u8>(
    id: SurveyId,
    column: &'static str,
    stored: Option<i16>,
) -> Result<Option<Score<MIN, MAX>>, StoreError> {
    stored.map(|number| word("survey", column, id.ticket(), i32::from(number).try_into().ok())).transpose()
}

fn cause(id: SurveyId, stored: &str) -> Result<SatisfactionCause, StoreError> {
    word("survey", "causes", id.ticket(), SatisfactionCause::from_word(stored))
}

/// The survey of an affair: what was asked in it, from before it was merged, and else in the one that it is answered with.
#[tracing::instrument(name = "db.survey.of_affair", skip_all)]
pub(crate) async fn of_affair(
    connection: &mut PgConnection,
    (own, head): (TicketId, TicketId),
) -> Result<Option<StoredSurvey>, StoreError> {
    match get(&mut *connection, SurveyId::of(own)).await? {
        None if head != own => get(connection, SurveyId::of(head)).await,
        found => Ok(found),
    }
}

/// The survey of a ticket, if the customer was asked.
#[tracing::instrument(name = "db.survey.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, id: SurveyId) -> Result<Option<StoredSurvey>, StoreError> {
    let row = sqlx::query_as!(
        SurveyRow,
        "select channel, asked_by_kind, asked_by_id, asked_by_department, asked_at, answered_at, answered_by_kind,
                answered_by_id, answered_by_department, answer_channel, csat, nps, ces, causes, verbatim, version
         from ticketing.survey where ticket_id = $1",
        id.ticket().uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| row.read(id)).transpose()
}

/// A ticket whose customer was asked, of those that were one affair with this one at any time, itself included; the same links that are read stay until the
/// transaction ends, as their tickets are locked by whoever adds one.
#[tracing::instrument(name = "db.survey.asked_in_family", skip_all)]
pub(crate) async fn asked_in_family(tx: &mut PgConnection, ticket: TicketId) -> Result<Option<TicketId>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"with recursive family (ticket_id) as (
               select $1::uuid
               union
               select l.ticket_id from family f cross join lateral (
                   select to_ticket from ticketing.ticket_link where from_ticket = f.ticket_id and kind = 'merged_into'
                   union all
                   select from_ticket from ticketing.ticket_link where to_ticket = f.ticket_id and kind = 'merged_into'
               ) as l (ticket_id)
           )
           select s.ticket_id as "ticket_id!" from ticketing.survey s join family f on f.ticket_id = s.ticket_id
           order by s.ticket_id <> $1, s.asked_at limit 1"#,
        ticket.uuid(),
    );
    Ok(found.fetch_optional(tx).await?.map(TicketId::from_uuid))
}

/// Adds a survey that was just asked.
#[tracing::instrument(name = "db.survey.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredSurvey) -> Result<(), StoreError> {
    let survey = &stored.survey;
    sqlx::query!(
        "insert into ticketing.survey (ticket_id, channel, asked_by_kind, asked_by_id, asked_by_department, asked_at, version)
         values ($1, $2, $3, $4, $5, $6, $7)",
        survey.id.ticket().uuid(),
        survey.channel.as_str(),
        survey.by.kind.as_str(),
        survey.by.id,
        survey.by.department.as_ref().map(|d| d.as_str()),
        survey.asked.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what the customer said; `stored` holds the version it is to have.
#[tracing::instrument(name = "db.survey.answer", skip_all)]
pub(crate) async fn answer(tx: &mut PgConnection, stored: &StoredSurvey) -> Result<(), StoreError> {
    let SurveyState::Answered { at, by, opinion } = &stored.survey.state else { return Ok(()) };
    let causes: Vec<String> = opinion.causes.iter().map(ToString::to_string).collect();
    let written = sqlx::query!(
        "update ticketing.survey
         set answered_at = $2, answered_by_kind = $3, answered_by_id = $4, answered_by_department = $5,
             answer_channel = $6, csat = $7, nps = $8, ces = $9, causes = $10, verbatim = $11, version = $12
         where ticket_id = $1 and version = $12::bigint - 1",
        stored.survey.id.ticket().uuid(),
        at.to_sqlx() as _,
        by.kind.as_str(),
        by.id,
        by.department.as_ref().map(|d| d.as_str()),
        opinion.channel.as_str(),
        opinion.csat.map(|score| i16::from(score.get())),
        opinion.nps.map(|score| i16::from(score.get())),
        opinion.ces.map(|score| i16::from(score.get())),
        &causes,
        opinion.verbatim.as_ref().map(|words| words.expose()),
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// What was asked and said in the affairs of a time, by their department and type.
#[tracing::instrument(name = "db.survey.answers", skip_all)]
pub(crate) async fn answers(
    pool: &PgPool,
    period: &Period,
) -> Result<BTreeMap<(String, TicketType), Answers>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.department, t.ticket_type, said.what as "what!", said.point as "point!", count(*) as "count!"
           from ticketing.ticket t
           join ticketing.survey s on s.ticket_id = t.ticket_id
           cross join lateral (values ('asked', 0::smallint), ('answered', case when s.answered_at is not null then 0::smallint end),
                                      ('csat', s.csat), ('nps', s.nps), ('ces', s.ces)) as said (what, point)
           where t.first_received_at >= $1 and t.first_received_at < $2 and ($3::text is null or t.department = $3)
             and said.point is not null
           group by 1, 2, 3, 4"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_all(pool)
    .await?;
    let mut counted: BTreeMap<(String, TicketType), Answers> = BTreeMap::new();
    for row in rows {
        let kind = word("ticket", "ticket_type", &row.ticket_type, TicketType::from_word(&row.ticket_type))?;
        let count = u64::try_from(row.count).unwrap_or_default();
        let answers = counted.entry((row.department, kind)).or_default();
        let question = match row.what.as_str() {
            "asked" => {
                answers.asked += count;
                continue;
            }
            "answered" => {
                answers.answered += count;
                continue;
            }
            "csat" => Question::Csat,
            "nps" => Question::Nps,
            _ => Question::Ces,
        };
        *answers = word("survey", "point", &row.what, answers.with(question, row.point, count))?;
    }
    Ok(counted)
}
