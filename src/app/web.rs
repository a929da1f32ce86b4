//! The web file in force: where `http` and `serve` see it, and how another one takes its place.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::watch;

use crate::config::{ConfigError, Contents, Loaded, WebFile, WebLoader};

/// TEMPORARY until the server takes it.
type Tls = watch::Receiver<Option<Arc<ServerConfig>>>;

/// The web file in force, if there is one; without: plain HTTP for everybody.
#[derive(Debug)]
pub(super) struct Web {
    /// None: never read again.
    source: Option<(WebLoader, Contents)>,
    rules: watch::Sender<Arc<WebFile>>,
    tls: watch::Sender<Option<Arc<ServerConfig>>>,
}

impl Default for Web {
    fn default() -> Self {
        Self::of(None, WebFile::default())
    }
}

impl Web {
    /// Reads the file. What it warns of is logged.
    ///
    /// # Errors
    /// When it is refused.
    pub(super) fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let loader = WebLoader::new(file.to_owned());
        let Loaded { web, warnings, contents } = loader.load()?;
        warn_of(&warnings);
        Ok(Self::of(Some((loader, contents)), web))
    }

    fn of(source: Option<(WebLoader, Contents)>, web: WebFile) -> Self {
        let (tls, _) = watch::channel(web.tls.clone());
        let (rules, _) = watch::channel(Arc::new(web));
        Self { source, rules, tls }
    }

    /// What counts for each request.
    pub(super) fn rules(&self) -> watch::Receiver<Arc<WebFile>> {
        self.rules.subscribe()
    }

    /// What counts for each new connection.
    pub(super) fn tls(&self) -> Tls {
        self.tls.subscribe()
    }

    /// Whether new connections are TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.tls.borrow().is_some()
    }

    /// What it was read from at the start; none without a file.
    pub(super) fn read_at_start(&self) -> Option<Contents> {
        self.source.as_ref().map(|(_, contents)| contents.clone())
    }

    /// What it would be read from now; none without a file.
    pub(super) async fn contents(&self) -> Option<Contents> {
        let (loader, _) = self.source.as_ref()?;
        let loader = loader.clone();
        tokio::task::spawn_blocking(move || loader.contents()).await.ok()
    }

    /// Reads the file again and puts it in force: users and headers for every request, TLS for
    /// new connections. Whether there is a file; one that is refused changes nothing.
    ///
    /// # Errors
    /// When it is refused, with the reason.
    pub(super) async fn reload(&self) -> Result<bool, String> {
        let Some((loader, _)) = &self.source else { return Ok(false) };
        let loader = loader.clone();
        let loaded = tokio::task::spawn_blocking(move || loader.load_again()).await;
        let Loaded { web, warnings, .. } = loaded
            .map_err(|_| "reading it panicked; see the log above".to_owned())?
            .map_err(|error| error.to_string())?;
        warn_of(&warnings);
        self.tls.send_replace(web.tls.clone());
        self.rules.send_replace(Arc::new(web));
        Ok(true)
    }
}

fn warn_of(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("web file: {warning}");
    }
}
