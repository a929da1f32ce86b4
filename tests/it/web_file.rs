//! `--web.config.file`: what exporter-toolkit does with its file is what happens here, over real
//! connections.

mod clients;
mod command_line;
mod demo;
mod foreign;
mod negotiation;
mod requests;
mod reread;
mod resumption;

use std::path::Path;

use servicecatalog_exporter::sim::World;
use tempfile::TempDir;

use crate::support::Rig;
use crate::support::pki::Authority;

/// Names the certificate of every test here.
const FILES: &str = "cert_file: server.crt, key_file: server.key";

/// A folder with a certificate of an authority.
struct Folder {
    folder: TempDir,
    authority: Authority,
}

impl Folder {
    fn new() -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("authority"));
        authority.server().write(folder.path(), "server");
        std::fs::write(folder.path().join("ca.crt"), &authority.certificate).unwrap();
        Self { folder, authority }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// An exporter with that web file.
    async fn serve(&self, web: &str) -> Rig {
        self.write("web.yml", web);
        let file = self.path().join("web.yml");
        Rig::with(World::sized(3, 1, 1), |config| config.web.config_file = Some(file)).await
    }

    /// The same with more of TLS than certificate and key.
    async fn serve_tls(&self, more: &str) -> Rig {
        self.serve(&format!("tls_server_config: {{{FILES}{more}}}\n")).await
    }
}
