//! One process a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::DataDir;

/// That no other process uses the directory. The kernel takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(File);

/// Why the directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{path} is in use by the process {holder}; one directory has one process")]
    Held {
        /// The directory.
        path: PathBuf,
        /// The other process's id, as it wrote it down.
        holder: String,
    },
    /// The lock file could not be opened or locked.
    #[error("{path} cannot be locked: {error}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Lock {
    /// Takes the directory for this process.
    pub fn take(data: &DataDir) -> Result<Lock, LockError> {
        Lock::on(&data.lock(), data.path())
    }

    /// Takes any directory for this process, by a file that everybody who uses it locks.
    pub fn on(path: &Path, directory: &Path) -> Result<Lock, LockError> {
        let io = |error| LockError::Io {
            path: path.to_owned(),
            error,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(io(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(io)?;
                return Err(LockError::Held {
                    path: directory.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
        }
        // The id is for people; what holds is the lock.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io)?;
        Ok(Lock(file))
    }
}

impl Drop for Lock {
    /// Closing the file is not enough where this process goes on: a child that was forked by another thread has the file open, too, until it
    /// becomes another program. The lock is of the open file, so that giving it back here is for the child as well.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of a directory is given back when the file is closed only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_free_though_somebody_has_a_copy_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::on(&path, folder.path()).unwrap();
        let copy = lock.0.try_clone().unwrap();
        let held = Lock::on(&path, folder.path());
        assert!(matches!(held, Err(LockError::Held { .. })), "{held:?}");
        drop(lock);
        Lock::on(&path, folder.path()).unwrap();
        drop(copy);
    }
}
