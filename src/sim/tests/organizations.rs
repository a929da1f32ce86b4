//! The organisation, the regions of its accounts, and fleets of them.

use super::*;

const ACCOUNTS: Operation = Operation::ListAccounts;
const IN_PARENT: Operation = Operation::ListAccountsForParent;
const CHILDREN: Operation = Operation::ListChildren;
const REGIONS: Operation = Operation::ListRegions;

/// All items of a list, page by page, and the sizes of the pages.
fn all(
    world: &mut World,
    operation: Operation,
    items: &str,
    mut input: Value,
) -> (Vec<Value>, Vec<usize>) {
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = page_of(world, operation, &input);
        let shown = page[items].as_array().unwrap();
        found.extend_from_slice(shown);
        sizes.push(shown.len());
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => return (found, sizes),
        }
    }
}

fn texts(items: &[Value], key: &str) -> Vec<String> {
    items.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

fn reason_of(world: &mut World, operation: Operation, input: &Value) -> String {
    let error = json_of(&ask(world, operation, input));
    assert_eq!(error["__type"], "InvalidInputException", "{error}");
    error["Reason"].as_str().unwrap().to_owned()
}

#[test]
fn all_accounts_are_listed_in_pages_of_twenty() {
    let mut world = World::fleet(&Fleet { accounts: 44, units: 3, ..Fleet::default() });
    let (accounts, sizes) = all(&mut world, ACCOUNTS, "Accounts", json!({}));
    assert_eq!(sizes, [20, 20, 5]);
    let mut ids = texts(&accounts, "Id");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 45);
    assert_eq!(
        accounts[1],
        json!({
            "Arn": "arn:aws:organizations::123456789012:account/o-exampleorg1/400000000001",
            "Email": "aws+400000000001@example.com",
            "Id": "400000000001",
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": 1_600_000_000.25,
            "Name": "account-000",
            "State": "ACTIVE",
            "Status": "ACTIVE",
        })
    );
}

#[test]
fn the_tree_is_walked_from_the_root_by_children() {
    let mut world = World::empty(ACCOUNT, REGION);
    let organization = world.organize(ACCOUNT);
    let outer = organization.add_unit(Organization::ROOT);
    let inner = organization.add_unit(&outer);
    for n in 0..25 {
        organization.add_account(&inner, &Fleet::account(n), &format!("deep {n}"));
    }
    organization.add_account(&outer, &Fleet::account(90), "less deep");

    let mut children = |parent: &str, kind: &str| {
        let input = json!({"ParentId": parent, "ChildType": kind});
        all(&mut world, CHILDREN, "Children", input)
    };
    let (units, _) = children(Organization::ROOT, "ORGANIZATIONAL_UNIT");
    assert_eq!(units, [json!({"Id": outer, "Type": "ORGANIZATIONAL_UNIT"})]);
    assert_eq!(texts(&children(&outer, "ORGANIZATIONAL_UNIT").0, "Id"), [inner.as_str()]);
    assert_eq!(texts(&children(&outer, "ACCOUNT").0, "Id"), [Fleet::account(90)]);
    assert_eq!(children(&inner, "ACCOUNT").1, [20, 5]);
    assert!(children(&inner, "ORGANIZATIONAL_UNIT").0.is_empty());

    let input = json!({"ParentId": inner, "MaxResults": 10});
    let (accounts, sizes) = all(&mut world, IN_PARENT, "Accounts", input);
    assert_eq!((accounts.len(), sizes), (25, vec![10, 10, 5]));
    assert_eq!(accounts[24]["Name"], "deep 24");
}

#[test]
fn accounts_join_leave_and_are_closed() {
    let mut world = World::fleet(&Fleet::default());
    let organization = world.organization_mut().unwrap();
    organization.remove_account(&Fleet::account(0));
    organization.add_account(Organization::ROOT, &Fleet::account(9), "new");
    organization.set_state(&Fleet::account(1), "SUSPENDED");
    organization.set_state(&Fleet::account(2), "CLOSED");
    organization.member_mut(&Fleet::account(9)).unwrap().status = None;
    let (accounts, _) = all(&mut world, ACCOUNTS, "Accounts", json!({}));
    let states: Vec<_> = accounts.iter().map(|a| (&a["Status"], &a["State"])).collect();
    assert_eq!(
        json!(states),
        json!([
            ["ACTIVE", "ACTIVE"],
            ["SUSPENDED", "SUSPENDED"],
            ["SUSPENDED", "CLOSED"],
            [null, "ACTIVE"],
        ])
    );
}

#[test]
fn only_the_management_account_and_its_delegates_see_the_organisation() {
    let mut world = World::fleet(&Fleet { hub: Hub::Member, ..Fleet::default() });
    assert_eq!(code_of(&mut world, ACCOUNTS, &json!({})), "AccessDeniedException");
    world.organization_mut().unwrap().delegated.insert(Fleet::account(0));
    page_of(&mut world, ACCOUNTS, &json!({}));
    world.organization_mut().unwrap().remove_account(&Fleet::account(0));
    let code = code_of(&mut world, ACCOUNTS, &json!({}));
    assert_eq!(code, "AWSOrganizationsNotInUseException");
    assert_eq!(code_of(&mut world_of(0), ACCOUNTS, &json!({})), code);
}

#[test]
fn what_organizations_refuses_has_a_reason() {
    let mut world = World::fleet(&Fleet { accounts: 30, ..Fleet::default() });
    let unit = Fleet::unit(0);
    let token = page_of(&mut world, ACCOUNTS, &json!({}))["NextToken"].clone();
    let other = world.organization_mut().unwrap().add_unit(&unit);
    for (operation, input, reason) in [
        (ACCOUNTS, json!({"MaxResults": 21}), "MAX_LIMIT_EXCEEDED"),
        (ACCOUNTS, json!({"MaxResults": 0}), "MIN_VALUE_EXCEEDED"),
        (ACCOUNTS, json!({"NextToken": "forged"}), "INVALID_NEXT_TOKEN"),
        (IN_PARENT, json!({"ParentId": other, "NextToken": token}), "INVALID_NEXT_TOKEN"),
        (IN_PARENT, json!({}), "INPUT_REQUIRED"),
        (IN_PARENT, json!({"ParentId": "400000000001"}), "INVALID_PATTERN"),
        (CHILDREN, json!({"ParentId": unit}), "INPUT_REQUIRED"),
        (CHILDREN, json!({"ParentId": unit, "ChildType": "ROOT"}), "INVALID_ENUM"),
    ] {
        assert_eq!(reason_of(&mut world, operation, &input), reason, "{input}");
    }
    let nowhere = json!({"ParentId": "ou-ab12-99999999", "ChildType": "ACCOUNT"});
    for operation in [IN_PARENT, CHILDREN] {
        assert_eq!(code_of(&mut world, operation, &nowhere), "ParentNotFoundException");
    }
}

#[test]
fn pages_of_an_organisation_can_be_empty_and_go_on() {
    let mut world = World::fleet(&Fleet { accounts: 24, ..Fleet::default() });
    world.inject(Fault::new(What::EmptyPage).on(ACCOUNTS).on_page(Page::First));
    assert_eq!(all(&mut world, ACCOUNTS, "Accounts", json!({})).1, [0, 20, 5]);
}

#[test]
fn regions_are_listed_with_their_status_and_filtered_by_it() {
    let mut world = World::empty(ACCOUNT, REGION);
    world.enable_region(ACCOUNT, "me-south-1");
    world.set_region_status(ACCOUNT, "af-south-1", "ENABLING");
    let names = |world: &mut World, input: Value| {
        texts(&all(world, REGIONS, "Regions", input).0, "RegionName")
    };
    let enabled = json!({"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"]});
    let enabled = names(&mut world, enabled);
    assert_eq!(enabled.len(), 18);
    assert!(enabled.contains(&"me-south-1".to_owned()) && !enabled.contains(&"af-south-1".into()));
    let enabling = json!({"RegionOptStatusContains": ["ENABLING"]});
    assert_eq!(names(&mut world, enabling), ["af-south-1"]);
    let (every, sizes) = all(&mut world, REGIONS, "Regions", json!({}));
    assert_eq!((every.len(), sizes), (34, vec![20, 14]));
    assert_eq!(all(&mut world, REGIONS, "Regions", json!({"MaxResults": 50})).1, [34]);
    for bad in [
        json!({"MaxResults": 51}),
        json!({"MaxResults": 0}),
        json!({"NextToken": "forged"}),
        json!({"RegionOptStatusContains": ["OPEN"]}),
    ] {
        let response = ask(&mut world, REGIONS, &bad);
        assert_eq!(response.status, 400, "{bad}");
        assert_eq!(response.header("x-amzn-errortype"), Some("ValidationException"));
    }
}

#[test]
fn credentials_are_known_in_open_regions_only() {
    let mut world = World::empty(ACCOUNT, REGION);
    let scan = |world: &mut World, region: &str| {
        let request = Request::signed(SCAN, ACCESS_KEY_ID, region, &account_scan(None).to_string());
        world.answer(&request).status
    };
    assert_eq!(scan(&mut world, "us-east-1"), 200);
    assert_eq!(scan(&mut world, "me-south-1"), 400);
    world.enable_region(ACCOUNT, "me-south-1");
    assert_eq!(scan(&mut world, "me-south-1"), 200);
    world.set_region_status(ACCOUNT, "me-south-1", "DISABLING");
    assert_eq!(scan(&mut world, "me-south-1"), 400);
}

#[test]
fn the_management_account_sees_the_regions_of_its_members() {
    let mut world = World::fleet(&Fleet::default());
    world.enable_region(&Fleet::account(0), "me-south-1");
    let of = |account: &str| json!({"AccountId": account, "RegionOptStatusContains": ["ENABLED"]});
    let regions = page_of(&mut world, REGIONS, &of(&Fleet::account(0)));
    assert_eq!(regions["Regions"][0]["RegionName"], "me-south-1");
    for stranger in ["999999999999", Fleet::MANAGEMENT] {
        assert_eq!(ask(&mut world, REGIONS, &of(stranger)).status, 403, "{stranger}");
    }
}

#[test]
fn every_account_of_a_fleet_is_reached_from_its_hub() {
    for hub in [Hub::Management, Hub::Member] {
        let fleet = Fleet {
            hub,
            external_id: Some("wanted".into()),
            regions: vec![REGION.into(), "me-south-1".into()],
            ..Fleet::default()
        };
        let mut world = World::fleet(&fleet);
        for n in 0..fleet.accounts {
            let account = Fleet::account(n);
            let form = super::roles::form(&fleet.role_arn(&account), "&ExternalId=wanted");
            let request = Request::signed(Operation::AssumeRole, ACCESS_KEY_ID, REGION, &form);
            let body = String::from_utf8(world.answer(&request).body.to_vec()).unwrap();
            let text = |name: &str| {
                let rest = body.split_once(&format!("<{name}>")).unwrap().1;
                rest.split_once('<').unwrap().0
            };
            for region in &fleet.regions {
                let scan = Request::signed(
                    SCAN,
                    text("AccessKeyId"),
                    region,
                    &account_scan(None).to_string(),
                );
                let page = json_of(&world.answer(&scan.with_token(text("SessionToken"))));
                assert_eq!(page["ProvisionedProducts"].as_array().unwrap().len(), 5);
                let arn = page["ProvisionedProducts"][0]["Arn"].as_str().unwrap();
                assert!(arn.contains(&account) && arn.contains(region.as_str()), "{arn}");
            }
        }
    }
}
