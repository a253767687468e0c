//! The frame every page has.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::{Csrf, Lang, Session, Trouble, assets, nav};

/// What the frame of a page says.
pub struct Layout {
    lang: Lang,
    title: String,
    heading: Option<String>,
    status: StatusCode,
    path: String,
    signed_in: Option<SignedIn>,
    wide: bool,
    told_once: bool,
}

struct SignedIn {
    name: String,
    csrf: Csrf,
    principal: server::Principal,
}

impl Layout {
    /// A page with this title, which is its first heading as well.
    pub fn new(lang: Lang, title: impl Into<String>) -> Self {
        Self {
            lang,
            title: title.into(),
            heading: None,
            status: StatusCode::OK,
            path: String::new(),
            signed_in: None,
            wide: false,
            told_once: false,
        }
    }

    /// A page of somebody who is signed in, at this path: the navigation shows where.
    #[must_use]
    pub fn of(mut self, session: &Session, path: impl Into<String>) -> Self {
        self.path = path.into();
        self.signed_in = Some(SignedIn {
            name: session.principal.actor.id.clone(),
            csrf: session.csrf.clone(),
            principal: session.principal.clone(),
        });
        self
    }

    /// Another first heading than the title.
    #[must_use]
    pub fn heading(mut self, heading: impl Into<String>) -> Self {
        self.heading = Some(heading.into());
        self
    }

    /// Answered with this status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With something that no other page tells: none of its links leads to the same in another language.
    #[must_use]
    pub fn told_once(mut self) -> Self {
        self.told_once = true;
        self
    }

    /// As wide as the window: for tables and plots.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    lang: Lang,
    title: &'a str,
    heading: &'a str,
    css: &'a str,
    js: &'a str,
    icon: &'a str,
    links: Vec<nav::Link>,
    signed_in: Option<&'a SignedIn>,
    wide: bool,
    told_once: bool,
    /// Made by another template, which escaped what it shows.
    body: String,
}

/// Bytes that a page may have. With styles, script, picture and what each answer says of itself, some 27 KB, it stays below 100 KB.
pub(crate) const PAGE: usize = 70_000;

/// This frame around that body.
pub(crate) fn framed(layout: &Layout, body: String) -> askama::Result<String> {
    let signed_in = layout.signed_in.as_ref();
    let frame = Frame {
        lang: layout.lang,
        title: &layout.title,
        heading: layout.heading.as_deref().unwrap_or(&layout.title),
        css: assets::css(),
        js: assets::js(),
        icon: assets::icon(),
        links: signed_in.map(|who| nav::links(&who.principal, layout.lang, &layout.path)).unwrap_or_default(),
        signed_in,
        wide: layout.wide,
        told_once: layout.told_once,
        body,
    };
    frame.render()
}

/// A page: this frame around that body.
pub fn page(layout: Layout, body: impl Template) -> Response {
    let Ok(body) = body.render() else {
        tracing::error!("a page could not be written");
        return Trouble::new(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    let Ok(html) = framed(&layout, body) else {
        tracing::error!("the frame of a page could not be written");
        return (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response();
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (layout.status, [(header::CONTENT_TYPE, kind)], html).into_response()
}
