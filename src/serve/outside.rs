//! Who is asked at the start, before anybody is served: those outside the data directory who may know the log better.

use indelible_log::Reader;
use indelible_note::KeyChain;

use super::ServeError;
use crate::data::{DataDir, OpenLog};
use crate::follow::{Asked, Witnesses};
use crate::memory::{CheckpointFile, Gathered, MemoryError, Remembered, consents, contradictions, gather};
use crate::task::blocking;

/// What was found outside the data directory at the start.
#[derive(Debug)]
pub(super) struct Outside {
    /// What the memories left open; empty if nothing.
    pub(super) doubt: String,
    pub(super) witnessing: Option<Witnessing>,
}

/// The log's witnesses, before they are followed.
#[derive(Debug)]
pub(super) struct Witnessing {
    pub(super) witnesses: Witnesses,
    pub(super) asked: Asked,
    pub(super) file: CheckpointFile,
    /// The head that was served last.
    pub(super) kept: Option<Remembered>,
}

/// Asks everybody outside who may know the log better. First those who only remember: a witness that is asked may cosign, and a
/// log that has another past should not get as far.
pub(super) async fn look_outside(
    memory: &CheckpointFile,
    open: &OpenLog,
    data: DataDir,
) -> Result<Outside, ServeError> {
    let reader = open.log.reader();
    let keys = open.log.keys().clone();
    let witnesses = Witnesses::load(&open.config, keys.current())?;
    let file = CheckpointFile::at(data.served())?;
    let kept = match &witnesses {
        Some(_) => file.load(&keys)?,
        // Without witnesses newer heads are served than the file has, so that it must not be believed again later.
        None if file.path().exists() => file.forget().map(|()| None)?,
        None => None,
    };
    let gathered = gather(memory, &open.config, &keys).await?;
    let doubts = {
        let (reader, kept) = (reader.clone(), kept.clone());
        blocking(move || confirm(gathered, kept, &reader, &keys, &data)).await?
    };
    let witnessing = match witnesses {
        Some(witnesses) => {
            let asked = witnesses.ask_first(&reader).await?;
            Some(Witnessing {
                witnesses,
                asked,
                file,
                kept,
            })
        }
        None => None,
    };
    Ok(Outside {
        doubt: doubts.join("; "),
        witnessing,
    })
}

/// Holds what is remembered against the log. What is left open stops nothing, and is said.
fn confirm(
    gathered: Gathered,
    kept: Option<Remembered>,
    reader: &Reader,
    keys: &KeyChain,
    data: &DataDir,
) -> Result<Vec<String>, MemoryError> {
    let Gathered { mut heads, silent } = gathered;
    let given_up = consents(data, keys).map_err(|error| MemoryError::Io {
        place: data.admin().display().to_string(),
        error,
    })?;
    let mut doubts: Vec<String> = silent.iter().map(|silent| silent.first_line()).collect();
    if heads.is_empty() {
        doubts.push("at the start nothing outside the data directory remembered the log".to_owned());
    }
    heads.extend(kept);
    let contradictions = contradictions(heads, &given_up, |remembered| remembered.check_log(reader))?;
    if let Some(first) = contradictions.into_iter().next() {
        return Err(first.error);
    }
    for doubt in &doubts {
        tracing::warn!("{doubt}; an older copy of the log could go unnoticed");
    }
    Ok(doubts)
}
