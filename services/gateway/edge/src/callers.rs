//! How much each system takes that calls with a token. Services judge tokens; here one is read to know whose calls are counted, so that no system, however
//! many connections it has and however often it is given a fresh token, takes the window from the others.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts as _;
use http::request::Parts;
use kernel::Ambient;
use secrecy::ExposeSecret as _;
use server::TokenVerifier;

use crate::caller::bearer;
use crate::{Class, ClientAddress, Limits};

/// Counts calls by whose token they come with. See the module.
#[derive(Clone)]
pub struct Callers {
    verifier: Arc<TokenVerifier>,
    limits: Arc<Limits>,
    ambient: Ambient,
}

impl Callers {
    /// Counts by these limits whom this verifier knows.
    pub fn new(verifier: Arc<TokenVerifier>, limits: Arc<Limits>, ambient: Ambient) -> Self {
        Self { verifier, limits, ambient }
    }

    /// Counts one call: for whom its token names; one whose token does not hold, or that shows none, for the address it comes from. Nobody is counted by
    /// what they only claim to be, so that nobody uses up another's calls.
    ///
    /// # Errors
    /// How long to wait when it is one too many.
    pub async fn count(&self, parts: &mut Parts) -> Result<(), Duration> {
        let named = bearer(&parts.headers).and_then(|token| self.verifier.verify(token.expose_secret()).ok());
        let who = match named {
            Some(principal) => format!("s {:?} {}", principal.actor.kind, principal.actor.id),
            None => {
                let address = ClientAddress::from_request_parts(parts, &()).await;
                format!("a {}", address.map_or_else(|_| "unknown".to_owned(), |at| at.network().to_string()))
            }
        };
        self.limits.take(Class::Call, &who, self.ambient.now())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use aws_lc_rs::signature::Ed25519KeyPair;
    use axum::extract::ConnectInfo;
    use http::Request;
    use jiff::SignedDuration;
    use kernel::Role;
    use server::TokenIssuer;

    use super::*;
    use crate::{LimitSettings, Rate};

    fn parts(token: Option<&str>, from: &str) -> Parts {
        let mut request = Request::builder().uri("/v1/x");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let address: SocketAddr = from.parse().expect("an address");
        parts.extensions.insert(ConnectInfo(address));
        parts
    }

    #[tokio::test]
    async fn calls_are_counted_by_whose_token_it_is_and_not_by_which_and_nobody_uses_up_anothers() {
        let ambient = Ambient::system();
        let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).expect("a key");
        let issuer = TokenIssuer::new(&key, "house", "ventanilla").expect("it signs");
        let limits = LimitSettings { call: Rate { burst: 2, per_minute: 0 }, ..LimitSettings::default() };
        let callers =
            Callers::new(Arc::new(issuer.verifier(ambient.clone())), Arc::new(Limits::new(limits)), ambient.clone());
        let hour = Duration::from_secs(3_600);
        let token = |person: &str, age: i64| {
            let issued = ambient.now() - SignedDuration::from_secs(age);
            issuer.issue(person, &[Role::Crm], None, hour, issued).expect("a token")
        };
        let count = async |token: Option<&str>, from: &str| callers.count(&mut parts(token, from)).await.is_ok();

        let (one, fresh) = (token("crm-1", 60), token("crm-1", 0));
        assert_ne!(one, fresh, "two tokens of one system");
        assert!(count(Some(&one), "192.0.2.1:1").await && count(Some(&fresh), "192.0.2.2:1").await);
        assert!(
            !count(Some(&one), "192.0.2.1:1").await && !count(Some(&fresh), "192.0.2.3:1").await,
            "counted together"
        );
        assert!(count(Some(&token("crm-2", 0)), "192.0.2.1:1").await, "another is counted apart");

        // Who shows what does not hold is counted by their address, whomever it claims to be.
        let mut forged = token("crm-2", 0);
        forged.push('x');
        for number in 0..4 {
            assert_eq!(count(Some(&forged), "203.0.113.9:1").await, number < 2);
        }
        assert!(!count(None, "203.0.113.9:2").await, "no token is no better");
        assert!(count(Some(&token("crm-2", 0)), "203.0.113.9:1").await, "and takes nothing from whom it claims to be");
    }
}
