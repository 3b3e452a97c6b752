//! The SQLite file: whose it is, which format it has, how it is written.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::IndexError;

/// Opens the file for writing, creates what is missing, and refuses files that are not ours to write.
///
/// A commit is not synced (`synchronous = NORMAL` in WAL mode): a power loss may take the last ones back, but never in part,
/// so the index then stands a little lower and is extended from there again.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, IndexError> {
    let mut connection = Connection::open(path).map_err(sqlite("open", path))?;
    check_format(&mut connection, path)?;
    let set_up = || {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)
    };
    set_up().map_err(sqlite("set up", path))?;
    Ok(connection)
}

/// Opens a file that is open for writing once more, to read beside the writer.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, IndexError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite("open", path))?;
    connection.set_prepared_statement_cache_capacity(READER_STATEMENTS);
    Ok(connection)
}

/// Names what was tried and with which file.
pub(crate) fn sqlite(act: &'static str, path: &Path) -> impl Fn(rusqlite::Error) -> IndexError {
    move |source| IndexError::Sqlite {
        act,
        path: path.to_owned(),
        source,
    }
}

fn check_format(connection: &mut Connection, path: &Path) -> Result<(), IndexError> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let application_id = read("application_id").map_err(sqlite("read", path))?;
    let found = read("user_version").map_err(sqlite("read", path))?;
    let tables = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0))
        .map_err(sqlite("read", path))?;
    match (application_id, found) {
        (APPLICATION_ID, FORMAT) => Ok(()),
        (APPLICATION_ID, _) => Err(IndexError::OtherFormat {
            path: path.to_owned(),
            found,
            ours: FORMAT,
        }),
        (0, 0) if tables == 0 => create(connection).map_err(sqlite("create", path)),
        _ => Err(IndexError::NotAnIndex {
            path: path.to_owned(),
            application_id,
        }),
    }
}

/// Writes the format down together with the first table, so that a crash leaves an empty file or a whole index.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(
        "CREATE TABLE leaf_index (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             log TEXT NOT NULL,
             partition_leaves INTEGER NOT NULL,
             indexed_size INTEGER NOT NULL
         ) STRICT",
    )?;
    transaction.commit()
}

/// "Indl".
const APPLICATION_ID: u32 = 0x496e_646c;

const FORMAT: u32 = 2;

/// A write-ahead log that a large transaction has swollen shrinks to this again.
const WAL_BYTES_KEPT: u64 = 64 << 20;

/// A partition of 2^20 leaves takes 30 MB, and a step into it, whose leaves come sorted, touches each of its pages once: a cache
/// for all of them would save reads of what the system has in memory anyway, a few hundredths of the time.
const WRITER_CACHE_KIB: i64 = 4 << 10;

/// A look-up runs one statement for each partition, and preparing one takes several times as long as running it. 256
/// partitions are 268 million leaves.
const READER_STATEMENTS: usize = 256;
