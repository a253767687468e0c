//! Clocks held against a model of them that was written from the rules in words: the headings of `clock`, `condition`, `policy` and `run`.
//!
//! The model walks time and counts what of the term is used up, minute by minute and day by day, from tables of its own; it computes no due
//! instant on the way, has no table of states, and shares no code with what it judges. `VENTANILLA_MODEL_SEEDS` sets how many courses of thirty
//! days are compared (2,000 unless said).

mod almanac;
mod chance;
mod clocks;
mod found;
mod moves;
mod policies;
mod walk;
mod words;
mod world;

/// How many seeds are compared.
fn seeds() -> u64 {
    std::env::var("VENTANILLA_MODEL_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}
