//! The folder with the copy.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use indelible_merkle::TilePath;

use super::MirrorError;
use crate::data::{Lock, read_if_there, sync_directory};

/// A folder that this process copies a log into, alone.
///
/// Files are replaced, never written to. What is under way lies in `.mirror/`, and so does the lock; web servers should not show it,
/// and nothing is lost if they do.
#[derive(Debug)]
pub struct Copy {
    folder: PathBuf,
    _lock: Lock,
    /// Numbers files that are under way.
    next: AtomicU64,
    /// Folders in which names are new and not yet durable.
    unsynced: Mutex<BTreeSet<PathBuf>>,
}

impl Copy {
    /// Takes the folder, or makes it.
    ///
    /// # Errors
    ///
    /// If another process has it, or if it has files and no checkpoint, unless they are what an interrupted first copy left.
    pub fn open(folder: &Path) -> Result<Copy, MirrorError> {
        let own = folder.join(OWN);
        let new = own.join("new");
        if !own.exists() && !is_copy_or_empty(folder)? {
            return Err(MirrorError::Occupied {
                path: folder.to_owned(),
            });
        }
        fs::create_dir_all(&own).map_err(at(&own))?;
        let lock = Lock::on(&own.join("lock"), folder)?;
        // What an earlier process did not put in its place is of no use.
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&new)(error)),
            _ => {}
        }
        fs::create_dir(&new).map_err(at(&new))?;
        Ok(Copy {
            folder: folder.to_owned(),
            _lock: lock,
            next: AtomicU64::new(0),
            unsynced: Mutex::default(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the checkpoint is, or will be.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// The checkpoint; none in a copy that is not finished.
    pub(super) fn checkpoint(&self) -> Result<Option<Vec<u8>>, MirrorError> {
        let path = self.checkpoint_path();
        read_if_there(&path).map_err(at(&path))
    }

    /// A tile or bundle, if it is there. What it is worth is for the caller to check.
    pub(super) fn read(&self, path: &TilePath) -> Result<Option<Vec<u8>>, MirrorError> {
        let path = self.place(path);
        read_if_there(&path).map_err(at(&path))
    }

    /// Puts a tile or bundle in its place. Its content is durable when this returns, its name after [`Copy::settle`].
    pub(super) fn write(&self, path: &TilePath, body: &[u8]) -> Result<(), MirrorError> {
        self.put(&self.place(path), body)
    }

    /// Makes the names of everything that was written durable.
    pub(super) fn settle(&self) -> Result<(), MirrorError> {
        let folders = std::mem::take(&mut *self.unsynced());
        for folder in folders {
            sync_directory(&folder).map_err(at(&folder))?;
        }
        Ok(())
    }

    /// Replaces the checkpoint: from then on the copy is that of the new head. What it needs was settled before.
    pub(super) fn replace_checkpoint(&self, note: &[u8]) -> Result<(), MirrorError> {
        self.put(&self.checkpoint_path(), note)?;
        // A crash up to here leaves one checkpoint or the other, and every file that either needs.
        self.settle()
    }

    /// Removes a tile or bundle, and the folder of a partial one if it was the last.
    pub(super) fn remove(&self, path: &Path) -> Result<(), MirrorError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(path)(error)),
            _ => {}
        }
        if let Some(folder) = path.parent() {
            // It stays if there is another one in it.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    /// Where a tile or bundle is, or will be.
    pub(super) fn place(&self, path: &TilePath) -> PathBuf {
        self.folder.join(path.to_string())
    }

    fn put(&self, place: &Path, body: &[u8]) -> Result<(), MirrorError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let new = self.folder.join(OWN).join("new").join(number.to_string());
        let parent = place.parent().expect("a file of the copy lies in a folder");
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(body)?;
            file.sync_all()?;
            fs::create_dir_all(parent)?;
            fs::rename(&new, place)
        };
        write().map_err(at(place))?;
        let mut unsynced = self.unsynced();
        // Also the folders above may be new.
        for folder in parent.ancestors().take_while(|above| above.starts_with(&self.folder)) {
            if !unsynced.insert(folder.to_owned()) {
                break;
            }
        }
        Ok(())
    }

    fn unsynced(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.unsynced.lock().expect("nobody panics while holding this lock")
    }
}

fn is_copy_or_empty(folder: &Path) -> Result<bool, MirrorError> {
    if folder.join("checkpoint").exists() {
        return Ok(true);
    }
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(folder)(error)),
    }
}

/// Names the file in an error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> MirrorError {
    move |error| MirrorError::Io {
        path: path.to_owned(),
        error,
    }
}

/// The folder in the copy that is not part of it.
const OWN: &str = ".mirror";
