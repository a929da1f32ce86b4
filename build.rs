//! Tells the crate what it was built from; src/version.rs hands it on.

use std::env;
use std::path::Path;
use std::process::Command;

/// A builder without the git repository, a package for instance, says the revision in this.
const REVISION: &str = "SERVICECATALOG_EXPORTER_REVISION";

/// What goes into the binary. A change of anything else does not make a revision dirty.
const SOURCES: &[&str] = &["src", "Cargo.toml", "Cargo.lock", "build.rs"];

fn main() {
    println!("cargo::rerun-if-env-changed={REVISION}");
    let revision = env::var(REVISION).ok().filter(|given| !given.is_empty());
    let revision = revision.or_else(git_revision).unwrap_or_else(|| "unknown".into());
    set("REVISION", &revision);
    set("RUSTC", &rustc_version().unwrap_or_else(|| "unknown".into()));
    set("TARGET", &env::var("TARGET").unwrap_or_else(|_| "unknown".into()));
}

fn set(name: &str, value: &str) {
    println!("cargo::rustc-env=SERVICECATALOG_EXPORTER_BUILD_{name}={value}");
}

/// The commit, with `-dirty` if a source differs from it. None if the sources are no checkout of
/// their own: a repository that merely contains them has another history.
fn git_revision() -> Option<String> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != env::current_dir().ok()?.canonicalize().ok()? {
        return None;
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    // In a linked worktree HEAD and the branch it names are in different directories: ask git.
    let branch = git(&["rev-parse", "--symbolic-full-name", "HEAD"]).unwrap_or_default();
    for reference in ["HEAD", "packed-refs", branch.as_str()] {
        let file = git(&["rev-parse", "--git-path", reference]).unwrap_or_default();
        if Path::new(&file).is_file() {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let mut status = vec!["status", "--porcelain", "--"];
    status.extend(SOURCES);
    let dirty = !git(&status)?.is_empty();
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    // A build must not get into the way of whoever commits meanwhile.
    run("git", &[&["--no-optional-locks"], arguments].concat())
}

/// The number alone: `rustc 1.95.0 (…)` is `1.95.0`.
fn rustc_version() -> Option<String> {
    let rustc = env::var("RUSTC").ok()?;
    run(&rustc, &["--version"])?.split(' ').nth(1).map(str::to_owned)
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
