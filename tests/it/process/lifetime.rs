//! How it begins and how it ends: the addresses first, and an exit within a second of a signal,
//! whatever AWS and the clients do.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use servicecatalog_exporter::sim::{Fault, Simulator, What, World};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::program::{Ended, Invocation, Program, scrape};
use super::responder::{Reply, Responder};
use super::{SCAN, asked_for, on_a_free_port, scanning, some_products, soon};
use crate::support::http;

/// The promise is one second. The bound is what a busy machine may add to it, and far below the
/// ten seconds that an AWS call has.
const SOON: Duration = Duration::from_secs(5);

/// Sends a signal and waits for the end.
async fn ended_by(program: Program, signal: &str) -> Ended {
    let began = Instant::now();
    program.signal(signal);
    let ended = program.end_within(SOON).await;
    println!("{signal}: ended after {:?}", began.elapsed());
    ended
}

/// The exporter without a region, whose metadata endpoint never answers.
async fn waiting_for_its_region() -> (Program, Responder) {
    let metadata = Responder::start(|_| Reply::Never).await;
    let program = on_a_free_port(&[])
        .without("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url("/"))
        .start();
    metadata.asked("PUT /latest/api/token").await;
    (program, metadata)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_it_listens_and_answers_before_it_knows_its_region() {
    let (program, _metadata) = waiting_for_its_region().await;
    let address = program.address().await;
    let scrape = scrape(address).await;
    assert_eq!(scrape.value("servicecatalog_exporter_ready", &[]), Some(0.0));
    assert_eq!(scrape.sum("servicecatalog_exporter_build_info", &[]), 1.0);
    assert_eq!(http::get(address, "/-/ready", &[]).await.status, 503);
    assert_eq!(http::get(address, "/-/healthy", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_the_region_is_looked_up_ends_it() {
    let (program, _metadata) = waiting_for_its_region().await;
    let ended = ended_by(program, "TERM").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_a_file_of_the_environment_hangs_ends_it() {
    let program = on_a_free_port(&[]);
    // A pipe that is open and silent, as a file on a network drive that is gone.
    let pipe = program.file("folder/config", "").with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let program = program.env("AWS_CONFIG_FILE", &pipe).start();
    let (opened, is_open) = tokio::sync::oneshot::channel();
    // Opening waits for the reader, and a thread of a test that fails may wait for ever.
    std::thread::spawn(move || opened.send(File::options().write(true).open(pipe)));
    let _silent = soon(is_open).await.unwrap().unwrap();
    let ended = ended_by(program, "TERM").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_signal_ends_it_with_exit_code_0_while_every_call_hangs() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Hang));
    for signal in ["TERM", "INT"] {
        simulator.forget_calls();
        let program = scanning(&simulator, &[]).start();
        asked_for(&simulator, SCAN).await;
        let ended = ended_by(program, signal).await;
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let said = ended.stderr.join("\n");
        assert!(said.contains(&format!("signal=\"SIG{signal}\"")), "{said}");
        assert!(ended.stderr.last().unwrap().contains("stopped"), "{said}");
        assert_eq!(ended.complaints(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_holds_nothing_up() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &["--web.drain-timeout=10m"]).start();
    let mut client = tokio::net::TcpStream::connect(program.ready().await).await.unwrap();
    client.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: t\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let ended = ended_by(program, "TERM").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

/// The exporter with more to serve than sockets hold.
async fn with_a_large_answer(args: &[&str]) -> (Program, Simulator) {
    let simulator = Simulator::start(World::sized(3000, 0, 0)).await.unwrap();
    let unlimited = "aws: {max_requests_per_second: 0}\n";
    let program = scanning(&simulator, args).config(unlimited).start();
    (program, simulator)
}

/// A client that asks for the metrics and takes no more of the answer than its first byte.
async fn slow_client(address: SocketAddr) -> tokio::net::TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut client = tokio::net::TcpStream::from_std(TcpStream::from(socket)).unwrap();
    client.write_all(b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n").await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'H');
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_cut_off_when_the_time_to_drain_is_over() {
    let (program, _simulator) = with_a_large_answer(&[]).await;
    let _client = slow_client(program.ready().await).await;
    let ended = ended_by(program, "TERM").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(said.contains("answers were cut off by web.drain_timeout connections=1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_way_is_finished_before_the_end() {
    let (program, _simulator) = with_a_large_answer(&["--web.drain-timeout=10m"]).await;
    let mut client = slow_client(program.ready().await).await;
    program.signal("TERM");
    program.logs("stopping").await;
    let mut rest = Vec::new();
    soon(client.read_to_end(&mut rest)).await.unwrap();
    let head = rest.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let length = String::from_utf8_lossy(&rest[..head]).to_lowercase();
    let length = length.split_once("content-length: ").unwrap().1.lines().next().unwrap();
    assert_eq!(rest.len() - head - 4, length.parse::<usize>().unwrap());
    assert_eq!(program.end_within(SOON).await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let (program, _simulator) = with_a_large_answer(&["--web.drain-timeout=10m"]).await;
        let _client = slow_client(program.ready().await).await;
        program.signal("TERM");
        program.logs("a second signal ends it at once").await;
        let ended = ended_by(program, signal).await;
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
    }
}

/// A hangup is what init systems and people send to reload.
async fn survives_a_hangup(program: Invocation) {
    let program = program.start();
    program.logs("every target was tried").await;
    for _ in 0..2 {
        program.signal("HUP");
    }
    program.logs("the configuration was read again").await;
    let ended = ended_by(program, "TERM").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_ends_neither_the_daemon_nor_the_demo() {
    let simulator = some_products().await;
    survives_a_hangup(scanning(&simulator, &[])).await;
    survives_a_hangup(on_a_free_port(&["demo"])).await;
}
