"""Names of families that more than one query asks for, and what is asked of their labels."""

from . import states
from .promql import differs, equals, none_of, one_of

# Provisioned products.
PRODUCTS = "servicecatalog_provisioned_products"
PRODUCT_INFO = "servicecatalog_provisioned_product_info"
STATUS = "servicecatalog_provisioned_product_status"
CREATED = "servicecatalog_provisioned_product_created_timestamp_seconds"
BEGAN = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds"
MOVED = "servicecatalog_provisioned_product_last_record_updated_timestamp_seconds"
EVER_SUCCEEDED = "servicecatalog_provisioned_product_ever_succeeded"
LAST_SUCCEEDED = "servicecatalog_provisioned_product_last_provisioning_succeeded"
TAGS = "servicecatalog_provisioned_product_tags"
ENTERED = "servicecatalog_provisioned_product_transitions_total"
SINCE = "servicecatalog_provisioned_product_status_since_timestamp_seconds"

# Versions of what they were launched from.
VERSION_INFO = "servicecatalog_provisioning_artifact_info"
VERSION_CREATED = "servicecatalog_provisioning_artifact_created_timestamp_seconds"
ON_VERSION = "servicecatalog_provisioned_products_by_artifact"

# Stack instances.
INSTANCES = "servicecatalog_stack_instances"
OF_STACK_SET = "servicecatalog_provisioned_product_stack_instances"
LISTED = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds"
INSTANCE = "servicecatalog_stack_instance_status"

# Scans.
TARGET_INFO = "servicecatalog_target_info"
SUCCEEDED = "servicecatalog_scan_last_success_timestamp_seconds"
STALE = "servicecatalog_scan_stale"
REASON = "servicecatalog_scan_failure_reason"
NEXT = "servicecatalog_scan_next_attempt_timestamp_seconds"
TOOK = "servicecatalog_scan_duration_seconds"
SKIPPED = "servicecatalog_scans_skipped_total"
KNOWN = "servicecatalog_scan_provisioned_products"
DROPPED = "servicecatalog_series_dropped"

# Calls of AWS.
REQUESTS = "servicecatalog_aws_requests_total"
FAILURES = "servicecatalog_aws_request_failures_total"
WAITED = "servicecatalog_aws_rate_limiter_wait_seconds_total"
DURATION = "servicecatalog_aws_request_duration_seconds"

# The process.
READY = "servicecatalog_exporter_ready"
DISCOVERY = "servicecatalog_organization_discovery"
RELOADED = "servicecatalog_exporter_config_last_reload"
EVENTS = "servicecatalog_exporter_events"
STORAGE = "servicecatalog_exporter_storage"

OF_PRODUCTS = equals("stage", "products")
READ = one_of("stage", ["products", "stack_instances"])
OF_VERSIONS = equals("stage", "versions")
# Those that every scan has: versions are asked for in their own time.
OF_SCANS = differs("stage", "versions")
BEHIND = one_of("status", ["OUTDATED", "INOPERABLE"])
UNHEALTHY = one_of("status", ["TAINTED", "ERROR"])
NOT_CURRENT = differs("status", "CURRENT")
ENDED = one_of("status", ["AVAILABLE", "TAINTED", "ERROR"])
OTHER = none_of("status", states.PRODUCT_CODES)
CATALOG = 'product_id=~"$catalog_product"'
THROTTLED = equals("reason", "throttled")
