//! A backup: the journal up to a published head, whoever appends to it meanwhile, and what little belongs to it. Not the key.
//!
//! At every moment `checkpoint` names a head up to which the journal in the backup is good and durable. What stands behind it was
//! left by a run that did not end; the next one writes over it. The frames lie in the same segments at the same bytes as in the
//! log, so that the two can be compared and neither needs an index of the other.

mod copy;
mod error;
mod position;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use indelible_log::{Description, Tally, erase, keys_from};
use indelible_merkle::TreeHead;
use indelible_note::{BadCheckpoint, KeyChain, SignedCheckpoint, Verified};
use indelible_store::journal::{FileJournal, JournalError, Options as JournalOptions, StoredFrames};

pub use self::copy::CopyError;
pub(super) use self::copy::Copying;
pub use self::error::BackupError;
use self::position::Position;
use super::at_rest::tombstones;
use super::beside::copy_folder;
use super::files::{read_if_there, replace, sync_directory};
use super::{DataDir, Lock, LockError};

/// A backup by its path. Its files have the names that they have in a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup(DataDir);

/// Which of the log's frames are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those behind what the backup has.
    New,
    /// All: attachments that were erased in the log are erased in the backup, and what was damaged in it is mended.
    All,
}

/// What a run has done.
#[derive(Clone, Debug)]
pub struct BackedUp {
    /// The head that the backup ends with.
    pub head: Verified<SignedCheckpoint>,
    /// How many entries were added.
    pub entries: u64,
    /// How many bytes of the journal were written.
    pub bytes: u64,
}

impl Backup {
    /// The backup at `path`, whether it exists or not.
    pub fn at(path: impl Into<PathBuf>) -> Backup {
        Backup(DataDir::at(path))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The commits up to the head.
    pub fn journal(&self) -> PathBuf {
        self.0.journal()
    }

    /// The configuration, if the log has one.
    pub fn config(&self) -> PathBuf {
        self.0.config()
    }

    /// What was done to the log by those who run it, if anything.
    pub fn admin(&self) -> PathBuf {
        self.0.admin()
    }

    /// Who may do what, if anything is configured about that.
    pub fn access(&self) -> PathBuf {
        self.0.access()
    }

    /// The key sets by which tokens were checked.
    pub fn jwks(&self) -> PathBuf {
        self.0.jwks()
    }

    /// The head up to which it is good.
    pub fn checkpoint(&self) -> PathBuf {
        self.path().join("checkpoint")
    }

    fn position(&self) -> PathBuf {
        self.path().join("position")
    }

    /// The head up to which it is good, if it is good for anything.
    pub fn head(&self, keys: &KeyChain) -> Result<Option<Verified<SignedCheckpoint>>, BackupError> {
        let path = self.checkpoint();
        let note = read_if_there(&path).map_err(io(&path))?;
        let head = note.map(|note| keys.open_checkpoint(&note)).transpose();
        head.map_err(|error| BackupError::Checkpoint {
            path,
            error: Box::new(error),
        })
    }

    /// Keeps other processes from it.
    pub fn lock(&self) -> Result<Lock, LockError> {
        Lock::take(&self.0)
    }
}

/// The keys of the log whose journal this is, by the journal's own account.
pub fn journal_keys(journal: &Path) -> Result<KeyChain, BackupError> {
    let frames = StoredFrames::open(journal)?;
    let genesis = Description::of(&frames.genesis().description)?.vkey;
    Ok(keys_from(genesis, &StoredFrames::key_changes(journal)?)?)
}

/// Brings the backup up to `head`, which the log has published; if the backup ends with a later one, nothing is added. Tells up to
/// which entry the journal is done.
///
/// Each frame is verified and its entries are hashed before it is written: damage in the log does not get into the backup.
pub fn backup(
    data: &DataDir,
    backup: &Backup,
    head: &Verified<SignedCheckpoint>,
    extent: Extent,
    tell: &mut dyn FnMut(u64),
) -> Result<BackedUp, BackupError> {
    make(backup.path()).map_err(io(backup.path()))?;
    let _lock = backup.lock()?;
    let (from, to) = (data.journal(), backup.journal());
    let keys = journal_keys(&from)?;
    refuse_another_log(&from, backup)?;
    let held = backup.head(&keys)?;
    let kept = held.as_ref().map(|held| held.head());
    let until = kept.filter(|kept| kept.size >= head.head().size).unwrap_or(head.head());
    if until.size == head.head().size && until != head.head() {
        return Err(BackupError::OtherHistory {
            backup: backup.path().to_owned(),
            held: until,
            published: head.head(),
        });
    }

    let known = tombstones(&Description::of(&StoredFrames::open(&from)?.genesis().description)?);
    let knowing = |tally: Tally| match &known {
        Some(known) => tally.knowing(known.clone()),
        None => tally,
    };
    let position = match (extent, &held) {
        (Extent::New, Some(held)) => Position::load(backup, held.head(), held.note_bytes()),
        _ => None,
    };
    let position = position.map(|position| Position {
        tally: knowing(position.tally),
        ..position
    });
    let resumed = match &position {
        Some(position) => Copying::resume(&from, &to, position)?,
        None => None,
    };
    let is_done = resumed.is_some() && kept == Some(until);
    let copying = match resumed {
        Some(copying) => copying,
        // From the start, which also tells what it is that the two do not share.
        None => Copying::begin(&from, &to, kept, knowing(Tally::begin(Vec::new())))?,
    };
    let (bytes, last) = match (is_done, held) {
        (true, Some(held)) => {
            let (_, bytes) = copying.end(until)?;
            (bytes, held)
        }
        _ => copy_until(copying, backup, until, &keys, tell).map_err(|error| older(error, backup, kept))?,
    };
    put_beside(data, backup, &keys.up_to(last.head().size))?;
    Ok(BackedUp {
        entries: last.head().size - kept.map_or(0, |kept| kept.size),
        bytes,
        head: last,
    })
}

/// Copies up to the frame with that head, and on the way writes down how far it is good.
fn copy_until(
    mut copying: Copying,
    backup: &Backup,
    until: TreeHead,
    keys: &KeyChain,
    tell: &mut dyn FnMut(u64),
) -> Result<(u64, Verified<SignedCheckpoint>), BackupError> {
    let (mut bytes, mut saved) = (0, 0);
    // A head that the backup had already is not put back to an earlier one.
    let mut behind = backup.head(keys)?.map_or(0, |held| held.head().size);
    loop {
        let step = copying.step(until)?;
        bytes += step.bytes;
        let Some(head) = step.head else { continue };
        tell(head.head().size);
        let is_last = head.head() == until;
        let is_due = bytes - saved >= SAVE_BYTES && head.head().size > behind && !step.erased;
        if !is_last && !is_due {
            continue;
        }
        // What was erased while it was copied is erased by a tombstone that comes later: up to here the copy does not hold alone.
        if !is_last && copying.tally().settle().is_err() {
            continue;
        }
        let head = keys.open(head).map_err(BadCheckpoint::from)?;
        let position = |tally: &Tally| Position {
            place: step.place,
            tally: tally.clone(),
        };
        if is_last {
            let (tally, more) = copying.end(until)?;
            tally.settle().map_err(|error| CopyError::Tally {
                journal: backup.journal(),
                error: Box::new(error),
            })?;
            blank(backup, &tally)?;
            save(backup, &position(&tally), &head)?;
            return Ok((bytes + more, head));
        }
        copying.sync()?;
        match copying.tally().erased().is_empty() {
            true => save(backup, &position(copying.tally()), &head)?,
            // What the tombstones name is overwritten at the end. A run that goes on from here has to know them: without a position it
            // reads the copy from the start.
            false => save_head(backup, &head)?,
        }
        (saved, behind) = (bytes, head.head().size);
    }
}

/// Says up to where the backup is good. The journal is durable up to there.
fn save(backup: &Backup, position: &Position, head: &SignedCheckpoint) -> Result<(), BackupError> {
    position.save(backup).map_err(io(&backup.position()))?;
    // A crash here leaves a position that is not the checkpoint's: the next run reads the backup from the start.
    save_head(backup, head)
}

/// Overwrites in the backup what the tombstones name that were copied: older frames may have been copied before it was overwritten in
/// the log.
fn blank(backup: &Backup, tally: &Tally) -> Result<(), BackupError> {
    let erased = tally.erased();
    if erased.is_empty() {
        return Ok(());
    }
    let (journal, _) = FileJournal::open(&backup.journal(), JournalOptions::default())?;
    erase(&journal, &erased)?;
    Ok(())
}

fn save_head(backup: &Backup, head: &SignedCheckpoint) -> Result<(), BackupError> {
    replace(&backup.checkpoint(), head.note_bytes(), 0o600).map_err(io(&backup.checkpoint()))
}

fn refuse_another_log(journal: &Path, backup: &Backup) -> Result<(), BackupError> {
    match StoredFrames::open(&backup.journal()) {
        Ok(copy) if copy.genesis() != StoredFrames::open(journal)?.genesis() => {
            Err(BackupError::OtherLog(backup.path().to_owned()))
        }
        Ok(_) | Err(JournalError::Missing { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What it means that the journal ends too early, if it is the backup that has more.
fn older(error: BackupError, backup: &Backup, kept: Option<TreeHead>) -> BackupError {
    match (error, kept) {
        (BackupError::Copy(CopyError::Ends { found, .. }), Some(kept)) if found < kept.size => BackupError::Older {
            backup: backup.path().to_owned(),
            held: kept.size,
            found,
        },
        (error, _) => error,
    }
}

/// What belongs to a log beside its journal.
fn put_beside(data: &DataDir, backup: &Backup, keys: &KeyChain) -> Result<(), BackupError> {
    let vkey = backup.0.log_vkey();
    replace(&vkey, format!("{}\n", keys.current()).as_bytes(), 0o644).map_err(io(&vkey))?;
    for (from, to) in [
        (data.config(), backup.config()),
        (data.admin(), backup.admin()),
        (data.access(), backup.access()),
    ] {
        if let Some(content) = read_if_there(&from).map_err(io(&from))? {
            replace(&to, &content, 0o600).map_err(io(&to))?;
        }
    }
    let jwks = data.jwks();
    copy_folder(&jwks, &backup.jwks()).map_err(io(&jwks))
}

/// Makes a directory for its owner alone, if there is none.
fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let absolute = std::path::absolute(path)?;
    sync_directory(absolute.parent().unwrap_or(Path::new("/")))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |error| BackupError::Io {
        path: path.to_owned(),
        error,
    }
}

/// What an interrupted run has to copy again at most: a second of a slow disk.
const SAVE_BYTES: u64 = 64 << 20;
