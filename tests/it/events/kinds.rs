//! Events as EventBridge sends them, and what looks like them: what the rules of `deploy/` let
//! through is read, and what they keep out says nothing here either.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use servicecatalog_exporter::model::{Hint, Ignored};

type Outcome = Result<Hint, Ignored>;

/// What the events of that folder are read as, by their names.
fn read(folder: &str) -> BTreeMap<String, Outcome> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let events = paths.filter(|path| path.is_file());
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    events.map(|path| (name(&path), Hint::read(&fs::read_to_string(&path).unwrap()))).collect()
}

#[test]
fn every_event_that_the_rules_let_through_is_a_hint_of_its_account_and_region() {
    let events = read("");
    assert!(events.len() >= 14, "{events:?}");
    for (name, outcome) in events {
        let hint = outcome.unwrap_or_else(|reason| panic!("{name}: {reason:?}"));
        assert_eq!((hint.account.as_str(), hint.region.as_str()), ("111122223333", "eu-central-1"));
        let of_account = name.starts_with("account") || name.starts_with("organizational");
        assert_eq!(hint.product.is_none(), of_account, "{name}");
    }
}

#[test]
fn nothing_that_looks_like_them_is_a_hint() {
    let events = read("look-alikes");
    assert!(events.len() >= 12, "{events:?}");
    for (name, outcome) in events {
        let expected = match outcome {
            Err(Ignored::NotServiceCatalog | Ignored::UnknownSource) => true,
            Ok(_) | Err(_) => false,
        };
        assert!(expected, "{name}: {outcome:?}");
    }
}
