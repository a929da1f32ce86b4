//! What bench/run measures the exporter with and beside, each a subcommand in a process of its own:
//! simulated AWS of a size, a bare hyper server, and the encoding of what a scan has found.
//! bench/README.md says what for.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[allow(dead_code, reason = "it is other benches that start themselves once more")]
#[path = "support/simulated.rs"]
mod simulated;

#[allow(dead_code, reason = "the median is taken by who runs this")]
#[path = "support/cpu.rs"]
mod cpu;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use servicecatalog_exporter::config::{Config, Organization, Regions};
use servicecatalog_exporter::exposition::{BodyBuilder, Writer};
use servicecatalog_exporter::families;
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::{Region, RoleName, SessionName};
use servicecatalog_exporter::publish::Published;
use servicecatalog_exporter::scan::shown_of;
use servicecatalog_exporter::sim::{Fleet, Simulator, World};
use servicecatalog_exporter::snapshot::Found;
use simulated::{Scanner, config};
use tokio::net::TcpListener;

const USAGE: &str = "\
usage: peers COMMAND, one of

  simulator --products N --stack-sets N --instances N [--latency-ms N]
      one account and region
  fleet --accounts N --regions NAME,… --products N --stack-sets N --instances N
        [--used-every N] [--latency-ms N]
      an organisation; of so many pairs of account and region one has products, by default each
  hyper FILE FILE
      a hyper server of these bytes, plain and gzip, and nothing else
  encode URL --times N [--regions NAME,…]
      scans that simulator, or in these regions that organisation, and says what encoding takes

Those that serve print their URL, and end when their input does.
";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["simulator", ref options @ ..] => {
            let options = Options::read(options);
            let world = World::sized(
                options.number("--products"),
                options.number("--stack-sets"),
                options.number("--instances"),
            );
            simulate(world, options.latency());
        }
        ["fleet", ref options @ ..] => {
            let options = Options::read(options);
            simulate(organisation(&options), options.latency());
        }
        ["hyper", plain, gzip] => serve(plain, gzip),
        ["encode", url, ref options @ ..] => encode(url, &Options::read(options)),
        // What cargo bench says to every bench; this one measures nothing by itself.
        ["--bench"] | [] => print!("{USAGE}"),
        _ => panic!("{words:?}?\n{USAGE}"),
    }
}

/// `--name value` pairs.
struct Options<'w>(HashMap<&'w str, &'w str>);

impl<'w> Options<'w> {
    fn read(words: &[&'w str]) -> Self {
        let (pairs, rest) = words.as_chunks::<2>();
        assert!(rest.is_empty(), "{rest:?} has no value\n{USAGE}");
        Self(pairs.iter().map(|[name, value]| (*name, *value)).collect())
    }

    fn number(&self, name: &str) -> usize {
        let value = self.0.get(name).unwrap_or_else(|| panic!("{name} is missing\n{USAGE}"));
        value.parse().unwrap_or_else(|_| panic!("{name} {value}: no number\n{USAGE}"))
    }

    fn number_or(&self, name: &str, default: usize) -> usize {
        if self.0.contains_key(name) { self.number(name) } else { default }
    }

    fn latency(&self) -> Duration {
        Duration::from_millis(self.number_or("--latency-ms", 0) as u64)
    }

    fn regions(&self) -> Option<Vec<String>> {
        let names = self.0.get("--regions")?;
        Some(names.split(',').map(str::to_owned).collect())
    }
}

fn organisation(options: &Options<'_>) -> World {
    let regions = options.regions().unwrap_or_else(|| panic!("--regions is missing\n{USAGE}"));
    let fleet = Fleet {
        accounts: options.number("--accounts"),
        regions,
        products: options.number("--products"),
        stack_sets: options.number("--stack-sets"),
        instances: options.number("--instances"),
        account_factory: false,
        ..Fleet::default()
    };
    let every = options.number_or("--used-every", 1);
    let mut world = World::fleet(&fleet);
    let accounts = (0..fleet.accounts).map(Fleet::account);
    let places = accounts.flat_map(|account| {
        fleet.regions.iter().map(move |region| (account.clone(), region.as_str()))
    });
    for (nth, (account, region)) in places.enumerate() {
        if !nth.is_multiple_of(every) {
            world.catalog_mut(&account, region).products_mut().clear();
        }
    }
    world
}

fn simulate(world: World, latency: Duration) {
    simulated::runtime().block_on(async {
        let simulator = Simulator::start(world).await.expect("loopback can be bound");
        simulator.set_latency(latency);
        until_input_ends(&simulator.endpoint_url()).await;
    });
}

async fn until_input_ends(url: &str) {
    println!("{url}");
    std::io::stdout().flush().expect("somebody listens");
    let until_end = || std::io::stdin().read_to_end(&mut Vec::new());
    let _ = tokio::task::spawn_blocking(until_end).await;
}

/// The limit: the bytes are there, and whoever takes gzip gets gzip.
fn serve(plain: &str, gzip: &str) {
    let read = |file: &str| Bytes::from(std::fs::read(file).expect("the file is there"));
    let bodies = Arc::new([read(plain), read(gzip)]);
    simulated::runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be bound");
        let url = format!("http://{}/metrics", listener.local_addr().expect("it is bound"));
        tokio::select! {
            () = accept(listener, bodies) => (),
            () = until_input_ends(&url) => (),
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "connections end with the process")]
async fn accept(listener: TcpListener, bodies: Arc<[Bytes; 2]>) {
    loop {
        let (stream, _) = listener.accept().await.expect("few clients come");
        // As the exporter does.
        let _ = stream.set_nodelay(true);
        let bodies = Arc::clone(&bodies);
        tokio::spawn(async move {
            let service = service_fn(|request| std::future::ready(answer(&request, &bodies)));
            // An error is the client's going away.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(
    request: &Request<Incoming>,
    [plain, gzip]: &[Bytes; 2],
) -> Result<Response<Full<Bytes>>, Infallible> {
    let accepted = request.headers().get(ACCEPT_ENCODING);
    let takes_gzip =
        accepted.and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"));
    let mut response = Response::new(Full::new(if takes_gzip { gzip } else { plain }.clone()));
    let headers = response.headers_mut();
    headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    if takes_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Prints, as JSON, how much encoding what was found takes, each of so many times.
fn encode(url: &str, options: &Options<'_>) {
    // As the exporter does.
    memory::share_one_heap();
    let mut config = config();
    config.metrics.max_series = usize::MAX;
    config.organization = options.regions().map(|regions| organization(&regions));
    let published = simulated::runtime().block_on(scanned(&config, url));
    let (snapshot, shown) = (&published.snapshot, shown_of(&config));
    let forgotten = Writer::new(BodyBuilder::forgetting());
    let series = families::write(forgotten, snapshot, &shown).samples();
    let times = (0..options.number("--times")).map(|_| {
        let begun = cpu::of_thread();
        drop(families::encode(snapshot, &shown));
        (cpu::of_thread() - begun).as_secs_f64()
    });
    let found = serde_json::json!({
        "series": series,
        "targets": snapshot.targets.len(),
        "bytes": published.exposition.plain_len(),
        "gzip_bytes": published.exposition.gzip_len(),
        "seconds": times.collect::<Vec<f64>>(),
    });
    println!("{found}");
}

fn organization(regions: &[String]) -> Organization {
    let region = |name: &String| Region::parse(name).expect("a region");
    Organization {
        role_name: RoleName::parse(&Fleet::default().role).expect("a role"),
        external_id: None,
        session_name: SessionName::default(),
        regions: Regions::Listed(regions.iter().map(region).collect()),
        include_ous: Vec::new(),
        exclude_ous: Vec::new(),
        include_accounts: Vec::new(),
        exclude_accounts: Vec::new(),
        refresh: Duration::from_secs(3600),
        management_role: None,
    }
}

/// All targets, scanned once.
async fn scanned(config: &Config, url: &str) -> Arc<Published> {
    let scanner = Scanner::new(config.clone(), url);
    let found = scanner.reader.wait_for(|published| published.snapshot.found == Found::Wholly);
    drop(found.await.expect("the pump runs"));
    scanner.tick().await;
    scanner.all_scanned(1).await
}
