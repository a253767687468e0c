//! Answers that are kept: one to a question, in versions, suggested and cited.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::article_service_client::ArticleServiceClient;
use ventanilla_proto::ticketing::v1::{ArticleState, ReadabilityGrade};
use ventanilla_proto::r#type::v1::{Language, LocalizedText};

use crate::world::{World, assert_refused, complaint, create_request, fact, fields, fresh_id, open};

type Articles = ArticleServiceClient<Client>;

impl World {
    pub fn articles(&self, subject: &str, role: Role) -> Articles {
        ArticleServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }
}

fn es(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: Language::Es.into(), text: text.into() }]
}

fn article(slug: &str, question: &str, text: &str) -> pb::Article {
    pb::Article {
        name: format!("articles/{slug}"),
        questions: es(question),
        texts: es(text),
        department: "billing".into(),
        public: true,
        state: ArticleState::Published.into(),
        ..Default::default()
    }
}

pub fn meter() -> pb::Article {
    let text =
        "Mire los números negros del contador. Envíelos por la web o por teléfono. La lectura vale desde ese día.";
    article("lectura", "¿Cómo envío la lectura del contador?", text)
}

pub async fn put(articles: &mut Articles, article: pb::Article) -> Result<pb::Article, Status> {
    let request = pb::PutArticleRequest { article: Some(article), request_id: fresh_id() };
    articles.put_article(request).await.map(tonic::Response::into_inner)
}

pub async fn cite(articles: &mut Articles, ticket: &str, slug: &str) -> Result<pb::Citation, Status> {
    let request =
        pb::CiteArticleRequest { parent: ticket.into(), article: format!("articles/{slug}"), request_id: fresh_id() };
    articles.cite_article(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_written_one_after_the_other_and_none_is_changed() {
    let world = World::new().await;
    let mut ana = world.articles("ana", Role::Agent);
    let first = put(&mut ana, meter()).await.unwrap();
    assert_eq!((first.version, first.cite_count), (1, 0));
    let reads = &first.readability[0];
    assert_eq!((reads.language(), reads.sentence_count), (Language::Es, 3));
    assert!(reads.grade() >= ReadabilityGrade::Normal && reads.score > 55.0, "{reads:?}");
    let anew =
        pb::Article { texts: es("Llame al teléfono gratuito y díctela."), etag: first.etag.clone(), ..meter() };
    let second = put(&mut world.articles("luis", Role::Agent), anew.clone()).await.unwrap();
    assert_eq!((second.version, second.actor.as_ref().unwrap().id.as_str()), (2, "luis"));
    assert_refused(put(&mut ana, anew).await, Code::Aborted, "STALE_ETAG");
    assert_refused(put(&mut ana, meter()).await, Code::Aborted, "STALE_ETAG");
    let get = |version| pb::GetArticleRequest { name: "articles/lectura".into(), version };
    let kept = ana.get_article(get(1)).await.unwrap().into_inner();
    assert_eq!((kept.texts, kept.version), (first.texts.clone(), 1));
    assert_eq!(ana.get_article(get(0)).await.unwrap().into_inner(), second);
    assert_refused(ana.get_article(get(3)).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_question_has_one_answer_while_it_is_in_use() {
    let world = World::new().await;
    let mut ana = world.articles("ana", Role::Agent);
    let first = put(&mut ana, meter()).await.unwrap();
    let same = article("otra", "como envio LA LECTURA del contador", "De otra manera.");
    let refused = assert_refused(put(&mut ana, same.clone()).await, Code::AlreadyExists, "ARTICLE_EXISTS");
    assert_eq!(fact(&refused, "article"), "articles/lectura");
    let missing = ana.get_article(pb::GetArticleRequest { name: same.name.clone(), version: 0 }).await;
    assert_refused(missing, Code::NotFound, "NOT_FOUND");
    let draft = put(&mut ana, pb::Article { state: ArticleState::Draft.into(), ..same.clone() }).await.unwrap();
    let published = pb::Article { etag: draft.etag.clone(), ..same.clone() };
    assert_refused(put(&mut ana, published.clone()).await, Code::AlreadyExists, "ARTICLE_EXISTS");
    put(&mut ana, pb::Article { state: ArticleState::Retired.into(), etag: first.etag, ..meter() }).await.unwrap();
    assert_eq!(put(&mut ana, published).await.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_similar_is_suggested_whatever_its_endings_and_the_most_similar_first() {
    let world = World::new().await;
    let mut ana = world.articles("ana", Role::Agent);
    put(&mut ana, meter()).await.unwrap();
    put(
        &mut ana,
        article("cobro", "¿Por qué me cobran dos veces?", "Suele ser un recibo devuelto que se pasa de nuevo."),
    )
    .await
    .unwrap();
    put(&mut ana, article("alta", "¿Cómo doy de alta un suministro?", "Con el código del punto y una identificación."))
        .await
        .unwrap();
    let inside = pb::Article {
        public: false,
        ..article("interno", "¿Quién revisa contadores?", "El equipo de contadores los revisa.")
    };
    put(&mut ana, inside).await.unwrap();
    put(
        &mut ana,
        pb::Article { state: ArticleState::Draft.into(), ..article("borrador", "¿Contadores?", "Contadores.") },
    )
    .await
    .unwrap();

    let by = |query: &str, public| pb::SuggestArticlesRequest { query: query.into(), public, ..Default::default() };
    let found = ana.suggest_articles(by("quiero enviar lecturas de mi contador", false)).await.unwrap().into_inner();
    let names: Vec<_> = found.suggestions.iter().map(|s| s.article.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["articles/lectura", "articles/interno"], "{:?}", found.suggestions);
    let much: Vec<f64> = found.suggestions.iter().map(|s| s.similarity).collect();
    assert!(much[0] > much[1] && much[0] <= 1.0 && much[1] >= 0.1, "{much:?}");
    let shown = ana.suggest_articles(by("contadores", true)).await.unwrap().into_inner().suggestions;
    assert_eq!(shown.len(), 1, "customers are not shown the other");
    let nothing = ana.suggest_articles(by("zzz '\\ \\' & | !", false)).await.unwrap().into_inner().suggestions;
    assert!(nothing.is_empty());

    let ticket = pb::Ticket { subject: "Me han cobrado dos recibos".into(), ..complaint() };
    let ticket = world.agent().create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
    let of = pb::SuggestArticlesRequest { ticket: ticket.name, page_size: 1, ..Default::default() };
    let found = ana.suggest_articles(of).await.unwrap().into_inner().suggestions;
    assert_eq!(found[0].article.as_ref().unwrap().name, "articles/cobro");
    let both = pb::SuggestArticlesRequest {
        ticket: "tickets/x".into(),
        query: "y".into(),
        page_size: -1,
        ..Default::default()
    };
    let refused = assert_refused(ana.suggest_articles(both).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["ticket", "page_size"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_cites_an_article_once_in_the_version_it_was_then() {
    let world = World::new().await;
    let mut ana = world.articles("ana", Role::Agent);
    let first = put(&mut ana, meter()).await.unwrap();
    let ticket = open(&mut world.agent()).await.ticket.unwrap().name;
    let cited = cite(&mut ana, &ticket, "lectura").await.unwrap();
    assert_eq!((cited.version, cited.name), (1, format!("{ticket}/citations/lectura")));
    let anew = pb::Article { texts: es("Por la web."), etag: first.etag, ..meter() };
    let second = put(&mut ana, anew).await.unwrap();
    assert_eq!(second.cite_count, 1);
    assert_eq!(cite(&mut world.articles("luis", Role::Agent), &ticket, "lectura").await.unwrap().version, 1);
    let retired = pb::Article { state: ArticleState::Retired.into(), etag: second.etag, ..meter() };
    put(&mut ana, retired).await.unwrap();
    let other = open(&mut world.agent()).await.ticket.unwrap().name;
    let refused = cite(&mut ana, &other, "lectura").await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "ARTICLE_NOT_PUBLISHED");
    assert_eq!(fact(&refused, "state"), "retired");
    let list = pb::ListCitationsRequest { parent: ticket.clone(), ..Default::default() };
    let listed = ana.list_citations(list).await.unwrap().into_inner().citations;
    assert_eq!(
        listed.iter().map(|c| (c.version, c.actor.as_ref().unwrap().id.as_str())).collect::<Vec<_>>(),
        [(1, "ana")]
    );
    assert_refused(cite(&mut ana, &ticket, "nada").await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_an_article_is_told_at_once() {
    let world = World::new().await;
    let mut ana = world.articles("ana", Role::Agent);
    let english = LocalizedText { language: Language::En.into(), text: "How?".into() };
    let wrong = pb::Article {
        name: "articles/No".into(),
        questions: vec![english.clone()],
        texts: vec![LocalizedText { text: String::new(), ..english.clone() }],
        state: 9,
        ..Default::default()
    };
    let refused = assert_refused(put(&mut ana, wrong).await, Code::InvalidArgument, "INVALID_REQUEST");
    let told = ["article.name", "article.questions", "article.texts[0].text", "article.department", "article.state"];
    assert_eq!(fields(&refused), told);
    let half = pb::Article { questions: [es("¿Cómo?"), vec![english]].concat(), ..meter() };
    let refused = assert_refused(put(&mut ana, half).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["article.texts"]);
    let marks = pb::Article { questions: es("¿…?"), ..meter() };
    let refused = assert_refused(put(&mut ana, marks).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["article.questions"]);
}
