//! The rules of the house that no compiler checks: the floors, the homes of crates, and what a
//! tracked file never says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

mod source;

use source::Source;

/// Crates that one module alone may name, beside the `aws_*` crates, which are at home in `aws`.
const HOMES: [(&str, &str); 3] =
    [("bcrypt", "password"), ("prometheus", "telemetry"), ("serde_saphyr", "config")];

/// A file that grew longer than this has more than one responsibility.
const LONGEST_FILE: usize = 450;

/// Words cut in two, so that this file does not say them.
const ABSOLUTE: [&str; 4] =
    [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
const REGISTRY_HOSTS: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("registry.", "npmjs"),
    concat!("deb.", "debian.org"),
    concat!("proxy.", "golang.org"),
];

#[test]
fn imports_go_down_the_floors_that_the_map_in_lib_rs_names() {
    let floors = floors(&read("src/lib.rs"));
    complain(
        "move the code down to where both can reach it, hand the value in, or, if the map is wrong, mend the table in src/lib.rs",
        &upward_imports(&sources(), &floors),
    );
}

#[test]
fn the_map_in_lib_rs_names_every_module_and_no_other() {
    let mut modules: Vec<String> =
        sources_of("src").iter().map(|s| s.module().to_owned()).filter(|m| m != "lib").collect();
    modules.sort();
    modules.dedup();
    let mapped: Vec<String> = floors(&read("src/lib.rs")).into_keys().collect();
    assert_eq!(
        mapped, modules,
        "left is the table of floors in src/lib.rs, right the modules below src/: give each one floor"
    );
}

#[test]
fn the_simulator_knows_nothing_of_the_crate() {
    let imports = sources_of("src").into_iter().filter(|s| s.module() == "sim").flat_map(|s| {
        let foreign = s.imports().into_iter().filter(|(_, name)| name != "sim");
        foreign.map(|(line, name)| format!("{} imports {name}", s.place(line))).collect::<Vec<_>>()
    });
    complain(
        "write it anew from the wire's side: a simulator that shares our code mirrors our mistakes",
        &imports.collect::<Vec<_>>(),
    );
}

#[test]
fn every_crate_of_an_edge_is_named_in_its_home_only() {
    complain(
        "let the home of that crate offer what is needed, in our own words",
        &homeless_uses(&sources_of("src"), &homes(&read("Cargo.toml"))),
    );
}

#[test]
fn files_stay_short() {
    let long = sources_of("src").into_iter().filter(|s| s.length() > LONGEST_FILE);
    let long = long.map(|s| format!("{} has {} lines without its tests", s.path, s.length()));
    complain(
        &format!("at most {LONGEST_FILE}: give what is a thing of its own a file of its own"),
        &long.collect::<Vec<_>>(),
    );
}

#[test]
fn unsafe_blocks_stand_under_an_allow_that_gives_its_reason() {
    // In a benchmark the lint of the compiler, which one `allow` on an `impl` answers, will do.
    let shipped = sources().into_iter().filter(|s| !s.path.starts_with("benches/"));
    let shipped: Vec<_> = shipped.collect();
    complain(
        "put `#[allow(unsafe_code, reason = \"…\")]` right above the function or block, or do without",
        &unexplained_unsafe(&shipped),
    );
}

#[test]
fn tests_wait_for_events_and_do_not_sleep() {
    let mine = sources().into_iter().filter(|s| s.path.starts_with("tests/"));
    complain(
        "wait for the event; where another process is polled and none can be had, say so above it: `// poll: …`",
        &unexplained_sleeps(mine),
    );
}

/// A panic in a scan fails that attempt, in the release profile too.
#[test]
fn no_profile_aborts_on_panic() {
    let manifest: String = read("Cargo.toml").split_whitespace().collect();
    assert!(
        !manifest.contains("panic=\"abort\""),
        "Cargo.toml: a panic in a scan must not end the daemon; take `panic = \"abort\"` out"
    );
}

#[test]
fn no_tracked_file_names_a_machine_or_a_package_registry() {
    let mut said = Vec::new();
    for path in tracked() {
        // Cargo writes the registry into its lock file; a binary file says nothing to a reader.
        let (false, Ok(text)) = (path == "Cargo.lock", fs::read_to_string(root().join(&path)))
        else {
            continue;
        };
        said.extend(text.lines().enumerate().filter_map(|(at, line)| {
            machine_word(line).map(|word| format!("{path}:{}: {word}", at + 1))
        }));
    }
    complain(
        "a path is relative to the repository, a registry is the one that the client is set up for",
        &said,
    );
}

/// The imports that do not go down, and those written so that the floors do not see them.
fn upward_imports(sources: &[Source], floors: &BTreeMap<String, u8>) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|s| s.path.starts_with("src/")) {
        let own = source.module();
        // The map itself imports nothing; `main` is above all.
        let Some(floor) = floors.get(own) else { continue };
        for (line, name) in source.imports() {
            let simulated = name == "sim" && source.tests.contains(&line);
            let down = floors.get(&name).is_some_and(|other| other < floor);
            if name != own && !down && !simulated {
                wrong.push(format!(
                    "{} imports {name}, which is not below {own}",
                    source.place(line)
                ));
            }
        }
        let top = source.path.matches('/').count() == 1;
        for line in source.lines_with("super").into_iter().filter(|l| !source.tests.contains(l)) {
            let text = source.code.lines().nth(line).unwrap_or_default();
            if text.contains("super::super::") || (top && text.contains("super::")) {
                wrong.push(format!("{} reaches up with super; say crate::", source.place(line)));
            }
        }
    }
    wrong
}

fn homeless_uses(sources: &[Source], homes: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for (name, _) in homes.iter().filter(|(_, home)| home != source.module()) {
            let shipped =
                source.uses_of_crate(name).into_iter().filter(|l| !source.tests.contains(l));
            wrong.extend(shipped.map(|line| format!("{} names {name}", source.place(line))));
        }
    }
    wrong
}

fn unexplained_unsafe(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.code.lines().collect();
        for at in source.lines_with("unsafe") {
            let above = lines[at.saturating_sub(8)..=at].concat();
            if !(above.contains("unsafe_code") && above.contains("reason = \"")) {
                wrong.push(source.place(at));
            }
        }
    }
    wrong
}

fn unexplained_sleeps(sources: impl Iterator<Item = Source>) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.text.lines().collect();
        let calls = source.lines_with("sleep").into_iter();
        let unexplained =
            |at: &usize| !lines[at.saturating_sub(2)..=*at].concat().contains("// poll: ");
        wrong.extend(calls.filter(unexplained).map(|at| source.place(at)));
    }
    wrong
}

/// What a line says of the machine it was written on.
fn machine_word(line: &str) -> Option<&'static str> {
    // After a letter it is a part of a longer path, of a URL for instance.
    let begins =
        |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c));
    let stands = |word: &str| line.match_indices(word).any(|(at, _)| begins(line.split_at(at).0));
    let path = ABSOLUTE.into_iter().find(|word| stands(word));
    path.or_else(|| REGISTRY_HOSTS.into_iter().find(|host| line.contains(host)))
}

/// Module → floor, from the table in the crate's documentation.
fn floors(lib: &str) -> BTreeMap<String, u8> {
    let mut floors = BTreeMap::new();
    for line in lib.lines() {
        let Some((floor, modules)) =
            line.strip_prefix("//! | F").and_then(|row| row.split_once('|'))
        else {
            continue;
        };
        let floor = floor
            .trim()
            .parse()
            .expect("a row of the table of floors in src/lib.rs begins with F and a number");
        for module in modules.split('`').skip(1).step_by(2) {
            assert!(
                floors.insert(module.to_owned(), floor).is_none(),
                "src/lib.rs: {module} is on two floors"
            );
        }
    }
    floors
}

/// Crate → the module that may name it.
fn homes(manifest: &str) -> Vec<(String, String)> {
    let names =
        manifest.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim());
    let aws = names
        .filter(|name| name.starts_with("aws-"))
        .map(|name| (name.replace('-', "_"), "aws".to_owned()));
    let others = HOMES.into_iter().map(|(name, home)| (name.to_owned(), home.to_owned()));
    aws.chain(others).collect()
}

#[track_caller]
fn complain(remedy: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{remedy}\n  {}\n", offenders.join("\n  "));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What git tracks, and what it would if it were added: a rule is broken before the commit.
fn tracked() -> Vec<String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(list).current_dir(root()).output();
    let output =
        output.unwrap_or_else(|e| panic!("git does not start: {e}; install it (make tools)"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git ls-files: {said}run the tests in a git checkout");
    let paths = String::from_utf8(output.stdout).expect("paths are UTF-8");
    paths.split_terminator('\0').map(str::to_owned).collect()
}

fn sources() -> Vec<Source> {
    ["src", "tests", "benches", "fuzz"].into_iter().flat_map(sources_of).collect()
}

fn sources_of(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    rust_files(&root().join(folder), &mut paths);
    let relative =
        |path: &PathBuf| path.strip_prefix(root()).map(|p| p.to_string_lossy().replace('\\', "/"));
    let mut paths: Vec<String> =
        paths.iter().map(|p| relative(p).expect("found below the root")).collect();
    paths.sort();
    paths.iter().map(|path| Source::new(path, &read(path))).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn an_import_that_goes_up_or_aside_is_found() {
    let floors = floors(
        "//! | F1 | [`snapshot`], [`serve`] |\n//! | F0 | [`model`] |\n//! | F3 | `sim` |\n",
    );
    let wrong = |path, text| upward_imports(&[Source::new(path, text)], &floors).len();
    assert_eq!(
        wrong("src/snapshot.rs", "use crate::model::Id;\nuse crate::snapshot::state::S;"),
        0
    );
    assert_eq!(wrong("src/snapshot/state.rs", "use crate::serve::run;"), 1);
    assert_eq!(wrong("src/model.rs", "use crate::snapshot::S;"), 1);
    assert_eq!(wrong("src/model.rs", "use crate::Forgotten;"), 1);
    assert_eq!(wrong("src/model.rs", "use super::snapshot::S;"), 1);
    assert_eq!(
        wrong(
            "src/serve.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::sim::World;\n    use super::*;\n}"
        ),
        0
    );
    assert_eq!(wrong("src/serve.rs", "use crate::sim::World;"), 1);
}

#[test]
fn a_crate_away_from_home_is_found() {
    let homes = homes("aws-config = { version = \"1\" }\n");
    let wrong = |path, text| homeless_uses(&[Source::new(path, text)], &homes).len();
    assert_eq!(wrong("src/aws/fetch.rs", "use aws_config::Region;"), 0);
    assert_eq!(wrong("src/app.rs", "use aws_config::Region;"), 1);
    assert_eq!(wrong("src/families.rs", "use prometheus::Registry;"), 1);
    assert_eq!(
        wrong("src/families.rs", "#[cfg(test)]\nmod tests {\n    use prometheus::TextEncoder;\n}"),
        0
    );
}

#[test]
fn an_unsafe_block_or_a_sleep_without_its_reason_is_found() {
    let source = |text| Source::new("tests/it/a.rs", text);
    assert_eq!(unexplained_unsafe(&[source("let a = unsafe { b() };")]).len(), 1);
    assert_eq!(
        unexplained_unsafe(&[source(
            "#[allow(unsafe_code, reason = \"c\")]\nlet a = unsafe { b() };"
        )])
        .len(),
        0
    );
    assert_eq!(unexplained_sleeps([source("tokio::time::sleep(d).await;")].into_iter()).len(), 1);
    assert_eq!(
        unexplained_sleeps([source("// poll: a foreign process\nsleep(d).await;")].into_iter())
            .len(),
        0
    );
}

#[test]
fn a_path_of_a_machine_is_told_from_a_part_of_a_longer_path() {
    for path in ABSOLUTE {
        assert_eq!(machine_word(&format!("see \"{path}x\"")), Some(path));
        assert_eq!(machine_word(&format!("https://example.com{path}x")), None);
    }
    assert!(machine_word(&format!("from https://{}/crates", REGISTRY_HOSTS[0])).is_some());
}
