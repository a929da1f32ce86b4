//! What the documents name exists, and what they show as an example is accepted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use servicecatalog_exporter::app::reference;
use servicecatalog_exporter::config::{
    Config, Defaults, Given, HOST_NAME, Origin, Overrides, WebLoader, check_web_text, parse,
};
use servicecatalog_exporter::model::{Operation, RoleArn};
use servicecatalog_exporter::policy::{self, Needs};

use crate::support::pki::Authority;

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const RULES: &str = "deploy/prometheus/rules.yml";
const WEB_FILE: &str = "deploy/web-config-example.yml";
const MEMBER_ROLE: &str = "deploy/cloudformation/member.yml";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The files of a folder and of those below it.
fn files_below(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files = Vec::new();
    for entry in entries.map(Result::unwrap) {
        let name = format!("{folder}/{}", entry.file_name().display());
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&name));
        } else {
            files.push(name);
        }
    }
    files
}

/// Every document, and all that is in `deploy/` but the chart's copies of what stands elsewhere.
fn texts() -> Vec<(String, String)> {
    let copies = "deploy/helm/servicecatalog-exporter/files/";
    let docs = files_below("docs").into_iter().chain(files_below("grafana"));
    let docs = docs.filter(|name| Path::new(name).extension().is_some_and(|e| e == "md"));
    let names = DOCUMENTS.map(str::to_owned).into_iter().chain(files_below("deploy")).chain(docs);
    let names = names.filter(|name| !name.starts_with(copies));
    names.map(|name| (name.clone(), read(&name))).collect()
}

/// What stands between a beginning and an end.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    let rest = text.split(begin).skip(1);
    rest.filter_map(|rest| rest.split_once(end)).map(|(inner, _)| inner).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c)))
}

fn quoted(text: &str) -> Vec<&str> {
    // Fenced blocks would let the quotes of all that follows begin where they end.
    let unfenced = text.split("```").step_by(2);
    unfenced.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_metric_that_a_document_names_is_in_the_reference() {
    let reference = reference();
    for (name, text) in texts() {
        let letters = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        for word in text.split(letters).filter(|word| word.starts_with("servicecatalog_")) {
            let is_program = word == "servicecatalog_exporter";
            let is_family = reference.contains(&format!("### `{word}`\n"));
            let is_of_histogram = ["_bucket", "_sum", "_count"].iter().any(|end| {
                let family = word.strip_suffix(end);
                family.is_some_and(|f| reference.contains(&format!("### `{f}`\n\nhistogram")))
            });
            assert!(is_program || is_family || is_of_histogram, "{name}: {word}");
        }
    }
}

#[test]
fn every_file_that_a_document_names_is_there() {
    for (name, text) in texts() {
        // Elsewhere it is a regular expression.
        let is_markdown = Path::new(&name).extension().is_some_and(|e| e == "md");
        let links = between(&text, "](", ")").into_iter().filter(|link| !link.contains("://"));
        let folder = path(&name).parent().unwrap().to_owned();
        for link in links.filter(|link| is_markdown && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap();
            assert!(folder.join(file).exists(), "{name}: {link}");
        }
        let named = words(&text).filter(|word| {
            let places = ["deploy/", "tests/it/", "src/", "tools/"];
            places.iter().any(|place| word.starts_with(place) && word.len() > place.len())
        });
        for file in named {
            let file = file.trim_end_matches('.');
            assert!(path(file).exists(), "{name}: {file}");
        }
    }
}

#[test]
fn every_test_file_that_the_map_of_invariants_names_is_there() {
    for name in quoted(&read("ARCHITECTURE.md")) {
        let is_file = Path::new(name).extension().is_some_and(|e| e == "rs") && !name.contains(' ');
        let places = ["", "src/", "tests/it/"].map(|place| path(&format!("{place}{name}")));
        assert!(!is_file || places.iter().any(|place| place.is_file()), "{name}");
    }
}

#[test]
fn every_heading_that_the_readme_links_is_there() {
    let text = read("README.md");
    let headings = text.lines().filter(|line| line.starts_with("##"));
    let anchors: BTreeSet<String> = headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    for link in between(&text, "](#", ")") {
        assert!(anchors.contains(link), "{link} is none of {anchors:?}");
    }
}

#[test]
fn every_configuration_in_the_readme_is_accepted() {
    let text = read("README.md");
    let blocks = between(&text, "```yaml\n", "```");
    let ours: Vec<_> = blocks.iter().filter(|block| !block.contains("scrape_configs")).collect();
    assert!(ours.len() >= 3, "{blocks:?}");
    let origin = Origin::Variable(HOST_NAME.into());
    let pod = Given { text: "servicecatalog-exporter-1".into(), origin };
    let pod = Overrides::from([(HOST_NAME, pod)]);
    for block in ours {
        let read = parse("README.md", block, &pod, Defaults::Production);
        assert!(read.is_ok(), "{block}\n{read:?}");
    }
}

#[test]
fn every_flag_in_the_table_of_settings_is_one_and_has_its_variable() {
    let mut help = Command::new(env!("CARGO_BIN_EXE_servicecatalog-exporter"));
    let help = help.arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let text = read("README.md");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| `--")).collect();
    let mut told = 0;
    for row in rows.iter().filter(|row| !row.contains("--bench")) {
        let cells = quoted(row);
        assert!(help.split_whitespace().any(|word| word == cells[0]), "{row}");
        let variable = format!("SERVICECATALOG_EXPORTER_{}", cells[1]);
        assert!(help.contains(&variable), "{variable}");
        told += 1;
    }
    let flags =
        help.lines().filter(|line| line.trim_start().starts_with("--") || line.contains(", --"));
    let settings = flags.filter(|line| !line.contains("--help") && !line.contains("--version"));
    assert_eq!(told, settings.count(), "{help}");
}

#[test]
fn the_readme_lists_the_alerts() {
    let (readme, rules) = (read("README.md"), read(RULES));
    let listed: BTreeSet<&str> = between(&readme, "\n| `ServiceCatalog", "`").into_iter().collect();
    let written: BTreeSet<&str> =
        between(&rules, "alert: ServiceCatalog", "\n").into_iter().collect();
    assert!(written.len() > 3);
    assert_eq!(listed, written);
}

#[test]
fn the_example_of_a_web_file_is_one_and_says_every_key() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("authority"));
    let example = read(WEB_FILE);
    authority.server().write(folder.path(), "server");
    std::fs::write(folder.path().join("client-ca.crt"), &authority.certificate).unwrap();
    std::fs::write(folder.path().join("web.yml"), &example).unwrap();
    let loaded = WebLoader::new(folder.path().join("web.yml")).load().unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert!(loaded.web.users.0.contains_key("prometheus"));

    // Each complaint about a key that nobody knows lists those that somebody does.
    for section in ["", "tls_server_config", "http_server_config", "rate_limit"] {
        let text = if section.is_empty() { "x: 1".into() } else { format!("{section}: {{x: 1}}") };
        let error = check_web_text("web.yml", &text).unwrap_err().to_string();
        let (_, keys) = error.split_once("known here: ").unwrap();
        for key in keys.split(", ") {
            assert!(example.contains(key), "{key} is missing");
        }
    }
}

/// The actions that a text names, of the services that are called.
fn actions(text: &str) -> BTreeSet<&str> {
    let known =
        |word: &&str| Operation::ALL.iter().any(|operation| operation.iam_action() == *word);
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).filter(known).collect()
}

fn needs(yaml: &str) -> Needs {
    let config = parse("test.yml", yaml, &Overrides::new(), Defaults::Production).unwrap();
    Needs::of(&config, "aws")
}

#[test]
fn the_role_for_member_accounts_allows_what_any_configuration_can_need_and_no_more() {
    let all = needs(
        "enrich: {names_and_tags: true}\nversions: {refresh: 24h}\n\
         organization: {role_name: Exporter, regions: auto}\n",
    );
    let member = policy::member(&all).unwrap().to_string();
    let hub = RoleArn::parse("arn:aws:iam::123456789012:role/Hub").unwrap();
    let trust = policy::trust(&all, &hub).unwrap().to_string();
    let template = read(MEMBER_ROLE);
    let resources = template.split_once("\nResources:").unwrap().1;
    assert_eq!(actions(resources), &actions(&member) | &actions(&trust));
    assert!(resources.contains("servicecatalog:accountLevel: self"));
}

#[test]
fn the_policy_in_the_readme_is_what_no_configuration_needs() {
    let text = read("README.md");
    let shown = between(&text, "```json\n", "```")[0];
    let printed = policy::hub(&Needs::of(&Config::defaults(Defaults::Production), "aws"));
    assert_eq!(actions(shown), actions(&printed.to_string()));
}
