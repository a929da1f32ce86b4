//! The one HTTP client of the process, which refuses answers that are too large.

use std::fmt;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
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

/// A client without a network: each request is answered by `answer`, at once.
pub(super) fn answered_by<A>(answer: A) -> SharedHttpClient
where
    A: Fn(http::Request<Bytes>) -> http::Response<Bytes> + Clone + Send + Sync + 'static,
{
    let inner = http_client_fn(move |_, _| SharedHttpConnector::new(InProcess(answer.clone())));
    SharedHttpClient::new(Bounded(inner))
}

struct InProcess<A>(A);

impl<A> fmt::Debug for InProcess<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl<A> HttpConnector for InProcess<A>
where
    A: Fn(http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = || -> Result<HttpResponse, BoxError> {
            let request = request.try_into_http1x()?;
            let body = |body: SdkBody| Bytes::copy_from_slice(body.bytes().unwrap_or_default());
            let answer = (self.0)(request.map(body));
            Ok(HttpResponse::try_from(answer.map(SdkBody::from))?)
        };
        HttpConnectorFuture::ready(answer().map_err(|error| ConnectorError::other(error, None)))
    }
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
