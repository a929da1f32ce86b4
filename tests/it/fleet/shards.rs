//! Several processes divide the targets among them.

use servicecatalog_exporter::config::Shard;
use servicecatalog_exporter::sim::Fleet;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn all_shards_together_show_the_whole_and_no_two_the_same() {
    let fleet =
        Fleet { accounts: 9, regions: regions(&["eu-central-1", "us-east-1"]), ..Fleet::default() };
    let mut union = BTreeSet::new();
    let mut shown = 0;
    for ordinal in 0..3 {
        let rig = watching(&fleet, |config| config.shard = Shard { ordinal, total: 3 }).await;
        let scrape = scan_all(&rig).await;
        let value = |family| scrape.value(family, &[]);
        assert_eq!(value("servicecatalog_exporter_shard_ordinal"), Some(f64::from(ordinal)));
        assert_eq!(value("servicecatalog_exporter_total_shards"), Some(3.0));
        assert_eq!(value("servicecatalog_exporter_targets_configured"), Some(20.0));
        let targets = value("servicecatalog_exporter_targets").unwrap();
        assert!(targets > 0.0 && targets < 20.0, "each has a part: {targets}");
        assert_eq!(scrape.all("servicecatalog_scans_total", &[]).len() as f64, targets);
        shown += states(&rig).len();
        union.extend(places(&rig));
        rig.stop().await;
    }
    assert_eq!(union, all_places(&fleet));
    assert_eq!(shown, union.len(), "no target is in two shards");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambient_target_moves_to_its_shard_when_its_account_is_known() {
    let mut scanned = 0;
    for ordinal in 0..4 {
        let rig = Rig::with(World::fleet(&Fleet::default()), |config| {
            config.shard = Shard { ordinal, total: 4 };
        });
        let rig = rig.await;
        found(&rig).await;
        scanned += states(&rig).len();
        rig.stop().await;
    }
    assert_eq!(scanned, 1);
}
