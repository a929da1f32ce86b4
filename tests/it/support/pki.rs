//! Certificates of every kind, made for one test.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType, SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate and its key.
#[derive(Debug)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Identity {
    /// Writes `NAME.crt` and `NAME.key` and gives their paths.
    pub fn write(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let write = |extension, text: &str| {
            let path = folder.join(name).with_extension(extension);
            std::fs::write(&path, text).unwrap();
            path
        };
        (write("crt", &self.certificate), write("key", &self.key))
    }

    pub fn der(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        (vec![certificate], PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap())
    }
}

/// An authority.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub certificate: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { params, key, certificate }
    }

    /// A certificate for `localhost` and 127.0.0.1.
    pub fn server(&self) -> Identity {
        self.issue(named("server", &[dns("localhost"), address("127.0.0.1")]))
    }

    /// The same with a key of another kind.
    pub fn server_of(&self, algorithm: &'static SignatureAlgorithm) -> Identity {
        let key = KeyPair::generate_for(algorithm).unwrap();
        self.sign(named("server", &[dns("localhost"), address("127.0.0.1")]), key)
    }

    /// A certificate of a client with these names.
    pub fn client(&self, names: &[SanType]) -> Identity {
        self.issue(named("client", names))
    }

    /// One that is over.
    pub fn expired(&self) -> Identity {
        self.issue(expired(named("client", &[])))
    }

    /// One that is meant for servers alone.
    pub fn for_servers(&self) -> Identity {
        self.issue(for_servers(named("client", &[])))
    }

    fn issue(&self, params: CertificateParams) -> Identity {
        self.sign(params, KeyPair::generate().unwrap())
    }

    fn sign(&self, params: CertificateParams, key: KeyPair) -> Identity {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// A certificate that nobody else vouches for and that calls itself an authority, as that of
/// `openssl req -x509` does.
pub fn self_signed(change: impl FnOnce(CertificateParams) -> CertificateParams) -> Identity {
    let mut params = named("self-signed", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = change(params).self_signed(&key).unwrap().pem();
    Identity { certificate, key: key.serialize_pem() }
}

pub fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    params
}

pub fn early(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(4000, 1, 1);
    params
}

pub fn for_servers(mut params: CertificateParams) -> CertificateParams {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

pub fn for_anything(mut params: CertificateParams) -> CertificateParams {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    params
}

pub fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

pub fn email(name: &str) -> SanType {
    SanType::Rfc822Name(name.try_into().unwrap())
}

pub fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

pub fn address(name: &str) -> SanType {
    SanType::IpAddress(name.parse::<IpAddr>().unwrap())
}

fn named(name: &str, names: &[SanType]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = names.to_vec();
    params
}
