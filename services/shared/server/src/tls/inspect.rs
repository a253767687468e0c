//! What others will make of the certificate in the files, now and later: for who looks at a deployment.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor, UnixTime};
use rustls::sign::CertifiedKey;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::{Files, Naming, TlsError, TlsSettings, certificates, names};

/// How far the dates of a certificate are looked for.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 366 * 30);

/// A certificate as whoever connects will judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The names it is for.
    pub names: Vec<String>,
    /// Whether others find the service by one of them.
    pub is_of_service: bool,
    /// Whether the key in the other file is its key.
    pub key_fits: bool,
    /// Whether it holds against the authorities, at the instant that was asked about or at any other.
    pub chain: Chain,
}

/// Whether a certificate holds against the authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// At no instant: another authority signed it, or what leads there is missing, or it is not for servers and clients.
    Never,
    /// From an instant on, until another; to the second. What is longer than thirty years away is not looked for.
    Between {
        /// First instant.
        from: Timestamp,
        /// Last instant.
        until: Timestamp,
    },
}

/// Looks at the certificate that `service` would show by these settings; its dates are those of the chain as a whole, and are looked for
/// around `at`.
///
/// # Errors
/// [`TlsError`] when a file cannot be read or is no PEM.
pub fn inspect(settings: &TlsSettings, service: &str, at: Timestamp) -> Result<Inspected, TlsError> {
    let files = Files::read(settings)?;
    let chain = certificates(&files.cert, &settings.cert_file, "certificate")?;
    let authorities = certificates(&files.ca, &settings.ca_file, "authority")?;
    let key = PrivateKeyDer::from_pem_slice(&files.key)
        .map_err(|_| TlsError::Pem { path: settings.key_file.clone(), what: "private key" })?;
    let naming = Naming { domain: settings.service_domain.clone(), uri_prefix: settings.service_uri_prefix.clone() };
    let names = chain.first().map(names).unwrap_or_default();
    // Whoever connects demands the DNS name; a URI is enough for a client alone.
    let is_of_service = names.iter().any(|name| name.eq_ignore_ascii_case(&naming.dns(service)));
    let key_fits = CertifiedKey::from_der(chain.clone(), key, &aws_lc_rs::default_provider()).is_ok();
    Ok(Inspected { names, is_of_service, key_fits, chain: held(&chain, &authorities, at) })
}

fn held(chain: &[CertificateDer<'_>], authorities: &[CertificateDer<'_>], at: Timestamp) -> Chain {
    let anchors: Vec<TrustAnchor<'_>> =
        authorities.iter().filter_map(|authority| anchor_from_trusted_cert(authority).ok()).collect();
    let (Some(first), Some(last)) = (at.checked_sub(FURTHEST).ok(), at.checked_add(FURTHEST).ok()) else {
        return Chain::Never;
    };
    let judged = |second: i64| judge(chain, &anchors, second);
    let (first, last) = (first.as_second().max(0), last.as_second());
    // Where the dates alone stand against it, they say on which side to look.
    let (mut low, mut high, mut inside) = (first, last, at.as_second());
    loop {
        match judged(inside) {
            Judged::Holds => break,
            Judged::NotYet => low = inside,
            Judged::Over => high = inside,
            Judged::Never => return Chain::Never,
        }
        if high - low < 2 {
            return Chain::Never;
        }
        inside = low + (high - low) / 2;
    }
    let holds = |second: i64| judged(second) == Judged::Holds;
    let from = edge(inside, first, holds);
    let until = edge(inside, last, holds);
    let instant = |second| Timestamp::from_second(second).unwrap_or(at);
    Chain::Between { from: instant(from), until: instant(until) }
}

/// The last second towards `end` at which it holds, as it does at `inside`.
fn edge(inside: i64, end: i64, holds: impl Fn(i64) -> bool) -> i64 {
    if holds(end) {
        return end;
    }
    let (mut holding, mut not) = (inside, end);
    while (not - holding).abs() > 1 {
        let middle = holding + (not - holding) / 2;
        if holds(middle) { holding = middle } else { not = middle }
    }
    holding
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    Holds,
    NotYet,
    Over,
    Never,
}

fn judge(chain: &[CertificateDer<'_>], anchors: &[TrustAnchor<'_>], second: i64) -> Judged {
    let Some((own, between)) = chain.split_first() else { return Judged::Never };
    let Ok(own) = EndEntityCert::try_from(own) else { return Judged::Never };
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(second).unwrap_or(0)));
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    // As a server and as a client, since a service is both.
    for usage in [KeyUsage::server_auth(), KeyUsage::client_auth()] {
        match own.verify_for_usage(algorithms, anchors, between, at, usage, None, None) {
            Ok(_) => {}
            Err(webpki::Error::CertNotValidYet { .. }) => return Judged::NotYet,
            Err(webpki::Error::CertExpired { .. }) => return Judged::Over,
            Err(_) => return Judged::Never,
        }
    }
    Judged::Holds
}
