//! Sums are of what is served beside them, and over nothing there is none.

use std::collections::BTreeMap;

use super::View;
use crate::soak::truth::{INSTANCE_STATUSES, Truth};

const COUNTS: &str = "servicecatalog_provisioned_product_stack_instances";
const SUMS: &str = "servicecatalog_stack_instances";

pub(super) fn judge(view: &View<'_>, truth: Option<&Truth>, wrong: &mut Vec<String>) {
    let sums: BTreeMap<&str, f64> =
        view.all(SUMS).map(|sample| (sample.label("status"), sample.value)).collect();
    let mut parts: BTreeMap<&str, f64> =
        INSTANCE_STATUSES.into_iter().map(|status| (status, 0.0)).collect();
    let mut known = 0.0;
    for sample in view.all(COUNTS) {
        *parts.entry(sample.label("status")).or_default() += sample.value;
        known += f64::from(u8::from(sample.label("status") == INSTANCE_STATUSES[0]));
    }
    let mut agree = |what: &str, said: Option<f64>, right: Option<f64>| {
        if said != right {
            wrong.push(format!("{what} is {said:?} and not {right:?}"));
        }
    };
    let Some(truth) = truth else {
        // Of a list that is wrong itself nothing can be summed.
        if view.scan("provisioned_products").is_none() {
            agree("a sum over no list", sums.values().copied().next(), None);
            agree("what is known of no list", Some(known), Some(0.0));
            agree("scan_stack_sets", view.scan("stack_sets"), None);
            agree("scan_stack_sets_unknown", view.scan("stack_sets_unknown"), None);
            agree("scan_stack_instances", view.scan("stack_instances"), None);
        }
        return;
    };
    let (products, sets) = (truth.records.len() as f64, truth.sets.len() as f64);
    let is_known = known > 0.0 || sets == 0.0;
    let total: f64 = parts.values().sum();
    agree("scan_provisioned_products", view.scan("provisioned_products"), Some(products));
    agree("scan_stack_sets", view.scan("stack_sets"), Some(sets));
    agree("scan_stack_sets_unknown", view.scan("stack_sets_unknown"), Some(sets - known));
    agree("scan_stack_instances", view.scan("stack_instances"), is_known.then_some(total));
    let right = if is_known { parts } else { BTreeMap::new() };
    if sums != right {
        wrong.push(format!("{SUMS} are {sums:?} and not {right:?}"));
    }
    for sample in view.all("servicecatalog_series_dropped") {
        if sample.label("cause") != "duplicate" && sample.value != 0.0 {
            wrong.push(format!("{sample:?}: nothing was to be left out"));
        }
    }
}
