//! Answers that are kept: written in versions, suggested, cited.

use std::collections::HashMap;

use kernel::Language;
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{
    ArticleDraft, ArticleId, ChangeKind, Refusal, SlugId as _, TicketId, coverage, refuse_unpublished,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::named::NamedPage;
use super::writing::Begun;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::article::{self, Citation, StoredArticle};
use crate::store::ticket;

/// What is less similar is not suggested.
const LEAST_SIMILAR: f64 = 0.1;

/// What PutArticle is asked.
pub(crate) struct NewArticle {
    /// Which.
    pub id: ArticleId,
    /// What it says.
    pub draft: ArticleDraft,
    /// The same as the contract spells it.
    pub content: pb::Article,
    /// The version the caller decided on; none for a new one.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What articles are looked for by.
pub(crate) enum Question {
    /// The subject and the points of an affair, in its language.
    Of(TicketId),
    /// Words, in any language.
    Words(String),
}

impl Ticketing {
    /// Writes an article, or another version of it.
    #[tracing::instrument(name = "article.put", skip_all, fields(article.id = %new.id))]
    pub(crate) async fn put_article(&self, call: &Call, new: NewArticle) -> Result<pb::Article, Error> {
        let NewArticle { id, draft, content, etag, key } = new;
        let now = self.ambient.now();
        let mut tx = match self.claimed(&key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let (number, version) = match (article::lock(&mut tx, &id).await?, etag) {
            (Some(known), Some(etag)) if known.version == etag => (known.number + 1, known.version + 1),
            (None, None) => (1, 1),
            _ => return Err(StoreError::Stale.into()),
        };
        let by = call.actor().clone();
        let mut stored = StoredArticle { id, number, content, by, at: now, cited: 0, version };
        if !article::write(&mut tx, &stored, &draft).await? {
            return Err(StoreError::Stale.into());
        }
        if let Some(other) = article::publish(&mut tx, &stored.id, &draft).await? {
            return Err(Refusal::ArticleExists { article: format!("articles/{other}") }.into());
        }
        stored = article::get(&mut *tx, &stored.id, None).await?.unwrap_or(stored);
        let answer = present::article(&stored);
        let entry = self.entries(call, now, |entries| entries.article_put(answer.clone()));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &key, answer).await
    }

    /// An article, in a version or as it stands.
    #[tracing::instrument(name = "article.get", skip_all, fields(article.id = %id))]
    pub(crate) async fn get_article(&self, id: &ArticleId, number: Option<i32>) -> Result<pb::Article, Error> {
        let found = article::get(self.db.reader(), id, number).await?;
        let missing = || Error::not_found(number.map_or_else(|| id.name(), |n| format!("{} version {n}", id.name())));
        found.map(|found| present::article(&found)).ok_or_else(missing)
    }

    /// A page of articles, and the id of its last one when there are more.
    #[tracing::instrument(name = "article.list", skip_all)]
    pub(crate) async fn list_articles(&self, page: &NamedPage) -> Result<(Vec<pb::Article>, Option<String>), Error> {
        let found = article::list(self.db.reader(), page.department.as_ref(), &page.after, limit(page.size)).await;
        let mut found = found?;
        let more = cut(&mut found, page.size);
        let last = found.last().filter(|_| more).map(|stored| stored.id.as_str().to_owned());
        Ok((found.iter().map(present::article).collect(), last))
    }

    /// Published articles that may answer what is asked, the most similar first.
    #[tracing::instrument(name = "article.suggest", skip_all)]
    pub(crate) async fn suggest_articles(
        &self,
        question: Question,
        public: bool,
        most: usize,
    ) -> Result<Vec<pb::Suggestion>, Error> {
        let (text, languages) = match question {
            Question::Words(words) => {
                (words, vec![Language::Es, Language::En, Language::Ca, Language::Gl, Language::Eu])
            }
            Question::Of(id) => {
                let found = ticket::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
                let facts = found.ticket.facts();
                let points = found.ticket.points().iter().map(|point| point.text.expose());
                let text: Vec<&str> = std::iter::once(facts.subject.expose()).chain(points).collect();
                // Where there is no text in the customer's language they are shown the Spanish one.
                let mut languages = vec![facts.language, Language::Es];
                languages.dedup();
                (text.join("\n"), languages)
            }
        };
        let mut similar: HashMap<String, f64> = HashMap::new();
        for language in languages {
            let asked = article::asked(self.db.reader(), language, &text, public).await?;
            for (id, has) in asked.found {
                let similarity = coverage(&asked.words, &has, asked.texts);
                let best = similar.entry(id).or_default();
                *best = best.max(similarity);
            }
        }
        let mut best: Vec<(String, f64)> = similar.into_iter().filter(|(_, much)| *much >= LEAST_SIMILAR).collect();
        best.sort_by(|(a, much), (b, more)| more.total_cmp(much).then_with(|| a.cmp(b)));
        best.truncate(most);
        let ids: Vec<String> = best.iter().map(|(id, _)| id.clone()).collect();
        let found = article::of_ids(self.db.reader(), &ids).await?;
        let mut found: HashMap<&str, &StoredArticle> =
            found.iter().map(|stored| (stored.id.as_str(), stored)).collect();
        let told = |(id, similarity): &(String, f64)| {
            let article = Some(present::article(found.remove(id.as_str())?));
            Some(pb::Suggestion { article, similarity: *similarity })
        };
        Ok(best.iter().filter_map(told).collect())
    }

    /// Says that an affair was answered with an article.
    #[tracing::instrument(name = "article.cite", skip_all, fields(ticket.id = %ticket, article.id = %id))]
    pub(crate) async fn cite_article(
        &self,
        call: &Call,
        ticket: TicketId,
        id: ArticleId,
        key: RequestKey,
    ) -> Result<pb::Citation, Error> {
        let mut writing = match self.begin_in(call, key, ticket, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let standing = article::share(&mut writing.tx, &id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        refuse_unpublished(standing.state)?;
        let moment = writing.moment;
        let (noted, at) = writing.part().stored.ticket.clone().note(moment)?;
        let citation = Citation { ticket, article: id, number: standing.number, by: call.actor().clone(), at };
        if article::cite(&mut writing.tx, &citation).await? {
            let part = writing.part();
            part.touched(noted);
            part.note(
                ChangeKind::ArticleCited,
                at,
                |entries| entries.article_cited(&citation),
                |row| row.related = Some(citation.article.name()),
            );
            return writing.finish(present::citation(&citation)).await;
        }
        // It was cited before: that stands.
        let known = article::citation(&mut *writing.tx, ticket, &citation.article).await?.unwrap_or(citation);
        writing.finish(present::citation(&known)).await
    }

    /// A page of which articles an affair was answered with, and the id of its last one when there are more.
    #[tracing::instrument(name = "article.citations", skip_all, fields(ticket.id = %ticket))]
    pub(crate) async fn list_citations(
        &self,
        ticket: TicketId,
        after: &str,
        size: usize,
    ) -> Result<(Vec<pb::Citation>, Option<String>), Error> {
        let mut found = article::citations(self.db.reader(), ticket, after, limit(size)).await?;
        if found.is_empty() && !ticket::exists(self.db.reader(), ticket).await? {
            return Err(Error::not_found(ticket.to_string()));
        }
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|citation| citation.article.as_str().to_owned());
        Ok((found.iter().map(present::citation).collect(), last))
    }
}
