//! Key, proof and the office's code between two pages: in a cookie that only the gateway can read, until nobody has used it for half an hour.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use web::Web;

const COOKIE: &str = "affair";
/// How long it counts while nobody uses it.
const KEEP: Duration = Duration::from_secs(30 * 60);
/// How long it counts at most, however much it is used.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// How often the browser's copy says anew when it was used last.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Key and proof. Does not print.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) proof: String,
    /// The code that the ombudsman's office gave them; empty while they showed none.
    #[serde(default)]
    pub(crate) code: String,
    /// Id of the case that the code was shown for; empty for whichever it opens.
    #[serde(default)]
    pub(crate) code_case: String,
    /// When it was used last: a cookie that a browser kept too long counts for nothing.
    since: i64,
    /// When key and proof were typed; `None` in what the version before this one kept.
    #[serde(default)]
    typed: Option<i64>,
}

impl Kept {
    pub(crate) fn new(key: String, proof: String, now: Timestamp) -> Self {
        Self {
            key,
            proof,
            code: String::new(),
            code_case: String::new(),
            since: now.as_second(),
            typed: Some(now.as_second()),
        }
    }

    /// The same with the office's code, for as long as the rest.
    pub(crate) fn with_code(self, code: String, case: &str) -> Self {
        Self { code, code_case: case.to_owned(), ..self }
    }

    /// The code for this case; empty where none was shown for it. What opens another is not tried on it.
    pub(crate) fn code_for(&self, case: &str) -> String {
        let may = case.is_empty() || self.code_case.is_empty() || self.code_case == case;
        if may { self.code.clone() } else { String::new() }
    }

    /// What the browser kept, while it counts.
    pub(crate) fn read(web: &Web, headers: &HeaderMap) -> Option<Self> {
        let kept: Self = serde_json::from_slice(&web.cookies().take(headers, COOKIE)?).ok()?;
        let now = web.ambient().now();
        let unused = since(now, kept.since)?;
        let age = since(now, kept.typed.unwrap_or(kept.since))?;
        (!unused.is_negative() && unused < SignedDuration::try_from(KEEP).ok()? && age < LONGEST).then_some(kept)
    }

    /// The same, used now; `None` when the browser's copy says so well enough.
    fn used(self, now: Timestamp) -> Option<Self> {
        let due = since(now, self.since)? >= NOTED_EVERY;
        due.then(|| Self { since: now.as_second(), typed: self.typed.or(Some(self.since)), ..self })
    }

    /// Has the browser keep it from now on.
    pub(crate) fn put(&self, web: &Web, answer: &mut Response) {
        let Ok(plain) = serde_json::to_vec(self) else { return };
        for cookie in web.cookies().put(COOKIE, &plain, KEEP) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// Has the browser forget it.
    pub(crate) fn forget(web: &Web, headers: &HeaderMap, answer: &mut Response) {
        for cookie in web.cookies().forget(headers, COOKIE) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

fn since(now: Timestamp, second: i64) -> Option<SignedDuration> {
    Timestamp::from_second(second).ok().map(|then| now.duration_since(then))
}

/// The layer around these pages: who uses what is kept goes on having it kept, whatever page they use. What a page says itself about it goes before.
pub(crate) async fn renewed(State(web): State<Web>, request: Request, next: Next) -> Response {
    let kept = Kept::read(&web, request.headers());
    let mut answer = next.run(request).await;
    let spoken = answer.headers().get_all(header::SET_COOKIE).iter().any(|line| web.cookies().is_of(line, COOKIE));
    if let Some(kept) = kept.filter(|_| !spoken).and_then(|kept| kept.used(web.ambient().now())) {
        kept.put(&web, &mut answer);
    }
    answer
}
