//! How much is committed but not sealed: where the sealer waits for the sequencer, and the sequencer looks how far it is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The backlog between journal and object store. Its bound is the bound of the memory that unsealed entries take.
#[derive(Debug)]
pub(crate) struct Backlog {
    state: Mutex<State>,
    changed: Condvar,
    bytes_max: u64,
}

#[derive(Debug)]
struct State {
    bytes: u64,
    /// At how many bytes the sealer wants to be woken.
    wanted: u64,
    /// When the last commit came.
    last: Instant,
    /// No more commits will come: seal what there is and end.
    closing: bool,
    /// Why the sealer has stopped; nothing is sealed any more.
    broken: Option<String>,
}

/// For what there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// For all that waits.
    ForAll,
    /// The bound is reached. Small appends go on up to twice of it: they are hardly ever what filled it, and somebody waits for
    /// each of them.
    ForSmall,
    /// For nothing until the sealer has caught up.
    NotYet,
    /// For nothing, and never again: why the sealer has stopped.
    Never(String),
}

/// What the sealer is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Seal whole bundles only: more is coming, and a bundle in one piece costs less than one in several.
    Bundles,
    /// Seal everything: the log is quiet or closing.
    Everything,
    /// Nothing: all is sealed, and nothing has come for a while.
    Nothing,
    /// All is sealed and no more commits will come.
    Done,
}

impl Backlog {
    pub(crate) fn new(bytes_max: u64) -> Backlog {
        let state = State {
            bytes: 0,
            wanted: 0,
            last: Instant::now(),
            closing: false,
            broken: None,
        };
        Backlog {
            state: Mutex::new(state),
            changed: Condvar::new(),
            bytes_max,
        }
    }

    /// Whether another commit may be made, however large: the bound is passed by one commit at most.
    pub(crate) fn room(&self) -> Room {
        let state = self.lock();
        match &state.broken {
            _ if state.bytes < self.bytes_max => Room::ForAll,
            Some(reason) => Room::Never(reason.clone()),
            None if state.bytes < 2 * self.bytes_max => Room::ForSmall,
            None => Room::NotYet,
        }
    }

    /// A commit is about to be published.
    pub(crate) fn add(&self, bytes: u64) {
        let mut state = self.lock();
        let idle = state.bytes == 0;
        state.bytes += bytes;
        state.last = Instant::now();
        // A sealer that waits for quiet sees by itself that there is none; to wake it for every commit would delay each.
        if idle || state.bytes >= state.wanted {
            self.changed.notify_all();
        }
    }

    /// Commits were sealed.
    pub(crate) fn remove(&self, bytes: u64) {
        self.lock().bytes -= bytes;
        self.changed.notify_all();
    }

    /// No more commits will come.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// The sealer has stopped for good.
    pub(crate) fn fail(&self, reason: String) {
        self.lock().broken = Some(reason);
        self.changed.notify_all();
    }

    /// Why the sealer has stopped, if it has.
    pub(crate) fn failure(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// Waits until there is something to seal: at least `bytes_min`, or anything after `quiet` without a commit.
    pub(crate) fn wait_for_work(&self, bytes_min: u64, quiet: Duration) -> Work {
        // A full backlog is always work, or the sequencer would wait for room and the sealer for the sequencer.
        let bytes_min = bytes_min.min(self.bytes_max);
        let mut state = self.lock();
        state.wanted = bytes_min;
        loop {
            match (state.bytes, state.closing) {
                (0, true) => return Work::Done,
                (_, true) => return Work::Everything,
                (bytes, false) if bytes >= bytes_min => return Work::Bundles,
                (0, false) => {
                    let waited = self.changed.wait_timeout(state, IDLE.max(quiet));
                    let (now, timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
                    state = now;
                    if timed_out.timed_out() && state.bytes == 0 && !state.closing {
                        return Work::Nothing;
                    }
                }
                (_, false) => {
                    let since = state.last.elapsed();
                    let Some(left) = quiet.checked_sub(since).filter(|left| !left.is_zero()) else {
                        return Work::Everything;
                    };
                    let waited = self.changed.wait_timeout(state, left);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long nothing may come before the sealer is told that nothing does.
const IDLE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_backlog_has_room_for_small_appends_up_to_twice_its_bound() {
        let backlog = Backlog::new(10);
        for (bytes, room) in [
            (9, Room::ForAll),
            (1, Room::ForSmall),
            (9, Room::ForSmall),
            (1, Room::NotYet),
        ] {
            backlog.add(bytes);
            assert_eq!(backlog.room(), room);
        }
        backlog.remove(11);
        assert_eq!(backlog.room(), Room::ForAll);
    }

    #[test]
    fn a_backlog_that_nobody_seals_takes_what_it_has_room_for_and_no_more() {
        let backlog = Backlog::new(10);
        backlog.fail("disk full".to_owned());
        assert_eq!(backlog.room(), Room::ForAll);
        backlog.add(10);
        assert_eq!(backlog.room(), Room::Never("disk full".to_owned()));
    }

    #[test]
    fn the_sealer_is_woken_by_bytes_by_quiet_and_by_the_end() {
        let backlog = Backlog::new(100);
        let never = Duration::from_secs(3600);
        assert_eq!(backlog.wait_for_work(1, Duration::ZERO), Work::Nothing);
        backlog.add(20);
        assert_eq!(backlog.wait_for_work(20, never), Work::Bundles);
        assert_eq!(backlog.wait_for_work(21, Duration::ZERO), Work::Everything);
        let started = Instant::now();
        assert_eq!(backlog.wait_for_work(21, Duration::from_millis(30)), Work::Everything);
        assert!(started.elapsed() < Duration::from_secs(10));
        backlog.close();
        assert_eq!(backlog.wait_for_work(100, never), Work::Everything);
        backlog.remove(20);
        assert_eq!(backlog.wait_for_work(0, never), Work::Done);
    }
}
