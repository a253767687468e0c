//! How often somebody calls. Calls that ask for a token are counted by whose token it is. Those that ask for none, whoever has key and proof makes, and whoever
//! has neither may try: how often is counted by address, in the same buckets as the page that takes the same secret.

use axum::extract::FromRequestParts as _;
use edge::{Class, ClientAddress, Problem};
use http::request::Parts;
use http::{Method, StatusCode};

use crate::Gate;
use crate::contract::Operation;

/// A try that was counted.
pub(crate) struct Try {
    who: String,
}

/// Counts a call for whoever makes it; of one that asks for no token it is a try, too.
///
/// # Errors
/// Too many were made, or too many secrets tried: with when to come back.
pub(crate) async fn count(gate: &Gate, operation: &Operation, parts: &mut Parts) -> Result<Option<Try>, Problem> {
    if !operation.policy.open {
        let detail = "too many calls came with tokens of one person or system";
        return match gate.callers.count(parts).await {
            Ok(()) => Ok(None),
            Err(wait) => Err(too_many("RESOURCE_EXHAUSTED", detail, wait)),
        };
    }
    let address = ClientAddress::from_request_parts(parts, &()).await;
    let address = address.map_or_else(|_| "unknown".to_owned(), |address| address.network().to_string());
    let now = gate.ambient.now();
    let class = if operation.method == Method::GET.as_str() { Class::Read } else { Class::Change };
    gate.limits
        .take(class, &format!("a {address}"), now)
        .map_err(|wait| too_many("TOO_MANY_REQUESTS", "too many calls came from this address without a token", wait))?;
    // Counted before it is known whether it is right: of many at once none goes uncounted.
    let who = format!("t {address}");
    gate.limits.take(Class::Guess, &who, now).map_err(|wait| {
        too_many("TOO_MANY_TRIES", "too many wrong keys, proofs and codes came from this address", wait)
    })?;
    Ok(Some(Try { who }))
}

impl Try {
    /// What was answered: where no secret was refused, it was no guess.
    pub(crate) fn came_to(self, gate: &Gate, refused: Option<&Problem>) {
        if !refused.is_some_and(|problem| edge::is_of_guess(problem.reason())) {
            gate.limits.give_back(Class::Guess, &self.who);
        }
    }
}

fn too_many(reason: &str, detail: &str, wait: std::time::Duration) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, reason, detail).retry_after(wait.as_secs_f64())
}
