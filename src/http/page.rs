//! What every page for people is made of: the frame, the style sheet, the policy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

/// The one style sheet, within the page.
const STYLE: &str = include_str!("page.css");

/// An empty icon within the page: without one a browser asks for `/favicon.ico`, and complains in
/// its console that the policy forbids it.
pub(super) const ICON: &str = "<link rel=\"icon\" href=\"data:,\">";

/// Nothing is loaded, run or framed, and forms go back to where the page came from. The style sheet
/// is named by its hash.
pub(super) fn content_policy() -> HeaderValue {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// A whole page. Links to other sites do not tell them the filters of this one.
pub(super) fn framed(title: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                (PreEscaped(ICON))
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_admits_the_style_sheet_and_nothing_else() {
        let policy = content_policy();
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(policy.to_str().unwrap().contains(&format!("style-src 'sha256-{hash}'")));
        let page = framed("t", html! {});
        assert!(
            page.contains(&format!("<style>{STYLE}</style>")),
            "what is hashed is what is sent"
        );
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert!(!STYLE.contains("</"), "it would end the element");
    }
}
