//! Where an audit stands, so that it can be resumed: how many entries are checked, the right edge of the tree that they make, and
//! the heads that the log has shown.

use std::io;
use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_client::{BadHead, TrustedLog};
use indelible_merkle::{Hash, TILE_WIDTH, TileEdge};
use indelible_note::PosixTime;
use serde::{Deserialize, Serialize};

use super::{AuditError, Scope, Shown, io_error};
use crate::data::{read_if_there, replace};

/// What is checked of a log.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The tree of the entries that are checked: a whole number of bundles.
    pub(super) edge: TileEdge,
    /// The heads that the log has shown and whose trees are not reached yet, and the newest one, whether it is reached or not:
    /// smallest first. Each audit adds one at most.
    pub(super) heads: Vec<Shown>,
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is something else, or was changed.
    #[error("{path} holds no state of an audit: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is about another log.
    #[error("{path} holds the state of an audit of another log: {error}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why its heads are not of this one.
        error: BadHead,
    },
    /// It is about another kind of audit.
    #[error("{path} holds the state of an audit of {found}; this one is of {wanted}. Use another file")]
    Scope {
        /// The file.
        path: PathBuf,
        /// What the file is about.
        found: &'static str,
        /// What is asked for.
        wanted: &'static str,
    },
}

impl Standing {
    /// Nothing is checked.
    pub fn new() -> Standing {
        Standing::default()
    }

    /// How many entries are checked: a multiple of 256.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The newest head that the log has shown.
    pub(super) fn newest(&self) -> Option<&Shown> {
        self.heads.last()
    }

    /// Takes the head that the log shows now.
    ///
    /// # Errors
    ///
    /// If it contradicts one that the log has shown before by its size alone, or with equal sizes by its root.
    pub(super) fn meet(&mut self, shown: Shown) -> Result<(), AuditError> {
        if let Some(newest) = self.newest() {
            let (old, new) = (newest.head.head(), shown.head.head());
            if new == old {
                return Ok(());
            }
            let newest = Box::new(newest.clone());
            if new.size < old.size {
                return Err(AuditError::Rollback {
                    first: newest,
                    then: Box::new(shown),
                });
            }
            if new.size == old.size {
                return Err(AuditError::Fork {
                    older: newest,
                    newer: Box::new(shown),
                    hashes: Vec::new(),
                });
            }
        }
        self.heads.push(shown);
        Ok(())
    }

    /// Drops the heads whose trees are reached, but for the newest.
    pub(super) fn forget_met(&mut self) {
        let size = self.size();
        if let Some(newest) = self.heads.pop() {
            self.heads.retain(|shown| shown.head.head().size > size);
            self.heads.push(newest);
        }
    }
}

/// The state in a file; none if there is no file.
pub(super) fn load(path: &Path, log: &TrustedLog, scope: Scope) -> Result<Standing, StateError> {
    let Some(bytes) = read_if_there(path).map_err(io_error(path))? else {
        return Ok(Standing::new());
    };
    let malformed = |reason: String| StateError::Malformed {
        path: path.to_owned(),
        reason,
    };
    let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    if wire.format != TYPE {
        return Err(malformed(format!("its type is not {TYPE}")));
    }
    let mut heads = Vec::with_capacity(wire.heads.len());
    for WireHead { note, seen } in &wire.heads {
        let head = log.open(note.as_bytes()).map_err(|error| StateError::Foreign {
            path: path.to_owned(),
            error,
        })?;
        let seen = PosixTime::from_secs(*seen).ok_or_else(|| malformed(format!("{seen} is no time")))?;
        heads.push(Shown { head, seen });
    }
    if wire.scope != scope.into() {
        return Err(StateError::Scope {
            path: path.to_owned(),
            found: Scope::from(wire.scope).words(),
            wanted: scope.words(),
        });
    }
    let tiles: Option<Vec<Vec<Hash>>> = wire.tiles.iter().map(|tile| tile_of(tile)).collect();
    let tiles = tiles.ok_or_else(|| malformed("a tile of it is not the base64 of hashes".to_owned()))?;
    if !wire.size.is_multiple_of(TILE_WIDTH) {
        return Err(malformed(format!("{} entries are no whole bundles", wire.size)));
    }
    let edge = TileEdge::from_tiles(wire.size, tiles).map_err(|error| malformed(error.to_string()))?;
    let rises = heads.is_sorted_by_key(|shown| shown.head.head().size);
    match heads.last() {
        Some(newest) if rises && newest.head.head().size >= wire.size => Ok(Standing { edge, heads }),
        _ => Err(malformed("its heads are not those of its tree".to_owned())),
    }
}

/// Puts the state into the file, durable when it returns. A crash leaves the old one or the new one.
pub(super) fn save(path: &Path, standing: &Standing, scope: Scope) -> Result<(), StateError> {
    let wire = Wire {
        format: TYPE.to_owned(),
        scope: scope.into(),
        size: standing.size(),
        tiles: standing
            .edge
            .tiles()
            .map(|tile| STANDARD.encode(Hash::join(&tile.hashes)))
            .collect(),
        heads: standing.heads.iter().map(WireHead::from).collect(),
    };
    let mut line = serde_json::to_vec(&wire).expect("strings and numbers can always be written");
    line.push(b'\n');
    replace(path, &line, 0o644).map_err(io_error(path))
}

fn tile_of(base64: &str) -> Option<Vec<Hash>> {
    Hash::split(&STANDARD.decode(base64).ok()?).ok()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "type")]
    format: String,
    scope: WireScope,
    /// Entries that are checked.
    size: u64,
    /// The partial tiles of the tree that they make, lowest level first, base64.
    tiles: Vec<String>,
    heads: Vec<WireHead>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHead {
    /// As it was served.
    note: String,
    /// POSIX seconds.
    seen: u64,
}

impl From<&Shown> for WireHead {
    fn from(shown: &Shown) -> WireHead {
        WireHead {
            note: shown.head.note().as_str().to_owned(),
            seen: shown.seen.secs(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireScope {
    Everything,
    Entries,
}

impl From<Scope> for WireScope {
    fn from(scope: Scope) -> WireScope {
        match scope {
            Scope::Everything => WireScope::Everything,
            Scope::Entries => WireScope::Entries,
        }
    }
}

impl From<WireScope> for Scope {
    fn from(scope: WireScope) -> Scope {
        match scope {
            WireScope::Everything => Scope::Everything,
            WireScope::Entries => Scope::Entries,
        }
    }
}

impl Scope {
    fn words(self) -> &'static str {
        match self {
            Scope::Everything => "entries and tiles",
            Scope::Entries => "entries alone",
        }
    }
}

const TYPE: &str = "indelible.audit.v1";
