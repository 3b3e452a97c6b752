//! The terms and times of all entries below a size, in SQLite.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use indelible_event::member::Member;
use rusqlite::{Connection, Transaction};

use super::query::millisecond;
use super::span::{self, Span};
use super::{EventRow, Page, Query, Term, scan};
use crate::erase::{self, Erased, Erasures, Members};
use crate::file::{Kind, immediate, open_reader, open_writer, sqlite};
use crate::lock::lock;
use crate::standing::{self, Origin, continues, partitions};
use crate::{IndexError, IndexKey};

/// Which events of a log have which [`Term`]s, and when they were, for the entries that it has been given so far.
///
/// For every [`PARTITION_EVENTS`] entries a table of (term, index) and one of times, of which only the newest are written: they
/// stay in the cache, where one table of all terms would soon not. A question goes through the partitions in order and ends when
/// its page is full. Two connections: readers on other threads do not wait for the writer, but for each other. Blocking
/// throughout.
#[derive(Debug)]
pub struct EventIndex {
    path: PathBuf,
    partition: u64,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl EventIndex {
    /// Opens the index of a log, creating it if it does not exist.
    ///
    /// `log` names the log, by its verifier key: an index that was built for another one, or under another key, is emptied.
    pub fn open(path: &Path, log: &str, key: &IndexKey) -> Result<EventIndex, IndexError> {
        EventIndex::open_partitioned(path, log, key, PARTITION_EVENTS)
    }

    /// Opens the index of a log with tables of `partition` entries each. What was built with another number is emptied.
    pub fn open_partitioned(path: &Path, log: &str, key: &IndexKey, partition: u64) -> Result<EventIndex, IndexError> {
        if partition == 0 {
            return Err(IndexError::EmptyPartitions);
        }
        let mut writer = open_writer(path, &EVENTS)?;
        erase::prepare(&writer, path)?;
        adopt(&mut writer, Origin { log, key, partition }).map_err(sqlite("open", path))?;
        Ok(EventIndex {
            path: path.to_owned(),
            partition,
            writer: Mutex::new(writer),
            reader: Mutex::new(open_reader(path, &EVENTS)?),
        })
    }

    /// How many entries of the log are in the index: all those below this index.
    pub fn indexed_size(&self) -> Result<u64, IndexError> {
        standing::indexed_size(&lock(&self.reader)).map_err(sqlite("read", &self.path))
    }

    /// Adds the next entries of the log, the first of which has index `first`; all of them or none. An entry that is no event, or
    /// is not to be found, is `None`. Of what was [erased](EventIndex::erase) nothing enters. The more at once, the less each costs,
    /// up to some 10^4.
    pub fn extend(&self, first: u64, rows: &[Option<EventRow>]) -> Result<(), IndexError> {
        let failed = sqlite("extend", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = immediate(&mut writer).map_err(&failed)?;
        continues(standing::indexed_size(&transaction).map_err(&failed)?, first)?;
        insert(&transaction, first, rows, self.partition).map_err(&failed)?;
        standing::stand_at(&transaction, first + standing::count(rows)).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// The events that are asked for.
    ///
    /// Each partition without any costs a probe for each term, a few microseconds; one call goes through all of them if need be, but
    /// reads no more than some 2^18 rows.
    pub fn search(&self, query: &Query) -> Result<Page, IndexError> {
        let mut reader = lock(&self.reader);
        // One transaction, so that size and tables are of one moment.
        reader
            .transaction()
            .and_then(|transaction| scan::page(&transaction, query, self.partition))
            .map_err(sqlite("read", &self.path))
    }

    /// Removes all that came from the members named, also if they come into the index only later. When it returns, file and
    /// write-ahead log have none of it, and are synced; after an error, call it again.
    ///
    /// A partition that has any of it is copied: about half a second for 2^15 events.
    pub fn erase(&self, erased: &[Erased]) -> Result<(), IndexError> {
        let failed = sqlite("erase from", &self.path);
        let erasures = Erasures::new(erased);
        let mut writer = lock(&self.writer);

        let transaction = immediate(&mut writer).map_err(&failed)?;
        erase::remember(&transaction, erased).map_err(&failed)?;
        let end = standing::indexed_size(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        // Killed from here on, what is to be erased may still be there, and the caller, whose cursor has not moved, comes again.
        for partition in erasures.partitions_of(Members::of(&INDEXED), end, self.partition) {
            let transaction = immediate(&mut writer).map_err(&failed)?;
            copy_without(&transaction, partition, &erasures).map_err(&failed)?;
            transaction.commit().map_err(&failed)?;
        }
        let _nobody_reads = lock(&self.reader);
        erase::scrub(&writer, &self.path)
    }

    /// Forgets everything, also what was erased: the log behind the index is shorter than it, or has others. Whoever fills it
    /// again erases first what the log's tombstones name.
    pub fn reset(&self) -> Result<(), IndexError> {
        let failed = sqlite("reset", &self.path);
        let mut writer = lock(&self.writer);
        let transaction = immediate(&mut writer).map_err(&failed)?;
        clear(&transaction).map_err(&failed)?;
        standing::stand_at(&transaction, 0).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }
}

/// Entries of the log in a table unless asked otherwise: 2^15, some 10 MB.
pub const PARTITION_EVENTS: u64 = 1 << 15;

/// Makes the index one of this origin.
fn adopt(writer: &mut Connection, origin: Origin<'_>) -> rusqlite::Result<()> {
    let transaction = immediate(writer)?;
    if !standing::is_of(&transaction, origin)? {
        clear(&transaction)?;
        standing::start(&transaction, origin)?;
    }
    transaction.commit()
}

fn insert(
    transaction: &Transaction<'_>,
    first: u64,
    rows: &[Option<EventRow>],
    partition: u64,
) -> rusqlite::Result<()> {
    let erasures = erase::remembered(transaction, first, first + standing::count(rows))?;
    for (partition, begins, rows) in partitions(partition, first, rows) {
        create(transaction, partition)?;
        let mut postings = Vec::new();
        let mut span = Span::of(transaction, partition)?;
        let mut times = transaction.prepare_cached(&format!("INSERT INTO times_{partition} VALUES (?1, ?2, ?3)"))?;
        for (row, index) in rows.iter().zip(begins..) {
            let Some(row) = row else { continue };
            let erased = erasures.at(index);
            let received = millisecond(row.received);
            let occurred = row.occurred.map(millisecond).filter(|_| !erased.has(Member::Occurred));
            times.execute((index, received, occurred))?;
            span.take(received, occurred);
            let terms = row.terms.iter().filter(|term| !erased.has(term.field().member()));
            postings.extend(terms.map(|term| (*term, index)));
        }
        // In the order of the table, so that those on one page share its cost.
        postings.sort_unstable();
        postings.dedup();
        let mut posting = transaction.prepare_cached(&format!("INSERT INTO terms_{partition} VALUES (?1, ?2)"))?;
        for (term, index) in postings {
            posting.execute((term.0, index))?;
        }
        span.save(transaction, partition)?;
    }
    Ok(())
}

/// Copies a partition without what is erased, if it has any of it.
fn copy_without(transaction: &Transaction<'_>, partition: u64, erasures: &Erasures) -> rusqlite::Result<()> {
    let keeps = |term: i64, index| !erasures.at(index).has(Term(term).field().member());
    let mut all_stay = true;
    {
        let mut postings = transaction.prepare(&format!("SELECT term, entry FROM terms_{partition}"))?;
        for posting in postings.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (term, index) = posting?;
            all_stay &= keeps(term, index);
        }
        let mut times = transaction.prepare(&format!(
            "SELECT entry FROM times_{partition} WHERE occurred IS NOT NULL"
        ))?;
        for index in times.query_map([], |row| row.get(0))? {
            all_stay &= !erasures.at(index?).has(Member::Occurred);
        }
    }
    if all_stay {
        return Ok(());
    }
    transaction.execute_batch(&format!(
        "ALTER TABLE terms_{partition} RENAME TO terms_old;
         ALTER TABLE times_{partition} RENAME TO times_old"
    ))?;
    create(transaction, partition)?;
    {
        let mut keep = transaction.prepare(&format!("INSERT INTO terms_{partition} VALUES (?1, ?2)"))?;
        let mut old = transaction.prepare("SELECT term, entry FROM terms_old ORDER BY term, entry")?;
        for posting in old.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (term, index) = posting?;
            if keeps(term, index) {
                keep.execute((term, index))?;
            }
        }
        let mut span = Span::default();
        let mut keep = transaction.prepare(&format!("INSERT INTO times_{partition} VALUES (?1, ?2, ?3)"))?;
        let mut old = transaction.prepare("SELECT entry, received, occurred FROM times_old ORDER BY entry")?;
        for times in old.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))? {
            let (index, received, occurred): (u64, i64, Option<i64>) = times?;
            let occurred = occurred.filter(|_| !erasures.at(index).has(Member::Occurred));
            keep.execute((index, received, occurred))?;
            span.take(received, occurred);
        }
        span.save(transaction, partition)?;
    }
    transaction.execute_batch("DROP TABLE terms_old; DROP TABLE times_old")
}

fn create(transaction: &Transaction<'_>, partition: u64) -> rusqlite::Result<()> {
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS terms_{partition} (
             term INTEGER NOT NULL,
             entry INTEGER NOT NULL,
             PRIMARY KEY (term, entry)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS times_{partition} (
             entry INTEGER PRIMARY KEY,
             received INTEGER NOT NULL,
             occurred INTEGER
         ) STRICT"
    ))
}

fn clear(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    standing::drop_tables(transaction, "terms")?;
    standing::drop_tables(transaction, "times")?;
    transaction.execute_batch("DELETE FROM spans; DELETE FROM erased")
}

/// The members that anything here comes from.
const INDEXED: [Member; 6] = [
    Member::Action,
    Member::Actor,
    Member::Delivery,
    Member::Occurred,
    Member::Outcome,
    Member::Targets,
];

const EVENTS: Kind = Kind {
    application_id: u32::from_be_bytes(*b"Inds"),
    format: 1,
    schema: &[standing::SCHEMA, erase::SCHEMA, span::SCHEMA],
    // The tables of one partition.
    writer_cache_kib: 16 << 10,
    // Two for each of 512 partitions: 17 million events.
    reader_statements: 1024,
};
