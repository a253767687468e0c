//! Statistics of the clock service, held against oracles written another way (`*.py` beside this) and against chance of which the truth is
//! known.

mod by_department;
mod chance;
mod coarse;
mod fairness;
mod figures;
mod foresight;
mod held_out;
mod measured;
mod oracle;
mod proportion;
mod quantile;
