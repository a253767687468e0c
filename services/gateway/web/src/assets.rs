//! The files of every page: one sheet of styles, one small script, one picture. Each has the hash of what it holds in its name,
//! so that a browser may keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

struct Asset {
    name: String,
    url: String,
    stem: &'static str,
    kind: &'static str,
    content: &'static str,
}

fn asset(stem: &'static str, ending: &str, kind: &'static str, content: &'static str) -> Asset {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
    let name = format!("{stem}.{}.{ending}", hex::encode(&hash.as_ref()[..8]));
    Asset { url: format!("/static/{name}"), name, stem, kind, content }
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("site", "css", "text/css; charset=utf-8", include_str!("../static/site.css")),
        asset("page", "js", "text/javascript; charset=utf-8", include_str!("../static/page.js")),
        asset("icon", "svg", "image/svg+xml", include_str!("../static/icon.svg")),
    ]
});

pub(crate) fn css() -> &'static str {
    &ASSETS[0].url
}

pub(crate) fn js() -> &'static str {
    &ASSETS[1].url
}

pub(crate) fn icon() -> &'static str {
    &ASSETS[2].url
}

/// `/static/{name}`. A name of another version, which a page from before a change still asks for, gives what there is now and
/// is not kept.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let stem = name.split('.').next().unwrap_or_default();
    let Some(asset) = ASSETS.iter().find(|asset| asset.stem == stem && name.ends_with(ending(&asset.name))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if asset.name == name { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, keep)], asset.content).into_response()
}

fn ending(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_and_script_are_small() {
        assert!(ASSETS[0].content.len() < 20_000, "{} bytes of styles", ASSETS[0].content.len());
        assert!(ASSETS[1].content.len() < 8_000, "{} bytes of script", ASSETS[1].content.len());
    }
}
