//! Statistics of the clock service, held against oracles written another way (`*.py` beside this) and against chance of which the truth is
//! known.

mod chance;
mod fairness;
mod figures;
mod foresight;
mod held_out;
mod oracle;
mod proportion;
mod quantile;
