//! `indelible witness add-log`

use indelible_note::KeyName;

use super::folder::FolderArg;
use crate::cmd::vkey::read_vkey;
use crate::cmd::{CommandResult, Verdict};
use crate::witness::Added;

/// Let the witness cosign for a log, by the log's public key.
///
/// Works while the witness is served, which knows the log from its next request on. The first checkpoint that the log then sends is taken
/// as it comes. A second key under the same name is another key of the same log, as after a rotation: what was cosigned for the
/// log stays, and so does the first key.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible witness add-log --vkey ci.example.com/audit+2af3f1b7+AR8m…
  indelible witness add-log --data /var/lib/indelible-witness --vkey log.vkey --origin ci.example.com/audit")]
pub(super) struct Args {
    /// The log's public key: its text, or a file that holds it.
    #[arg(long, value_name = "VKEY|FILE")]
    vkey: String,
    /// The log's name, to be sure that the key is that log's: the name of the key must be the same.
    #[arg(long, value_name = "NAME")]
    origin: Option<KeyName>,
    #[command(flatten)]
    folder: FolderArg,
}

/// Adds the log.
pub(super) fn run(args: &Args) -> CommandResult {
    let key = read_vkey(&args.vkey)?;
    if let Some(origin) = args.origin.as_ref().filter(|origin| *origin != key.name()) {
        return Err(format!(
            "--origin: the key is named {}, not {origin}; the two must be equal",
            key.name()
        )
        .into());
    }
    let added = args.folder.state()?.add_log(&key)?;
    let (name, id) = (key.name(), key.id());
    match added {
        Added::Log => eprintln!("the witness knows the log {name} now"),
        Added::Key => eprintln!("the log {name} may now sign with the key {id} as well"),
        Added::Nothing => eprintln!("the witness knew the log {name} with this key already"),
    }
    Ok(Verdict::Holds)
}
