//! The key sets of issuers as they were published, each once: so that whoever has a token can check it again when its key is long
//! withdrawn. Events name them by their SHA-256.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use indelible_access::oidc::JWKS_BYTES_MAX;
use sha2::{Digest, Sha256};

use crate::data::{folder_of, replace, sync_directory};

/// How many are kept: of 256 issuers that change their keys every month, those of a year and a third.
pub const SNAPSHOTS_MAX: usize = 4_096;
/// How many bytes they may have together: as many sets of 64 KiB, or of one issuer that publishes the longest that is read, 1,024.
pub const SNAPSHOTS_BYTES_MAX: u64 = 256 << 20;

/// The folder with the key sets, each in a file by its SHA-256. It is made with the first.
#[derive(Debug)]
pub struct Snapshots {
    folder: PathBuf,
    /// Held by whoever writes, so that no two count the same room for theirs.
    writing: Mutex<()>,
}

/// Why a key set is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// There is no room for it.
    #[error(
        "{folder} has {count} key sets of {bytes} bytes, and at most {SNAPSHOTS_MAX} of {SNAPSHOTS_BYTES_MAX} are kept; what is moved away from there cannot be given to auditors any more"
    )]
    Full {
        /// The folder.
        folder: PathBuf,
        /// How many there are.
        count: usize,
        /// How long they are together.
        bytes: u64,
    },
    /// The folder could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What is kept is another text than its name says.
    #[error("{path} is not what it is called: it was changed")]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// What a key set is called: its SHA-256 in lowercase hex, as in events.
pub fn snapshot_name(text: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

impl Snapshots {
    /// Those in a folder. Touches nothing.
    pub fn at(folder: PathBuf) -> Snapshots {
        Snapshots {
            folder,
            writing: Mutex::new(()),
        }
    }

    /// Keeps a key set, if it is not kept already. Durable when it returns. Blocks; looks through the folder.
    ///
    /// # Errors
    ///
    /// If there is no room for it, or it cannot be written.
    pub fn keep(&self, text: &[u8]) -> Result<(), NotKept> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(&snapshot_name(text));
        if path.try_exists().map_err(io(&path))? {
            // Its name is durable: it was synced before anybody went on.
            return Ok(());
        }
        let folder = &self.folder;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| sync_directory(folder_of(folder)))
            .map_err(io(folder))?;
        let (mut count, mut bytes) = (0, 0);
        for file in fs::read_dir(folder).map_err(io(folder))? {
            count += 1;
            bytes += file.and_then(|file| file.metadata()).map_err(io(folder))?.len();
        }
        if count >= SNAPSHOTS_MAX || bytes + text.len() as u64 > SNAPSHOTS_BYTES_MAX {
            let folder = folder.clone();
            return Err(NotKept::Full { folder, count, bytes });
        }
        replace(&path, text, 0o600).map_err(io(&path))
    }

    /// The key set of this name; `None` if it is not kept, or if that is no name of one. Blocks.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not what it is called.
    pub fn find(&self, name: &str) -> Result<Option<Vec<u8>>, NotKept> {
        let is_name = name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_name {
            return Ok(None);
        }
        let path = self.path(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(io(&path))?,
        };
        match text.len() <= JWKS_BYTES_MAX && snapshot_name(&text) == name {
            true => Ok(Some(text)),
            false => Err(NotKept::Changed { path }),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> NotKept {
    move |error| NotKept::Io {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_found_by_its_name_alone() {
        let place = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::at(place.path().join("jwks"));
        let text = br#"{"keys":[]}"#;
        let name = snapshot_name(text);
        assert_eq!(snapshots.find(&name).unwrap(), None);
        snapshots.keep(text).unwrap();
        snapshots.keep(text).unwrap();
        assert_eq!(snapshots.find(&name).unwrap().as_deref(), Some(text.as_slice()));
        assert_eq!(fs::read_dir(place.path().join("jwks")).unwrap().count(), 1);
        for no_name in ["", "../access", &name[1..], &name.to_uppercase(), &format!("{name}0")] {
            assert_eq!(snapshots.find(no_name).unwrap(), None, "{no_name}");
        }
        fs::write(snapshots.path(&name), "{}").unwrap();
        assert!(matches!(snapshots.find(&name), Err(NotKept::Changed { .. })));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let place = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::at(place.path().to_owned());
        for file in 0..SNAPSHOTS_MAX {
            fs::write(place.path().join(file.to_string()), "").unwrap();
        }
        assert!(matches!(snapshots.keep(b"{}"), Err(NotKept::Full { .. })));
        fs::remove_file(place.path().join("0")).unwrap();
        let large = fs::File::create(place.path().join("1")).unwrap();
        large.set_len(SNAPSHOTS_BYTES_MAX - 1).unwrap();
        assert!(matches!(snapshots.keep(b"{}"), Err(NotKept::Full { .. })));
        large.set_len(SNAPSHOTS_BYTES_MAX - 2).unwrap();
        snapshots.keep(b"{}").unwrap();
    }
}
