//! Makes a new witness: whole, or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use indelible_note::{CosignerKey, CosigningKey};

use super::{State, StateError, WitnessDir};
use crate::data::{KeyError, write_cosigning_key};

/// Why there is no new witness.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{0} exists and is not empty; a new witness needs a directory of its own")]
    Exists(PathBuf),
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state could not be made.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file could not be made.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Makes a witness with this key, which knows no log, in a directory beside `folder`, and then gives that its name: whoever finds
/// `folder` finds a whole witness. Everything is synced.
pub fn init(folder: &WitnessDir, key: &CosigningKey) -> Result<CosignerKey, InitError> {
    refuse_existing(folder.path())?;
    let absolute = std::path::absolute(folder.path()).map_err(io(folder.path()))?;
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(io(parent))?;
    let making = tempfile::Builder::new()
        .prefix(".indelible-witness-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(io(parent))?;
    fill(&WitnessDir::at(making.path()), key)?;
    // From here on the directory stays. The rename succeeds over an empty directory, and over nothing else.
    let made = making.keep();
    fs::rename(&made, &absolute).map_err(|error| {
        // What was made is of no use under its temporary name.
        let _ = fs::remove_dir_all(&made);
        io(&absolute)(error)
    })?;
    sync(parent)?;
    Ok(key.cosigner())
}

fn fill(folder: &WitnessDir, key: &CosigningKey) -> Result<(), InitError> {
    let cosigner = key.cosigner();
    write_cosigning_key(&folder.key(), key)?;
    let mut vkey = create(&folder.vkey(), 0o644)?;
    vkey.write_all(format!("{cosigner}\n").as_bytes())
        .and_then(|()| vkey.sync_all())
        .map_err(io(&folder.vkey()))?;
    drop(create(&folder.state(), 0o600)?);
    State::create(&folder.state(), &cosigner)?;
    // What was made must be what a start accepts.
    drop(State::open(&folder.state(), &cosigner)?);
    sync(&folder.state())?;
    sync(folder.path())
}

fn refuse_existing(path: &Path) -> Result<(), InitError> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => Err(InitError::Exists(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(path)(error)),
    }
}

fn create(path: &Path, mode: u32) -> Result<File, InitError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options.open(path).map_err(io(path))
}

fn sync(path: &Path) -> Result<(), InitError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    move |error| InitError::Io {
        path: path.to_owned(),
        error,
    }
}
