//! Environment variables: each flag has one, named after it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Command};

use crate::config::{Complaint, ConfigError, Given, HOST_NAME, HumanDuration, Origin};
use crate::password::COSTS;

/// The variable of a flag: `scan.interval` is `SERVICECATALOG_EXPORTER_SCAN_INTERVAL`.
pub fn variable(flag: &str) -> String {
    let name = flag.replace(['.', '-'], "_").to_ascii_uppercase();
    format!("SERVICECATALOG_EXPORTER_{name}")
}

/// Adds its variable to the help of every flag, here and below.
pub fn documented(command: Command) -> Command {
    command.mut_args(with_variable).mut_subcommands(documented)
}

fn with_variable(arg: Arg) -> Arg {
    match (arg.get_long(), arg.get_help()) {
        (Some(flag), Some(help)) => {
            let help = format!("{help}\n[env: {}]", variable(flag));
            arg.help(help)
        }
        _ => arg,
    }
}

/// The environment, for flags that were not typed. A variable that is set to nothing counts as
/// unset: that is how compose files and charts leave a setting open.
pub struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Environment<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { lookup }
    }

    /// The typed text, else that of the flag's variable.
    pub fn text(&self, flag: &str, typed: Option<String>) -> Result<Option<Given>, ConfigError> {
        if let Some(text) = typed {
            return Ok(Some(Given { text, origin: Origin::Flag(format!("--{flag}")) }));
        }
        let Some(value) = self.set(flag) else {
            return Ok(None);
        };
        let origin = Origin::Variable(variable(flag));
        match value.into_string() {
            Ok(text) => Ok(Some(Given { text, origin })),
            Err(_) => {
                let complaint = Complaint::new("is not UTF-8 text", "set it to plain text");
                Err(ConfigError::of_origin(origin, complaint))
            }
        }
    }

    /// Like [`Environment::text`], for a file name, which need not be UTF-8.
    pub fn path(&self, flag: &str, typed: Option<PathBuf>) -> Option<PathBuf> {
        typed.or_else(|| self.set(flag).map(PathBuf::from))
    }

    /// Like [`Environment::text`], read by `parse`.
    pub fn value<T>(
        &self,
        flag: &str,
        typed: Option<String>,
        parse: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Result<Option<T>, ConfigError> {
        let read = |Given { text, origin }: Given| {
            parse(&text).map_err(|complaint| ConfigError::of_origin(origin, complaint))
        };
        self.text(flag, typed)?.map(read).transpose()
    }

    /// The name of this machine or pod, which is no variable of ours; it is asked for only by who
    /// says `auto`, so one that is no text counts as unset.
    pub fn host_name(&self) -> Option<Given> {
        let text = (self.lookup)(HOST_NAME)?.into_string().ok()?;
        let origin = Origin::Variable(HOST_NAME.to_owned());
        (!text.is_empty()).then_some(Given { text, origin })
    }

    fn set(&self, flag: &str) -> Option<OsString> {
        (self.lookup)(&variable(flag)).filter(|value| !value.is_empty())
    }
}

pub fn whole_number(text: &str) -> Result<u64, Complaint> {
    text.parse().map_err(|_| {
        Complaint::new(format!("{text:?} is not a whole number"), "write a number such as 1")
    })
}

pub fn cost(text: &str) -> Result<u32, Complaint> {
    let cost = text.parse().ok().filter(|cost| COSTS.contains(cost));
    cost.ok_or_else(|| {
        let what = format!("{text:?} is no cost of bcrypt");
        Complaint::new(what, format!("choose from {} to {}", COSTS.start(), COSTS.end()))
    })
}

pub fn positive_duration(text: &str) -> Result<Duration, Complaint> {
    let HumanDuration(duration) = text.parse()?;
    if duration.is_zero() {
        return Err(Complaint::new("must be longer than 0s", "write a duration such as 2s"));
    }
    Ok(duration)
}
