//! `print-iam-policy`: which document is printed, and what is refused.

use serde_json::Value;

use super::program::{Ended, exporter};

const HUB: &str = "arn:aws-cn:iam::111111111111:role/Hub";

/// A role with a secret, an organisation through another one.
const EVERYTHING: &str = "
enrich: {names_and_tags: true}
targets:
  - {role_arn: 'arn:aws-cn:iam::222222222222:role/Reader', external_id: open-sesame, regions: auto}
organization:
  role_name: path/Exporter
  regions: [cn-north-1]
  include_ous: [ou-ab12-34cd56ef]
  management_role_arn: arn:aws-cn:iam::333333333333:role/Lister
  management_external_id: also-sesame
";

async fn print(yaml: &str, args: &[&str]) -> Ended {
    exporter(&["print-iam-policy"]).args(args).config(yaml).run().await
}

async fn document(yaml: &str, args: &[&str]) -> (Value, String) {
    let ended = print(yaml, args).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr, [""; 0]);
    (serde_json::from_str(&ended.stdout).unwrap(), ended.stdout)
}

/// The one line that says why nothing is printed.
async fn refused(yaml: &str, args: &[&str]) -> String {
    let ended = print(yaml, args).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!((&*ended.stdout, ended.stderr.len()), ("", 1), "{ended:?}");
    ended.stderr[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_is_a_document_and_all_of_them_are_one_object() {
    let trusting = ["--exporter-role-arn", HUB];
    let (all, _) = document(EVERYTHING, &trusting).await;
    let parts = ["hub", "member", "management", "trust"];
    assert!(all.as_object().unwrap().keys().eq(parts), "{all}");
    for part in parts {
        let (one, text) = document(EVERYTHING, &["--part", part, trusting[0], trusting[1]]).await;
        assert_eq!(one, all[part]);
        assert_eq!(one["Version"], "2012-10-17");
        assert!(text.starts_with("{\n  \"") && text.ends_with("}\n"), "{text}");
        assert_eq!(text.contains("sesame"), part == "trust", "external ids are for trust alone");
    }
    let roles = &all["hub"]["Statement"][0]["Resource"];
    let expected = [
        "arn:aws-cn:iam::*:role/path/Exporter",
        "arn:aws-cn:iam::222222222222:role/Reader",
        "arn:aws-cn:iam::333333333333:role/Lister",
    ];
    assert_eq!(*roles, Value::from(expected.to_vec()), "in the partition of the other roles");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_trust_needs_to_know_who_the_exporter_is() {
    for part in ["hub", "member", "management"] {
        document(EVERYTHING, &["--part", part]).await;
    }
    for args in [&["--part", "trust"][..], &[]] {
        let line = refused(EVERYTHING, args).await;
        assert!(
            line.contains("give --exporter-role-arn, the role that the exporter runs"),
            "{line}"
        );
        assert!(!line.contains("sesame"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_role_is_assumed_there_is_the_hubs_policy_only() {
    let (all, _) = document("{}\n", &[]).await;
    assert!(all.as_object().unwrap().keys().eq(["hub"]), "{all}");
    for part in ["member", "trust"] {
        let line = refused("{}\n", &["--part", part, "--exporter-role-arn", HUB]).await;
        assert!(line.contains("this configuration assumes no role"), "{line}");
    }
    let line = refused("{}\n", &["--part", "management"]).await;
    assert!(line.contains("no organization.management_role_arn"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_policy_is_printed_of_a_bad_file() {
    let line = refused("targets: [{role_arn: Reader, regions: auto}]\n", &[]).await;
    assert!(line.contains("exporter.yml:1:"), "{line}");
}
