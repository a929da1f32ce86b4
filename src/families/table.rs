//! The table: every family that is labelled by a target.

use crate::exposition::{Describe, Family, Kind};

/// The labels of a target.
pub(super) const TARGET: [&str; 2] = ["aws_account_id", "aws_region"];
/// The further labels of what products are counted by.
pub(super) const GROUP: [&str; 2] = ["provisioned_product_type", "product_id"];
/// The further labels of a provisioned product.
pub(super) const PRODUCT: [&str; 3] =
    ["provisioned_product_id", "provisioned_product_name", "provisioned_product_type"];

/// A HELP text of data that is older than the scrape.
macro_rules! cached {
    ($text:literal) => {
        concat!($text, " (cached; see servicecatalog_scan_last_success_timestamp_seconds)")
    };
}

/// Declares the families and the list of all of them. `T` and `P` stand for the label sets of the
/// contract.
macro_rules! families {
    ($($name:ident = $text:literal $kind:ident $labels:tt, $help:expr, $notes:expr;)+) => {
        $(pub(super) static $name: Family<{ families!(@count $labels) }> = Family {
            name: $text,
            kind: Kind::$kind,
            labels: families!(@labels $labels),
            help: $help,
            notes: $notes,
        };)+

        /// Every family of this table, in the order in which they are written.
        #[must_use]
        pub fn describe() -> Vec<Describe> {
            vec![$($name.describe()),+]
        }
    };
    (@labels (T $($rest:literal)*)) => { ["aws_account_id", "aws_region", $($rest),*] };
    (@labels (P $($rest:literal)*)) => {
        ["aws_account_id", "aws_region", "provisioned_product_id", "provisioned_product_name",
         "provisioned_product_type", $($rest),*]
    };
    (@count (T $($rest:literal)*)) => { 2 $(+ { let _ = $rest; 1 })* };
    (@count (P $($rest:literal)*)) => { 5 $(+ { let _ = $rest; 1 })* };
}

families! {
    PRODUCTS = "servicecatalog_provisioned_products" Gauge
        (T "provisioned_product_type" "product_id" "status"),
        cached!("Provisioned products by type, product and status."),
        "Every (type, product) of the served list × every known status, zeros included; a group whose last product is gone disappears.";
    TRANSITIONS = "servicecatalog_provisioned_product_transitions_total" Counter
        (T "provisioned_product_type" "product_id" "status"),
        "Provisioned products that entered a status between two product lists.",
        "Every (type, product) of the last list × every known status, from 0 on, also while that list is served no longer; a group whose last product is gone keeps what it counted, unless a target has more than 1,000 groups. A product counts that the list before shows in another status, or not at all. A first list counts nothing, see 16 below. Begins at 0 with each process.";
    STACK_INSTANCES = "servicecatalog_stack_instances" Gauge (T "status"),
        cached!("Stack instances by status, summed over the stack sets that are known."),
        "Absent while the product list is unknown, and for a target that has stack sets of which none is known.";

    SCAN_SUCCESS = "servicecatalog_scan_success" Gauge (T "stage"),
        "Whether that stage of the last finished scan attempt succeeded in full.",
        "0 before the first attempt.";
    SCAN_FAILURE_REASON = "servicecatalog_scan_failure_reason" Gauge (T "stage" "reason"),
        "Why that stage of the last finished scan attempt failed; always 1.",
        "Only while the stage's last attempt failed. The reasons are a closed set, see below.";
    SCAN_LAST_SUCCESS = "servicecatalog_scan_last_success_timestamp_seconds" Gauge (T "stage"),
        "Unix time at which the last scan attempt began in which that stage succeeded.",
        "0 before the first success.";
    SCAN_LAST_ATTEMPT = "servicecatalog_scan_last_attempt_timestamp_seconds" Gauge (T),
        "Unix time at which the last finished scan attempt began.",
        "0 before the first attempt has finished.";
    SCAN_NEXT_ATTEMPT = "servicecatalog_scan_next_attempt_timestamp_seconds" Gauge (T),
        "Unix time at which the next scan attempt is due.",
        "Always. Of a target that is denied again and again, when its pause ends.";
    SCAN_DURATION = "servicecatalog_scan_duration_seconds" Gauge (T "stage"),
        "How long that stage of the last finished scan attempt took.",
        "Absent before the stage's first attempt. The stages overlap: stack sets are listed while further pages of products are fetched.";
    SCAN_STALE = "servicecatalog_scan_stale" Gauge (T "stage"),
        "Whether the last finished attempt of that stage failed, so that what is served of it, if anything, is older.",
        "1 from the end of a failed attempt to the end of the next success, also when nothing is served any more. A listing that is reused because nothing changed does not count as failed.";
    SCANS = "servicecatalog_scans_total" Counter (T),
        "Finished scan attempts.",
        "0 from the start.";
    SCAN_FAILURES = "servicecatalog_scan_failures_total" Counter (T "stage"),
        "Finished scan attempts in which that stage failed.",
        "0 from the start; at most one an attempt and stage.";
    SCANS_SKIPPED = "servicecatalog_scans_skipped_total" Counter (T),
        "Scans that were due while the one before was still running.",
        "0 from the start.";
    SCAN_INTERVAL = "servicecatalog_scan_interval_seconds" Gauge (T),
        "Time between two scan attempts.",
        "Always, so that rules need no copy of the configuration. With `scan.pace: adaptive` that of the target, see 18 below.";
    SCAN_PRODUCTS = "servicecatalog_scan_provisioned_products" Gauge (T),
        cached!("Provisioned products in the served data."),
        "Absent while no product list is served.";
    SCAN_STACK_SETS = "servicecatalog_scan_stack_sets" Gauge (T),
        cached!("Stack sets in the served data."),
        "Absent while no product list is served.";
    SCAN_STACK_SETS_UNKNOWN = "servicecatalog_scan_stack_sets_unknown" Gauge (T),
        cached!("Stack sets in the served data that no listing describes."),
        "Absent while no product list is served.";
    SCAN_STACK_INSTANCES = "servicecatalog_scan_stack_instances" Gauge (T),
        cached!("Stack instances in the served data."),
        "Absent where `servicecatalog_stack_instances` is.";
    TARGET_INFO = "servicecatalog_target_info" Gauge (T "target_name" "account_name" "role_arn"),
        "What the configuration calls this target; always 1.",
        "Always. `account_name` is that of the organisation if none is configured. Names that nobody gives are empty; `role_arn` is empty for the exporter's own identity.";

    AWS_REQUESTS = "servicecatalog_aws_requests_total" Counter (T "operation"),
        "HTTP requests to AWS, retries included.",
        "From the first request on.";
    AWS_FAILURES = "servicecatalog_aws_request_failures_total" Counter (T "operation" "reason"),
        "HTTP requests to AWS that failed.",
        "From the first such failure on. The reasons are a closed set, see below.";
    AWS_RETRIES = "servicecatalog_aws_request_retries_total" Counter (T "operation"),
        "HTTP requests to AWS that repeated a failed one.",
        "From the first retry on.";
    AWS_LIMITER_WAIT = "servicecatalog_aws_rate_limiter_wait_seconds_total" Counter (T),
        "Time spent waiting for the exporter's own rate limit (aws.max_requests_per_second).",
        "From the first wait on.";

    ARTIFACT_INFO = "servicecatalog_provisioning_artifact_info" Gauge
        (T "product_id" "provisioning_artifact_id" "provisioning_artifact_name" "guidance" "active"),
        cached!("A version of a product, and whether it can and should be launched; always 1."),
        "With `versions`: of each product whose versions are known, those that provisioned products of the served list were launched from, and the newest one that is not inactive. `guidance` is DEFAULT (none is given) or DEPRECATED, `active` is true or false; both are empty where only DescribeProductAsAdmin answers. A version in use that AWS does not list any more was deleted, or is hidden because it is inactive: its `active` is false, its name and guidance are empty.";
    ARTIFACT_CREATED = "servicecatalog_provisioning_artifact_created_timestamp_seconds" Gauge
        (T "product_id" "provisioning_artifact_id"),
        cached!("Unix time at which a version of a product was created."),
        "Each version that has `servicecatalog_provisioning_artifact_info` and whose creation time AWS gives.";
    PRODUCTS_BY_ARTIFACT = "servicecatalog_provisioned_products_by_artifact" Gauge
        (T "product_id" "provisioning_artifact_id"),
        cached!("Provisioned products by the version that they were launched from."),
        "With `versions`: every (product, version) of the served list, whether its versions are known or not. Both labels are empty for provisioned products of which AWS names neither.";

    SERIES_DROPPED = "servicecatalog_series_dropped" Gauge (T "cause"),
        cached!("What the served data leaves out."),
        "Absent while no product list is served. `limit`: series above `max_instance_series` or `max_series`; `duplicate`: items that came again under the same id (the last one is kept); `no_id`: products with neither an id nor an ARN, counted but without series of their own.";

    INFO = "servicecatalog_provisioned_product_info" Gauge
        (P "product_id" "provisioning_artifact_id" "product_name" "provisioning_artifact_name" "vended_account_id"),
        cached!("What a provisioned product was launched from; always 1."),
        "Each product shown. The last three labels need `names_and_tags` (stage of that name) and are empty without; `vended_account_id` is that of a product of type CONTROL_TOWER_ACCOUNT. They keep their last known value when the stage fails.";
    STATUS = "servicecatalog_provisioned_product_status" Gauge (P "status"),
        cached!("Status of a provisioned product: 1 for the one that it has, 0 for the others."),
        "Each product shown, every known status.";
    STATUS_SINCE = "servicecatalog_provisioned_product_status_since_timestamp_seconds" Gauge (P),
        cached!("Unix time at which a provisioned product was first seen in its status."),
        "Each product shown that was seen to enter its status: the begin of the scan that saw it, so that it is exact to one scan. Absent where no list before showed the product in another status or not at all. Kept over restarts with `storage.path`.";
    CREATED = "servicecatalog_provisioned_product_created_timestamp_seconds" Gauge (P),
        cached!("Unix time at which a provisioned product was created."),
        "Each product shown whose creation time AWS gives.";
    LAST_SUCCEEDED = "servicecatalog_provisioned_product_last_provisioning_succeeded" Gauge (P),
        cached!("Whether the last provisioning of a product succeeded."),
        "Absent if AWS names no provisioning record, and while the product is UNDER_CHANGE or PLAN_IN_PROGRESS.";
    EVER_SUCCEEDED = "servicecatalog_provisioned_product_ever_succeeded" Gauge (P),
        cached!("Whether any provisioning of a product ever succeeded."),
        "Absent if AWS names no provisioning record, and while the product is UNDER_CHANGE or PLAN_IN_PROGRESS.";
    RECORD_CREATED = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds" Gauge (P),
        cached!("Unix time at which the last operation on a provisioned product that is not AVAILABLE began."),
        "With `records: problems` (default): each product shown that is not AVAILABLE and whose last record was read. Absent with `records: off`.";
    RECORD_UPDATED = "servicecatalog_provisioned_product_last_record_updated_timestamp_seconds" Gauge (P),
        cached!("Unix time at which the last operation on a provisioned product that is not AVAILABLE last moved."),
        "With `records: problems` (default): each product shown that is not AVAILABLE and whose last record was read. Absent with `records: off`.";
    TAGS = "servicecatalog_provisioned_product_tags" Gauge (T "provisioned_product_id"),
        cached!("Tags of a provisioned product; always 1."),
        "With `names_and_tags` and at least one configured tag: each product shown whose tags are known. The family has one more label for each configured tag: `tag_cost_center` with `tags: {CostCenter: cost_center}`, empty where the product has no such tag. It is the only family whose labels follow from the configuration.";
    PRODUCT_STACK_INSTANCES = "servicecatalog_provisioned_product_stack_instances" Gauge (P "status"),
        cached!("Stack instances of one stack set by status."),
        "Each stack set shown whose instances are known.";
    LISTED = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds" Gauge (P),
        cached!("Unix time at which the last successful listing of a stack set's instances began: the age of their counts."),
        "Each stack set shown whose instances are known.";
    INSTANCE_STATUS = "servicecatalog_stack_instance_status" Gauge
        (P "stack_account_id" "stack_region" "status"),
        cached!("A stack instance and its status; always 1."),
        "With `per_instance: problems` (default) the instances that are not CURRENT; `all`: every one; `none`: absent.";
}
