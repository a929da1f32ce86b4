//! The page at `/` where the status page is off, and the places that both link.

use maud::html;

use super::page::framed;
use super::{DOCS_PATH, HEALTHY_PATH, READY_PATH, STATUS_PATH};

/// A path, its name, and what is there.
pub(super) type Place<'a> = (&'a str, &'static str, &'static str);

/// What else is served. Links are relative, so that they hold behind a proxy that adds a prefix:
/// write `.` before the path.
pub(super) fn places(telemetry_path: &str) -> [Place<'_>; 4] {
    [
        (telemetry_path, "Metrics", "in the text format of Prometheus"),
        (HEALTHY_PATH, "Health", "200 as long as the process answers"),
        (READY_PATH, "Readiness", "503 until every target was tried once"),
        (DOCS_PATH, "Documentation", "the meaning of every metric"),
    ]
}

/// The status page as JSON.
pub(super) const JSON: Place<'_> = (STATUS_PATH, "JSON", "this page for scripts");

/// The page.
pub(super) fn page(telemetry_path: &str, version: &str) -> String {
    framed(
        "servicecatalog-exporter",
        html! {
            main class="plain" {
                h1 { "servicecatalog-exporter" }
                p { "The current state of AWS Service Catalog, for Prometheus. Version " (version) "." }
                ul {
                    @for (path, name, meaning) in places(telemetry_path) {
                        li { a href={ "." (path) } { (name) } ": " (meaning) }
                    }
                }
                p {
                    "The status page is off (" code { "web.status_page" } "). "
                    code { "servicecatalog-exporter --help" } " prints every setting."
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::ICON;

    #[test]
    fn every_place_is_linked_relative_to_the_page() {
        let page = page("/internal/metrics", "1.2.3");
        for link in ["\"./internal/metrics\"", "\"./-/healthy\"", "\"./-/ready\"", "\"./docs\""] {
            assert!(page.contains(link), "{link}\n{page}");
        }
        assert!(page.contains("Version 1.2.3."));
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let page = page("/metrics", "1").replacen(ICON, "", 1);
        for loader in ["src=", "<link", "<script", "url(", "@import"] {
            assert!(!page.contains(loader), "{loader}\n{page}");
        }
    }

    #[test]
    fn what_was_configured_is_escaped() {
        let page = page("/\"><script>", "<b>");
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
    }
}
