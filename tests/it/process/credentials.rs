//! Where the credentials come from: each source of the usual chain, told apart by its access key.
//!
//! Web identity and SSO are not here: the simulated AWS does not answer their calls.

use servicecatalog_exporter::sim::{self, Simulator};

use super::program::Invocation;
use super::responder::{Reply, Responder};
use super::{SCAN, asked_for, on_a_free_port, some_products};

const KEY: &str = "AKIDFROMELSEWHERE";
const ACCOUNT: &str = "210987654321";

/// A simulated AWS in which [`KEY`] belongs to [`ACCOUNT`].
async fn aws() -> Simulator {
    let simulator = some_products().await;
    simulator.with_world(|world| {
        world.add_principal(KEY, ACCOUNT, "arn:aws:sts::210987654321:assumed-role/other/session");
    });
    simulator
}

/// The exporter with an endpoint, and neither credentials nor region.
fn bare(simulator: &Simulator) -> Invocation {
    on_a_free_port(&[]).env("AWS_ENDPOINT_URL", simulator.endpoint_url())
}

/// What credential endpoints and processes answer, with fields of their own.
fn credentials(more: &str) -> String {
    format!(
        r#"{{{more}"AccessKeyId":"{KEY}","SecretAccessKey":"secret","Token":"token","SessionToken":"token","Expiration":"2999-01-01T00:00:00Z"}}"#
    )
}

async fn scans_as_the_other_account(program: Invocation, simulator: &Simulator) {
    let program = program.start();
    program.address().await;
    let call = asked_for(simulator, SCAN).await;
    assert_eq!(call.access_key.as_deref(), Some(KEY), "{}", program.log());
    assert_eq!(call.account.as_deref(), Some(ACCOUNT));
    assert_eq!(call.region.as_deref(), Some(sim::REGION));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_gives_region_and_keys() {
    let simulator = aws().await;
    let program = bare(&simulator).env("AWS_PROFILE", "watch");
    program.file(
        ".aws/config",
        &format!(
            "[profile watch]\nregion = {}\naws_access_key_id = {KEY}\naws_secret_access_key = secret\n",
            sim::REGION
        ),
    );
    scans_as_the_other_account(program, &simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_profile_needs_no_variable_and_may_name_the_endpoint() {
    let simulator = aws().await;
    let program = bare(&simulator).without("AWS_ENDPOINT_URL");
    program.file(
        ".aws/config",
        &format!(
            "[default]\nregion = {}\nendpoint_url = {}\n",
            sim::REGION,
            simulator.endpoint_url()
        ),
    );
    program.file(
        ".aws/credentials",
        &format!("[default]\naws_access_key_id = {KEY}\naws_secret_access_key = secret\n"),
    );
    scans_as_the_other_account(program, &simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_may_have_a_process_for_its_credentials() {
    let simulator = aws().await;
    let program = bare(&simulator).env("AWS_REGION", sim::REGION);
    let script = format!("echo '{}'\n", credentials("\"Version\":1,"));
    let script = program.file("credentials.sh", &script);
    let profile = format!("[default]\ncredential_process = /bin/sh {}\n", script.display());
    program.file(".aws/config", &profile);
    scans_as_the_other_account(program, &simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_of_ecs_asks_the_agent() {
    let simulator = aws().await;
    let agent = Responder::start(|_| Reply::Text(credentials(""))).await;
    let program = bare(&simulator)
        .env("AWS_REGION", sim::REGION)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url("/v2/credentials/role"));
    scans_as_the_other_account(program, &simulator).await;
    agent.asked("GET /v2/credentials/role HTTP/1.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_of_eks_shows_its_token_to_the_agent() {
    let simulator = aws().await;
    let agent = Responder::start(|head| {
        if head.to_lowercase().contains("authorization: the-token-of-this-pod\r\n") {
            Reply::Text(credentials(""))
        } else {
            Reply::Status(401)
        }
    })
    .await;
    let program = bare(&simulator)
        .env("AWS_REGION", sim::REGION)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url("/v1/credentials"));
    let token = program.file("eks-pod-identity-token", "the-token-of-this-pod");
    let program = program.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token);
    scans_as_the_other_account(program, &simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_ec2_has_region_and_role_in_its_metadata() {
    const PATH: &str = "/latest/meta-data/iam/security-credentials";
    let simulator = aws().await;
    let metadata = Responder::start(|head| {
        let (method, path) = head.split_once(' ').unwrap();
        let path = path.split(' ').next().unwrap();
        match (method, path) {
            ("PUT", "/latest/api/token") => Reply::Text("the-session".into()),
            _ if !head.to_lowercase().contains("token: the-session") => Reply::Status(401),
            ("GET", "/latest/meta-data/placement/region") => Reply::Text(sim::REGION.into()),
            ("GET", path) if path.trim_end_matches('/') == PATH => Reply::Text("a-role".into()),
            ("GET", path) if path == format!("{PATH}/a-role") => Reply::Text(credentials(
                r#""Code":"Success","Type":"AWS-HMAC","LastUpdated":"2020-01-01T00:00:00Z","#,
            )),
            _ => Reply::Status(404),
        }
    })
    .await;
    let program = bare(&simulator)
        .without("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url("/"));
    scans_as_the_other_account(program, &simulator).await;
}
