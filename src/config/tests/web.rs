//! Where the exporter is found, and what it answers at the same time.

use super::*;

fn web(text: &str) -> Result<Web, String> {
    production(&format!("web: {text}")).map(|config| config.web)
}

#[test]
fn the_prefix_of_the_routes_is_the_path_of_the_external_url_unless_it_is_said() {
    let prefix = |text| web(text).unwrap().route_prefix.as_str().to_owned();
    assert_eq!(prefix("{}"), "");
    assert_eq!(prefix("{external_url: 'https://tools.example.com'}"), "");
    assert_eq!(prefix("{external_url: 'https://tools.example.com/aws/sc/'}"), "/aws/sc");
    assert_eq!(prefix("{external_url: 'http://e:8080/sc', route_prefix: /}"), "", "a proxy strips");
    assert_eq!(prefix("{external_url: 'http://e/sc', route_prefix: other/}"), "/other");
}

#[test]
fn an_external_url_keeps_no_slash_at_its_end() {
    let url = web("{external_url: 'https://tools.example.com/sc//'}").unwrap().external_url;
    assert_eq!(url.unwrap().as_str(), "https://tools.example.com/sc");
}

#[test]
fn what_is_no_plain_url_or_path_is_refused_and_a_password_is_never_shown() {
    for (text, what) in [
        ("{external_url: tools.example.com}", "does not begin with https:// or http://"),
        ("{external_url: 'https://me:hunter2@example.com'}", "holds a user name or password"),
        ("{external_url: 'https://example.com/?q=hunter2'}", "holds a query or fragment"),
        ("{route_prefix: /a b}", "contains ' '"),
        ("{route_prefix: /a/../b}", "is not a plain path"),
        ("{route_prefix: /a//b}", "is not a plain path"),
        ("{route_prefix: /-/x}", "is reserved for health checks"),
        ("{max_requests: 0}", "0 is out of range; choose from 1 to 10000"),
        ("{max_connections: 1}", "1 is out of range; choose from 16 to 100000"),
    ] {
        let error = web(text).unwrap_err();
        assert!(error.contains(what) && !error.contains("hunter2"), "{text}: {error}");
    }
}
