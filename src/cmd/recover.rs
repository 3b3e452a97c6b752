//! `indelible recover`

use std::path::PathBuf;

use super::consent::{ConsentArg, LATER_HEAD, now};
use super::runtime::block_on;
use super::{CommandResult, Verdict};
use crate::config::Config;
use crate::data::{DataDir, checkpoint_file, configure, open};
use crate::memory::{CheckpointFile, consents, contradictions, gather, record_consent};

/// Go on after something that `serve` refuses, with your consent, which is recorded.
///
/// --accept-older: a log that was restored from a backup is older than what was published, and the checkpoint file and the other
/// memories know that. Whoever holds a receipt or a head from the time between will be able to show that the log took it back. If
/// that is what you want, say so here: the checkpoint file is moved aside, and DIR/admin.jsonl keeps who said so, when, and which
/// heads were given up. A memory that is asked by URL is believed again as soon as it has a later head than that.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible recover --accept-older --data /var/lib/indelible")]
pub struct Args {
    /// Serve the log in the directory although a later head of it, or another one, is remembered.
    #[arg(long, required = true)]
    accept_older: bool,
    #[command(flatten)]
    consent: ConsentArg,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

/// Asks, records, and moves the memory aside.
pub fn run(args: &Args) -> CommandResult {
    let data = DataDir::at(&args.data);
    let config = configure(&data, &std::env::vars().collect(), &[])?;
    accept_older(&data, config, &args.consent)
}

fn accept_older(data: &DataDir, config: Config, consent: &ConsentArg) -> CommandResult {
    let file = CheckpointFile::at(checkpoint_file(data, &config))?;
    let open = open(data, config)?;
    let vkey = open.log.description().vkey.clone();
    let gathered = block_on(gather(&file, &open.config, &vkey))??;
    for silent in &gathered.silent {
        eprintln!("indelible: {silent}");
    }
    let reader = open.log.reader();
    let contradictions = contradictions(gathered.heads, &consents(data, &vkey)?, |remembered| {
        remembered.check_log(&reader)
    })?;
    if contradictions.is_empty() {
        eprintln!("indelible: nothing contradicts this log; there is nothing to accept");
        open.log.shutdown()?;
        return Ok(Verdict::Holds);
    }
    for contradiction in &contradictions {
        eprintln!("indelible: {}", contradiction.error.first_line());
    }
    consent.obtain(LATER_HEAD)?;
    let now = now()?;
    let head = reader.head();
    for contradiction in &contradictions {
        record_consent(data, now, &contradiction.remembered, head.checkpoint())?;
        if contradiction.remembered.place == file.place() {
            let aside = file.overrule(now)?;
            eprintln!("indelible: moved the memory to {}", aside.display());
        }
    }
    eprintln!("indelible: `serve` will start now");
    open.log.shutdown()?;
    Ok(Verdict::Holds)
}
