//! That what pages are held against finds what is wrong: a page of ours is judged as it is, and with faults planted in it.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header;
use ventanilla_tests::browser::Browser;
use ventanilla_tests::scene::doorway::Doorway;

/// A page's name, what is put in the place of what, its language, whether the page keeps the policy that forbids what stands in it, and what must be found.
struct Planted {
    name: &'static str,
    changes: Vec<(&'static str, String)>,
    lang: &'static str,
    policy: bool,
    found: Vec<&'static str>,
}

fn planted(elsewhere: &str) -> Vec<Planted> {
    let change = |from, to: &str| (from, to.to_owned());
    let before_end = |what: &str| ("</main>", format!("{what}</main>"));
    vec![
        Planted {
            name: "document",
            changes: vec![
                change("<html lang=\"es\">", "<html lang=\"en\">"),
                change("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">", ""),
                change(" · Ventanilla</title>", "</title>"),
                change("<label for=\"token\">Token</label>", "<p>Token</p>"),
                change("name=\"csrf\"", "name=\"mark\""),
                change("<button>Entrar", "<button tabindex=\"-1\">Entrar"),
                before_end("<form method=\"get\" action=\"https://elsewhere.example/\"></form><h1>Otra</h1>"),
            ],
            lang: "es",
            policy: true,
            found: vec![
                "is not in the language it says (en)",
                "has no viewport to zoom",
                "has no title of its own",
                "label: Form elements must have labels",
                "has a form without the mark: /sign-in",
                "is not in the keyboard's order: <button tabindex",
                "has no link to the other language",
                "has a form that goes elsewhere: https://elsewhere.example/",
                "has no first heading, or several",
            ],
        },
        Planted {
            name: "scripts",
            changes: vec![
                before_end(
                    "<script>window.__ran = 1; null.x</script><img src=\"/static/none.svg\" alt=\"\" onload=\"1\">",
                ),
                before_end("<a href=\" JavaScript:window.__ran=1\">x</a><iframe title=\"x\" srcdoc=\"x\"></iframe>"),
            ],
            lang: "es",
            policy: false,
            found: vec![
                "has what nobody here wrote: <script>",
                "has what nobody here wrote: <img",
                "has what nobody here wrote: <a href",
                "has what nobody here wrote: <iframe",
                "ran a script that somebody typed",
                "the browser says",
                "Uncaught TypeError",
                "none.svg - Failed to load",
            ],
        },
        // The policy keeps it from running; that it came so far is a fault all the same.
        Planted {
            name: "scripts-kept-out",
            changes: vec![before_end("<script>window.__ran = 1</script>")],
            lang: "es",
            policy: true,
            found: vec!["has what nobody here wrote: <script>", "Content Security Policy"],
        },
        Planted {
            name: "budget",
            changes: vec![
                before_end(&format!("<p hidden>{}</p>", "x".repeat(100_000))),
                before_end("<img src=\"/static/icon.svg?1\" alt=\"\"><img src=\"/static/icon.svg?2\" alt=\"\">"),
                before_end(&format!("<img src=\"{elsewhere}\" alt=\"\">")),
                before_end("<script src=\"/late.js\"></script>"),
            ],
            lang: "es",
            policy: false,
            found: vec!["weighs 1", "requests", "asks http://localhost:", "while it is read"],
        },
        Planted {
            name: "looks",
            changes: vec![
                before_end(
                    "<style>.pale { color: #999; background: #fff; } .dark { color: #333; } .broad { width: 600px; }</style>",
                ),
                before_end("<p class=\"pale\">Pálido</p><p class=\"dark\">Oscuro</p><p class=\"broad\">Ancho</p>"),
                ("href=\"?lang=en\"", "href=\"/posted\"".to_owned()),
                before_end("<style>button:focus-visible { outline: none; }</style>"),
            ],
            lang: "es",
            policy: false,
            found: vec![
                "color-contrast: Elements must meet minimum color contrast ratio thresholds at .pale",
                "in the dark, color-contrast",
                "pixels wider than 320: \"P.broad",
                "has a link to the other language that leads nowhere",
                "does not show where the keyboard is: <button>Entrar",
            ],
        },
        Planted {
            name: "no-other-language",
            changes: vec![change("href=\"?lang=en\"", "href=\"/broken?lang=en\"")],
            lang: "es",
            policy: true,
            found: vec!["has a link to the other language that is answered 500"],
        },
        Planted {
            name: "same-language",
            changes: vec![change("href=\"?lang=en\"", "href=\"/sign-in?lang=es\"")],
            lang: "es",
            policy: true,
            found: vec!["has a link to en that leads to a page in \"es\""],
        },
        Planted {
            name: "faulty-in-the-other-language",
            changes: vec![change("href=\"?lang=en\"", "href=\"/planted/english\"")],
            lang: "es",
            policy: true,
            found: vec![
                "in the other language, has no title of its own",
                "in the other language, color-contrast",
                "in the other language, is ",
            ],
        },
        Planted {
            name: "english",
            changes: vec![
                before_end("<style>.pale { color: #999; background: #fff; } .broad { width: 600px; }</style>"),
                before_end("<p class=\"pale\">Pale</p><p class=\"broad\">Broad</p>"),
                change(" · Ventanilla</title>", "</title>"),
            ],
            lang: "en",
            policy: false,
            found: vec!["has no title of its own", "has a link to es that leads to a page in \"en\""],
        },
        Planted {
            name: "trap",
            changes: vec![before_end("<script src=\"/trap.js\"></script>")],
            lang: "es",
            policy: true,
            found: vec!["is not reached with the keyboard: <button>Entrar"],
        },
    ]
}

/// Comes once the page was painted.
const LATE: &str = "const late = () => document.querySelector('h1').before(Object.assign(document.createElement('textarea'), { rows: 20 }));
requestAnimationFrame(() => requestAnimationFrame(late));";
/// Keeps the keyboard where it is.
const TRAP: &str = "document.querySelector('#token').addEventListener('keydown', (event) => { if (event.key === 'Tab') event.preventDefault(); });";

/// The sign-in page, as it is and with faults.
async fn doorway(elsewhere: &str) -> (Doorway, String) {
    let elsewhere = elsewhere.to_owned();
    let routes = |address: SocketAddr| {
        let settings = web::Settings {
            public_url: format!("http://127.0.0.1:{}", address.port()),
            sealing_keys: vec![secrecy::SecretString::from("07".repeat(32))],
            ..web::Settings::default()
        };
        let ambient = kernel::Ambient::system();
        let key = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).expect("32 bytes are a seed");
        let issuer = server::TokenIssuer::new(&key, "nobody", "nobody").expect("an issuer");
        let verifier = std::sync::Arc::new(issuer.verifier(ambient.clone()));
        let pages = web::Web::new(settings, verifier, ambient).expect("the settings hold").router();
        let shown = pages.clone();
        let kind = |kind: &'static str, text: &'static str| ([(header::CONTENT_TYPE, kind)], text).into_response();
        let with_faults = move |Path(name): Path<String>, request: Request| {
            let planted = planted(&elsewhere).into_iter().find(|planted| planted.name == name).expect("a planted page");
            plant(shown.clone(), request, planted)
        };
        Router::new()
            .route("/planted/{name}", get(with_faults))
            .route("/posted", post(async || ()))
            .route("/broken", get(async || http::StatusCode::INTERNAL_SERVER_ERROR))
            .route("/late.js", get(move || async move { kind("text/javascript", LATE) }))
            .route("/trap.js", get(move || async move { kind("text/javascript", TRAP) }))
            .merge(pages)
    };
    let doorway = Doorway::open(routes).await;
    let base = format!("http://127.0.0.1:{}", doorway.address.port());
    (doorway, base)
}

async fn plant(pages: Router, mut request: Request, planted: Planted) -> Response {
    use tower::ServiceExt as _;
    *request.uri_mut() = format!("/sign-in?lang={}", planted.lang).parse().expect("an address");
    let page = pages.oneshot(request).await.expect("it answers");
    let (mut parts, body) = page.into_parts();
    let body = to_bytes(body, 1_000_000).await.expect("the page is whole");
    let mut html = String::from_utf8(body.to_vec()).expect("a page is text");
    for (from, to) in planted.changes {
        assert!(html.contains(from), "{from} is not on the page: {html}");
        html = html.replacen(from, &to, 1);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    if !planted.policy {
        parts.headers.remove(header::CONTENT_SECURITY_POLICY);
    }
    Response::from_parts(parts, Body::from(html))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planted_in_a_page_is_found_and_nothing_is_found_in_the_page_itself() {
    let Some(mut browser) = Browser::open().await else { return };
    // Somebody else: nobody listens there.
    let free = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let elsewhere = format!("http://localhost:{}/pixel.gif", free.local_addr().expect("it is bound").port());
    drop(free);
    let (_doorway, base) = doorway(&elsewhere).await;
    browser.go(&format!("{base}/sign-in?lang=es")).await;
    browser.judge("planted-nothing").await;
    browser.walk("planted-nothing").await;
    assert_eq!(browser.faults, Vec::<String>::new());

    let mut missed = Vec::new();
    for planted in planted(&elsewhere) {
        browser.go(&format!("{base}/planted/{}", planted.name)).await;
        browser.judge(&format!("planted-{}", planted.name)).await;
        browser.walk(planted.name).await;
        let found = std::mem::take(&mut browser.faults);
        let not_found = planted.found.iter().filter(|wanted| !found.iter().any(|fault| fault.contains(**wanted)));
        missed.extend(not_found.map(|wanted| format!("{}: {wanted:?} is not among {found:#?}", planted.name)));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
