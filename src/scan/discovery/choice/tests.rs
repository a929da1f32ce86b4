use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::{Defaults, Shard, TargetSpec};
use crate::model::{ExternalId, RoleName, SessionName};

const HUB: &str = "111111111111";

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn role(account: &str) -> AssumeRole {
    let name = RoleName::parse("Exporter").unwrap();
    AssumeRole {
        arn: RoleArn::of("aws", &AccountId::new(account), &name),
        external_id: None,
        session_name: SessionName::default(),
    }
}

fn member(account: &str) -> Member {
    Member {
        account: AccountId::new(account),
        name: format!("name of {account}"),
        management: AccountId::new(HUB),
        active: true,
    }
}

fn organization(regions: Regions) -> Organization {
    Organization {
        role_name: RoleName::parse("Member").unwrap(),
        external_id: Some(ExternalId::parse("sesame").unwrap()),
        session_name: SessionName::default(),
        regions,
        include_ous: Vec::new(),
        exclude_ous: Vec::new(),
        include_accounts: Vec::new(),
        exclude_accounts: Vec::new(),
        refresh: Duration::from_secs(3600),
        management_role: None,
    }
}

fn spec(role: Option<AssumeRole>, regions: Regions) -> TargetSpec {
    TargetSpec { name: "one".into(), regions, role, account_name: String::new() }
}

fn listed(names: &[&str]) -> Regions {
    Regions::Listed(names.iter().map(|name| region(name)).collect())
}

fn config() -> Config {
    Config::defaults(Defaults::Production)
}

/// What is chosen when these members and regions are known, as `account/region/role`.
fn chosen(
    config: &Config,
    own: Option<&str>,
    members: Option<&[Member]>,
    regions: &HashMap<Option<RoleArn>, Vec<Region>>,
) -> Chosen {
    let (here, own) = (region("eu-central-1"), own.map(AccountId::new));
    let own = own.as_ref().map(|own| (own, "aws"));
    choose(config, &Known { region: &here, own, members, regions })
}

fn shown(chosen: &Chosen) -> Vec<String> {
    let show = |choice: &Choice| {
        let account = choice.account.as_ref().map_or("?", AccountId::as_str);
        let role = choice.role.as_ref().map_or("ambient", |role| role.arn.as_str());
        format!("{account} {} {}", choice.region, role.rsplit('/').next().unwrap())
    };
    chosen.choices.iter().map(show).collect()
}

#[test]
fn nothing_configured_is_the_ambient_account_in_the_ambient_region() {
    let chosen = chosen(&config(), None, None, &HashMap::new());
    assert_eq!(shown(&chosen), ["? eu-central-1 ambient"]);
    assert!(chosen.complete);
}

#[test]
fn a_role_is_a_target_in_each_of_its_regions() {
    let mut config = config();
    config.targets = vec![
        spec(Some(role("222222222222")), listed(&["eu-central-1", "us-east-1"])),
        spec(None, listed(&["eu-west-1"])),
    ];
    let chosen = chosen(&config, None, None, &HashMap::new());
    assert_eq!(
        shown(&chosen),
        [
            "222222222222 eu-central-1 Exporter",
            "222222222222 us-east-1 Exporter",
            "? eu-west-1 ambient"
        ]
    );
    assert!(chosen.complete);
}

#[test]
fn enabled_regions_are_waited_for_and_the_excluded_ones_left_out() {
    let mut config = config();
    let role = role("222222222222");
    let exclude = vec![region("us-east-1")];
    config.targets = vec![spec(Some(role.clone()), Regions::Auto { exclude })];
    let unknown = chosen(&config, None, None, &HashMap::new());
    assert_eq!((shown(&unknown).len(), unknown.complete), (0, false));
    assert_eq!(unknown.auto, HashSet::from([Some(role.clone())]));

    let regions = vec![region("eu-west-1"), region("us-east-1"), region("us-west-2")];
    let known = HashMap::from([(Some(role.arn.clone()), regions)]);
    let found = chosen(&config, None, None, &known);
    assert_eq!(
        shown(&found),
        ["222222222222 eu-west-1 Exporter", "222222222222 us-west-2 Exporter"]
    );
    assert!(found.complete);

    let failed = HashMap::from([(Some(role.arn), Vec::new())]);
    let failed = chosen(&config, None, None, &failed);
    assert_eq!(
        shown(&failed),
        ["222222222222 eu-central-1 Exporter"],
        "an account that does not say its regions still shows somewhere"
    );
}

#[test]
fn the_accounts_of_the_organisation_are_targets_and_its_own_account_is_ambient() {
    let mut config = config();
    config.organization = Some(organization(listed(&["eu-central-1"])));
    let mut suspended = member("444444444444");
    suspended.active = false;
    let members = [member(HUB), member("222222222222"), suspended];
    let unknown = chosen(&config, Some(HUB), None, &HashMap::new());
    assert_eq!((shown(&unknown).len(), unknown.complete), (0, false));
    let known = chosen(&config, Some(HUB), Some(&members), &HashMap::new());
    assert_eq!(
        shown(&known),
        ["111111111111 eu-central-1 ambient", "222222222222 eu-central-1 Member"]
    );
    assert!(known.complete);
    assert_eq!(known.choices[1].names.account_name, "name of 222222222222");
    assert!(known.choices[1].role.as_ref().unwrap().external_id.is_some());
}

#[test]
fn a_listed_target_wins_over_a_discovered_one() {
    let mut config = config();
    config.organization = Some(organization(listed(&["eu-central-1", "us-east-1"])));
    config.targets = vec![
        spec(Some(role("222222222222")), listed(&["us-east-1"])),
        spec(None, listed(&["us-east-1"])),
    ];
    let members = [member(HUB), member("222222222222")];
    let chosen = chosen(&config, Some(HUB), Some(&members), &HashMap::new());
    assert_eq!(
        shown(&chosen),
        [
            "222222222222 us-east-1 Exporter",
            "111111111111 us-east-1 ambient",
            "111111111111 eu-central-1 ambient",
            "222222222222 eu-central-1 Member",
        ]
    );
    assert_eq!(chosen.choices[0].names.account_name, "name of 222222222222");
    assert_eq!(chosen.choices[0].names.target_name, "one");
}

#[test]
fn accounts_are_included_and_excluded_by_their_id() {
    let mut config = config();
    let mut of = organization(listed(&["eu-central-1"]));
    of.include_accounts = vec![AccountId::new("222222222222"), AccountId::new("333333333333")];
    of.exclude_accounts = vec![AccountId::new("333333333333")];
    config.organization = Some(of);
    let members = [member("222222222222"), member("333333333333"), member("444444444444")];
    let chosen = chosen(&config, Some(HUB), Some(&members), &HashMap::new());
    assert_eq!(shown(&chosen), ["222222222222 eu-central-1 Member"]);
}

#[test]
fn an_ambient_account_that_nobody_knows_yet_belongs_to_the_first_shard() {
    let mut config = config();
    for (ordinal, targets) in [(0, 1), (1, 0), (2, 0)] {
        config.shard = Shard { ordinal, total: 3 };
        let chosen = chosen(&config, None, None, &HashMap::new());
        assert_eq!((chosen.choices.len(), chosen.configured), (targets, 1));
    }
}

proptest! {
    #[test]
    fn the_shards_together_are_the_whole_and_no_two_share_a_target(
        accounts in proptest::collection::btree_set(100_000_000_000_u64..999_999_999_999, 0..40),
        total in 1_u32..8,
    ) {
        let members: Vec<Member> = accounts.iter().map(|id| member(&id.to_string())).collect();
        let mut config = config();
        config.organization = Some(organization(listed(&["eu-central-1", "us-east-1", "eu-west-1"])));
        let whole = shown(&chosen(&config, Some(HUB), Some(&members), &HashMap::new()));
        let mut union = Vec::new();
        for ordinal in 0..total {
            config.shard = Shard { ordinal, total };
            let part = chosen(&config, Some(HUB), Some(&members), &HashMap::new());
            prop_assert_eq!(part.configured, whole.len());
            union.extend(shown(&part));
        }
        union.sort();
        let mut sorted = whole;
        sorted.sort();
        prop_assert_eq!(union, sorted);
    }
}
