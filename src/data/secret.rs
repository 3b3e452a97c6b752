//! Secrets that are no signing keys: files for their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::files::{folder_of, sync_directory};

/// What is wrong with the file of a secret. None of it is shown.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Others may read or write it.
    #[error("{path} has mode {mode:04o}: a secret must be for its owner alone\n\nchmod 600 {path}")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is longer than such a file can be.
    #[error("{path} has more than {max} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How many it may have.
        max: usize,
    },
    /// It could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// The bytes of a secret, at most 4 KiB of them; `None` if there is no such file.
pub fn read_secret(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    read_secrets(path, SECRET_BYTES_MAX)
}

/// The bytes of a file with secrets in it, of which there may be `bytes_max`; `None` if there is no such file.
pub(crate) fn read_secrets(path: &Path, bytes_max: usize) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    let io = |error| SecretError::Io {
        path: path.to_owned(),
        error,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(io)?,
    };
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    // Not grown while it is read, which would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max + 1));
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > bytes_max {
        return Err(SecretError::TooLong {
            path: path.to_owned(),
            max: bytes_max,
        });
    }
    Ok(Some(bytes))
}

/// Writes a secret to a file that must not exist yet, for its owner alone; durable when it returns.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), SecretError> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    made.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_directory(folder_of(path))
    })
    .map_err(|error| SecretError::Io {
        path: path.to_owned(),
        error,
    })
}

const SECRET_BYTES_MAX: usize = 4 << 10;
