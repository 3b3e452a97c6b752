//! What the witness knows of each log, in SQLite: its keys, and the note that was cosigned last. Blocking throughout.
//!
//! **Durable before it leaves.** `synchronous = FULL`, and a rollback journal that is truncated at each commit (`journal_mode =
//! TRUNCATE`): the journal is synced, the database is synced, and that the journal is empty is synced, before a commit returns.
//! So at rest the one file holds everything that was ever answered. In WAL mode the newest commits would lie in a second file,
//! whose loss takes the state back without a trace; and a journal that is deleted (`DELETE`) can come back after a power loss, and
//! undo a commit. The price is two or three syncs more a commit, which a witness can pay.
//!
//! **Checked whenever it is read.** What is known of a log is the note itself, under the log's signature and our cosignature; its
//! size and root stand beside it only to be compared and swapped. A record that does not hold stops the witness.
//!
//! Several processes may have the file open: `add-log` and `status` work beside a witness that serves. Only one serves, which the
//! lock of the directory sees to.

mod error;
mod findings;
mod logs;
mod record;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use indelible_note::{CosignerKey, PosixTime};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use error::StateError;
pub use findings::KeptFinding;
pub use logs::Added;
pub(super) use logs::{Cosigned, NotCosigned};
pub use record::LogState;

/// The state of one witness.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    cosigner: CosignerKey,
    connection: Mutex<Connection>,
}

impl State {
    /// Makes an empty state in an empty file that exists.
    pub fn create(path: &Path, cosigner: &CosignerKey) -> Result<(), StateError> {
        let mut connection = connect(path)?;
        schema::create(&mut connection, cosigner).map_err(|error| StateError::sqlite("create", path, error))
    }

    /// Opens the state of the witness with this key, and checks all of it: the file, its tables, and every record.
    ///
    /// # Errors
    ///
    /// If anything is missing or does not hold. There is no way to go on from an empty state instead.
    pub fn open(path: &Path, cosigner: &CosignerKey) -> Result<State, StateError> {
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(StateError::Missing(path.to_owned())),
            Err(error) => {
                let path = path.to_owned();
                return Err(StateError::Io { path, error });
            }
        }
        let connection = connect(path)?;
        schema::check(&connection, path, cosigner)?;
        let state = State {
            path: path.to_owned(),
            cosigner: cosigner.clone(),
            connection: Mutex::new(connection),
        };
        state.check_records()?;
        Ok(state)
    }

    /// Every record holds, and the newest cosignature that was ever made is among them: the log for which it was made has made no
    /// step since, so that its note must still be there.
    fn check_records(&self) -> Result<(), StateError> {
        self.findings()?;
        let logs = self.logs()?;
        let newest = logs
            .iter()
            .filter_map(|log| log.cosigned.as_ref())
            .map(|(_, time)| *time)
            .max();
        if newest != self.latest_time()? {
            return Err(StateError::Damaged {
                path: self.path.clone(),
                problem: "the note that was cosigned last is not there".to_owned(),
            });
        }
        Ok(())
    }

    /// The latest time of any cosignature that was ever made; `None` before the first.
    pub fn latest_time(&self) -> Result<Option<PosixTime>, StateError> {
        self.read(latest_time)
    }

    /// Reads in one transaction, so that all of it is of one moment.
    fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StateError> {
        let mut connection = self.lock();
        let done = connection.transaction().and_then(|transaction| read(&transaction));
        done.map_err(|error| StateError::sqlite("read", &self.path, error))
    }

    /// Writes in one transaction. What it wrote is durable when this returns, and undone if `write` fails.
    fn write<T, E: From<StateError>>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, Undone<E>>,
    ) -> Result<T, E> {
        let failed = |error| E::from(StateError::sqlite("write", &self.path, error));
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let value = write(&transaction).map_err(|undone| match undone {
            Undone::Sqlite(error) => failed(error),
            Undone::Because(error) => error,
        })?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .expect("no thread panics while it talks to SQLite")
    }
}

/// Why a transaction is not to be committed.
enum Undone<E> {
    Sqlite(rusqlite::Error),
    Because(E),
}

impl<E> Undone<E> {
    fn because(error: impl Into<E>) -> Undone<E> {
        Undone::Because(error.into())
    }
}

impl<E> From<rusqlite::Error> for Undone<E> {
    fn from(error: rusqlite::Error) -> Self {
        Undone::Sqlite(error)
    }
}

fn latest_time(transaction: &Transaction<'_>) -> rusqlite::Result<Option<PosixTime>> {
    let mut statement = transaction.prepare_cached("SELECT latest_time FROM witness")?;
    let secs: Option<u64> = statement.query_row([], |row| row.get(0))?;
    Ok(secs.and_then(PosixTime::from_secs))
}

/// Opens a file that must exist.
fn connect(path: &Path) -> Result<Connection, StateError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "truncate", |row| row.get(0))?;
        Ok((connection, mode))
    };
    let (connection, mode) = open().map_err(|error| StateError::sqlite("open", path, error))?;
    if mode != "truncate" {
        // Somebody switched it to WAL, and has it open that way.
        return Err(StateError::Busy(path.to_owned()));
    }
    Ok(connection)
}

/// How long to wait for another process that reads or writes the file, which takes milliseconds.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);
