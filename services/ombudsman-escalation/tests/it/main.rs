//! The office on real Postgres, called over real gRPC, beside a real ticketing service and a real ledger of customer-profile.

mod accesses;
#[macro_use]
mod acts;
mod admission;
mod assign_case;
mod audit;
mod causes;
mod clocks;
mod compliance;
mod conciliation;
mod config;
mod decision;
mod decision_document;
mod disclosure;
mod docket;
mod dossier;
mod draft_keys;
mod family;
mod firm_principals;
mod laws_of_the_tables;
mod links;
mod mandates;
mod neighbour;
mod open_case;
mod openings;
mod precedents;
mod procedure;
mod refusals;
mod reports;
mod review;
mod screen;
mod seal;
mod sla_clocks;
mod substitutes;
mod tampering;
mod world;
