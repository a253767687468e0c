//! The edge: requests in, answers out.

mod convert;
pub mod present;
mod webhook_service;

pub use webhook_service::WebhookApi;
