//! The folder of the sources' files.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use indelible_sources::SourceName;

use super::file::{BadSourceFile, SourceFile};
use crate::data::{SecretError, folder_of, read_secrets, replace, sync_directory};

/// `DIR/sources`: a file for each source, `KIND-NAME.toml`, each for its owner alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcesFolder(PathBuf);

/// Why the sources cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// A file cannot be read, or others may.
    #[error(transparent)]
    File(#[from] SecretError),
    /// A file says what cannot be used.
    #[error("{path}: {error}")]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: BadSourceFile,
    },
    /// Two files speak of one source.
    #[error("{path}: `name`: {other} is of {name} too")]
    Twice {
        /// The second.
        path: PathBuf,
        /// The first.
        other: PathBuf,
        /// The source.
        name: SourceName,
    },
    /// There is one already.
    #[error("there is a source {0} already")]
    Exists(SourceName),
    /// There is none.
    #[error("there is no source {0}")]
    Missing(SourceName),
    /// The folder cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The folder, or a file of it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What tells one state of the folder from another: of each file its path, inode, size and time of change, in order.
pub(super) type Stamp = Vec<(PathBuf, u64, u64, i64, i64)>;

impl SourcesFolder {
    /// The folder at `path`, whether it exists or not. Without one there are no sources.
    pub fn at(path: impl Into<PathBuf>) -> SourcesFolder {
        SourcesFolder(path.into())
    }

    /// Its files and what they say, in the order of their paths.
    ///
    /// # Errors
    ///
    /// If one cannot be used, or two are of one source.
    pub fn load(&self) -> Result<Vec<(PathBuf, SourceFile)>, SourcesError> {
        let mut all: Vec<(PathBuf, SourceFile)> = Vec::new();
        for path in self.paths()? {
            let Some(bytes) = read_secrets(&path, FILE_BYTES_MAX)? else {
                continue;
            };
            let bad = |error| SourcesError::Bad {
                path: path.clone(),
                error,
            };
            let text = str::from_utf8(&bytes).map_err(|_| bad(BadSourceFile::Toml { line: None }))?;
            let file = SourceFile::parse(text, &self.0).map_err(bad)?;
            let name = &file.configuration.name;
            if let Some((other, _)) = all.iter().find(|(_, other)| other.configuration.name == *name) {
                return Err(SourcesError::Twice {
                    other: other.clone(),
                    name: name.clone(),
                    path,
                });
            }
            all.push((path, file));
        }
        Ok(all)
    }

    /// The file of a source, and what it says.
    ///
    /// # Errors
    ///
    /// As [`SourcesFolder::load`], or if there is none.
    pub fn find(&self, name: &SourceName) -> Result<(PathBuf, SourceFile), SourcesError> {
        let mut all = self.load()?.into_iter();
        all.find(|(_, file)| file.configuration.name == *name)
            .ok_or_else(|| SourcesError::Missing(name.clone()))
    }

    /// Makes the file of a source that has none; the path. Durable when it returns.
    ///
    /// # Errors
    ///
    /// If there is one, or it cannot be written.
    pub fn add(&self, file: &SourceFile) -> Result<PathBuf, SourcesError> {
        let name = &file.configuration.name;
        self.make()?;
        let path = self.0.join(format!("{}-{}.toml", name.kind(), name.instance()));
        if path.exists() || self.load()?.iter().any(|(_, other)| other.configuration.name == *name) {
            return Err(SourcesError::Exists(name.clone()));
        }
        self.put(&path, file)?;
        Ok(path)
    }

    /// Puts what a file says in the place of what it said. Whoever reads it finds the one or the other.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, path: &Path, file: &SourceFile) -> Result<(), SourcesError> {
        replace(path, file.to_text().as_bytes(), 0o600).map_err(|error| io_error(path, error))
    }

    /// Removes the file of a source.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be removed.
    pub fn remove(&self, name: &SourceName) -> Result<PathBuf, SourcesError> {
        let (path, _) = self.find(name)?;
        fs::remove_file(&path)
            .and_then(|()| sync_directory(&self.0))
            .map_err(|error| io_error(&path, error))?;
        Ok(path)
    }

    /// The state that the folder is in.
    pub(super) fn stamp(&self) -> Result<Stamp, SourcesError> {
        let mut stamp = Vec::new();
        for path in self.paths()? {
            match fs::metadata(&path) {
                Ok(found) => stamp.push((path, found.ino(), found.size(), found.mtime(), found.mtime_nsec())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error(&path, error)),
            }
        }
        Ok(stamp)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, SourcesError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| io_error(&self.0, error))?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths
            .collect::<io::Result<Vec<PathBuf>>>()
            .map_err(|error| io_error(&self.0, error))?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        Ok(paths)
    }

    fn make(&self) -> Result<(), SourcesError> {
        let made = fs::DirBuilder::new().mode(0o700).create(&self.0);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made
                .and_then(|()| sync_directory(folder_of(&self.0)))
                .map_err(|error| io_error(&self.0, error)),
        }
    }
}

/// A thousand accounts of 100 bytes, which is the most, and as much again.
const FILE_BYTES_MAX: usize = 200 << 10;

fn io_error(path: &Path, error: io::Error) -> SourcesError {
    SourcesError::Io {
        path: path.to_owned(),
        error,
    }
}
