//! The customer's page. Key and proof are typed once, in a form; no login, no script. With them the customer sees where the affair stands and what comes
//! next, reads the answers, takes the receipt along, says something, accepts or objects, asks for the ombudsman and goes on there: reads what both parties said, adds to it, answers. Who has no key yet makes a complaint
//! here and is given one.
//!
//! Key and proof are in no address, log or referrer: they travel in bodies, and between two pages in a sealed cookie until nobody used it for half an
//! hour. What was written when that was over is carried to the entrance and back. Whoever guesses gets one page for every wrong pair, and few tries.

mod act;
mod affair;
mod complaint;
mod draft;
mod entrance;
mod kept;
mod map;
mod office;
mod receipt;

use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{get, post};
use edge::ClientAddress;
use serde::Deserialize;
use server::{PeerChannel, Peers, TokenSource};
use tonic::Status;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ombudsman::v1::claimant_service_client::ClaimantServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use web::{Class, Limits, Trouble, Web};

/// Longest a page waits for a service.
const PATIENCE: Duration = Duration::from_secs(8);

/// Largest answer of a service: an affair with the longest answers to all its points, or one paper that holds all that was said.
const LARGEST: usize = 32 * 1024 * 1024;

/// What the pages work with.
#[derive(Clone)]
pub struct State {
    /// The four services.
    pub peers: Peers,
    /// What all pages share.
    pub web: Web,
    /// What complaints of nobody known are brought with: a token of the role `form`. Without one none is taken here.
    pub own: TokenSource,
    /// What becomes of them.
    pub settings: Settings,
}

/// What becomes of complaints that are made here. What is left out is as it is by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Department that they come to.
    pub department: String,
    /// Sector whose law applies to them.
    pub sector: String,
    /// Country whose numbering plan a telephone number without international prefix belongs to.
    pub region: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { department: "customer-service".to_owned(), sector: "general".to_owned(), region: "ES".to_owned() }
    }
}

/// The pages, below `/t`, dressed as all pages are.
pub fn router(state: State) -> Router {
    let web = state.web.clone();
    let routes = Router::new()
        .route("/t", get(entrance::show).post(entrance::enter))
        .route("/t/complaint", get(complaint::show).post(complaint::make))
        .route("/t/affair", get(affair::show))
        .route("/t/affair/read", get(affair::read))
        .route("/t/receipt.pdf", get(receipt::pdf))
        .route("/t/receipt.txt", get(receipt::text))
        .route("/t/message", post(act::say).get(back))
        .route("/t/accept", post(act::accept).get(back))
        .route("/t/object", post(act::object).get(back))
        .route("/t/survey", post(act::survey).get(back))
        .route("/t/ombudsman", post(act::ombudsman).get(back))
        .route("/t/office", get(office::show))
        .route("/t/office/read", get(office::read))
        .route("/t/office/code", post(office::code).get(at_the_office))
        .route("/t/office/add", post(office::add).get(at_the_office))
        .route("/t/office/offer", post(office::offer).get(at_the_office))
        .route("/t/office/decision", post(office::decision).get(at_the_office))
        .route("/t/office/complete", post(office::complete).get(at_the_office))
        .route("/t/office/withdraw", post(office::withdraw).get(at_the_office))
        .route("/t/office/people", post(office::people).get(at_the_office))
        // Looked at and not sent, as by the link to the other language of a page that refused.
        .route("/t/leave", post(entrance::leave).get(async || Redirect::to("/t")))
        .with_state(state);
    // Outside of what dresses them, which says nothing of its own once a page speaks of cookies.
    web.dress(routes).layer(from_fn_with_state(web.clone(), kept::renewed))
}

/// The address of a form that is asked for by itself, as by the link to the other language below its answer: the affair as it stands.
async fn back() -> Redirect {
    Redirect::to("/t/affair")
}

/// The same of a form of the case before the ombudsman.
async fn at_the_office() -> Redirect {
    Redirect::to("/t/office")
}

impl State {
    /// Nobody's token: key and proof are the customer's.
    fn channel(&self, peer: &str) -> Result<PeerChannel, Status> {
        let channel = self.peers.channel(peer).map_err(|_| Status::unavailable("no address is configured"))?;
        Ok(channel.as_caller(None, Some(Instant::now() + PATIENCE)))
    }

    /// The token of the form, for who has none.
    fn own_channel(&self, peer: &str) -> Result<PeerChannel, Status> {
        let channel = self.peers.channel(peer).map_err(|_| Status::unavailable("no address is configured"))?;
        Ok(channel.showing(&self.own, Some(Instant::now() + PATIENCE)))
    }

    fn records(&self) -> Result<CustomerServiceClient<PeerChannel>, Status> {
        self.own_channel("customer-profile").map(CustomerServiceClient::new)
    }

    fn openings(&self) -> Result<TicketServiceClient<PeerChannel>, Status> {
        self.own_channel("ticketing").map(TicketServiceClient::new)
    }

    fn public(&self) -> Result<PublicServiceClient<PeerChannel>, Status> {
        let client = self.channel("ticketing").map(PublicServiceClient::new)?;
        Ok(client.max_decoding_message_size(LARGEST))
    }

    fn tickets(&self) -> Result<TicketServiceClient<PeerChannel>, Status> {
        self.channel("ticketing").map(TicketServiceClient::new)
    }

    fn claimant(&self) -> Result<ClaimantServiceClient<PeerChannel>, Status> {
        let client = self.channel("ombudsman-escalation").map(ClaimantServiceClient::new)?;
        Ok(client.max_decoding_message_size(LARGEST))
    }

    fn office(&self) -> Result<OmbudsmanServiceClient<PeerChannel>, Status> {
        self.channel("ombudsman-escalation").map(OmbudsmanServiceClient::new)
    }
}

/// The machine-readable reason of a refusal; empty when it carries none.
fn reason(status: &Status) -> String {
    use tonic_types::StatusExt as _;
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// As a parameter of an address holds it.
fn escaped(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What tells that the page's key and proof open nothing (any more).
const UNKNOWN: &str = edge::KEY_OR_PROOF_UNKNOWN;
/// What tells that a code is not the one that the office gave.
const CODE_WRONG: &str = edge::OFFICE_CODE_WRONG;

/// Tries of a secret that were counted before it was known what they come to.
struct Tries<'a> {
    limits: &'a Limits,
    who: Vec<String>,
}

impl<'a> Tries<'a> {
    /// Counts one for each of these.
    fn count(web: &'a Web, who: Vec<String>) -> Result<Self, Trouble> {
        let limits = &**web.limits();
        for who in &who {
            limits.take(Class::Guess, who, web.ambient().now()).map_err(Trouble::too_many)?;
        }
        Ok(Self { limits, who })
    }

    /// What was answered: where no secret was refused, it was no guess.
    fn came_to(self, outcome: Result<(), &Status>) {
        let guessed = outcome.err().is_some_and(|status| edge::is_of_guess(&reason(status)));
        if !guessed {
            self.who.iter().for_each(|who| self.limits.give_back(Class::Guess, who));
        }
    }
}

/// Who an address is for the limits.
fn network(address: Result<ClientAddress, edge::Problem>) -> String {
    address.map_or_else(|_| "unknown".to_owned(), |address| address.network().to_string())
}
