//! The house over its doors: each service, the gateway and whole suites over real connections. One program, so that what waits in one
//! test lets another work.

mod bad_input;
mod bad_values;
mod deployed;
mod gateway_console;
mod gateway_floor;
mod gateway_ivr;
mod gateway_pages;
mod gateway_rest;
mod gateway_tracking;
mod journeys;
mod rights;
mod visibility;
mod walls;
mod watching;
