use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn target(account: &str) -> SavedTarget<'static> {
    let text = format!(
        r#"{{"role":null,"region":"eu-central-1","account":"{account}","is_torn":false,
            "last_attempt":1.5,"stages":[],"products":null,"stack_sets":[],"since":[],
            "empty_since":null,"names":[],"records":[]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn accounts(found: &Found) -> Vec<&str> {
    found.targets.iter().map(|target| &*target.account).collect()
}

/// A directory with one snapshot in it, whose process has ended.
fn kept() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kept");
    let storage = Storage::open(&path).unwrap();
    storage.keep([target("111111111111"), target("222222222222")], true).unwrap();
    (directory, path)
}

#[test]
fn what_was_kept_is_found_once_the_process_has_ended() {
    let (_directory, path) = kept();
    let found = Storage::open(&path).unwrap().load();
    assert_eq!(accounts(&found), ["111111111111", "222222222222"]);
    assert!(!found.is_torn);
}

#[test]
fn a_process_that_did_not_end_as_it_should_leaves_what_it_kept_last_and_says_so() {
    let (_directory, path) = kept();
    assert!(!Storage::open(&path).unwrap().load().is_torn);
    let storage = Storage::open(&path).unwrap();
    assert!(storage.load().is_torn, "it was killed before it kept anything");
    storage.keep([target("333333333333")], false).unwrap();
    drop(storage);
    let found = Storage::open(&path).unwrap().load();
    assert_eq!((accounts(&found), found.is_torn), (vec!["333333333333"], true));
}

#[test]
fn an_end_that_belongs_to_another_snapshot_is_no_end() {
    let (_directory, path) = kept();
    let ended = fs::read(path.join(ENDED)).unwrap();
    Storage::open(&path).unwrap().keep([target("333333333333")], false).unwrap();
    fs::write(path.join(ENDED), ended).unwrap();
    assert!(Storage::open(&path).unwrap().load().is_torn);
}

#[test]
fn a_directory_is_one_process_s_alone() {
    let (_directory, path) = kept();
    let first = Storage::open(&path).unwrap();
    let refused = Storage::open(&path).unwrap_err();
    assert!(refused.to_string().contains("another process uses this directory"), "{refused}");
    drop(first);
    Storage::open(&path).unwrap();
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file, directory.path().join("no/such/parent")] {
        let refused = Storage::open(&path).unwrap_err().to_string();
        assert!(refused.contains(&path.display().to_string()), "{refused}");
        assert!(refused.contains("must be a directory"), "{refused}");
    }
}

#[test]
fn nobody_else_may_read_what_is_kept() {
    let (_directory, path) = kept();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&path.join(SNAPSHOT))), (0o700, 0o600));
}

#[test]
fn nothing_is_found_in_a_new_directory() {
    let directory = tempfile::tempdir().unwrap();
    let storage = Storage::open(directory.path()).unwrap();
    let found = storage.load();
    assert!(found.targets.is_empty() && !found.is_torn);
    assert!(!directory.path().join(ASIDE).exists());
}

#[test]
fn what_was_kept_before_is_replaced_whole_and_leaves_nothing_behind() {
    let (_directory, path) = kept();
    let storage = Storage::open(&path).unwrap();
    fs::write(path.join(UNFINISHED), "what a killed process had begun").unwrap();
    let bytes = storage.keep([target("333333333333")], true).unwrap();
    assert_eq!(fs::metadata(path.join(SNAPSHOT)).unwrap().len(), bytes);
    let mut names: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [ENDED, LOCK, SNAPSHOT]);
}

#[test]
fn what_cannot_be_written_leaves_what_was_kept_before() {
    let (_directory, path) = kept();
    let storage = Storage::open(&path).unwrap();
    // A directory cannot be opened as a file, whoever tries.
    fs::create_dir(path.join(UNFINISHED)).unwrap();
    storage.keep([target("333333333333")], true).unwrap_err();
    assert_eq!(accounts(&storage.load()), ["111111111111", "222222222222"]);
}

#[test]
fn what_is_damaged_or_foreign_is_set_aside_and_nothing_of_it_is_used() {
    let (_directory, path) = kept();
    let good = fs::read(path.join(SNAPSHOT)).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let version = text.replacen("snapshot 1 ", "snapshot 2 ", 1).into_bytes();
    let cut = good[..good.len() - 20].to_vec();
    let mut longer = good.clone();
    longer.extend_from_slice(b"{}\n");
    let changed = text.replace("222222222222", "222222222223").into_bytes();
    for bad in [Vec::new(), b"hello".to_vec(), vec![0; 4096], version, cut, longer, changed] {
        fs::write(path.join(SNAPSHOT), &bad).unwrap();
        let storage = Storage::open(&path).unwrap();
        let found = storage.load();
        assert!(found.targets.is_empty() && !found.is_torn);
        assert_eq!(fs::read(path.join(ASIDE)).unwrap(), bad, "it is there to be looked at");
        assert!(!path.join(SNAPSHOT).exists());
        storage.keep([target("333333333333")], true).unwrap();
    }
}

#[test]
fn a_target_that_this_version_would_not_write_is_named_by_its_place_and_never_quoted() {
    let mut file = std::io::Cursor::new(Vec::new());
    write(&mut file, [target("111111111111")]).unwrap();
    let text = String::from_utf8(file.into_inner()).unwrap();
    let body = text.split_once('\n').unwrap().1.replace("\"account\":", "\"hunter2\":");
    let forged = {
        let mut file = std::io::Cursor::new(Vec::new());
        write(&mut file, []).unwrap();
        let digest = file::hexadecimal(&<sha2::Sha256 as sha2::Digest>::digest(body.as_bytes()));
        format!("servicecatalog-exporter snapshot 1 {digest} {:020}\n{body}", body.len())
    };
    let damage = read(forged.as_bytes()).unwrap_err().to_string();
    assert!(damage.starts_with("line 2, column "), "{damage}");
    assert!(!damage.contains("hunter2"));
}

#[test]
fn a_file_that_says_it_is_longer_than_any_is_not_read() {
    let digest = "0".repeat(64);
    let head = format!("servicecatalog-exporter snapshot 1 {digest} {:020}\n", MOST_BYTES + 1);
    assert!(matches!(read(head.as_bytes()), Err(Damage::TooLong)));
}
