//! The pages in a real browser: everybody's day, each page of it held against accessibility, width, weight, the keyboard and scripts that
//! somebody typed into every field. What a page is held against is in `tests/src/browser`; that it finds what is wrong, in `planted`.

mod floor;
mod heavy;
mod house;
mod office;
mod pages;
mod planted;
mod states;
mod steps;
mod steward;
mod streams;
mod tracking;
