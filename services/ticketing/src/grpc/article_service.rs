//! ArticleService: convert, call, convert.

use ticketing_domain::ArticleId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::article_service_server::ArticleService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// Articles of one page: each may have ten thousand characters in five languages.
const MOST: usize = 10;

/// The gRPC face of [`Ticketing`] for answers that are kept.
#[derive(Clone)]
pub struct Articles {
    app: Ticketing,
}

impl Articles {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl ArticleService for Articles {
    async fn put_article(&self, request: Request<pb::PutArticleRequest>) -> Answer<pb::Article> {
        let run = |app: Ticketing, call, new| async move { app.put_article(&call, new).await };
        change(&self.app, request, convert::put_article, run).await
    }

    async fn get_article(&self, request: Request<pb::GetArticleRequest>) -> Answer<pb::Article> {
        let (id, number) = convert::get_article(request.get_ref()).map_err(refused)?;
        self.app.get_article(&id, number).await.map(Response::new).map_err(refused)
    }

    async fn list_articles(&self, request: Request<pb::ListArticlesRequest>) -> Answer<pb::ListArticlesResponse> {
        let r = request.get_ref();
        let mut list = convert::named_list::<ArticleId>("articles", &r.department, r.page_size, &r.page_token)?;
        list.page.size = list.page.size.min(MOST);
        let (articles, last) = self.app.list_articles(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListArticlesResponse { articles, next_page_token: list.next_token(last) }))
    }

    async fn suggest_articles(
        &self,
        request: Request<pb::SuggestArticlesRequest>,
    ) -> Answer<pb::SuggestArticlesResponse> {
        let (question, most) = convert::suggest_articles(request.get_ref()).map_err(refused)?;
        let found = self.app.suggest_articles(question, request.get_ref().public, most).await;
        let suggestions = found.map_err(refused)?;
        Ok(Response::new(pb::SuggestArticlesResponse { suggestions }))
    }

    async fn cite_article(&self, request: Request<pb::CiteArticleRequest>) -> Answer<pb::Citation> {
        let run = |app: Ticketing, call, (ticket, article, key)| async move {
            app.cite_article(&call, ticket, article, key).await
        };
        change(&self.app, request, convert::cite_article, run).await
    }

    async fn list_citations(&self, request: Request<pb::ListCitationsRequest>) -> Answer<pb::ListCitationsResponse> {
        let list = convert::citations(request.get_ref())?;
        let (citations, last) = self.app.list_citations(list.ticket, &list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListCitationsResponse { citations, next_page_token: list.next_token(last) }))
    }
}
