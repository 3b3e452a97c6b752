//! `indelible token`

mod create;
mod list;
mod revoke;

use super::CommandResult;

/// Say who may do what, by tokens.
///
/// A token is a principal of its own, with a role and a scope. The log keeps its hash: the token itself is shown once, when it is made.
/// What is done here is on the record of the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible token create ci-deploy --role submitter --source deploy --expires 90d
  indelible token create acme-reader --role reader --source github/acme
  indelible token list
  indelible token revoke 5f0c2b7d9e61a384")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(create::Args),
    List(list::Args),
    Revoke(revoke::Args),
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::Create(args) => create::run(args),
        Command::List(args) => list::run(args),
        Command::Revoke(args) => revoke::run(args),
    }
}
