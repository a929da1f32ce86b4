use std::sync::Mutex;

use http::header::{ACCEPT, ACCEPT_ENCODING, RETRY_AFTER};
use http_body_util::BodyExt as _;

use super::*;
use http::header::CONTENT_SECURITY_POLICY;

/// What Prometheus sends, from the servers themselves (scrape.go) and from requests that others
/// have recorded.
const PROMETHEUS_ACCEPTS: [&str; 8] = [
    // 1.x, and 2.x before 2.5
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
     q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    // 2.5 to 2.33
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    // 2.34 to 2.48
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
     text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    // 2.49 on
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;\
     q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    // 3.x
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
     application/openmetrics-text;version=0.0.1;q=0.5,\
     text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    // 3.x with native histograms
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
     q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
     application/openmetrics-text;version=0.0.1;q=0.4,\
     text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    // 3.x with metric_name_escaping_scheme: underscores
    "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,\
     application/openmetrics-text;version=0.0.1;q=0.5,\
     text/plain;version=1.0.0;escaping=underscores;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    // nothing that is served
    "application/json",
];

#[derive(Default)]
struct Fixed {
    is_ready: bool,
    counted: Mutex<Vec<(&'static str, u16)>>,
}

impl Shown for Fixed {
    fn metrics(&self, encoding: Encoding) -> Body {
        let pieces = match encoding {
            Encoding::Identity => ["plain ", "text\n"],
            Encoding::Gzip => ["squeezed ", "text\n"],
        };
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        Body::in_pieces(length, pieces.map(Bytes::from).into_iter())
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::default()
    }

    fn now(&self) -> Moment {
        Moment::default()
    }

    fn count(&self, handler: &'static str, code: StatusCode) {
        self.counted.lock().unwrap().push((handler, code.as_u16()));
    }
}

fn handler() -> Handler<Fixed> {
    Handler::new(Fixed::default(), "/metrics", "1.2.3")
}

fn get(handler: &Handler<Fixed>, path: &str) -> Response<Body> {
    handler.respond(&Method::GET, path, &HeaderMap::new())
}

fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn body(response: Response<Body>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bytes = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn headers<const N: usize>(pairs: [(HeaderName, &str); N]) -> HeaderMap {
    pairs.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect()
}

#[test]
fn metrics_are_the_text_format_whatever_a_prometheus_prefers() {
    for accept in PROMETHEUS_ACCEPTS {
        let headers = headers([(ACCEPT, accept)]);
        let response = handler().respond(&Method::GET, "/metrics", &headers);
        assert_eq!(response.status(), 200);
        assert_eq!(
            header(&response, CONTENT_TYPE),
            Some("text/plain; version=0.0.4; charset=utf-8"),
            "{accept}"
        );
        assert_eq!(body(response), "plain text\n");
    }
}

#[test]
fn metrics_are_gzipped_for_who_takes_gzip_and_caches_are_told() {
    let gzip = headers([(ACCEPT_ENCODING, "gzip")]);
    let response = handler().respond(&Method::GET, "/metrics", &gzip);
    assert_eq!(header(&response, CONTENT_ENCODING), Some("gzip"));
    assert_eq!(header(&response, VARY), Some("Accept-Encoding"));
    assert_eq!(header(&response, CONTENT_LENGTH), Some("14"));
    assert_eq!(body(response), "squeezed text\n");

    let response = get(&handler(), "/metrics");
    assert_eq!(header(&response, CONTENT_ENCODING), None);
    assert_eq!(header(&response, VARY), Some("Accept-Encoding"));
    assert_eq!(header(&response, CONTENT_LENGTH), Some("11"));
}

#[test]
fn health_is_always_good() {
    let response = get(&handler(), "/-/healthy");
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, CONTENT_TYPE), Some("text/plain; charset=utf-8"));
    assert_eq!(body(response), "Healthy\n");
}

#[test]
fn readiness_says_what_it_waits_for() {
    let response = get(&handler(), "/-/ready");
    assert_eq!(response.status(), 503);
    assert!(body(response).contains("waiting until every target was tried once"));

    let ready = Fixed { is_ready: true, ..Fixed::default() };
    let response = get(&Handler::new(ready, "/metrics", "1"), "/-/ready");
    assert_eq!(response.status(), 200);
    assert_eq!(body(response), "Ready\n");
}

#[test]
fn the_status_page_links_the_metrics_under_a_strict_policy() {
    let response = get(&handler(), "/");
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, CONTENT_TYPE), Some("text/html; charset=utf-8"));
    assert!(header(&response, CONTENT_SECURITY_POLICY).unwrap().starts_with("default-src 'none'"));
    let page = body(response);
    assert!(page.contains("href=\"./metrics\"") && page.contains("1.2.3"), "{page}");
}

#[test]
fn metrics_at_the_root_take_the_place_of_the_status_page() {
    let handler = Handler::new(Fixed::default(), "/", "1");
    assert_eq!(body(get(&handler, "/")), "plain text\n");
    assert_eq!(get(&handler, "/metrics").status(), 404);
}

#[test]
fn another_telemetry_path_replaces_the_usual_one() {
    let handler = Handler::new(Fixed::default(), "/internal/metrics", "1");
    assert_eq!(body(get(&handler, "/internal/metrics")), "plain text\n");
    assert_eq!(get(&handler, "/metrics").status(), 404);
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    for path in ["/metrics", "/", "/?q=a", "/api/v1/status", "/-/healthy", "/-/ready", "/nowhere"] {
        let get = get(&handler(), path);
        let head = handler().respond(&Method::HEAD, path, &HeaderMap::new());
        assert_eq!((head.status(), head.headers()), (get.status(), get.headers()), "{path}");
        assert_eq!(header(&head, CONTENT_LENGTH), Some(&*get.body().len().to_string()));
        assert!(head.body().is_empty(), "{path}");
    }
}

#[test]
fn other_methods_are_refused_with_those_that_are_not() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        let response = handler().respond(&method, "/metrics", &HeaderMap::new());
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(header(&response, ALLOW), Some("GET, HEAD"));
    }
}

#[test]
fn an_unknown_path_is_not_found_whatever_the_method() {
    for path in ["/metrics/", "/Metrics", "/-/healthy/", "", "*", "//", "/favicon.ico"] {
        assert_eq!(get(&handler(), path).status(), 404, "{path:?}");
    }
    assert_eq!(handler().respond(&Method::POST, "/x", &HeaderMap::new()).status(), 404);
}

#[test]
fn nothing_is_kept_by_a_cache_on_the_way() {
    for path in ["/metrics", "/", "/api/v1/status", "/-/healthy", "/-/ready", "/nowhere"] {
        assert_eq!(header(&get(&handler(), path), CACHE_CONTROL), Some("no-store"), "{path}");
    }
}

#[test]
fn every_answer_is_counted_under_a_name_from_a_closed_set() {
    let handler = handler();
    for path in [
        "/metrics?a=b",
        "/",
        "/-/healthy",
        "/-/ready",
        "/made/up",
        "/api/v1/status",
        "/api/v1/explain",
    ] {
        get(&handler, path);
    }
    get(&handler, "/?q=%");
    handler.respond(&Method::POST, "/metrics", &HeaderMap::new());
    handler.respond(&Method::HEAD, "/metrics", &HeaderMap::new());
    let counted = handler.shown.counted.into_inner().unwrap();
    assert_eq!(
        counted,
        [
            ("metrics", 200),
            ("landing", 200),
            ("healthy", 200),
            ("ready", 503),
            ("other", 404),
            ("status", 200),
            ("explain", 400),
            ("landing", 400),
            ("metrics", 405),
            ("metrics", 200),
        ]
    );
}

fn lifecycle() -> Handler<Fixed> {
    handler().with_lifecycle(true)
}

#[test]
fn an_action_is_granted_by_post_alone_and_only_when_enabled() {
    let none = HeaderMap::new();
    for (path, action) in [("/-/reload", Action::Reload), ("/-/scan", Action::Scan)] {
        assert_eq!(lifecycle().action(&Method::POST, path, &none), Some(action));
        assert_eq!(handler().action(&Method::POST, path, &none), None, "it is not enabled");
        let refused = handler().respond(&Method::POST, path, &none);
        assert_eq!(refused.status(), 403);
        assert!(body(refused).contains("--web.enable-lifecycle"));
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            assert_eq!(lifecycle().action(&method, path, &none), None, "{method}");
            let refused = lifecycle().respond(&method, path, &none);
            assert_eq!((refused.status().as_u16(), header(&refused, ALLOW)), (405, Some("POST")));
        }
    }
    assert_eq!(lifecycle().action(&Method::POST, "/metrics", &none), None);
}

#[test]
fn a_page_of_another_site_cannot_make_a_browser_reload() {
    let (host, origin) = (http::header::HOST, http::header::ORIGIN);
    let site = HeaderName::from_static("sec-fetch-site");
    let own = "exporter:10419";
    for foreign in [
        headers([(host.clone(), own), (origin.clone(), "https://evil.example")]),
        headers([(host.clone(), own), (origin.clone(), "null")]),
        headers([(host.clone(), own), (origin.clone(), "http://exporter:9090")]),
        headers([(origin.clone(), "http://exporter:10419")]),
        headers([(host.clone(), own), (site.clone(), "cross-site")]),
        headers([(host.clone(), own), (site.clone(), "same-site")]),
    ] {
        assert_eq!(lifecycle().action(&Method::POST, "/-/reload", &foreign), None, "{foreign:?}");
        let refused = lifecycle().respond(&Method::POST, "/-/reload", &foreign);
        assert_eq!(refused.status(), 403, "{foreign:?}");
    }
    for same in [
        headers([(host.clone(), own), (origin, "http://exporter:10419")]),
        headers([(host.clone(), own), (site.clone(), "same-origin")]),
        headers([(host, own), (site, "none")]),
    ] {
        let action = lifecycle().action(&Method::POST, "/-/reload", &same);
        assert_eq!(action, Some(Action::Reload), "{same:?}");
    }
}

#[test]
fn an_action_is_answered_by_how_it_ended_and_counted() {
    let handler = lifecycle();
    let refused = handler.acted(Action::Reload, Outcome::Refused("line 3: no".into()));
    assert_eq!(refused.status(), 400);
    assert!(body(refused).contains("line 3: no"));
    assert_eq!(handler.acted(Action::Reload, Outcome::Reloaded).status(), 200);
    assert_eq!(handler.acted(Action::Scan, Outcome::Begins).status(), 202);
    assert_eq!(handler.acted(Action::Scan, Outcome::Unavailable).status(), 503);
    let counted = handler.shown.counted.into_inner().unwrap();
    assert_eq!(counted, [("reload", 400), ("reload", 200), ("scan", 202), ("scan", 503)]);
}

#[test]
fn a_refusal_is_counted_under_its_route_and_has_no_body_for_head() {
    let handler = handler();
    let refused = |method, path, refused| handler.refused(&method, path, refused);
    let limited = Refused::TooMany(None);
    assert_eq!(refused(Method::GET, "/metrics", Refused::Unauthorized).status(), 401);
    assert_eq!(refused(Method::POST, "/-/reload", Refused::Busy).status(), 503);
    assert_eq!(refused(Method::GET, "/made/up", limited).status(), 429);
    let head = refused(Method::HEAD, "/", limited);
    assert!(head.body().is_empty());
    assert_eq!(header(&head, CONTENT_LENGTH), Some("18"));
    assert_eq!(header(&head, CACHE_CONTROL), Some("no-store"));
    let counted = handler.shown.counted.into_inner().unwrap();
    assert_eq!(counted, [("metrics", 401), ("reload", 503), ("other", 429), ("landing", 429)]);
}

#[test]
fn a_prefix_stands_before_every_path() {
    let handler = handler().with_lifecycle(true).below("/tools/sc");
    for path in ["/tools/sc/metrics", "/tools/sc/", "/tools/sc/-/healthy"] {
        assert_eq!(get(&handler, path).status(), 200, "{path}");
    }
    for path in ["/metrics", "/-/healthy", "/tools/scary", "/tools/scmetrics", "/tools/"] {
        assert_eq!(get(&handler, path).status(), 404, "{path}");
    }
    let action = |path| handler.action(&Method::POST, path, &HeaderMap::new());
    assert_eq!(action("/tools/sc/-/scan"), Some(Action::Scan));
    assert_eq!(action("/-/scan"), None);
}

#[test]
fn who_leaves_the_prefix_or_its_slash_out_is_sent_to_the_page() {
    let handler = handler().below("/tools/sc");
    for path in ["/", "/tools/sc"] {
        let away = get(&handler, path);
        assert_eq!(
            (away.status(), header(&away, LOCATION)),
            (StatusCode::FOUND, Some("/tools/sc/"))
        );
    }
}

#[test]
fn a_scrape_above_the_limit_is_told_to_come_again_and_costs_nothing() {
    let handler = handler().with_max_requests(2);
    let (first, second) = (get(&handler, "/metrics"), get(&handler, "/metrics"));
    let refused = get(&handler, "/metrics");
    assert_eq!(
        (refused.status(), header(&refused, RETRY_AFTER)),
        (StatusCode::SERVICE_UNAVAILABLE, Some("1"))
    );
    assert_eq!(get(&handler, "/-/healthy").status(), 200, "health is never refused");
    drop(refused);
    assert_eq!(get(&handler, "/metrics").status(), 503, "a refusal holds no place");
    assert_eq!(body(first), "plain text\n");
    assert_eq!(
        get(&handler, "/metrics").status(),
        200,
        "an answer that is out gave its place back"
    );
    drop(second);
    let counted = handler.shown.counted.lock().unwrap();
    assert_eq!(counted.iter().filter(|count| **count == ("metrics", 503)).count(), 2);
}

#[test]
fn a_head_of_the_metrics_takes_no_place() {
    let handler = handler().with_max_requests(1);
    let held = handler.respond(&Method::HEAD, "/metrics", &HeaderMap::new());
    assert_eq!(get(&handler, "/metrics").status(), 200);
    drop(held);
}

#[test]
fn status_pages_have_places_of_their_own_beside_the_scrapes() {
    let handler = handler().with_max_requests(1);
    let pages: Vec<_> = (0..MOST_PAGES).map(|_| get(&handler, "/")).collect();
    assert!(pages.iter().all(|page| page.status() == 200));
    assert_eq!(get(&handler, "/").status(), 503);
    assert_eq!(get(&handler, STATUS_PATH).status(), 503);
    assert_eq!(get(&handler, "/metrics").status(), 200);
    drop(pages);
    assert_eq!(get(&handler, STATUS_PATH).status(), 200);
}

#[tokio::test]
async fn a_scrape_waits_in_turn_for_a_place_and_says_so() {
    let handler = handler().with_max_requests(1);
    let held = Mutex::new(Some(get(&handler, "/metrics")));
    let room_wanted = || drop(held.lock().unwrap().take());
    let headers = HeaderMap::new();
    let answer = handler.respond_in_turn(&Method::GET, "/metrics", &headers, room_wanted).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_scrape_that_waits_in_vain_is_told_to_come_again_and_nothing_else_waits() {
    let handler = handler().with_max_requests(1);
    let _held = get(&handler, "/metrics");
    let asked = Mutex::new(0);
    let room_wanted = || *asked.lock().unwrap() += 1;
    let headers = HeaderMap::new();
    let healthy = handler.respond_in_turn(&Method::GET, "/-/healthy", &headers, room_wanted).await;
    assert_eq!((healthy.status().as_u16(), *asked.lock().unwrap()), (200, 0));
    let answer = handler.respond_in_turn(&Method::GET, "/metrics", &headers, room_wanted).await;
    assert_eq!(answer.status(), 503);
    assert!(*asked.lock().unwrap() > 1, "it is said again and again");
}

#[test]
fn the_reference_of_the_metrics_is_served_as_text() {
    let handler = handler().with_docs("# Metrics\n".into());
    let docs = get(&handler, DOCS_PATH);
    assert_eq!(header(&docs, CONTENT_TYPE), Some("text/plain; charset=utf-8"));
    assert_eq!(body(docs), "# Metrics\n");
    assert_eq!(*handler.shown.counted.lock().unwrap(), [("docs", 200)]);
}
