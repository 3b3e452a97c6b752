//! Erasing thoroughly: what is erased leaves the file and its write-ahead log, and never comes in again.
//!
//! `secure_delete` overwrites a row that is deleted, and a page that is freed. It does not always overwrite the copy that a B-tree
//! leaves behind when rows move to another page (`rebuildPage` of SQLite 3.54): of 10,000 random keys that were deleted, some three
//! were still in the file. So nothing is deleted from a table of random keys: the partition is copied without it into a new table,
//! and the old one is dropped, which frees all its pages. A row of constant size in a table that only ever grows at its end
//! never moves, and is overwritten where it stands.

use std::fs::File;
use std::path::Path;

use indelible_event::member::Member;
use rusqlite::{Connection, Transaction};

use crate::IndexError;
use crate::file::sqlite;

/// Members of a run of events that a tombstone names (EVENTS.md 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Index of the first event.
    pub first: u64,
    /// Index of the last event, which is erased too.
    pub last: u64,
    /// What is erased of each.
    pub members: Vec<Member>,
}

/// Part of the schema of a file that can be erased from: what was erased before it came in stays out.
pub(crate) const SCHEMA: &str = "CREATE TABLE erased (
         last INTEGER NOT NULL,
         first INTEGER NOT NULL,
         members INTEGER NOT NULL,
         PRIMARY KEY (last, first, members)
     ) STRICT, WITHOUT ROWID;";

/// Sets a writer up so that what it deletes is overwritten, and nothing is written beside the file and its log.
pub(crate) fn prepare(writer: &Connection, path: &Path) -> Result<(), IndexError> {
    let set_up = || {
        // Answers with the new value.
        writer.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, bool>(0))?;
        writer.pragma_update(None, "temp_store", "memory")
    };
    set_up().map_err(sqlite("set up", path))
}

/// Remembers what is erased, so that it does not enter later by somebody who had read the log before.
pub(crate) fn remember(transaction: &Transaction<'_>, erased: &[Erased]) -> rusqlite::Result<()> {
    let mut row = transaction.prepare_cached("INSERT OR IGNORE INTO erased VALUES (?1, ?2, ?3)")?;
    for one in erased {
        row.execute((one.last, one.first, bits(&one.members)))?;
    }
    Ok(())
}

/// What is erased of the events `first..end`.
pub(crate) fn remembered(transaction: &Transaction<'_>, first: u64, end: u64) -> rusqlite::Result<Erasures> {
    let mut ranges =
        transaction.prepare_cached("SELECT first, last, members FROM erased WHERE last >= ?1 AND first < ?2")?;
    let ranges = ranges
        .query_map((first, end), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Erasures::of(ranges))
}

/// Empties the write-ahead log into the file and syncs both: from then on the file system has none of what was overwritten. The
/// caller keeps its own readers out. Somebody else's reader makes this [`IndexError::Busy`].
pub(crate) fn scrub(writer: &Connection, path: &Path) -> Result<(), IndexError> {
    let busy: bool = writer
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(sqlite("erase from", path))?;
    if busy {
        return Err(IndexError::Busy { path: path.to_owned() });
    }
    // SQLite syncs the log before it copies it and the file afterwards, but not the truncation of the log.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    File::open(log)
        .and_then(|log| log.sync_all())
        .map_err(|source| IndexError::Sync {
            path: path.to_owned(),
            source,
        })
}

/// Which members of which events are erased.
#[derive(Debug, Default)]
pub(crate) struct Erasures {
    /// First, last and members of runs that do not overlap, in order.
    runs: Vec<(u64, u64, u16)>,
}

impl Erasures {
    pub(crate) fn new(erased: &[Erased]) -> Erasures {
        Erasures::of(
            erased
                .iter()
                .map(|one| (one.first, one.last, bits(&one.members)))
                .collect(),
        )
    }

    /// Cuts ranges, which may overlap, into runs.
    fn of(ranges: Vec<(u64, u64, u16)>) -> Erasures {
        let mut edges = Vec::with_capacity(2 * ranges.len());
        for (first, last, members) in ranges {
            if first <= last {
                edges.push((first, true, members));
                // What reaches to the end of all numbers does not end.
                edges.extend(last.checked_add(1).map(|end| (end, false, members)));
            }
        }
        edges.sort_unstable();
        let mut open = [0_u64; 16];
        let mut runs = Vec::new();
        let mut at = 0;
        let of = |open: &[u64; 16]| (0..16).filter(|bit| open[*bit] > 0).fold(0, |now, bit| now | 1 << bit);
        for (edge, opens, members) in edges {
            if at < edge && of(&open) != 0 {
                runs.push((at, edge - 1, of(&open)));
            }
            at = edge;
            for bit in (0..16).filter(|bit| members >> bit & 1 == 1) {
                // A range ends behind where it begins, so that it is open when it is closed.
                open[bit] = if opens { open[bit] + 1 } else { open[bit] - 1 };
            }
        }
        if of(&open) != 0 {
            runs.push((at, u64::MAX, of(&open)));
        }
        Erasures { runs }
    }

    /// What is erased of an event. Costs a binary search.
    pub(crate) fn at(&self, index: u64) -> Members {
        let begun = self.runs.partition_point(|(first, _, _)| *first <= index);
        match self.runs[..begun].last() {
            Some((_, last, members)) if *last >= index => Members(*members),
            _ => Members(0),
        }
    }

    /// The runs in which at least one of these members is erased, cut off at `end`.
    pub(crate) fn ranges_of(&self, members: Members, end: u64) -> impl Iterator<Item = (u64, u64)> {
        self.runs
            .iter()
            .filter(move |(first, _, these)| these & members.0 != 0 && *first < end)
            .map(move |(first, last, _)| (*first, (*last).min(end - 1)))
    }

    /// The partitions that a run of [`ranges_of`](Erasures::ranges_of) reaches into, in order, each once.
    pub(crate) fn partitions_of(&self, members: Members, end: u64, partition: u64) -> Vec<u64> {
        let mut partitions = Vec::new();
        for (first, last) in self.ranges_of(members, end) {
            let from = partitions.last().map_or(0, |seen| seen + 1).max(first / partition);
            partitions.extend(from..=last / partition);
        }
        partitions
    }
}

/// A set of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Members(u16);

impl Members {
    pub(crate) fn of(members: &[Member]) -> Members {
        Members(bits(members))
    }

    pub(crate) fn has(self, member: Member) -> bool {
        self.0 & bit(member) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

fn bits(members: &[Member]) -> u16 {
    members.iter().fold(0, |bits, member| bits | bit(*member))
}

/// By its place in the order of members, which is part of the event's format.
fn bit(member: Member) -> u16 {
    1 << member as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_erased_of_an_event_is_the_union_of_all_ranges() {
        let ranges = [
            (4, 3, Member::Changes),
            (3, 9, Member::Actor),
            (0, 0, Member::Raw),
            (5, 5, Member::Targets),
            (9, 20, Member::Actor),
            (22, u64::MAX, Member::Raw),
        ];
        let erased: Vec<_> = ranges
            .iter()
            .map(|&(first, last, member)| Erased {
                first,
                last,
                members: vec![member],
            })
            .collect();
        let erasures = Erasures::new(&erased);
        for index in 0..25 {
            let expected = ranges
                .iter()
                .filter(|(first, last, _)| (*first..=*last).contains(&index))
                .fold(0, |members, (_, _, member)| members | bit(*member));
            assert_eq!(erasures.at(index), Members(expected), "{index}");
        }
        assert_eq!(
            erasures.partitions_of(Members::of(&[Member::Actor]), 100, 4),
            [0, 1, 2, 3, 4, 5]
        );
        assert_eq!(erasures.partitions_of(Members::of(&[Member::Actor]), 12, 4), [0, 1, 2]);
        assert_eq!(erasures.partitions_of(Members::of(&[Member::Targets]), 100, 4), [1]);
        assert!(erasures.partitions_of(Members::of(&Member::ALL), 0, 4).is_empty());
    }
}
