//! Commits: a journal around the journal that looks at the clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use indelible_store::journal::{
    Attachment, Frame, FramePlace, Frames, Genesis, Journal, JournalError, Kind, Place, RecordPlace, Replayed,
};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::histogram::{Histogram, Scale};
use super::page::Page;

/// What was committed since the start.
#[derive(Debug)]
pub struct Commits {
    seconds: Histogram,
    entries: Histogram,
    failed: AtomicU64,
    blanked: AtomicU64,
    /// When the last commit was durable, in milliseconds since 1970; before the first, the start.
    last_ms: AtomicU64,
}

/// A journal whose commits are counted: a look at two clocks and five additions each.
#[derive(Debug)]
pub struct Timed<J> {
    journal: J,
    commits: Arc<Commits>,
}

impl Commits {
    /// None yet.
    pub fn new() -> Commits {
        Commits {
            seconds: Histogram::new(&Scale::SECONDS),
            entries: Histogram::new(&Scale::COUNTS),
            failed: AtomicU64::new(0),
            blanked: AtomicU64::new(0),
            last_ms: AtomicU64::new(now_ms()),
        }
    }
}

impl Default for Commits {
    fn default() -> Commits {
        Commits::new()
    }
}

impl<J: Journal> Timed<J> {
    /// Counts what goes into `journal`.
    pub fn new(journal: J, commits: Arc<Commits>) -> Timed<J> {
        Timed { journal, commits }
    }
}

impl<J: Journal> Journal for Timed<J> {
    fn genesis(&self) -> &Genesis {
        self.journal.genesis()
    }

    fn size(&self) -> u64 {
        self.journal.size()
    }

    fn last_note(&self) -> Bytes {
        self.journal.last_note()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        let began = Instant::now();
        let appended = self.journal.append(frame);
        let commits = &self.commits;
        match (&appended, frame.kind) {
            (Ok(_), Kind::Commit) => {
                commits.seconds.observe_time(began.elapsed());
                commits.entries.observe(frame.records.len() as u64);
                commits.last_ms.store(now_ms(), Ordering::Relaxed);
            }
            (Ok(_), Kind::Closing | Kind::KeyChange) => {}
            (Err(_), _) => {
                commits.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        appended
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        self.journal.replay(from)
    }

    fn key_changes(&self) -> Result<Vec<Replayed>, JournalError> {
        self.journal.key_changes()
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        self.journal.read(place)
    }

    fn read_all(&self, places: &[Place]) -> Result<Vec<Attachment>, JournalError> {
        self.journal.read_all(places)
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        self.journal.read_entry(place)
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        self.journal.blank(places)?;
        self.commits.blanked.fetch_add(places.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Collector for Commits {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 need 41 bits")]
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut page = Page::on(encoder);
        page.histogram(
            "indelible_commit_seconds",
            "Time that the journal took to write and sync a commit, in seconds",
            &self.seconds,
        )?;
        page.histogram("indelible_commit_entries", "Entries of a commit", &self.entries)?;
        page.counter(
            "indelible_commits_failed",
            "Frames that the journal could not write; after the first it takes nothing more",
            load(&self.failed),
        )?;
        page.counter(
            "indelible_blanked_attachments",
            "Attachments that were overwritten because tombstones name them",
            load(&self.blanked),
        )?;
        page.gauge_of_parts(
            "indelible_head_published_timestamp_seconds",
            "When the newest head was made, or the log was started behind it, in seconds since 1970",
            load(&self.last_ms) as f64 / 1e3,
        )
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use indelible_store::journal::{MemoryJournal, Record};

    use super::*;

    #[test]
    fn a_frame_that_is_not_written_is_counted_and_makes_no_head() {
        let genesis = Genesis {
            seed: [9; 16],
            description: Bytes::new(),
            note: Bytes::new(),
        };
        let commits = Arc::new(Commits::new());
        commits.last_ms.store(0, Ordering::Relaxed);
        let journal = Timed::new(MemoryJournal::new(genesis), commits.clone());
        let append = |first| {
            let record = Record {
                entry: Bytes::from_static(b"entry"),
                attachments: Vec::new(),
            };
            journal.append(&Frame {
                kind: Kind::Commit,
                first,
                records: vec![record; 3],
                note: Bytes::from_static(b"note"),
            })
        };
        let failed = || commits.failed.load(Ordering::Relaxed);
        append(7).unwrap_err();
        assert_eq!((failed(), commits.seconds.count()), (1, 0));
        assert_eq!(commits.last_ms.load(Ordering::Relaxed), 0);
        append(0).unwrap();
        assert_eq!((failed(), commits.seconds.count()), (1, 1));
        assert!(now_ms() - commits.last_ms.load(Ordering::Relaxed) < 60_000);
    }

    /// What a commit costs more for being counted: the clocks and the additions, without the journal. Printed for release builds.
    #[test]
    fn counting_a_commit_costs_next_to_nothing() {
        const ROUNDS: u32 = 100_000;
        let commits = Commits::new();
        let began = Instant::now();
        for round in 0..ROUNDS {
            let began = Instant::now();
            commits.seconds.observe_time(black_box(began.elapsed()));
            commits.entries.observe(u64::from(black_box(round)));
            commits.last_ms.store(now_ms(), Ordering::Relaxed);
        }
        let each = began.elapsed() / ROUNDS;
        eprintln!("a commit costs {each:?} more");
        assert!(each.as_micros() < 20, "{each:?}");
        assert_eq!(commits.seconds.count(), u64::from(ROUNDS));
    }
}
