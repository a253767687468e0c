//! ticketing against a real Postgres, through a real client and server: one file per operation.

mod add_message;
mod answer_claim_point;
mod answer_survey;
mod ask_survey;
mod close_ticket;
mod create_ticket;
mod get_journey;
mod get_public_status;
mod get_ticket;
mod history_from_elsewhere;
mod import_tickets;
mod list_ticket_history;
mod list_tickets;
mod make_promise;
mod personal_data;
mod reactions;
mod resolve_ticket;
mod schema;
mod settle_promise;
mod take_next_ticket;
mod team;
mod transfer_ticket;
mod transitions;
mod watch_tickets;
mod who_may_call;
mod world;
