//! Programs that nobody here wrote, as judges.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::exposition::Scrape;
use super::{PATIENCE, Rig};

/// What a program said.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The program is not there: says how to get it.
pub fn missing(program: &OsStr, error: &std::io::Error) -> ! {
    panic!("{} does not start ({error}): install it with `make tools`", program.display());
}

/// Runs a program to its end, with `input` on its standard input.
pub async fn run(command: Command, input: Vec<u8>) -> Ran {
    run_for(command, input, PATIENCE).await
}

/// The same for one that may take as long as `patience`.
pub async fn run_for(mut command: Command, input: Vec<u8>, patience: Duration) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let spawned = command.spawn();
    let mut child = spawned.unwrap_or_else(|error| missing(command.get_program(), &error));
    let mut stdin = child.stdin.take().unwrap();
    let (ended, end) = tokio::sync::oneshot::channel();
    // Threads, since the end of a test waits for blocking tasks, also for those that hang. One
    // writes while the other reads: a program may answer before it has read everything, or end
    // before, and says why in its exit code.
    std::thread::spawn(move || drop(stdin.write_all(&input)));
    std::thread::spawn(move || drop(ended.send(child.wait_with_output())));
    let end = tokio::time::timeout(patience, end).await.expect("the program hangs");
    let output = end.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The Python that has boto3, deaf to the environment in which the tests run.
pub fn python() -> Command {
    let variable = std::env::var_os("SERVICECATALOG_EXPORTER_TEST_PYTHON").map(PathBuf::from);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/venv/bin/python");
    let mut command = Command::new(variable.unwrap_or(installed));
    command.env_clear();
    command
}

/// Asks again and again until there is an answer: for what gives no event.
pub async fn until<T>(wanted: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {wanted}");
        // poll: what is asked is another process, or a text that is rendered once a second
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Scrapes until the daemon's own families, rendered at most once a second, have caught up with
/// those of the last scan: every AWS request that is counted was timed, and the other way round.
pub async fn settled(rig: &Rig) -> Scrape {
    const REQUESTS: &str = "servicecatalog_aws_requests_total";
    const TIMED: &str = "servicecatalog_aws_request_duration_seconds_count";
    until("all requests were timed", async || {
        let scrape = rig.scrape().await;
        let by_operation = |family| {
            let samples = scrape.all(family, &[]).into_iter();
            let mut counts: Vec<_> = samples
                .map(|sample| (sample.label("operation").to_owned(), sample.value))
                .collect();
            counts.sort_by(|a, b| a.0.cmp(&b.0));
            counts
        };
        (by_operation(REQUESTS) == by_operation(TIMED)).then_some(scrape)
    })
    .await
}

/// Scans, so that the exporter knows by GetCallerIdentity who it is, and that call is over.
pub async fn scan_and_be_named(rig: &Rig) {
    rig.scan().await;
    let named = [("operation", "GetCallerIdentity")];
    until("GetCallerIdentity was answered", async || {
        let scrape = rig.scrape().await;
        scrape.value("servicecatalog_aws_request_duration_seconds_count", &named)
    })
    .await;
}
