//! The instances of each stack set are what was listed at the time that is served with them.

use std::collections::BTreeMap;

use servicecatalog_exporter::sim::What;

use super::{LAG, LIST, Seen, Served, Times, View, Witness};
use crate::soak::truth::{History, KEPT_SECONDS, Set, milli};

const COUNTS: &str = "servicecatalog_provisioned_product_stack_instances";
const LISTED: &str = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds";
const INSTANCE: &str = "servicecatalog_stack_instance_status";

impl Witness {
    pub(super) fn listings(
        &self,
        seen: &mut Seen,
        history: &History,
        view: &View<'_>,
        served: &Served,
        times: Times,
        wrong: &mut Vec<String>,
    ) {
        let success = |stage| view.of_stage("last_success_timestamp_seconds", stage).unwrap_or(0.0);
        let (list, described) = (success("products"), success("stack_instances"));
        // A refused listing is no failure at first, and keeps what was known.
        let refused = history
            .causes(view.place, LIST, described, times.answered)
            .any(|cause| matches!(cause.fault.what, What::NotFound | What::InvalidParameters));
        let in_full = view.of_stage("success", "stack_instances") == Some(1.0);
        // Of a list that is ahead of its listings, some may not be there yet.
        let must_be_there = in_full && !served.is_ahead && !refused;
        let mut said = read(view, wrong);
        let mut now = BTreeMap::new();
        for id in served.truths[0].sets.keys() {
            let before = seen.sets.get(id);
            let was = |from: f64| {
                let versions = history.between(view.place, from, times.answered);
                versions.filter_map(|version| version.truth.sets.get(id))
            };
            // One that ended behind its page is refused as well, and the next list says so.
            let ended = history
                .between(view.place, described, times.answered)
                .any(|version| !version.truth.sets.contains_key(id));
            let Some((listed, set)) = said.remove(id) else {
                if must_be_there && !ended && times.answered - list < self.keep {
                    wrong.push(format!("{id} is not described though every stack set was listed"));
                }
                if let Some((listed, _)) = before
                    && times.answered - listed < self.keep
                {
                    wrong.push(format!("what was listed of {id} at {listed} is gone"));
                }
                continue;
            };
            let known = before.filter(|(at, _)| *at == listed).map(|(_, known)| known);
            let right: Vec<&Set> = match known {
                Some(known) => vec![known],
                None => was(listed).collect(),
            };
            if !right.contains(&&set) {
                wrong.push(format!(
                    "{id} was listed at {listed} and never was {set:?}; right were {right:?}"
                ));
            }
            if before.is_some_and(|(at, _)| *at > listed) {
                wrong.push(format!("{id}: the listing of {listed} is older than the one before"));
            }
            // Whatever changes here shows in the product: a success says that nothing else did.
            let remembered = described > times.answered - KEPT_SECONDS / 2.0;
            if remembered && !refused && !ended && !was(described).any(|true_set| *true_set == set)
            {
                wrong.push(format!(
                    "{id} was confirmed at {described}, and was not {set:?} then or later"
                ));
            }
            if times.steady && times.asked - listed.max(list) >= self.keep + LAG {
                wrong.push(format!("the listing of {id} of {listed} is too old at {times:?}"));
            }
            now.insert(id.clone(), (listed, set));
        }
        for id in said.keys() {
            wrong.push(format!("{id} has instances and is no stack set of the served list"));
        }
        seen.sets = now;
    }
}

/// What is said of each stack set: when it was listed, and what it was.
pub(super) fn read(view: &View<'_>, wrong: &mut Vec<String>) -> BTreeMap<String, (f64, Set)> {
    let mut said: BTreeMap<String, (f64, Set)> = BTreeMap::new();
    for sample in view.all(LISTED) {
        let id = sample.label("provisioned_product_id").to_owned();
        said.insert(id, (sample.value, Set::default()));
    }
    for sample in view.all(COUNTS) {
        match said.get_mut(sample.label("provisioned_product_id")) {
            Some((_, set)) => {
                set.counts.insert(sample.label("status").to_owned(), milli(sample.value));
            }
            None => wrong.push(format!("{sample:?} has no time")),
        }
    }
    for sample in view.all(INSTANCE) {
        let instance = ["stack_account_id", "stack_region", "status"];
        let [account, region, status] = instance.map(|label| sample.label(label).to_owned());
        match said.get_mut(sample.label("provisioned_product_id")) {
            Some((_, set)) => {
                set.problems.insert((account, region, status));
            }
            None => wrong.push(format!("{sample:?} has no time")),
        }
    }
    said
}
