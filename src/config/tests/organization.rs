//! The organisation.

use super::*;
use crate::model::{AccountId, AssumeRole, ExternalId, RoleArn, RoleName, SessionName};

fn organization(text: &str) -> Result<Option<Organization>, String> {
    production(&format!("organization: {text}")).map(|config| config.organization)
}

/// Like `text`, with what is required.
fn with_required(text: &str) -> Result<Option<Organization>, String> {
    organization(&format!("{{role_name: R, regions: auto, {text}}}"))
}

#[test]
fn an_organization_is_read_with_everything_that_it_can_say() {
    let read = organization(
        "{role_name: path/Exporter, external_id: sesame, session_name: watch, regions: auto, \
         exclude_regions: [us-east-1], include_ous: [r-ab12, ou-ab12-34cd56ef], \
         exclude_ous: [ou-ab12-78ab90cd], include_accounts: ['012345678901'], \
         exclude_accounts: ['123456789012'], refresh: 10m, \
         management_role_arn: 'arn:aws:iam::210987654321:role/Discovery', \
         management_external_id: open}",
    );
    let session_name = SessionName::parse("watch").unwrap();
    let expected = Organization {
        role_name: RoleName::parse("path/Exporter").unwrap(),
        external_id: ExternalId::parse("sesame").ok(),
        session_name: session_name.clone(),
        regions: Regions::Auto { exclude: vec![Region::parse("us-east-1").unwrap()] },
        include_ous: vec!["r-ab12".into(), "ou-ab12-34cd56ef".into()],
        exclude_ous: vec!["ou-ab12-78ab90cd".into()],
        include_accounts: vec![AccountId::new("012345678901")],
        exclude_accounts: vec![AccountId::new("123456789012")],
        refresh: 10 * MINUTE,
        management_role: Some(AssumeRole {
            arn: RoleArn::parse("arn:aws:iam::210987654321:role/Discovery").unwrap(),
            external_id: ExternalId::parse("open").ok(),
            session_name,
        }),
    };
    assert_eq!(read.unwrap(), Some(expected));
}

#[test]
fn a_role_name_and_regions_are_all_that_an_organization_needs() {
    let read = organization("{role_name: Exporter, regions: [eu-west-1]}").unwrap().unwrap();
    assert_eq!(read.refresh, 60 * MINUTE);
    assert_eq!(read.session_name.as_str(), "servicecatalog-exporter");
    assert_eq!((read.external_id, read.management_role), (None, None));
    assert!(read.include_ous.is_empty() && read.exclude_ous.is_empty());
    assert!(read.include_accounts.is_empty() && read.exclude_accounts.is_empty());
    // With every key commented out there is none.
    assert_eq!(organization("").unwrap(), None);
}

#[test]
fn what_an_organization_lacks_is_said_at_its_place() {
    assert_eq!(
        organization("{regions: auto}").unwrap_err(),
        "exporter.yml:1:15: organization.role_name: is missing; set it to the name of the role \
         that the exporter assumes in each account, such as ServiceCatalogExporter"
    );
    assert_eq!(
        organization("{role_name: R}").unwrap_err(),
        "exporter.yml:1:15: organization: in which regions accounts are scanned is not said; set \
         organization.regions to a list such as [eu-central-1], or to auto"
    );
}

#[test]
fn account_ids_are_text_because_a_number_loses_its_zeros() {
    for number in ["123456789012", "012345678901", "012345678", "1e11"] {
        assert_eq!(
            with_required(&format!("include_accounts: [{number}]")).unwrap_err(),
            "exporter.yml:1:64: organization.include_accounts[0]: an account id is text, found a \
             number; put it in quotes, with all its twelve digits",
            "{number}"
        );
    }
    assert_eq!(
        with_required("exclude_accounts: ['12345678901']").unwrap_err(),
        "exporter.yml:1:64: organization.exclude_accounts[0]: \"12345678901\" is not an account \
         id; write its twelve digits in quotes, such as '012345678901'"
    );
}

#[test]
fn ids_of_units_have_the_shape_that_aws_gives_them() {
    for id in [
        "ab12",
        "ou-ab12",
        "ou-ab12-34cd56e",
        "OU-ab12-34cd56ef",
        "ou-ab12-34cd56ef-x",
        "r-a",
        "ou_ab12-34cd56ef",
    ] {
        let line = with_required(&format!("include_ous: [{id}]")).unwrap_err();
        let what = format!(
            "organization.include_ous[0]: {id:?} is not the id of an organisational unit; write the id of a root, such as r-ab12,"
        );
        assert!(line.contains(&what), "{line}");
    }
}

#[test]
fn what_is_both_included_and_excluded_or_listed_twice_is_refused() {
    for (text, what) in [
        (
            "include_ous: [r-ab12, ou-ab12-34cd56ef], exclude_ous: [ou-ab12-34cd56ef]",
            "organization: ou-ab12-34cd56ef is both in include_ous and in exclude_ous; keep it in",
        ),
        (
            "include_accounts: ['123456789012'], exclude_accounts: ['123456789012']",
            "organization: 123456789012 is both in include_accounts and in exclude_accounts; keep",
        ),
        (
            "exclude_accounts: ['123456789012', '123456789012']",
            "organization.exclude_accounts[1]: is listed twice, first on line 1;",
        ),
        ("include_ous: []", "organization.include_ous: the list is empty;"),
    ] {
        let line = with_required(text).unwrap_err();
        assert!(line.contains(what), "{line}");
    }
}

#[test]
fn names_of_roles_are_names_and_secrets_stay_secret() {
    for name in ["arn:aws:iam::123456789012:role/R", "/R", "R/", "a b", ""] {
        let line = organization(&format!("{{role_name: '{name}', regions: auto}}")).unwrap_err();
        assert!(line.contains("organization.role_name: "), "{line}");
        assert!(line.contains("is not the name of a role; write the name alone"), "{line}");
    }
    for (text, what) in [
        ("external_id: 's3cr3t !'", "organization.external_id: is not an external id"),
        (
            "management_external_id: s3cr3t",
            "organization.management_external_id: is used with management_role_arn only, and",
        ),
        ("session_name: 'a b'", "organization.session_name: is not the name of a role session"),
    ] {
        let line = with_required(text).unwrap_err();
        assert!(line.contains(what) && !line.contains("s3cr3t"), "{line}");
    }
    let read = with_required(
        "external_id: s3cr3t, management_role_arn: 'arn:aws:iam::123456789012:role/R', \
         management_external_id: s3cr3t",
    );
    assert!(!format!("{:?}", read.unwrap()).contains("s3cr3t"));
}

#[test]
fn the_list_is_read_again_within_bounds() {
    for refresh in ["999ms", "8d"] {
        let line = with_required(&format!("refresh: {refresh}")).unwrap_err();
        assert!(line.ends_with("is out of range; choose from 1s to 7d"), "{line}");
    }
}
