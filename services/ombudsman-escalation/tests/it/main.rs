//! The office on real Postgres, called over real gRPC, beside a real ticketing service.

mod admission;
mod assign_case;
mod config;
mod decision;
mod dossier;
mod family;
mod firm_principals;
mod laws_of_the_tables;
mod open_case;
mod refusals;
mod seal;
mod sla_clocks;
mod world;
