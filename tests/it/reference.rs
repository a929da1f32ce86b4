//! METRICS.md, the reference that users read, and what is really exported agree.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use servicecatalog_exporter::app::reference;
use servicecatalog_exporter::config::Versions;
use servicecatalog_exporter::sim::{self, Fault, Fleet, Operation, What, World};

use crate::events::Queue;
use crate::fleet;
use crate::support::Rig;
use crate::support::exposition::{Sample, Scrape};
use crate::support::foreign::{scan_and_be_named, until};

const METRICS_MD: &str = include_str!("../../METRICS.md");

/// Type and label names.
type Shape = (String, BTreeSet<String>);

/// Reads the families of METRICS.md as a user does: a heading with the name, below it the type and
/// the labels.
fn documented() -> BTreeMap<String, Shape> {
    let target = ["aws_account_id", "aws_region"];
    let product =
        ["provisioned_product_id", "provisioned_product_name", "provisioned_product_type"];
    let mut families = BTreeMap::new();
    let mut name = None;
    for line in METRICS_MD.lines() {
        if let Some(heading) = line.strip_prefix("### `") {
            name = Some(heading.trim_end_matches('`').to_owned());
        } else if let Some((kind, labels)) = line.split_once(" · labels: ") {
            let name = name.take().expect("a heading above the type");
            let labels = labels.split(", ").flat_map(|label| match label {
                "none" => vec![],
                "T" => target.to_vec(),
                "P" => [&target[..], &product[..]].concat(),
                own => vec![own.trim_matches('`')],
            });
            let kind = kind.trim_end_matches(" · cached").to_owned();
            let shape = (kind, labels.map(str::to_owned).collect());
            assert!(families.insert(name.clone(), shape).is_none(), "{name} twice");
        }
    }
    families
}

/// The families of an exposition, but those of the process, with type and label names.
fn exported(scrape: &Scrape) -> BTreeMap<String, Shape> {
    let types =
        scrape.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let ours = types.filter(|(name, _)| !name.starts_with("process_"));
    ours.map(|(name, kind)| {
        let own_labels = |sample: &Sample| {
            let labels = sample.labels.keys().filter(|label| kind != "histogram" || *label != "le");
            // Those follow from the configuration, and are documented in words.
            labels.filter(|label| !label.starts_with("tag_")).cloned().collect::<BTreeSet<_>>()
        };
        let of_it = |sample: &&Sample| match sample.name.strip_prefix(name) {
            Some("") => true,
            Some("_bucket" | "_sum" | "_count") => kind == "histogram",
            _ => false,
        };
        let mut labels = scrape.samples.iter().filter(of_it).map(own_labels);
        let first = labels.next().expect("a family with a sample");
        assert!(labels.all(|other| other == first), "label names of {name} differ");
        (name.to_owned(), (kind.to_owned(), first))
    })
    .collect()
}

/// The demo world after a scan with everything that a scan can meet: waits for the rate limit, a
/// throttled request that is repeated, and then a failure.
async fn eventful_scrape() -> Scrape {
    let queue = Queue::start().await;
    queue.send("no event");
    let storage = tempfile::tempdir().unwrap();
    let mut world = World::demo(1, 1_780_000_000);
    world.organize(sim::ACCOUNT);
    let rig = Rig::with(world, |config| {
        config.organization = Some(fleet::organization(&Fleet::default()));
        config.aws.max_requests_per_second = 200.0;
        config.aws.burst = 1;
        config.enrich.names_and_tags = true;
        config.events = queue.events();
        config.storage.path = Some(storage.path().to_owned());
        config.enrich.tags = vec![("Owner".into(), "owner".into())];
        config.versions = Some(Versions { refresh: Duration::from_secs(24 * 60 * 60) });
    })
    .await;
    fleet::found(&rig).await;
    let throttle = Fault::new(What::Throttle).on(Operation::ScanProvisionedProducts);
    rig.simulator.inject(throttle.times(1));
    scan_and_be_named(&rig).await;
    // Versions are those of products that were in use before; a status begins where another was.
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut();
        products.iter_mut().for_each(|product| product.status = Some("TAINTED".into()));
    });
    rig.scan().await;
    let denied = Fault::new(What::Denied).on(Operation::ScanProvisionedProducts);
    rig.simulator.inject(denied);
    rig.scan().await;
    queue.deleted(1).await;
    queue.fail("AccessDenied", "no");
    let denied = async || {
        let scrape = rig.scrape().await;
        let of_daemon = ["exporter_events_receive_failures_total", "exporter_http_requests_total"];
        let there = |name: &&str| !scrape.all(&format!("servicecatalog_{name}"), &[]).is_empty();
        of_daemon.iter().all(there).then_some(())
    };
    until("the queue of events is denied", denied).await;
    until("what is known is kept", async || {
        let scrape = rig.scrape().await;
        let size = scrape.all("servicecatalog_exporter_storage_size_bytes", &[]);
        (!size.is_empty()).then_some(())
    })
    .await;
    // The calls of the queue are published with those of a scan.
    let scrape = rig.scan_and_scrape().await;
    rig.stop().await;
    scrape
}

#[test]
fn metrics_md_is_what_the_command_metrics_prints() {
    let differs =
        METRICS_MD.lines().zip(reference().lines().map(str::to_owned)).find(|(a, b)| a != b);
    assert!(METRICS_MD == reference(), "run `make metrics-md`; the first difference: {differs:?}");
}

#[test]
fn every_name_of_ours_in_the_text_is_a_family() {
    let documented = documented();
    let letters = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words = METRICS_MD.split(letters).filter(|word| word.starts_with("servicecatalog_"));
    for word in words {
        assert!(documented.contains_key(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_is_exported_in_some_world_and_is_documented_as_it_is_exported() {
    let (exported, documented) = (exported(&eventful_scrape().await), documented());
    let names =
        |families: &BTreeMap<String, Shape>| families.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&exported), names(&documented));
    assert_eq!(exported, documented);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_families_of_the_process_are_documented_by_name() {
    let rig = Rig::new(World::demo(1, 1_780_000_000)).await;
    let scrape = rig.scrape().await;
    let names = scrape.samples.iter().map(|sample| &*sample.name);
    let exported: BTreeSet<_> = names.filter(|name| name.starts_with("process_")).collect();
    let words = METRICS_MD.split('`');
    let documented: BTreeSet<_> = words.filter(|word| word.starts_with("process_")).collect();
    assert_eq!(exported, documented);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_a_label_with_few_values_is_documented() {
    let scrape = eventful_scrape().await;
    let mut values = BTreeSet::new();
    for sample in scrape.samples.iter().filter(|s| s.name.starts_with("servicecatalog_")) {
        for label in ["status", "stage", "operation", "reason", "cause", "provisioned_product_type"]
        {
            values.extend(sample.labels.get(label));
        }
    }
    assert!(values.len() > 20, "{values:?}");
    for value in values {
        assert!(METRICS_MD.contains(&format!("`{value}`")), "{value} is not in METRICS.md");
    }
}
