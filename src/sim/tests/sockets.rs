use std::io::{ErrorKind, Result};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// A connection over which a request was sent; the server closes after its answer.
async fn sent(simulator: &Simulator, request: Request) -> TcpStream {
    let mut stream = TcpStream::connect(simulator.address).await.unwrap();
    let header = |name, value: Option<String>| {
        value.map_or(String::new(), |value| format!("{name}: {value}\r\n"))
    };
    let text = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\n{}{}{}Connection: close\r\nContent-Length: {}\r\n\r\n{}",
        request.path,
        simulator.address,
        header("X-Amz-Target", request.target),
        header("Authorization", request.authorization),
        header("X-Amz-Security-Token", request.security_token),
        request.body.len(),
        std::str::from_utf8(&request.body).unwrap(),
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn answer_to(simulator: &Simulator, request: Request) -> String {
    let mut answer = String::new();
    sent(simulator, request).await.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A connection over which a scan was sent.
async fn asked(simulator: &Simulator) -> TcpStream {
    let body = account_scan(None).to_string();
    sent(simulator, Request::signed(SCAN, ACCESS_KEY_ID, REGION, &body)).await
}

async fn answer(simulator: &Simulator) -> Result<String> {
    let mut stream = asked(simulator).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn an_answer_over_http_has_the_recorded_headers() {
    let simulator = Simulator::start(world_of(1)).await.unwrap();
    let answer = answer(&simulator).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for header in ["x-amzn-requestid: ", "content-type: application/x-amz-json-1.1", "date: "] {
        assert!(head.contains(header), "{head}");
    }
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert!(body.starts_with(r#"{"ProvisionedProducts":[{"Arn":""#), "{body}");
    assert!(simulator.endpoint_url().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_a_reset() {
    let simulator = Simulator::start(world_of(1)).await.unwrap();
    simulator.inject(Fault::new(What::Reset).times(1));
    assert_eq!(answer(&simulator).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(answer(&simulator).await.is_ok());
}

#[tokio::test]
async fn a_hanging_call_is_recorded_hinders_nobody_and_ends_with_the_simulator() {
    let simulator = Simulator::start(world_of(1)).await.unwrap();
    simulator.inject(Fault::new(What::Hang).times(1));
    let mut hanging = asked(&simulator).await;
    let call = simulator.wait_for_call(|call| call.outcome == Outcome::Faulted(What::Hang)).await;
    assert_eq!(call.operation, Some(SCAN));
    assert!(answer(&simulator).await.is_ok());
    assert_eq!(simulator.concurrency().now, 1);

    drop(simulator);
    // Closed or reset, but never an answer.
    assert!(!matches!(hanging.read(&mut [0; 1]).await, Ok(1)));
}

#[tokio::test]
async fn a_dripping_answer_begins_with_two_bytes() {
    let simulator = Simulator::start(world_of(1)).await.unwrap();
    simulator.inject(Fault::new(What::Drip));
    let mut stream = asked(&simulator).await;
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        stream.read_buf(&mut answer).await.unwrap();
    }
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    while answer.len() < head + 2 {
        stream.read_buf(&mut answer).await.unwrap();
    }
    assert_eq!(&answer[head..], b"{\"");
}

#[tokio::test]
async fn concurrent_calls_wait_together_and_are_counted() {
    let simulator = Arc::new(Simulator::start(world_of(1)).await.unwrap());
    // Longer than any test: the calls are all under way until the simulator ends.
    simulator.set_latency(Duration::from_secs(3600));
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(asked(&simulator).await);
    }
    simulator.wait_until(|log| log.count(SCAN) == 3).await;
    assert_eq!(simulator.concurrency(), Concurrency { now: 3, highest: 3 });
    assert_eq!(simulator.concurrency_of(ACCOUNT, REGION).highest, 3);
    assert_eq!(simulator.concurrency_of(ACCOUNT, "eu-west-1").highest, 0);
    assert_eq!((simulator.calls().len(), simulator.count(SCAN), simulator.count(LIST)), (3, 3, 0));
    simulator.forget_calls();
    assert_eq!((simulator.count(SCAN), simulator.concurrency().highest), (0, 3));
}

#[tokio::test]
async fn the_world_can_change_between_two_calls() {
    let simulator = Simulator::start(world_of(1)).await.unwrap();
    assert!(answer(&simulator).await.unwrap().contains("AVAILABLE"));
    let tainted = ProvisionedProduct::tainted(0);
    simulator
        .with_world(|world| *world.catalog_mut(ACCOUNT, REGION).products_mut() = vec![tainted]);
    assert!(answer(&simulator).await.unwrap().contains("TAINTED"));
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let simulator = Simulator::start(world_of(0)).await.unwrap();
    let error = Simulator::start_on(world_of(0), simulator.address.port()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_role_is_counted_and_its_credentials_go_over_http_until_the_world_says_they_end() {
    let role = Role::new("210987654321", "Exporter");
    let arn = role.arn.clone();
    let mut world = world_of(0);
    world.add_role(role);
    let simulator = Simulator::start(world).await.unwrap();
    let assume = |more: &str| {
        let form = super::roles::form(&arn, more);
        Request::signed(Operation::AssumeRole, ACCESS_KEY_ID, REGION, &form)
    };
    let text = |answer: &str, name: &str| {
        let rest = answer.split_once(&format!("<{name}>")).unwrap().1;
        rest.split_once('<').unwrap().0.to_owned()
    };
    let given = answer_to(&simulator, assume("")).await;
    assert!(answer_to(&simulator, assume("&DurationSeconds=1")).await.contains("ValidationError"));
    assert_eq!(simulator.count_of_role(&arn), 1, "only what was given counts");
    assert_eq!(simulator.count_in(Operation::AssumeRole, ACCOUNT, REGION), 2);
    // The world is in 2023. The client is not, and has to see credentials that are good.
    assert!(text(&given, "Expiration").as_str() > "2026", "{given}");

    let (key, token) = (text(&given, "AccessKeyId"), text(&given, "SessionToken"));
    let regions = Request::signed(Operation::ListRegions, &key, REGION, "{}").with_token(&token);
    assert!(answer_to(&simulator, regions.clone()).await.contains("ENABLED_BY_DEFAULT"));
    assert_eq!(simulator.count_in(Operation::ListRegions, "210987654321", REGION), 1);
    simulator.with_world(|world| world.advance(Duration::from_secs(3600)));
    assert!(answer_to(&simulator, regions).await.contains("ExpiredTokenException"));
    let [first, .., last] = &simulator.calls()[..] else { panic!("two calls at least") };
    assert!(last.world_seconds - first.world_seconds >= 3600.0);
    assert!(last.at < Duration::from_secs(3600));
}
