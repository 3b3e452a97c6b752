use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{HeadStore, Swap};

/// A head in a file of its own, which holds the note as it is published, or does not exist yet.
///
/// The file is replaced, never written to: a crash leaves the old note or the new one. Processes that share the file exclude
/// each other by a lock on a second file beside it, `NAME.lock`; a third, `NAME.new`, is left behind only by a crash.
#[derive(Debug)]
pub struct FileHeads {
    note: PathBuf,
    new: PathBuf,
    lock: PathBuf,
    folder: PathBuf,
}

impl FileHeads {
    /// The store in this file. Its folder must exist; nothing is created before a head is stored.
    ///
    /// # Errors
    /// If the path names no file, as `/` and `..` do.
    pub fn new(note: impl Into<PathBuf>) -> io::Result<FileHeads> {
        let note = note.into();
        let name = note.file_name().ok_or_else(|| {
            let reason = format!("{} does not name a file", note.display());
            io::Error::new(ErrorKind::InvalidInput, reason)
        })?;
        let beside = |suffix: &str| {
            let mut name = name.to_owned();
            name.push(suffix);
            note.with_file_name(name)
        };
        let folder = match note.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(FileHeads {
            new: beside(".new"),
            lock: beside(".lock"),
            folder,
            note,
        })
    }

    /// Removes the note, and what writers leave beside it. For the one who has just made it: others may be about to write.
    ///
    /// # Errors
    /// The first file that is there and cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        for file in [&self.note, &self.new, &self.lock] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(file)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts the new note in the place of the old one.
    fn replace(&self, note: &[u8]) -> io::Result<()> {
        let mut new = File::create(&self.new).map_err(at(&self.new))?;
        new.write_all(note).map_err(at(&self.new))?;
        // A crash up to here leaves the old note, and the next writer begins `new` again.
        new.sync_all().map_err(at(&self.new))?;
        // From here on readers see the new note, and a crash of the machine may still bring the old one back.
        fs::rename(&self.new, &self.note).map_err(at(&self.note))?;
        // Now it cannot.
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(at(&self.folder))
    }
}

impl HeadStore for FileHeads {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(&self.note) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&self.note)(error)),
        }
    }

    fn compare_and_swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<Swap> {
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&self.lock)
            .map_err(at(&self.lock))?;
        // Held until `lock` is closed, and by the system's doing also if this process dies.
        lock.lock().map_err(at(&self.lock))?;
        let current = self.load()?;
        if current.as_deref() != old {
            return Ok(Swap::Lost { current });
        }
        self.replace(new)?;
        Ok(Swap::Stored)
    }
}

/// Names the file in an error.
fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
