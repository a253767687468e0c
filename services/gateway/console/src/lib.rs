//! The console of the ombudsman's office, and the pages the firm answers it on: pages, and no rule of the office.
//!
//! Every page asks the services with the token of whoever looks at it, so that who may see and do what is theirs to say, and who looked
//! is theirs to write down. What stands in a page is what the services answered; what a step needs is in `step/catalog.rs`, as
//! data, and `step/send.rs` turns a filled form into the one call it stands for.

mod case_page;
mod claimant_code;
mod clocks;
mod danger;
mod decision;
mod draft;
mod drafting;
mod files;
mod house;
mod liaison;
mod live;
mod money;
mod offer;
mod office;
mod papers;
mod people;
mod precedents;
mod reports;
mod step;
mod timeline;
mod whole;
mod words;
mod worklist;
mod wrong;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use server::Peers;
use web::Web;

/// What the console works with.
#[derive(Clone)]
pub struct State {
    /// The services.
    pub peers: Peers,
    /// The common ground of pages.
    pub web: Web,
}

/// Every step of the office, as the address of its form names it, in the order of a case.
pub fn steps() -> impl Iterator<Item = &'static str> {
    step::slugs()
}

/// Everything that the firm sends on its page of a case, as the address of its form names it.
pub fn firm_acts() -> impl Iterator<Item = &'static str> {
    liaison::acts()
}

/// `/console`, `/firm` and everything under them, with the layer of pages around it.
pub fn router(state: State) -> Router {
    let web = state.web.clone();
    let routes = Router::new()
        .route("/console", get(worklist::show))
        .route("/console/cases", get(worklist::show))
        .route("/console/changes", get(worklist::changes))
        .route("/console/cases/{case}", get(case_page::show))
        .route("/console/cases/{case}/code", get(claimant_code::show).post(claimant_code::tell))
        .route("/console/cases/{case}/entries/{entry}", get(whole::entry))
        .route("/console/cases/{case}/read/{what}", get(whole::read))
        .route("/console/cases/{case}/changes", get(live::changes))
        .route("/console/cases/{case}/steps/{step}", get(step::show).post(step::take))
        .route("/console/cases/{case}/draft", get(drafting::show).post(drafting::save))
        .route("/console/cases/{case}/issue", get(decision::confirm).post(decision::issue))
        .route("/console/cases/{case}/decision", get(decision::show))
        .route("/console/cases/{case}/decision/{file}", get(decision::file))
        .route("/console/new", get(house::new_case).post(house::open_case))
        .route("/console/house", get(house::show))
        .route("/console/house/declaration", get(house::declaration).post(house::declare))
        .route("/console/house/people", get(people::appoint).post(people::register))
        .route("/console/house/people/{member}", get(people::show))
        .route(
            "/console/house/people/{member}/{act}",
            // Looked at and not sent, as by the link to the other language of a page that refused.
            post(people::act).get(async || Redirect::to("/console/house")),
        )
        .route("/console/house/keys", get(people::keys).post(people::reclose))
        .route("/console/reports", get(reports::show))
        .route("/console/reports/{year}/{file}", get(reports::file))
        .route("/console/recommendation", get(reports::recommendation).post(reports::recommend))
        .route("/firm", get(liaison::find))
        .route("/firm/cases/{case}", get(liaison::show).post(liaison::state))
        .route("/firm/cases/{case}/read/{what}", get(liaison::read))
        // Looked at and not sent, as by the link to the other language of a page that refused.
        .route("/firm/cases/{case}/{act}", post(liaison::act).get(liaison::back))
        .with_state(state);
    web.dress(routes)
}
