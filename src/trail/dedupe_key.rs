//! The secret under which the tables of keys and of search are made.

use std::io;
use std::path::{Path, PathBuf};

use indelible_index::IndexKey;
use zeroize::Zeroizing;

use crate::data::{SecretError, read_secret, write_secret};

/// Why the secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DedupeKeyError {
    /// Its file.
    #[error(transparent)]
    File(#[from] SecretError),
    /// It has not 32 bytes.
    #[error("{path} has {length} bytes, not 32; without it the tables are made anew: move it away, and start again")]
    Length {
        /// The file.
        path: PathBuf,
        /// How many there are.
        length: usize,
    },
    /// No randomness.
    #[error("no random bytes can be had: {0}")]
    Random(io::Error),
}

/// Reads the secret, or makes it if there is none: then the tables, which were made under another one, are made anew.
pub(super) fn open(path: &Path) -> Result<IndexKey, DedupeKeyError> {
    let bytes = match read_secret(path)? {
        Some(bytes) => bytes,
        None => {
            let mut fresh = Zeroizing::new(vec![0; KEY_BYTES]);
            getrandom::fill(&mut fresh).map_err(|error| DedupeKeyError::Random(error.into()))?;
            write_secret(path, &fresh)?;
            fresh
        }
    };
    let key: &[u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| DedupeKeyError::Length {
        path: path.to_owned(),
        length: bytes.len(),
    })?;
    Ok(IndexKey::new(key))
}

const KEY_BYTES: usize = 32;
