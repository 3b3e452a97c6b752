//! Makes a directory whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::files::sync_directory;

/// Why a directory, or a file in it, was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// Something is there already.
    #[error("{0} exists and is not empty; what is made new needs a directory of its own")]
    Exists(PathBuf),
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Makes `place`, for its owner alone: `fill` fills a directory beside it, which then gets its name. Whoever finds `place` finds it
/// whole, and when this returns it is durable; `fill` syncs what it makes.
///
/// # Errors
/// If `place` exists and is not empty, if the system refuses, or if `fill` fails; then nothing stays.
pub(crate) fn make_whole<T, E: From<NotMade>>(place: &Path, fill: impl FnOnce(&Path) -> Result<T, E>) -> Result<T, E> {
    refuse_existing(place)?;
    let absolute = std::path::absolute(place).map_err(io_error(place))?;
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(io_error(parent))?;
    let making = tempfile::Builder::new()
        .prefix(".indelible-init-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(io_error(parent))?;
    let filled = fill(making.path())?;
    // From here on the directory stays. The rename succeeds over an empty directory, and over nothing else.
    let made = making.keep();
    fs::rename(&made, &absolute).map_err(|error| {
        // What was made is of no use under its temporary name.
        let _ = fs::remove_dir_all(&made);
        io_error(&absolute)(error)
    })?;
    sync_directory(parent).map_err(io_error(parent))?;
    Ok(filled)
}

/// Refuses a place where something is.
///
/// # Errors
/// If it exists and is not empty, or cannot be looked at.
pub(crate) fn refuse_existing(place: &Path) -> Result<(), NotMade> {
    match fs::read_dir(place).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => Err(NotMade::Exists(place.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(place)(error)),
    }
}

/// Makes a file that is not there, with this text. Its content is durable when this returns, its name is not.
///
/// # Errors
/// If it is there, or the system refuses.
pub(crate) fn create(path: &Path, text: &str, mode: u32) -> Result<(), NotMade> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(mode).open(path);
    made.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })
    .map_err(io_error(path))
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> NotMade {
    move |error| NotMade::Io {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_nothing_and_what_exists_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/new");
        let fails = |_: &Path| -> Result<(), NotMade> { Err(NotMade::Exists("because".into())) };
        make_whole(&place, fails).unwrap_err();
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 0);
        let fills = |making: &Path| create(&making.join("file"), "whole", 0o600);
        make_whole(&place, fills).unwrap();
        assert_eq!(fs::read(place.join("file")).unwrap(), b"whole");
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
        let again = make_whole(&place, fills).unwrap_err();
        assert!(matches!(again, NotMade::Exists(path) if path == place));
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }
}
