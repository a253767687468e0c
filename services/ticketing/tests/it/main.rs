//! ticketing against a real Postgres, through a real client and server: one file per operation.

// What needs no service is tested beside its code, which is not compiled a second time for it (`Cargo.toml`).
#[path = "../../src/grpc/present/event.rs"]
mod event;
#[path = "../../src/guesses.rs"]
mod guesses;
#[path = "../../src/usecase/get_journey/merge.rs"]
mod journey_merge;

mod add_message;
mod answer_claim_point;
mod answer_survey;
mod articles;
mod ask_survey;
mod before_the_office;
mod call_supervisor;
mod change_tickets;
mod characteristics;
mod close_ticket;
mod create_ticket;
mod customers_apart;
mod departments;
mod desk;
mod drafts;
mod finding;
mod get_journey;
mod get_public_status;
mod get_ticket;
mod handing;
mod history_from_elsewhere;
mod import_tickets;
mod incidents;
mod learning;
mod list_ticket_history;
mod list_tickets;
mod long_tickets;
mod make_promise;
mod merged_affairs;
mod notices;
mod personal_data;
mod processes;
mod promise_kinds;
mod promises_end;
mod proof;
mod public;
mod public_survey;
mod reactions;
mod readiness;
mod receipts;
mod redresses;
mod relations;
mod replay;
mod request_cure;
mod resolve_ticket;
mod rotated;
mod schema;
mod send_holding_reply;
mod settle_promise;
mod take_next_ticket;
mod team;
mod terms;
mod transfer_ticket;
mod transitions;
mod watch_tickets;
mod who_may_call;
mod words;
mod world;
