//! `indelible completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, CommandResult, Verdict};

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible completions bash > ~/.local/share/bash-completion/completions/indelible")]
pub struct Args {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> CommandResult {
    clap_complete::generate(args.shell, &mut Cli::command(), "indelible", &mut std::io::stdout());
    Ok(Verdict::Holds)
}
