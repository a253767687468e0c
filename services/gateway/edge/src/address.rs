//! From where a request comes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::Problem;

/// The address a request comes from, for limits by address: that of the connection, or, behind as many proxies as the settings
/// say are ours, the one that the outermost of them saw (`X-Forwarded-For`). What a stranger writes into that header counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// How many proxies of ours stand before the gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrustedProxies(pub(crate) usize);

impl ClientAddress {
    /// What limits count by: the address itself, of IPv6 the network of 64 bits that a single household has.
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        }
    }

    fn of(connection: IpAddr, headers: &HeaderMap, proxies: usize) -> Self {
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        // Each proxy of ours appended the address it saw; what stands before those was written by whoever called.
        let seen = match proxies {
            0 => None,
            // Our outermost proxy must have written one; shorter than that, the request did not come through them all.
            n => hops.len().checked_sub(n).and_then(|at| hops.get(at)).and_then(|hop| hop.parse().ok()),
        };
        Self(seen.unwrap_or(connection))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let proxies = parts.extensions.get::<TrustedProxies>().map_or(0, |trusted| trusted.0);
        match connection {
            Some(ConnectInfo(address)) => Ok(Self::of(address.ip(), &parts.headers, proxies)),
            // Only a router that is not served by `serve` comes here.
            None => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(proxies: usize, forwarded: &[&'static str]) -> String {
        let headers = forwarded
            .iter()
            .map(|value| (http::HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(value)))
            .collect();
        ClientAddress::of("192.0.2.1".parse().unwrap(), &headers, proxies).0.to_string()
    }

    #[test]
    fn without_proxies_of_ours_the_header_counts_for_nothing() {
        assert_eq!(of(0, &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn behind_our_proxies_the_outermost_ones_word_counts_and_no_strangers() {
        assert_eq!(of(1, &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(2, &["6.6.6.6, 203.0.113.9", "10.0.0.7"]), "203.0.113.9");
        assert_eq!(of(2, &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(of(1, &["nonsense"]), "192.0.2.1");
        assert_eq!(of(1, &[]), "192.0.2.1");
    }

    #[test]
    fn a_household_of_ipv6_counts_as_one() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
