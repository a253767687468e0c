//! The ledger against a real Postgres and over real gRPC.

mod archive;
mod carried;
mod checkpoint;
mod feed;
mod follower;
mod forget;
mod handover;
mod months;
mod sequencer;
mod steps;
mod support;
mod verify;
