//! The directory that volumes lie in: their names, and the making of new ones.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::contain::contain;
use super::volume::config;
use crate::objects::ObjectsError;

/// Makes an empty directory durable, where nothing or an empty directory is.
pub(super) fn create(dir: &Path) -> Result<(), ObjectsError> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !is_empty_dir(dir) {
                return Err(ObjectsError::Exists { path: dir.to_owned() });
            }
        }
        made => made.map_err(io_error("create", dir))?,
    }
    sync(dir)?;
    sync(parent(dir))
}

/// The numbers of the volumes in a directory. Removes what a crash left of volumes in the making; leaves alone what has
/// another name.
pub(super) fn volumes(dir: &Path) -> Result<Vec<u64>, ObjectsError> {
    if !dir.is_dir() {
        return Err(ObjectsError::Missing { path: dir.to_owned() });
    }
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let name = entry.map_err(io_error("list", dir))?.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(number) = number(name) {
            numbers.push(number);
        } else if name.strip_suffix(IN_THE_MAKING).and_then(number).is_some() {
            let making = dir.join(name);
            fs::remove_dir_all(&making).map_err(io_error("remove", &making))?;
        }
    }
    Ok(numbers)
}

/// The directory of a volume.
pub(super) fn path(dir: &Path, volume: u64) -> PathBuf {
    dir.join(format!("{volume:04}"))
}

/// Makes a new volume under another name and renames it once all of it is durable.
///
/// So a directory with a volume's own name is always a whole volume, and one in which `db` is missing or empty has lost it;
/// sled would take it for new and call it empty.
pub(super) fn create_volume(dir: &Path, volume: u64) -> Result<PathBuf, ObjectsError> {
    let done = path(dir, volume);
    let making = dir.join(format!("{volume:04}{IN_THE_MAKING}"));
    fs::create_dir(&making).map_err(io_error("create", &making))?;
    contain(&making, "create", || config(&making).open().map(drop))?;
    refuse_unwritten(&making.join("db"))?;
    // A crash up to here leaves a directory that the next start removes. sled itself has synced none of these.
    for made in [
        making.join("conf"),
        making.join("db"),
        making.join("blobs"),
        making.clone(),
    ] {
        sync(&made)?;
    }
    fs::rename(&making, &done).map_err(io_error("rename", &making))?;
    // A crash here leaves either name, both with a whole and empty volume behind it.
    sync(dir)?;
    Ok(done)
}

/// Refuses a new `db` that has nothing in it: sled writes its first bytes when it is dropped, and tells nobody if it cannot.
///
/// Under the volume's own name such a file would stand for one that has lost everything.
fn refuse_unwritten(db: &Path) -> Result<(), ObjectsError> {
    match fs::metadata(db).map_err(io_error("look at", db))?.len() {
        0 => Err(io_error("write to", db)(io::Error::other("nothing of it was written"))),
        _ => Ok(()),
    }
}

/// Makes a file's bytes, or a directory's entries, durable.
pub(super) fn sync(path: &Path) -> Result<(), ObjectsError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(io_error("sync", path))
}

pub(super) fn io_error(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ObjectsError {
    move |source| ObjectsError::Io {
        act,
        path: path.to_owned(),
        source,
    }
}

/// The volume that a directory name stands for: four digits or more, no more zeros in front than it takes.
fn number(name: &str) -> Option<u64> {
    let number = name.parse().ok()?;
    (name == format!("{number:04}")).then_some(number)
}

fn is_empty_dir(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// The directory that holds `path`: `.` for a bare name, whose parent std calls the empty path.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

const IN_THE_MAKING: &str = ".new";

#[cfg(test)]
mod tests {
    use super::*;

    /// What a full disk leaves of a volume in the making, as sled does not say that it could not write.
    #[test]
    fn a_volume_without_its_first_bytes_does_not_get_its_name() {
        let home = tempfile::TempDir::new().unwrap();
        let db = home.path().join("db");
        fs::write(&db, "").unwrap();
        assert!(matches!(
            refuse_unwritten(&db),
            Err(ObjectsError::Io { act: "write to", .. })
        ));
        fs::write(&db, "something").unwrap();
        refuse_unwritten(&db).unwrap();
    }

    #[test]
    fn names_of_volumes() {
        assert_eq!(number("0000"), Some(0));
        assert_eq!(number("0042"), Some(42));
        assert_eq!(number("12345"), Some(12_345));
        for name in [
            "",
            "42",
            "00042",
            "+042",
            "0042.new",
            "0042.broken",
            "conf",
            "99999999999999999999",
        ] {
            assert_eq!(number(name), None, "{name}");
        }
    }
}
