//! The judge is judged: it believes an honest exporter, and none of these liars.

use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, StackInstance, What, World,
};

use super::judge::{Times, Witness};
use super::truth::{History, INFO, OF_THE_LIST, Place};
use crate::support::Rig;
use crate::support::exposition::{Sample, Scrape};

const KEEP: f64 = 3600.0;
const COUNTS: &str = "servicecatalog_provisioned_products";
const INSTANCES: &str = "servicecatalog_provisioned_product_stack_instances";
const LISTED: &str = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds";
const SUMS: &str = "servicecatalog_stack_instances";

fn place() -> Place {
    (ACCOUNT.to_owned(), REGION.to_owned())
}

fn now() -> f64 {
    servicecatalog_exporter::app::system_clock().now().unix
}

/// Three scrapes of an honest exporter, and what was true meanwhile.
struct Observed {
    history: History,
    /// Of a list, of another one, and of a failure after it.
    scrapes: [(Scrape, Times); 3],
}

async fn observed() -> Observed {
    let mut world = World::empty(ACCOUNT, REGION);
    let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
    products.extend((0..24).map(ProvisionedProduct::healthy));
    products.push(ProvisionedProduct::tainted(24));
    products.push(ProvisionedProduct::stack_set(30, StackInstance::current(3)));
    let rig = Rig::with(world, |config| config.enrich.names_and_tags = true).await;
    let mut history = History::default();
    rig.simulator.with_world(|world| history.record(world, &[place()], 0.0));
    let scrape = async || {
        let asked = now();
        let scrape = rig.scan_and_scrape().await;
        (scrape, Times { asked, answered: now(), steady: true })
    };
    let first = scrape().await;
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        products[0].status = Some("ERROR".into());
        products.remove(7);
        let set = products.last_mut().unwrap();
        set.instances = StackInstance::current(5);
        set.instances[2].status = Some("OUTDATED".into());
        set.last_record_id = Some("rec-another".into());
        history.record(world, &[place()], now());
    });
    let second = scrape().await;
    let denied = Fault::new(What::Denied).on(Operation::ScanProvisionedProducts);
    history.begins(denied.clone(), now());
    rig.simulator.inject(denied);
    let third = scrape().await;
    rig.stop().await;
    Observed { history, scrapes: [first, second, third] }
}

/// What is said of the third scrape when a liar tells it, after two that were honest.
fn judged(observed: &Observed, lie: impl FnOnce(&mut Vec<Sample>, &mut Times)) -> Vec<String> {
    let mut witness = Witness::new(KEEP);
    let [first, second, third] = &observed.scrapes;
    for (scrape, times) in [first, second] {
        assert_eq!(witness.judge(&observed.history, scrape, *times), [""; 0]);
    }
    let (mut scrape, mut times) = third.clone();
    lie(&mut scrape.samples, &mut times);
    witness.judge(&observed.history, &scrape, times)
}

fn is_of_the_list(sample: &Sample) -> bool {
    OF_THE_LIST.contains(&&*sample.name)
}

fn is_about(sample: &Sample, id: &str) -> bool {
    sample.label("provisioned_product_id") == id
}

/// Sets the value of the samples of a family.
fn set(samples: &mut [Sample], family: &str, value: f64) {
    let mut any = false;
    for sample in samples.iter_mut().filter(|sample| sample.name == family) {
        (sample.value, any) = (value, true);
    }
    assert!(any, "there is no {family}");
}

/// Sets the value of the sample of a stage.
fn set_of_stage(samples: &mut [Sample], family: &str, stage: &str, value: f64) {
    let wanted = |sample: &&mut Sample| sample.name == family && sample.label("stage") == stage;
    samples.iter_mut().find(wanted).unwrap().value = value;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_exporter_is_believed() {
    let observed = observed().await;
    assert_eq!(judged(&observed, |_, _| ()), [""; 0]);
    let (third, _) = &observed.scrapes[2];
    assert_eq!(Witness::new(KEEP).differs_from_now(&observed.history, third), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_liar_is_believed() {
    type Lie<'l> = &'l dyn Fn(&mut Vec<Sample>, &mut Times);
    let observed = observed().await;
    let first = &observed.scrapes[0].0.samples;
    let set_id = "pp-0000000000030";
    let lies: &[(&str, &str, Lie<'_>)] = &[
        ("a zero out of a failure", "never true", &|samples, _| set(samples, COUNTS, 0.0)),
        ("nothing out of a failure", "dropped too early", &|samples, _| {
            samples.retain(|sample| {
                !is_of_the_list(sample) && !sample.name.contains("provisioned_product")
            });
        }),
        ("no series of the target", "no series any more", &|samples, _| {
            samples.retain(|sample| sample.label("aws_account_id").is_empty());
        }),
        ("another target", "is no target", &|samples, _| {
            for sample in samples.iter_mut().filter(|sample| sample.name == SUMS) {
                sample.labels.insert("aws_region".into(), "us-west-2".into());
            }
        }),
        ("a list that lacks its last page", "never true", &|samples, _| {
            samples
                .retain(|sample| !(is_of_the_list(sample) && is_about(sample, "pp-0000000000023")));
        }),
        ("a list of before, as that of now", "never true", &|samples, _| {
            samples.retain(|sample| !is_of_the_list(sample));
            samples.extend(first.iter().filter(|sample| is_of_the_list(sample)).cloned());
        }),
        ("a list of two times", "never true", &|samples, _| {
            let one =
                |sample: &Sample| is_of_the_list(sample) && is_about(sample, "pp-0000000000000");
            samples.retain(|sample| !one(sample));
            samples.extend(first.iter().filter(|sample| one(sample)).cloned());
        }),
        ("a product with another version", "never true", &|samples, _| {
            let info = samples.iter_mut().find(|sample| sample.name == INFO).unwrap();
            info.labels.insert("provisioning_artifact_id".into(), "pa-other".into());
        }),
        ("a list that is too old", "too old", &|_, times| {
            times.asked += KEEP + 60.0;
            times.answered += KEEP + 60.0;
        }),
        ("a success that was none", "products", &|samples, _| {
            set_of_stage(samples, "servicecatalog_scan_success", "products", 1.0);
            set_of_stage(samples, "servicecatalog_scan_stale", "products", 0.0);
            samples.retain(|sample| sample.name != "servicecatalog_scan_failure_reason");
        }),
        ("a time of success that was none", "last success", &|samples, _| {
            let attempt = "servicecatalog_scan_last_attempt_timestamp_seconds";
            let at = samples.iter().find(|sample| sample.name == attempt).unwrap().value;
            let family = "servicecatalog_scan_last_success_timestamp_seconds";
            set_of_stage(samples, family, "products", at);
        }),
        ("a failure that is not stale", "contradict", &|samples, _| {
            set(samples, "servicecatalog_scan_stale", 0.0);
        }),
        ("a failure without a reason", "contradict", &|samples, _| {
            samples.retain(|sample| sample.name != "servicecatalog_scan_failure_reason");
        }),
        ("a reason out of the air", "nothing explains", &|samples, _| {
            let family = "servicecatalog_scan_failure_reason";
            let reason = samples.iter_mut().find(|sample| sample.name == family).unwrap();
            reason.labels.insert("reason".into(), "limit".into());
        }),
        ("no instances out of a failure", "is gone", &|samples, _| {
            samples.retain(|sample| sample.name != INSTANCES && sample.name != LISTED);
        }),
        ("zero instances", "never was", &|samples, _| {
            for family in [INSTANCES, SUMS, "servicecatalog_scan_stack_instances"] {
                set(samples, family, 0.0);
            }
        }),
        ("a listing under another time", "never was", &|samples, _| {
            let listed = samples.iter().find(|sample| sample.name == LISTED).unwrap().value;
            samples
                .retain(|sample| !(is_about(sample, set_id) && sample.name.contains("stack_inst")));
            let of_set =
                first.iter().filter(|s| is_about(s, set_id) && s.name.contains("stack_inst"));
            samples.extend(of_set.cloned());
            set(samples, LISTED, listed + 0.001);
        }),
        ("an old listing that is said to be confirmed", "was confirmed", &|samples, _| {
            samples
                .retain(|sample| !(is_about(sample, set_id) && sample.name.contains("stack_inst")));
            let of_set =
                first.iter().filter(|s| is_about(s, set_id) && s.name.contains("stack_inst"));
            samples.extend(of_set.cloned());
        }),
        ("an instance that is another one's", "never was", &|samples, _| {
            let family = "servicecatalog_stack_instance_status";
            let instance = samples.iter_mut().find(|sample| sample.name == family).unwrap();
            instance.labels.insert("stack_region".into(), "eu-west-3".into());
        }),
        ("a sum of something else", "and not", &|samples, _| set(samples, SUMS, 7.0)),
        ("a count of something else", "scan_stack_sets_unknown", &|samples, _| {
            set(samples, "servicecatalog_scan_stack_sets_unknown", 1.0);
        }),
        ("a counter that begins anew", "went back", &|samples, _| {
            set(samples, "servicecatalog_scans_total", 1.0);
        }),
        ("a name that nobody gave", "no search ever said", &|samples, _| {
            let info = samples.iter_mut().find(|sample| sample.name == INFO).unwrap();
            info.labels.insert("product_name".into(), "Mirage".into());
        }),
        ("a record of another time", "was never", &|samples, _| {
            let family = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds";
            set(samples, family, 1.0);
        }),
    ];
    for (name, complaint, lie) in lies {
        let wrong = judged(&observed, lie);
        assert!(wrong.iter().any(|what| what.contains(complaint)), "{name}: {wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_judge_does_not_know_of_is_wrong() {
    let Observed { mut history, scrapes } = observed().await;
    let [first, second, third] = &scrapes;
    let mut witness = Witness::new(KEEP);
    assert_eq!(witness.judge(&history, &first.0, first.1), [""; 0]);
    let unaware = History::default();
    let wrong = Witness::new(KEEP).judge(&unaware, &second.0, second.1);
    assert!(wrong.iter().any(|what| what.contains("is no target")), "{wrong:#?}");
    // A failure of which nobody knows the cause.
    history.forget_causes();
    let wrong = witness.judge(&history, &third.0, third.1);
    assert!(wrong.iter().any(|what| what.contains("nothing explains")), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_be_gone_while_it_leaves_and_no_longer() {
    let Observed { mut history, scrapes } = observed().await;
    let [(first, times), ..] = &scrapes;
    let mut gone = first.clone();
    gone.samples.retain(|sample| sample.label("aws_account_id").is_empty());
    let mut witness = Witness::new(KEEP);
    assert_eq!(witness.judge(&history, first, *times), [""; 0]);
    history.leaves(ACCOUNT);
    assert_eq!(witness.judge(&history, &gone, *times), [""; 0]);
    history.returns(ACCOUNT, times.asked);
    // Its counters begin anew.
    let mut again = first.clone();
    set(&mut again.samples, "servicecatalog_aws_requests_total", 0.0);
    assert_eq!(witness.judge(&history, &again, *times), [""; 0]);
    let wrong = witness.judge(&history, &gone, *times);
    assert!(wrong.iter().any(|what| what.contains("no series any more")), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_ended_behind_its_page_keeps_what_was_known_and_no_other_does() {
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, ProvisionedProduct::stack_set(30, StackInstance::current(3)));
    let rig = Rig::with(world, |config| config.enrich.names_and_tags = true).await;
    let mut history = History::default();
    rig.simulator.with_world(|world| history.record(world, &[place()], 0.0));
    let asked = now();
    let first = (rig.scan_and_scrape().await, Times { asked, answered: now(), steady: true });
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        let set = products.last_mut().unwrap();
        set.instances = StackInstance::current(5);
        set.last_record_id = Some("rec-another".into());
        products.push(ProvisionedProduct::stack_set(31, StackInstance::current(1)));
        history.record(world, &[place()], now());
    });
    // What AWS answers of a stack set that is gone.
    let list = Operation::ListStackInstancesForProvisionedProduct;
    rig.simulator.inject(Fault::new(What::NotFound).on(list));
    let asked = now();
    let second = rig.scan_and_scrape().await;
    let judge = |history: &History| {
        let mut witness = Witness::new(KEEP);
        assert_eq!(witness.judge(history, &first.0, first.1), [""; 0]);
        witness.judge(history, &second, Times { asked, answered: now(), steady: true })
    };
    let wrong = judge(&history);
    for complaint in ["was confirmed", "is not described"] {
        assert!(wrong.iter().any(|what| what.contains(complaint)), "{wrong:#?}");
    }
    rig.simulator.with_world(|world| {
        world.catalog_mut(ACCOUNT, REGION).products_mut().clear();
        history.record(world, &[place()], now());
    });
    assert_eq!(judge(&history), [""; 0]);
    rig.stop().await;
}
