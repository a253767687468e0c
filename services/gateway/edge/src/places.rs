//! Connections that are open at once: of all, and of one address, so that nobody takes every place by opening what they do not use.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ClientAddress;

/// The places of a port.
pub(crate) struct Places {
    all: usize,
    each: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

impl Places {
    /// So many for all, and of them so many for one address; a household of IPv6 is one.
    pub(crate) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { all, each, open: Mutex::default() })
    }

    /// A place for a connection from there, if there is one; given back when dropped.
    pub(crate) fn take(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let network = ClientAddress(from).network();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by.get(&network).copied().unwrap_or_default();
        if open.all >= self.all || own >= self.each {
            return None;
        }
        open.all += 1;
        open.by.insert(network, own + 1);
        drop(open);
        Some(Place { places: Arc::clone(self), network })
    }
}

/// One open connection.
pub(crate) struct Place {
    places: Arc<Places>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(own) = open.by.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                open.by.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_places_than_are_theirs_and_what_is_given_back_can_be_taken_again() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let places = Places::new(3, 2);
        let first = places.take(at("192.0.2.1"));
        let second = places.take(at("192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(places.take(at("192.0.2.1")).is_none(), "a third of one address");
        assert!(places.take(at("::ffff:192.0.2.1")).is_none(), "however it is spelt");
        let other = places.take(at("2001:db8:1:2::1"));
        assert!(other.is_some());
        assert!(places.take(at("198.51.100.1")).is_none(), "all places are taken");
        drop(first);
        assert!(places.take(at("2001:db8:1:2::9")).is_some(), "a household of IPv6 has its own");
        drop((second, other));
        let open = places.open.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((open.all, open.by.len()), (0, 0), "nothing is remembered");
    }
}
