//! How far each follower has come.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use crate::IndexError;
use crate::file::{open_writer, sqlite};
use crate::leaf_index::STATE;
use crate::lock::lock;

/// The log size up to which each follower has done its work, by the follower's name.
///
/// A follower saves its cursor after the effect, and the effect must be durable by then. The cursor itself is not synced: losing
/// it, or the file, only repeats work. Blocking throughout.
#[derive(Debug)]
pub struct Cursors {
    path: PathBuf,
    log: String,
    connection: Mutex<Connection>,
}

impl Cursors {
    /// Opens the cursors of a log, in the file of its [`LeafIndex`](crate::LeafIndex), creating it if it does not exist.
    ///
    /// `log` names the log, by its verifier key: it does not see the cursors of another one.
    pub fn open(path: &Path, log: &str) -> Result<Cursors, IndexError> {
        let connection = open_writer(path, &STATE)?;
        connection.busy_timeout(LEAVES_MAX).map_err(sqlite("set up", path))?;
        connection
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS cursors (
                     log TEXT NOT NULL,
                     follower TEXT NOT NULL,
                     size INTEGER NOT NULL,
                     PRIMARY KEY (log, follower)
                 ) STRICT, WITHOUT ROWID",
            )
            .map_err(sqlite("open", path))?;
        Ok(Cursors {
            path: path.to_owned(),
            log: log.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// The size that was saved last for a follower, 0 if none was.
    pub fn size(&self, follower: &str) -> Result<u64, IndexError> {
        lock(&self.connection)
            .prepare_cached("SELECT size FROM cursors WHERE log = ?1 AND follower = ?2")
            .and_then(|mut size| size.query_row((&self.log, follower), |row| row.get(0)).optional())
            .map(Option::unwrap_or_default)
            .map_err(sqlite("read", &self.path))
    }

    /// Saves how far a follower has come. A smaller size than before is a log that was restored.
    pub fn save(&self, follower: &str, size: u64) -> Result<(), IndexError> {
        lock(&self.connection)
            .prepare_cached("REPLACE INTO cursors VALUES (?1, ?2, ?3)")
            .and_then(|mut save| save.execute((&self.log, follower, size)))
            .map(drop)
            .map_err(sqlite("extend", &self.path))
    }
}

/// How long to wait for the leaf index, which writes the same file in steps of some 100 ms, but with the lowest priority.
const LEAVES_MAX: Duration = Duration::from_secs(60);
