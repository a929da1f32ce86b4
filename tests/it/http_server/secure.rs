//! Certificates made on the spot, and clients that trust them.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use servicecatalog_exporter::serve::Tls;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::{Client, soon};

pub const H2: &[u8] = b"h2";
pub const HTTP1: &[u8] = b"http/1.1";

/// A certificate for localhost and its key, in PEM.
#[derive(Clone)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Identity {
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Identity { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// The server's side, which offers these protocols.
    pub fn server(&self, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    /// A server's side that never changes.
    pub fn tls(&self) -> Tls {
        watch::channel(Some(self.server(&[H2, HTTP1]))).1
    }

    /// The client's side, which trusts this certificate alone and wants one of these protocols.
    pub fn client(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    /// A connection that has agreed on `protocol`.
    pub async fn connect(
        &self,
        address: SocketAddr,
        protocol: &[u8],
    ) -> Client<TlsStream<TcpStream>> {
        let connected = self.try_connect(address, &[protocol]).await;
        let client = connected.expect("the handshake fails");
        assert_eq!(client.stream.get_ref().1.alpn_protocol(), Some(protocol));
        client
    }

    pub async fn try_connect(
        &self,
        address: SocketAddr,
        protocols: &[&[u8]],
    ) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        let stream = soon(TcpStream::connect(address)).await?;
        let connector = TlsConnector::from(self.client(protocols));
        soon(connector.connect(name(), stream)).await.map(Client::new)
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}
