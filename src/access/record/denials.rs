//! Refusals: each kind is on the record at once when it comes up, and then with a count, a minute at a time. A stranger who knocks
//! without end must not fill the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Happened, Recorder};

/// Refusals that are counted and not on the record yet. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Denials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: Recorder,
    waiting: Mutex<Waiting>,
    first: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    kinds: HashMap<Kind, Count>,
    /// Refusals for which there was no room, since they were of too many kinds.
    others: u64,
    total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    subject: String,
    method: &'static str,
}

#[derive(Clone, Debug)]
struct Count {
    /// Since the last time it was told.
    count: u64,
    told: bool,
    reason: String,
    peer: Option<IpAddr>,
}

impl Denials {
    pub(in crate::access) fn new(recorder: Recorder) -> Denials {
        Denials(Arc::new(Inner {
            recorder,
            waiting: Mutex::default(),
            first: Notify::new(),
        }))
    }

    /// Counts one.
    pub(in crate::access) fn add(&self, subject: &str, method: &'static str, reason: &str, peer: Option<IpAddr>) {
        let mut waiting = self.0.waiting.lock().expect(NO_PANIC);
        waiting.total += 1;
        let kind = Kind {
            subject: subject.to_owned(),
            method,
        };
        if let Some(count) = waiting.kinds.get_mut(&kind) {
            count.count += 1;
            return;
        }
        if waiting.kinds.len() >= KINDS_MAX {
            waiting.others += 1;
            return;
        }
        let count = Count {
            count: 1,
            told: false,
            reason: reason.to_owned(),
            peer,
        };
        waiting.kinds.insert(kind, count);
        self.0.first.notify_one();
    }

    /// How many there were since the start.
    pub fn total(&self) -> u64 {
        self.0.waiting.lock().expect(NO_PANIC).total
    }

    /// Puts them on the record until all requests are `answered`, and what is left then.
    pub async fn follow(self, answered: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        every.tick().await;
        loop {
            let all = tokio::select! {
                () = self.0.first.notified() => false,
                _ = every.tick() => true,
                () = answered.cancelled() => {
                    self.tell(true).await;
                    return;
                }
            };
            self.tell(all).await;
        }
    }

    async fn tell(&self, all: bool) {
        for happened in self.take(all) {
            if let Err(error) = self.0.recorder.happened(happened).await {
                tracing::error!(%error, "refusals could not be put on the record");
            }
        }
    }

    fn take(&self, all: bool) -> Vec<Happened> {
        let mut waiting = self.0.waiting.lock().expect(NO_PANIC);
        let mut told = Vec::new();
        for (kind, count) in &mut waiting.kinds {
            if count.count > 0 && (all || !count.told) {
                let happened = Happened::denied(&kind.subject, kind.method, &count.reason, count.count, count.peer);
                told.push(happened);
                count.count = 0;
                count.told = true;
            } else if all {
                // Quiet for a whole minute: when it comes up again, it is told at once.
                count.told = false;
            }
        }
        if all {
            waiting.kinds.retain(|_, count| count.told);
            let others = std::mem::take(&mut waiting.others);
            if others > 0 {
                told.push(Happened::denied(
                    "unknown",
                    "several",
                    "of too many kinds to tell apart",
                    others,
                    None,
                ));
            }
        }
        told
    }
}

const NO_PANIC: &str = "nobody panics while refusals are counted";

const EVERY: Duration = Duration::from_secs(60);

/// Kinds of refusals that are told apart in a minute: as many events a minute are the most that strangers can cause.
const KINDS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Record;
    use crate::data::DataDir;

    fn denials() -> Denials {
        Denials::new(Recorder::new(Record::File(DataDir::at("/nowhere"), None)))
    }

    /// The counts of what is told now.
    fn told(denials: &Denials, all: bool) -> Vec<u64> {
        let told = denials.take(all);
        let lines = told.iter().map(|happened| happened.to_line(None));
        lines.map(|line| line["now"]["count"].as_u64().unwrap()).collect()
    }

    #[test]
    fn a_kind_is_told_at_once_and_then_by_the_minute_until_it_was_quiet_for_one() {
        let denials = denials();
        let knock = || denials.add("anonymous", "append", "no role", None);
        knock();
        assert_eq!(told(&denials, false), [1]);
        for _ in 0..3 {
            knock();
        }
        assert!(told(&denials, false).is_empty(), "it was told a moment ago");
        assert_eq!(told(&denials, true), [3]);
        knock();
        assert!(told(&denials, false).is_empty());
        assert_eq!(told(&denials, true), [1]);
        assert!(told(&denials, true).is_empty(), "a quiet minute");
        knock();
        assert_eq!(told(&denials, false), [1]);
        assert_eq!(denials.total(), 6);
    }

    #[test]
    fn of_too_many_kinds_only_the_number_is_told() {
        let denials = denials();
        for kind in 0..KINDS_MAX + 5 {
            denials.add(&kind.to_string(), "append", "no role", None);
        }
        let told = told(&denials, true);
        assert_eq!((told.len(), told.last()), (KINDS_MAX + 1, Some(&5)));
    }
}
