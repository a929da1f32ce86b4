//! What the configuration says of what is shown of a snapshot.

use crate::config::{Config, Refresh};
use crate::families::{Shown, TagLabel};
use crate::snapshot::Terms;

/// What the configuration shows of a snapshot.
#[must_use]
pub fn shown_of(config: &Config) -> Shown {
    Shown {
        per_product: config.metrics.per_product,
        max_instance_series: config.metrics.max_instance_series,
        max_series: config.metrics.max_series,
        names_and_tags: config.enrich.names_and_tags,
        records: config.enrich.records,
        versions: config.versions.is_some(),
        tags: config.enrich.tags.iter().map(|(key, label)| TagLabel::new(key, label)).collect(),
    }
}

/// What the configuration says of what is kept and shown, for who asks why.
pub(super) fn terms_of(config: &Config) -> Terms {
    let (scan, metrics) = (&config.scan, &config.metrics);
    let changed = scan.stack_instances.refresh == Refresh::Changed;
    Terms {
        serve_stale_for: scan.serve_stale_for,
        max_age: changed.then_some(scan.stack_instances.max_age),
        shard: config.shard.ordinal,
        shards: config.shard.total,
        per_product: metrics.per_product,
        per_instance: metrics.per_instance,
        max_instance_series: metrics.max_instance_series,
        max_series: metrics.max_series,
    }
}
