use std::time::Duration;

use super::*;
use crate::config::{Defaults, Events, Organization, TargetSpec, Versions};
use crate::model::{AccountId, Region, RoleName, SessionName};

fn config() -> Config {
    let mut config = Config::defaults(Defaults::Production);
    config.enrich.records = false;
    config
}

fn role(arn: &str, external_id: Option<&str>) -> AssumeRole {
    AssumeRole {
        arn: RoleArn::parse(arn).unwrap(),
        external_id: external_id.map(|id| ExternalId::parse(id).unwrap()),
        session_name: SessionName::default(),
    }
}

fn target(role: Option<AssumeRole>, regions: Regions) -> TargetSpec {
    TargetSpec { name: String::new(), regions, role, account_name: String::new() }
}

fn listed() -> Regions {
    Regions::Listed(vec![Region::parse("eu-central-1").unwrap()])
}

fn auto() -> Regions {
    Regions::Auto { exclude: Vec::new() }
}

fn events() -> Events {
    let url = "https://sqs.eu-central-1.amazonaws.com";
    Events {
        queue_url: format!("{url}/111111111111/events"),
        endpoint_url: url.into(),
        region: Region::parse("eu-central-1").unwrap(),
        account: AccountId::parse("111111111111").unwrap(),
        name: "events".into(),
        of_shard: false,
        insecure: false,
    }
}

fn organization() -> Organization {
    Organization {
        role_name: RoleName::parse("path/Exporter").unwrap(),
        external_id: None,
        session_name: SessionName::default(),
        regions: listed(),
        include_ous: Vec::new(),
        exclude_ous: Vec::new(),
        include_accounts: Vec::new(),
        exclude_accounts: Vec::new(),
        refresh: Duration::from_secs(3600),
        management_role: None,
    }
}

/// Every action that a document allows, in order.
fn actions(document: &Value) -> Vec<&str> {
    let statements = document["Statement"].as_array().unwrap();
    let mut actions = Vec::new();
    for statement in statements {
        match &statement["Action"] {
            Value::String(action) => actions.push(action.as_str()),
            list => actions.extend(list.as_array().unwrap().iter().filter_map(Value::as_str)),
        }
    }
    actions
}

const SCAN: &str = "servicecatalog:ScanProvisionedProducts";
const INSTANCES: &str = "servicecatalog:ListStackInstancesForProvisionedProduct";

#[test]
fn without_any_target_the_exporter_needs_its_own_account_only() {
    let needs = Needs::of(&config(), "aws");
    let expected = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ReadProvisionedProducts",
            "Effect": "Allow",
            "Action": [INSTANCES, SCAN],
            "Resource": "*",
            "Condition": { "StringEquals": { "servicecatalog:accountLevel": "self" } },
        }],
    });
    assert_eq!(hub(&needs), expected);
    let hub = RoleArn::parse("arn:aws:iam::111111111111:role/Hub").unwrap();
    assert_eq!((member(&needs), management(&needs), trust(&needs, &hub)), (None, None, None));
}

#[test]
fn what_is_switched_on_is_allowed_and_nothing_else() {
    let mut config = config();
    config.enrich.names_and_tags = true;
    config.enrich.records = true;
    let document = hub(&Needs::of(&config, "aws"));
    let search = "servicecatalog:SearchProvisionedProducts";
    assert_eq!(actions(&document), ["servicecatalog:DescribeRecord", INSTANCES, SCAN, search]);
    assert_eq!(document["Statement"].as_array().unwrap().len(), 1, "all of them know the level");
}

#[test]
fn versions_are_told_by_calls_that_know_no_level() {
    let mut config = config();
    config.versions = Some(Versions { refresh: Duration::from_secs(24 * 60 * 60) });
    let document = hub(&Needs::of(&config, "aws"));
    let ways = ["DescribeProduct", "DescribeProductAsAdmin", "ListProvisioningArtifacts"];
    let ways = ways.map(|name| format!("servicecatalog:{name}"));
    assert_eq!(actions(&document)[2..], ways);
    let statement = &document["Statement"][1];
    assert_eq!(statement["Action"], json!(ways));
    assert!(statement.get("Condition").is_none(), "with it, all of them would be denied");
}

#[test]
fn listed_roles_are_assumed_by_their_arn_and_read_what_the_hub_need_not() {
    let mut config = config();
    let (one, two) = ("arn:aws:iam::222222222222:role/A", "arn:aws:iam::333333333333:role/p/B");
    config.targets =
        vec![target(Some(role(one, None)), auto()), target(Some(role(two, None)), listed())];
    let needs = Needs::of(&config, "aws");
    let document = hub(&needs);
    assert_eq!(actions(&document), ["sts:AssumeRole"]);
    assert_eq!(document["Statement"][0]["Resource"], json!([one, two]));
    assert_eq!(actions(&member(&needs).unwrap()), [INSTANCES, SCAN, "account:ListRegions"]);
    config.targets.push(target(None, listed()));
    assert_eq!(actions(&hub(&Needs::of(&config, "aws"))), ["sts:AssumeRole", INSTANCES, SCAN]);
}

#[test]
fn an_organisation_is_listed_by_the_hub_or_by_its_management_role() {
    let mut config = config();
    config.organization = Some(organization());
    let needs = Needs::of(&config, "aws-cn");
    let document = hub(&needs);
    let all = ["sts:AssumeRole", INSTANCES, SCAN, "organizations:ListAccounts"];
    assert_eq!(actions(&document), all);
    let roles = json!(["arn:aws-cn:iam::*:role/path/Exporter"]);
    assert_eq!(document["Statement"][0]["Resource"], roles);

    let manager = "arn:aws-cn:iam::999999999999:role/Reader";
    let organization = config.organization.as_mut().unwrap();
    organization.management_role = Some(role(manager, None));
    organization.include_ous = vec!["ou-abcd-12345678".into()];
    let needs = Needs::of(&config, "aws-cn");
    assert_eq!(actions(&hub(&needs)), ["sts:AssumeRole", INSTANCES, SCAN]);
    assert!(needs.assumed.contains(manager));
    let below = ["organizations:ListAccountsForParent", "organizations:ListChildren"];
    assert_eq!(actions(&management(&needs).unwrap()), below);

    // Accounts besides those below the units are known from the whole list only.
    let organization = config.organization.as_mut().unwrap();
    organization.include_accounts = vec![AccountId::parse("222222222222").unwrap()];
    let management = management(&Needs::of(&config, "aws-cn")).unwrap();
    assert!(actions(&management).contains(&"organizations:ListAccounts"));
}

#[test]
fn trust_is_for_the_hub_alone_and_asks_for_the_external_id_that_is_configured() {
    let hub = RoleArn::parse("arn:aws:iam::111111111111:role/Hub").unwrap();
    let mut config = config();
    let arn = "arn:aws:iam::222222222222:role/A";
    config.targets = vec![target(Some(role(arn, None)), listed())];
    let document = trust(&Needs::of(&config, "aws"), &hub).unwrap();
    let statement = &document["Statement"][0];
    assert_eq!(statement["Principal"], json!({ "AWS": hub.as_str() }));
    assert!(statement.get("Condition").is_none());
    config.targets = vec![target(Some(role(arn, Some("open-sesame"))), listed())];
    let needs = Needs::of(&config, "aws");
    let document = trust(&needs, &hub).unwrap();
    let condition = &document["Statement"][0]["Condition"];
    assert_eq!(*condition, json!({ "StringEquals": { "sts:ExternalId": "open-sesame" } }));
    assert!(!format!("{needs:?}").contains("sesame"), "shown to nobody but who asks for it");
}

#[test]
fn the_queue_of_events_is_read_by_the_hub_and_no_other_queue_is() {
    let mut config = config();
    let arn = "arn:aws:iam::222222222222:role/A";
    config.targets = vec![target(Some(role(arn, None)), listed())];
    config.events = Some(events());
    let needs = Needs::of(&config, "aws");
    let expected = json!({
        "Sid": "ReadEvents",
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:ReceiveMessage"],
        "Resource": "arn:aws:sqs:eu-central-1:111111111111:events",
    });
    assert_eq!(hub(&needs)["Statement"][1], expected);
    assert_eq!(actions(&member(&needs).unwrap()), [INSTANCES, SCAN]);
}

#[test]
fn what_may_be_called_is_what_the_documents_allow_and_who_am_i() {
    let mut config = config();
    config.enrich.records = true;
    config.events = Some(events());
    config.organization = Some(Organization {
        regions: auto(),
        exclude_ous: vec!["ou-abcd-12345678".into()],
        management_role: Some(role("arn:aws:iam::999999999999:role/Reader", None)),
        ..organization()
    });
    let needs = Needs::of(&config, "aws");
    let documents = [hub(&needs), member(&needs).unwrap(), management(&needs).unwrap()];
    let allowed: BTreeSet<_> = documents.iter().flat_map(actions).collect();
    let mut called: BTreeSet<_> =
        operations(&config).into_iter().map(Operation::iam_action).collect();
    assert!(called.remove("sts:GetCallerIdentity"));
    assert_eq!(called, allowed);
}
