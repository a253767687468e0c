//! webhooks on a real Postgres, over real gRPC, following real ledgers, posting to real receivers.

mod chaos;
mod delivery;
mod endpoints;
mod locks;
mod oracles;
mod receiver;
mod runs;
mod subscriptions;
mod units;
mod whose;
mod world;
