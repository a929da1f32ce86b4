//! What can be typed. Values stay text here, and defaults are told, not set: a flag that is not
//! there must leave room for its variable and for the file.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser};
use clap_complete::Shell;

use super::inquiry::Whom;
use super::variables::Environment;
use crate::config::{Choice, ConfigError, HOST_NAME, LogFormat, LogLevel, Overrides, StatusPage};
use crate::model::{AccountId, ParseAccountError, ParseRegionError, PolicyPart, Region};

/// Exports the current state of AWS Service Catalog to Prometheus
///
/// Scans the provisioned products of AWS accounts and regions, and the stack instances behind
/// them, and serves what it found. Without configuration it scans one account and region, with the
/// credentials and the region of the usual AWS environment; a file can name more, or an
/// organization.
#[derive(Debug, Parser)]
#[command(name = "servicecatalog-exporter", after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub settings: Settings,

    #[command(subcommand)]
    pub command: Option<Subcommand>,
}

const AFTER_HELP: &str = "\
A flag wins over its environment variable, the variable over the file, the file over the default.
An empty variable counts as unset.

Examples:
  servicecatalog-exporter demo                      look round without an AWS account
  AWS_REGION=eu-central-1 servicecatalog-exporter   scan one region and serve :10419/metrics
  servicecatalog-exporter check --config.file exporter.yml
  servicecatalog-exporter explain 123456789012 eu-central-1
  servicecatalog-exporter --config.file fleet.yml --shard auto --total-shards 3

Exit codes:
  0  done, or stopped by a signal
  1  it failed: configuration refused, address in use, scan failed, unhealthy
  2  the command line is wrong";

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Configuration file (YAML) [default: none]
    #[arg(long = "config.file", value_name = "FILE", global = true)]
    pub config_file: Option<PathBuf>,

    /// Address to serve on, repeatable or separated by commas [default: :10419]
    #[arg(long = "web.listen-address", value_name = "ADDRESS", global = true)]
    listen_address: Vec<String>,

    /// Path of the metrics [default: /metrics]
    #[arg(long = "web.telemetry-path", value_name = "PATH", global = true)]
    telemetry_path: Option<String>,

    /// URL under which people find the exporter, behind a proxy for instance [default: none]
    #[arg(long = "web.external-url", value_name = "URL", global = true)]
    external_url: Option<String>,

    /// What stands before every path [default: the path of --web.external-url]
    #[arg(long = "web.route-prefix", value_name = "PATH", global = true)]
    route_prefix: Option<String>,

    /// Scrapes that are answered at the same time; above it the answer is 503 [default: 40]
    #[arg(long = "web.max-requests", value_name = "NUMBER", global = true)]
    max_requests: Option<String>,

    /// Connections that are open at the same time; above it new ones wait [default: 512]
    #[arg(long = "web.max-connections", value_name = "NUMBER", global = true)]
    max_connections: Option<String>,

    /// How long running requests may take to end after a signal [default: 900ms]
    #[arg(long = "web.drain-timeout", value_name = "DURATION", global = true)]
    drain_timeout: Option<String>,

    /// Least severe events that are logged [default: info]
    #[arg(long = "log.level", value_name = "LEVEL", global = true)]
    #[arg(value_parser = PossibleValuesParser::new(LogLevel::words()))]
    log_level: Option<String>,

    /// How log lines are written [default: text]
    #[arg(long = "log.format", value_name = "FORMAT", global = true)]
    #[arg(value_parser = PossibleValuesParser::new(LogFormat::words()))]
    log_format: Option<String>,

    /// From the begin of one scan to the begin of the next [default: 5m; demo: 5s]
    #[arg(long = "scan.interval", value_name = "DURATION", global = true)]
    scan_interval: Option<String>,

    /// How long one scan may take [default: the larger of --scan.interval and 15m; demo: 30s]
    #[arg(long = "scan.timeout", value_name = "DURATION", global = true)]
    scan_timeout: Option<String>,

    /// Directory in which what is known is kept over restarts; of this exporter alone [default: none,
    /// nothing is kept]
    #[arg(long = "storage.path", value_name = "DIRECTORY", global = true)]
    storage_path: Option<String>,

    /// Which part of the targets this process scans: a number from 0, or auto for the ordinal of a
    /// StatefulSet's pod, from HOSTNAME [default: all targets]
    #[arg(long = "shard", value_name = "NUMBER", global = true)]
    shard: Option<String>,

    /// Among how many processes the targets are divided, 1 to 100 [default: 1]
    #[arg(long = "total-shards", value_name = "NUMBER", global = true)]
    total_shards: Option<String>,

    /// Let POST /-/reload read the configuration again and POST /-/scan start a scan [default: off;
    /// the variable takes true or false]
    #[arg(long = "web.enable-lifecycle", global = true)]
    enable_lifecycle: bool,

    /// Web file (YAML): TLS, users, headers and rate limit, in the format of the exporter-toolkit
    /// [default: none, plain HTTP for everybody]
    #[arg(long = "web.config.file", value_name = "FILE", global = true)]
    web_config_file: Option<String>,

    /// Let /-/ready be asked without a login, as /-/healthy always can [default: off; the variable
    /// takes true or false]
    #[arg(long = "web.unauthenticated-ready", global = true)]
    unauthenticated_ready: bool,

    /// How much the page at / tells: off is links only, full also what AWS says of single products,
    /// which may quote parameters of a launch [default: summary]
    #[arg(long = "web.status-page", value_name = "WHAT", global = true)]
    #[arg(value_parser = PossibleValuesParser::new(StatusPage::words()))]
    status_page: Option<String>,
}

impl Settings {
    /// What flags and variables say, by the key paths of the file.
    pub fn overrides(&self, env: &Environment<'_>) -> Result<Overrides, ConfigError> {
        let listen_address =
            (!self.listen_address.is_empty()).then(|| self.listen_address.join(","));
        let enable_lifecycle = switch(self.enable_lifecycle);
        let unauthenticated_ready = switch(self.unauthenticated_ready);
        let mut overrides = Overrides::new();
        for (key, flag, typed) in [
            ("web.listen_addresses", "web.listen-address", &listen_address),
            ("web.telemetry_path", "web.telemetry-path", &self.telemetry_path),
            ("web.external_url", "web.external-url", &self.external_url),
            ("web.route_prefix", "web.route-prefix", &self.route_prefix),
            ("web.max_requests", "web.max-requests", &self.max_requests),
            ("web.max_connections", "web.max-connections", &self.max_connections),
            ("web.drain_timeout", "web.drain-timeout", &self.drain_timeout),
            ("log.level", "log.level", &self.log_level),
            ("log.format", "log.format", &self.log_format),
            ("scan.interval", "scan.interval", &self.scan_interval),
            ("scan.timeout", "scan.timeout", &self.scan_timeout),
            ("storage.path", "storage.path", &self.storage_path),
            ("sharding.shard", "shard", &self.shard),
            ("sharding.total_shards", "total-shards", &self.total_shards),
            ("web.enable_lifecycle", "web.enable-lifecycle", &enable_lifecycle),
            ("web.config_file", "web.config.file", &self.web_config_file),
            ("web.unauthenticated_ready", "web.unauthenticated-ready", &unauthenticated_ready),
            ("web.status_page", "web.status-page", &self.status_page),
        ] {
            if let Some(given) = env.text(flag, typed.clone())? {
                overrides.insert(key, given);
            }
        }
        if let Some(given) = env.host_name() {
            overrides.insert(HOST_NAME, given);
        }
        Ok(overrides)
    }
}

/// What a switch says that was typed; one that was not leaves room for its variable.
pub fn switch(typed: bool) -> Option<String> {
    typed.then(|| "true".to_owned())
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Scan and serve until a signal; what is done without a subcommand
    #[command(after_help = "\
SIGTERM and SIGINT end it with exit code 0; a second signal ends it at once.")]
    Serve,

    /// Run against a simulated AWS in the same process: no account, no credentials
    #[command(after_help = "\
The same seed gives the same world, step by step. Nothing leaves this machine.

Example:
  servicecatalog-exporter demo --demo.seed 7 --demo.step 1s")]
    Demo {
        /// Which world to simulate, a whole number [default: 1]
        #[arg(long = "demo.seed", value_name = "NUMBER")]
        seed: Option<String>,

        /// How often the world moves [default: 5s]
        #[arg(long = "demo.step", value_name = "DURATION")]
        step: Option<String>,
    },

    /// Scan once and write the metrics, for node_exporter's textfile collector for instance
    #[command(after_help = "\
The file is replaced at once and whole. If the scan fails it is written too, with
servicecatalog_scan_success 0, and the exit code is 1.

Example:
  servicecatalog-exporter scan --output.file /var/lib/node_exporter/servicecatalog.prom")]
    Scan {
        /// File to write [default: standard output]
        #[arg(long = "output.file", value_name = "FILE")]
        output: Option<PathBuf>,
    },

    /// Hash a password for basic_auth_users of the web file
    #[command(after_help = "\
Asks for the password twice and does not show it; without a terminal it is the first line of
standard input.

Examples:
  servicecatalog-exporter hash-password prometheus
  printf %s \"$PASSWORD\" | servicecatalog-exporter hash-password prometheus")]
    HashPassword {
        /// Who logs in with it [default: the hash alone is printed]
        user: Option<String>,

        /// How much a login costs, 4 to 31; each step doubles it [default: 12]
        #[arg(long, value_name = "NUMBER")]
        cost: Option<String>,
    },

    /// Check files, variables and flags; AWS is asked with --live only
    #[command(after_help = "\
Exit code 0: valid; warnings, if any, are on standard error. Exit code 1: not valid, and one line
on standard error says where, what and the remedy; with --live also if something that is required
does not work.

Examples:
  servicecatalog-exporter check --config.file exporter.yml
  servicecatalog-exporter check --live --config.file exporter.yml")]
    Check {
        /// Also try each operation once for every target, and say which permission is missing
        /// [default: off; the variable takes true or false]
        #[arg(long)]
        live: bool,
    },

    /// Print the IAM policies that the configuration needs, as JSON
    #[command(after_help = "\
Parts: hub, what the exporter's own identity may do; member, what the roles that it assumes may do;
trust, who may assume them; management, what the role that reads the organisation may do; all.

Example:
  servicecatalog-exporter print-iam-policy --part member --config.file exporter.yml")]
    PrintIamPolicy {
        /// Which of the policies [default: all]
        #[arg(long, value_name = "PART")]
        #[arg(value_parser = PossibleValuesParser::new(PolicyPart::words()))]
        part: Option<String>,

        /// The role that the exporter runs with, for the trust policy [default: none]
        #[arg(long = "exporter-role-arn", value_name = "ARN")]
        exporter_role_arn: Option<String>,
    },

    /// Print the reference of every metric, as Markdown
    Metrics,

    /// Ask the exporter on this machine whether it is alive
    #[command(after_help = "\
It asks /-/healthy at the listen address of the same configuration, so give it the same flags,
variables and file. Exit code 0: alive. Exit code 1: no answer, or another one.")]
    Healthcheck {
        /// How long to wait for the answer [default: 2s]
        #[arg(long, value_name = "DURATION")]
        timeout: Option<String>,
    },

    /// Ask a running exporter why a series is there, old or missing
    #[command(after_help = "\
It asks the exporter at the listen address of the same configuration, so give it the same flags,
variables and file; or the one that --url names. A summary comes first, then what is known: the last
attempts with reasons and request ids, the next one, ages, limits, missing permissions.

Exit code 0: it answered, whatever it said. Exit code 1: no answer, or it refuses.

Examples:
  servicecatalog-exporter explain 123456789012 eu-central-1
  servicecatalog-exporter explain 123456789012 eu-central-1 pp-abcdefghijklm
  kubectl exec deploy/servicecatalog-exporter -- servicecatalog-exporter explain 123456789012 eu-central-1")]
    Explain {
        /// Account id, 12 digits
        #[arg(value_parser = account)]
        account: AccountId,

        /// Region, such as eu-central-1
        #[arg(value_parser = region)]
        region: Region,

        /// Id of a provisioned product [default: the account and region as a whole]
        product: Option<String>,

        #[command(flatten)]
        whom: Whom,
    },

    /// Print completions for a shell
    #[command(after_help = "\
Example:
  servicecatalog-exporter completions bash > /etc/bash_completion.d/servicecatalog-exporter")]
    Completions { shell: Shell },

    /// Print the manual page
    #[command(after_help = "\
Example:
  servicecatalog-exporter man | man -l -")]
    Man,
}

fn account(text: &str) -> Result<AccountId, ParseAccountError> {
    AccountId::parse(text)
}

fn region(text: &str) -> Result<Region, ParseRegionError> {
    Region::parse(text)
}
