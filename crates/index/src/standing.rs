//! Of which log, under which key, cut how, and up to which size: what a file that is filled from the log says of itself.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::{IndexError, IndexKey};

/// What must be the same for rows to be worth keeping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The log, by its verifier key.
    pub log: &'a str,
    /// The key of the values.
    pub key: &'a IndexKey,
    /// Entries of the log in a partition.
    pub partition: u64,
}

/// Part of the schema of a file that has a standing.
pub(crate) const SCHEMA: &str = "CREATE TABLE standing (
         one INTEGER PRIMARY KEY CHECK (one = 1),
         log TEXT NOT NULL,
         key BLOB NOT NULL,
         partition INTEGER NOT NULL,
         indexed_size INTEGER NOT NULL
     ) STRICT;";

/// Whether the rows are of this origin. If not, the caller clears them and [`start`]s.
pub(crate) fn is_of(transaction: &Transaction<'_>, origin: Origin<'_>) -> rusqlite::Result<bool> {
    let same = transaction
        .query_row(
            "SELECT log = ?1 AND key = ?2 AND partition = ?3 FROM standing",
            (origin.log, origin.key.name(), origin.partition),
            |row| row.get(0),
        )
        .optional()?;
    Ok(same == Some(true))
}

/// Says that there are no rows yet, and whose the next ones will be.
pub(crate) fn start(transaction: &Transaction<'_>, origin: Origin<'_>) -> rusqlite::Result<()> {
    transaction
        .execute(
            "REPLACE INTO standing VALUES (1, ?1, ?2, ?3, 0)",
            (origin.log, origin.key.name(), origin.partition),
        )
        .map(drop)
}

/// Entries of the log below which all are in.
pub(crate) fn indexed_size(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT indexed_size FROM standing")?
        .query_row([], |row| row.get(0))
}

/// Moves the size in the transaction that adds the rows: after a crash the size says which rows are there.
pub(crate) fn stand_at(transaction: &Transaction<'_>, size: u64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE standing SET indexed_size = ?1")?
        .execute([size])
        .map(drop)
}

/// Refuses rows that do not continue where the file stands.
pub(crate) fn continues(indexed_size: u64, first: u64) -> Result<(), IndexError> {
    if first == indexed_size {
        Ok(())
    } else {
        Err(IndexError::Gap { indexed_size, first })
    }
}

/// The partitions that rows `first..` fall into, each with its rows.
pub(crate) fn partitions<T>(partition: u64, first: u64, rows: &[T]) -> impl Iterator<Item = (u64, u64, &[T])> {
    let mut next = first;
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let room = partition - next % partition;
        let (now, later) = rest.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(rest.len()));
        let begins = next;
        next += count(now);
        rest = later;
        Some((begins / partition, begins, now))
    })
}

/// How many rows there are.
pub(crate) fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).expect("a length in memory fits 64 bits")
}

/// Drops the tables whose names begin so.
pub(crate) fn drop_tables(transaction: &Transaction<'_>, prefix: &str) -> rusqlite::Result<()> {
    let mut tables =
        transaction.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?1 || '_*'")?;
    let names: Vec<String> = tables
        .query_map([prefix], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names {
        transaction.execute_batch(&format!("DROP TABLE {name}"))?;
    }
    Ok(())
}
