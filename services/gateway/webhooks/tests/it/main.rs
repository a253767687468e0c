//! webhooks on a real Postgres, over real gRPC, following real ledgers, posting to real receivers.

mod chaos;
mod delivery;
mod endpoints;
mod oracles;
mod receiver;
mod subscriptions;
mod units;
mod world;
