"""A client that nobody here wrote: boto3 looks at the simulated AWS.

Usage: python boto3_client.py ENDPOINT_URL ACCESS_KEY SECRET REGION

Prints one JSON document: who the caller is, the counts that it saw, and the error code of each
request that has to be refused.
"""

import collections
import json
import sys

import boto3
import botocore.config
import botocore.exceptions

ACCOUNT_LEVEL = {"Key": "Account", "Value": "self"}


def pages(operation, items, **parameters):
    """All items of an operation, page by page; a token seen before ends in an error."""
    seen = set()
    while True:
        answer = operation(**parameters)
        yield from answer[items]
        token = answer.get("NextPageToken")
        if token is None:
            return
        if token in seen:
            raise RuntimeError(f"page token {token!r} was given twice")
        seen.add(token)
        parameters["PageToken"] = token


def refusal(operation, **parameters):
    """The error code with which a request is refused, or None if it is answered."""
    try:
        operation(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def main(endpoint_url, access_key, secret, region):
    settings = {
        "endpoint_url": endpoint_url,
        "aws_access_key_id": access_key,
        "aws_secret_access_key": secret,
        "region_name": region,
        # No parameter validation: the server's limits are what is asked for.
        "config": botocore.config.Config(
            parameter_validation=False, retries={"total_max_attempts": 1}
        ),
    }
    catalog = boto3.client("servicecatalog", **settings)
    stranger = boto3.client("sts", **{**settings, "aws_access_key_id": "AKIAUNKNOWN"})
    scan = catalog.scan_provisioned_products
    listing = catalog.list_stack_instances_for_provisioned_product

    caller = boto3.client("sts", **settings).get_caller_identity()
    products = list(pages(scan, "ProvisionedProducts", AccessLevelFilter=ACCOUNT_LEVEL))
    stack_sets = [product["Id"] for product in products if product["Type"] == "CFN_STACKSET"]
    instances = [
        instance
        for product_id in stack_sets
        for instance in pages(listing, "StackInstances", ProvisionedProductId=product_id)
    ]
    search = catalog.search_provisioned_products
    ordered = {"AccessLevelFilter": ACCOUNT_LEVEL, "SortBy": "id", "SortOrder": "ASCENDING"}
    found = list(pages(search, "ProvisionedProducts", PageSize=100, **ordered))
    records = {
        product["Id"]: catalog.describe_record(Id=product["LastRecordId"])["RecordDetail"]
        for product in products
    }
    launched = sorted({product["ProductId"] for product in products if "ProductId" in product})
    versions = catalog.list_provisioning_artifacts
    as_admin = catalog.describe_product_as_admin
    a_stack = next(product["Id"] for product in products if product["Type"] == "CFN_STACK")

    return {
        "account": caller["Account"],
        "arn": caller["Arn"],
        "ids": sorted(product["Id"] for product in products),
        "names": sorted(product["Name"] for product in products),
        "by_status": collections.Counter(product["Status"] for product in products),
        "by_type": collections.Counter(product["Type"] for product in products),
        "instances_by_status": collections.Counter(
            instance["StackInstanceStatus"] for instance in instances
        ),
        "earliest": min(product["CreatedTime"] for product in products).isoformat(),
        "found_ids": [product["Id"] for product in found],
        "found_count": search(**ordered)["TotalResultsCount"],
        "product_names": collections.Counter(product.get("ProductName") for product in found),
        "vended": sorted(
            product["PhysicalId"]
            for product in found
            if product["Type"] == "CONTROL_TOWER_ACCOUNT" and "PhysicalId" in product
        ),
        "tags": {
            product["Id"]: {tag["Key"]: tag["Value"] for tag in product["Tags"]}
            for product in found
            if "Tags" in product
        },
        "records": {
            product_id: [
                record["ProvisionedProductId"],
                record["Status"],
                [error["Description"] for error in record["RecordErrors"]],
                record["UpdatedTime"] >= record["CreatedTime"],
            ]
            for product_id, record in records.items()
        },
        "versions": {
            product_id: [
                [version["Id"], version["Active"], version["Guidance"], version["Name"]]
                for version in versions(ProductId=product_id)["ProvisioningArtifactDetails"]
            ]
            for product_id in launched
        },
        "summaries": {
            product_id: [
                version["Id"]
                for version in as_admin(Id=product_id)["ProvisioningArtifactSummaries"]
            ]
            for product_id in launched
        },
        "at_user_level": sum(1 for _ in pages(scan, "ProvisionedProducts")),
        "errors": {
            "page_size": refusal(scan, AccessLevelFilter=ACCOUNT_LEVEL, PageSize=21),
            "forged_token": refusal(scan, AccessLevelFilter=ACCOUNT_LEVEL, PageToken="forged"),
            "unknown_product": refusal(listing, ProvisionedProductId="pp-nowhere"),
            "not_a_stack_set": refusal(listing, ProvisionedProductId=a_stack),
            "missing_id": refusal(listing),
            "search_page_size": refusal(search, PageSize=101, **ordered),
            "unknown_record": refusal(catalog.describe_record, Id="rec-nowhere"),
            "unknown_origin": refusal(versions, ProductId="prod-nowhere"),
            "no_end_user": refusal(catalog.describe_product, Id=launched[0]),
            "unknown_operation": refusal(catalog.list_portfolios),
            "unknown_caller": refusal(stranger.get_caller_identity),
        },
    }


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    json.dump(main(*sys.argv[1:]), sys.stdout, indent=2, sort_keys=True)
    print()
