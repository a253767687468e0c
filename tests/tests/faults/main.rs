//! Nothing acknowledged is lost and nothing happens twice: whoever is killed, whatever is cut, whoever
//! goes away, and whatever a feed does on its way.

mod cancelled;
mod carried;
mod feed;
mod kills;
mod rolls;
mod upgrades;
