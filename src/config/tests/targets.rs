//! The list of targets.

use super::*;
use crate::model::{AssumeRole, ExternalId, RoleArn, SessionName};

const ROLE: &str = "arn:aws:iam::123456789012:role/Exporter";

fn targets(text: &str) -> Result<Vec<TargetSpec>, String> {
    production(&format!("targets: {text}")).map(|config| config.targets)
}

fn listed(names: &[&str]) -> Regions {
    Regions::Listed(names.iter().map(|name| Region::parse(name).unwrap()).collect())
}

/// Each list of targets and how the line that refuses it begins, after the file's name.
fn refused(table: &[(&str, &str)]) {
    for (text, start) in table {
        let line = targets(text).expect_err(text);
        assert!(line.starts_with(&format!("exporter.yml:{start}")), "{line} for {text}");
        assert!(!line.contains("s3cr3t"), "{line}");
    }
}

#[test]
fn a_target_is_read_with_everything_that_it_can_say() {
    let read = targets(&format!(
        "[{{name: factory, account_name: Log Archive, regions: [eu-central-1, us-east-1], \
         role_arn: '{ROLE}', external_id: open-sesame, session_name: watch}}]"
    ));
    let role = AssumeRole {
        arn: RoleArn::parse(ROLE).unwrap(),
        external_id: ExternalId::parse("open-sesame").ok(),
        session_name: SessionName::parse("watch").unwrap(),
    };
    let expected = TargetSpec {
        name: "factory".into(),
        regions: listed(&["eu-central-1", "us-east-1"]),
        role: Some(role),
        account_name: "Log Archive".into(),
    };
    assert_eq!(read.unwrap(), [expected]);
}

#[test]
fn a_target_without_role_is_the_ambient_account_in_the_ambient_region() {
    let ambient = |regions| TargetSpec {
        name: String::new(),
        regions,
        role: None,
        account_name: String::new(),
    };
    assert_eq!(targets("[{}]").unwrap(), [ambient(Regions::Ambient)]);
    let auto = Regions::Auto { exclude: vec![Region::parse("us-east-1").unwrap()] };
    assert_eq!(
        targets("[{regions: auto, exclude_regions: [us-east-1]}]").unwrap(),
        [ambient(auto)]
    );
    assert_eq!(targets("").unwrap(), []);
}

#[test]
fn a_session_is_called_after_the_exporter_unless_the_target_says_otherwise() {
    let read = targets(&format!("[{{role_arn: '{ROLE}', regions: auto}}]")).unwrap();
    let role = read[0].role.as_ref().unwrap();
    assert_eq!(role.session_name.as_str(), "servicecatalog-exporter");
    assert_eq!(role.external_id, None);
}

#[test]
fn mistakes_are_refused_with_key_and_place() {
    refused(&[
        (
            "[{rol_arn: x}]",
            "1:12: targets[0].rol_arn: unknown key; known here: name, regions, exclude_regions, role_arn, external_id, session_name, account_name",
        ),
        ("\n  - {}\n  - regoins: auto\n", "3:5: targets[1].regoins: unknown key;"),
        (
            "{}",
            "1:10: targets: expected a list of mappings, found a mapping; write each on a line of its own that begins with -, or all between [ and ]",
        ),
        ("[]", "1:10: targets: the list is empty; list something, or remove the key"),
        (
            "[eu-central-1]",
            "1:11: targets[0]: expected a mapping, found text; write its keys below it, indented: name, regions,",
        ),
        ("[{regions: []}]", "1:21: targets[0].regions: the list is empty;"),
        (
            "[{regions: all}]",
            "1:21: targets[0].regions: \"all\" is neither auto nor a list of regions; write a list such as [eu-central-1, us-east-1], or auto for all",
        ),
        (
            "[{regions: eu-central-1}]",
            "1:21: targets[0].regions: \"eu-central-1\" is neither auto nor a list",
        ),
        (
            "[{regions: [us-east-1, eu-central-1a]}]",
            "1:33: targets[0].regions[1]: \"eu-central-1a\" is not an AWS region; write a region code",
        ),
        (
            "[{regions: [us-east-1, auto]}]",
            "1:33: targets[0].regions[1]: \"auto\" is not an AWS region;",
        ),
        (
            "[{regions: [us-east-1, us-east-1]}]",
            "1:33: targets[0].regions[1]: is listed twice, first on line 1; keep one of the two",
        ),
        (
            "[{regions: [us-east-1], exclude_regions: [us-east-2]}]",
            "1:51: targets[0].exclude_regions: regions are left out of regions: auto only; set regions: auto, or",
        ),
        (
            "[{exclude_regions: [us-east-2]}]",
            "1:29: targets[0].exclude_regions: regions are left out of regions: auto only;",
        ),
        (
            "[{regions: auto, exclude_regions: us-east-2}]",
            "1:44: targets[0].exclude_regions: expected a list of regions, found text;",
        ),
        (
            "[{regions: auto, exclude_regions: []}]",
            "1:44: targets[0].exclude_regions: the list is empty;",
        ),
        (
            "[{external_id: s3cr3t}]",
            "1:25: targets[0].external_id: is used with a role only, and this target has none; set role_arn beside it, or remove it",
        ),
        ("[{session_name: me}]", "1:26: targets[0].session_name: is used with a role only,"),
        (
            "[{name: ''}]",
            "1:18: targets[0].name: \"\" is not a name; write a name of 1 to 128 characters on one line",
        ),
        ("[{name: \"a\\nb\"}]", "1:18: targets[0].name: \"a\\nb\" is not a name;"),
        (
            "[{account_name: 42}]",
            "1:26: targets[0].account_name: expected a name, found a number; put it in quotes",
        ),
    ]);
}

#[test]
fn a_role_must_be_the_arn_of_a_role_and_say_its_regions() {
    for (arn, what) in [
        (
            "Exporter",
            "\"Exporter\" is not the ARN of a role; write the ARN of a role, such as arn:",
        ),
        (
            "arn:aws:iam::123456789012:user/me",
            "\"arn:aws:iam::123456789012:user/me\" is not the ARN of a role;",
        ),
        (
            "arn:aws:iam::12345678901:role/R",
            "\"12345678901\" is not an account id of twelve digits, in \"arn:",
        ),
        (
            "arn:aws:iam::12345678901x:role/R",
            "\"12345678901x\" is not an account id of twelve digits, in",
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/R/s",
            "is the ARN of a session, not of its role; write",
        ),
    ] {
        let line = targets(&format!("[{{role_arn: '{arn}', regions: auto}}]")).unwrap_err();
        let start = format!("exporter.yml:1:22: targets[0].role_arn: {what}");
        assert!(line.starts_with(&start), "{line}");
    }
    assert_eq!(
        targets(&format!("[{{role_arn: '{ROLE}'}}]")).unwrap_err(),
        "exporter.yml:1:22: targets[0].role_arn: in which regions this role scans is not said; set \
         regions beside it, to a list such as [eu-central-1] or to auto; without role_arn the \
         default is the ambient region"
    );
}

#[test]
fn a_role_is_not_used_in_regions_of_another_partition() {
    for (partition, region, works) in [
        ("aws", "eu-central-1", true),
        ("aws", "cn-north-1", false),
        ("aws-cn", "cn-north-1", true),
        ("aws-cn", "us-gov-west-1", false),
        ("aws-us-gov", "us-gov-west-1", true),
        ("aws-us-gov", "us-east-1", false),
        ("aws-iso", "us-iso-east-1", true),
    ] {
        let role = format!("arn:{partition}:iam::123456789012:role/R");
        let read = targets(&format!("[{{role_arn: '{role}', regions: [{region}]}}]"));
        assert_eq!(read.is_ok(), works, "{partition} {region} {read:?}");
    }
}

#[test]
fn no_message_and_no_debug_output_shows_an_external_id() {
    for id in ["s", "s3cr3t with spaces", "s3cr3t\n"] {
        let text = format!("[{{role_arn: '{ROLE}', regions: auto, external_id: {id:?}}}]");
        let line = targets(&text).unwrap_err();
        assert!(
            line.contains("targets[0].external_id: is not an external id: 2 to 1224"),
            "{line}"
        );
        assert!(!line.contains("s3cr3t"), "{line}");
    }
    let line =
        targets(&format!("[{{role_arn: '{ROLE}', regions: auto, external_id: 4815162342}}]"));
    let line = line.unwrap_err();
    assert!(
        line.contains("external_id: expected text, found a number; write, in quotes,"),
        "{line}"
    );
    assert!(!line.contains("4815162342"), "{line}");

    let text = format!("[{{role_arn: '{ROLE}', regions: auto, external_id: s3cr3t}}]");
    assert!(!format!("{:?}", targets(&text).unwrap()).contains("s3cr3t"));
}

#[test]
fn an_account_and_region_is_scanned_by_one_target_only() {
    let other = "arn:aws:iam::123456789012:role/Other";
    let elsewhere = "arn:aws:iam::210987654321:role/Exporter";
    let of = |role: &str, regions: &str| format!("{{role_arn: '{role}', regions: {regions}}}");
    let auto_but = |role: &str, region: &str| {
        format!("{{role_arn: '{role}', regions: auto, exclude_regions: [{region}]}}")
    };
    let ambient = |regions: &str| format!("{{regions: {regions}}}");
    let us_east = "[eu-west-1, us-east-1]";
    for (one, two, meet) in [
        (of(ROLE, us_east), of(ROLE, "[us-east-1]"), Some("us-east-1")),
        (of(ROLE, us_east), of(other, "[us-east-1]"), Some("us-east-1")),
        (of(ROLE, us_east), of(ROLE, "[us-east-2]"), None),
        (of(ROLE, us_east), of(elsewhere, "[us-east-1]"), None),
        (of(ROLE, us_east), ambient("[us-east-1]"), None),
        (ambient(us_east), ambient("[us-east-1]"), Some("us-east-1")),
        ("{}".into(), "{}".into(), Some("the same region")),
        ("{}".into(), ambient("auto"), Some("the same region")),
        ("{}".into(), ambient("[us-east-1]"), None),
        (of(ROLE, "auto"), of(other, "auto"), Some("the same region")),
        (of(ROLE, "auto"), of(ROLE, "[us-east-1]"), Some("us-east-1")),
        (auto_but(ROLE, "us-east-1"), of(other, "[us-east-1]"), None),
        (auto_but(ROLE, "us-east-1"), of(other, us_east), Some("eu-west-1")),
    ] {
        for (first, second) in [(&one, &two), (&two, &one)] {
            let read = targets(&format!("\n  - {first}\n  - {second}\n"));
            let Some(region) = meet else {
                read.unwrap();
                continue;
            };
            let line = read.unwrap_err();
            assert!(line.starts_with("exporter.yml:3:5: targets[1]: "), "{line}");
            let what = format!(
                "account is scanned in {region} by targets[0] already; scan each account and \
                 region by one target only"
            );
            let what = what.replace(
                "account",
                if one.contains("arn:") { "account 123456789012" } else { "the ambient account" },
            );
            let what = what.replacen("scan each account 123456789012", "scan each account", 1);
            let what = what.replacen("scan each the ambient account", "scan each account", 1);
            assert!(line.contains(&what), "{line}, not {what}");
        }
    }
}

#[test]
fn the_ambient_region_counts_where_the_file_says_it() {
    let text = "aws: {region: us-east-1}\ntargets:\n  - {regions: [us-east-1]}\n  - {}\n";
    let line = production(text).unwrap_err();
    assert!(line.starts_with("exporter.yml:4:5: targets[1]: the ambient account is scanned in us-east-1 by targets[0]"), "{line}");
    production(&text.replace("- {}", "- {regions: [us-east-2]}")).unwrap();
}

#[test]
fn more_targets_than_one_process_can_scan_are_refused() {
    let regions: Vec<String> = (1..=100).map(|n| format!("eu-west-{n}")).collect();
    let regions = regions.join(", ");
    let mut text = format!("targets:\n  - regions: &all [{regions}]\n");
    for account in 1..200 {
        text += &format!("  - {{role_arn: 'arn:aws:iam::{account:012}:role/R', regions: *all}}\n");
    }
    assert_eq!(production(&text).unwrap().targets.len(), 200);
    let line = production(&(text + "  - {}\n")).unwrap_err();
    assert!(
        line.starts_with(
            "exporter.yml:202:5: targets[200]: from here on there are more than 20000 targets;"
        ),
        "{line}"
    );
}

#[test]
fn a_long_list_of_targets_fits_into_the_file() {
    let mut text = String::from("targets:\n");
    for account in 0..10_000 {
        text += &format!(
            "  - role_arn: arn:aws:iam::{account:012}:role/Exporter\n    regions: [eu-west-1]\n"
        );
    }
    assert!(text.len() < FILE_LIMIT);
    assert_eq!(production(&text).unwrap().targets.len(), 10_000);
}

#[test]
fn an_endpoint_of_ones_own_answers_for_one_region() {
    const WHY: &str = "aws.endpoint_url: an endpoint answers for one region, and ";
    let with_endpoint = |rest: &str| {
        production(&format!("aws: {{endpoint_url: 'https://s3cr3t.example'}}\n{rest}"))
    };
    for (rest, but) in [
        ("targets: [{regions: [eu-west-1, us-east-1]}]", "2 are scanned;"),
        ("targets: [{regions: auto}]", "regions: auto may find several;"),
        (
            "targets: [{regions: [eu-west-1]}]\norganization: {role_name: R, regions: [us-east-1]}",
            "2 are scanned;",
        ),
        ("organization: {role_name: R, regions: auto}", "regions: auto may find several;"),
    ] {
        let line = with_endpoint(rest).unwrap_err();
        assert!(line.starts_with(&format!("exporter.yml:1:21: {WHY}{but}")), "{line}");
        assert!(!line.contains("s3cr3t"), "{line}");
    }
    for rest in [
        "",
        "targets: [{}]",
        "targets: [{regions: [eu-west-1]}]\norganization: {role_name: R, regions: [eu-west-1]}",
    ] {
        with_endpoint(rest).unwrap();
    }
}
