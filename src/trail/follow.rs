//! Fills the tables from the log, behind it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indelible_event::comparable_content;
use indelible_event::member::{Event, Member};
use indelible_index::idempotency::{Content, Idempotency, KeyRow, KeyTable};
use indelible_index::search::{EventIndex, EventRow};
use indelible_index::{Erased, IndexKey};
use indelible_log::{AttachedError, Reader};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::entries::{Entry, KeptEvent};
use super::intake::Settled;
use super::{Tombstones, Trail, TrailError};

/// Follows the log until it has ended, or until tables or log cannot be used; what is asked then lags, which those who ask are told.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    key: Arc<IndexKey>,
    tombstones: Arc<Tombstones>,
    idempotency: Arc<Idempotency<Settled>>,
    events: Arc<EventIndex>,
    keys_size: u64,
    /// Told whenever the table of keys has more.
    tabled: Arc<Notify>,
}

/// What the tables get of some entries.
#[derive(Default)]
struct Rows {
    keys: Vec<Option<KeyRow>>,
    events: Vec<Option<EventRow>>,
    erased: Vec<Erased>,
}

impl Follower {
    pub(super) fn of(trail: &Trail) -> Follower {
        Follower {
            reader: trail.reader.clone(),
            key: trail.key.clone(),
            tombstones: trail.tombstones.clone(),
            idempotency: trail.idempotency.clone(),
            events: trail.events.clone(),
            // At the start the table of keys has all of the log.
            keys_size: trail.opened_size,
            tabled: trail.tabled.clone(),
        }
    }

    /// Runs on a thread of its own, at a low priority: nothing derived stands in the way of a submission.
    pub async fn run(self) {
        let runtime = Handle::current();
        let (running, ended) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("trail".to_owned()).spawn(move || {
            let _running = running;
            let _ = rustix::process::nice(NICENESS);
            if let Err(error) = self.follow(&runtime) {
                tracing::error!(%error, "the tables of events follow no more: search will lag, and then submissions will be refused");
            }
        });
        match thread {
            Ok(_) => drop(ended.await),
            Err(error) => tracing::error!(%error, "no thread can be started to fill the tables of events"),
        }
    }

    fn follow(mut self, runtime: &Handle) -> Result<(), TrailError> {
        let mut heads = self.reader.heads();
        if self.events.indexed_size()? > self.reader.head().size() {
            // The file belongs to a log that was longer: this one was restored. It is made anew.
            self.events.reset()?;
        }
        loop {
            let size = heads.borrow_and_update().size();
            loop {
                let events_size = self.events.indexed_size()?;
                let at = events_size.min(self.keys_size);
                if at >= size {
                    break;
                }
                let rows = rows(&self.reader, at, size, &self.tombstones, &self.key)?;
                let end = at + rows.events.len() as u64;
                // Erased first, so that what a tombstone names does not enter behind it.
                if !rows.erased.is_empty() {
                    self.events.erase(&rows.erased)?;
                    self.idempotency.erase(&rows.erased)?;
                }
                // The watermarks move with the rows: killed here, the next start repeats this step. Keys first: submissions may wait for them.
                if end > self.keys_size {
                    self.idempotency
                        .extend(self.keys_size, behind(&rows.keys, at, self.keys_size))?;
                    self.keys_size = end;
                    self.tabled.notify_waiters();
                }
                if end > events_size {
                    self.events.extend(events_size, behind(&rows.events, at, events_size))?;
                }
                if heads.has_changed().is_err() {
                    return Ok(());
                }
            }
            if runtime.block_on(heads.changed()).is_err() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Brings the table of keys up to `size`.
pub(super) fn catch_up_keys(
    keys: &KeyTable,
    reader: &Reader,
    tombstones: &Tombstones,
    key: &IndexKey,
    size: u64,
) -> Result<(), TrailError> {
    if keys.indexed_size() > size {
        keys.reset()?;
    }
    loop {
        let at = keys.indexed_size();
        if at >= size {
            return Ok(());
        }
        let rows = rows(reader, at, size, tombstones, key)?;
        if !rows.erased.is_empty() {
            keys.erase(&rows.erased)?;
        }
        keys.extend(at, &rows.keys)?;
    }
}

/// The rows of entries from `start` on, below `end`: of as many as are worth a transaction, which writes every page of the tables that it
/// touches. They are read in pieces, since one has at most a bundle.
fn rows(reader: &Reader, start: u64, end: u64, tombstones: &Tombstones, key: &IndexKey) -> Result<Rows, AttachedError> {
    let mut rows = Rows::default();
    let mut terms = 0;
    let mut at = start;
    while at < end && rows.events.len() < STEP_EVENTS && terms < STEP_TERMS {
        let piece = reader.attached(at, end, PIECE_BYTES)?;
        let erasures = tombstones.known();
        for attached in piece {
            let (mut key_row, mut event_row) = (None, None);
            match Entry::read(at, attached, &erasures) {
                Ok(Entry::Event(kept)) => {
                    let event = kept.event();
                    key_row = row_of_key(&kept, event, key);
                    let row = EventRow::of(event, kept.leaf.received().start(), key);
                    terms += row.terms.len();
                    event_row = Some(row);
                }
                Ok(Entry::Tombstone(tombstone)) => rows.erased.extend(erased(at, &tombstone.leaf)),
                // Neither is found by anything; fsck says what is wrong with it.
                Ok(Entry::Unreadable) | Err(_) => {}
            }
            rows.keys.push(key_row);
            rows.events.push(event_row);
            at += 1;
        }
    }
    Ok(rows)
}

fn row_of_key(kept: &KeptEvent, event: &Event, key: &IndexKey) -> Option<KeyRow> {
    let delivery = event.delivery.as_ref()?;
    let identity = key.identity(&delivery.source, delivery.key.as_deref()?);
    let content = match kept.is_whole() {
        true => comparable_content(event).ok(),
        false => None,
    };
    Some(KeyRow {
        identity,
        content: content.map(|bytes| key.content(Content::Members(&bytes))),
    })
}

fn erased(index: u64, tombstone: &indelible_event::Tombstone) -> Vec<Erased> {
    let Ok(erasure) = tombstone.at(index) else {
        return Vec::new();
    };
    let ranges = erasure.ranges().as_slice().iter();
    ranges
        .map(|range| Erased {
            first: range.first,
            last: range.last,
            members: range.members.iter().collect::<Vec<Member>>(),
        })
        .collect()
}

/// The rows from `from` on, of those that begin at `at`.
fn behind<T>(rows: &[T], at: u64, from: u64) -> &[T] {
    &rows[usize::try_from(from - at).expect("the rows are in memory")..]
}

/// Events in one step, and a piece more: some 200 ms when there is much to follow. Steps of a bundle, 256 events, write nearly the same pages
/// of the tables again each time.
const STEP_EVENTS: usize = 4_096;

/// What events can be found by in one step, and a piece more: 2 MiB of it. An event has some 16; one of many targets has thousands.
const STEP_TERMS: usize = 1 << 17;

/// Bytes of entries and attachments that are read together.
const PIECE_BYTES: usize = 4 << 20;

/// How far the tables may be behind a log that is not busy.
const PAUSE: Duration = Duration::from_millis(20);

const NICENESS: i32 = 10;
