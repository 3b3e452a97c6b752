//! What a connection is about: whether it is at work, and since when not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::metrics::Ended;

/// What is known of one connection. Written by its own task, read by whoever looks for a place.
///
/// A connection is *quiet* while nothing is being answered on it: no request has come yet, or none after the last; or all that came are
/// only waited for, since their bodies do not arrive.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// Requests that came and whose answers have not ended.
    in_flight: AtomicU32,
    /// Of these, the ones whose client owes us bytes of its body.
    starved: AtomicU32,
    /// Since when it is quiet, in milliseconds since it was opened.
    quiet_since_ms: AtomicU64,
    /// Whether something came since it is quiet.
    received: AtomicBool,
    /// Whether a body came too slowly.
    slow_body: AtomicBool,
    requests: AtomicU32,
    /// Requests that the client took back before they were answered.
    taken_back: AtomicU32,
    /// Why it is asked to go, if it is: 0, or one more than an [`Ended`].
    called: AtomicU8,
    call: Notify,
}

/// A request on a connection, until its answer has ended.
#[derive(Debug)]
pub(super) struct Busy {
    activity: Arc<Activity>,
    answered: bool,
}

impl Activity {
    pub(super) fn new() -> Arc<Activity> {
        Arc::new(Activity {
            opened: Instant::now(),
            in_flight: AtomicU32::new(0),
            starved: AtomicU32::new(0),
            quiet_since_ms: AtomicU64::new(0),
            received: AtomicBool::new(false),
            slow_body: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            taken_back: AtomicU32::new(0),
            called: AtomicU8::new(0),
            call: Notify::new(),
        })
    }

    /// A request came.
    pub(super) fn begin(self: &Arc<Activity>) -> Busy {
        self.received.store(false, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Busy {
            activity: self.clone(),
            answered: false,
        }
    }

    /// For how long it is quiet; `None` if it is at work.
    pub(super) fn quiet(&self) -> Option<Duration> {
        let at_work = self.in_flight.load(Ordering::Relaxed) > self.starved.load(Ordering::Relaxed);
        let since = Duration::from_millis(self.quiet_since_ms.load(Ordering::Relaxed));
        (!at_work).then(|| self.opened.elapsed().saturating_sub(since))
    }

    /// Whether no request is under way.
    pub(super) fn is_unused(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
    }

    /// A body is waited for.
    pub(super) fn starve(&self) {
        let starved = self.starved.fetch_add(1, Ordering::Relaxed) + 1;
        if starved >= self.in_flight.load(Ordering::Relaxed) {
            self.be_quiet();
        }
    }

    /// It is no longer.
    pub(super) fn feed(&self) {
        self.starved.fetch_sub(1, Ordering::Relaxed);
    }

    /// Bytes came.
    pub(super) fn receive(&self) {
        self.received.store(true, Ordering::Relaxed);
    }

    /// Whether something came since the last request.
    pub(super) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    /// A body came too slowly.
    pub(super) fn slow_body(&self) {
        self.slow_body.store(true, Ordering::Relaxed);
    }

    /// Whether one ever did.
    pub(super) fn had_slow_body(&self) -> bool {
        self.slow_body.load(Ordering::Relaxed)
    }

    /// The client took a request back.
    pub(super) fn take_back(&self) {
        let taken_back = self.taken_back.fetch_add(1, Ordering::Relaxed) + 1;
        if taken_back > RESETS_MAX && taken_back > self.requests.load(Ordering::Relaxed) / 2 {
            self.call(Ended::Resets);
        }
    }

    /// Asks the connection to go. Only the first of several reasons counts.
    pub(super) fn call(&self, why: Ended) {
        let _ = self
            .called
            .compare_exchange(0, 1 + why as u8, Ordering::Relaxed, Ordering::Relaxed);
        self.call.notify_one();
    }

    /// Whether it was asked to go.
    pub(super) fn is_called(&self) -> bool {
        self.called.load(Ordering::Relaxed) != 0
    }

    /// Resolves when it is asked to go.
    pub(super) async fn called(&self) -> Ended {
        loop {
            match self.called.load(Ordering::Relaxed) {
                0 => self.call.notified().await,
                why if why == 1 + Ended::Resets as u8 => return Ended::Resets,
                _ => return Ended::Evicted,
            }
        }
    }

    fn be_quiet(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.quiet_since_ms.store(now, Ordering::Relaxed);
    }
}

impl Busy {
    /// The head of the answer is there.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let activity = &self.activity;
        if activity.in_flight.fetch_sub(1, Ordering::Relaxed) == 1 {
            activity.received.store(false, Ordering::Relaxed);
            activity.be_quiet();
        }
        if !self.answered {
            activity.take_back();
        }
    }
}

/// Requests that a client may take back before they are answered, and beyond that half of all. Those who race several answers or run
/// into a deadline take back some; who opens streams only to reset them (CVE-2023-44487) takes back all.
const RESETS_MAX: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quiet_unless_something_is_answered() {
        let activity = Activity::new();
        assert!(activity.quiet().is_some(), "nothing has come yet");
        activity.receive();
        let mut busy = activity.begin();
        assert!(activity.quiet().is_none() && !activity.has_received());
        activity.starve();
        assert!(activity.quiet().is_some(), "its body is waited for");
        let second = activity.begin();
        assert!(activity.quiet().is_none(), "the other one is answered");
        drop(second);
        activity.feed();
        assert!(activity.quiet().is_none());
        busy.answered();
        drop(busy);
        assert!(activity.quiet().is_some());
    }

    #[tokio::test]
    async fn who_takes_everything_back_is_asked_to_go_and_who_takes_back_some_is_not() {
        let honest = Activity::new();
        for number in 0..10 * RESETS_MAX {
            let mut busy = honest.begin();
            if number % 3 > 0 {
                busy.answered();
            }
        }
        assert!(!honest.is_called());
        let flood = Activity::new();
        (0..RESETS_MAX).for_each(|_| drop(flood.begin()));
        assert!(!flood.is_called());
        drop(flood.begin());
        assert_eq!(flood.called().await, Ended::Resets);
    }
}
