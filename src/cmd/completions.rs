//! `indelible completions`

use clap::Command;
use clap_complete::Shell;

use super::{CommandResult, Verdict};

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible completions bash > ~/.local/share/bash-completion/completions/indelible")]
pub struct Args {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script that completes `program`.
pub fn run(args: &Args, program: &mut Command) -> CommandResult {
    clap_complete::generate(args.shell, program, "indelible", &mut std::io::stdout());
    Ok(Verdict::Holds)
}
