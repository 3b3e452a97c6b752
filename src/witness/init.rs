//! Makes a new witness: whole, or not at all.

use std::fs::File;

use indelible_note::{CosignerKey, CosigningKey};

use super::{State, StateError, WitnessDir};
use crate::data::{KeyError, NotMade, create, io_error, make_whole, sync_directory, write_cosigning_key};

/// Why there is no new witness.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The directory, or a file in it.
    #[error(transparent)]
    NotMade(#[from] NotMade),
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state could not be made.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Makes a witness with this key, which knows no log. Whoever finds `folder` finds a whole witness. Everything is synced.
///
/// # Errors
/// If something is there already, or the system refuses; then nothing stays.
pub fn init(folder: &WitnessDir, key: &CosigningKey) -> Result<CosignerKey, InitError> {
    make_whole(folder.path(), |making| fill(&WitnessDir::at(making), key))?;
    Ok(key.cosigner())
}

fn fill(folder: &WitnessDir, key: &CosigningKey) -> Result<(), InitError> {
    let cosigner = key.cosigner();
    write_cosigning_key(&folder.key(), key)?;
    create(&folder.vkey(), &format!("{cosigner}\n"), 0o644)?;
    create(&folder.state(), "", 0o600)?;
    State::create(&folder.state(), &cosigner)?;
    // What was made must be what a start accepts.
    drop(State::open(&folder.state(), &cosigner)?);
    let state = File::open(folder.state()).and_then(|state| state.sync_all());
    state.map_err(io_error(&folder.state()))?;
    Ok(sync_directory(folder.path()).map_err(io_error(folder.path()))?)
}
