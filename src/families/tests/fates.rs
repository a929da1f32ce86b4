//! What is said of a product is what was written of it.

use super::*;
use crate::families::{Fate, Own, encode_and_plan, fate};
use crate::model::Kept;

/// Products and instances of every rank, in two stack sets and beside them.
fn build() -> TargetState {
    let products = vec![
        product("pp-1", "CFN_STACK", "AVAILABLE"),
        product("pp-2", "CFN_STACKSET", "AVAILABLE"),
        product("pp-3", "CFN_STACK", "ERROR"),
        product("pp-4", "CFN_STACKSET", "AVAILABLE"),
        product("pp-5", "CFN_STACKSET", "AVAILABLE"),
    ];
    let listings: [(&str, &[&str]); 3] = [
        ("pp-2", &["OUTDATED", "CURRENT", "INOPERABLE"]),
        ("pp-4", &["NEW", "OUTDATED", "CURRENT"]),
        ("pp-5", &["CURRENT", "CURRENT"]),
    ];
    state(products, &listings, PerInstance::All)
}

fn planned(shown: &Shown) -> (String, Vec<Option<Kept>>) {
    let snapshot = Snapshot { targets: vec![Arc::new(build())], ..Snapshot::default() };
    let (exposition, kept) = encode_and_plan(&snapshot, shown);
    let chunks = exposition.plain(&Tail::default());
    (String::from_utf8(chunks.flatten().collect()).unwrap(), kept)
}

fn of_product<'t>(text: &'t str, family: &str, id: &str) -> Vec<&'t str> {
    let lines = samples(text, family).into_iter();
    lines.filter(|line| line.contains(&format!("\"{id}\""))).collect()
}

#[test]
fn at_every_limit_what_is_said_of_a_product_is_what_was_written() {
    let total = series(&planned(&all()).0);
    let mut fates = BTreeSet::new();
    for per_product in [PerProduct::All, PerProduct::Problems] {
        for (max_series, max_instance_series) in
            (0..=total).map(|most| (most, 10_000)).chain((0..9).map(|most| (total, most)))
        {
            let shown = Shown { per_product, max_series, max_instance_series, ..all() };
            let (text, kept) = planned(&shown);
            let kept = kept[0].unwrap();
            assert_eq!(kept.dropped as f64, dropped(&text), "{shown:?}");
            for id in ["pp-1", "pp-2", "pp-3", "pp-4", "pp-5"] {
                let Fate { own, instances, instances_left_out } =
                    fate(&build(), per_product, &kept, id);
                let written =
                    !of_product(&text, "servicecatalog_provisioned_product_info", id).is_empty();
                assert_eq!(own == Own::Shown, written, "{id} {shown:?}");
                let lines = of_product(&text, "servicecatalog_stack_instance_status", id).len();
                assert_eq!(instances, lines as u64, "{id} {shown:?}");
                let all = match id {
                    "pp-2" | "pp-4" => 3,
                    "pp-5" => 2,
                    _ => 0,
                };
                assert_eq!(instances + instances_left_out, all, "{id} {shown:?}");
                fates.insert(format!("{own:?}"));
            }
        }
    }
    assert_eq!(fates.len(), 3, "each fate was met: {fates:?}");
}

#[test]
fn a_target_without_an_account_has_no_plan_and_moves_no_other() {
    let mut nameless = build();
    nameless.account = None;
    let targets = vec![Arc::new(nameless), Arc::new(build())];
    let snapshot = Snapshot { targets, ..Snapshot::default() };
    let (_, kept) = encode_and_plan(&snapshot, &all());
    assert_eq!(kept[0], None);
    assert_eq!(kept[1].unwrap().products, [3, 2]);
}
