//! `indelible source`

mod add;
mod list;
mod remove;
mod rotate;

use indelible_sources::{Secret, SourceName};
use zeroize::Zeroizing;

use super::{CommandResult, Failure};

/// Set up who may send deliveries, such as the webhooks of GitHub.
///
/// Each source is a file in DIR/sources, for its owner alone. A service that runs notices changes within a second.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible source add github acme --allow acme --url https://audit.example.com
  indelible source list
  indelible source rotate github/acme
  indelible source rotate github/acme --finish")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Rotate(rotate::Args),
    Remove(remove::Args),
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::Add(args) => add::run(args),
        Command::List(args) => list::run(args),
        Command::Rotate(args) => rotate::run(args),
        Command::Remove(args) => remove::run(args),
    }
}

/// The name of a source; of GitHub unless it says its kind.
fn source_name(text: &str) -> Result<SourceName, indelible_sources::BadSourceName> {
    match text.contains('/') {
        true => text.parse(),
        false => format!("github/{text}").parse(),
    }
}

/// A secret of 256 random bits, as 64 hexadecimal digits.
fn random_secret() -> Result<Secret, Failure> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut_slice())?;
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in random.iter() {
        for nibble in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    Ok(Secret::new(text.as_str())?)
}
