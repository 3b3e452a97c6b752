//! Changes the key of a log at rest, and finishes at the next start what a crash interrupted.
//!
//! The frame in the journal decides: before it is synced the old key is in force, behind it the new one. The new key lies on the disk
//! before that, under the name `KEY.next`, so that at every moment the directory holds the key that is in force.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indelible_access::{Act, Subject};
use indelible_note::{
    BrokenChain, KeyChain, KeyChange, KeyName, MalformedKeyChange, SigningKey, Verified, VerifierKey,
};
use indelible_store::journal::{Frame, Journal, JournalError, Kind};
use jiff::Timestamp;
use serde_json::json;

use super::files::{folder_of, read_if_there, replace, sync_directory};
use super::{DataDir, KeyError, OpenError, at_rest, checkpoint_file, key_path, read_key, record, replace_key};
use crate::config::Config;
use crate::memory::{CheckpointFile, MemoryError};

/// Where the new key comes from.
#[derive(Debug)]
pub enum NewKey {
    /// It is made of 32 random bytes.
    Seed([u8; 32]),
    /// It lies in this file, which stays as it is.
    File(PathBuf),
}

/// What was done.
#[derive(Debug)]
pub struct Rotated {
    /// The keys of the log, the new one last.
    pub keys: KeyChain,
    /// Where the key before lies now.
    pub retired: PathBuf,
    /// Whether this was the rest of a change that had been interrupted, and nothing else was done.
    pub finished: bool,
}

/// Why the key is what it was.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The log cannot be opened, or is in use.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// The key in force cannot be had.
    #[error(transparent)]
    InForce(#[from] InForceError),
    /// The new key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The last head of the journal is not the log's.
    #[error("the last head in the journal does not hold ({0}); `indelible fsck` says more")]
    Head(String),
    /// The new key has another name than the log.
    #[error("the key in {path} is named {name}, but the log is {origin}; the two must be equal")]
    OtherName {
        /// The key's file.
        path: PathBuf,
        /// The key's name.
        name: KeyName,
        /// The log's name.
        origin: KeyName,
    },
    /// A change was interrupted before it was one, and another key lies ready.
    #[error(
        "{path} holds a key that an interrupted change left and that was never in force, and it is not the one given; remove it, or \
         go on with it: indelible key rotate without --new-key"
    )]
    OtherNext {
        /// The file.
        path: PathBuf,
    },
    /// The new key cannot follow the old one.
    #[error(transparent)]
    Change(#[from] MalformedKeyChange),
    /// The new key was in force before, or there were too many.
    #[error(transparent)]
    Chain(#[from] BrokenChain),
    /// What is remembered outside is later than the log: a statement behind an older copy would be one about another history.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum InForceError {
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file holds a key that the log has given up.
    #[error(
        "{path} holds the key {given}, which the log changed at {last_size} entries: it is an older copy of the file. The key in \
         force is {expected}\n\nput the private half of that at {path}, for its owner alone (`indelible key rotate` had put it there)"
    )]
    Retired {
        /// The key's file.
        path: PathBuf,
        /// The public half of the key in it.
        given: Box<VerifierKey>,
        /// The size of the last head that it signed.
        last_size: u64,
        /// The key in force.
        expected: Box<VerifierKey>,
    },
    /// A file beside the key could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Changes the key of the log for another one, or finishes a change that was interrupted. `now` is in seconds since 1970.
pub fn rotate(data: &DataDir, config: &Config, new: &NewKey, now: u64) -> Result<Rotated, RotateError> {
    let log = at_rest(data).map_err(|error| RotateError::Open(Box::new(error)))?;
    let mut keys = log.keys().map_err(|error| RotateError::Open(Box::new(error.into())))?;
    let path = key_path(data, config);
    let before = read_key(&path)?.verifier();
    let old = key_in_force(data, config, &keys)?;
    if old.verifier() != before {
        return Ok(Rotated {
            retired: retired_path(&path, &before),
            keys,
            finished: true,
        });
    }
    let last = keys.open_checkpoint(&log.journal.last_note());
    let last = last.map_err(|error| RotateError::Head(error.to_string()))?;
    let size = log.journal.size();
    refuse_older(&CheckpointFile::at(checkpoint_file(data, config))?, &keys, size)?;

    let next = next_path(&path);
    let new = successor(new, &next, keys.origin())?;
    let change = KeyChange::sign(&old, &new, size)?;
    keys.follow(change.note().as_str().as_bytes())?;
    assert_eq!(last.head().size, size, "the head that holds is that of all entries");
    replace_key(&next, &new)?;
    record(data, &act(&change, now)).map_err(io_error(&data.admin()))?;
    // A crash up to here leaves a log under its old key, and a key beside it that the next `rotate` takes.
    log.journal.append(&Frame {
        kind: Kind::KeyChange,
        first: size,
        records: Vec::new(),
        note: Bytes::from(change.note().to_string()),
    })?;
    // A crash from here on leaves a log under its new key, which the next start puts in its place as it is done here.
    put_in_force(data, &path, &keys)?;
    Ok(Rotated {
        retired: retired_path(&path, &before),
        keys,
        finished: false,
    })
}

/// The private key that signs for the log now. If a change of keys was interrupted behind its frame, it is finished first.
pub fn key_in_force(data: &DataDir, config: &Config, keys: &KeyChain) -> Result<SigningKey, InForceError> {
    let path = key_path(data, config);
    let given = read_key(&path)?;
    let Some(last_size) = keys.term_of(&given.verifier()).and_then(|term| term.last_size()) else {
        // The one in force, or a stranger, which the log refuses.
        if given.verifier() == *keys.current() {
            tell_public_half(data, keys)?;
        }
        return Ok(given);
    };
    let next = next_path(&path);
    if next.exists() && read_key(&next)?.verifier() == *keys.current() {
        tracing::warn!(key = %keys.current(), "a change of the log's key was interrupted; it is finished now");
        put_in_force(data, &path, keys)?;
        return Ok(read_key(&path)?);
    }
    Err(InForceError::Retired {
        path,
        given: Box::new(given.verifier()),
        last_size,
        expected: Box::new(keys.current().clone()),
    })
}

/// Gives the new key its place, and keeps the old one beside it. Whatever of this was done before is not done again.
fn put_in_force(data: &DataDir, path: &Path, keys: &KeyChain) -> Result<(), InForceError> {
    let old = read_key(path)?;
    let retired = retired_path(path, &old.verifier());
    replace_key(&retired, &old)?;
    let next = next_path(path);
    // Whoever reads the file finds the old key or the new one, whole.
    std::fs::rename(&next, path).map_err(io_error(&next))?;
    sync_directory(folder_of(path)).map_err(io_error(path))?;
    tell_public_half(data, keys)
}

/// Puts the public half of the key in force into the directory, if an older one lies there.
fn tell_public_half(data: &DataDir, keys: &KeyChain) -> Result<(), InForceError> {
    let path = data.log_vkey();
    let text = read_if_there(&path).map_err(io_error(&path))?.unwrap_or_default();
    let stated = String::from_utf8_lossy(&text).trim_end().parse::<VerifierKey>();
    let outdated = stated.is_ok_and(|stated| stated != *keys.current() && keys.term_of(&stated).is_some());
    match outdated {
        true => replace(&path, format!("{}\n", keys.current()).as_bytes(), 0o644).map_err(io_error(&path)),
        false => Ok(()),
    }
}

/// The key that is to come: one that lies ready, the one given, or one that is made.
fn successor(new: &NewKey, next: &Path, origin: &KeyName) -> Result<SigningKey, RotateError> {
    let ready = next.exists().then(|| read_key(next)).transpose()?;
    let (given, path) = match (new, ready) {
        (NewKey::Seed(_), Some(ready)) => (ready, next),
        (NewKey::Seed(seed), None) => return Ok(SigningKey::from_seed(origin.clone(), *seed)),
        (NewKey::File(path), ready) => {
            let given = read_key(path)?;
            if ready.is_some_and(|ready| ready.verifier() != given.verifier()) {
                return Err(RotateError::OtherNext { path: next.to_owned() });
            }
            (given, path.as_path())
        }
    };
    match given.name() == origin {
        true => Ok(given),
        false => Err(RotateError::OtherName {
            path: path.to_owned(),
            name: given.name().clone(),
            origin: origin.clone(),
        }),
    }
}

/// Refuses a log of which more was published than it has.
fn refuse_older(memory: &CheckpointFile, keys: &KeyChain, size: u64) -> Result<(), RotateError> {
    match memory.load(keys)? {
        Some(remembered) if remembered.head.head().size > size => Err(MemoryError::Later {
            place: remembered.place,
            remembered: remembered.head.head().size,
            found: size,
        }
        .into()),
        _ => Ok(()),
    }
}

/// What is written down about it. It comes before the act: after a crash there may be a line without an act, never the reverse.
fn act(change: &Verified<KeyChange>, now: u64) -> serde_json::Value {
    let rotated = Act::KeyRotated {
        to: change.new_key().to_string(),
        at: Timestamp::from_second(i64::try_from(now).unwrap_or_default()).unwrap_or_default(),
        by: Subject {
            subject: "operator-of-the-directory".to_owned(),
            created_by: None,
        },
    };
    json!({"time": now, "act": "key-change", "statement": change.note().to_string(), "access": rotated})
}

fn next_path(key: &Path) -> PathBuf {
    beside(key, ".next")
}

fn retired_path(key: &Path, retired: &VerifierKey) -> PathBuf {
    beside(key, &format!(".retired-{}", retired.id()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> InForceError {
    move |error| InForceError::Io {
        path: path.to_owned(),
        error,
    }
}
