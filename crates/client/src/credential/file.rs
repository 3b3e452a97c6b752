//! A token in a file, which somebody else may replace.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::{BadToken, CredentialError, TOKEN_BYTES_MAX, Token};

/// The token that is in a file, read again when the file has changed: those that Kubernetes projects into a pod are replaced every
/// hour. Clones share what was read.
///
/// What is no file but a pipe is read once. To see whether a file has changed costs one call of the system for each request, or for each
/// stream.
#[derive(Clone)]
pub struct TokenFile(Arc<Shared>);

struct Shared {
    path: PathBuf,
    read: Mutex<Last>,
}

/// What was read, and of which file.
struct Last {
    token: Token,
    of: Option<Version>,
}

/// What tells a file from the one that was there before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    modified: Option<SystemTime>,
    bytes: u64,
    id: u64,
}

impl TokenFile {
    /// Reads the token in this file for the first time.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<TokenFile, CredentialError> {
        let path = path.into();
        let read = Mutex::new(read(&path)?);
        Ok(TokenFile(Arc::new(Shared { path, read })))
    }

    /// The token that is there now; the last one that was, if there is none for the moment: who replaces a file by writing into it
    /// leaves it empty for an instant. Whether it is still good, the log says.
    pub(super) fn token(&self) -> Token {
        let Shared { path, read: last } = &*self.0;
        let mut last = last.lock().expect("nobody panics while holding this lock");
        if last.is_outdated(path)
            && let Ok(new) = read(path)
        {
            *last = new;
        }
        last.token.clone()
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenFile").field(&shown(&self.0.path)).finish()
    }
}

impl Last {
    /// Whether there is another file now than the one that was read, or none. Of a pipe there is no telling.
    fn is_outdated(&self, path: &Path) -> bool {
        let now = std::fs::metadata(path).ok().as_ref().and_then(Version::of);
        self.of.is_some() && self.of != now
    }
}

impl Version {
    /// Of a file that can be read again; `None` of a pipe.
    pub(super) fn of(metadata: &Metadata) -> Option<Version> {
        metadata.is_file().then(|| Version {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
            id: id(metadata),
        })
    }
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> u64 {
    0
}

fn read(path: &Path) -> Result<Last, CredentialError> {
    let failed = |error: io::Error| CredentialError::File {
        path: shown(path),
        kind: error.kind(),
        reason: error.to_string(),
    };
    let bad = |reason| CredentialError::Token {
        path: shown(path),
        reason,
    };
    let file = File::open(path).map_err(failed)?;
    // Before the content: of a file that changes in between, the change is seen the next time.
    let of = Version::of(&file.metadata().map_err(failed)?);
    // Not grown while it is read, which would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX + 1));
    file.take(FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut text)
        .map_err(failed)?;
    if text.len() > FILE_BYTES_MAX {
        return Err(bad(BadToken::TooLong));
    }
    let text = std::str::from_utf8(&text).map_err(|error| {
        let at = error.valid_up_to();
        bad(BadToken::Character { at })
    })?;
    let token = Token::parse(text).map_err(bad)?;
    Ok(Last { token, of })
}

/// The path, unless it may be a token that was given in place of one.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    match text.len() < NAME_BYTES || text.contains('/') {
        true => text,
        false => "the file that is named".to_owned(),
    }
}

/// A token, and white space around it.
const FILE_BYTES_MAX: usize = TOKEN_BYTES_MAX + 64;
/// No token that is worth anything is shorter: 18 bytes at random are 24 characters.
const NAME_BYTES: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(file: &TokenFile) -> Vec<u8> {
        file.token().header().as_bytes().to_vec()
    }

    #[test]
    fn a_file_that_was_replaced_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "one\n").unwrap();
        let file = TokenFile::open(&path).unwrap();
        assert_eq!(header(&file), b"Bearer one");
        std::fs::write(folder.path().join("new"), "two").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(header(&file), b"Bearer two");
        assert_eq!(header(&file.clone()), b"Bearer two");
        for gone in ["", "no token", &"s".repeat(9_000)] {
            std::fs::write(&path, gone).unwrap();
            assert_eq!(header(&file), b"Bearer two", "{gone:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(header(&file), b"Bearer two");
        std::fs::write(&path, "three").unwrap();
        assert_eq!(header(&file), b"Bearer three");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_points_elsewhere_is_read_again_as_kubernetes_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, token) in [("1", "one"), ("2", "two")] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("token"), token).unwrap();
        }
        std::os::unix::fs::symlink("1", at("data")).unwrap();
        std::os::unix::fs::symlink("data/token", at("token")).unwrap();
        let file = TokenFile::open(at("token")).unwrap();
        assert_eq!(header(&file), b"Bearer one");
        std::os::unix::fs::symlink("2", at("data.new")).unwrap();
        std::fs::rename(at("data.new"), at("data")).unwrap();
        assert_eq!(header(&file), b"Bearer two");
    }

    #[test]
    fn what_is_no_token_is_refused_by_the_name_of_its_file_and_a_token_in_place_of_it_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "sec ret").unwrap();
        let error = TokenFile::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(&path.display().to_string()) && !error.contains("ret"),
            "{error}"
        );
        let error = TokenFile::open("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("eyJ"), "{error}");
        let error = TokenFile::open("ci.token").unwrap_err().to_string();
        assert!(error.contains("ci.token"), "{error}");
    }
}
