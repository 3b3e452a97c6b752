//! Recomputing a whole log from its entries: downloads the bundles in parallel, rebuilds every tile and the root, and holds what
//! the log serves and has signed against that.
//!
//! | file | what it is |
//! |---|---|
//! | `walk` | the bundles in order, and the tree that grows from them |
//! | `judge` | which one is wrong where entries and a tile differ |
//! | `state` | where an audit stands, in a file |

mod judge;
mod state;
mod walk;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use indelible_client::{BadHead, FetchError, PatientSource, TileError, TrustedLog};
use indelible_merkle::Hash;
use indelible_note::{PosixTime, SignedCheckpoint, Verified};

pub use state::{Standing, StateError};
use state::{load, save};
use walk::Walk;

/// What an audit does.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What is held against the entries.
    pub scope: Scope,
    /// How many bundles are asked for at a time: each can have 16.8 MB.
    pub in_flight: usize,
    /// Where the audit begins if this file exists, and where it writes down how far it is.
    pub state: Option<&'a Path>,
    /// What time it is.
    pub now: PosixTime,
}

/// A head that the log has shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The head.
    pub head: Verified<SignedCheckpoint>,
    /// When it was seen first.
    pub seen: PosixTime,
}

/// What is held against the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The signed root, and every tile that is served.
    Everything,
    /// The signed root alone.
    Entries,
}

/// An audit that holds.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The head that was recomputed.
    pub head: Verified<SignedCheckpoint>,
    /// Where this audit began: the entries before were checked by an earlier one.
    pub start: u64,
}

/// Why there is no verdict that it holds.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The checkpoint cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The checkpoint is not to be believed.
    #[error(transparent)]
    Head(#[from] BadHead),
    /// A file cannot be had, or is wrong.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// A smaller tree than the one that an earlier audit saw.
    #[error("the log has {} entries now; an earlier audit saw {}", then.head.head().size, first.head.head().size)]
    Rollback {
        /// What the earlier audit saw.
        first: Box<Shown>,
        /// What the log serves now.
        then: Box<Shown>,
    },
    /// The log has signed two histories.
    #[error(
        "fork: an earlier audit saw a signed tree of {} entries with the root {}, which the tree of {} entries does not continue",
        older.head.head().size, older.head.head().root, newer.head.head().size
    )]
    Fork {
        /// What the earlier audit saw.
        older: Box<Shown>,
        /// What the log serves now.
        newer: Box<Shown>,
        /// What proves it, if the sizes differ.
        hashes: Vec<Hash>,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl AuditError {
    /// Whether something was checked and does not hold.
    pub fn is_refuted(&self) -> bool {
        match self {
            AuditError::Fetch(error) => matches!(error, FetchError::TooLong { .. }),
            AuditError::Head(error) => error.is_refuted(),
            AuditError::Tile(TileError::Fetch(_)) | AuditError::State(_) => false,
            AuditError::Tile(TileError::Wrong(_) | TileError::Root { .. }) => true,
            AuditError::Rollback { .. } | AuditError::Fork { .. } => true,
        }
    }
}

/// Audits a log against its newest checkpoint. Tells how many entries are checked, of how many.
///
/// Partial tiles of a copy are replaced when it grows: if one is gone and there is a newer checkpoint, the audit goes on under that.
///
/// # Errors
///
/// If something does not hold, or could not be checked.
pub async fn audit(
    source: &PatientSource,
    log: &TrustedLog,
    plan: Plan<'_>,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Audited, AuditError> {
    let mut standing = match plan.state {
        Some(path) => load(path, log, plan.scope)?,
        None => Standing::new(),
    };
    let start = standing.size();
    let mut moves = 0;
    loop {
        let head = log.open(&source.checkpoint().await?)?;
        let shown = Shown {
            head: head.clone(),
            seen: plan.now,
        };
        let mut walk = Walk::begin(source.clone(), standing, shown, plan)?;
        match go(&mut walk, plan, tell).await {
            Ok(()) => return Ok(Audited { head, start }),
            Err(AuditError::Tile(TileError::Fetch(gone @ FetchError::Absent { .. }))) if moves < MOVES_MAX => {
                let now = log.open(&source.checkpoint().await?)?;
                if now.head().size <= head.head().size {
                    return Err(AuditError::Tile(TileError::Fetch(gone)));
                }
                moves += 1;
                standing = walk.standing().clone();
            }
            Err(error) => return Err(walk.explain(error).await),
        }
    }
}

/// To the end of the log, with the state written down on the way, and at the end.
async fn go(walk: &mut Walk, plan: Plan<'_>, tell: &mut dyn FnMut(u64, u64)) -> Result<(), AuditError> {
    let mut saved = Instant::now();
    let result = loop {
        let step = walk.step().await;
        tell(walk.standing().size(), walk.size());
        match step {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
        if let Some(path) = plan.state
            && saved.elapsed() >= SAVE_PAUSE
        {
            save(path, walk.standing(), plan.scope)?;
            saved = Instant::now();
        }
    };
    // Also what was checked before something did not hold, or could not be had, holds.
    if let Some(path) = plan.state {
        save(path, walk.standing(), plan.scope)?;
    }
    result
}

/// What a crash costs: this much of the work, against two syncs of a disk.
const SAVE_PAUSE: Duration = Duration::from_millis(500);

/// How often an audit goes over to a newer checkpoint: a copy that is updated faster than its right edge can be read is not
/// followed for ever.
const MOVES_MAX: usize = 8;

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    move |error| StateError::Io {
        path: path.to_owned(),
        error,
    }
}
