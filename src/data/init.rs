//! Makes a new log: whole, or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indelible_log::{Description, Kind, VolumeEntries};
use indelible_merkle::TreeHead;
use indelible_note::{KeyName, SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint};
use indelible_store::journal::{FileJournal, Genesis, JournalError, Options as JournalOptions};
use indelible_store::objects::{ObjectsError, Options as ObjectsOptions, SledObjects};

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
}

/// Why there is no new log.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{0} exists and is not empty; a new log needs a directory of its own")]
    Exists(PathBuf),
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
    /// A file could not be made.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Makes the log in a directory beside `data` and then gives it its name, so that whoever finds `data` finds a whole log.
/// Everything is synced. Returns the log's public key.
pub fn init(data: &DataDir, new: &NewLog) -> Result<VerifierKey, InitError> {
    refuse_existing(data.path())?;
    let memory = CheckpointFile::at(data.checkpoint())?;
    if memory.path().exists() {
        return Err(InitError::Remembered(memory.path().to_owned()));
    }
    let absolute = std::path::absolute(data.path()).map_err(io(data.path()))?;
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(io(parent))?;
    let making = tempfile::Builder::new()
        .prefix(".indelible-init-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(io(parent))?;

    let (vkey, first) = fill(&DataDir::at(making.path()), new)?;
    // From here on the directory stays. The rename succeeds over an empty directory, and over nothing else.
    let made = making.keep();
    fs::rename(&made, &absolute).map_err(|error| {
        // What was made is of no use under its temporary name.
        let _ = fs::remove_dir_all(&made);
        InitError::Io {
            path: absolute.clone(),
            error,
        }
    })?;
    let done = sync_directory(parent).and_then(|()| Ok(memory.store(&first)?));
    done.map(|()| vkey).inspect_err(|_| {
        // A log that nothing remembers is no whole one, and would be in the way of the next try.
        let _ = fs::remove_dir_all(&absolute);
        let _ = memory.forget();
    })
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
    write(&data.log_vkey(), &format!("{vkey}\n"), 0o644)?;
    write(&data.config(), &configuration(new)?, 0o644)?;

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
    sync_directory(data.path())?;
    Ok((vkey, first))
}

/// The default configuration, with the place of the key if that is not the default one.
fn configuration(new: &NewLog) -> Result<String, InitError> {
    let mut text = config::default_file();
    if let Some(path) = &new.key_file {
        let absolute = std::path::absolute(path).map_err(io(path))?;
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

fn refuse_existing(path: &Path) -> Result<(), InitError> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => Err(InitError::Exists(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(path)(error)),
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), InitError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(io(path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io(path))
}

fn sync_directory(path: &Path) -> Result<(), InitError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    move |error| InitError::Io {
        path: path.to_owned(),
        error,
    }
}
