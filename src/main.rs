//! From the command line to an exit code; everything else is in the library.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use servicecatalog_exporter::app::{self, Source};
use servicecatalog_exporter::cli::{self, Command};
use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::memory;

#[expect(clippy::print_stderr, reason = "the one line that says why the process ends")]
fn main() -> ExitCode {
    memory::share_one_heap();
    let command = match cli::parse(std::env::args_os(), |name| std::env::var_os(name)) {
        Ok(command) => command,
        Err(stop) => return stop.report(),
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}", env!("CARGO_PKG_NAME"), app::one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config, loader } => {
            app::init_logs(&config.log)?;
            block_on(app::serve(config, loader, Source::Ambient))
        }
        Command::Demo { config, loader, seed, step } => {
            app::init_logs(&config.log)?;
            block_on(app::demo(config, loader, seed, step))
        }
        Command::Scan { config, output } => {
            app::init_logs(&config.log)?;
            block_on(app::scan_to(config, Source::Ambient, output.as_deref()))
        }
        Command::Check { file, config } => report(file.as_deref(), &config),
        Command::CheckLive { file, config } => {
            report(file.as_deref(), &config)?;
            app::init_logs(&config.log)?;
            block_on(async {
                let check = app::check_live(config, Source::Ambient).await?;
                print(check.table.as_bytes())?;
                Ok(check.result?)
            })
        }
        Command::PrintIamPolicy { config, part, exporter } => {
            print(app::iam_policy(&config, part, exporter.as_ref())?.as_bytes())
        }
        Command::HashPassword { user, cost } => {
            print(cli::hash_password(user.as_deref(), cost)?.as_bytes())
        }
        Command::Metrics => print(app::reference().as_bytes()),
        Command::Healthcheck { config, timeout } => app::healthcheck(&config, timeout),
        Command::Explain { config, inquiry, as_json } => {
            print(app::explain(&config, &inquiry, as_json)?.as_bytes())
        }
        Command::Completions(shell) => print(&cli::completions(shell)),
        Command::Man => print(&cli::man()?),
    }
}

#[expect(clippy::print_stderr, reason = "warnings of a command that answers on stdout")]
fn report(file: Option<&Path>, config: &Config) -> anyhow::Result<()> {
    let of_web_file = app::check_web_file(config)?;
    let (line, warnings) = cli::check_report(file, config, &of_web_file);
    warnings.iter().for_each(|warning| eprintln!("{warning}"));
    print(line.as_bytes())?;
    print(b"\n")
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text) {
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Runs a command on a runtime that does not wait for anything once the command has ended: AWS may
/// hang in a name lookup, and an exit must not.
fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}
