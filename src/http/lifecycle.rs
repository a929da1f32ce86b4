//! Requests that change something: reload and scan, for who may.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, Response, StatusCode};

use super::{Body, TEXT_TYPE, not_allowed, text, typed};

/// What a `POST` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the configuration again.
    Reload,
    /// Scan every target now.
    Scan,
}

impl Action {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Scan => "scan",
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new configuration counts.
    Reloaded,
    /// The configuration is refused, for that reason; the one before stays.
    Refused(String),
    /// A scan begins, at once or after the one that runs.
    Begins,
    /// Nobody is there to do it: the exporter starts, or stops.
    Unavailable,
}

pub(super) fn answer(outcome: Outcome) -> Response<Body> {
    match outcome {
        Outcome::Reloaded => text(StatusCode::OK, "Reloaded\n"),
        Outcome::Begins => text(StatusCode::ACCEPTED, "A scan of every target begins\n"),
        Outcome::Refused(why) => {
            let why = format!("Refused; what ran before goes on.\n{why}\n");
            typed(StatusCode::BAD_REQUEST, TEXT_TYPE, Body::from(bytes::Bytes::from(why)))
        }
        Outcome::Unavailable => {
            let words = "Not now: the exporter starts or stops, or its file cannot be read\n";
            text(StatusCode::SERVICE_UNAVAILABLE, words)
        }
    }
}

/// Why a request for an action is not granted.
pub(super) fn refusal(enabled: bool, method: &Method, headers: &HeaderMap) -> Response<Body> {
    if !enabled {
        let words = "Not enabled; set web.enable_lifecycle or --web.enable-lifecycle\n";
        text(StatusCode::FORBIDDEN, words)
    } else if method != Method::POST {
        not_allowed("Only POST is answered\n", "POST")
    } else if is_foreign(headers) {
        text(StatusCode::FORBIDDEN, "Refused: the request comes from a page of another site\n")
    } else {
        text(StatusCode::NOT_FOUND, "Not found\n")
    }
}

/// Whether a browser sends this on behalf of another site: any page can make a browser `POST`, and
/// what stands behind a browser may reach what the page's author cannot. Programs such as curl
/// send neither header.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let (Ok(origin), Some(Ok(host))) =
        (origin.to_str(), headers.get(HOST).map(|host| host.to_str()))
    else {
        return true;
    };
    // `null`, what a sandboxed page sends, has no host.
    !origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
}
