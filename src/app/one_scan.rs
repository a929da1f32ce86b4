//! One scan, written as text: for node_exporter's textfile collector, for scripts, for a look.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::daemon::{App, Source};
use crate::config::Config;
use crate::model::Region;
use crate::publish::Published;
use crate::scan::Ticks;
use crate::snapshot::{Found, Stage, StageResult, TargetState};
use crate::telemetry::Scope;

/// AWS may need this long to say which account it is; the call itself has five seconds.
const ACCOUNT_KNOWN_WITHIN: Duration = Duration::from_secs(6);

/// The scan was made and written, but products or stack instances are not complete. What only adds
/// to them may lack a permission for good reasons, and says so in its own stage.
#[derive(Debug, thiserror::Error)]
#[error("the scan failed; what was written says so (servicecatalog_scan_success 0)")]
pub struct ScanFailed;

/// Scans once and writes the result to `output`, or to standard output.
///
/// # Errors
/// When nothing could be written, or, after writing, when a required stage failed ([`ScanFailed`]) or the
/// account stayed unknown.
pub async fn scan_to(
    mut config: Config,
    source: Source,
    output: Option<&Path>,
) -> anyhow::Result<()> {
    let (tick, ticks) = tokio::sync::mpsc::channel(1);
    let patience = config.scan.timeout;
    // Messages that it took from the queue would be missing to the daemon whose queue it is.
    config.events = None;
    let app = App::without_server(config, source, Ticks::Manual(ticks), Scope::OneScan);
    let (reader, metrics, shutdown) = (app.reader(), app.metrics(), CancellationToken::new());
    // A target that is found later is not scanned any more, and its series say so.
    let scanned = |published: &Published, asked: &BTreeSet<Place>| {
        let mut targets = published.snapshot.targets.iter();
        targets.all(|target| target.scans() > 0 || !asked.contains(&place(target)))
    };
    let known = |published: &Published| {
        published.snapshot.targets.iter().all(|target| target.account.is_some())
    };
    let result = async {
        let _stop = shutdown.clone().drop_guard();
        let found = reader.wait_for(|published| published.snapshot.found != Found::NotYet);
        // What is known by then is scanned all the same.
        let _ = tokio::time::timeout(patience, found).await;
        if reader.latest().snapshot.targets.is_empty() {
            return Some(reader.latest());
        }
        let asked: BTreeSet<_> =
            reader.latest().snapshot.targets.iter().map(|target| place(target)).collect();
        tick.send(()).await.ok()?;
        let scanned = |published: &Published| scanned(published, &asked);
        reader.wait_for(scanned).await?;
        let named = reader.wait_for(|published| scanned(published) && known(published));
        let named = tokio::time::timeout(ACCOUNT_KNOWN_WITHIN, named).await;
        Some(named.ok().flatten().unwrap_or_else(|| reader.latest()))
    };
    let (ran, published) = tokio::join!(app.run(shutdown.clone()), result);
    ran?;
    let published = published.context("the scan ended without a result")?;
    let mut text: Vec<u8> = Vec::new();
    let tail = metrics.tail();
    for chunk in published.exposition.plain(&tail) {
        text.extend_from_slice(&chunk);
    }
    write(&text, output)?;
    anyhow::ensure!(
        published.snapshot.found == Found::Wholly,
        "not every target was found; see the log above"
    );
    anyhow::ensure!(
        !published.snapshot.targets.is_empty(),
        "there is no target: no account that is configured or found has a region to scan"
    );
    anyhow::ensure!(
        known(&published),
        "neither AWS nor an ARN names the account, so the target has no series; see the log above"
    );
    let succeeded = published.snapshot.targets.iter().all(|target| {
        Stage::REQUIRED.iter().all(|stage| target.stage(*stage).result == StageResult::Succeeded)
    });
    if succeeded { Ok(()) } else { Err(ScanFailed.into()) }
}

/// What a target is before its account is known: its role, or none, and its region.
type Place = (String, Region);

fn place(target: &TargetState) -> Place {
    (target.names.role_arn.clone(), target.region.clone())
}

/// Writes to standard output, or atomically to a file: a reader sees the old text or the new one.
fn write(text: &[u8], output: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = output else {
        return std::io::stdout().write_all(text).context("standard output cannot be written");
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let replace = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".servicecatalog-").tempfile_in(folder)?;
        file.write_all(text)?;
        // Another user's node_exporter reads it.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    replace().with_context(|| {
        format!("{} cannot be written; its folder must exist and be writable", path.display())
    })
}
