//! A client of TLS that says what was negotiated, or how it was refused.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CipherSuite, ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore,
    SupportedCipherSuite, SupportedProtocolVersion,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::PATIENCE;
use super::http::{self, Answer};
use super::pki::{Authority, Identity};

/// What a client trusts, shows and offers.
pub struct Offer<'a> {
    pub authority: &'a Authority,
    pub identity: Option<&'a Identity>,
    pub versions: &'a [&'static SupportedProtocolVersion],
    pub suites: &'a [SupportedCipherSuite],
    pub groups: &'a [&'static dyn SupportedKxGroup],
    pub protocols: &'a [&'a str],
}

impl<'a> Offer<'a> {
    /// The usual.
    pub fn to(authority: &'a Authority) -> Self {
        Self {
            authority,
            identity: None,
            versions: rustls::ALL_VERSIONS,
            suites: aws_lc_rs::DEFAULT_CIPHER_SUITES,
            groups: aws_lc_rs::DEFAULT_KX_GROUPS,
            protocols: &["http/1.1"],
        }
    }

    pub fn of(self, identity: Option<&'a Identity>) -> Self {
        Self { identity, ..self }
    }

    /// A client that makes it, and remembers its sessions.
    pub fn client(&self) -> Client {
        let mut roots = RootCertStore::empty();
        let pem = self.authority.certificate.as_bytes();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites = self.suites.to_vec();
        provider.kx_groups = self.groups.to_vec();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.identity.map(Identity::der) {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        };
        config.alpn_protocols =
            self.protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config.resumption = Resumption::in_memory_sessions(8);
        Client(Arc::new(config))
    }

    /// Asks for a path, by a client of its own.
    pub async fn get(&self, server: SocketAddr, path: &str) -> Result<Reply, String> {
        self.client().get(server, path, &[]).await
    }
}

/// Makes connections.
#[derive(Clone)]
pub struct Client(Arc<ClientConfig>);

/// An answer, and by what it came.
#[derive(Debug)]
pub struct Reply {
    pub answer: Answer,
    /// Of the server, in DER.
    pub certificate: Vec<u8>,
    pub version: ProtocolVersion,
    pub suite: CipherSuite,
    /// Of a full handshake.
    pub group: Option<NamedGroup>,
    pub is_resumed: bool,
}

impl Client {
    /// A connection whose handshake is done, as far as this side can tell.
    pub async fn connect(&self, server: SocketAddr) -> Result<TlsStream<TcpStream>, String> {
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let stream = TcpStream::connect(server).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let handshake = timeout(PATIENCE, connector.connect(name, stream)).await;
        handshake.expect("the handshake hangs").map_err(|error| error.to_string())
    }

    /// Asks on a connection of its own. With TLS 1.3 a client hears only with the answer that it
    /// was refused.
    pub async fn get(
        &self,
        server: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Reply, String> {
        self.ask("GET", server, path, headers).await
    }

    /// The same by another method.
    pub async fn ask(
        &self,
        method: &str,
        server: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Reply, String> {
        let mut stream = self.connect(server).await?;
        let exchange = http::exchange(&mut stream, method, "localhost", path, headers);
        let exchange = timeout(PATIENCE, exchange).await.expect("no answer comes");
        let answer = exchange.map_err(|error| error.to_string())?;
        let (_, session) = stream.get_ref();
        Ok(Reply {
            answer,
            certificate: session.peer_certificates().unwrap()[0].to_vec(),
            version: session.protocol_version().unwrap(),
            suite: session.negotiated_cipher_suite().unwrap().suite(),
            group: session.negotiated_key_exchange_group().map(|group| group.name()),
            is_resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        })
    }
}
