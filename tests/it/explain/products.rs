//! Why a product has the series that it has, and its instances the age that they have.

use std::time::Duration;

use servicecatalog_exporter::model::PerProduct;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_shown_and_one_that_is_gone_are_told_apart() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    assert_eq!(json["product"]["verdict"], "shown");
    says(&json, &["is AVAILABLE in the complete list of", "and its series are there"]);
    rig.simulator.with_world(|world| {
        world.catalog_mut(ACCOUNT, REGION).products_mut().remove(0);
    });
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    assert_eq!(json["product"]["verdict"], "not_listed");
    says(&json, &["is not in the product list, which is complete and of", "it has no series"]);
    assert_eq!(json["verdict"], "ok");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_limit_leaves_out_is_named_with_the_limit_and_counted_as_the_metric_does() {
    let rig = Rig::with(World::sized(30, 0, 0), |config| config.metrics.max_series = 150).await;
    rig.scan().await;
    let target = of_target(&rig).await;
    let dropped = target["series_dropped_by_limit"].as_f64().unwrap();
    let scrape = rig.scrape().await;
    let cause = [("cause", "limit")];
    assert_eq!(scrape.value("servicecatalog_series_dropped", &cause), Some(dropped));
    assert!(dropped > 0.0);
    says(&target, &["left out by metrics.max_series", "the sums are whole"]);
    let mut verdicts = std::collections::BTreeMap::new();
    for n in 0..30 {
        let json = of_product(&rig, &id(n)).await;
        let verdict = json["product"]["verdict"].as_str().unwrap().to_owned();
        let info = scrape
            .all("servicecatalog_provisioned_product_info", &[("provisioned_product_id", &id(n))]);
        assert_eq!(verdict == "shown", !info.is_empty(), "{n}: {verdict}");
        if verdict == "cut" {
            says(&json, &["one of those that metrics.max_series (150) left out"]);
        }
        *verdicts.entry(verdict).or_insert(0) += 1;
    }
    assert_eq!(verdicts.keys().collect::<Vec<_>>(), ["cut", "shown"], "{verdicts:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_product_has_no_series_where_only_problems_have() {
    let products = vec![ProvisionedProduct::healthy(0), ProvisionedProduct::tainted(1)];
    let rig =
        Rig::with(world(products), |config| config.metrics.per_product = PerProduct::Problems);
    let rig = rig.await;
    rig.scan().await;
    let healthy = of_product(&rig, &id(0)).await;
    assert_eq!(healthy["product"]["verdict"], "not_wanted");
    says(&healthy, &["with metrics.per_product: problems only those have series of their own"]);
    assert_eq!(of_product(&rig, &id(1)).await["product"]["verdict"], "shown");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_says_why_it_is_as_old_as_it_is_and_what_makes_the_next_one() {
    let (rig, hands) = Rig::by_hand(world(vec![current(0)]), |_| ()).await;
    rig.scan().await;
    hands.forward(Duration::from_secs(300));
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    let listing = &json["product"]["listing"];
    assert_eq!(listing["cause"], "never_listed");
    assert_eq!(listing["next_cause"], Value::Null);
    let (listed, confirmed) =
        (&listing["listed_timestamp_seconds"], &listing["confirmed_timestamp_seconds"]);
    assert_eq!(confirmed.as_f64().unwrap() - listed.as_f64().unwrap(), 300.0);
    says(&json, &["Its instances were listed at", "(5 min ago)"]);
    assert!(fact(&json, "next_listing").contains("when it is its turn: by"), "{json:#}");
    assert_eq!(fact(&json, "instances"), "2 CURRENT");

    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        products[0].status = Some("UNDER_CHANGE".into());
    });
    hands.forward(Duration::from_secs(300));
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    assert_eq!(json["product"]["listing"]["cause"], "unsettled");
    assert_eq!(fact(&json, "next_listing"), "with the next scan, since the product is changing");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_keeps_its_counts_and_says_so() {
    let rig = Rig::new(world(vec![current(0), current(1)])).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Denied).on(LIST).for_product(id(0)));
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    let listing = &json["product"]["listing"];
    assert_eq!(
        (&listing["last_failed"], &listing["next_cause"]),
        (&true.into(), &"unsettled".into())
    );
    says(&json, &["and the last attempt to list them failed", "The stage stack_instances fails"]);
    assert_eq!(
        json["missing_iam_actions"],
        serde_json::json!(["servicecatalog:ListStackInstancesForProvisionedProduct"])
    );
    assert_eq!(fact(&json, "instances"), "2 CURRENT");
    let other = of_product(&rig, &id(1)).await;
    assert_eq!(other["product"]["listing"]["last_failed"], false);
    assert_eq!(fact(&other, "next_listing").split(',').next(), Some("with the next scan"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_was_never_listed_has_unknown_instances() {
    let rig = Rig::new(world(vec![current(0)])).await;
    rig.simulator.inject(Fault::new(What::ServiceUnavailable).on(LIST));
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    says(&json, &["Its instances are not known, and the last attempt to list them failed"]);
    assert_eq!(fact(&json, "instances"), "unknown");
    assert_eq!(json["product"]["listing"]["listed_timestamp_seconds"], Value::Null);
    assert_eq!(json["product"]["listing"]["next_cause"], "never_listed");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_makes_no_answer_long_or_dangerous() {
    let name = format!("\u{1b}[2J\u{9b}31m\r\n\u{202e}{}", "<b>".repeat(4_000));
    let products = vec![ProvisionedProduct::tainted(0).named(name)];
    let rig = Rig::new(world(products)).await;
    rig.scan().await;
    let json = of_product(&rig, &id(0)).await;
    assert!(!lines(&json).concat().contains('\u{202e}'));
    says(&json, &["is TAINTED"]);
    let long = of_product(&rig, &"%1b%5b2J".repeat(200)).await;
    assert_eq!(long["product"]["verdict"], "not_listed");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_says_of_a_product_is_told_in_full_only() {
    const SECRET: &str = "Parameter DbPassword is hunter2";
    for (tells, told) in [(StatusPage::Summary, false), (StatusPage::Full, true)] {
        let products = vec![ProvisionedProduct::tainted(0).saying(SECRET)];
        let rig = Rig::with(world(products), |config| config.web.status_page = tells).await;
        rig.scan().await;
        let json = of_product(&rig, &id(0)).await;
        assert_eq!(json.to_string().contains(SECRET), told);
        assert_eq!(facts(&json, "status_message").len(), usize::from(told));
        rig.stop().await;
    }
}
