//! The page at `/`, for people who found the port.

use http::HeaderValue;
use maud::{DOCTYPE, PreEscaped, html};

use super::{HEALTHY_PATH, READY_PATH};

/// Nothing is loaded, run, framed or sent; the one style sheet is named by its hash.
pub(super) const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-ntK+TZOheJ0nzDYmp/nKA+UN1mXmnAZRfMAyXP0ub+E='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}\
li{margin:.5rem 0}\
code{font-family:ui-monospace,monospace}";

/// The page. Links are relative, so that they hold behind a proxy that adds a prefix.
pub(super) fn page(telemetry_path: &str, version: &str) -> String {
    let links = [
        (telemetry_path, "Metrics", "in the text format of Prometheus"),
        (HEALTHY_PATH, "Health", "200 as long as the process answers"),
        (READY_PATH, "Readiness", "503 until every target was tried once"),
    ];
    let documentation = env!("CARGO_PKG_REPOSITORY");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "servicecatalog-exporter" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "servicecatalog-exporter" }
                p { "The current state of AWS Service Catalog, for Prometheus. Version " (version) "." }
                ul {
                    @for (path, name, meaning) in links {
                        li { a href={ "." (path) } { (name) } ": " (meaning) }
                    }
                    @if !documentation.is_empty() {
                        li { a href=(documentation) { "Documentation" } }
                    }
                }
                p {
                    code { "servicecatalog-exporter metrics" } " prints the meaning of every metric, "
                    code { "servicecatalog-exporter --help" } " every setting."
                }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_admits_the_style_sheet_of_the_page() {
        let hash = base64(&Sha256::digest(STYLE));
        let policy = CONTENT_POLICY.to_str().unwrap().to_owned();
        assert!(policy.contains(&format!("'sha256-{hash}'")), "the hash is now {hash}");
    }

    #[test]
    fn every_place_is_linked_relative_to_the_page() {
        let page = page("/internal/metrics", "1.2.3");
        for link in ["\"./internal/metrics\"", "\"./-/healthy\"", "\"./-/ready\""] {
            assert!(page.contains(link), "{link}\n{page}");
        }
        assert!(page.contains("Version 1.2.3."));
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let page = page("/metrics", "1");
        for loader in ["src=", "<link", "<script", "url(", "@import"] {
            assert!(!page.contains(loader), "{loader}\n{page}");
        }
    }

    #[test]
    fn what_was_configured_is_escaped() {
        let page = page("/\"><script>", "<b>");
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - group.len()));
            for digit in 0..4 {
                text.push(match digit <= group.len() {
                    true => char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]),
                    false => '=',
                });
            }
        }
        text
    }
}
