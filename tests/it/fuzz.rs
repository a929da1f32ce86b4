//! The fuzz checks over their corpus and a fixed number of seeded mutations of it: the same inputs
//! each time, on every toolchain. Runs that are guided by coverage are made by hand (`make fuzz`).

#[path = "../../fuzz/checks/mod.rs"]
mod checks;
mod corpus;
mod mutator;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use checks::Check;
use corpus::Corpus;
use mutator::Mutator;

/// The mutations do not change unless this does.
const SEED: u64 = 20_261_127;

/// Runs the check of that target over what failed before, its corpus, and so many mutations.
#[track_caller]
fn hold(target: &str, mutations: u32) {
    let (_, check) = checks::ALL.into_iter().find(|(name, _)| *name == target).unwrap();
    let failures = failures(target);
    for (path, input) in corpus::files(&failures) {
        run(check, &input, &failures);
        // It passes now; under its own name it is gone already.
        let _ = fs::remove_file(path);
    }
    let corpus = Corpus::of(target);
    for input in &corpus.inputs {
        run(check, input, &failures);
    }
    let mut mutator = Mutator::new(SEED, &corpus);
    for _ in 0..mutations {
        run(check, &mutator.next(), &failures);
    }
}

/// An input is in a file while it is checked, so that it is there however the check ends: by a
/// panic, which is caught, by an end of the process, or never.
#[track_caller]
fn run(check: Check, input: &[u8], failures: &Path) {
    let file = failures.join(corpus::name(input));
    fs::write(&file, input).unwrap();
    if catch_unwind(AssertUnwindSafe(|| check(input))).is_err() {
        panic!(
            "a property does not hold (see above) for {}; the same test begins with this input \
             next time; once it is mended, keep the input in {}",
            file.display(),
            Path::new("fuzz/corpus").join(failures.file_name().unwrap()).display(),
        );
    }
    fs::remove_file(&file).unwrap();
}

/// Where the inputs of a target are that failed.
fn failures(target: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("fuzz-failures").join(target);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn whatever_aws_answers_is_read_in_full_or_refused_with_a_reason() {
    hold("aws_answer", 4_000);
}

#[test]
fn every_text_is_a_configuration_or_one_line_that_tells_no_secret() {
    hold("config_file", 1_500);
}

#[test]
fn every_message_of_the_event_queue_is_a_hint_of_what_it_names_or_ignored() {
    hold("event", 6_000);
}

#[test]
fn whatever_is_written_to_the_exposition_is_read_back_from_it() {
    hold("exposition", 4_000);
}

#[test]
fn every_request_has_one_counted_answer_with_all_that_an_answer_needs() {
    hold("request", 10_000);
}

#[test]
fn whatever_a_kept_file_says_is_taken_up_whole_or_not_at_all_and_can_be_served() {
    hold("storage_file", 4_000);
}

#[test]
fn every_text_is_a_web_file_or_one_line_that_tells_no_key_and_no_hash() {
    hold("web_file", 3_000);
}

#[test]
fn an_input_that_fails_is_kept_in_a_file_and_one_that_passes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let check: Check = |input| assert!(input != b"bad");
    run(check, b"good", folder.path());
    assert!(corpus::files(folder.path()).is_empty());
    let outcome = catch_unwind(|| run(check, b"bad", folder.path()));
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    let [(path, input)] = &corpus::files(folder.path())[..] else { panic!("one file is kept") };
    assert_eq!(input, b"bad");
    assert!(message.contains(&path.display().to_string()), "{message}");
}

#[test]
fn every_check_has_a_target_a_corpus_and_a_dictionary_and_none_is_left_over() {
    let names: Vec<&str> = checks::ALL.iter().map(|(name, _)| *name).collect();
    let manifest = fs::read_to_string(corpus::root().join("Cargo.toml")).unwrap();
    let targets: Vec<&str> =
        manifest.lines().filter_map(|l| l.strip_prefix("path = \"fuzz_targets/")).collect();
    assert_eq!(targets, names.iter().map(|name| format!("{name}.rs\"")).collect::<Vec<_>>());
    for (folder, suffix) in [("fuzz_targets", ".rs"), ("corpus", ""), ("dictionaries", ".dict")] {
        let mut found: Vec<String> = fs::read_dir(corpus::root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        let expected: Vec<String> = names.iter().map(|name| format!("{name}{suffix}")).collect();
        assert_eq!(found, expected, "fuzz/{folder}");
    }
}

#[test]
fn the_corpora_are_small() {
    let sizes = checks::ALL.iter().flat_map(|(name, _)| Corpus::of(name).inputs);
    let sizes: Vec<usize> = sizes.map(|input| input.len()).collect();
    assert!(sizes.iter().sum::<usize>() <= 200_000 && sizes.iter().all(|size| *size <= 20_000));
}
