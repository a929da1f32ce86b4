"""A client that nobody here wrote: boto3 walks through a simulated organisation.

Usage: python boto3_fleet.py ENDPOINT_URL ACCESS_KEY SECRET REGION ROLE EXTERNAL_ID

Prints one JSON document: the accounts, by the list and by the tree, their regions, what each
account holds when its role is assumed, and the error code of each request that has to be refused.
"""

import datetime
import json
import sys

import boto3
import botocore.config

from boto3_client import ACCOUNT_LEVEL, pages, refusal

ENABLED = ["ENABLED", "ENABLED_BY_DEFAULT"]


def walk(organizations, parent):
    """The account ids below a root or unit, by its path of units."""
    accounts = organizations.get_paginator("list_accounts_for_parent")
    children = organizations.get_paginator("list_children")
    tree = {
        "accounts": [
            account["Id"]
            for page in accounts.paginate(ParentId=parent)
            for account in page["Accounts"]
        ],
        "children": [
            child["Id"]
            for page in children.paginate(ParentId=parent, ChildType="ACCOUNT")
            for child in page["Children"]
        ],
    }
    units = children.paginate(ParentId=parent, ChildType="ORGANIZATIONAL_UNIT")
    tree["units"] = {
        child["Id"]: walk(organizations, child["Id"])
        for page in units
        for child in page["Children"]
    }
    return tree


def main(endpoint_url, access_key, secret, region, role, external_id):
    common = {
        "endpoint_url": endpoint_url,
        "config": botocore.config.Config(
            parameter_validation=False, retries={"total_max_attempts": 1}
        ),
    }
    hub = {**common, "aws_access_key_id": access_key, "aws_secret_access_key": secret}
    organizations = boto3.client("organizations", region_name="us-east-1", **hub)
    sts = boto3.client("sts", region_name=region, **hub)

    def assumed(account, **more):
        arn = f"arn:aws:iam::{account}:role/{role}"
        return sts.assume_role(RoleArn=arn, RoleSessionName="boto3", **more)

    def session(account):
        given = assumed(account, ExternalId=external_id)["Credentials"]
        left = given["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
        settings = {
            **common,
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return settings, left.total_seconds()

    listed = [
        account
        for page in organizations.get_paginator("list_accounts").paginate()
        for account in page["Accounts"]
    ]
    members = {}
    for account in listed[1:]:
        settings, left = session(account["Id"])
        listing = boto3.client("account", region_name="us-east-1", **settings)
        regions = [
            entry["RegionName"]
            for page in listing.get_paginator("list_regions").paginate(
                RegionOptStatusContains=ENABLED, PaginationConfig={"PageSize": 7}
            )
            for entry in page["Regions"]
        ]
        caller = boto3.client("sts", region_name=region, **settings).get_caller_identity()
        catalog = boto3.client("servicecatalog", region_name=region, **settings)
        scan = catalog.scan_provisioned_products
        members[account["Id"]] = {
            "name": account["Name"],
            "state": [account["Status"], account["State"]],
            "arn": caller["Arn"],
            "left": left,
            "regions": regions,
            "ids": [
                product["Id"]
                for product in pages(
                    scan, "ProvisionedProducts", AccessLevelFilter=ACCOUNT_LEVEL
                )
            ],
        }
    first = listed[1]["Id"]
    settings, _ = session(first)
    without_token = {key: settings[key] for key in settings if key != "aws_session_token"}
    member = boto3.client("organizations", region_name="us-east-1", **settings)
    bare = boto3.client("servicecatalog", region_name=region, **without_token)
    closed = boto3.client("servicecatalog", region_name="ap-east-1", **settings)
    regions = boto3.client("account", region_name="us-east-1", **hub).list_regions
    return {
        "listed": [account["Id"] for account in listed],
        "managed_by": sorted({account["Arn"].split(":")[4] for account in listed}),
        "tree": walk(organizations, "r-ab12"),
        "members": members,
        "all_regions": len(regions(MaxResults=50)["Regions"]),
        "errors": {
            "no_external_id": refusal(assumed, account=first),
            "wrong_external_id": refusal(assumed, account=first, ExternalId="wrong"),
            "unknown_role": refusal(assumed, account="999999999999", ExternalId=external_id),
            "too_long": refusal(
                assumed, account=first, ExternalId=external_id, DurationSeconds=43200
            ),
            "too_short": refusal(
                assumed, account=first, ExternalId=external_id, DurationSeconds=60
            ),
            "without_token": refusal(bare.scan_provisioned_products),
            "closed_region": refusal(closed.scan_provisioned_products),
            "asked_by_a_member": refusal(member.list_accounts),
            "no_such_parent": refusal(
                organizations.list_children,
                ParentId="ou-ab12-99999999",
                ChildType="ACCOUNT",
            ),
            "page_size": refusal(organizations.list_accounts, MaxResults=21),
            "regions_page_size": refusal(regions, MaxResults=51),
            "regions_of_a_stranger": refusal(regions, AccountId="999999999999"),
        },
    }


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    json.dump(main(*sys.argv[1:]), sys.stdout, indent=2, sort_keys=True)
    print()
