//! An identity provider that really signs: with keys of every kind, on a port of its own, and as it is told to behave.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key that signs, by its name.
pub struct SigningKey {
    pub kid: String,
    pub pair: Pair,
}

impl SigningKey {
    pub fn ed(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    pub fn ec(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: kid.to_owned(), pair: Pair::Ec(pair) }
    }

    pub fn rsa(kid: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { kid: kid.to_owned(), pair: Pair::Rsa(Box::new(pair)) }
    }

    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    /// The public half, as DER has it or bare.
    pub fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub fn jwk(&self) -> Value {
        let (text, public) = (|bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes), self.public());
        match &self.pair {
            // SEQUENCE, INTEGER of 257 bytes (a zero before it), INTEGER 65537: always so at 2048 bits.
            Pair::Rsa(_) => {
                json!({ "kty": "RSA", "kid": self.kid, "use": "sig", "n": text(&public[9..265]), "e": "AQAB" })
            }
            Pair::Ec(_) => {
                json!({ "kty": "EC", "crv": "P-256", "kid": self.kid, "x": text(&public[1..33]), "y": text(&public[33..]) })
            }
            Pair::Ed(_) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": text(&public) }),
        }
    }

    /// A token with this header and these claims, signed as the header's algorithm or the key's own.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &dyn RsaEncoding = match header["alg"].as_str() {
                    Some("PS256") => &RSA_PSS_SHA256,
                    Some("RS512") => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.kid }), claims)
    }
}

/// What the provider says, and how often it was asked.
pub struct Told {
    pub url: String,
    /// Who it says it is; its own address, unless it lies.
    pub issuer: Mutex<String>,
    pub keys: Mutex<VecDeque<Arc<SigningKey>>>,
    pub down: AtomicBool,
    pub asked: AtomicUsize,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Provider(pub Arc<Told>);

impl std::ops::Deref for Provider {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl Provider {
    /// A provider that signs with this key.
    pub async fn begin(key: SigningKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self(Arc::new(Told {
            issuer: Mutex::new(url.clone()),
            url,
            keys: Mutex::new(VecDeque::from([Arc::new(key)])),
            down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
        }));
        let pages = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, pages).await });
        provider
    }

    /// Publishes a new key and signs with it from now on; the one before the last is withdrawn.
    pub fn rotate(&self, key: SigningKey) {
        let mut keys = self.keys.lock().unwrap();
        keys.push_front(Arc::new(key));
        keys.truncate(2);
    }

    /// Its keys, the one that it signs with first.
    pub fn keys(&self) -> Vec<Arc<SigningKey>> {
        self.keys.lock().unwrap().iter().cloned().collect()
    }

    /// A token of the key that it signs with now.
    pub fn token(&self, subject: &str, words: &[&str]) -> String {
        let claims = claims(&self.url, subject, words);
        self.keys.lock().unwrap()[0].sign(&claims)
    }
}

/// Claims that hold for five minutes, with the provider's words in `groups`.
pub fn claims(issuer: &str, subject: &str, words: &[&str]) -> Value {
    let now = kernel::Ambient::system().now().as_second();
    json!({ "iss": issuer, "aud": ["account", super::AUDIENCE], "sub": subject, "iat": now, "exp": now + 300, "groups": words })
}

type Answer = Result<Json<Value>, StatusCode>;

async fn configuration(State(told): State<Provider>) -> Answer {
    if told.down.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let issuer = told.issuer.lock().unwrap().clone();
    Ok(Json(json!({ "issuer": issuer, "jwks_uri": format!("{}/keys", told.url) })))
}

async fn keys(State(told): State<Provider>) -> Answer {
    told.asked.fetch_add(1, Ordering::SeqCst);
    if told.down.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let keys: Vec<Value> = told.keys.lock().unwrap().iter().map(|key| key.jwk()).collect();
    Ok(Json(json!({ "keys": keys })))
}
