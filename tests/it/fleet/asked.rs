//! The calls that finding the targets takes, by account.

use servicecatalog_exporter::config::Regions;
use servicecatalog_exporter::sim::{Fleet, Hub, Role, World};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_asked_as_two_roles_has_one_series_with_the_calls_of_both() {
    let fleet = Fleet { hub: Hub::Member, ..Fleet::default() };
    let other = Role::new(Fleet::MANAGEMENT, "Regions");
    let arn = RoleArn::parse(&other.arn).unwrap();
    let mut world = World::fleet(&fleet);
    world.add_role(other);
    let rig = Rig::with(world, |config| {
        let mut organization = organization(&fleet);
        organization.management_role = Some(role(&fleet, Fleet::MANAGEMENT));
        config.organization = Some(organization);
        let role = AssumeRole { arn, external_id: None, session_name: SessionName::default() };
        config.targets = vec![spec(Some(role), Regions::Auto { exclude: Vec::new() })];
    });
    let rig = rig.await;
    found(&rig).await;
    let scrape = scan_all(&rig).await;
    let of = |operation| {
        let labels = [("aws_region", "aws-global"), ("operation", operation)];
        let labels = [labels[0], labels[1], ("aws_account_id", Fleet::MANAGEMENT)];
        scrape.value("servicecatalog_aws_requests_total", &labels)
    };
    assert_eq!(
        (of("AssumeRole"), of("ListAccounts"), of("ListRegions")),
        (Some(2.0), Some(1.0), Some(1.0))
    );
    rig.stop().await;
}
