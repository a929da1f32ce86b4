//! Whom `explain` asks, and as whom.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::switched;
use super::variables::{Environment, positive_duration};
use crate::config::{Complaint, ConfigError, Given};
use crate::http::{Inquiry, Login, Password};
use crate::model::{AccountId, Region};

#[derive(Debug, Args)]
pub struct Whom {
    /// Where the exporter is, with its prefix if it has one [default: this machine, as configured]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Believe whatever certificate the exporter of --url has [default: off; the variable takes
    /// true or false]
    #[arg(long)]
    insecure: bool,

    /// Who logs in, if the exporter wants that [default: nobody]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// File with the password [default: SERVICECATALOG_EXPORTER_PASSWORD holds it]
    #[arg(long = "password-file", value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Print the answer as JSON [default: off; the variable takes true or false]
    #[arg(long)]
    pub json: bool,

    /// How long to wait for the answer [default: 5s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
}

impl Whom {
    pub fn inquiry(
        self,
        env: &Environment<'_>,
        account: AccountId,
        region: Region,
        product: Option<String>,
    ) -> Result<Inquiry, ConfigError> {
        let url = env.text("url", self.url)?.as_ref().map(Given::read).transpose()?;
        let insecure = switched(env, "insecure", self.insecure)?;
        let timeout = env.value("timeout", self.timeout, positive_duration)?;
        let file = env.path("password-file", self.password_file).map(Password::File);
        // No flag: everybody sees the arguments of a process.
        let text = || Ok(env.text("password", None)?.map(|given| Password::Text(given.text)));
        let password = match file {
            Some(file) => Some(file),
            None => text()?,
        };
        let login = match (env.text("user", self.user)?, password) {
            (None, _) => None,
            (Some(user), Some(password)) => Some(Login { user: user.text, password }),
            (Some(user), None) => {
                let remedy = "say --password-file, or set SERVICECATALOG_EXPORTER_PASSWORD";
                let complaint = Complaint::new("has no password", remedy);
                return Err(ConfigError::of_origin(user.origin, complaint));
            }
        };
        let timeout = timeout.unwrap_or(Duration::from_secs(5));
        Ok(Inquiry { account, region, product, url, insecure, login, timeout })
    }
}
