//! The SQLite file: whose it is, which format it has, how it is written.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::IndexError;

/// What one kind of file is: files of another kind or format are refused.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Four letters in the file's header.
    pub application_id: u32,
    /// Changes with whatever a program of another version would misread.
    pub format: u32,
    /// Make the first tables.
    pub schema: &'static [&'static str],
    /// KiB of pages that the writer keeps.
    pub writer_cache_kib: i64,
    /// Statements that a reader keeps prepared: preparing one takes several times as long as running it.
    pub reader_statements: usize,
}

/// Opens the file for writing, creates what is missing, and refuses files that are not ours to write.
///
/// A commit is not synced (`synchronous = NORMAL` in WAL mode): a power loss may take the last ones back, but never in part,
/// so the index then stands a little lower and is extended from there again.
pub(crate) fn open_writer(path: &Path, kind: &Kind) -> Result<Connection, IndexError> {
    let mut connection = Connection::open(path).map_err(sqlite("open", path))?;
    check_format(&mut connection, path, kind)?;
    let set_up = || {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_CHECKPOINTED)?;
        connection.pragma_update(None, "cache_size", -kind.writer_cache_kib)
    };
    set_up().map_err(sqlite("set up", path))?;
    Ok(connection)
}

/// Opens a file that is open for writing once more, to read beside the writer.
pub(crate) fn open_reader(path: &Path, kind: &Kind) -> Result<Connection, IndexError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite("open", path))?;
    connection.set_prepared_statement_cache_capacity(kind.reader_statements);
    Ok(connection)
}

/// Begins to write: waits for whoever writes now.
pub(crate) fn immediate(writer: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    writer.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Names what was tried and with which file.
pub(crate) fn sqlite(act: &'static str, path: &Path) -> impl Fn(rusqlite::Error) -> IndexError {
    move |source| IndexError::Sqlite {
        act,
        path: path.to_owned(),
        source,
    }
}

fn check_format(connection: &mut Connection, path: &Path, kind: &Kind) -> Result<(), IndexError> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let application_id = read("application_id").map_err(sqlite("read", path))?;
    let found = read("user_version").map_err(sqlite("read", path))?;
    let tables = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0))
        .map_err(sqlite("read", path))?;
    match (application_id, found) {
        (id, format) if id == kind.application_id && format == kind.format => Ok(()),
        (id, _) if id == kind.application_id => Err(IndexError::OtherFormat {
            path: path.to_owned(),
            found,
            ours: kind.format,
        }),
        (0, 0) if tables == 0 => create(connection, kind).map_err(sqlite("create", path)),
        _ => Err(IndexError::NotAnIndex {
            path: path.to_owned(),
            application_id,
        }),
    }
}

/// Writes the format down together with the first tables, so that a crash leaves an empty file or a whole index.
fn create(connection: &mut Connection, kind: &Kind) -> rusqlite::Result<()> {
    let transaction = immediate(connection)?;
    transaction.pragma_update(None, "application_id", kind.application_id)?;
    transaction.pragma_update(None, "user_version", kind.format)?;
    for tables in kind.schema {
        transaction.execute_batch(tables)?;
    }
    transaction.commit()
}

/// Pages of the write-ahead log, 4 KiB each, from which on a commit copies them into the file, and syncs both: 16 MiB. One large commit has
/// thousands, many of which the next one writes again.
const WAL_PAGES_CHECKPOINTED: u32 = 4_096;

/// A write-ahead log that a large transaction has swollen shrinks to this again.
const WAL_BYTES_KEPT: u64 = 64 << 20;
