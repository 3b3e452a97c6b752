//! `indelible rebuild`

use std::path::PathBuf;
use std::time::Instant;

use indelible_store::journal::{Journal, Opened};

use super::progress::counter;
use super::{CommandResult, Verdict};
use crate::data::{DataDir, RebuildError, Replaced, at_rest, rebuild};

/// Make the object store anew from the journal.
///
/// Reads and hashes the whole journal, and puts the new store in its place only if its root is the one that the log has signed
/// last. The old one is moved aside to tree.sled.broken-1, or tree.sled/NNNN.broken-1, and never deleted. The service must be
/// stopped. Exit status 0: done. 1: the journal does not hold, nothing was changed. 2: could not do it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible rebuild
  indelible rebuild --volume 3 --data /var/lib/indelible")]
pub struct Args {
    /// Make only this volume anew, the directory DIR/tree.sled/NNNN; `fsck` names those that need it.
    #[arg(long, value_name = "N")]
    volume: Option<u64>,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

/// Makes it anew.
pub fn run(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let data = DataDir::at(&args.data);
    let log = at_rest(&data)?;
    say_what_was_cut(&log.opened);
    let bar = counter("rebuilding", Some(log.journal.size()));
    let tell = {
        let bar = bar.clone();
        move |entries| bar.set_position(entries)
    };
    let done = rebuild(&data, &log, args.volume, tell);
    bar.finish_and_clear();
    let Replaced { rebuilt, place, aside } = match done {
        Ok(replaced) => replaced,
        Err(RebuildError::Start(error)) if error.is_refuted() => return Ok(Verdict::DoesNotHold(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    if let Some(aside) = aside {
        eprintln!(
            "moved the old one to {}; remove it when you no longer need it",
            aside.display()
        );
    }
    let (entries, seconds) = (
        rebuilt.entries.end - rebuilt.entries.start,
        begin.elapsed().as_secs_f64(),
    );
    eprintln!(
        "made {} anew in {seconds:.1} s: {entries} entries, {} tiles; the {} entries of the journal have the root that the log has \
         signed",
        place.display(),
        rebuilt.tiles,
        rebuilt.head.size()
    );
    Ok(Verdict::Holds)
}

/// Says what opening the journal did.
pub(super) fn say_what_was_cut(opened: &Opened) {
    if let Some(cut) = &opened.cut {
        eprintln!("indelible: the last write was torn by a crash and never acknowledged; it was cut off: {cut:?}");
    }
    for path in &opened.removed {
        eprintln!("indelible: removed what an interrupted write left: {}", path.display());
    }
}
