//! The schema's rows. Every function is one statement.

pub(crate) mod comparison;
pub(crate) mod customer;
pub(crate) mod dealing;
pub(crate) mod history;
pub(crate) mod hold;
pub(crate) mod identity;
pub(crate) mod interaction;
pub(crate) mod match_key;
pub(crate) mod newcomer;
pub(crate) mod next_action;
pub(crate) mod proposal;
pub(crate) mod record;
pub(crate) mod relation;
pub(crate) mod rights;
pub(crate) mod ring;
pub(crate) mod rules;
pub(crate) mod rules_review;
pub(crate) mod survivorship;
pub(crate) mod timeline;
pub(crate) mod told;
pub(crate) mod view;
pub(crate) mod wishes;
