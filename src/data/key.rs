//! The private key's file: for its owner only, or it is refused.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use indelible_note::{CosigningKey, MalformedKey, SigningKey};
use zeroize::Zeroizing;

use super::files::replace;

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Others may read or write it.
    #[error("{path} has mode {mode:04o}: a private key must be for its owner alone\n\nchmod 600 {path}")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no key.
    #[error("{path} holds no private key: {error}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with its text, which is not shown.
        error: MalformedKey,
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

/// Reads the key of a log in `path`: one line, a PRIVATE+KEY text.
pub fn read_key(path: &Path) -> Result<SigningKey, KeyError> {
    read(path)
}

/// Writes the key of a log to a file that must not exist yet, for its owner alone, and syncs it.
pub fn write_key(path: &Path, key: &SigningKey) -> Result<(), KeyError> {
    write(path, &key.expose_skey())
}

/// Reads the key of a witness, as [`read_key`] does that of a log.
pub fn read_cosigning_key(path: &Path) -> Result<CosigningKey, KeyError> {
    read(path)
}

/// Writes the key of a witness, as [`write_key`] does that of a log.
pub fn write_cosigning_key(path: &Path, key: &CosigningKey) -> Result<(), KeyError> {
    write(path, &key.expose_skey())
}

fn read<K: FromStr<Err = MalformedKey>>(path: &Path) -> Result<K, KeyError> {
    let io = |error| KeyError::Io {
        path: path.to_owned(),
        error,
    };
    let file = std::fs::File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_BYTES_MAX).read_to_string(&mut text).map_err(io)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    line.parse().map_err(|error| KeyError::Malformed {
        path: path.to_owned(),
        error,
    })
}

fn write(path: &Path, skey: &str) -> Result<(), KeyError> {
    let io = |error| KeyError::Io {
        path: path.to_owned(),
        error,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let text = Zeroizing::new(format!("{skey}\n"));
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)
}

/// Puts a key into a file for its owner alone, in the place of what is there; whole and durable when it returns.
pub(super) fn replace_key(path: &Path, key: &SigningKey) -> Result<(), KeyError> {
    let text = Zeroizing::new(format!("{}\n", *key.expose_skey()));
    replace(path, text.as_bytes(), 0o600).map_err(|error| KeyError::Io {
        path: path.to_owned(),
        error,
    })
}

/// A key text has a name and some hundred bytes.
const KEY_BYTES_MAX: u64 = 4_096;
