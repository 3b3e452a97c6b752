//! Makes a new log: whole, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indelible_access::Act;
use indelible_log::{Description, Kind, VolumeEntries};
use indelible_merkle::TreeHead;
use indelible_note::{KeyName, SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint};
use indelible_store::journal::{FileJournal, Genesis, JournalError, Options as JournalOptions};
use indelible_store::objects::{ObjectsError, Options as ObjectsOptions, SledObjects};

use serde_json::json;

use super::files::sync_directory;
use super::whole::{NotMade, create, io_error, make_whole, refuse_existing};
use super::{DataDir, KeyError, read_key, write_key};
use crate::config;
use crate::memory::{CheckpointFile, MemoryError};

/// What is to be made.
#[derive(Debug)]
pub struct NewLog {
    /// The log's name.
    pub origin: KeyName,
    /// What its entries will be.
    pub kind: Kind,
    /// How the object store will be cut into volumes, for ever.
    pub volume_entries: VolumeEntries,
    /// A key that exists already and stays where it lies; without one, a key is made.
    pub key_file: Option<PathBuf>,
    /// Random bytes that no header of another log's journal is checked with.
    pub journal_seed: [u8; 16],
    /// Random bytes for the key, if one is made.
    pub key_seed: [u8; 32],
    /// What makes its first token, if it is to have one.
    pub first_token: Option<Act>,
}

/// Why there is no new log.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The directory, or a file in it.
    #[error(transparent)]
    NotMade(#[from] NotMade),
    /// A head is remembered beside the directory, of a log that was there before.
    #[error("{0} remembers a head of a log that was made here before; move it away if that log is gone for good")]
    Remembered(PathBuf),
    /// The first head could not be remembered beside the directory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The key given has another name than the log.
    #[error("the key in {path} is named {name}, but the log is to be {origin}; the two must be equal")]
    OtherName {
        /// The key's file.
        path: PathBuf,
        /// The key's name.
        name: KeyName,
        /// The log's name.
        origin: KeyName,
    },
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The journal could not be made.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The object store could not be made.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

/// Makes the log in a directory beside `data` and then gives it its name, so that whoever finds `data` finds a whole log.
/// Everything is synced. Returns the log's public key.
pub fn init(data: &DataDir, new: &NewLog) -> Result<VerifierKey, InitError> {
    refuse_existing(data.path())?;
    let memory = CheckpointFile::at(data.checkpoint())?;
    if memory.path().exists() {
        return Err(InitError::Remembered(memory.path().to_owned()));
    }
    let (vkey, first) = make_whole(data.path(), |making| fill(&DataDir::at(making), new))?;
    memory.store(&first).inspect_err(|_| {
        // A log that nothing remembers is no whole one, and would be in the way of the next try.
        let _ = fs::remove_dir_all(data.path());
        let _ = memory.forget();
    })?;
    Ok(vkey)
}

/// Fills the directory; returns the log's public key and its first head.
fn fill(data: &DataDir, new: &NewLog) -> Result<(VerifierKey, Verified<SignedCheckpoint>), InitError> {
    let key = match &new.key_file {
        Some(path) => named_key(path, &new.origin)?,
        None => {
            let key = SigningKey::from_seed(new.origin.clone(), new.key_seed);
            write_key(&data.log_key(), &key)?;
            key
        }
    };
    let vkey = key.verifier();
    create(&data.log_vkey(), &format!("{vkey}\n"), 0o644)?;
    create(&data.config(), &configuration(new)?, 0o644)?;
    if let Some(act) = &new.first_token {
        let line = json!({"act": act.name(), "access": act});
        create(&data.admin(), &format!("{line}\n"), 0o600)?;
    }

    let description = Description {
        volume_entries: new.volume_entries.count(),
        ..Description::new(new.kind, vkey.clone())
    };
    let first = sign_checkpoint(TreeHead::EMPTY, &key);
    let genesis = Genesis {
        seed: new.journal_seed,
        description: Bytes::from(description.to_string()),
        note: Bytes::copy_from_slice(first.note_bytes()),
    };
    drop(FileJournal::create(
        &data.journal(),
        &genesis,
        JournalOptions::default(),
    )?);
    let options = ObjectsOptions {
        volume_entries: description.volume_entries,
        ..ObjectsOptions::default()
    };
    drop(SledObjects::create(&data.tree(), options)?);
    sync_directory(data.path()).map_err(io_error(data.path()))?;
    Ok((vkey, first))
}

/// The default configuration, with the place of the key if that is not the default one.
fn configuration(new: &NewLog) -> Result<String, InitError> {
    let mut text = config::default_file();
    if let Some(path) = &new.key_file {
        let absolute = std::path::absolute(path).map_err(io_error(path))?;
        let place = toml::Value::String(absolute.to_string_lossy().into_owned());
        text = format!("log_key = {place}\n\n{text}");
    }
    Ok(text)
}

fn named_key(path: &Path, origin: &KeyName) -> Result<SigningKey, InitError> {
    let key = read_key(path)?;
    if key.name() != origin {
        return Err(InitError::OtherName {
            path: path.to_owned(),
            name: key.name().clone(),
            origin: origin.clone(),
        });
    }
    Ok(key)
}
