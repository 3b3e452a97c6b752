//! The keys of all entries below a size, in SQLite.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indelible_event::member::Member;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::filter::Filter;
use super::{ContentMac, Identity, Sought, Tabled};
use crate::erase::{self, Erased, Erasures, Members};
use crate::file::{Kind, immediate, open_reader, open_writer, sqlite};
use crate::lock::lock;
use crate::standing::{self, Origin, continues, partitions};
use crate::{IndexError, IndexKey};

/// Which entry of a log has an [`Identity`], and what it says, for the entries that it has been given so far.
///
/// A table for every [`PARTITION_KEYS`] entries of the log, of which only the newest is written, with a filter in memory in front
/// of each: a key that is new is found to be so without SQLite, but for one in 300. Filters of full partitions are kept in the
/// file, so that opening reads them, and the keys of the newest partition. Blocking throughout.
#[derive(Debug)]
pub struct KeyTable {
    path: PathBuf,
    partition: u64,
    /// Follows the size in the file: set after each commit, so what it says is there.
    indexed_size: AtomicU64,
    /// One for each partition that has begun. May have keys that no table has, never the other way round.
    filters: RwLock<Vec<Filter>>,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

/// An entry of the log that has an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Which event it is.
    pub identity: Identity,
    /// What it says, `None` if a member was erased.
    pub content: Option<ContentMac>,
}

impl KeyTable {
    /// Opens the table of a log, creating it if it does not exist.
    ///
    /// `log` names the log, by its verifier key: a table that was built for another one, or under another key, is emptied.
    pub fn open(path: &Path, log: &str, key: &IndexKey) -> Result<KeyTable, IndexError> {
        KeyTable::open_partitioned(path, log, key, PARTITION_KEYS)
    }

    /// Opens the table of a log with tables of `partition` entries each. What was built with another number is emptied.
    pub fn open_partitioned(path: &Path, log: &str, key: &IndexKey, partition: u64) -> Result<KeyTable, IndexError> {
        if partition == 0 {
            return Err(IndexError::EmptyPartitions);
        }
        let mut writer = open_writer(path, &KEYS)?;
        erase::prepare(&writer, path)?;
        let (indexed_size, filters) =
            set_up(&mut writer, Origin { log, key, partition }).map_err(sqlite("open", path))?;
        Ok(KeyTable {
            path: path.to_owned(),
            partition,
            indexed_size: AtomicU64::new(indexed_size),
            filters: RwLock::new(filters),
            writer: Mutex::new(writer),
            reader: Mutex::new(open_reader(path, &KEYS)?),
        })
    }

    /// How many entries of the log are in the table: all those below this index. Costs nothing.
    pub fn indexed_size(&self) -> u64 {
        self.indexed_size.load(Ordering::Acquire)
    }

    /// Adds the next entries of the log, the first of which has index `first`; all of them or none. An entry without an identity
    /// is `None`. Of what was [erased](KeyTable::erase) nothing enters.
    pub fn extend(&self, first: u64, rows: &[Option<KeyRow>]) -> Result<(), IndexError> {
        let failed = sqlite("extend", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = immediate(&mut writer).map_err(&failed)?;
        continues(standing::indexed_size(&transaction).map_err(&failed)?, first)?;
        let end = first + standing::count(rows);
        self.insert(&transaction, first, rows).map_err(&failed)?;
        standing::stand_at(&transaction, end).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        // Killed before this, the next start finds the rows.
        self.indexed_size.store(end, Ordering::Release);
        Ok(())
    }

    /// The first entry that has this identity.
    pub fn find(&self, identity: &Identity) -> Result<Sought, IndexError> {
        // In this order: whatever is below the size is in the filters.
        let below = self.indexed_size();
        let maybe: Vec<u64> = {
            let filters = self.filters();
            let with = (0..)
                .zip(filters.iter())
                .filter(|(_, filter)| filter.may_have(identity));
            with.map(|(partition, _)| partition).collect()
        };
        let mut found = None;
        if !maybe.is_empty() {
            found = self.probe(&maybe, identity).map_err(sqlite("read", &self.path))?;
        }
        Ok(Sought { below, found })
    }

    /// Blanks the content of events of which any member is erased, and forgets the keys of those of which `delivery` is, also if
    /// they come into the table only later. When it returns, file and write-ahead log have neither, and are synced; after an error,
    /// call it again.
    ///
    /// A content is overwritten where it stands. Where a key goes, its partition is copied: about a second for 2^20 keys.
    pub fn erase(&self, erased: &[Erased]) -> Result<(), IndexError> {
        let failed = sqlite("erase from", &self.path);
        let erasures = Erasures::new(erased);
        let mut writer = lock(&self.writer);

        let transaction = immediate(&mut writer).map_err(&failed)?;
        erase::remember(&transaction, erased).map_err(&failed)?;
        let end = standing::indexed_size(&transaction).map_err(&failed)?;
        blank_contents(&transaction, &erasures, end).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        // Killed from here on, what is to be erased may still be there, and the caller, whose cursor has not moved, comes again.
        for partition in erasures.partitions_of(Members::of(&[Member::Delivery]), end, self.partition) {
            let transaction = immediate(&mut writer).map_err(&failed)?;
            let Some(filter) = without_keys(&transaction, partition, &erasures, self.partition).map_err(&failed)?
            else {
                continue;
            };
            if partition < end / self.partition {
                save_filter(&transaction, partition, &filter).map_err(&failed)?;
            }
            transaction.commit().map_err(&failed)?;
            self.filters_mut()[at(partition)] = filter;
        }
        let _nobody_reads = lock(&self.reader);
        erase::scrub(&writer, &self.path)
    }

    /// Forgets everything, also what was erased: the log behind the table is shorter than it, or has others. Whoever fills it
    /// again erases first what the log's tombstones name.
    pub fn reset(&self) -> Result<(), IndexError> {
        let failed = sqlite("reset", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = immediate(&mut writer).map_err(&failed)?;
        clear(&transaction).map_err(&failed)?;
        standing::stand_at(&transaction, 0).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        self.indexed_size.store(0, Ordering::Release);
        self.filters_mut().clear();
        Ok(())
    }

    fn insert(&self, transaction: &Transaction<'_>, first: u64, rows: &[Option<KeyRow>]) -> rusqlite::Result<()> {
        let erasures = erase::remembered(transaction, first, first + standing::count(rows))?;
        for (partition, begins, rows) in partitions(self.partition, first, rows) {
            let end = begins + standing::count(rows);
            let rows = present(begins, rows, &erasures);
            create_keys(transaction, partition)?;
            insert_rows(transaction, partition, &rows)?;
            let mut filters = self.filters_mut();
            let at = at(partition);
            if filters.len() == at {
                filters.push(Filter::empty(self.partition));
            }
            rows.iter().for_each(|row| filters[at].insert(&row.identity));
            if end % self.partition == 0 {
                save_filter(transaction, partition, &filters[at])?;
            }
        }
        Ok(())
    }

    /// Looks into these partitions, from the oldest.
    fn probe(&self, partitions: &[u64], identity: &Identity) -> rusqlite::Result<Option<Tabled>> {
        let mut reader = lock(&self.reader);
        // One transaction, so that all tables are of one moment.
        let transaction = reader.transaction()?;
        // A filter is there before its table is, and is gone after it.
        let begun = standing::indexed_size(&transaction)?.div_ceil(self.partition);
        for partition in partitions.iter().filter(|partition| **partition < begun) {
            let index = transaction
                .prepare_cached(&format!("SELECT entry FROM keys_{partition} WHERE identity = ?1"))?
                .query_row([identity.0], |row| row.get(0))
                .optional()?;
            if let Some(index) = index {
                let content = content(&transaction, index)?;
                return Ok(Some(Tabled { index, content }));
            }
        }
        Ok(None)
    }

    fn filters(&self) -> RwLockReadGuard<'_, Vec<Filter>> {
        self.filters.read().expect("no thread panics while it holds a filter")
    }

    fn filters_mut(&self) -> RwLockWriteGuard<'_, Vec<Filter>> {
        self.filters.write().expect("no thread panics while it holds a filter")
    }
}

/// Entries of the log in a table unless asked otherwise: 2^20.
pub const PARTITION_KEYS: u64 = 1 << 20;

/// A key on its way into a table.
struct Row {
    identity: Identity,
    index: u64,
    content: Option<ContentMac>,
}

/// The rows that enter: those with an identity of which `delivery` is not erased.
fn present(first: u64, rows: &[Option<KeyRow>], erasures: &Erasures) -> Vec<Row> {
    let mut present = Vec::with_capacity(rows.len());
    for (row, index) in rows.iter().zip(first..) {
        let erased = erasures.at(index);
        if let Some(KeyRow { identity, content }) = *row
            && !erased.has(Member::Delivery)
        {
            let content = content.filter(|_| erased.is_empty());
            present.push(Row {
                identity,
                index,
                content,
            });
        }
    }
    present
}

/// In the order of their keys, so that those on one page share its cost.
fn insert_rows(transaction: &Transaction<'_>, partition: u64, rows: &[Row]) -> rusqlite::Result<()> {
    let mut content = transaction.prepare_cached("INSERT INTO contents VALUES (?1, ?2)")?;
    for row in rows {
        content.execute((row.index, row.content.map_or(BLANK, |content| content.0)))?;
    }
    let mut sorted: Vec<_> = rows.iter().map(|row| (row.identity, row.index)).collect();
    sorted.sort_unstable();
    // Of two entries with one identity, which a log has only if the first was erased, the first stays.
    let mut key = transaction.prepare_cached(&format!("INSERT OR IGNORE INTO keys_{partition} VALUES (?1, ?2)"))?;
    for (identity, index) in sorted {
        key.execute((identity.0, index))?;
    }
    Ok(())
}

fn content(transaction: &Transaction<'_>, index: u64) -> rusqlite::Result<Option<ContentMac>> {
    let content = transaction
        .prepare_cached("SELECT mac FROM contents WHERE entry = ?1")?
        .query_row([index], |row| row.get(0))?;
    Ok((content != BLANK).then_some(ContentMac(content)))
}

/// Of one length with what they overwrite, so that SQLite writes them where that stands.
fn blank_contents(transaction: &Transaction<'_>, erasures: &Erasures, end: u64) -> rusqlite::Result<()> {
    let mut blank =
        transaction.prepare_cached("UPDATE contents SET mac = ?3 WHERE entry BETWEEN ?1 AND ?2 AND mac <> ?3")?;
    for (first, last) in erasures.ranges_of(Members::of(&Member::ALL), end) {
        blank.execute((first, last, BLANK))?;
    }
    Ok(())
}

/// Copies a partition without the keys that are erased, and makes the filter of the rest; `None` if there is none to erase.
fn without_keys(
    transaction: &Transaction<'_>,
    partition: u64,
    erasures: &Erasures,
    partition_size: u64,
) -> rusqlite::Result<Option<Filter>> {
    let stays = |index: u64| !erasures.at(index).has(Member::Delivery);
    let mut entries = transaction.prepare(&format!("SELECT entry FROM keys_{partition}"))?;
    let mut all_stay = true;
    for index in entries.query_map([], |row| row.get(0))? {
        all_stay &= stays(index?);
    }
    if all_stay {
        return Ok(None);
    }
    transaction.execute_batch(&format!("ALTER TABLE keys_{partition} RENAME TO keys_old"))?;
    create_keys(transaction, partition)?;
    let mut filter = Filter::empty(partition_size);
    {
        let mut keep = transaction.prepare(&format!("INSERT INTO keys_{partition} VALUES (?1, ?2)"))?;
        let mut old = transaction.prepare("SELECT identity, entry FROM keys_old ORDER BY identity")?;
        for row in old.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (identity, index): ([u8; 16], u64) = row?;
            if stays(index) {
                keep.execute((identity, index))?;
                filter.insert(&Identity(identity));
            }
        }
    }
    transaction.execute_batch("DROP TABLE keys_old")?;
    Ok(Some(filter))
}

fn create_keys(transaction: &Transaction<'_>, partition: u64) -> rusqlite::Result<()> {
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS keys_{partition} (
             identity BLOB PRIMARY KEY,
             entry INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID"
    ))
}

/// Makes the table one of this origin, and gives what is kept of it in memory.
fn set_up(writer: &mut Connection, origin: Origin<'_>) -> rusqlite::Result<(u64, Vec<Filter>)> {
    let transaction = immediate(writer)?;
    if !standing::is_of(&transaction, origin)? {
        clear(&transaction)?;
        standing::start(&transaction, origin)?;
    }
    let size = standing::indexed_size(&transaction)?;
    let filters = (0..size.div_ceil(origin.partition))
        .map(|partition| filter(&transaction, partition, origin.partition, size))
        .collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok((size, filters))
}

/// The filter of a partition: that in the file if the partition is full, else made from the keys.
fn filter(transaction: &Transaction<'_>, partition: u64, size: u64, indexed_size: u64) -> rusqlite::Result<Filter> {
    let saved: Option<Vec<u8>> = transaction
        .query_row("SELECT bits FROM filters WHERE partition = ?1", [partition], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(filter) = saved.and_then(|bits| Filter::from_bytes(&bits, size))
        && keys(transaction, partition, FILTER_SAMPLE)?
            .iter()
            .all(|key| filter.may_have(key))
    {
        return Ok(filter);
    }
    let mut filter = Filter::empty(size);
    for key in keys(transaction, partition, size)? {
        filter.insert(&key);
    }
    if partition < indexed_size / size {
        save_filter(transaction, partition, &filter)?;
    }
    Ok(filter)
}

fn keys(transaction: &Transaction<'_>, partition: u64, limit: u64) -> rusqlite::Result<Vec<Identity>> {
    transaction
        .prepare(&format!("SELECT identity FROM keys_{partition} LIMIT ?1"))?
        .query_map([limit], |row| row.get(0).map(Identity))?
        .collect()
}

fn save_filter(transaction: &Transaction<'_>, partition: u64, filter: &Filter) -> rusqlite::Result<()> {
    transaction
        .execute("REPLACE INTO filters VALUES (?1, ?2)", (partition, filter.bytes()))
        .map(drop)
}

fn clear(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    standing::drop_tables(transaction, "keys")?;
    transaction.execute_batch("DELETE FROM contents; DELETE FROM filters; DELETE FROM erased")
}

/// Where the filter of a partition is.
fn at(partition: u64) -> usize {
    usize::try_from(partition).expect("a partition has a filter in memory")
}

/// A content that is erased.
const BLANK: [u8; 16] = [0; 16];

/// Keys that a filter from the file must know: one that was written by a version that hashes otherwise knows none of them, but
/// for 1 in 2^500.
const FILTER_SAMPLE: u64 = 64;

const KEYS: Kind = Kind {
    application_id: u32::from_be_bytes(*b"Indk"),
    format: 1,
    schema: &SCHEMA,
    // As with the leaf index: the system has in memory what is written again soon.
    writer_cache_kib: 16 << 10,
    // One for each partition: 256 of them are 268 million entries.
    reader_statements: 256,
};

const SCHEMA: [&str; 3] = [
    standing::SCHEMA,
    erase::SCHEMA,
    // A row of constant size, in a table that grows at its end only: it never moves.
    "CREATE TABLE contents (entry INTEGER PRIMARY KEY, mac BLOB NOT NULL) STRICT;
     CREATE TABLE filters (partition INTEGER PRIMARY KEY, bits BLOB NOT NULL) STRICT;",
];
