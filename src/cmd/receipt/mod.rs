//! `indelible receipt`

mod refresh;
mod show;

use super::CommandResult;

/// Look into a receipt, or prove it anew under a newer head of the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible receipt show 7.tlog-proof
  indelible receipt refresh --receipt 7.tlog-proof --entry event.json -o 7-witnessed.tlog-proof")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(show::Args),
    Refresh(Box<refresh::Args>),
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::Show(args) => show::run(args),
        Command::Refresh(args) => refresh::run(args),
    }
}
