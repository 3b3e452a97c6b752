//! `indelible key`

mod rotate;
mod show;

use indelible_note::KeyChain;

use super::CommandResult;

/// Change the key of a log, or see which keys it has had.
///
/// A log keeps its name for ever; its key may change. The old key signs a statement that names the new one, the new one signs it
/// too, and the log serves all such statements at GET /keys: whoever trusts one of the keys can follow them to the others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible key rotate --data /var/lib/indelible
  indelible key show --url http://127.0.0.1:7425 --vkey old.vkey -o log.keys")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Rotate(rotate::Args),
    Show(show::Args),
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::Rotate(args) => rotate::run(args),
        Command::Show(args) => show::run(args),
    }
}

/// The lines of a policy that believe each key up to where it was in force, and no further.
pub(super) fn policy_lines(keys: &KeyChain) -> String {
    let lines = keys.terms().iter().map(|term| {
        let key = term.key();
        let last = term.last_size();
        let last = last.map_or_else(String::new, |last| {
            format!("# last-size {}+{} {last}\n", key.name(), key.id())
        });
        format!("log {key}\n{last}")
    });
    lines.collect()
}
