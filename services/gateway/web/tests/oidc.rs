//! Signing in at an identity provider that really signs: in this process, on a port of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::body::Body;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::{Ambient, FixedClock, Role, SystemEntropy};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{AuthSettings, TokenIssuer, TokenVerifier};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use web::{OidcSettings, Session, Settings, SignIn, Web};

const CLIENT: &str = "ventanilla";

/// What the provider does next, and what it was asked.
#[derive(Default)]
struct Told {
    id_token: String,
    access_token: String,
    asked: Vec<(HeaderMap, BTreeMap<String, String>)>,
    renewals: usize,
    /// What a renewal is answered with in place of tokens.
    fails: Option<StatusCode>,
    /// Refresh tokens that were used, where each is taken a single time.
    used_up: Option<BTreeSet<String>>,
    revoked: Vec<String>,
    /// A renewal that waits to be let on.
    held: Option<Arc<Semaphore>>,
}

/// The provider, the pages in front of it, and one browser.
struct World {
    issuer: String,
    told: Arc<Mutex<Told>>,
    house: TokenIssuer,
    clock: FixedClock,
    ambient: Ambient,
    router: Router,
    cookies: BTreeMap<String, String>,
}

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap()
}

fn signer() -> EncodingKey {
    EncodingKey::from_ed_der(key().to_pkcs8v1().unwrap().as_ref())
}

async fn token(
    State(told): State<Arc<Mutex<Told>>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let renews = form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
    let held = told.lock().unwrap().held.clone().filter(|_| renews);
    if let Some(held) = held {
        told.lock().unwrap().renewals += 1;
        held.acquire().await.unwrap().forget();
        told.lock().unwrap().renewals -= 1;
    }
    let mut told = told.lock().unwrap();
    if renews && let Some(status) = told.fails {
        return status.into_response();
    }
    if renews
        && let Some(used_up) = &mut told.used_up
        && !used_up.insert(form["refresh_token"].clone())
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut answer = json!({ "access_token": told.access_token, "token_type": "Bearer", "refresh_token": "renew-me" });
    if renews {
        told.renewals += 1;
        answer["refresh_token"] = json!(format!("renew-me-{}", told.renewals));
    } else {
        answer["id_token"] = json!(told.id_token);
    }
    told.asked.push((headers, form));
    Json(answer).into_response()
}

async fn revoke(State(told): State<Arc<Mutex<Told>>>, Form(form): Form<BTreeMap<String, String>>) -> StatusCode {
    told.lock().unwrap().revoked.push(form["token"].clone());
    StatusCode::OK
}

/// A page with a form, as all are of somebody who is signed in.
async fn with_form(session: Session) -> String {
    format!("csrf=\"{}\"", session.csrf)
}

async fn whoami(session: Session) -> String {
    session.principal.actor.id
}

impl World {
    /// Services take the house's own tokens, which the provider hands out.
    async fn begin() -> Self {
        Self::with(|_, house, ambient| house.verifier(ambient)).await
    }

    /// The same where `verifier` says whose tokens they take, of the provider at this address.
    async fn with(verifier: impl FnOnce(&str, &TokenIssuer, Ambient) -> TokenVerifier) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let told = Arc::<Mutex<Told>>::default();
        let configuration = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "end_session_endpoint": format!("{issuer}/bye"),
        });
        let x = URL_SAFE_NO_PAD.encode(key().public_key().as_ref());
        // A key of a kind nobody here knows stands beside it, as it may.
        let keys = json!({ "keys": [
            { "kty": "XYZ", "kid": "strange" },
            { "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x, "use": "sig", "alg": "EdDSA" },
        ] });
        let provider = Router::new()
            .route("/.well-known/openid-configuration", get(move || async move { Json(configuration) }))
            .route("/keys", get(move || async move { Json(keys) }))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, provider).await });

        let clock = FixedClock::at("2026-11-30T10:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SystemEntropy);
        let house_key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
        let house = TokenIssuer::new(&house_key, "house", "services").unwrap();
        let settings = Settings {
            public_url: "https://window.example".to_owned(),
            sealing_keys: vec![SecretString::from("07".repeat(32))],
            sign_in: SignIn::Oidc(OidcSettings {
                issuer: issuer.clone(),
                client_id: CLIENT.to_owned(),
                client_secret: Some(SecretString::from("s3cret")),
                scopes: vec!["offline_access".to_owned()],
                audience: None,
                ca_file: None,
            }),
            ..Settings::default()
        };
        let verifier = Arc::new(verifier(&issuer, &house, ambient.clone()));
        let web = Web::new(settings, verifier, ambient.clone()).unwrap();
        let pages = web.dress(Router::new().route("/console", get(whoami)).route("/form", get(with_form)));
        let router = web.router().merge(pages);
        Self { issuer, told, house, clock, ambient, router, cookies: BTreeMap::new() }
    }

    fn access(&self, subject: &str, minutes: u64) -> String {
        let ttl = Duration::from_secs(minutes * 60);
        self.house.issue(subject, &[Role::Ombudsman], None, ttl, self.ambient.now()).unwrap()
    }

    fn claims(&self, nonce: &str) -> Value {
        let now = self.ambient.now().as_second();
        json!({ "iss": self.issuer, "aud": CLIENT, "sub": "elena", "iat": now, "exp": now + 300, "nonce": nonce })
    }

    fn signed(&self, claims: &Value) -> String {
        let mut head = Header::new(Algorithm::EdDSA);
        head.kid = Some("k1".to_owned());
        jsonwebtoken::encode(&head, claims, &signer()).unwrap()
    }

    async fn get(&mut self, path: &str) -> (StatusCode, String, String) {
        let answer = self.asked(path).await;
        self.taken(answer).await
    }

    /// A request that can be let go of.
    fn asked(&self, path: &str) -> impl Future<Output = Response> + use<> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().uri(path).header(header::COOKIE, cookies.join("; "));
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap());
        async move { answer.await.into_response() }
    }

    async fn taken(&mut self, answer: Response) -> (StatusCode, String, String) {
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let place = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, place.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    }

    /// Somebody is signed in, with a token of ten minutes.
    async fn signed_in() -> Self {
        let mut world = Self::begin().await;
        let asked = world.depart().await;
        world.say(world.signed(&world.claims(&asked["nonce"])));
        world.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await;
        assert_eq!(world.get("/console").await.2, "elena");
        world
    }

    /// The next renewal gives a token that holds.
    fn gives(&self) {
        let fresh = self.access("elena", 10);
        self.told.lock().unwrap().access_token = fresh;
    }

    /// Begins, and gives what the provider is asked with.
    async fn depart(&mut self) -> BTreeMap<String, String> {
        let (status, place, _) = self.get("/sign-in/begin?next=%2Fconsole").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (address, query) = place.split_once('?').unwrap();
        assert_eq!(address, format!("{}/authorize", self.issuer));
        query.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    /// Comes back with whatever the provider is to say of these claims.
    async fn come_back(&mut self, id_token: String) -> (StatusCode, String, String) {
        let asked = self.depart().await;
        self.say(id_token);
        self.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await
    }

    /// The mark of a form of theirs.
    async fn mark(&mut self) -> String {
        let form = self.get("/form").await.2;
        form.split('"').nth(1).unwrap().to_owned()
    }

    async fn sign_out(&mut self, csrf: &str) -> (StatusCode, String, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let out = Request::post("/sign-out")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ORIGIN, "https://window.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}")))
            .unwrap();
        let answer = self.router.clone().oneshot(out).await.into_response();
        self.taken(answer).await
    }

    fn say(&self, id_token: String) {
        let mut told = self.told.lock().unwrap();
        told.id_token = id_token;
        told.access_token = self.access("elena", 10);
    }
}

#[tokio::test]
async fn who_signs_in_at_the_provider_comes_back_as_who_the_token_names() {
    let mut world = World::begin().await;
    let (_, _, door) = world.get("/sign-in?next=/console").await;
    assert!(door.contains("/sign-in/begin?next=/console") && !door.contains("<textarea"), "{door}");
    let asked = world.depart().await;
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "openid%20offline_access");
    world.say(world.signed(&world.claims(&asked["nonce"])));
    let (status, place, text) = world.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/console"), "{text}");
    assert_eq!(world.get("/console").await.2, "elena");

    let told = world.told.lock().unwrap();
    let (headers, form) = &told.asked[0];
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(challenge.as_ref()), asked["code_challenge"]);
    assert_eq!(form["redirect_uri"], "https://window.example/oidc/callback");
    let basic = base64::engine::general_purpose::STANDARD.encode("ventanilla:s3cret");
    assert_eq!(headers[header::AUTHORIZATION], format!("Basic {basic}"));
}

#[tokio::test]
async fn the_providers_own_access_token_is_taken_by_its_own_key_and_in_its_own_words() {
    let mut world = World::with(|issuer, _, ambient| {
        let claims = json!({
            "may_give": ["ombudsman"], "roles_at": "realm_access.roles", "roles": { "Defensora": "ombudsman" },
            "subject_prefix": "staff:",
        });
        let staff = json!({ "issuer": issuer, "audience": "services", "claims": claims });
        let settings: AuthSettings = serde_json::from_value(json!({ "issuers": { "staff": staff } })).unwrap();
        settings.verifier(ambient).unwrap()
    })
    .await;
    let asked = world.depart().await;
    let id_token = world.signed(&world.claims(&asked["nonce"]));
    let mut access = world.claims(&asked["nonce"]);
    access["aud"] = json!(["account", "services"]);
    access["realm_access"] = json!({ "roles": ["Defensora", "uma_authorization"] });
    let access = world.signed(&access);
    {
        let mut told = world.told.lock().unwrap();
        (told.id_token, told.access_token) = (id_token, access);
    }
    let (status, place, text) = world.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/console"), "{text}");
    assert_eq!(world.get("/console").await.2, "staff:elena");
}

#[tokio::test]
async fn no_token_that_does_not_hold_signs_anybody_in() {
    let mut world = World::begin().await;
    let now = world.ambient.now().as_second();
    let changes: [(&str, Value); 8] = [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("aud", json!(["ventanilla", "another"])),
        ("azp", json!("another")),
        ("nonce", json!("of another sign-in")),
        ("exp", json!(now - 120)),
        ("iat", json!(now + 600)),
        ("sub", json!("somebody-else")),
    ];
    for (claim, value) in changes {
        let asked = world.depart().await;
        let mut claims = world.claims(&asked["nonce"]);
        claims[claim] = value.clone();
        world.say(world.signed(&claims));
        let (status, _, text) = world.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{claim} {value}: {text}");
        assert_eq!(world.get("/console").await.0, StatusCode::SEE_OTHER, "{claim}");
        world.clock.advance(SignedDuration::from_mins(1));
    }
}

#[tokio::test]
async fn the_algorithm_is_that_of_the_key_and_never_what_the_token_claims() {
    let mut world = World::begin().await;
    let asked = world.depart().await;
    let claims = world.claims(&asked["nonce"]);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!("{}.{}.", part(&json!({ "alg": "none", "kid": "k1" })), part(&claims));
    let mut head = Header::new(Algorithm::HS256);
    head.kid = Some("k1".to_owned());
    let public = EncodingKey::from_secret(key().public_key().as_ref());
    let shared = jsonwebtoken::encode(&head, &claims, &public).unwrap();
    let mut head = Header::new(Algorithm::EdDSA);
    head.kid = Some("unknown".to_owned());
    let unknown = jsonwebtoken::encode(&head, &claims, &signer()).unwrap();
    head.kid = Some("k1".to_owned());
    let other = Ed25519KeyPair::from_seed_unchecked(&[6; 32]).unwrap();
    let forged = EncodingKey::from_ed_der(other.to_pkcs8v1().unwrap().as_ref());
    let forged = jsonwebtoken::encode(&head, &claims, &forged).unwrap();
    for (what, bad) in
        [("none", none), ("shared", shared), ("unknown", unknown), ("forged", forged), ("", String::new())]
    {
        let (status, _, text) = world.come_back(bad).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {text}");
        world.clock.advance(SignedDuration::from_mins(1));
    }
}

#[tokio::test]
async fn a_sign_in_ends_where_it_was_begun_alone() {
    let mut world = World::begin().await;
    let asked = world.depart().await;
    world.say(world.signed(&world.claims(&asked["nonce"])));
    let back = format!("/oidc/callback?code=c1&state={}", asked["state"]);
    let mine = std::mem::take(&mut world.cookies);
    assert_eq!(world.get(&back).await.0, StatusCode::BAD_REQUEST, "another browser");
    world.cookies = mine;
    assert_eq!(world.get("/oidc/callback?code=c1&state=guessed").await.0, StatusCode::BAD_REQUEST);
    let other = format!("{back}&iss=https%3A%2F%2Fevil.example");
    assert_eq!(world.get(&other).await.0, StatusCode::BAD_REQUEST, "another issuer (RFC 9207)");
    let refused = format!("/oidc/callback?error=access_denied&state={}", asked["state"]);
    assert_eq!(world.get(&refused).await.0, StatusCode::FORBIDDEN);
    world.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(world.get(&back).await.0, StatusCode::BAD_REQUEST, "too long ago");
    assert!(world.told.lock().unwrap().asked.is_empty(), "no code was given away");
}

#[tokio::test]
async fn a_session_is_renewed_once_before_its_token_is_over_and_stays_the_same_persons() {
    let mut world = World::begin().await;
    let asked = world.depart().await;
    world.say(world.signed(&world.claims(&asked["nonce"])));
    world.get(&format!("/oidc/callback?code=c1&state={}", asked["state"])).await;
    world.clock.advance(SignedDuration::from_mins(8));
    assert_eq!(world.get("/console").await.2, "elena");
    assert_eq!(world.told.lock().unwrap().renewals, 0, "it still holds");

    world.clock.advance(SignedDuration::from_secs(90));
    let fresh = world.access("elena", 10);
    world.told.lock().unwrap().access_token = fresh;
    let before = world.cookies.clone();
    assert_eq!(world.get("/console").await.2, "elena");
    let after = std::mem::replace(&mut world.cookies, before);
    assert_eq!(world.get("/console").await.2, "elena", "a request that was on its way with the old cookie");
    assert_eq!(world.told.lock().unwrap().renewals, 1, "requests that come at once share one renewal");
    world.cookies = after;
    world.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(world.get("/console").await.2, "elena", "past the end of the first token");

    world.clock.advance(SignedDuration::from_mins(6));
    let theirs = world.access("somebody-else", 10);
    world.told.lock().unwrap().access_token = theirs;
    assert_eq!(world.get("/console").await.0, StatusCode::SEE_OTHER, "a renewal that names somebody else is none");
}

#[tokio::test]
async fn a_renewal_that_failed_is_tried_again_and_nobody_is_signed_out_meanwhile() {
    let mut world = World::signed_in().await;
    world.told.lock().unwrap().fails = Some(StatusCode::SERVICE_UNAVAILABLE);
    world.clock.advance(SignedDuration::from_secs(570));
    assert_eq!(world.get("/console").await.2, "elena", "its token still holds");
    // Past the token's end: neither in nor out.
    world.clock.advance(SignedDuration::from_secs(120));
    let (status, place, _) = world.get("/console").await;
    assert_eq!((status, place.as_str()), (StatusCode::SERVICE_UNAVAILABLE, ""));
    assert_eq!(
        world.get("/here").await.0,
        StatusCode::SERVICE_UNAVAILABLE,
        "nobody can tell, and no page says that it is over"
    );
    world.gives();
    world.told.lock().unwrap().fails = None;
    world.clock.advance(SignedDuration::from_secs(3));
    assert_eq!(world.get("/console").await.2, "elena", "three seconds later, and not a minute");

    // What the provider has judged is not asked again: the session ends with its token.
    world.told.lock().unwrap().fails = Some(StatusCode::BAD_REQUEST);
    world.clock.advance(SignedDuration::from_mins(12));
    assert_eq!(world.get("/console").await.0, StatusCode::SEE_OTHER);
    assert!(world.cookies.is_empty(), "{:?}", world.cookies.keys());
}

#[tokio::test]
async fn a_refresh_token_is_not_lost_with_the_browser_that_went_away() {
    let mut world = World::signed_in().await;
    let gate = Arc::new(Semaphore::new(0));
    {
        let mut told = world.told.lock().unwrap();
        told.used_up = Some(BTreeSet::new());
        told.held = Some(Arc::clone(&gate));
    }
    world.clock.advance(SignedDuration::from_mins(11));
    world.gives();
    let leaving = tokio::spawn(world.asked("/console"));
    let begun = async {
        while world.told.lock().unwrap().renewals == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("the provider is asked");
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled(), "the browser went away");
    gate.add_permits(1);
    assert_eq!(world.get("/console").await.2, "elena", "the old cookie finds what was given meanwhile");

    // Neither is one whose browser comes back much later, with the cookie from before two renewals.
    gate.add_permits(10);
    let old = world.cookies.clone();
    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_secs(595));
        world.gives();
        assert_eq!(world.get("/console").await.2, "elena");
    }
    world.cookies = old;
    assert_eq!(world.get("/console").await.2, "elena");
}

#[tokio::test]
async fn a_slow_provider_holds_up_nobody_whose_token_holds() {
    let mut world = World::signed_in().await;
    let gate = Arc::new(Semaphore::new(0));
    world.told.lock().unwrap().held = Some(Arc::clone(&gate));
    world.clock.advance(SignedDuration::from_secs(570));
    world.gives();
    for _ in 0..3 {
        let page = tokio::time::timeout(Duration::from_secs(6), world.get("/console"));
        assert_eq!(page.await.expect("the page does not wait for the provider").2, "elena");
    }
    assert_eq!(world.told.lock().unwrap().renewals, 1, "one renewal is asked for");
    gate.add_permits(1);
    world.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(world.get("/console").await.2, "elena", "the renewal that was begun is this session's");
}

#[tokio::test]
async fn who_signs_out_is_signed_out_at_the_provider_too() {
    let mut world = World::signed_in().await;
    let csrf = world.mark().await;
    let (status, place, _) = world.sign_out(&csrf).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/signed-out"));

    let answer = world.asked("/signed-out").await;
    let bye = format!("{}/bye?client_id=ventanilla&post_logout_redirect_uri=https%3A//window.example/", world.issuer);
    assert_eq!(answer.headers()[header::REFRESH], format!("0;url={bye}"));
    let text = world.taken(answer).await.2;
    assert!(text.contains(&bye.replace('&', "&#38;")), "without a refresh there is a link: {text}");
    let revoked = async {
        while world.told.lock().unwrap().revoked.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), revoked).await.expect("the provider is told");
    assert_eq!(world.told.lock().unwrap().revoked, ["renew-me"]);
}

#[tokio::test]
async fn who_leaves_is_let_go_of_though_the_token_is_over_and_the_provider_is_silent() {
    let mut world = World::signed_in().await;
    let csrf = world.mark().await;
    let before = world.cookies.clone();
    // It does not answer: no permit is ever given.
    world.told.lock().unwrap().held = Some(Arc::new(Semaphore::new(0)));
    world.clock.advance(SignedDuration::from_mins(11));
    let forged = world.sign_out("0000").await;
    assert_eq!(forged.0, StatusCode::FORBIDDEN, "another page's form ends nothing");
    assert_eq!(world.cookies, before);
    let out = tokio::time::timeout(Duration::from_secs(6), world.sign_out(&csrf));
    let (status, place, _) = out.await.expect("who leaves does not wait for the provider");
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/signed-out"));
    assert!(world.cookies.is_empty(), "{:?}", world.cookies.keys());
    assert_eq!(world.told.lock().unwrap().renewals, 0, "nobody asked for a token to leave with");

    // A copy of the cookie opens nothing once the provider is back.
    world.told.lock().unwrap().held = None;
    world.gives();
    world.cookies = before;
    assert_eq!(world.get("/console").await.0, StatusCode::SEE_OTHER);
}
