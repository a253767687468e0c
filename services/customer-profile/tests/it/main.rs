//! customer-profile over real gRPC and a real Postgres, a fresh database per test.

mod care;
mod check_renewal;
mod customer_view;
mod effort;
mod get_customer;
mod identity_changes;
mod ingest_facts;
mod ingest_source_record;
mod ingest_source_records;
mod list_active_holds;
mod list_source_records;
mod list_timeline;
mod lookup_by_phone;
mod match_customer;
mod match_proposals;
mod merge_customers;
mod next_actions;
mod privacy;
mod reapply_rules;
mod record_interaction;
mod refusals;
mod relations;
mod restored;
mod rights;
mod satisfaction;
mod scores;
mod sources;
mod state_consent;
mod stewards_and_rules;
mod support;
mod units;
mod watch_customer;
mod what_is_known;

// Where the parts in `units` look for it.
use ventanilla_customer_profile::SOURCE;
