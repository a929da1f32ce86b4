//! What happened between two processes is counted once.

use super::*;

const TRANSITIONS: &str = "servicecatalog_provisioned_product_transitions_total";
const SINCE: &str = "servicecatalog_provisioned_product_status_since_timestamp_seconds";

fn set(kept: &Kept, status: &'static str) {
    kept.rig.simulator.with_world(|world| {
        world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut()[0].status = Some(status.into());
    });
}

async fn scanned(kept: &Kept) -> Scrape {
    kept.hands.forward(INTERVAL);
    kept.rig.scan_and_scrape().await
}

async fn one_product() -> Kept {
    let kept = Kept::of(World::sized(1, 0, 0)).await;
    kept.rig.scan().await;
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_enters_a_status_is_counted_once_and_says_since_when() {
    let kept = one_product().await;
    let first = kept.rig.scrape().await;
    assert_eq!(first.all(TRANSITIONS, &[]).len(), 5, "each known status, from zero on");
    assert_eq!(first.sum(TRANSITIONS, &[]), 0.0);
    assert!(first.all(SINCE, &[]).is_empty(), "nobody saw it begin");
    set(&kept, "TAINTED");
    let scrape = scanned(&kept).await;
    let since = kept.hands.now().unix;
    assert_eq!(scrape.value(TRANSITIONS, &[("status", "TAINTED")]), Some(1.0));
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 1.0);
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_tells_of_no_transition_and_the_next_one_tells_of_it_once() {
    let kept = one_product().await;
    set(&kept, "ERROR");
    kept.rig.simulator.inject(Fault::new(What::InternalFailure).on(SCAN));
    assert_eq!(scanned(&kept).await.sum(TRANSITIONS, &[]), 0.0);
    kept.rig.simulator.clear_faults();
    assert_eq!(scanned(&kept).await.value(TRANSITIONS, &[("status", "ERROR")]), Some(1.0));
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_no_process_ran_is_counted_by_the_next_one() {
    let kept = one_product().await;
    set(&kept, "TAINTED");
    scanned(&kept).await;
    let since = kept.hands.now().unix;
    let kept = kept.restarted(INTERVAL).await;
    assert_eq!(kept.at_once().await.value(SINCE, &[]), Some(since));
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 0.0, "the process before has counted that one");
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    set(&kept, "ERROR");
    let kept = kept.restarted(INTERVAL).await;
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.value(TRANSITIONS, &[("status", "ERROR")]), Some(1.0));
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 1.0);
    kept.rig.stop().await;
}
