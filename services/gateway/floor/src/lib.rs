//! The floor: what supervisors, stewards and agents look at in a browser. The board with its pictures, what the law has
//! published, forecasts, causes and the way affairs go; probable matches and merges; one customer with every department on it.
//!
//! Every page is made of what the services answer to the token of whoever looks: nothing here decides who may see what, keeps
//! anything, or knows more than the contract tells. `plot` draws and knows no service; `words` names the contract's values in
//! both languages; each page is a module with a template of its name.

mod addresses;
mod affair;
mod asked;
mod board;
mod calls;
mod causes;
mod customers;
mod forecasts;
mod format;
mod home;
mod interval;
mod law;
mod live;
mod matches;
mod merge;
mod period;
mod person;
pub mod plot;
mod processes;
mod records;
mod view;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use kernel::Ambient;
use serde::Deserialize;
use server::Peers;

pub use format::Format;

/// What the floor is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// IANA names of the zones that days and months can be counted in; the first is chosen unless somebody asks for another.
    pub zones: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { zones: ["Europe/Madrid", "Atlantic/Canary", "UTC"].map(str::to_owned).to_vec() }
    }
}

/// What the pages are made of.
pub struct State {
    /// The services; the pages ask `customer-profile`, `ticketing` and `sla-monitor`.
    pub peers: Peers,
    /// Time and chance: what today is, and ids of what is sent.
    pub ambient: Ambient,
    /// Settings.
    pub settings: Settings,
}

/// The same, shared by the handlers.
#[derive(Clone)]
pub(crate) struct Floor(Arc<State>);

impl std::ops::Deref for Floor {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl Floor {
    /// A zone that is offered, by its name; the first where none is named.
    pub(crate) fn zone(&self, name: &str) -> Option<(String, TimeZone)> {
        let zones = &self.settings.zones;
        let name = if name.is_empty() { zones.first().map_or("UTC", String::as_str) } else { name };
        let offered = name == "UTC" || zones.iter().any(|zone| zone == name);
        offered.then(|| TimeZone::get(name).ok().map(|zone| (name.to_owned(), zone))).flatten()
    }

    /// An id for something that is about to be sent, so that sending it again does nothing twice.
    pub(crate) fn request_id(&self) -> String {
        self.ambient.uuid(self.ambient.now()).to_string()
    }
}

/// The pages under `/floor`. Mount them dressed (`web::Web::dress`).
pub fn router(state: State) -> Router {
    Router::new()
        .route("/floor", get(home::show))
        .route("/floor/board", get(board::show))
        .route("/floor/board/live", get(board::watch))
        .route("/floor/board/export", get(board::export))
        .route("/floor/law", get(law::show))
        .route("/floor/law/evaluation", get(law::document))
        .route("/floor/forecasts", get(forecasts::show))
        .route("/floor/causes", get(causes::show))
        .route("/floor/processes", get(processes::list))
        .route("/floor/processes/{process}", get(processes::show))
        .route("/floor/matches", get(matches::list))
        .route("/floor/matches/{proposal}", get(matches::show).post(matches::answer))
        .route("/floor/merge", post(merge::preview).get(merge::again))
        .route("/floor/merge/confirm", post(merge::confirm).get(merge::again))
        .route("/floor/customers", get(customers::ask).post(customers::find))
        .route("/floor/customers/{customer}", get(view::show))
        .route("/floor/customers/{customer}/live", get(view::watch))
        .route("/floor/customers/{customer}/propose", post(view::propose).get(view::again))
        .route("/floor/customers/{customer}/actions/{action}", post(view::decide).get(view::again))
        .route("/floor/affairs/{ticket}", get(affair::show).post(affair::write))
        .route("/floor/affairs/{ticket}/read/{what}", get(affair::read))
        .route("/floor/customers/{customer}/records", get(records::show).post(records::take_out))
        .with_state(Floor(Arc::new(state)))
}
