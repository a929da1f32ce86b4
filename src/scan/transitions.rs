//! What the log says of products that entered another status.

use std::time::Duration;

use crate::config::HumanDuration;
use crate::model::{AccountId, StatusName as _};
use crate::snapshot::{TargetState, Transition};

/// Of so many an attempt says each, at most: re-registering an organisational unit moves thousands
/// of accounts at once.
const TOLD: usize = 1_000;

/// Says of each product what it changed from and to, and why where AWS says so.
pub(super) fn report_transitions(state: &TargetState, transitions: &[Transition]) {
    let account = state.account.as_ref().map_or("unknown", AccountId::as_str);
    let region = state.region.as_str();
    for transition in transitions.iter().take(TOLD) {
        let product = state.products().and_then(|catalog| catalog.product(&transition.id));
        let record = product.and_then(|product| state.record_of(product));
        let error = record.and_then(|record| record.error.as_ref());
        let after = transition.after.map(seconds);
        tracing::info!(
            account,
            region,
            product = &*transition.id,
            name = product.map(|product| &*product.name),
            r#type = product.map(|product| &*product.kind),
            product_id = product.map(|product| &*product.product_id),
            from = transition.from.as_ref().map(|status| status.as_str()),
            to = transition.to.as_str(),
            after = after.map(tracing::field::display),
            status_message = product.and_then(|product| product.status_message.as_deref()),
            record = product.map(|product| &*product.last_record),
            operation = record.map(|record| &*record.kind),
            code = error.map(|error| &*error.code),
            error = error.map(|error| &*error.text),
            "a provisioned product entered another status"
        );
    }
    if transitions.len() > TOLD {
        let (changed, told) = (transitions.len(), TOLD);
        let message = "more provisioned products entered another status than are told one by one";
        tracing::info!(account, region, changed, told, "{message}");
    }
}

fn seconds(seconds: f64) -> HumanDuration {
    HumanDuration(Duration::try_from_secs_f64(seconds.round()).unwrap_or_default())
}
