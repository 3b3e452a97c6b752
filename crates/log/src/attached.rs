//! Reads of what belongs to entries: attachments, which lie in the journal only.

use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{Hash, NodeId, TILE_WIDTH};
use indelible_store::journal::{Attachment, Journal, JournalError, Place, RecordPlace};
use indelible_store::objects::Key;

use crate::erase::{Looked, Pending};
use crate::kept_places::{KeptPlaces, Stored};
use crate::places;
use crate::reader::{ReadError, Reader};
use crate::tail;

/// Where a reader finds attachments, and what it must not give.
#[derive(Clone)]
pub(crate) struct Attachments {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) pending: Arc<Pending>,
    pub(crate) kept_places: Arc<KeptPlaces>,
}

/// An entry with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The entry.
    pub entry: Bytes,
    /// Its attachments, in order. What a published tombstone names is [`Attachment::Blanked`], whatever the journal has.
    pub attachments: Vec<Attachment>,
}

/// Why attachments could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AttachedError {
    /// The log is of a kind that has none.
    #[error("the entries of this log have no attachments")]
    Opaque,
    /// The entries, or where their attachments lie, could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal could not be read, or an attachment in it is neither what was appended nor erased.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Reader {
    /// The attachments of an entry. Blocks: reads one record of the object store unless the entry is not sealed yet, and the journal
    /// in one piece, about; as much memory as the attachments have.
    ///
    /// # Errors
    ///
    /// [`ReadError::Beyond`] if the entry is not published, and the failures of the stores.
    pub fn attachments(&self, index: u64) -> Result<Vec<Attachment>, AttachedError> {
        let attachments = self.stored_attachments()?;
        let size = self.head().size();
        if index >= size {
            let end = index.saturating_add(1);
            return Err(ReadError::Beyond { end, size }.into());
        }
        let places = self.record_places(index, index + 1)?;
        let mut read = attachments.read(index, &places)?;
        Ok(read.pop().expect("a row for each place"))
    }

    /// Entries with their attachments from `start` on, in order: at least one, at most up to `end`, and not more than `bytes_max` bytes of
    /// both together unless the first alone has more. For followers, who read all.
    ///
    /// Blocks: reads one bundle of the object store at most, with the places beside it, and the journal front to back in pieces of up to
    /// 1 MiB. Takes memory for about what it returns, which shares the pieces; whoever keeps little of it should copy that.
    ///
    /// # Errors
    ///
    /// As [`attachments`](Reader::attachments), also if the range is empty.
    pub fn attached(&self, start: u64, end: u64, bytes_max: usize) -> Result<Vec<Attached>, AttachedError> {
        let attachments = self.stored_attachments()?;
        let mut entries = self.entries(start, end, bytes_max)?;
        let mut places = Vec::with_capacity(entries.len());
        while places.len() < entries.len() {
            let next = start + places.len() as u64;
            places.extend(self.record_places(next, start + entries.len() as u64)?);
        }
        let mut bytes = 0;
        let fitting = places.iter().zip(&entries).take_while(|(place, entry)| {
            let first = bytes == 0;
            let attached: usize = place.attachments.iter().map(|length| *length as usize).sum();
            bytes += (entry.len() + attached).max(1);
            first || bytes <= bytes_max
        });
        let count = fitting.count();
        entries.truncate(count);
        places.truncate(count);
        let rows = attachments.read(start, &places)?;
        let attached = entries.into_iter().zip(rows);
        Ok(attached
            .map(|(entry, attachments)| Attached { entry, attachments })
            .collect())
    }

    /// One entry with its attachments, as [`attached`](Reader::attached) gives it, for those who look at entries here and there. Both are
    /// read from the journal, where they lie beside each other, and the entry is held against the tree. Of the object store only its places
    /// and its tile are read, and kept in memory; a run of its neighbours would be a hundred times as much as the entry.
    ///
    /// # Errors
    ///
    /// As [`attachments`](Reader::attachments); [`ReadError::Object`] also if the tree has another entry there than the journal.
    pub fn attached_at(&self, index: u64) -> Result<Attached, AttachedError> {
        let attachments = self.stored_attachments()?;
        let size = self.head().size();
        if index >= size {
            let end = index.saturating_add(1);
            return Err(ReadError::Beyond { end, size }.into());
        }
        let place = self.record_place(index, &attachments.kept_places)?;
        let entry = attachments.journal.read_entry(&place)?;
        let leaf = self.nodes(&[NodeId { level: 0, index }])?;
        if leaf != [Hash::leaf(&entry)] {
            let problem = format!("of another entry {index} than the journal has");
            let tile = index / TILE_WIDTH;
            let key = Key::Tile { level: 0, index: tile };
            return Err(ReadError::Object { key, problem }.into());
        }
        let mut rows = attachments.read(index, std::slice::from_ref(&place))?;
        let attachments = rows.pop().expect("a row for each place");
        Ok(Attached { entry, attachments })
    }

    /// Where the attachments of one entry lie, which is published.
    fn record_place(&self, index: u64, kept: &KeptPlaces) -> Result<RecordPlace, ReadError> {
        if let Some(commits) = self.tail.commits(index, index + 1) {
            let mut places = tail::places(&commits, index, index + 1);
            return Ok(places.next().expect("the commits have this entry").clone());
        }
        let bundle = index / TILE_WIDTH;
        let stored = match kept.of(bundle) {
            Some(stored) => stored,
            None => self.keep_places(bundle, kept)?,
        };
        let problem = |first, problem: String| ReadError::Object {
            key: Key::Where { first },
            problem,
        };
        let record = stored.iter().rev().find(|(first, _)| *first <= index);
        let (first, record) = record.ok_or_else(|| problem(index, "absent".to_owned()))?;
        let place = places::nth(record, index - first);
        let place = place.map_err(|error| problem(*first, format!("not what it should be: {error}")))?;
        place.ok_or_else(|| problem(index, "absent".to_owned()))
    }

    /// The places of a bundle, which are kept if they are those of all of its entries, and read as a whole.
    fn keep_places(&self, bundle: u64, kept: &KeptPlaces) -> Result<Stored, ReadError> {
        let stored: Stored = self.objects.places(bundle)?.into();
        let (start, end) = (bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH);
        let whole = places_in(&stored, start, end).is_ok_and(|places| places.len() as u64 == TILE_WIDTH);
        if whole {
            kept.keep(bundle, &stored);
        }
        Ok(stored)
    }

    /// Where the attachments of entries from `start` on lie: of at least one, and at most of `start .. end`, which are published.
    pub(crate) fn record_places(&self, start: u64, end: u64) -> Result<Vec<RecordPlace>, ReadError> {
        if let Some(commits) = self.tail.commits(start, end) {
            return Ok(tail::places(&commits, start, end).cloned().collect());
        }
        places_in(&self.objects.places(start / TILE_WIDTH)?, start, end)
    }

    fn stored_attachments(&self) -> Result<&Attachments, AttachedError> {
        self.attachments.as_ref().ok_or(AttachedError::Opaque)
    }
}

/// The places of entries from `start` on, below `end`, in the records of the bundle of `start`: of at least one.
fn places_in(stored: &[(u64, Bytes)], start: u64, end: u64) -> Result<Vec<RecordPlace>, ReadError> {
    let mut found = Vec::new();
    for (first, record) in stored {
        let first = *first;
        let problem = |problem: String| ReadError::Object {
            key: Key::Where { first },
            problem,
        };
        if first >= end {
            break;
        }
        let next = start + found.len() as u64;
        let places = places::decode(record).map_err(|error| problem(format!("not what it should be: {error}")))?;
        if first > next {
            break;
        }
        let behind = usize::try_from(next - first).expect("within a bundle");
        found.extend(places.into_iter().skip(behind));
    }
    found.truncate(usize::try_from(end - start).unwrap_or(usize::MAX));
    // If there are fewer than wanted, the rest lies in the next bundle or is not sealed, or the next call misses it.
    match found.is_empty() {
        false => Ok(found),
        true => Err(ReadError::Object {
            key: Key::Where { first: start },
            problem: "absent".to_owned(),
        }),
    }
}

impl Attachments {
    /// The attachments of the entries from `first` on, which lie at these places, but nothing that a tombstone names.
    fn read(&self, first: u64, records: &[RecordPlace]) -> Result<Vec<Vec<Attachment>>, JournalError> {
        loop {
            let looked = self.pending.look(first, records.len());
            let read = self.journal.read_all(&wanted(records, &looked));
            // A tombstone that was published meanwhile may name what was read, or may be why it could not be read: it may even be
            // carried out by now. There are few of them.
            if self.pending.is_current(&looked) {
                return Ok(rows(records, &looked, read?));
            }
        }
    }
}

/// The places of what is to be read: all but what tombstones name.
fn wanted(records: &[RecordPlace], looked: &Looked) -> Vec<Place> {
    let mut wanted = Vec::new();
    for (offset, record) in records.iter().enumerate() {
        let named = looked.of(offset);
        let numbered = record.places().enumerate();
        wanted.extend(
            numbered
                .filter(|(number, _)| !named.contains(*number))
                .map(|(_, place)| place),
        );
    }
    wanted
}

/// What was read, by record, with what tombstones name in its place.
fn rows(records: &[RecordPlace], looked: &Looked, read: Vec<Attachment>) -> Vec<Vec<Attachment>> {
    let mut read = read.into_iter();
    let row = |(offset, record): (usize, &RecordPlace)| {
        let named = looked.of(offset);
        let numbers = 0..record.attachments.len();
        numbers
            .map(|number| match named.contains(number) {
                true => Attachment::Blanked,
                false => read.next().expect("an attachment for each place"),
            })
            .collect()
    };
    records.iter().enumerate().map(row).collect()
}
