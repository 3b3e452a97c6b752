//! The logs: adding one, and the step from one cosigned head to the next.

use std::time::SystemTime;

use indelible_merkle::TreeHead;
use indelible_note::witness::{Accepted, checkpoint_path};
use indelible_note::{CosigningKey, KeyName, MalformedNote, SignatureLine, VerifierKey};
use rusqlite::Transaction;

use super::record::{Column, Record};
use super::{LogState, State, StateError, Undone, latest_time};
use crate::witness::clock::{BadClock, cosigning_time};

/// What became of a log's key that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The log was not known before.
    Log,
    /// The log was known by other keys, and what was cosigned for it stays.
    Key,
    /// It was there already.
    Nothing,
}

/// A cosignature that may leave: what it says is durable. Only [`State::cosign`] makes one.
#[derive(Debug)]
#[must_use = "the log waits for it"]
pub struct Cosigned(SignatureLine);

impl Cosigned {
    /// The body of the answer.
    pub fn line(&self) -> &SignatureLine {
        &self.0
    }
}

/// Why an accepted checkpoint was not cosigned all the same.
#[derive(Debug, thiserror::Error)]
pub enum NotCosigned {
    /// Another request came first: the log is at this size now.
    #[error("the size cosigned last is {size}")]
    Overtaken {
        /// That size.
        size: u64,
    },
    /// The checkpoint is so long that there is no room for a cosignature.
    #[error("with a cosignature the note is too large: {0}")]
    NoRoom(#[from] MalformedNote),
    /// The witness does not know what time it is.
    #[error(transparent)]
    Clock(#[from] BadClock),
    /// The state cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl State {
    /// Lets this key sign for the log of its name. Durable when it returns. Nothing that was known is forgotten.
    pub fn add_log(&self, key: &VerifierKey) -> Result<Added, StateError> {
        let origin = key.name();
        self.write(|transaction| {
            let new = transaction.execute(
                "INSERT INTO log (origin, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [origin.as_str(), &checkpoint_path(origin)],
            )?;
            let new_key = transaction.execute(
                "INSERT INTO log_key (vkey, origin) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [&key.to_string(), origin.as_str()],
            )?;
            Ok(match (new, new_key) {
                (1, _) => Added::Log,
                (_, 1) => Added::Key,
                _ => Added::Nothing,
            })
        })
    }

    /// All logs, by name.
    pub fn logs(&self) -> Result<Vec<LogState>, StateError> {
        let records = self.read(Record::all)?;
        records.into_iter().map(|record| self.verify(record)).collect()
    }

    /// The log with this name.
    pub fn log(&self, origin: &KeyName) -> Result<Option<LogState>, StateError> {
        self.find(Column::Origin, origin.as_str())
    }

    /// The log that is published at this path, see [`checkpoint_path`].
    pub fn log_at(&self, path: &str) -> Result<Option<LogState>, StateError> {
        self.find(Column::Path, path)
    }

    /// Replaces the head that the decision was about by the new one, if it still is the stored one, and cosigns. When this returns
    /// the cosignature, the new head is durable, with the cosignature in its note.
    pub fn cosign(&self, accepted: &Accepted, key: &CosigningKey, now: SystemTime) -> Result<Cosigned, NotCosigned> {
        self.write(|transaction| {
            let time = cosigning_time(now, latest_time(transaction)?).map_err(Undone::because)?;
            let line = accepted.cosign(time, key);
            let note = accepted.cosigned_note(&line).map_err(Undone::because)?;
            if !swap(transaction, accepted, note.as_str())? {
                let size = size(transaction, accepted.checkpoint().origin())?;
                return Err(Undone::because(NotCosigned::Overtaken { size }));
            }
            transaction.execute("UPDATE witness SET latest_time = ?1", [time.secs()])?;
            Ok(Cosigned(line))
        })
    }

    fn find(&self, column: Column, value: &str) -> Result<Option<LogState>, StateError> {
        let record = self.read(|transaction| Record::find(transaction, column, value))?;
        record.map(|record| self.verify(record)).transpose()
    }

    fn verify(&self, record: Record) -> Result<LogState, StateError> {
        record.verify(&self.cosigner).map_err(|problem| StateError::Damaged {
            path: self.path.clone(),
            problem,
        })
    }
}

/// Compare and swap: whether the stored head was the old one. A log of which nothing was cosigned has the empty tree.
fn swap(transaction: &Transaction<'_>, accepted: &Accepted, note: &str) -> rusqlite::Result<bool> {
    let (old, new) = (accepted.step().old_head(), accepted.step().new_head());
    let mut statement = transaction.prepare_cached(
        "UPDATE log SET size = ?2, root = ?3, note = ?4
         WHERE origin = ?1 AND coalesce(size, 0) = ?5 AND coalesce(root, ?6) = ?7",
    )?;
    let swapped = statement.execute((
        accepted.checkpoint().origin().as_str(),
        new.size,
        new.root.as_bytes(),
        note,
        old.size,
        TreeHead::EMPTY.root.as_bytes(),
        old.root.as_bytes(),
    ))?;
    Ok(swapped == 1)
}

fn size(transaction: &Transaction<'_>, origin: &KeyName) -> rusqlite::Result<u64> {
    let mut statement = transaction.prepare_cached("SELECT coalesce(size, 0) FROM log WHERE origin = ?1")?;
    statement.query_row([origin.as_str()], |row| row.get(0))
}
