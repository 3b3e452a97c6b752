//! Going on although a memory knows a later head, or another one.

use std::fs;

use indelible_note::SignedCheckpoint;
use serde_json::json;

use crate::cmd::consent::{ConsentArg, LATER_HEAD, now};
use crate::cmd::runtime::block_on;
use crate::cmd::{CommandResult, Failure, Verdict};
use crate::config::Config;
use crate::data::{DataDir, OpenError, checkpoint_file, open, record};
use crate::memory::{CheckpointFile, MemoryError, Remembered, consents, contradictions, gather, record_consent};
use crate::trail::CarriedOutError;

/// Overrules every memory that contradicts the log.
pub(super) fn accept(data: &DataDir, config: Config, consent: &ConsentArg) -> CommandResult {
    let files = memory_files(data, &config)?;
    let open = match open(data, config.clone()) {
        Err(OpenError::CarriedOut(error)) if error.is_other_journal() => {
            forget_erasures(data, &error, consent)?;
            open(data, config)?
        }
        opened => opened?,
    };
    let keys = open.log.keys().clone();
    let [outside, served] = &files;
    let mut gathered = block_on(gather(outside, &open.config, &keys))??;
    gathered.heads.extend(served.load(&keys)?);
    for silent in &gathered.silent {
        eprintln!("indelible: {silent}");
    }
    let reader = open.log.reader();
    let contradictions = contradictions(gathered.heads, &consents(data, &keys)?, |remembered| {
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
        overrule(data, &files, now, &contradiction.remembered, head.checkpoint())?;
    }
    eprintln!("indelible: `serve` will start now");
    open.log.shutdown()?;
    Ok(Verdict::Holds)
}

/// Moves aside what says which erasures were carried out in a later journal, or another one. The memories still stop the start, if this is
/// as far as it gets.
fn forget_erasures(data: &DataDir, error: &CarriedOutError, consent: &ConsentArg) -> Result<(), Failure> {
    let words = error.to_string();
    let words = words.lines().next().unwrap_or_default();
    eprintln!("indelible: {words}");
    consent.obtain("What was erased since is there again.")?;
    let now = now()?;
    let aside = data.path().join(format!("erasures.json.given-up-{now}"));
    record(
        data,
        &json!({"time": now, "act": "give-up-erasures", "reason": words, "kept": aside.display().to_string()}),
    )?;
    fs::rename(data.erasures(), &aside)?;
    eprintln!("indelible: moved what was known of them to {}", aside.display());
    Ok(())
}

/// The files that remember a head of the log: that outside the directory, and that of the head that was served last.
pub(super) fn memory_files(data: &DataDir, config: &Config) -> Result<[CheckpointFile; 2], MemoryError> {
    let outside = CheckpointFile::at(checkpoint_file(data, config))?;
    Ok([outside, CheckpointFile::at(data.served())?])
}

/// Writes down that a head is given up for the one that is served, and moves the file aside that remembers it, if one does.
pub(super) fn overrule(
    data: &DataDir,
    files: &[CheckpointFile],
    now: u64,
    given_up: &Remembered,
    served: &SignedCheckpoint,
) -> Result<(), Failure> {
    record_consent(data, now, given_up, served)?;
    if let Some(file) = files.iter().find(|file| given_up.place == file.place()) {
        let aside = file.overrule(now)?;
        eprintln!("indelible: moved the memory to {}", aside.display());
    }
    Ok(())
}
