use std::collections::BTreeSet;

use servicecatalog_exporter::aws::{CallError, DirectoryClient, Member};
use servicecatalog_exporter::model::Reason;

use super::aws::{Answer, Asked, Aws, error};
use super::{hub, limits, shared, soon};

fn directory(aws: &Aws) -> DirectoryClient {
    let limits = limits();
    hub(&aws.url, limits.clone()).directory(shared(&limits))
}

/// An account as Organizations writes it, with more fields.
fn account(id: &str, more: &str) -> String {
    let arn = format!("arn:aws:organizations::111111111111:account/o-x/{id}");
    format!(r#"{{"Id":"{id}","Arn":"{arn}","Name":"name of {id}"{more}}}"#)
}

fn page(list: &str, items: &[String], next: Option<&str>) -> Answer {
    let next = next.map_or(String::new(), |next| format!(r#","NextToken":"{next}""#));
    Answer::Ok(format!(r#"{{"{list}":[{}]{next}}}"#, items.join(",")))
}

/// The page token of a request, or nothing.
fn token(asked: &Asked) -> Option<&str> {
    asked.body.split_once(r#""NextToken":""#)?.1.split('"').next()
}

fn parent(asked: &Asked) -> &str {
    asked.body.split_once(r#""ParentId":""#).unwrap().1.split('"').next().unwrap()
}

fn ids(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.account.as_str()).collect()
}

/// The reason why accounts cannot be listed when the pages are answered so.
async fn refused(reply: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Reason {
    let aws = Aws::start(reply).await;
    let failure: CallError = directory(&aws).members(soon()).await.unwrap_err();
    failure.reason
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_over_short_and_empty_pages_each_once() {
    let aws = Aws::start(|asked| match token(asked) {
        None => page("Accounts", &[], Some("a")),
        Some("a") => {
            let renamed = account("222222222222", r#","State":"SUSPENDED""#);
            page("Accounts", &[account("333333333333", r#","State":"ACTIVE""#), renamed], Some("b"))
        }
        Some("b") => page("Accounts", &[], Some("c")),
        Some("c") => page("Accounts", &[account("222222222222", r#","State":"ACTIVE""#)], Some("")),
        Some(_) => error(400, "InvalidInputException", "no such token"),
    });
    let aws = aws.await;
    let members = directory(&aws).members(soon()).await.unwrap();
    assert_eq!(ids(&members), ["222222222222", "333333333333"]);
    assert!(members.iter().all(|member| member.active));
    assert_eq!(members[0].name, "name of 222222222222");
    assert_eq!(members[0].management.as_str(), "111111111111");
    let calls = aws.asked("ListAccounts");
    assert_eq!(calls.len(), 4);
    assert_eq!((&*calls[0].service, &*calls[0].region), ("organizations", "eu-central-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_active_by_its_state_or_where_there_is_none_by_its_status() {
    let aws = Aws::start(|_| {
        let accounts = [
            account("100000000001", r#","State":"ACTIVE","Status":"SUSPENDED""#),
            account("100000000002", r#","State":"PENDING_CLOSURE","Status":"ACTIVE""#),
            account("100000000003", r#","Status":"ACTIVE""#),
            account("100000000004", r#","Status":"SUSPENDED""#),
            account("100000000005", r#","State":"SOMETHING_NEW""#),
        ];
        page("Accounts", &accounts, None)
    });
    let members = directory(&aws.await).members(soon()).await.unwrap();
    let active: Vec<_> = members.iter().map(|member| member.active).collect();
    assert_eq!(active, [true, false, true, false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_makes_no_sense_is_no_list() {
    let invalid = Reason::InvalidResponse;
    assert_eq!(refused(|_| page("Accounts", &[], Some("again"))).await, invalid);
    assert_eq!(refused(|_| page("Accounts", &[], None)).await, invalid);
    assert_eq!(refused(|_| Answer::Ok("{}".into())).await, invalid);
    let of = |text: String| move |_: &Asked| page("Accounts", std::slice::from_ref(&text), None);
    assert_eq!(refused(of(account("222222222222", ""))).await, invalid, "no state");
    assert_eq!(refused(of(account("2", r#","State":"ACTIVE""#))).await, invalid, "no id");
    let no_arn = r#"{"Id":"222222222222","State":"ACTIVE"}"#.to_owned();
    assert_eq!(refused(of(no_arn)).await, invalid, "no management account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_on_a_later_page_is_a_failure_of_the_list() {
    let failing = |code: &'static str| {
        move |asked: &Asked| match token(asked) {
            None => page("Accounts", &[account("222222222222", r#","State":"ACTIVE""#)], Some("a")),
            Some(_) => error(400, code, "No"),
        }
    };
    assert_eq!(refused(failing("AccessDeniedException")).await, Reason::AccessDenied);
    assert_eq!(refused(failing("ServiceException")).await, Reason::ServerError);
    assert_eq!(refused(failing("AWSOrganizationsNotInUseException")).await, Reason::Other);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_below_a_unit_are_found_at_any_depth_and_only_those() {
    let aws = Aws::start(|asked| {
        let units = |ids: &[&str], next| {
            let of = |id: &&str| format!(r#"{{"Id":"{id}","Type":"ORGANIZATIONAL_UNIT"}}"#);
            page("Children", &ids.iter().map(of).collect::<Vec<_>>(), next)
        };
        let accounts = |ids: &[&str]| {
            let of = |id: &&str| account(id, r#","State":"ACTIVE""#);
            page("Accounts", &ids.iter().map(of).collect::<Vec<_>>(), None)
        };
        match (&*asked.operation, parent(asked), token(asked)) {
            ("ListChildren", "ou-top", None) => units(&["ou-left"], Some("more")),
            ("ListChildren", "ou-top", Some(_)) => units(&["ou-right"], None),
            ("ListChildren", "ou-left", None) => units(&["ou-deep"], None),
            ("ListChildren", ..) => units(&[], None),
            (_, "ou-top", _) => accounts(&["100000000003"]),
            (_, "ou-right", _) => accounts(&["100000000001"]),
            (_, "ou-deep", _) => accounts(&["100000000002"]),
            _ => accounts(&[]),
        }
    });
    let aws = aws.await;
    let members = directory(&aws).members_below("ou-top", soon()).await.unwrap();
    assert_eq!(ids(&members), ["100000000001", "100000000002", "100000000003"]);
    let asked = aws.asked("ListAccountsForParent");
    let asked: BTreeSet<_> = asked.iter().map(parent).collect();
    assert_eq!(asked, BTreeSet::from(["ou-deep", "ou-left", "ou-right", "ou-top"]));
    assert!(aws.asked("ListAccounts").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn units_within_each_other_are_an_error_and_so_is_a_tree_without_end() {
    for endless in [false, true] {
        let aws = Aws::start(move |asked| {
            if asked.operation == "ListAccountsForParent" {
                return page("Accounts", &[], None);
            }
            let child = if endless { format!("{}x", parent(asked)) } else { "ou-a".into() };
            page("Children", &[format!(r#"{{"Id":"{child}"}}"#)], None)
        });
        let aws = aws.await;
        let failure = directory(&aws).members_below("ou-a", soon()).await.unwrap_err();
        assert_eq!(failure.reason, Reason::InvalidResponse, "{failure}");
        assert!(aws.asked("ListChildren").len() < 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_enabled_regions_are_listed() {
    let region = |name: &str, status: &str| {
        format!(r#"{{"RegionName":"{name}","RegionOptStatus":"{status}"}}"#)
    };
    let aws = Aws::start(move |asked| match token(asked) {
        None => {
            let some =
                [region("us-east-1", "ENABLED_BY_DEFAULT"), region("af-south-1", "DISABLED")];
            page("Regions", &some, Some("a"))
        }
        Some(_) => {
            let rest = [region("me-south-1", "ENABLING"), region("eu-south-1", "ENABLED")];
            page("Regions", &rest, None)
        }
    });
    let aws = aws.await;
    let directory = directory(&aws);
    let regions = directory.regions(soon()).await.unwrap();
    let names: Vec<_> = regions.iter().map(|region| region.as_str()).collect();
    assert_eq!(names, ["eu-south-1", "us-east-1"]);
    let asked = aws.asked("/listRegions");
    assert_eq!((asked.len(), &*asked[0].service), (2, "account"));
    let requests: u64 = directory.counts().operations.values().map(|counts| counts.requests).sum();
    assert_eq!(requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_region_is_no_account() {
    let aws = Aws::start(|_| page("Regions", &[], None)).await;
    let failure = directory(&aws).regions(soon()).await.unwrap_err();
    assert_eq!(failure.reason, Reason::InvalidResponse);
}
