//! Where events are posted to, as far as a URL tells. What its name leads to is looked at whenever a connection is made.

use std::net::IpAddr;

use url::{Host, Url};

use crate::address;

/// The longest URL, in characters.
const LONGEST: usize = 2_000;

/// What the house allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Ports that may be posted to.
    pub ports: Vec<u16>,
    /// Hosts, or hosts with a port, that may be spoken to without TLS and at whatever address: receivers inside the house.
    pub inside: Vec<String>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    host: Host<String>,
    port: u16,
    inside: bool,
}

/// Why nothing is posted there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not understood.
    #[error("must be a URL such as https://hooks.example.com/ventanilla")]
    NoUrl,
    /// Too long.
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    /// Not encrypted.
    #[error("must be https")]
    NotEncrypted,
    /// A user or a password.
    #[error("must not hold a user or a password: what is sent is signed")]
    Credentials,
    /// A part that is not sent.
    #[error("must not have a fragment")]
    Fragment,
    /// A port that is not allowed.
    #[error("must use one of the ports {0}")]
    Port(String),
    /// An address that is not public.
    #[error("must not lead inside: {0}")]
    Inside(#[from] address::Forbidden),
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, Unfit> {
        if text.chars().count() > LONGEST {
            return Err(Unfit::TooLong);
        }
        // The library drops these silently; who writes them means to fool a reader.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Unfit::NoUrl);
        }
        let url = Url::parse(text).map_err(|_| Unfit::NoUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Unfit::NotEncrypted);
        }
        // However an address is spelt (octal, in one number, in hexadecimal), it is an address from here on.
        let host = match url.host().ok_or(Unfit::NoUrl)? {
            Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        let port = url.port_or_known_default().ok_or(Unfit::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::Credentials);
        }
        if url.fragment().is_some() {
            return Err(Unfit::Fragment);
        }
        let (alone, with_port) = (host.to_string(), format!("{host}:{port}"));
        let inside = rules.inside.iter().any(|allowed| *allowed == alone || *allowed == with_port);
        if !inside {
            if url.scheme() != "https" {
                return Err(Unfit::NotEncrypted);
            }
            if !rules.ports.contains(&port) {
                return Err(Unfit::Port(rules.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")));
            }
            match &host {
                Host::Ipv4(literal) => address::check(IpAddr::V4(*literal))?,
                Host::Ipv6(literal) => address::check(IpAddr::V6(*literal))?,
                Host::Domain(_) => {}
            }
        }
        Ok(Self { url, host, port, inside })
    }

    /// The URL as it is used.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Host and port, as far as that may be told: paths may hold what only the receiver knows.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The host.
    pub const fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The value of the `host` header.
    pub fn authority(&self) -> String {
        self.url.port().map_or_else(|| self.host.to_string(), |port| format!("{}:{port}", self.host))
    }

    /// Path and query.
    pub fn path(&self) -> String {
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.url.path())
    }

    /// Whether a connection may be made to this address, to which the host led just now.
    ///
    /// # Errors
    /// [`address::Forbidden`].
    pub fn may_connect(&self, to: IpAddr) -> Result<(), address::Forbidden> {
        if self.inside { Ok(()) } else { address::check(to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        Rules { ports: vec![443, 8443], inside: vec!["127.0.0.1:9".to_owned(), "receiver.test".to_owned()] }
    }

    #[test]
    fn a_public_name_over_tls_is_taken() {
        let endpoint = Endpoint::parse("https://hooks.example.com:8443/in?x=1", &rules()).unwrap();
        assert_eq!((endpoint.place().as_str(), endpoint.path().as_str()), ("hooks.example.com:8443", "/in?x=1"));
        assert_eq!(endpoint.authority(), "hooks.example.com:8443");
        assert_eq!(Endpoint::parse("https://example.com", &rules()).unwrap().authority(), "example.com");
        assert!(endpoint.may_connect("8.8.8.8".parse().unwrap()).is_ok());
        assert!(endpoint.may_connect("10.0.0.1".parse().unwrap()).is_err());
    }

    #[test]
    fn an_address_is_seen_however_it_is_spelt() {
        for inside in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[fd00:ec2::254]/",
            "https://１２７.０.０.１/",
            "https://127。0。0。1/",
            "https://0/",
            "https://10.1/",
        ] {
            assert!(matches!(Endpoint::parse(inside, &rules()), Err(Unfit::Inside(_))), "{inside}");
        }
    }

    #[test]
    fn what_is_odd_is_refused() {
        for (odd, why) in [
            ("", Unfit::NoUrl),
            ("hooks.example.com", Unfit::NoUrl),
            ("https://", Unfit::NoUrl),
            ("https://exa mple.com/", Unfit::NoUrl),
            ("https://example.com\\@127.0.0.1/", Unfit::NoUrl),
            ("https://example.com/\r\nx: y", Unfit::NoUrl),
            ("http://hooks.example.com/", Unfit::NotEncrypted),
            ("ftp://hooks.example.com/", Unfit::NotEncrypted),
            ("file:///etc/passwd", Unfit::NotEncrypted),
            ("gopher://example.com/", Unfit::NotEncrypted),
            ("https://user@example.com/", Unfit::Credentials),
            ("https://user:pass@example.com/", Unfit::Credentials),
            ("https://example.com/#there", Unfit::Fragment),
            ("https://example.com:22/", Unfit::Port("443, 8443".to_owned())),
        ] {
            assert_eq!(Endpoint::parse(odd, &rules()).err(), Some(why), "{odd}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2_000));
        assert_eq!(Endpoint::parse(&long, &rules()).err(), Some(Unfit::TooLong));
    }

    #[test]
    fn what_the_house_says_is_inside_may_be_spoken_to_and_nothing_beside_it() {
        let own = Endpoint::parse("http://127.0.0.1:9/hook", &rules()).unwrap();
        assert!(own.may_connect("127.0.0.1".parse().unwrap()).is_ok() && !own.is_encrypted());
        assert!(Endpoint::parse("http://receiver.test:81/", &rules()).is_ok());
        assert!(Endpoint::parse("http://127.0.0.1:10/hook", &rules()).is_err());
        assert!(Endpoint::parse("http://receiver.test.example.com/", &rules()).is_err());
        assert!(Endpoint::parse("http://receiver.test@127.0.0.1/", &rules()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_refused(text in ".{0,120}") {
            let _ = Endpoint::parse(&text, &rules());
        }

        #[test]
        fn no_spelling_of_a_private_number_is_taken(last in 0_u32..(1 << 24)) {
            let number = (10 << 24) | last;
            for spelt in [format!("https://{number}/"), format!("https://0x{number:x}/"), format!("https://0{number:o}/")] {
                prop_assert!(Endpoint::parse(&spelt, &rules()).is_err(), "{}", spelt);
            }
        }
    }
}
