"""Serves moto's AWS on loopback, with an organisation in it, until standard input ends.

Prints one line of JSON: where it listens, and what the organisation is as boto3 sees it.
"""

import json
import logging
import sys

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"


def client(service):
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


organizations = client("organizations")
organizations.create_organization(FeatureSet="ALL")
root = organizations.list_roots()["Roots"][0]["Id"]


def unit(parent, name):
    made = organizations.create_organizational_unit(ParentId=parent, Name=name)
    return made["OrganizationalUnit"]["Id"]


workloads = unit(root, "workloads")
production = unit(workloads, "production")
sandbox = unit(root, "sandbox")

# More than the 20 that one page of Organizations holds.
placed = {workloads: [], production: [], sandbox: []}
for number in range(27):
    made = organizations.create_account(
        Email=f"account-{number}@example.com", AccountName=f"account-{number}"
    )
    account = made["CreateAccountStatus"]["AccountId"]
    parent = [workloads, production, sandbox][number % 3]
    organizations.move_account(
        AccountId=account, SourceParentId=root, DestinationParentId=parent
    )
    placed[parent].append(account)
closed = placed[sandbox][0]
organizations.close_account(AccountId=closed)

accounts = []
for page in organizations.get_paginator("list_accounts").paginate():
    accounts.extend(page["Accounts"])
management = organizations.describe_organization()["Organization"]["MasterAccountId"]

print(
    json.dumps(
        {
            "url": url,
            "management": management,
            "names": {account["Id"]: account["Name"] for account in accounts},
            "closed": closed,
            "workloads": workloads,
            "below_workloads": sorted(placed[workloads] + placed[production]),
            "unknown_unit": "ou-aaaa-aaaaaaaa",
        }
    ),
    flush=True,
)
sys.stdin.read()
server.stop()
