//! A request, as the server hands it to the routes.

use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{BufMut as _, Bytes};
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use http_body::Body as _;
use servicecatalog_exporter::config::{StatusPage, Users, WebFile};
use servicecatalog_exporter::http::{
    Action, Body, Encoding, Gate, Handler, Outcome, Refused, Shown,
};
use servicecatalog_exporter::model::{
    AccountId, CatalogBuilder, Moment, Product, ProductStatus, Provisioning, Region,
};
use servicecatalog_exporter::password::PasswordHash;
use servicecatalog_exporter::snapshot::{Snapshot, TargetState};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// What stands for the exposition; no page has such text.
const PLAIN: [&str; 2] = ["the_plain_", "exposition 1\n"];
const SQUEEZED: [&str; 2] = ["the_squeezed_", "exposition 2\n"];

/// The labels `handler` of the request counter.
const HANDLERS: [&str; 9] =
    ["docs", "healthy", "landing", "metrics", "other", "ready", "reload", "scan", "status"];

/// A user of the web file, a hash of the password at the least cost, and how a client says both.
const USER: &str = "fuzz";
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const BASIC: &[u8] = b"Basic ";
const LOGIN: &[u8] = b"ZnV6ejpzZWNyZXQ=";

/// What a request that is no action may be answered with.
const STATUSES: [StatusCode; 7] = [
    StatusCode::BAD_REQUEST,
    StatusCode::OK,
    StatusCode::FOUND,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// Answers the input, which is written as HTTP/1.1 writes a request, in every state of a server.
pub fn check(input: &[u8]) {
    let Some(request) = Request::read(input) else { return };
    login(&request);
    for (prefix, telemetry_path) in [("", "/metrics"), ("", "/"), ("/a/b", "/metrics")] {
        for is_open in [false, true] {
            Server::new(prefix, telemetry_path, is_open).take(&request);
        }
    }
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().build().expect("a runtime");
}

/// Nobody is let in but who says the right login, except to the one path that is open.
fn login(Request { path, headers, .. }: &Request) {
    let hash = PasswordHash::parse(HASH).expect("a hash");
    let users = Users([(USER.to_owned(), hash)].into());
    let (_rules, rules) = watch::channel(Arc::new(WebFile { users, ..WebFile::default() }));
    let gate = Gate::new(rules, "/-/healthy".into(), None).expect("randomness");
    let verdict = RUNTIME.with(|runtime| runtime.block_on(gate.admit(path, headers)));
    let said = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_right = said
        .split_at_checked(BASIC.len())
        .is_some_and(|(scheme, login)| scheme.eq_ignore_ascii_case(BASIC) && login == LOGIN);
    assert_eq!(verdict.is_ok(), is_right || path == "/-/healthy", "{path}: {verdict:?}");
}

/// One request.
struct Request {
    method: Method,
    path: String,
    /// With the query.
    target: String,
    headers: HeaderMap,
}

impl Request {
    /// A line with method and target, then the headers. What the server would not take as a header
    /// is left out.
    fn read(input: &[u8]) -> Option<Self> {
        let mut lines = input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let mut words = lines.next()?.split(|byte| *byte == b' ');
        let method = Method::from_bytes(words.next()?).ok()?;
        let target = String::from_utf8_lossy(words.next()?).into_owned();
        let target = match target.parse::<Uri>() {
            Ok(uri) => uri.path_and_query().map_or(uri.path(), PathAndQuery::as_str).to_owned(),
            // One that the server would not let through must do no harm either.
            Err(_) => target,
        };
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let mut headers = HeaderMap::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
        }
        Some(Self { method, path, target, headers })
    }
}

/// Publishes nothing, and notes what is counted.
struct Fixed {
    is_ready: bool,
    counted: Arc<Mutex<Vec<(&'static str, StatusCode)>>>,
}

impl Shown for Fixed {
    fn metrics(&self, encoding: Encoding) -> Body {
        let pieces = match encoding {
            Encoding::Identity => PLAIN,
            Encoding::Gzip => SQUEEZED,
        };
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        Body::in_pieces(length, pieces.into_iter().map(Bytes::from))
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&SNAPSHOT)
    }

    fn now(&self) -> Moment {
        at(10)
    }

    fn count(&self, handler: &'static str, code: StatusCode) {
        self.counted.lock().expect("no holder panics").push((handler, code));
    }
}

/// The routes, and what they counted.
struct Server {
    handler: Handler<Fixed>,
    counted: Arc<Mutex<Vec<(&'static str, StatusCode)>>>,
    prefix: &'static str,
    telemetry_path: &'static str,
    /// Whether it is ready, takes actions, and has a place for a scrape.
    is_open: bool,
}

/// An answer that was read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Server {
    fn new(prefix: &'static str, telemetry_path: &'static str, is_open: bool) -> Self {
        let counted = Arc::default();
        let shown = Fixed { is_ready: is_open, counted: Arc::clone(&counted) };
        let handler = Handler::new(shown, telemetry_path, "1.2.3").below(prefix);
        // The more is open, the more is told; nothing told may run.
        let tells = if is_open { StatusPage::Full } else { StatusPage::Summary };
        let handler = handler.with_status_page(tells);
        let handler = handler.with_lifecycle(is_open).with_max_requests(is_open.into());
        Self { handler, counted, prefix, telemetry_path, is_open }
    }

    fn take(&self, request: &Request) {
        let Request { method, path, headers, .. } = request;
        match self.handler.action(method, path, headers) {
            Some(action) => self.act(action, request),
            None => self.respond(request),
        }
        for (refused, status) in [
            (Refused::Unauthorized, StatusCode::UNAUTHORIZED),
            (Refused::TooMany(Some(Duration::from_millis(1))), StatusCode::TOO_MANY_REQUESTS),
            (Refused::Busy, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let answer = self.read(|handler| handler.refused(method, path, refused), path);
            assert_eq!(answer.status, status, "{refused:?}");
            self.is_exposed(&answer, false, path);
        }
    }

    fn act(&self, action: Action, Request { method, path, .. }: &Request) {
        assert!(self.is_open && *method == Method::POST, "{method} {path} is granted");
        let expected = if action == Action::Reload { "/-/reload" } else { "/-/scan" };
        assert_eq!(path.strip_prefix(self.prefix), Some(expected));
        for (outcome, status) in [
            (Outcome::Reloaded, StatusCode::OK),
            (Outcome::Begins, StatusCode::ACCEPTED),
            (Outcome::Refused("config.yml:1:1: é".into()), StatusCode::BAD_REQUEST),
            (Outcome::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let answer = self.read(|handler| handler.acted(action, outcome.clone()), path);
            assert_eq!(answer.status, status, "{outcome:?}");
            self.is_exposed(&answer, false, path);
        }
    }

    fn respond(&self, Request { method, path, target, headers }: &Request) {
        let respond = |method: &Method| {
            let answer = self.read(|handler| handler.respond(method, target, headers), path);
            assert!(STATUSES.contains(&answer.status), "{method} {path}: {}", answer.status);
            let is_refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(answer.headers.contains_key(ALLOW), is_refused, "{method} {path}");
            answer
        };
        if method == Method::HEAD {
            let (head, get) = (respond(&Method::HEAD), respond(&Method::GET));
            assert_eq!((head.status, &head.headers), (get.status, &get.headers), "HEAD {path}");
            assert!(head.body.is_empty(), "HEAD {path} has a body");
            assert_eq!(announced(&get), get.body.len(), "GET {path}");
            self.is_exposed(&get, true, path);
        } else {
            let answer = respond(method);
            assert_eq!(announced(&answer), answer.body.len(), "{method} {path}");
            self.is_exposed(&answer, method == Method::GET, path);
        }
    }

    /// An answer, with what holds for every one.
    fn read(&self, answer: impl FnOnce(&Handler<Fixed>) -> Response<Body>, path: &str) -> Answer {
        let (head, body) = answer(&self.handler).into_parts();
        let counted = std::mem::take(&mut *self.counted.lock().expect("no holder panics"));
        let [(handler, code)] = counted[..] else { panic!("{path} is counted as {counted:?}") };
        assert!(HANDLERS.contains(&handler), "{path} is counted for {handler}");
        assert_eq!(code, head.status, "{path} is counted with another status");

        let named = |name: HeaderName| head.headers.get(name).map(|value| value.as_bytes());
        assert_eq!(named(X_CONTENT_TYPE_OPTIONS), Some(&b"nosniff"[..]), "{path}");
        assert_eq!(named(CACHE_CONTROL), Some(&b"no-store"[..]), "{path}");
        // No path can send a browser elsewhere.
        let home = format!("{}/", self.prefix);
        let is_away = head.status == StatusCode::FOUND;
        assert_eq!(named(LOCATION), is_away.then_some(home.as_bytes()), "{path}");
        let content_type = named(CONTENT_TYPE).expect("a content type");
        let is_page = content_type.starts_with(b"text/html");
        let policy = named(CONTENT_SECURITY_POLICY).unwrap_or_default();
        assert_eq!(policy.starts_with(b"default-src 'none';"), is_page, "{path}");

        let body = read_all(body);
        if content_type == b"application/json" {
            serde_json::from_slice::<serde_json::Value>(&body).expect("JSON");
        }
        if is_page {
            let page = String::from_utf8(body.clone()).expect("a page is UTF-8");
            assert!(!page.contains("<script"), "{path}: the page runs something: {page}");
        }
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The exposition is at its path and nowhere else, and says how it is encoded.
    fn is_exposed(&self, answer: &Answer, asked: bool, path: &str) {
        let encoding = match &*answer.body {
            body if body == PLAIN.concat().as_bytes() => Some(None),
            body if body == SQUEEZED.concat().as_bytes() => Some(Some(&b"gzip"[..])),
            _ => None,
        };
        let is_there = path.strip_prefix(self.prefix) == Some(self.telemetry_path);
        assert_eq!(encoding.is_some(), asked && is_there && self.is_open, "{path}");
        let said = answer.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
        assert_eq!(said, encoding.flatten(), "{path}");
        if asked {
            assert_eq!(answer.headers.contains_key(VARY), encoding.is_some(), "{path}");
        }
    }
}

fn announced(answer: &Answer) -> usize {
    let length = answer.headers.get(CONTENT_LENGTH).expect("a content length");
    length.to_str().expect("digits").parse().expect("a number")
}

fn read_all(mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(None) => return bytes,
            Poll::Ready(Some(Ok(frame))) => {
                bytes.put(frame.into_data().expect("no trailers"));
            }
            Poll::Pending => panic!("a body waits"),
        }
    }
}

/// A few products, all of whose texts try to be markup.
static SNAPSHOT: LazyLock<Arc<Snapshot>> = LazyLock::new(|| {
    const MARKUP: &str = "\"><script>alert(1)</script>&amp;";
    let mut catalog = CatalogBuilder::default();
    for (id, status) in [("pp-1", "TAINTED"), ("pp-2", "AVAILABLE"), ("pp-3", MARKUP)] {
        catalog.add(Product {
            id: id.into(),
            name: MARKUP.into(),
            kind: MARKUP.into(),
            status: ProductStatus::read(Some(status)),
            product_id: MARKUP.into(),
            artifact_id: MARKUP.into(),
            created: Some(0.0),
            provisioning: Provisioning::Unrecorded,
            last_record: MARKUP.into(),
            status_message: Some(MARKUP.into()),
        });
    }
    let region = Region::parse("eu-central-1").expect("a region");
    let account = Some(AccountId::new("123456789012"));
    let mut target = TargetState::new(region, account, Duration::from_secs(300));
    target.list_complete(Arc::new(catalog.finish()), at(0));
    let targets = vec![Arc::new(target)];
    Arc::new(Snapshot { targets, taken: at(0), ..Snapshot::default() })
});

fn at(seconds: u64) -> Moment {
    Moment { unix: 1.78e9, uptime: Duration::ZERO }.plus(Duration::from_secs(seconds))
}
