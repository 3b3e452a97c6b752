//! `indelible witness`: one file a subcommand.

mod add_log;
mod folder;
mod init;
mod serve;
mod status;

use clap::Subcommand;

use super::CommandResult;

/// Be a witness for other logs: cosign their checkpoints as long as each continues the one before.
///
/// A log sends each new signed head with a proof that it continues the head that was cosigned last. The witness checks both, writes the
/// head down, and answers with its cosignature, which says: at this time I knew of no larger tree, and there was one history only.
/// Whoever trusts the witness need not trust the log for that. See docs/witness.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible witness init --name witness.example.org
  indelible witness add-log --vkey ci.vkey
  indelible witness serve --listen 127.0.0.1:7426
  indelible witness status")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    AddLog(add_log::Args),
    Serve(serve::Args),
    Status(status::Args),
}

/// Runs the subcommand.
pub fn run(args: Args) -> CommandResult {
    match args.command {
        Command::Init(args) => init::run(&args),
        Command::AddLog(args) => add_log::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Status(args) => status::run(&args),
    }
}
