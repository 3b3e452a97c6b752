//! `indelible recover`

mod last_frame;
mod older;

use std::path::PathBuf;

use super::consent::ConsentArg;
use super::environment::environment;
use super::{CommandResult, Verdict};
use crate::data::{DataDir, configure};

/// Go on after something that `serve` refuses, with your consent, which is recorded.
///
/// --accept-older: a log that was restored from a backup is older than what was published, and the checkpoint file and the other
/// memories know that. Whoever holds a receipt or a head from the time between will be able to show that the log took it back. If
/// that is what you want, say so here: the checkpoint file is moved aside, and DIR/admin.jsonl keeps who said so, when, and which
/// heads were given up. A memory that is asked by URL is believed again as soon as it has a later head than that. A witness cannot be
/// overruled: it never cosigns another history than the one that it knows.
///
/// --drop-last-frame: the disk has damaged what was written last. That was synced and may have been acknowledged, so that it is
/// never cut off like a torn write. If there is no better copy of the journal, give it up here: its bytes are kept beside the
/// journal, DIR/admin.jsonl keeps that you said so, and the log ends in front of it. A memory that knows it then stops the start;
/// say --accept-older as well to overrule it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible recover --accept-older --data /var/lib/indelible
  indelible recover --drop-last-frame --accept-older --data /var/lib/indelible")]
#[group(id = "act", required = true, multiple = true, args = ["accept_older", "drop_last_frame"])]
pub struct Args {
    /// Serve the log in the directory although a later head of it, or another one, is remembered.
    #[arg(long)]
    accept_older: bool,
    /// Give up the last frame of the journal if it is damaged.
    #[arg(long)]
    drop_last_frame: bool,
    #[command(flatten)]
    consent: ConsentArg,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

/// Shows what is to be given up, asks, records, and does it.
pub fn run(args: &Args) -> CommandResult {
    let data = DataDir::at(&args.data);
    let config = configure(&data, &environment(), &[])?;
    if args.drop_last_frame
        && let Some(verdict) = last_frame::drop_it(&data, &config, args)?
    {
        return Ok(verdict);
    }
    match args.accept_older {
        true => older::accept(&data, config, &args.consent),
        false => Ok(Verdict::Holds),
    }
}
