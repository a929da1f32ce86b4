//! The status page at `/` and the same as JSON: what the latest snapshot says, for people and for
//! scripts.
//!
//! Each answer is made anew, in one pass over the snapshot that keeps the rows of the asked pages
//! only. There is no script in the page: filters are a form, the order and the pages are links.

mod console;
mod explain;
mod html;
mod problem;
mod query;
mod rows;
mod target;
mod time;
mod view;

use std::borrow::Cow;

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response, StatusCode};

use super::page::content_policy;
use super::{Body, HTML_TYPE, JSON_TYPE, Shown, TEXT_TYPE, landing, typed, with};
use crate::config::StatusPage;
use query::{Query, QueryError};
use view::{Asked, view};

/// Names from outside are cut to this many characters; AWS gives none that is longer, but for
/// names of products and versions in a catalog.
const LONGEST_NAME: usize = 256;

/// What stands at `/`.
pub(super) struct Front {
    tells: StatusPage,
    telemetry_path: String,
    version: String,
    policy: HeaderValue,
}

impl Front {
    pub(super) fn new(tells: StatusPage, telemetry_path: &str, version: &str) -> Self {
        Self {
            tells,
            telemetry_path: telemetry_path.to_owned(),
            version: version.to_owned(),
            policy: content_policy(),
        }
    }

    pub(super) fn tell(&mut self, tells: StatusPage) {
        self.tells = tells;
    }

    /// The page.
    pub(super) fn page(&self, shown: &impl Shown, query: &str) -> Response<Body> {
        if self.tells == StatusPage::Off {
            return self.html(landing::page(&self.telemetry_path, &self.version));
        }
        match Query::read(query) {
            Ok(query) => {
                let snapshot = shown.snapshot();
                let view = view(&self.asked(shown, &snapshot, &query));
                self.html(html::page(&view, &query, &self.telemetry_path, self.tells))
            }
            Err(error) => {
                typed(StatusCode::BAD_REQUEST, TEXT_TYPE, Body::from(format!("{error}\n")))
            }
        }
    }

    /// The same for scripts.
    pub(super) fn json(&self, shown: &impl Shown, query: &str) -> Response<Body> {
        if self.tells == StatusPage::Off {
            return refusal(StatusCode::NOT_FOUND, "web.status_page is off");
        }
        match Query::read(query) {
            Ok(query) => {
                let snapshot = shown.snapshot();
                let view = view(&self.asked(shown, &snapshot, &query));
                match serde_json::to_string(&view) {
                    Ok(text) => typed(StatusCode::OK, JSON_TYPE, Body::from(text)),
                    Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
                }
            }
            Err(error) => refused(error),
        }
    }

    fn asked<'a>(
        &'a self,
        shown: &impl Shown,
        snapshot: &'a crate::snapshot::Snapshot,
        query: &'a Query,
    ) -> Asked<'a> {
        Asked {
            snapshot,
            now: shown.now(),
            ready: shown.is_ready(),
            full: self.tells == StatusPage::Full,
            version: &self.version,
            query,
        }
    }

    fn html(&self, page: String) -> Response<Body> {
        let page = typed(StatusCode::OK, HTML_TYPE, Body::from(page));
        with(page, CONTENT_SECURITY_POLICY, self.policy.clone())
    }
}

fn refused(error: QueryError) -> Response<Body> {
    refusal(StatusCode::BAD_REQUEST, &error.to_string())
}

/// An error as scripts read it.
pub(super) fn refusal(status: StatusCode, words: &str) -> Response<Body> {
    let text = serde_json::json!({ "error": words }).to_string();
    typed(status, JSON_TYPE, Body::from(text))
}

/// A name of bounded length.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_NAME) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.split_at(end).0).into(),
    }
}

#[cfg(test)]
mod tests;
