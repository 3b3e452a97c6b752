//! Goes through the partitions for an answer.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension};

use super::span::Span;
use super::{Order, Page, Query, Term};
use crate::standing;

/// The page that is asked for.
pub(super) fn page(connection: &Connection, query: &Query, partition: u64) -> rusqlite::Result<Page> {
    let indexed_size = standing::indexed_size(connection)?;
    let range = query.range(indexed_size);
    // The clause that is likely to hold for the fewest events decides which are looked at.
    let mut clauses: Vec<&[Term]> = query.clauses.iter().map(Vec::as_slice).collect();
    clauses.sort_by_key(|terms| terms.iter().map(|term| term.field()).max());
    let mut scan = Scan {
        connection,
        query,
        clauses,
        rows_read: 0,
    };
    let mut page = Page {
        indexes: Vec::new(),
        next: None,
        indexed_size,
    };
    for within in pieces(range, partition, query.order) {
        let room = query.limit.saturating_sub(page.indexes.len());
        if room == 0 || scan.rows_read >= ROWS_READ_MAX {
            // What is behind the last event of the page, or behind the piece before.
            page.next = match (room, page.indexes.last(), query.order) {
                (0, Some(last), _) => Some(*last),
                (_, _, Order::NewestFirst) => Some(within.end),
                (_, _, Order::OldestFirst) => Some(within.start.saturating_sub(1)),
            };
            return Ok(page);
        }
        // One more than there is room for tells whether there is a next page.
        let mut found = scan.piece(within.start / partition, within, room.saturating_add(1))?;
        if found.len() > room {
            found.truncate(room);
            page.indexes.append(&mut found);
            page.next = page.indexes.last().copied();
            return Ok(page);
        }
        page.indexes.append(&mut found);
    }
    Ok(page)
}

/// The parts of the range in each partition, in order.
fn pieces(range: Range<u64>, partition: u64, order: Order) -> impl Iterator<Item = Range<u64>> {
    let partitions = range.start / partition..range.end.div_ceil(partition);
    let count = partitions.end.saturating_sub(partitions.start);
    (0..count).map(move |at| {
        let this = match order {
            Order::NewestFirst => partitions.end - 1 - at,
            Order::OldestFirst => partitions.start + at,
        };
        range.start.max(this * partition)..range.end.min((this + 1) * partition)
    })
}

struct Scan<'a> {
    connection: &'a Connection,
    query: &'a Query,
    clauses: Vec<&'a [Term]>,
    rows_read: u64,
}

impl Scan<'_> {
    /// Up to `room` events of a partition, in order.
    fn piece(&mut self, partition: u64, within: Range<u64>, room: usize) -> rusqlite::Result<Vec<u64>> {
        if !self.query.takes_any_time() {
            let span = Span::of(self.connection, partition)?;
            let met = span
                .received
                .is_some_and(|received| self.query.meets(received, span.occurred));
            if !met {
                return Ok(Vec::new());
            }
        }
        let Some((first, others)) = self.clauses.split_first() else {
            return self.by_time(partition, within, room);
        };
        let others = others.to_vec();
        let all = if others.is_empty() && self.query.takes_any_time() {
            room
        } else {
            usize::MAX
        };
        let mut found = self.having(first, partition, within.clone(), all)?;
        for terms in others {
            if found.is_empty() {
                break;
            }
            if found.len() <= PROBED_MAX {
                self.keep_having(terms, partition, &mut found)?;
            } else {
                let mut these = self.having(terms, partition, within.clone(), usize::MAX)?;
                these.sort_unstable();
                found.retain(|index| these.binary_search(index).is_ok());
            }
        }
        if !self.query.takes_any_time() {
            self.keep_in_time(partition, &mut found, room)?;
        }
        found.truncate(room);
        Ok(found)
    }

    /// Up to `room` events of a partition that have one of these terms, in order.
    fn having(
        &mut self,
        terms: &[Term],
        partition: u64,
        within: Range<u64>,
        room: usize,
    ) -> rusqlite::Result<Vec<u64>> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT entry FROM terms_{partition} WHERE term = ?1 AND entry >= ?2 AND entry < ?3
             ORDER BY entry {} LIMIT ?4",
            direction(self.query.order)
        ))?;
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        for term in terms {
            for index in select.query_map((term.0, within.start, within.end, limit), |row| row.get(0))? {
                found.push(index?);
            }
        }
        self.rows_read += standing::count(&found);
        if terms.len() > 1 {
            found.sort_unstable();
            found.dedup();
            if self.query.order == Order::NewestFirst {
                found.reverse();
            }
        }
        Ok(found)
    }

    /// Keeps those that have one of these terms.
    fn keep_having(&mut self, terms: &[Term], partition: u64, found: &mut Vec<u64>) -> rusqlite::Result<()> {
        let mut probe = self.connection.prepare_cached(&format!(
            "SELECT 1 FROM terms_{partition} WHERE term = ?1 AND entry = ?2"
        ))?;
        self.rows_read += standing::count(found);
        let mut kept = Vec::with_capacity(found.len());
        for index in found.drain(..) {
            for term in terms {
                if probe.exists((term.0, index))? {
                    kept.push(index);
                    break;
                }
            }
        }
        *found = kept;
        Ok(())
    }

    /// Keeps the first `room` of those that were when it is asked for.
    fn keep_in_time(&mut self, partition: u64, found: &mut Vec<u64>, room: usize) -> rusqlite::Result<()> {
        let mut times = self.connection.prepare_cached(&format!(
            "SELECT received, occurred FROM times_{partition} WHERE entry = ?1"
        ))?;
        let mut kept = Vec::new();
        for index in found.drain(..) {
            if kept.len() == room {
                break;
            }
            self.rows_read += 1;
            let taken = times
                .query_row([index], |row| Ok(self.query.takes(row.get(0)?, row.get(1)?)))
                .optional()?;
            if taken == Some(true) {
                kept.push(index);
            }
        }
        *found = kept;
        Ok(())
    }

    /// Up to `room` events of a partition that were when it is asked for, whatever they are.
    fn by_time(&mut self, partition: u64, within: Range<u64>, room: usize) -> rusqlite::Result<Vec<u64>> {
        let mut times = self.connection.prepare_cached(&format!(
            "SELECT entry, received, occurred FROM times_{partition} WHERE entry >= ?1 AND entry < ?2 ORDER BY entry {}",
            direction(self.query.order)
        ))?;
        let mut rows = times.query((within.start, within.end))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            self.rows_read += 1;
            if self.query.takes(row.get(1)?, row.get(2)?) {
                found.push(row.get(0)?);
                if found.len() == room {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    }
}

/// Rows that a search may read before it gives what it has: some 50 ms. The partition in which it gets there is read to its end.
const ROWS_READ_MAX: u64 = 1 << 18;

/// Up to here a probe for each event costs less than reading all events of a common term.
const PROBED_MAX: usize = 512;
