//! `scan`: one scan as text, for whoever reads files.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use servicecatalog_exporter::sim::{self, Fault, Operation, Simulator, What, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::program::{Invocation, exporter, program, scrape};
use super::{SCAN, asked_for, scanning, some_products, soon};
use crate::support::exposition::Scrape;

fn scan(simulator: &Simulator, args: &[&str]) -> Invocation {
    exporter(&["scan"]).args(args).scanning(simulator)
}

/// The same into a file of this folder.
fn scan_into(folder: &Path, simulator: &Simulator) -> Invocation {
    scan(simulator, &["--output.file"]).arg(folder.join("catalog.prom"))
}

fn families(text: &str) -> BTreeSet<&str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|rest| rest.split(' ').next().unwrap()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_has_what_the_daemon_serves_but_for_its_process_and_its_clients() {
    let simulator = some_products().await;
    let ended = scan(&simulator, &[]).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let scanned = Scrape::read(&ended.stdout);
    assert_eq!(scanned.value("servicecatalog_scan_provisioned_products", &[]), Some(25.0));
    assert_eq!(scanned.value("servicecatalog_scan_stack_instances", &[]), Some(6.0));
    for stage in ["products", "stack_instances"] {
        let stage = [("stage", stage)];
        assert_eq!(scanned.value("servicecatalog_scan_success", &stage), Some(1.0));
    }
    let daemon = scanning(&simulator, &[]).start();
    let served = scrape(daemon.ready().await).await;
    let only_served: Vec<_> =
        families(&served.text).difference(&families(&scanned.text)).copied().collect();
    let expected = |family: &&&str| {
        !family.starts_with("process_") && **family != "servicecatalog_exporter_http_requests_total"
    };
    assert_eq!(only_served.iter().filter(expected).collect::<Vec<_>>(), [&""; 0]);
    assert!(only_served.contains(&"process_cpu_seconds_total"), "{only_served:?}");
    assert!(families(&scanned.text).is_subset(&families(&served.text)));
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_has_nothing_but_the_metrics() {
    let simulator = some_products().await;
    let ended = scan(&simulator, &["--log.level=trace"]).run().await;
    assert!(ended.stdout.starts_with("# HELP "), "{}", ended.stdout);
    Scrape::read(&ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_for_everybody_to_read_and_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = some_products().await;
    let strict = scan_into(folder.path(), &simulator).through_shell("umask 077; exec \"$@\"");
    let ended = strict.run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(names(folder.path()), ["catalog.prom"]);
    let file = folder.path().join("catalog.prom");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o644);
    let scanned = Scrape::read(&std::fs::read_to_string(file).unwrap());
    assert_eq!(scanned.value("servicecatalog_scan_provisioned_products", &[]), Some(25.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_replaced_whole_while_a_reader_keeps_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.prom");
    std::fs::write(&file, "the old text").unwrap();
    let before = file.metadata().unwrap().ino();
    let mut reader = std::fs::File::open(&file).unwrap();
    let simulator = some_products().await;
    // The new text is written beside the file: a name cannot move to another disk.
    let elsewhere = folder.path().join("missing");
    let ended = scan_into(folder.path(), &simulator).env("TMPDIR", elsewhere).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    // Another file under the name, and the old one untouched: so nobody ever sees a half.
    assert_ne!(file.metadata().unwrap().ino(), before);
    let mut old = String::new();
    reader.read_to_string(&mut old).unwrap();
    assert_eq!(old, "the old text");
    assert_eq!(names(folder.path()), ["catalog.prom"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_current_folder_needs_no_path() {
    let simulator = some_products().await;
    let program = scan(&simulator, &["--output.file", "catalog.prom"]);
    let folder = tempfile::tempdir().unwrap();
    let script = format!("cd '{}' && exec \"$@\"", folder.path().display());
    let ended = program.through_shell(&script).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(names(folder.path()), ["catalog.prom"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_whole_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.prom");
    std::fs::write(&file, "the old text").unwrap();
    let simulator = some_products().await;
    // As on a full disk: no file may be longer than a block.
    let full = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    let ended = scan_into(folder.path(), &simulator).through_shell(full).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let line = ended.complaints().join("\n");
    assert!(line.contains("catalog.prom cannot be written"), "{line}");
    assert!(!line.contains('\n'), "{line}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "the old text");
    assert_eq!(names(folder.path()), ["catalog.prom"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = some_products().await;
    let ended = scan_into(&folder.path().join("missing"), &simulator).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let line = ended.complaints().join("\n");
    assert!(line.contains("its folder must exist and be writable"), "{line}");
    assert!(!line.contains('\n'), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_is_denied_is_written_too_and_is_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Denied).on(SCAN));
    let ended = scan_into(folder.path(), &simulator).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = ended.complaints().join("\n");
    assert!(said.contains("allow servicecatalog:ScanProvisionedProducts"), "{said}");
    assert!(
        said.ends_with("the scan failed; what was written says so (servicecatalog_scan_success 0)")
    );
    let text = std::fs::read_to_string(folder.path().join("catalog.prom")).unwrap();
    let scanned = Scrape::read(&text);
    let stage = [("aws_account_id", sim::ACCOUNT), ("stage", "products")];
    assert_eq!(scanned.value("servicecatalog_scan_success", &stage), Some(0.0));
    let reason = [("stage", "products"), ("reason", "access_denied")];
    assert_eq!(scanned.value("servicecatalog_scan_failure_reason", &reason), Some(1.0));
    // Unknown, and not zero.
    assert!(scanned.all("servicecatalog_provisioned_products", &[]).is_empty());
    assert!(scanned.all("servicecatalog_scan_provisioned_products", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn stack_instances_that_are_denied_leave_the_products_and_are_exit_code_1() {
    let simulator = some_products().await;
    let denied = Fault::new(What::Denied);
    simulator.inject(denied.on(Operation::ListStackInstancesForProvisionedProduct));
    let ended = scan(&simulator, &[]).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let scanned = Scrape::read(&ended.stdout);
    assert_eq!(scanned.value("servicecatalog_scan_provisioned_products", &[]), Some(25.0));
    let success = |stage| scanned.value("servicecatalog_scan_success", &[("stage", stage)]);
    assert_eq!((success("products"), success("stack_instances")), (Some(1.0), Some(0.0)));
    assert!(scanned.all("servicecatalog_stack_instances", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_is_interrupted_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.prom");
    std::fs::write(&file, "the old text").unwrap();
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Hang));
    let program = scan_into(folder.path(), &simulator).start();
    asked_for(&simulator, SCAN).await;
    program.signal("TERM");
    assert_eq!(program.end().await.status.signal(), Some(15));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "the old text");
    assert_eq!(names(folder.path()), ["catalog.prom"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn promtool_has_nothing_to_say_about_a_scan() {
    let simulator = Simulator::start(World::demo(1, 1_700_000_000)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ended = scan_into(folder.path(), &simulator).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let file = folder.path().join("catalog.prom");
    let script = format!("exec promtool check metrics < '{}'", file.display());
    let checked = program("/bin/sh", &["-c", &script]).run().await;
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert_eq!((checked.stdout, checked.stderr), (String::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus-node-exporter"]
async fn node_exporter_serves_the_file_of_a_scan() {
    let simulator = Simulator::start(World::demo(1, 1_700_000_000)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ended = scan_into(folder.path(), &simulator).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let written = std::fs::read_to_string(folder.path().join("catalog.prom")).unwrap();
    let node_exporter = program("prometheus-node-exporter", &[])
        .args(&["--collector.disable-defaults", "--collector.textfile"])
        .args(&["--web.listen-address=127.0.0.1:0", "--collector.textfile.directory"])
        .arg(folder.path())
        .start();
    let listening = node_exporter.logs("Listening on").await;
    let address = listening.split("address=").nth(1).unwrap().split(' ').next().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // By HTTP/1.0 the answer comes in one piece.
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    let (_head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(text.contains("\nnode_textfile_scrape_error 0\n"), "{text}");
    // It writes them in another order.
    let ours = |text: &str| {
        let mut samples = Scrape::read(text).samples;
        samples.retain(|sample| sample.name.starts_with("servicecatalog_"));
        samples.sort_by_key(|sample| (sample.name.clone(), sample.labels.clone()));
        samples
    };
    assert_eq!(ours(text), ours(&written));
}
