//! Addresses that an endpoint must not have. A webhook posts from inside the house to where somebody said: without this,
//! whoever may make a subscription reaches the house's own machines, its cloud's credentials, and this service itself.
//!
//! What is refused is all that is not an ordinary public address (IANA's registries of special purposes), and every form that is
//! known by itself to carry an IPv4 address inside another one, so that no translation leads back in. A network that translates
//! by a prefix of its own (NAT64 outside of 64:ff9b::/96) has to refuse its inner addresses itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is {0}")]
pub struct Forbidden(pub &'static str);

/// Blocks of IPv4 that are no ordinary public addresses: first address, bits, what it is.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "of this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "of this machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "of this link"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "of a sink"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "of a relay"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "of a relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "of a sink"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for measurements"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "of a group"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
    // Public by its number, and the platform's own inside one large cloud: it hands out configuration and credentials.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "of a cloud's own services"),
];

/// Blocks inside 2000::/3, which is all that is public of IPv6, that are no ordinary addresses.
const V6: &[(Ipv6Addr, u32, &str)] = &[
    // Teredo, benchmarks, overlays: some of them carry IPv4.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "of 6to4, which carries IPv4"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "of a sink"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

/// Whether nothing may be posted to this address, and why.
///
/// # Errors
/// [`Forbidden`].
pub fn check(address: IpAddr) -> Result<(), Forbidden> {
    match address {
        IpAddr::V4(address) => check_v4(address),
        IpAddr::V6(address) => check_v6(address),
    }
}

fn check_v4(address: Ipv4Addr) -> Result<(), Forbidden> {
    let bits = u32::from(address);
    let within = |(first, length, _): &&(Ipv4Addr, u32, &str)| (bits ^ u32::from(*first)) >> (32 - length) == 0;
    V4.iter().find(within).map_or(Ok(()), |(_, _, what)| Err(Forbidden(what)))
}

fn check_v6(address: Ipv6Addr) -> Result<(), Forbidden> {
    let bits = u128::from(address);
    // Outside of it: unspecified, loopback, IPv4 mapped and compatible, NAT64, unique-local, link-local, groups, and
    // what is not given out.
    if bits >> 125 != 1 {
        return Err(Forbidden("not public"));
    }
    // The address of a machine by ISATAP, whatever network it is in: its last 32 bits are an IPv4 address.
    if matches!((bits >> 32) as u32, 0x0000_5efe | 0x0200_5efe) {
        return Err(Forbidden("of ISATAP, which carries IPv4"));
    }
    let within = |(first, length, _): &&(Ipv6Addr, u32, &str)| (bits ^ u128::from(*first)) >> (128 - length) == 0;
    V6.iter().find(within).map_or(Ok(()), |(_, _, what)| Err(Forbidden(what)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REFUSED: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:0:53aa:64c:0:0:80ff:fffe",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2620:4f:8000::1",
        "2a00:1450:4003:80e:0:5efe:a00:1",
        "2a00:1450:4003:80e:200:5efe:7f00:1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::a9fe:a9fe",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ];

    const ALLOWED: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700:4700::1111",
        "2a00:1450:4003:80e::200e",
        "2a00:1450:4003:80e:100:5efe:a00:1",
        "3ffe:ffff::1",
        "3fff:1000::1",
    ];

    #[test]
    fn every_kind_of_address_that_is_not_public_is_refused_and_its_neighbours_are_not() {
        for text in REFUSED {
            assert!(check(text.parse().unwrap()).is_err(), "{text}");
        }
        for text in ALLOWED {
            assert_eq!(check(text.parse().unwrap()), Ok(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_the_library_calls_private_is_never_allowed(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let inner = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_unspecified() || v4.is_documentation();
            prop_assert!(!inner || check(IpAddr::V4(v4)).is_err());
        }

        #[test]
        fn no_ipv6_address_that_carries_an_ipv4_one_is_allowed(bits: u32, rest: u64) {
            let [a, b, c, d] = Ipv4Addr::from(bits).octets().map(u16::from);
            let (high, low) = ((a << 8) | b, (c << 8) | d);
            let tail = [rest >> 48, rest >> 32, rest >> 16, rest].map(|word| (word & 0xffff) as u16);
            for carrier in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, high, low >> 8, low << 8, tail[0], tail[1]),
                Ipv6Addr::new(0x2002, high, low, tail[0], tail[1], tail[2], tail[3], 1),
                Ipv6Addr::new(0x2001, 0, high, low, tail[0], tail[1], tail[2], tail[3]),
                Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2000 | (tail[0] & 0x1fff), tail[1], tail[2], tail[3], 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2000 | (tail[0] & 0x1fff), tail[1], tail[2], tail[3], 0x200, 0x5efe, high, low),
            ] {
                prop_assert!(check(IpAddr::V6(carrier)).is_err(), "{}", carrier);
            }
        }

        #[test]
        fn nothing_outside_the_public_eighth_of_ipv6_is_allowed(bits: u128) {
            let public = bits >> 125 == 1;
            prop_assert!(public || check(IpAddr::V6(Ipv6Addr::from(bits))).is_err());
        }
    }
}
