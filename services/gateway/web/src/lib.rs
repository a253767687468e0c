//! What all pages of the window share: the frame around them, the language, who is signed in, sealed cookies, the defence of
//! changing routes, headers, limits. Knows no aggregate and calls no service.
//!
//! A crate of pages builds its own `Router` and takes [`Session`], [`Lang`], [`Csrf`] and [`Form`] as extractors; whoever mounts
//! it gives it to [`Web::dress`], which puts the layer around it that those extractors read from. Nothing that changes something comes to a handler
//! without the mark of this visit: the layer sees to it, so that no handler can forget. A handler answers with
//! [`page`], or with a [`Trouble`], which the layer turns into a page of the visitor's language.
//!
//! Texts stand where they are shown, in both languages at once: `lang.of("Guardar", "Save")` does not compile with one of them.

mod assets;
mod cookies;
mod csrf;
mod departments;
mod form;
mod headers;
mod lang;
mod nav;
mod oidc;
mod page;
mod renewal;
mod seal;
mod session;
mod settings;
mod sign_in;
mod trouble;
mod visit;
mod web;
mod when;
mod words;

pub use cookies::Cookies;
pub use csrf::Csrf;
pub use departments::{Departments, department};
pub use edge::{Class, LimitSettings, Limits, Rate};
pub use form::Form;
pub use headers::{SecureHeaders, secure_headers};
pub use lang::Lang;
pub use oidc::OidcSettings;
pub use page::{Layout, page};
pub use session::{PATIENCE, Session};
pub use settings::{Settings, SettingsError, SignIn};
pub use sign_in::local_path;
pub use trouble::{FieldFault, Said, Trouble};
pub use web::Web;
pub use when::{When, day, moment, typed_moment};
pub use words::{Cut, Part, Reading, Stretch, Ways, beginning, page_within, reading};
