#!/usr/bin/env python3
"""What people write today: boto3, and gauges of prometheus_client.

It exports the families of a provisioned product and of its stack instances under the names that
METRICS.md gives them, of the account and region of the usual AWS environment. Stack sets are
listed one after the other, or by so many threads.
"""

import argparse
import collections
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.config
from prometheus_client import CollectorRegistry, Gauge, start_http_server

STATUSES = ["AVAILABLE", "UNDER_CHANGE", "TAINTED", "ERROR", "PLAN_IN_PROGRESS"]
INSTANCE_STATUSES = ["CURRENT", "OUTDATED", "INOPERABLE"]
SETTLED = {"AVAILABLE", "TAINTED", "ERROR"}
PAGE_SIZE = 20
TARGET = ["aws_account_id", "aws_region"]
PRODUCT = TARGET + ["provisioned_product_id", "provisioned_product_name", "provisioned_product_type"]


class Metrics:
    """The gauges, filled anew by each scan."""

    def __init__(self):
        self.registry = CollectorRegistry()
        prefix = "servicecatalog_provisioned_product"
        gauge = self._gauge
        self.products = gauge(f"{prefix}s", "Provisioned products.",
                              TARGET + ["provisioned_product_type", "product_id", "status"])
        self.info = gauge(f"{prefix}_info", "What a product was launched from; always 1.",
                          PRODUCT + ["product_id", "provisioning_artifact_id"])
        self.status = gauge(f"{prefix}_status", "Status of a product: 1 for the one it has.", PRODUCT + ["status"])
        self.created = gauge(f"{prefix}_created_timestamp_seconds", "When a product was created.", PRODUCT)
        self.last_succeeded = gauge(f"{prefix}_last_provisioning_succeeded",
                                    "Whether the last provisioning succeeded.", PRODUCT)
        self.ever_succeeded = gauge(f"{prefix}_ever_succeeded", "Whether any provisioning succeeded.", PRODUCT)
        self.of_stack_set = gauge(f"{prefix}_stack_instances", "Stack instances of one stack set.",
                                  PRODUCT + ["status"])
        self.listed = gauge(f"{prefix}_stack_instances_listed_timestamp_seconds",
                            "When the instances of a stack set were listed.", PRODUCT)
        self.instance = gauge("servicecatalog_stack_instance_status",
                              "A stack instance that is not CURRENT; always 1.",
                              PRODUCT + ["stack_account_id", "stack_region", "status"])
        self.instances = gauge("servicecatalog_stack_instances", "Stack instances.", TARGET + ["status"])
        self.scanned = gauge("servicecatalog_scan_last_success_timestamp_seconds", "When the last scan began.", TARGET)
        self.took = gauge("servicecatalog_scan_duration_seconds", "How long the last scan took.", TARGET)

    def _gauge(self, name, text, labels):
        return Gauge(name, text, labels, registry=self.registry)

    def fill(self, scan):
        """Takes the place of what was there: a product that is gone has no series any more."""
        for gauge in vars(self).values():
            if isinstance(gauge, Gauge):
                gauge.clear()
        counts = collections.Counter()
        for product in scan.products:
            self._product(scan, product)
            counts[product["Type"], product.get("ProductId", ""), product["Status"]] += 1
        for kind, product_id in {key[:2] for key in counts}:
            for status in STATUSES:
                count = counts[kind, product_id, status]
                self.products.labels(*scan.target, kind, product_id, status).set(count)
        totals = collections.Counter()
        for product in scan.products:
            if product["Id"] in scan.instances:
                totals.update(self._instances(scan, product))
        for status in INSTANCE_STATUSES:
            self.instances.labels(*scan.target, status).set(totals[status])
        self.scanned.labels(*scan.target).set(scan.began)
        self.took.labels(*scan.target).set(time.time() - scan.began)

    def _product(self, scan, product):
        labels = scan.labels(product)
        self.info.labels(*labels, product.get("ProductId", ""), product.get("ProvisioningArtifactId", "")).set(1)
        for status in STATUSES:
            self.status.labels(*labels, status).set(product["Status"] == status)
        self.created.labels(*labels).set(product["CreatedTime"].timestamp())
        last = product.get("LastProvisioningRecordId")
        if last and product["Status"] in SETTLED:
            good = product.get("LastSuccessfulProvisioningRecordId")
            self.last_succeeded.labels(*labels).set(last == good)
            self.ever_succeeded.labels(*labels).set(good is not None)

    def _instances(self, scan, product):
        labels, instances = scan.labels(product), scan.instances[product["Id"]]
        counts = collections.Counter(instance["StackInstanceStatus"] for instance in instances)
        for status in INSTANCE_STATUSES:
            self.of_stack_set.labels(*labels, status).set(counts[status])
        self.listed.labels(*labels).set(scan.began)
        for instance in instances:
            status = instance["StackInstanceStatus"]
            if status != "CURRENT":
                self.instance.labels(*labels, instance["Account"], instance["Region"], status).set(1)
        return counts

    def series(self):
        return sum(len(family.samples) for family in self.registry.collect())


class Scan:
    """All products of the account and region, and the instances of its stack sets."""

    def __init__(self, catalog, target, threads):
        self.began = time.time()
        self.catalog, self.target = catalog, target
        self.products, self.instances, self.calls = [], {}, 0
        if threads:
            with ThreadPoolExecutor(threads) as pool:
                listings = {}
                for product in self._all_products():
                    if product["Type"] == "CFN_STACKSET":
                        listings[product["Id"]] = pool.submit(self._list_instances, product["Id"])
                listed = {product_id: listing.result() for product_id, listing in listings.items()}
        else:
            stack_sets = [product["Id"] for product in self._all_products() if product["Type"] == "CFN_STACKSET"]
            listed = {product_id: self._list_instances(product_id) for product_id in stack_sets}
        for product_id, (instances, calls) in listed.items():
            self.instances[product_id] = instances
            self.calls += calls

    def _all_products(self):
        pages = self.catalog.get_paginator("scan_provisioned_products").paginate(
            AccessLevelFilter={"Key": "Account", "Value": "self"}, PaginationConfig={"PageSize": PAGE_SIZE}
        )
        for page in pages:
            self.calls += 1
            self.products += page["ProvisionedProducts"]
            yield from page["ProvisionedProducts"]

    def _list_instances(self, product_id):
        """boto3 has no paginator for this operation."""
        instances, calls, more = [], 0, {}
        while True:
            page = self.catalog.list_stack_instances_for_provisioned_product(
                ProvisionedProductId=product_id, PageSize=PAGE_SIZE, **more
            )
            calls += 1
            instances += page["StackInstances"]
            if not page.get("NextPageToken"):
                return instances, calls
            more = {"PageToken": page["NextPageToken"]}

    def labels(self, product):
        return (*self.target, product["Id"], product["Name"], product["Type"])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint-url", help="instead of AWS itself")
    parser.add_argument("--threads", type=int, default=0, help="that list stack sets; 0: one after the other")
    parser.add_argument("--listen", default="127.0.0.1:9100", help="HOST:PORT of /metrics")
    parser.add_argument("--interval", type=float, default=300, help="seconds from scan to scan")
    parser.add_argument("--once", action="store_true",
                        help="scan once, print what it took as a line of JSON, and end")
    return parser.parse_args()


def main():
    given = arguments()
    config = botocore.config.Config(max_pool_connections=max(10, given.threads + 1))
    # The variable that all other SDKs read; without it boto3 looks where it always does.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    catalog = session.client("servicecatalog", endpoint_url=given.endpoint_url, config=config)
    account = session.client("sts", endpoint_url=given.endpoint_url).get_caller_identity()["Account"]
    target = (account, catalog.meta.region_name)
    metrics = Metrics()

    wall, processor = time.monotonic(), time.process_time()
    scan = Scan(catalog, target, given.threads)
    metrics.fill(scan)
    if given.once:
        took = {"wall_seconds": time.monotonic() - wall, "cpu_seconds": time.process_time() - processor}
        print(json.dumps(took | {"calls": scan.calls, "series": metrics.series()}))
        return

    host, port = given.listen.rsplit(":", 1)
    start_http_server(int(port), addr=host, registry=metrics.registry)
    while True:
        time.sleep(given.interval)
        try:
            metrics.fill(Scan(catalog, target, given.threads))
        except Exception as error:  # the numbers of the last scan stay
            print(f"a scan failed: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
