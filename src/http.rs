//! What is answered: (method, path, headers) → response, sync and total.
//!
//! A response is made of what is published already. Nothing here waits, fails or copies a body,
//! and a scrape takes no lock that a scan holds.

mod auth;
mod body;
mod encoding;
mod landing;
mod lifecycle;
mod page;
mod plain;
mod probe;
mod run;
mod slots;
mod status;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};

pub use auth::{Gate, Refused};
pub use body::Body;
pub use encoding::Encoding;
pub use lifecycle::{Action, Outcome};
pub use plain::{is_harmful, plain};
pub use probe::{Inquiry, InquiryError, Login, Password, ProbeError, Scheme, inquire, probe};
pub use run::Run;

use crate::config::StatusPage;
use crate::model::{Clock, Kept, Moment};
use crate::publish::{Reader, Readiness};
use crate::snapshot::Snapshot;
use crate::telemetry::SelfMetrics;
use slots::{Slot, Slots};
use status::Front;

/// The path that answers 200 as long as the process answers at all.
pub const HEALTHY_PATH: &str = "/-/healthy";
/// The path that answers 503 until the exporter has something to show.
pub const READY_PATH: &str = "/-/ready";

/// What the page at `/` tells, as JSON.
pub const STATUS_PATH: &str = "/api/v1/status";
/// Why a series is there, old or missing, as JSON.
pub const EXPLAIN_PATH: &str = "/api/v1/explain";
/// The reference of the metrics, as `METRICS.md` has it.
pub const DOCS_PATH: &str = "/docs";

/// `POST` reads the configuration again.
pub const RELOAD_PATH: &str = "/-/reload";
/// `POST` starts a scan of every target.
pub const SCAN_PATH: &str = "/-/scan";

/// As many scrapes at the same time as node_exporter answers, unless somebody says otherwise.
const MOST_SCRAPES: usize = 40;

/// As many status pages, each of which is made anew: they must not keep the scrapes from the
/// processor.
const MOST_PAGES: usize = 4;

/// The one format that is served, whatever `Accept` says: Prometheus takes it in every version,
/// and reads which one it is from this type.
const METRICS_TYPE: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const TEXT_TYPE: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON_TYPE: HeaderValue = HeaderValue::from_static("application/json");

const NOT_READY: &str = "Not ready: waiting until every target was tried once, \
    or until scan.ready_after has passed. /metrics is served meanwhile.\n";

/// What the routes show. [`Live`] is the exporter's own.
pub trait Shown {
    /// The whole exposition, in an encoding that the client takes.
    fn metrics(&self, encoding: Encoding) -> Body;
    /// Whether the exporter has something to show.
    fn is_ready(&self) -> bool;
    /// What is known, for the status page.
    fn snapshot(&self) -> Arc<Snapshot>;
    /// The same, and what the limits left of each of its targets, where that is known.
    fn planned(&self) -> (Arc<Snapshot>, Arc<[Option<Kept>]>) {
        (self.snapshot(), Arc::default())
    }
    /// The present, from which ages are counted.
    fn now(&self) -> Moment;
    /// Counts one answer: `handler` is one of `metrics`, `landing`, `status`, `explain`, `docs`, `healthy`,
    /// `ready`, `reload`, `scan`, `other`.
    fn count(&self, handler: &'static str, code: StatusCode);
}

/// The latest publication and the exporter's own metrics.
pub struct Live {
    /// The latest publication.
    pub reader: Reader,
    /// Whether there was enough of it.
    pub readiness: Readiness,
    /// The daemon-wide families, and where answers are counted.
    pub telemetry: Arc<SelfMetrics>,
    /// By which ages are counted.
    pub clock: Clock,
}

impl Shown for Live {
    fn metrics(&self, encoding: Encoding) -> Body {
        let published = self.reader.latest();
        let tail = self.telemetry.tail();
        let chunks = match encoding {
            Encoding::Gzip => published.exposition.gzip(&tail),
            Encoding::Identity => published.exposition.plain(&tail),
        };
        Body::from(chunks)
    }

    fn is_ready(&self) -> bool {
        self.readiness.is_ready()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.reader.latest().snapshot)
    }

    fn planned(&self) -> (Arc<Snapshot>, Arc<[Option<Kept>]>) {
        let published = self.reader.latest();
        (Arc::clone(&published.snapshot), Arc::clone(&published.kept))
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn count(&self, handler: &'static str, code: StatusCode) {
        self.telemetry.count_http(handler, code.as_u16());
    }
}

/// Answers requests.
pub struct Handler<S = Live> {
    shown: S,
    telemetry_path: String,
    front: Front,
    docs: Bytes,
    /// Empty, or `/` and what follows without a slash at its end.
    prefix: String,
    scrapes: Slots,
    pages: Slots,
    lifecycle: bool,
}

/// Where a path leads. Its name is the label `handler` of the request counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Metrics,
    Landing,
    Status,
    Explain,
    Docs,
    Healthy,
    Ready,
    Act(Action),
    /// To the landing page, for who left the prefix out, or the slash after it, on which its
    /// relative links depend.
    Home,
    Other,
}

impl Route {
    fn name(self) -> &'static str {
        match self {
            Route::Metrics => "metrics",
            Route::Landing | Route::Home => "landing",
            Route::Status => "status",
            Route::Explain => "explain",
            Route::Docs => "docs",
            Route::Healthy => "healthy",
            Route::Ready => "ready",
            Route::Act(action) => action.name(),
            Route::Other => "other",
        }
    }
}

impl<S: Shown> Handler<S> {
    /// Serves the metrics at `telemetry_path`, which starts with `/`. At `/` they take the place
    /// of the status page, which is a summary. `version` is shown to people.
    pub fn new(shown: S, telemetry_path: &str, version: &str) -> Self {
        Handler {
            shown,
            telemetry_path: telemetry_path.to_owned(),
            front: Front::new(StatusPage::Summary, telemetry_path, version),
            docs: Bytes::new(),
            prefix: String::new(),
            scrapes: Slots::new(MOST_SCRAPES),
            pages: Slots::new(MOST_PAGES),
            lifecycle: false,
        }
    }

    /// Puts every path below `prefix`: empty, or `/` and what follows without a slash at its end.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// How many scrapes are answered at the same time; above it the answer is 503.
    #[must_use]
    pub fn with_max_requests(mut self, most: usize) -> Self {
        self.scrapes = Slots::new(most);
        self
    }

    /// The reference of the metrics: that of this very build, where no other is at hand.
    #[must_use]
    pub fn with_docs(mut self, reference: String) -> Self {
        self.docs = reference.into();
        self
    }

    /// How much the status page tells.
    #[must_use]
    pub fn with_status_page(mut self, tells: StatusPage) -> Self {
        self.front.tell(tells);
        self
    }

    /// Whether `POST` may reload the configuration and start scans.
    #[must_use]
    pub fn with_lifecycle(mut self, enabled: bool) -> Self {
        self.lifecycle = enabled;
        self
    }

    /// What a request asks the exporter to do, if it asks for that and may. Whoever does it
    /// answers with [`Handler::acted`]; every other request is one for [`Handler::respond`].
    pub fn action(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Action> {
        let Route::Act(action) = self.route(path) else { return None };
        let may = self.lifecycle && method == Method::POST && !lifecycle::is_foreign(headers);
        may.then_some(action)
    }

    /// The answer to an action, by how it ended.
    pub fn acted(&self, action: Action, outcome: Outcome) -> Response<Body> {
        self.finished(Route::Act(action), lifecycle::answer(outcome))
    }

    /// The answer to a request that [`Gate::admit`] refused.
    pub fn refused(&self, method: &Method, path: &str, refused: Refused) -> Response<Body> {
        Self::for_method(method, self.finished(self.route(path), auth::answer(refused)))
    }

    /// Answers one request and counts the answer. `target` is the path with its query, if any.
    ///
    /// A response to `HEAD` has the headers of the one to `GET`, `Content-Length` included, and
    /// no body.
    pub fn respond(&self, method: &Method, target: &str, headers: &HeaderMap) -> Response<Body> {
        self.respond_from(None, method, target, headers)
    }

    /// The same, but a scrape waits a moment where all places are taken, and `room_wanted` is told
    /// meanwhile. A 503 would be a gap in somebody's graph.
    pub async fn respond_in_turn(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        room_wanted: impl Fn(),
    ) -> Response<Body> {
        let path = target.split('?').next().unwrap_or_default();
        let slot = match self.route(path) {
            Route::Metrics if method == Method::GET => self.scrapes.wait(room_wanted).await,
            _ => None,
        };
        self.respond_from(slot, method, target, headers)
    }

    fn respond_from(
        &self,
        slot: Option<Slot>,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let route = self.route(path);
        let is_answered = method == Method::GET || method == Method::HEAD;
        let response = match route {
            Route::Act(_) => lifecycle::refusal(self.lifecycle, method, headers),
            Route::Other => self.answer(route, None, query, headers),
            _ if is_answered => self.answer(route, slot, query, headers),
            Route::Status | Route::Explain => {
                let refusal = status::refusal(StatusCode::METHOD_NOT_ALLOWED, "use GET or HEAD");
                with(refusal, ALLOW, HeaderValue::from_static("GET, HEAD"))
            }
            _ => not_allowed("Only GET and HEAD are answered\n", "GET, HEAD"),
        };
        Self::for_method(method, self.finished(route, response))
    }

    fn for_method(method: &Method, mut response: Response<Body>) -> Response<Body> {
        if method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn finished(&self, route: Route, mut response: Response<Body>) -> Response<Body> {
        let length = response.body().len();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        // What a cache on the way keeps would be old data that does not say so.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        self.shown.count(route.name(), response.status());
        response
    }

    fn route(&self, path: &str) -> Route {
        let Some(path) = path.strip_prefix(&*self.prefix) else {
            return if path == "/" { Route::Home } else { Route::Other };
        };
        match path {
            HEALTHY_PATH => Route::Healthy,
            READY_PATH => Route::Ready,
            RELOAD_PATH => Route::Act(Action::Reload),
            SCAN_PATH => Route::Act(Action::Scan),
            _ if path == self.telemetry_path => Route::Metrics,
            "/" => Route::Landing,
            STATUS_PATH => Route::Status,
            EXPLAIN_PATH => Route::Explain,
            DOCS_PATH => Route::Docs,
            "" if !self.prefix.is_empty() => Route::Home,
            _ => Route::Other,
        }
    }

    fn answer(
        &self,
        route: Route,
        slot: Option<Slot>,
        query: &str,
        headers: &HeaderMap,
    ) -> Response<Body> {
        match route {
            Route::Metrics => {
                self.scrapes.answer(slot, || self.metrics(Encoding::accepted(headers)))
            }
            Route::Landing => self.pages.answer(None, || self.front.page(&self.shown, query)),
            Route::Status => self.pages.answer(None, || self.front.json(&self.shown, query)),
            Route::Explain => self.pages.answer(None, || self.front.explain(&self.shown, query)),
            Route::Home => {
                let away = text(StatusCode::FOUND, "See the page one level below\n");
                let home = HeaderValue::try_from(format!("{}/", self.prefix));
                with(away, LOCATION, home.unwrap_or(HeaderValue::from_static("/")))
            }
            Route::Docs => typed(StatusCode::OK, TEXT_TYPE, Body::from(self.docs.clone())),
            Route::Healthy => text(StatusCode::OK, "Healthy\n"),
            Route::Ready if self.shown.is_ready() => text(StatusCode::OK, "Ready\n"),
            Route::Ready => text(StatusCode::SERVICE_UNAVAILABLE, NOT_READY),
            Route::Act(_) | Route::Other => text(StatusCode::NOT_FOUND, "Not found\n"),
        }
    }

    fn metrics(&self, encoding: Encoding) -> Response<Body> {
        let response = typed(StatusCode::OK, METRICS_TYPE, self.shown.metrics(encoding));
        let response = with(response, VARY, HeaderValue::from_static("Accept-Encoding"));
        match encoding {
            Encoding::Identity => response,
            Encoding::Gzip => with(response, CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        }
    }
}

fn not_allowed(words: &'static str, allowed: &'static str) -> Response<Body> {
    let refusal = text(StatusCode::METHOD_NOT_ALLOWED, words);
    with(refusal, ALLOW, HeaderValue::from_static(allowed))
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    typed(status, TEXT_TYPE, Body::from(Bytes::from_static(text.as_bytes())))
}

fn typed(status: StatusCode, content_type: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    with(response, CONTENT_TYPE, content_type)
}

fn with(mut response: Response<Body>, name: HeaderName, value: HeaderValue) -> Response<Body> {
    response.headers_mut().insert(name, value);
    response
}

#[cfg(test)]
mod tests;
