//! Key, proof and the office's code between two pages: in a cookie that only the gateway can read, for half an hour.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use web::Web;

const COOKIE: &str = "affair";
const KEEP: Duration = Duration::from_secs(30 * 60);

/// Key and proof. Does not print.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) proof: String,
    /// The code that the ombudsman's office gave them; empty while they showed none.
    #[serde(default)]
    pub(crate) code: String,
    /// Id of the case that the code was shown for; empty for whichever it opens.
    #[serde(default)]
    pub(crate) code_case: String,
    /// Since when: a cookie that a browser kept too long counts for nothing.
    since: i64,
}

impl Kept {
    pub(crate) fn new(key: String, proof: String, now: Timestamp) -> Self {
        Self { key, proof, code: String::new(), code_case: String::new(), since: now.as_second() }
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
        let since = Timestamp::from_second(kept.since).ok()?;
        let age = web.ambient().now().duration_since(since);
        (!age.is_negative() && age < SignedDuration::try_from(KEEP).ok()?).then_some(kept)
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
