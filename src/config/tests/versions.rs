//! Versions of products.

use super::sections::{DAY, HOUR};
use super::*;

fn refresh(text: &str) -> Result<Option<Duration>, String> {
    production(text).map(|config| config.versions.map(|versions| versions.refresh))
}

#[test]
fn versions_are_asked_for_where_their_refresh_is_said_and_nowhere_else() {
    for off in ["", "versions:\n", "versions: {}"] {
        assert_eq!(refresh(off).unwrap(), None, "{off:?}");
    }
    for (on, period) in [("1h", HOUR), ("24h", DAY), ("30d", 30 * DAY)] {
        assert_eq!(refresh(&format!("versions: {{refresh: {on}}}")).unwrap(), Some(period));
    }
}

#[test]
fn a_refresh_that_asks_too_often_or_never_is_refused_at_its_place() {
    for (text, what) in [("59m", "59m is out of range"), ("31d", "1month")] {
        let line = refresh(&format!("versions: {{refresh: {text}}}")).unwrap_err();
        let place = format!("exporter.yml:1:21: versions.refresh: {what}");
        assert!(line.starts_with(&place) && line.ends_with("choose from 1h to 30d"), "{line}");
    }
    for text in ["off", ""] {
        let line = refresh(&format!("versions: {{refresh: {text}}}")).unwrap_err();
        assert!(line.starts_with("exporter.yml:1:") && line.contains("versions.refresh"), "{line}");
    }
    assert!(refresh("versions: {every: 24h}").unwrap_err().contains("known here: refresh"));
}
