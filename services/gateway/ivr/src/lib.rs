//! What a telephone system asks, one endpoint per question: who calls, what is open, how an affair stands whose key is spoken or typed, leaving a
//! complaint, asking to be called, wanting a person.
//!
//! Every answer is one flat JSON object of texts, so that a dial plan reads it without a parser: `ok`, `say` (a sentence for a voice, in `lang`), `next`
//! (what to do once it is said) and a few facts. There is an answer to everything, and in time: whatever fails, `say` asks the caller to wait and `next` is
//! `human`. Questions are posted as a form or as flat JSON. The services are asked with the telephone system's own token (role `ivr`).

mod affair;
mod answer;
mod ask;
mod callback;
mod caller;
mod complaint;
mod human;
mod open;
mod say;
mod settings;
mod speech;
mod spoken;
mod status;
mod tries;
mod window;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, post};
use edge::{Caller, Callers, Problem};
use kernel::Ambient;
use server::Peers;

pub use open::ANSWERS;
pub use settings::Settings;

use answer::{Fault, Reply};
use ask::{Asked, Desk};
use tries::Tries;

/// What the endpoints work with.
#[derive(Clone)]
pub struct State {
    /// The four services.
    pub peers: Peers,
    /// How much each exchange takes that asks.
    pub callers: Callers,
    /// Clock and chance.
    pub ambient: Ambient,
    /// How the house answers its telephone.
    pub settings: Settings,
}

/// The endpoints, below `/ivr/v1`.
pub fn router(state: State) -> Router {
    let desk = Arc::new(Desk { tries: Tries::new(state.settings.tries), state });
    Router::new()
        .route("/ivr/v1/caller", question(&desk, caller::FIELDS, caller::answer))
        .route("/ivr/v1/open", question(&desk, open::FIELDS, open::answer))
        .route("/ivr/v1/status", question(&desk, status::FIELDS, status::answer))
        .route("/ivr/v1/complaint", question(&desk, complaint::FIELDS, complaint::answer))
        .route("/ivr/v1/callback", question(&desk, callback::FIELDS, callback::answer))
        .route("/ivr/v1/human", question(&desk, human::FIELDS, human::answer))
        .route("/ivr/v1/{*rest}", axum::routing::any(|| async { Fault::NoSuchQuestion.answer(say::Lang::Es) }))
}

/// A route that answers one question: in time, and whatever happens.
fn question<F, A>(desk: &Arc<Desk>, fields: &'static [&'static str], answer: F) -> MethodRouter
where
    F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Reply, Fault>> + Send,
{
    let desk = Arc::clone(desk);
    let whole = Duration::from_millis(desk.state.settings.limit_ms);
    let route = move |caller: Result<Caller, Problem>, request: Request| async move {
        let Ok(caller) = caller else {
            return Fault::Invalid(vec!["Ventanilla-Timeout".to_owned()]).answer(say::Lang::Es);
        };
        let until = caller.deadline.min(Instant::now() + whole);
        let (mut parts, body) = request.into_parts();
        if let Err(wait) = desk.state.callers.count(&mut parts).await {
            return Fault::TooManyCalls(wait).answer(say::Lang::Es);
        }
        let request = Request::from_parts(parts, body);
        let (asked, lang) = match ask::read(&desk, caller, until, request, fields).await {
            Ok(asked) => {
                let lang = asked.lang();
                (asked, lang)
            }
            Err((fault, lang)) => return fault.answer(lang),
        };
        // What was begun goes on in the services; the caller on the line does not wait for it.
        match tokio::time::timeout_at(until.into(), answer(asked)).await {
            Ok(Ok(reply)) => reply.answer(),
            Ok(Err(fault)) => fault.answer(lang),
            Err(_) => Fault::Late.answer(lang),
        }
    };
    let wrong = |_: Request| async { Fault::NotPosted.answer(say::Lang::Es) };
    post(route).fallback(wrong)
}
