//! Giving up a last frame that the disk has damaged.

use indelible_log::{Description, keys, sealed_size};
use indelible_note::KeyChain;
use indelible_store::journal::{
    BrokenEnd, FileJournal, Journal, JournalError, Options as JournalOptions, StoredFrames,
};
use indelible_store::objects::{Options as ObjectsOptions, SledObjects};
use serde_json::json;

use super::Args;
use super::older::{memory_files, overrule};
use crate::cmd::consent::now;
use crate::cmd::runtime::block_on;
use crate::cmd::{Failure, Verdict};
use crate::config::Config;
use crate::data::{DataDir, Lock, OpenError, journal_keys, keep_dropped, record};
use crate::memory::{Gathered, Remembered, gather};

/// Shows what would be lost, asks, writes it down, keeps the bytes, and ends the journal in front of them. `None` if there is
/// nothing to drop.
pub(super) fn drop_it(data: &DataDir, config: &Config, args: &Args) -> Result<Option<Verdict>, Failure> {
    if !data.journal().is_dir() {
        return Err(OpenError::Missing(data.path().to_owned()).into());
    }
    let _lock = Lock::take(data)?;
    let broken = match FileJournal::broken_end(&data.journal()) {
        Ok(Some(broken)) => broken,
        Ok(None) => {
            eprintln!("indelible: the last frame of the journal is whole; there is nothing to drop");
            return Ok(None);
        }
        Err(error @ JournalError::Damaged { .. }) => {
            return Ok(Some(Verdict::DoesNotHold(format!(
                "{error}; this is not the last frame alone, and nothing was dropped\n\nindelible restore BACKUP --data {}",
                data.path().display()
            ))));
        }
        Err(error) => return Err(error.into()),
    };
    show(&broken);
    let description = Description::of(&StoredFrames::open(&data.journal())?.genesis().description)?;
    let files = memory_files(data, config)?;
    let [outside, served] = &files;
    let known = known_keys(data, &description);
    let mut gathered = block_on(gather(outside, config, &known))??;
    gathered.heads.extend(served.load(&known)?);
    let entries = broken.first;
    let later = later(gathered, entries);
    if !later.is_empty() && !args.accept_older {
        eprintln!("indelible: that stops the start, unless you say --accept-older as well");
    }
    args.consent.obtain("What is dropped is lost for the log.")?;

    let now = now()?;
    give_up(data, broken, now)?;
    warn_of_objects(data, &description, entries);
    if args.accept_older {
        let (journal, _) = FileJournal::open(&data.journal(), JournalOptions::default())?;
        let served = keys(&journal)?.open_checkpoint(&journal.last_note())?;
        for remembered in &later {
            overrule(data, &files, now, remembered, &served)?;
        }
    }
    Ok(Some(Verdict::Holds))
}

/// The keys of the log as far as they can be read: what is to be dropped may be a change of them.
fn known_keys(data: &DataDir, description: &Description) -> KeyChain {
    journal_keys(&data.journal()).unwrap_or_else(|_| KeyChain::of(description.vkey.clone()))
}

fn give_up(data: &DataDir, broken: BrokenEnd, now: u64) -> Result<(), Failure> {
    let kept = data.dropped(now);
    let act = json!({
        "time": now,
        "act": "drop-last-frame",
        "file": broken.file.display().to_string(),
        "offset": broken.offset,
        "bytes": broken.bytes,
        "reason": broken.reason.to_string(),
        "first": broken.first,
        "count": broken.count,
        "kept": kept.display().to_string(),
    });
    // Consent without an act may be found after a crash, never the reverse.
    record(data, &act)?;
    keep_dropped(&kept, &broken.content()?)?;
    let entries = broken.first;
    broken.give_up()?;
    // It may speak of the dropped entries. Without it the next start looks for all tombstones, and carries them out once more.
    match std::fs::remove_file(data.erasures()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    eprintln!(
        "indelible: the journal ends behind {entries} entries; what was dropped is in {}",
        kept.display()
    );
    Ok(())
}

fn show(broken: &BrokenEnd) {
    let BrokenEnd {
        file,
        offset,
        bytes,
        reason,
        first,
        ..
    } = broken;
    eprintln!("indelible: {} is damaged at byte {offset}: {reason}", file.display());
    let lost = match broken.count {
        Some(0) => format!("no entry: the log has {first} before and after"),
        Some(count) => format!(
            "entries {first} to {}: the log has {} before and {first} after",
            first + u64::from(count) - 1,
            first + u64::from(count)
        ),
        None => format!("all entries from {first} on, how many cannot be read: the log has {first} after"),
    };
    eprintln!("indelible: to be dropped are {bytes} bytes from there on, and with them {lost}");
}

/// The heads of trees with more than `entries`; says who has them.
fn later(gathered: Gathered, entries: u64) -> Vec<Remembered> {
    for silent in &gathered.silent {
        eprintln!("indelible: {silent}");
    }
    let mut later = gathered.heads;
    later.retain(|remembered| remembered.head.head().size > entries);
    for remembered in &later {
        eprintln!(
            "indelible: {} remembers a head of {} entries: what was acknowledged will be lost",
            remembered.place,
            remembered.head.head().size
        );
    }
    later
}

/// Says if the object store has what the journal lost.
fn warn_of_objects(data: &DataDir, description: &Description, entries: u64) {
    let options = ObjectsOptions {
        volume_entries: description.volume_entries,
        ..ObjectsOptions::default()
    };
    let sealed = SledObjects::open(&data.tree(), options)
        .map_err(|error| error.to_string())
        .and_then(|objects| sealed_size(&objects).map_err(|error| error.to_string()));
    match sealed {
        Ok(sealed) if sealed <= entries => {}
        Ok(sealed) => eprintln!(
            "indelible: the object store has {sealed} entries and must be made anew before the log starts\n\nindelible rebuild \
             --data {}",
            data.path().display()
        ),
        Err(error) => eprintln!("indelible: the object store cannot be read, and must be made anew: {error}"),
    }
}
