//! The command line: flags, environment variables and the file become one [`Command`].
//!
//! clap reads the flags as text, and the parsers of [`crate::config`] read that text and the
//! environment alike. So the environment is an argument here, an empty variable can count as
//! unset, and a message names the variable that is wrong.

mod flags;
mod inquiry;
mod password;
mod texts;
mod variables;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches};

use crate::config::{Config, ConfigError, Defaults, Given, Loader};
use crate::http::Inquiry;
use crate::model::{PolicyPart, RoleArn};

pub use self::password::hash_password;
pub use self::texts::{check_report, completions, man};
pub use clap_complete::Shell;

use self::flags::{Cli, Subcommand};
use self::variables::Environment;

/// What the user wants, with a configuration that is valid.
#[derive(Debug)]
pub enum Command {
    /// The daemon.
    Serve {
        /// Valid.
        config: Config,
        /// Reads it again.
        loader: Loader,
    },
    /// The exporter against a simulated AWS.
    Demo {
        /// Valid.
        config: Config,
        /// Of the simulated world.
        seed: u64,
        /// How often the simulated world moves.
        step: Duration,
        /// Reads the configuration again.
        loader: Loader,
    },
    /// One scan, written to `output` or to stdout.
    Scan {
        /// Valid.
        config: Config,
        /// The file to replace; none is standard output.
        output: Option<PathBuf>,
    },
    /// The configuration is valid; [`check_report`] says so.
    Check {
        /// The file that was read, if any.
        file: Option<PathBuf>,
        /// Valid.
        config: Config,
    },
    /// Like [`Command::Check`], and then AWS is asked whether it works.
    CheckLive {
        /// The file that was read, if any.
        file: Option<PathBuf>,
        /// Valid.
        config: Config,
    },
    /// The IAM policies that the configuration needs.
    PrintIamPolicy {
        /// Valid.
        config: Config,
        /// Which of them.
        part: PolicyPart,
        /// The role that the exporter runs with, if it was said.
        exporter: Option<RoleArn>,
    },
    /// A password becomes a line of `basic_auth_users`.
    HashPassword {
        /// Who logs in with it; none prints the hash alone.
        user: Option<String>,
        /// Of bcrypt.
        cost: u32,
    },
    /// The reference of every family.
    Metrics,
    /// Asks the exporter that runs with the same configuration.
    Healthcheck {
        /// Valid.
        config: Config,
        /// Of the whole question.
        timeout: Duration,
    },
    /// Asks a running exporter why a series is there, old or missing.
    Explain {
        /// Valid.
        config: Config,
        /// What is asked, and of whom.
        inquiry: Inquiry,
        /// Whether the answer is printed as it came.
        as_json: bool,
    },
    /// The completion script of a shell.
    Completions(Shell),
    /// The manual page.
    Man,
}

/// Why there is no command to run.
#[derive(Debug)]
pub enum Stop {
    /// The answer to `--help` or `--version`, or a wrong command line.
    Usage(clap::Error),
    /// A configuration that is refused.
    Configuration(ConfigError),
}

impl Stop {
    /// 0 after `--help` and `--version`, 1 for the configuration, 2 for the command line.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Configuration(_) => 1,
        }
    }

    /// Tells the user, help and version on stdout and errors on stderr, and gives the exit code.
    #[expect(clippy::print_stderr, reason = "this is where the command line answers")]
    pub fn report(&self) -> ExitCode {
        match self {
            // Nobody is left to tell when the terminal is gone.
            Self::Usage(error) => drop(error.print()),
            Self::Configuration(error) => eprintln!("{error}"),
        }
        ExitCode::from(self.code())
    }
}

impl From<clap::Error> for Stop {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for Stop {
    /// A flag that is wrong by itself is told like every other wrong flag.
    fn from(error: ConfigError) -> Self {
        if error.is_usage() {
            Self::Usage(texts::command().error(ErrorKind::ValueValidation, error))
        } else {
            Self::Configuration(error)
        }
    }
}

/// Reads arguments (the first is the program's name), environment and configuration file.
pub fn parse<I>(args: I, env: impl Fn(&str) -> Option<OsString>) -> Result<Command, Stop>
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let matches: ArgMatches = texts::command().try_get_matches_from(args)?;
    let Cli { settings, command } = Cli::from_arg_matches(&matches)?;
    let env = Environment::new(&env);

    let file = env.path("config.file", settings.config_file.clone());
    let loader = |defaults| {
        settings.overrides(&env).map(|overrides| Loader::new(file.clone(), overrides, defaults))
    };
    let load = |defaults| loader(defaults)?.load();
    Ok(match command.unwrap_or(Subcommand::Serve) {
        Subcommand::Serve => {
            let loader = loader(Defaults::Production)?;
            Command::Serve { config: loader.load()?, loader }
        }
        Subcommand::Demo { seed, step } => {
            let loader = loader(Defaults::Demo)?;
            Command::Demo {
                config: loader.load()?,
                seed: env.value("demo.seed", seed, variables::whole_number)?.unwrap_or(1),
                step: env
                    .value("demo.step", step, variables::positive_duration)?
                    .unwrap_or(Duration::from_secs(5)),
                loader,
            }
        }
        Subcommand::Scan { output } => Command::Scan {
            config: load(Defaults::Production)?,
            output: env.path("output.file", output),
        },
        Subcommand::Check { live } => {
            let live = switched(&env, "live", live)?;
            let config = load(Defaults::Production)?;
            match live {
                true => Command::CheckLive { file, config },
                false => Command::Check { file, config },
            }
        }
        Subcommand::PrintIamPolicy { part, exporter_role_arn } => {
            let part = env.text("part", part)?.as_ref().map(Given::read).transpose()?;
            let exporter = env.text("exporter-role-arn", exporter_role_arn)?;
            Command::PrintIamPolicy {
                config: load(Defaults::Production)?,
                part: part.unwrap_or(PolicyPart::All),
                exporter: exporter.as_ref().map(Given::read).transpose()?,
            }
        }
        Subcommand::HashPassword { user, cost } => Command::HashPassword {
            user,
            cost: env.value("cost", cost, variables::cost)?.unwrap_or(12),
        },
        Subcommand::Metrics => Command::Metrics,
        Subcommand::Healthcheck { timeout } => Command::Healthcheck {
            config: load(Defaults::Production)?,
            timeout: env
                .value("timeout", timeout, variables::positive_duration)?
                .unwrap_or(Duration::from_secs(2)),
        },
        Subcommand::Explain { account, region, product, whom } => {
            let config = load(Defaults::Production)?;
            let as_json = switched(&env, "json", whom.json)?;
            let inquiry = whom.inquiry(&env, account, region, product)?;
            Command::Explain { config, inquiry, as_json }
        }
        Subcommand::Completions { shell } => Command::Completions(shell),
        Subcommand::Man => Command::Man,
    })
}

/// Whether a switch is on, by itself or its variable.
fn switched(env: &Environment<'_>, flag: &str, typed: bool) -> Result<bool, ConfigError> {
    let given = env.text(flag, flags::switch(typed))?;
    Ok(given.as_ref().map(Given::read).transpose()?.unwrap_or(false))
}

#[cfg(test)]
mod tests;
