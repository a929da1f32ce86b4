//! Versions of products: who is told them by which call.

use super::*;

const LISTED: Operation = Operation::ListProvisioningArtifacts;
const PRODUCT: Operation = Operation::DescribeProduct;
const AS_ADMIN: Operation = Operation::DescribeProductAsAdmin;

fn world(access: Access) -> World {
    let mut world = world_of(1);
    let versions = vec![
        Version::active("pa-1", 1_600_000_000.125).deprecated(),
        Version::active("pa-2", 1_700_000_000.0).named("v2").inactive(),
    ];
    world.catalog_mut(ACCOUNT, REGION).offer("prod-1", Offer { access, versions });
    world
}

/// What is asked about `prod-1`, and the list in its answer.
fn asked(operation: Operation) -> (Value, &'static str) {
    match operation {
        LISTED => (json!({"ProductId": "prod-1"}), "ProvisioningArtifactDetails"),
        PRODUCT => (json!({"Id": "prod-1"}), "ProvisioningArtifacts"),
        _ => (json!({"Id": "prod-1"}), "ProvisioningArtifactSummaries"),
    }
}

#[test]
fn each_call_answers_those_that_it_is_for_and_hides_the_product_from_the_others() {
    for (access, answers) in [
        (Access::Owner, [true, false, true]),
        (Access::EndUser, [false, true, false]),
        (Access::Imported, [false, false, true]),
        (Access::Nobody, [false; 3]),
    ] {
        let mut world = world(access);
        for (operation, answers) in [LISTED, PRODUCT, AS_ADMIN].into_iter().zip(answers) {
            let (input, list) = asked(operation);
            if answers {
                assert!(page_of(&mut world, operation, &input)[list].is_array(), "{access:?}");
            } else {
                let code = code_of(&mut world, operation, &input);
                assert_eq!(code, "ResourceNotFoundException", "{access:?} {operation:?}");
            }
        }
    }
}

#[test]
fn each_call_says_of_a_version_what_its_model_has_and_an_end_user_sees_the_active_ones() {
    let listed = page_of(&mut world(Access::Owner), LISTED, &asked(LISTED).0);
    let expected = json!({"ProvisioningArtifactDetails": [
        {"Active": true, "CreatedTime": 1_600_000_000.125, "Guidance": "DEPRECATED", "Id": "pa-1",
         "Name": "v1", "Type": "CLOUD_FORMATION_TEMPLATE"},
        {"Active": false, "CreatedTime": 1_700_000_000.0, "Guidance": "DEFAULT", "Id": "pa-2",
         "Name": "v2", "Type": "CLOUD_FORMATION_TEMPLATE"},
    ]});
    assert_eq!(listed, expected);
    let product = page_of(&mut world(Access::EndUser), PRODUCT, &asked(PRODUCT).0);
    assert_eq!(product["ProductViewSummary"]["ProductId"], "prod-1");
    let expected = json!([
        {"CreatedTime": 1_600_000_000.125, "Guidance": "DEPRECATED", "Id": "pa-1", "Name": "v1"},
    ]);
    assert_eq!(product["ProvisioningArtifacts"], expected);
    let product = page_of(&mut world(Access::Imported), AS_ADMIN, &asked(AS_ADMIN).0);
    let expected = json!([
        {"CreatedTime": 1_600_000_000.125, "Id": "pa-1", "Name": "v1"},
        {"CreatedTime": 1_700_000_000.0, "Id": "pa-2", "Name": "v2"},
    ]);
    assert_eq!(product["ProvisioningArtifactSummaries"], expected);
}

#[test]
fn a_product_of_which_nothing_was_said_has_the_versions_that_are_in_use() {
    let mut world = world_of(12);
    let id = |n: usize| format!("prod-{n:013}");
    let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
    products[5].provisioning_artifact_id = Some("pa-other".into());
    let listed = page_of(&mut world, LISTED, &json!({"ProductId": id(0)}));
    let listed = listed["ProvisioningArtifactDetails"].as_array().unwrap().clone();
    let ids: Vec<_> = listed.iter().map(|version| version["Id"].clone()).collect();
    assert_eq!(ids, ["pa-0000000000000", "pa-other"]);
    assert_eq!(
        code_of(&mut world, LISTED, &json!({"ProductId": id(9)})),
        "ResourceNotFoundException"
    );
    assert_eq!(code_of(&mut world, LISTED, &json!({})), "ValidationException");
    assert_eq!(code_of(&mut world, PRODUCT, &json!({})), "InvalidParametersException");
}

#[test]
fn faults_strike_these_calls_by_operation_and_by_what_they_are_about() {
    let mut world = world_of(2);
    let first = "prod-0000000000000";
    world.inject(Fault::new(What::Denied).on(LISTED).about(first));
    let about = |n: usize| json!({"ProductId": format!("prod-{n:013}")});
    assert_eq!(code_of(&mut world, LISTED, &about(0)), "AccessDeniedException");
    page_of(&mut world, LISTED, &about(1));
    page_of(&mut world, AS_ADMIN, &json!({"Id": first}));
}
