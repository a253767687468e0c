//! Answers that are kept, in versions, and which affairs were answered with them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Department, Language, ResourceId as _};
use postgres::{StoreError, affected_one};
use prost::Message as _;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{ArticleDraft, ArticleId, ArticleStanding, SlugId as _, TicketId};
use ventanilla_proto::ticketing::v1 as pb;

use super::{actor, word};

/// A version of an article.
#[derive(Debug, Clone)]
pub(crate) struct StoredArticle {
    /// Its id.
    pub id: ArticleId,
    /// Which version, from 1.
    pub number: i32,
    /// What it says, as the contract spells it, without what is only told.
    pub content: pb::Article,
    /// Who wrote the version.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// In how many affairs any version was cited.
    pub cited: i64,
    /// The etag.
    pub version: i64,
}

/// An article as it stands, without what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Its last version.
    pub number: i32,
    /// Whether it is in use.
    pub state: ArticleStanding,
    /// The etag.
    pub version: i64,
}

/// That an affair was answered with an article.
#[derive(Debug, Clone)]
pub(crate) struct Citation {
    /// The affair.
    pub ticket: TicketId,
    /// With what.
    pub article: ArticleId,
    /// In which version.
    pub number: i32,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

struct ArticleRow {
    article_id: String,
    number: i32,
    content: Vec<u8>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    cited: i64,
    version: i64,
}

impl TryFrom<ArticleRow> for StoredArticle {
    type Error = StoreError;

    fn try_from(row: ArticleRow) -> Result<Self, StoreError> {
        let key = row.article_id.as_str();
        Ok(Self {
            id: word("article", "article_id", key, ArticleId::of(key).ok())?,
            number: row.number,
            content: word("article_version", "content", key, pb::Article::decode(row.content.as_slice()).ok())?,
            by: actor("article_version", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            at: row.created_at.to_jiff(),
            cited: row.cited,
            version: row.version,
        })
    }
}

macro_rules! select_articles {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ArticleRow,
            r#"select a.article_id, v.number, v.content, v.actor_kind, v.actor_id, v.actor_department,
                      v.created_at as "created_at: _", a.version,
                      (select count(*) from ticketing.citation c where c.article_id = a.article_id) as "cited!"
               from ticketing.article a join ticketing.article_version v on v.article_id = a.article_id "# + $tail
            $(, $argument)*
        )
    };
}

/// An article in a version; as it stands where none is said.
#[tracing::instrument(name = "db.article.get", skip_all)]
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: &ArticleId,
    number: Option<i32>,
) -> Result<Option<StoredArticle>, StoreError> {
    let row = select_articles!("where a.article_id = $1 and v.number = coalesce($2, a.number)", id.as_str(), number);
    row.fetch_optional(executor).await?.map(StoredArticle::try_from).transpose()
}

/// Articles as they stand, by name, after the one with this id.
#[tracing::instrument(name = "db.article.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    department: Option<&Department>,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredArticle>, StoreError> {
    let rows = select_articles!(
        "where v.number = a.number and a.article_id > $1 and ($2::text is null or a.department = $2)
         order by a.article_id limit $3",
        after,
        department.map(Department::as_str),
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredArticle::try_from).collect()
}

/// Articles as they stand.
#[tracing::instrument(name = "db.article.of_ids", skip_all)]
pub(crate) async fn of_ids(pool: &PgPool, ids: &[String]) -> Result<Vec<StoredArticle>, StoreError> {
    let rows = select_articles!("where v.number = a.number and a.article_id = any($1)", ids);
    rows.fetch_all(pool).await?.into_iter().map(StoredArticle::try_from).collect()
}

/// How an article stands, locked until the transaction ends.
#[tracing::instrument(name = "db.article.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: &ArticleId) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query!(
        "select number, state, version from ticketing.article where article_id = $1 for update",
        id.as_str()
    );
    row.fetch_optional(tx).await?.map(|row| standing(id, row.number, &row.state, row.version)).transpose()
}

/// Whether an article is in use and in which version, kept so until the transaction ends, by as many as cite it.
#[tracing::instrument(name = "db.article.share", skip_all)]
pub(crate) async fn share(tx: &mut PgConnection, id: &ArticleId) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query!(
        "select number, state, version from ticketing.article where article_id = $1 for share",
        id.as_str()
    );
    row.fetch_optional(tx).await?.map(|row| standing(id, row.number, &row.state, row.version)).transpose()
}

fn standing(id: &ArticleId, number: i32, state: &str, version: i64) -> Result<Standing, StoreError> {
    let state = word("article", "state", id.as_str(), ArticleStanding::from_word(state))?;
    Ok(Standing { number, state, version })
}

/// Writes a version, the first of an article or a further one; `false` when a first one meets an article that is there.
#[tracing::instrument(name = "db.article.write", skip_all)]
pub(crate) async fn write(
    tx: &mut PgConnection,
    stored: &StoredArticle,
    draft: &ArticleDraft,
) -> Result<bool, StoreError> {
    let id = stored.id.as_str();
    if stored.number == 1 {
        let opened = sqlx::query!(
            "insert into ticketing.article (article_id, number, department, public, state, version)
             values ($1, 1, $2, $3, $4, $5) on conflict on constraint article_pkey do nothing",
            id,
            draft.department.as_str(),
            draft.public,
            draft.state.as_str(),
            stored.version,
        );
        if opened.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
    } else {
        let changed = sqlx::query!(
            "update ticketing.article set number = $2, department = $3, public = $4, state = $5, version = $6 where article_id = $1",
            id,
            stored.number,
            draft.department.as_str(),
            draft.public,
            draft.state.as_str(),
            stored.version,
        );
        affected_one(&changed.execute(&mut *tx).await?)?;
    }
    sqlx::query!(
        "insert into ticketing.article_version (article_id, number, content, actor_kind, actor_id, actor_department, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        stored.number,
        stored.content.encode_to_vec(),
        stored.by.kind.as_str(),
        stored.by.id,
        stored.by.department.as_ref().map(Department::as_str),
        stored.at.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    Ok(true)
}

/// Puts the questions and words of an article where they are looked for, while it is in use, and takes them away otherwise; answers another article that
/// answers one of the questions, in which case nothing of it may be kept.
#[tracing::instrument(name = "db.article.publish", skip_all)]
pub(crate) async fn publish(
    tx: &mut PgConnection,
    id: &ArticleId,
    draft: &ArticleDraft,
) -> Result<Option<String>, StoreError> {
    let mut questions = if draft.state == ArticleStanding::Published { draft.folded_questions() } else { Vec::new() };
    // Taken in one order before any is given up, so that two articles with the same questions never wait for each other in a circle.
    questions.sort();
    for (language, question) in &questions {
        let taken = sqlx::query_scalar!(
            "insert into ticketing.article_question (language, question, article_id) values ($1, $2, $3)
             on conflict on constraint article_question_pkey do update set question = excluded.question
             returning article_id",
            language.as_str(),
            question,
            id.as_str(),
        )
        .fetch_one(&mut *tx)
        .await?;
        if taken != id.as_str() {
            return Ok(Some(taken));
        }
    }
    let (languages, kept): (Vec<String>, Vec<String>) =
        questions.into_iter().map(|(language, question)| (language.as_str().to_owned(), question)).unzip();
    sqlx::query!(
        "delete from ticketing.article_question q where q.article_id = $1
         and not exists (select from unnest($2::text[], $3::text[]) as k (language, question)
                         where k.language = q.language and k.question = q.question)",
        id.as_str(),
        &languages,
        &kept,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from ticketing.article_words where article_id = $1", id.as_str()).execute(&mut *tx).await?;
    if draft.state != ArticleStanding::Published {
        return Ok(None);
    }
    for (language, question) in draft.questions.iter() {
        let said = format!("{}\n{}", question.expose(), draft.texts.told_in(language).expose());
        sqlx::query!(
            "insert into ticketing.article_words (article_id, language, words) values ($1, $2::text, ticketing.words_of($2::text, $3))",
            id.as_str(),
            language.as_str(),
            said,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(None)
}

/// What is asked, and what may answer it.
pub(crate) struct Asked {
    /// Each word, and in how many texts it is.
    pub words: HashMap<String, u64>,
    /// How many texts there are.
    pub texts: u64,
    /// Articles with some of the words, each with those of its words that are asked.
    pub found: Vec<(String, HashSet<String>)>,
}

/// Words of a question that are looked at.
const MOST_WORDS: i64 = 60;
/// Articles that are looked at.
const MOST_FOUND: i64 = 200;

/// Looks for articles in one language with some of these words.
#[tracing::instrument(name = "db.article.asked", skip_all)]
pub(crate) async fn asked(pool: &PgPool, language: Language, text: &str, public: bool) -> Result<Asked, StoreError> {
    let words = sqlx::query!(
        r#"with word as (
               -- Not the mark of the language, which every text has. The longest words first: what is cut off says least.
               select w from unnest(tsvector_to_array(ticketing.words_of($1, $2))) as w
               where w not like '@%' and w !~ '[\\'']' order by length(w) desc, w limit $3
           )
           select w as "word!", (select count(*) from ticketing.article_words a
                                 where a.language = $1 and a.words @@ quote_literal(w)::tsquery) as "found_in!"
           from word"#,
        language.as_str(),
        text,
        MOST_WORDS,
    )
    .fetch_all(pool)
    .await?;
    let words: HashMap<String, u64> =
        words.into_iter().map(|row| (row.word, u64::try_from(row.found_in).unwrap_or_default())).collect();
    let texts = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticketing.article_words where language = $1"#,
        language.as_str()
    );
    let texts = u64::try_from(texts.fetch_one(pool).await?).unwrap_or_default();
    let mut rarest: Vec<(&String, &u64)> = words.iter().filter(|(_, found_in)| **found_in > 0).collect();
    rarest.sort_by_key(|(word, found_in)| (**found_in, (*word).clone()));
    let rarest: Vec<String> = rarest.into_iter().map(|(word, _)| word.clone()).collect();
    let found = sqlx::query!(
        r#"select a.article_id, array(select w from unnest($2::text[]) as w where a.words @@ quote_literal(w)::tsquery) as "has!"
           from ticketing.article_words a join ticketing.article r on r.article_id = a.article_id
           where a.language = $1 and (not $3 or r.public)
             and a.words @@ (select string_agg(quote_literal(w), ' | ') from unnest($2::text[]) as w)::tsquery
           order by cardinality(array(select w from unnest($2::text[]) as w where a.words @@ quote_literal(w)::tsquery)) desc, a.article_id
           limit $4"#,
        language.as_str(),
        &rarest,
        public,
        MOST_FOUND,
    )
    .fetch_all(pool)
    .await?;
    Ok(Asked {
        words,
        texts,
        found: found.into_iter().map(|row| (row.article_id, row.has.into_iter().collect())).collect(),
    })
}

/// Adds a citation; the first of an article in an affair counts. `false` when it was cited in it before.
#[tracing::instrument(name = "db.citation.insert", skip_all)]
pub(crate) async fn cite(tx: &mut PgConnection, citation: &Citation) -> Result<bool, StoreError> {
    let added = sqlx::query!(
        "insert into ticketing.citation (ticket_id, article_id, number, actor_kind, actor_id, actor_department, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint citation_pkey do nothing",
        citation.ticket.uuid(),
        citation.article.as_str(),
        citation.number,
        citation.by.kind.as_str(),
        citation.by.id,
        citation.by.department.as_ref().map(Department::as_str),
        citation.at.to_sqlx() as _,
    );
    Ok(added.execute(tx).await?.rows_affected() == 1)
}

struct CitationRow {
    article_id: String,
    number: i32,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
}

impl CitationRow {
    fn of(self, ticket: TicketId) -> Result<Citation, StoreError> {
        let key = self.article_id.as_str();
        Ok(Citation {
            ticket,
            article: word("citation", "article_id", key, ArticleId::of(key).ok())?,
            number: self.number,
            by: actor("citation", key, &self.actor_kind, self.actor_id, self.actor_department)?,
            at: self.created_at.to_jiff(),
        })
    }
}

/// One citation of a ticket.
#[tracing::instrument(name = "db.citation.get", skip_all)]
pub(crate) async fn citation(
    executor: impl PgExecutor<'_>,
    ticket: TicketId,
    article: &ArticleId,
) -> Result<Option<Citation>, StoreError> {
    let row = sqlx::query_as!(
        CitationRow,
        r#"select article_id, number, actor_kind, actor_id, actor_department, created_at as "created_at: _"
           from ticketing.citation where ticket_id = $1 and article_id = $2"#,
        ticket.uuid(),
        article.as_str(),
    );
    row.fetch_optional(executor).await?.map(|row| row.of(ticket)).transpose()
}

/// Citations of a ticket by the name of the article, after this one.
#[tracing::instrument(name = "db.citation.list", skip_all)]
pub(crate) async fn citations(
    pool: &PgPool,
    ticket: TicketId,
    after: &str,
    limit: i64,
) -> Result<Vec<Citation>, StoreError> {
    let rows = sqlx::query_as!(
        CitationRow,
        r#"select article_id, number, actor_kind, actor_id, actor_department, created_at as "created_at: _"
           from ticketing.citation where ticket_id = $1 and article_id > $2 order by article_id limit $3"#,
        ticket.uuid(),
        after,
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(|row| row.of(ticket)).collect()
}
