//! A data directory made of a backup: whole, or not at all.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indelible_log::{Description, Finding, FsckError, Step, Tally, Tombstones, fsck_with};
use indelible_merkle::TreeHead;
use indelible_note::{BadCheckpoint, KeyChain, SignedCheckpoint, Verified, VerifierKey};
use indelible_store::journal::StoredFrames;
use indelible_store::objects::ObjectsError;
use tempfile::TempDir;

use super::at_rest::tombstones;
use super::backup::{CopyError, Copying};
use super::beside::copy_folder;
use super::files::{read_if_there, replace, sync_directory};
use super::{
    Backup, BackupError, DataDir, KeyError, OpenError, RebuildError, Replaced, at_rest, journal_keys, read_key, rebuild,
};

/// A copy of the journal in a directory that has no name yet, beside the one that is to be. Dropped, it is gone.
#[derive(Debug)]
pub struct Copied {
    making: TempDir,
    data: DataDir,
    head: Verified<SignedCheckpoint>,
    roots: Vec<TreeHead>,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The head that the log ends with.
    pub head: Verified<SignedCheckpoint>,
    /// How many tiles were made.
    pub tiles: u64,
}

/// Why there is no data directory. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is there already.
    #[error("{0} exists; a log is restored into a directory of its own")]
    Exists(PathBuf),
    /// The backup does not hold, or there is none.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The key is another log's.
    #[error("the key in {path} is {given}, but the log in the backup belongs to the key {expected}")]
    OtherKey {
        /// The key's file.
        path: PathBuf,
        /// Its public half.
        given: Box<VerifierKey>,
        /// The log's.
        expected: Box<VerifierKey>,
    },
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What was copied cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The object store could not be made.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The object store that was made could not be opened.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// The result could not be checked.
    #[error(transparent)]
    Fsck(#[from] FsckError),
    /// The result does not hold.
    #[error("what was restored does not hold: {0}")]
    Found(Box<Finding>),
    /// A file could not be made.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl RestoreError {
    /// Whether the backup was looked at and does not hold, as against could not be looked at.
    pub fn is_refuted(&self) -> bool {
        match self {
            RestoreError::Backup(error) => error.is_refuted(),
            RestoreError::Rebuild(RebuildError::Start(error)) => error.is_refuted(),
            RestoreError::Found(_) => true,
            _ => false,
        }
    }
}

/// The configuration in a backup; with `key`, the log's private key is the one in that file, whatever it was.
pub fn restore_configuration(backup: &Backup, key: Option<&Path>) -> Result<String, RestoreError> {
    let path = backup.config();
    let text = read_if_there(&path).map_err(io(&path))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let Some(key) = key else { return Ok(text) };
    let (keys, _) = keys_and_head(backup)?;
    let expected = keys.current().clone();
    let given = read_key(key)?.verifier();
    if given != expected {
        return Err(RestoreError::OtherKey {
            path: key.to_owned(),
            given: Box::new(given),
            expected: Box::new(expected),
        });
    }
    let absolute = std::path::absolute(key).map_err(io(key))?;
    let place = toml::Value::String(absolute.to_string_lossy().into_owned());
    let is_key = |line: &&str| line.split('=').next().is_some_and(|name| name.trim() == "log_key");
    let others: String = text.split_inclusive('\n').filter(|line| !is_key(line)).collect();
    Ok(format!("log_key = {place}\n\n{others}"))
}

/// The keys of the log in a backup, up to the head that it ends with, and that head.
pub fn keys_and_head(backup: &Backup) -> Result<(KeyChain, Verified<SignedCheckpoint>), BackupError> {
    let keys = journal_keys(&backup.journal())?;
    let head = backup.head(&keys)?;
    let head = head.ok_or_else(|| BackupError::Missing(backup.path().to_owned()))?;
    // What an interrupted run left behind the head is not restored, and neither is a change of keys in it.
    Ok((keys.up_to(head.head().size), head))
}

impl Copied {
    /// Copies the journal of a backup up to its head, and what else there is. Verifies every frame and hashes every entry; keeps
    /// the roots at the sizes `wanted`. Tells how many entries are done.
    pub fn of(
        backup: &Backup,
        data: &DataDir,
        configuration: &str,
        wanted: Vec<u64>,
        tell: &mut dyn FnMut(u64),
    ) -> Result<Copied, RestoreError> {
        if fs::symlink_metadata(data.path()).is_ok() {
            return Err(RestoreError::Exists(data.path().to_owned()));
        }
        let (keys, head) = keys_and_head(backup)?;
        let absolute = std::path::absolute(data.path()).map_err(io(data.path()))?;
        let parent = absolute.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(io(parent))?;
        let making = tempfile::Builder::new()
            .prefix(".indelible-restore-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(io(parent))?;
        let inside = DataDir::at(making.path());

        let tally = tally(backup, wanted)?;
        let copying = Copying::begin(&backup.journal(), &inside.journal(), None, tally).map_err(BackupError::from)?;
        let tally = copy_until(copying, &backup.journal(), head.head(), &keys, tell)?;
        let mut files = vec![(inside.log_vkey(), format!("{}\n", keys.current()).into_bytes(), 0o644)];
        files.push((inside.config(), configuration.as_bytes().to_vec(), 0o644));
        if let Some(admin) = read_if_there(&backup.admin()).map_err(io(&backup.admin()))? {
            files.push((inside.admin(), admin, 0o600));
        }
        if let Some(access) = read_if_there(&backup.access()).map_err(io(&backup.access()))? {
            files.push((inside.access(), access, 0o600));
        }
        for (path, content, mode) in files {
            replace(&path, &content, mode).map_err(io(&path))?;
        }
        copy_folder(&backup.jwks(), &inside.jwks()).map_err(io(&backup.jwks()))?;
        Ok(Copied {
            making,
            data: DataDir::at(absolute),
            head,
            roots: tally.roots().to_vec(),
        })
    }

    /// The directory as long as it has no name.
    pub fn inside(&self) -> DataDir {
        DataDir::at(self.making.path())
    }

    /// The head that the log ends with.
    pub fn head(&self) -> &Verified<SignedCheckpoint> {
        &self.head
    }

    /// The roots at the sizes that were wanted, as far as the log is that long.
    pub fn roots(&self) -> &[TreeHead] {
        &self.roots
    }

    /// Overwrites what was erased, makes the object store, checks everything, and gives the directory its name. Tells how many entries are done, once for
    /// each of the two.
    pub fn finish(self, tell: impl Fn(u64) + Clone + Send + Sync + 'static) -> Result<Restored, RestoreError> {
        let inside = self.inside();
        let log = at_rest(&inside)?;
        let Replaced { rebuilt, .. } = rebuild(&inside, &log, None, tell.clone())?;
        let objects = log.objects(&inside)?;
        let mut found = None;
        let tombstones = log.tombstones();
        let tombstones = tombstones.as_deref().map(|known| known as &dyn Tombstones);
        fsck_with(
            tombstones,
            &log.journal,
            Some(&objects),
            log.vkey(),
            &mut |step| match step {
                Step::Checked(entries) => tell(entries),
                Step::Found(finding) => {
                    found.get_or_insert(finding);
                }
            },
        )?;
        if let Some(finding) = found {
            return Err(RestoreError::Found(Box::new(finding)));
        }
        // Closes both: nobody has the files open when they get their name.
        drop((objects, log));
        let _ = fs::remove_file(inside.lock());
        sync_directory(inside.path()).map_err(io(inside.path()))?;
        let parent = self.data.path().parent().unwrap_or(Path::new("/")).to_owned();
        // The rename succeeds over an empty directory, and over nothing else.
        fs::rename(inside.path(), self.data.path()).map_err(io(self.data.path()))?;
        // It has another name now, under which nobody removes it.
        let _ = self.making.keep();
        sync_directory(&parent).map_err(io(&parent))?;
        Ok(Restored {
            head: self.head,
            tiles: rebuilt.tiles,
        })
    }
}

/// What is to be counted while the journal of this backup is copied.
fn tally(backup: &Backup, wanted: Vec<u64>) -> Result<Tally, BackupError> {
    let frames = StoredFrames::open(&backup.journal())?;
    let tally = Tally::begin(wanted);
    Ok(match tombstones(&Description::of(&frames.genesis().description)?) {
        Some(known) => tally.knowing(known),
        None => tally,
    })
}

fn copy_until(
    mut copying: Copying,
    journal: &Path,
    until: TreeHead,
    keys: &KeyChain,
    tell: &mut dyn FnMut(u64),
) -> Result<Tally, BackupError> {
    loop {
        let Some(head) = copying.step(until)?.head else {
            continue;
        };
        tell(head.head().size);
        if head.head() == until {
            keys.open(head).map_err(BadCheckpoint::from)?;
            let (tally, _) = copying.end(until)?;
            tally.settle().map_err(|error| CopyError::Tally {
                journal: journal.to_owned(),
                error: Box::new(error),
            })?;
            return Ok(tally);
        }
    }
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    move |error| RestoreError::Io {
        path: path.to_owned(),
        error,
    }
}
