//! The one HTTP client of the process, which refuses answers that are too large.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// An answer may have this many bytes. A page of 20 items has about 20 kB.
pub(super) const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// An answer announced more than [`ANSWER_LIMIT`].
#[derive(Debug, thiserror::Error)]
#[error("the answer has {0} bytes; at most {ANSWER_LIMIT} are read")]
pub(super) struct AnswerTooLarge(u64);

/// One client for all identities and targets: each of its own would have a connection pool and a
/// root store of its own. The usual proxy variables are followed only where `proxied`.
pub(super) fn http_client(proxied: bool) -> SharedHttpClient {
    let inner = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        let proxy = if proxied { ProxyConfig::from_env() } else { ProxyConfig::disabled() };
        builder
            .proxy_config(proxy)
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build()
    });
    SharedHttpClient::new(Bounded(inner))
}

#[derive(Debug)]
struct Bounded(SharedHttpClient);

impl HttpClient for Bounded {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct BoundedConnector(SharedHttpConnector);

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move { bounded(answer.await?) })
    }
}

fn bounded(answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    match answer.body().content_length() {
        // hyper reads no more than was announced.
        Some(length) if length <= ANSWER_LIMIT as u64 => Ok(answer),
        Some(length) => Err(ConnectorError::other(AnswerTooLarge(length).into(), None)),
        None => Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, ANSWER_LIMIT)))),
    }
}
