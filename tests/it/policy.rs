//! The printed policies allow exactly what a run calls, by each identity, and a linter that nobody
//! here wrote finds nothing wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use servicecatalog_exporter::sim::{
    ACCESS_KEY_ID, Call, Fleet, Hub, Operation, ProvisionedProduct, REGION, Role, Simulator,
    StackInstance, World,
};

use crate::process::program::exporter;
use crate::support::foreign::{python, run};

/// The role that lists the organisation, where it is not the hub.
const READER: &str = "arn:aws:iam::123456789012:role/OrganizationReader";
const EXPORTER: &str = "arn:aws:iam::111111111111:role/service/Exporter";

/// A configuration, and the world that it is for.
struct Case {
    name: &'static str,
    world: World,
    yaml: String,
}

/// Something in each account and region that makes every operation that is switched on happen.
fn furnish(world: &mut World, account: &str, region: &str) {
    let set = ProvisionedProduct::stack_set(9_000, StackInstance::current(1));
    world.add(account, region, set.at(account, region));
    world.add(account, region, ProvisionedProduct::tainted(9_001).at(account, region));
}

fn cases() -> Vec<Case> {
    const ALL: &str = "enrich: {names_and_tags: true}\n";
    const NONE: &str = "enrich: {records: off}\n";
    let fleet = Fleet { external_id: Some("open-sesame".into()), ..Fleet::default() };
    let by_member = Fleet { hub: Hub::Member, ..fleet.clone() };
    let world = |fleet: &Fleet| {
        let mut world = World::fleet(fleet);
        for n in 0..fleet.accounts {
            furnish(&mut world, &Fleet::account(n), REGION);
        }
        furnish(&mut world, Fleet::MANAGEMENT, REGION);
        world.add_role(Role { arn: READER.into(), ..Role::new(Fleet::MANAGEMENT, "x") });
        world
    };
    let target = |n: usize, regions: &str| {
        let arn = fleet.role_arn(&Fleet::account(n));
        format!("  - {{role_arn: '{arn}', external_id: open-sesame, regions: {regions}}}\n")
    };
    let organization = |more: &str| {
        let role = &fleet.role;
        format!("organization: {{role_name: {role}, external_id: open-sesame, {more}}}\n")
    };
    let listed = format!("regions: [{REGION}]");
    let (first, second) = (Fleet::unit(0), Fleet::unit(1));
    let reader = format!(
        "regions: auto, management_role_arn: '{READER}', exclude_accounts: ['{}']",
        Fleet::MANAGEMENT
    );
    let case = |name, fleet: &Fleet, yaml: String| {
        let yaml = yaml + "aws: {max_requests_per_second: 100}\n";
        Case { name, world: world(fleet), yaml }
    };
    vec![
        case("ambient only", &fleet, NONE.into()),
        case("ambient only, enriched", &fleet, ALL.into()),
        case("ambient in every region", &fleet, "targets: [{regions: auto}]\n".into()),
        case(
            "roles and the ambient identity",
            &fleet,
            format!(
                "{ALL}targets:\n{}{}  - regions: [{REGION}]\n",
                target(0, &format!("[{REGION}]")),
                target(1, &format!("[{REGION}, us-east-1]")),
            ),
        ),
        case("roles alone", &fleet, format!("{NONE}targets:\n{}", target(2, "auto"))),
        case("an organisation", &fleet, organization(&listed)),
        case(
            "an organisation without a unit",
            &fleet,
            NONE.to_owned() + &organization(&format!("{listed}, exclude_ous: [{second}]")),
        ),
        case("an organisation through a role", &by_member, ALL.to_owned() + &organization(&reader)),
        case(
            "units of an organisation through a role",
            &by_member,
            NONE.to_owned() + &organization(&format!("{reader}, include_ous: [{first}]")),
        ),
        case(
            "units of an organisation, an account besides, through a role",
            &by_member,
            organization(&format!(
                "{reader}, include_ous: [{first}], include_accounts: ['{}']",
                Fleet::account(1)
            )),
        ),
    ]
}

/// The documents by the name of their part.
async fn printed(yaml: &str) -> BTreeMap<String, Value> {
    let program = exporter(&["print-iam-policy", "--exporter-role-arn", EXPORTER]);
    let ended = program.config(yaml).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr, [""; 0]);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// What a document allows.
fn actions(document: &Value) -> BTreeSet<String> {
    let statements = document["Statement"].as_array().unwrap().iter();
    let texts = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        action => vec![action.clone()],
    });
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Whose call it was, by the name of the part that has to allow it.
fn part(call: &Call, reader_lists: bool) -> &'static str {
    match (call.access_key.as_deref(), call.account.as_deref()) {
        (Some(ACCESS_KEY_ID), _) => "hub",
        (_, Some(Fleet::MANAGEMENT)) if reader_lists => "management",
        _ => "member",
    }
}

fn action(operation: Operation) -> String {
    format!("{}:{}", operation.signing_name(), operation.name())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_name_exactly_the_operations_that_a_run_calls_by_each_identity() {
    for Case { name, world, yaml } in cases() {
        let simulator = Simulator::start(world).await.unwrap();
        let ran = exporter(&["scan"]).config(&yaml).scanning(&simulator).run().await;
        assert_eq!(ran.status.code(), Some(0), "{name}: {:?}", ran.stderr);
        let mut called: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut assumed = BTreeSet::new();
        for call in simulator.calls() {
            let operation = call.operation.unwrap();
            if operation == Operation::AssumeRole {
                assumed.insert(call.about.clone().unwrap());
            }
            // Everybody may ask who he is: "No permissions are required" (STS API reference).
            if operation != Operation::GetCallerIdentity {
                let whose = part(&call, yaml.contains(READER)).to_owned();
                called.entry(whose).or_default().insert(action(operation));
            }
        }
        let mut documents = printed(&yaml).await;
        let trust = documents.remove("trust");
        let allowed: BTreeMap<_, _> =
            documents.iter().map(|(part, document)| (part.clone(), actions(document))).collect();
        assert_eq!(allowed, called, "{name}");
        assert_eq!(trust.is_some(), !assumed.is_empty(), "{name}");
        let roles = roles_of(&documents["hub"]);
        for arn in &assumed {
            let fits = |role: &String| match role.split_once('*') {
                Some((head, tail)) => arn.starts_with(head) && arn.ends_with(tail),
                None => arn == role,
            };
            assert!(roles.iter().any(fits), "{name}: {arn} is none of {roles:?}");
        }
    }
}

/// The roles that a document allows to assume.
fn roles_of(document: &Value) -> Vec<String> {
    let statements = document["Statement"].as_array().unwrap().iter();
    let assuming = statements.filter(|statement| statement["Action"] == "sts:AssumeRole");
    let roles = assuming.flat_map(|statement| statement["Resource"].as_array().unwrap());
    roles.map(|role| role.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_is_for_the_exporter_alone_who_says_the_external_id() {
    for Case { name, yaml, .. } in cases() {
        let Some(trust) = printed(&yaml).await.remove("trust") else { continue };
        let expected = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "TrustExporter",
                "Effect": "Allow",
                "Principal": { "AWS": EXPORTER },
                "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "sts:ExternalId": "open-sesame" } },
            }],
        });
        assert_eq!(trust, expected, "{name}");
    }
}

/// What parliament finds in each of these policies.
async fn findings(policies: &[Value]) -> Vec<Vec<Value>> {
    let mut linter = python();
    linter.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy_linter.py"));
    let ran = run(linter, serde_json::to_vec(policies).unwrap()).await;
    let lacks = ran.stderr.contains("No module named");
    assert!(!lacks, "parliament is missing: install it with `make tools`\n{}", ran.stderr);
    assert!(ran.status.success(), "parliament says {}", ran.stderr);
    let findings: Vec<Vec<Value>> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(findings.len(), policies.len());
    findings
}

/// As parliament wants a policy: it knows no trust policies, which have no resource.
fn as_judged(part: &str, mut document: Value) -> Value {
    if part == "trust" {
        document["Statement"][0]["Resource"] = json!("arn:aws:iam::222222222222:role/Any");
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs parliament"]
async fn parliament_finds_nothing_wrong_with_any_policy() {
    let (mut names, mut policies) = (Vec::new(), Vec::new());
    for Case { name, yaml, .. } in cases() {
        for (part, document) in printed(&yaml).await {
            policies.push(as_judged(&part, document));
            names.push(format!("{name}, {part}"));
        }
    }
    assert!(names.len() > 20, "{names:?}");
    for (name, found) in names.iter().zip(findings(&policies).await) {
        assert_eq!(found, [Value::Null; 0], "{name}");
    }
}

/// No single scan asks for versions, so this is no case. The calls are about products, which are
/// the only resources that they know, and which nobody knows beforehand: all of them are `*`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs parliament"]
async fn parliament_finds_but_one_star_in_the_policy_for_versions() {
    let document = printed("versions: {refresh: 24h}\n").await.remove("hub").unwrap();
    let [found] = &findings(&[document]).await[..] else { panic!("one policy, one answer") };
    let [star] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&star["issue"], &star["severity"]), (&json!("RESOURCE_STAR"), &json!("LOW")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs parliament"]
async fn parliament_would_complain() {
    let documents = printed(&cases().pop().unwrap().yaml).await;
    let edited = |part: &str, old: &str, new: &str| {
        let text = documents[part].to_string();
        assert!(text.contains(old), "{text}");
        as_judged(part, serde_json::from_str(&text.replace(old, new)).unwrap())
    };
    let policies = [
        edited("member", "ListRegions", "ListRegion"),
        edited("member", "servicecatalog:accountLevel", "servicecatalog:accountsLevel"),
        edited("hub", "arn:aws:iam::", "arn:aws:s3:::"),
        edited("trust", EXPORTER, "Exporter"),
        edited("trust", "sts:ExternalId", "sts:External"),
        edited("management", "2012-10-17", "2012-10-18"),
    ];
    let found = findings(&policies).await;
    let issues: Vec<_> = found.iter().map(|found| found.first().map(|it| &it["issue"])).collect();
    let expected = [
        "UNKNOWN_ACTION",
        "UNKNOWN_CONDITION_FOR_ACTION",
        "RESOURCE_MISMATCH",
        "UNKNOWN_PRINCIPAL",
        "UNKNOWN_CONDITION_FOR_ACTION",
        "INVALID_VERSION",
    ];
    assert_eq!(format!("{issues:?}"), format!("{:?}", expected.map(|issue| Some(json!(issue)))));
}
