//! Scans that do not fit into their interval: said once, with the arithmetic.

use std::fmt::Write as _;
use std::time::Duration;

use crate::config::{Config, HumanDuration};
use crate::model::{CallCounts, Operation};
use crate::snapshot::TargetState;

/// Says that an attempt took longer than the interval, with the arithmetic: what it asked for,
/// how long that takes at the allowed rate, and which setting gives way.
pub(super) fn report_slow(
    before: &TargetState,
    after: &TargetState,
    took: Duration,
    config: &Config,
) {
    let (rate, burst) = (config.aws.max_requests_per_second, config.aws.burst);
    let (arithmetic, least) = arithmetic(&before.calls, &after.calls, rate, burst);
    tracing::warn!(
        account = after.account.as_ref().map_or("unknown", |account| account.as_str()),
        region = after.region.as_str(),
        took = %HumanDuration(round(took)),
        interval = %HumanDuration(after.interval),
        arithmetic,
        least = least.map(|least| HumanDuration(round(least)).to_string()),
        "a scan does not fit into its interval; raise scan.interval above what it took, or, if AWS \
         allows it, aws.max_requests_per_second, aws.concurrency or aws.max_in_flight"
    );
}

fn round(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// The calls between two counts, each operation with the time that it needs when `burst` calls
/// begin at once and the others at `rate` a second (0: no limit), and the longest of these times.
fn arithmetic(
    before: &CallCounts,
    after: &CallCounts,
    rate: f64,
    burst: u32,
) -> (String, Option<Duration>) {
    let mut text = String::new();
    let mut least: Option<Duration> = None;
    for (operation, counts) in &after.operations {
        let earlier = before.operations.get(operation).map_or(0, |counts| counts.requests);
        let calls = counts.requests.saturating_sub(earlier);
        if calls == 0 || *operation == Operation::GetCallerIdentity {
            continue;
        }
        let separator = if text.is_empty() { "" } else { "; " };
        let _ = write!(text, "{separator}{calls} × {}", operation.as_str());
        let paced = calls.saturating_sub(burst.into());
        if rate > 0.0 && paced > 0 {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let needs = Duration::from_secs_f64(paced as f64 / rate);
            let needs_words = HumanDuration(round(needs));
            let _ = write!(text, ": {burst} at once, {paced} ÷ {rate}/s = {needs_words}");
            least = least.max(Some(needs));
        }
    }
    (text, least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperationCounts;

    #[test]
    fn the_arithmetic_says_what_was_asked_and_how_long_that_takes_at_the_allowed_rate() {
        let counts = |scans, listings| {
            let requests = |requests| OperationCounts { requests, ..OperationCounts::default() };
            let mut counts = CallCounts::default();
            counts.operations.insert(Operation::ScanProvisionedProducts, requests(scans));
            let list = Operation::ListStackInstancesForProvisionedProduct;
            counts.operations.insert(list, requests(listings));
            counts
        };
        let (text, least) = arithmetic(&counts(50, 0), &counts(100, 605), 5.0, 5);
        assert_eq!(
            text,
            "605 × ListStackInstancesForProvisionedProduct: 5 at once, 600 ÷ 5/s = 2m; \
             50 × ScanProvisionedProducts: 5 at once, 45 ÷ 5/s = 9s"
        );
        assert_eq!(least, Some(Duration::from_secs(120)));
        let (text, least) = arithmetic(&counts(0, 0), &counts(1, 0), 0.0, 5);
        assert_eq!((text.as_str(), least), ("1 × ScanProvisionedProducts", None));
    }
}
