//! The console of the ombudsman's office: pages, and no rule of the office.
//!
//! Every page asks the services with the token of whoever looks at it, so that who may see and do what is theirs to say, and who looked
//! is theirs to write down. What stands in a page is what the services answered; what a step needs is in `step/catalog.rs`, as
//! data, and `step/send.rs` turns a filled form into the one call it stands for.

mod case_page;
mod danger;
mod decision;
mod draft;
mod drafting;
mod house;
mod live;
mod money;
mod office;
mod papers;
mod precedents;
mod reports;
mod step;
mod timeline;
mod words;
mod worklist;
mod wrong;

use axum::Router;
use axum::routing::get;
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

/// `/console` and everything under it, with the layer of pages around it.
pub fn router(state: State) -> Router {
    let web = state.web.clone();
    let routes = Router::new()
        .route("/console", get(worklist::show))
        .route("/console/cases", get(worklist::show))
        .route("/console/cases/{case}", get(case_page::show))
        .route("/console/cases/{case}/entries/{entry}", get(case_page::entry))
        .route("/console/cases/{case}/changes", get(live::changes))
        .route("/console/cases/{case}/steps/{step}", get(step::show).post(step::take))
        .route("/console/cases/{case}/draft", get(drafting::show).post(drafting::save))
        .route("/console/cases/{case}/issue", get(decision::confirm).post(decision::issue))
        .route("/console/cases/{case}/decision", get(decision::show))
        .route("/console/cases/{case}/decision/{file}", get(decision::file))
        .route("/console/new", get(house::new_case).post(house::open_case))
        .route("/console/house", get(house::show))
        .route("/console/house/declaration", get(house::declaration).post(house::declare))
        .route("/console/reports", get(reports::show))
        .route("/console/reports/{year}/{file}", get(reports::file))
        .route("/console/recommendation", get(reports::recommendation).post(reports::recommend))
        .with_state(state);
    web.dress(routes)
}
