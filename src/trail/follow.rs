//! Fills the tables from the log, behind it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indelible_event::Erasures;
use indelible_event::comparable_content;
use indelible_event::member::{Event, Member};
use indelible_index::idempotency::{Content, Idempotency, KeyRow, KeyTable};
use indelible_index::search::{EventIndex, EventRow};
use indelible_index::{Erased, IndexKey};
use indelible_log::{AttachedError, Reader};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

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
}

/// What the tables get of some entries.
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
                let rows = rows(&self.reader, at, size, &self.tombstones.known(), &self.key)?;
                let end = at + rows.events.len() as u64;
                // Erased first, so that what a tombstone names does not enter behind it.
                if !rows.erased.is_empty() {
                    self.events.erase(&rows.erased)?;
                    self.idempotency.erase(&rows.erased)?;
                }
                // The watermarks move with the rows: killed here, the next start repeats this step.
                if end > events_size {
                    self.events.extend(events_size, behind(&rows.events, at, events_size))?;
                }
                if end > self.keys_size {
                    self.idempotency
                        .extend(self.keys_size, behind(&rows.keys, at, self.keys_size))?;
                    self.keys_size = end;
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
        let rows = rows(reader, at, size, &tombstones.known(), key)?;
        if !rows.erased.is_empty() {
            keys.erase(&rows.erased)?;
        }
        keys.extend(at, &rows.keys)?;
    }
}

fn rows(reader: &Reader, start: u64, end: u64, erasures: &Erasures, key: &IndexKey) -> Result<Rows, AttachedError> {
    let mut rows = Rows {
        keys: Vec::new(),
        events: Vec::new(),
        erased: Vec::new(),
    };
    for (index, attached) in (start..).zip(reader.attached(start, end, STEP_BYTES)?) {
        let (mut key_row, mut event_row) = (None, None);
        match Entry::read(index, attached, erasures) {
            Ok(Entry::Event(kept)) => {
                let event = kept.event();
                key_row = row_of_key(&kept, &event, key);
                event_row = Some(EventRow::of(&event, kept.leaf.received().start(), key));
            }
            Ok(Entry::Tombstone(tombstone)) => rows.erased.extend(erased(index, &tombstone.leaf)),
            // Neither is found by anything; fsck says what is wrong with it.
            Ok(Entry::Unreadable) | Err(_) => {}
        }
        rows.keys.push(key_row);
        rows.events.push(event_row);
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

/// Bytes of entries and attachments in one step: some thousand events, and some 50 ms.
const STEP_BYTES: usize = 4 << 20;

/// How far the tables may be behind a log that is not busy.
const PAUSE: Duration = Duration::from_millis(20);

const NICENESS: i32 = 10;
