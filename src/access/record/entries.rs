//! Entries that somebody has read whose reading is on the record, counted and told a minute at a time: a log is read by thousands of
//! requests for bundles, and an event for each would make the log longer than its reader can read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indelible_access::{Method, Principal};
use tokio_util::sync::CancellationToken;

use super::{Happened, Recorder};

/// Entries that were given and are not on the record yet. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EntriesRead(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: Recorder,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    readers: HashMap<String, Read>,
    /// What was given to those for whom there was no room.
    others: u64,
}

/// What one reader was given since it was told the last time.
#[derive(Debug)]
struct Read {
    by: Arc<Principal>,
    entries: u64,
    peer: Option<IpAddr>,
}

impl EntriesRead {
    pub(in crate::access) fn new(recorder: Recorder) -> EntriesRead {
        EntriesRead(Arc::new(Inner {
            recorder,
            waiting: Mutex::default(),
        }))
    }

    /// So many are about to be given.
    pub(in crate::access) fn add(&self, by: &Arc<Principal>, entries: u64, peer: Option<IpAddr>) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = waiting.readers.get_mut(&by.subject) {
            read.entries += entries;
        } else if waiting.readers.len() >= READERS_MAX {
            waiting.others += entries;
        } else {
            let by = by.clone();
            waiting.readers.insert(by.subject.clone(), Read { by, entries, peer });
        }
    }

    /// Puts them on the record until all requests are `answered`, and what is left then.
    pub async fn follow(self, answered: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        every.tick().await;
        loop {
            let last = tokio::select! {
                _ = every.tick() => false,
                () = answered.cancelled() => true,
            };
            self.tell().await;
            if last {
                return;
            }
        }
    }

    async fn tell(&self) {
        for happened in self.take() {
            if let Err(error) = self.0.recorder.happened(happened).await {
                tracing::error!(%error, "that entries were read could not be put on the record");
            }
        }
    }

    fn take(&self) -> Vec<Happened> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Waiting { readers, others } = std::mem::take(&mut *waiting);
        let told = |by: &Principal, entries, peer| Happened::read(by, Method::ReadTiles, "entries", entries, peer);
        let mut all: Vec<Happened> = readers
            .into_values()
            .map(|read| told(&read.by, read.entries, read.peer))
            .collect();
        if others > 0 {
            let several = Principal {
                subject: "several".to_owned(),
                ..Principal::anonymous()
            };
            all.push(told(&several, others, None));
        }
        all
    }
}

const EVERY: Duration = Duration::from_secs(60);

/// Readers that are told apart in a minute: of others only the number of entries is told.
const READERS_MAX: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Record;
    use crate::data::DataDir;

    fn reader(subject: &str) -> Arc<Principal> {
        let subject = subject.to_owned();
        Arc::new(Principal {
            subject,
            ..Principal::anonymous()
        })
    }

    #[test]
    fn each_reader_is_told_once_with_all_that_it_was_given() {
        let read = EntriesRead::new(Recorder::new(Record::File(DataDir::at("/nowhere"), None)));
        let (one, other) = (reader("one"), reader("other"));
        for _ in 0..3 {
            read.add(&one, 256, None);
        }
        read.add(&other, 1, None);
        assert_eq!(counts(&read.take()), [1, 768]);
        assert!(read.take().is_empty());
    }

    #[test]
    fn of_too_many_readers_only_the_number_of_entries_is_told() {
        let read = EntriesRead::new(Recorder::new(Record::File(DataDir::at("/nowhere"), None)));
        for number in 0..READERS_MAX + 5 {
            read.add(&reader(&number.to_string()), 2, None);
        }
        let told = counts(&read.take());
        assert_eq!(told.len(), READERS_MAX + 1);
        assert_eq!(told[READERS_MAX], 10);
    }

    fn counts(told: &[Happened]) -> Vec<u64> {
        let lines = told.iter().map(|happened| happened.to_line(None));
        let mut counts: Vec<u64> = lines.map(|line| line["now"]["count"].as_u64().unwrap()).collect();
        counts.sort_unstable();
        counts
    }
}
