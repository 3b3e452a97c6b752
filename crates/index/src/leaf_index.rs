//! Leaf hash to the first index that has it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use indelible_merkle::Hash;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::IndexError;
use crate::file::{Kind, open_reader, open_writer, sqlite};
use crate::lock::lock;

/// Which entry of a log has a leaf hash, for the leaves that it has been given so far.
///
/// One table of random keys slows down by orders of magnitude once it outgrows the cache, so there is one for every
/// [`PARTITION_LEAVES`] leaves and only the newest is written. A look-up goes through them from the oldest, one B-tree probe
/// each. A key is the first half of a hash: to find two leaves that share it takes 2^64 hashes, and what is found is held against
/// the tree anyway. Two connections: readers on other threads do not wait for the writer. Blocking throughout.
#[derive(Debug)]
pub struct LeafIndex {
    path: PathBuf,
    partition_leaves: u64,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl LeafIndex {
    /// Opens the index of a log, creating it if it does not exist.
    ///
    /// `log` names the log, by its verifier key: an index that was built for another one is emptied.
    pub fn open(path: &Path, log: &str) -> Result<LeafIndex, IndexError> {
        LeafIndex::open_partitioned(path, log, PARTITION_LEAVES)
    }

    /// Opens the index of a log with tables of `partition_leaves` leaves each. An index that was built with another number
    /// is emptied.
    pub fn open_partitioned(path: &Path, log: &str, partition_leaves: u64) -> Result<LeafIndex, IndexError> {
        if partition_leaves == 0 {
            return Err(IndexError::EmptyPartitions);
        }
        let mut writer = open_writer(path, &STATE)?;
        adopt(&mut writer, log, partition_leaves).map_err(sqlite("open", path))?;
        let reader = open_reader(path, &STATE)?;
        Ok(LeafIndex {
            path: path.to_owned(),
            partition_leaves,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
        })
    }

    /// How many leaves of the log are in the index: all those below this index.
    pub fn indexed_size(&self) -> Result<u64, IndexError> {
        indexed_size(&lock(&self.reader)).map_err(sqlite("read", &self.path))
    }

    /// Adds the next leaves of the log, the first of which has index `first`; all of them or none. The more at once, the less each
    /// costs, up to some 10^5: they are written in the order of their keys, so that those on one page share its cost.
    pub fn extend(&self, first: u64, leaves: &[Hash]) -> Result<(), IndexError> {
        let failed = sqlite("extend", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let indexed_size = indexed_size(&transaction).map_err(&failed)?;
        if first != indexed_size {
            return Err(IndexError::Gap { indexed_size, first });
        }
        insert(&transaction, first, leaves, self.partition_leaves).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// The index of the first leaf with this hash, `None` if it is not among the indexed ones.
    ///
    /// To tell "not in the log" from "not indexed yet", ask for [`indexed_size`](LeafIndex::indexed_size) before.
    pub fn first_index(&self, leaf: &Hash) -> Result<Option<u64>, IndexError> {
        let failed = sqlite("read", &self.path);
        let mut reader = lock(&self.reader);
        // One transaction, so that size and tables are of one moment.
        let transaction = reader.transaction().map_err(&failed)?;
        let size = indexed_size(&transaction).map_err(&failed)?;
        for partition in 0..size.div_ceil(self.partition_leaves) {
            if let Some(index) = find(&transaction, partition, leaf).map_err(&failed)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Forgets all leaves: the log behind the index is shorter than it, or has others.
    pub fn reset(&self) -> Result<(), IndexError> {
        let failed = sqlite("reset", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        clear(&transaction).map_err(&failed)?;
        transaction
            .execute("UPDATE leaf_index SET indexed_size = 0", [])
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }
}

/// Leaves in a table unless asked otherwise: 2^20.
pub const PARTITION_LEAVES: u64 = 1 << 20;

/// Makes the index one of this log, cut this way: an index of another log or cut is emptied.
fn adopt(writer: &mut Connection, log: &str, partition_leaves: u64) -> rusqlite::Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let same: Option<bool> = transaction
        .query_row(
            "SELECT log = ?1 AND partition_leaves = ?2 FROM leaf_index",
            (log, partition_leaves),
            |row| row.get(0),
        )
        .optional()?;
    if same != Some(true) {
        clear(&transaction)?;
        transaction.execute("REPLACE INTO leaf_index VALUES (1, ?1, ?2, 0)", (log, partition_leaves))?;
    }
    transaction.commit()
}

fn indexed_size(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT indexed_size FROM leaf_index")?
        .query_row([], |row| row.get(0))
}

/// Adds leaves and moves the size along in the same transaction: after a crash the size says which rows are there.
fn insert(transaction: &Transaction<'_>, first: u64, leaves: &[Hash], partition_leaves: u64) -> rusqlite::Result<()> {
    let mut next = first;
    let mut rest = leaves;
    while !rest.is_empty() {
        let partition = next / partition_leaves;
        let room = partition_leaves - next % partition_leaves;
        let (now, later) = rest.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(rest.len()));
        transaction.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS leaves_{partition} (
                 hash BLOB PRIMARY KEY,
                 leaf INTEGER NOT NULL
             ) STRICT, WITHOUT ROWID"
        ))?;
        let mut row =
            transaction.prepare_cached(&format!("INSERT OR IGNORE INTO leaves_{partition} VALUES (?1, ?2)"))?;
        let mut sorted: Vec<_> = now.iter().map(key).zip(next..).collect();
        sorted.sort_unstable();
        for (key, index) in sorted {
            row.execute((key, index))?;
        }
        next += u64::try_from(now.len()).expect("a length in memory fits 64 bits");
        rest = later;
    }
    transaction.execute("UPDATE leaf_index SET indexed_size = ?1", [next])?;
    Ok(())
}

fn find(connection: &Connection, partition: u64, leaf: &Hash) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached(&format!("SELECT leaf FROM leaves_{partition} WHERE hash = ?1"))?
        .query_row([key(leaf)], |row| row.get(0))
        .optional()
}

/// What a leaf is looked up by.
fn key(leaf: &Hash) -> &[u8] {
    &leaf.as_bytes()[..KEY_BYTES]
}

const KEY_BYTES: usize = 16;

fn clear(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut tables = transaction.prepare("SELECT name FROM sqlite_schema WHERE name GLOB 'leaves_*'")?;
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names {
        transaction.execute_batch(&format!("DROP TABLE {name}"))?;
    }
    Ok(())
}

/// The file of the leaf index, which has the cursors too.
pub(crate) const STATE: Kind = Kind {
    application_id: u32::from_be_bytes(*b"Indl"),
    format: 2,
    schema: &["CREATE TABLE leaf_index (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             log TEXT NOT NULL,
             partition_leaves INTEGER NOT NULL,
             indexed_size INTEGER NOT NULL
         ) STRICT"],
    // A partition of 2^20 leaves takes 30 MB, and a step into it, whose leaves come sorted, touches each of its pages once: a
    // cache for all of them would save reads of what the system has in memory anyway, a few hundredths of the time.
    writer_cache_kib: 4 << 10,
    // One for each partition: 256 of them are 268 million leaves.
    reader_statements: 256,
};
