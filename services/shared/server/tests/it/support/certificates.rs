//! An authority of a house, and certificates of its services, as files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};

/// An authority.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        let key = KeyPair::generate().unwrap();
        let pem = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Certificate and key for this name (a DNS name, or a URI), until the end of this year.
    pub fn certify(&self, name: &str, last_year: i32) -> (String, String) {
        let uri = name.contains("://");
        let mut params = CertificateParams::new(if uri { Vec::new() } else { vec![name.to_owned()] }).unwrap();
        if uri {
            params.subject_alt_names.push(SanType::URI(name.try_into().unwrap()));
        }
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der()))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

/// The files of one service, gone with the test.
pub struct Files(pub PathBuf);

impl Files {
    /// Those of a service that this authority certifies and that trusts it.
    pub fn of(authority: &Authority, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ventanilla-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = Self(folder);
        files.put(&authority.certify(name, 2999), &authority.pem);
        files
    }

    pub fn put(&self, (certificate, key): &(String, String), authorities: &str) {
        std::fs::write(self.at("tls.crt"), certificate).unwrap();
        std::fs::write(self.at("tls.key"), key).unwrap();
        std::fs::write(self.at("ca.crt"), authorities).unwrap();
    }

    pub fn at(&self, name: &str) -> PathBuf {
        Path::join(&self.0, name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
