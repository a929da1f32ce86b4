//! What the command line prints about itself.

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::flags::Cli;
use super::variables;
use crate::config::Config;
use crate::version::{REVISION, RUSTC, TARGET, VERSION};

/// The whole command line, with the variables in its help.
pub(super) fn command() -> clap::Command {
    let long = format!("{VERSION}\nrevision: {REVISION}\nrustc: {RUSTC}\ntarget: {TARGET}");
    variables::documented(Cli::command()).version(VERSION).long_version(long)
}

/// Completions for `shell`.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

/// The manual page, in roff.
pub fn man() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    Ok(page)
}

/// What `check` says of a valid configuration and of what its web file, if there is one, warns of:
/// lines for stdout and the warnings for stderr.
pub fn check_report(
    file: Option<&Path>,
    config: &Config,
    of_web_file: &[String],
) -> (String, Vec<String>) {
    let mut lines = match file {
        Some(file) => format!("{}: configuration is valid", file.display()),
        None => "no configuration file: defaults and flags are valid".into(),
    };
    let warnings = config.warnings().into_iter().map(|text| format!("warning: {text}"));
    let mut warnings: Vec<String> = warnings.collect();
    if let Some(web_file) = &config.web.config_file {
        let web_file = web_file.display();
        lines.push_str(&format!("\n{web_file}: web file is valid"));
        warnings.extend(of_web_file.iter().map(|text| format!("warning: {web_file}: {text}")));
    }
    (lines, warnings)
}
