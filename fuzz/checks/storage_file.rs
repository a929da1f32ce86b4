//! The file in which what is known is kept: any bytes are one, whole, or refused; and whatever a
//! target in it says, it is taken up as a whole or not at all, and can be served and kept again.

use std::time::Duration;

use servicecatalog_exporter::families::{self, Shown};
use servicecatalog_exporter::model::{AccountId, Moment, Region};
use servicecatalog_exporter::snapshot::{SavedTarget, Snapshot, TargetState};
use servicecatalog_exporter::storage;

const INTERVAL: Duration = Duration::from_secs(300);
const KEEP: Duration = Duration::from_secs(3_600);

/// A moment behind those of the corpus.
fn now() -> Moment {
    Moment { unix: 1_900_000_000.0, uptime: Duration::from_secs(1_000_000_000) }
}

/// Reads the input as a file, and each line of it as a target.
pub fn check(input: &[u8]) {
    if let Ok((targets, _)) = storage::read(input) {
        let mut again = std::io::Cursor::new(Vec::new());
        let _ = storage::write(&mut again, targets.iter().cloned()).expect("memory takes it");
        let (read, _) = storage::read(again.get_ref().as_slice()).expect("what is written is read");
        assert_eq!(read, targets, "a target changes by being kept");
    }
    for line in input.split(|byte| *byte == b'\n') {
        if let Ok(saved) = serde_json::from_slice::<SavedTarget<'static>>(line) {
            take_up(&saved);
        }
    }
}

fn take_up(saved: &SavedTarget<'static>) {
    let region = Region::parse("eu-central-1").expect("a region");
    let mut state = TargetState::new(region, Some(AccountId::new("123456789012")), INTERVAL);
    let before = format!("{state:?}");
    if !state.restore(saved, now()) {
        assert_eq!(format!("{state:?}"), before, "what is refused is taken up in part");
        return;
    }
    assert!(state.products_asked().is_none_or(|asked| asked.uptime <= now().uptime));
    let served = |state: &TargetState| {
        let targets = vec![std::sync::Arc::new(state.clone())];
        families::encode(&Snapshot { targets, ..Snapshot::default() }, &Shown::default())
    };
    let _ = served(&state);
    if let Some(kept) = state.save(None, now()) {
        let mut again = state.clone();
        assert!(again.restore(&kept, now()), "what was taken up cannot be taken up again");
        assert_eq!(again.save(None, now()), Some(kept), "it changes by being kept");
    }
    state.drop_expired(now().plus(KEEP), KEEP);
    let _ = served(&state);
    assert!(state.products().is_none(), "is served though it is too old");
}
