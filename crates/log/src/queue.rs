//! What waits to be committed, and the baton: whoever holds it decides what the log is, and there is one.
//!
//! Mostly the sequencer's thread holds it. When it is free and a small append comes alone, its caller takes it and commits at
//! once: two changes of thread, which cost more than the fdatasync between them, are saved.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indelible_store::journal::JournalError;

use crate::append::{AppendError, Reply, Submission};
use crate::backlog::Room;
use crate::runs::Runs;
use crate::sequencer::Sequencer;
use crate::settings::{Committer, Settings};

/// The queue in front of the sequencer.
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    commit_bytes_max: usize,
    closing_quiet: Duration,
    lone_appends: Committer,
}

struct State {
    /// Small appends that somebody waits for: they do not wait behind large ones.
    express: VecDeque<Submission>,
    /// All others, those of a stream in its order.
    bulk: VecDeque<Submission>,
    baton: Baton,
    /// Whether the last commit was for several callers.
    crowded: bool,
    /// The last commit left large appends waiting, to be quick for small ones.
    passed_over: bool,
    /// Commits with large appends in them since the last small one.
    large_since_small: u32,
    /// When the baton came back.
    returned: Instant,
    /// The thread waits, but not for ever.
    timed: bool,
    /// No more submissions are to come but those that are queued.
    stopping: bool,
    /// Nobody takes anything any more.
    ended: bool,
}

/// Where the sequencer's state is.
enum Baton {
    Free(Box<Sequencer>),
    Taken,
    /// The journal failed while it was taken.
    Failed(JournalError),
    /// Whoever had it panicked.
    Lost,
}

/// What can be done with what waits.
enum Ready {
    /// Commit it.
    All,
    /// Commit the small ones.
    Small,
    /// Refuse it, for this reason.
    Refused(String),
    Nothing,
}

/// What a commit takes from.
#[derive(Clone, Copy)]
enum Lanes {
    Express,
    Both,
}

/// What the thread does next.
enum Next {
    Commit(Runs),
    Refuse(Runs, String),
    Close,
    End,
}

/// What the thread does next if it cannot commit.
enum Otherwise {
    Do(Next),
    /// Wait until something changes, or for so long.
    Wait(Option<Duration>),
}

impl Queue {
    pub(crate) fn new(sequencer: Sequencer, settings: &Settings) -> Queue {
        Queue {
            state: Mutex::new(State {
                express: VecDeque::new(),
                bulk: VecDeque::new(),
                baton: Baton::Free(Box::new(sequencer)),
                crowded: false,
                passed_over: false,
                large_since_small: LARGE_IN_A_ROW,
                returned: Instant::now(),
                timed: false,
                stopping: false,
                ended: false,
            }),
            changed: Condvar::new(),
            commit_bytes_max: settings.commit_bytes_max,
            closing_quiet: settings.closing_quiet,
            lone_appends: settings.lone_appends,
        }
    }

    /// Queues a submission, or commits it here and now. Dropped if the log has ended: its sender finds nobody to answer.
    pub(crate) fn submit(&self, submission: Submission) {
        let small = submission.batch.bytes() <= SMALL_BYTES_MAX;
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let express = small && matches!(submission.reply, Reply::Once(_));
        match express {
            true => state.express.push_back(submission),
            false => state.bulk.push_back(submission),
        }
        // Somebody who commits looks here again when that is done.
        if !matches!(state.baton, Baton::Free(_)) {
            return;
        }
        // Where many append at once, a caller's thread has better things to do than to wait for the disk.
        let by_caller = express && self.lone_appends == Committer::Caller && !state.crowded;
        match (by_caller, state.ready()) {
            (true, Ready::All | Ready::Small) => {
                let runs = state.take_runs(Lanes::Express, self.commit_bytes_max);
                Turn::take_from(state, self).run(|sequencer| sequencer.commit(runs));
            }
            _ => self.changed.notify_one(),
        }
    }

    /// Commits until it is told to stop, and then what is queued. After an error of the journal the log takes nothing more: what
    /// memory says may not be what the disk says, and only a start can tell.
    pub(crate) fn serve(&self) -> Result<(), JournalError> {
        let _end = End(self);
        loop {
            let (turn, next) = self.next()?;
            match next {
                Next::Commit(runs) => turn.run(|sequencer| sequencer.commit(runs)),
                Next::Refuse(runs, reason) => turn.run(|_| {
                    runs.refuse(&AppendError::BacklogFull(reason));
                    Ok(())
                }),
                Next::Close => turn.run(Sequencer::close),
                Next::End => return turn.take().close(),
            }
        }
    }

    /// No more submissions will come.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_one();
    }

    /// Lets go whoever is queued; nobody is taken any more.
    pub(crate) fn halt(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.ended = true;
        let left = (std::mem::take(&mut state.express), std::mem::take(&mut state.bulk));
        drop(state);
        drop(left);
        self.changed.notify_one();
    }

    /// There may be room in the backlog where there was none, or never will be.
    pub(crate) fn look_again(&self) {
        let _state = self.lock();
        self.changed.notify_one();
    }

    /// Waits for something to do and for the baton to do it with. While nothing comes for a while, the journal gets its closing
    /// record.
    fn next(&self) -> Result<(Turn<'_>, Next), JournalError> {
        let mut state = self.lock();
        loop {
            let next = match state.ready() {
                Ready::All => {
                    let lanes = state.lanes();
                    Next::Commit(state.take_runs(lanes, self.commit_bytes_max))
                }
                Ready::Small => Next::Commit(state.take_runs(Lanes::Express, self.commit_bytes_max)),
                Ready::Refused(reason) => Next::Refuse(state.take_runs(Lanes::Both, self.commit_bytes_max), reason),
                Ready::Nothing => match self.otherwise(&mut state)? {
                    Otherwise::Do(next) => next,
                    Otherwise::Wait(patience) => {
                        state = self.wait(state, patience);
                        continue;
                    }
                },
            };
            return Ok((Turn::take_from(state, self), next));
        }
    }

    /// What there is to do when nothing can be committed.
    fn otherwise(&self, state: &mut State) -> Result<Otherwise, JournalError> {
        let waits = state.waits();
        let closes = match &state.baton {
            Baton::Failed(_) | Baton::Lost => return Err(state.baton.failure()),
            // The sealer is behind, and wakes us.
            Baton::Free(_) if waits => None,
            Baton::Free(_) if state.stopping => return Ok(Otherwise::Do(Next::End)),
            Baton::Free(sequencer) if sequencer.is_open_ended() => {
                let quiet = state.returned.elapsed();
                Some(self.closing_quiet.saturating_sub(quiet))
            }
            Baton::Free(_) => None,
            Baton::Taken => Some(self.closing_quiet.max(Duration::from_millis(1))),
        };
        Ok(match closes {
            Some(Duration::ZERO) => Otherwise::Do(Next::Close),
            patience => Otherwise::Wait(patience),
        })
    }

    fn wait<'q>(&'q self, mut state: MutexGuard<'q, State>, patience: Option<Duration>) -> MutexGuard<'q, State> {
        let Some(patience) = patience else {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.timed = true;
        let waited = self.changed.wait_timeout(state, patience);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.timed = false;
        state
    }

    /// Puts the baton back, and wakes the thread if it has something to do with it.
    fn give_back(&self, baton: Baton) {
        let mut state = self.lock();
        let idle = matches!(baton, Baton::Free(_)) && !state.waits() && !state.stopping;
        state.baton = baton;
        state.returned = Instant::now();
        // A thread that waits for the moment of the closing record sees by itself that it has moved.
        if !(idle && state.timed) {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waits(&self) -> bool {
        !self.express.is_empty() || !self.bulk.is_empty()
    }

    /// What the next commit may take of what waits, if the baton is free for it.
    fn ready(&self) -> Ready {
        let Baton::Free(sequencer) = &self.baton else {
            return Ready::Nothing;
        };
        if !self.waits() {
            return Ready::Nothing;
        }
        match sequencer.room() {
            Room::ForAll => Ready::All,
            Room::ForSmall if !self.express.is_empty() => Ready::Small,
            Room::ForSmall | Room::NotYet => Ready::Nothing,
            Room::Never(reason) => Ready::Refused(reason),
        }
    }

    /// Small ones have every other commit for themselves: a sync more, but they do not wait until large ones are hashed and
    /// written with them.
    fn lanes(&self) -> Lanes {
        let both_wait = !self.express.is_empty() && !self.bulk.is_empty();
        match both_wait && !self.passed_over {
            true => Lanes::Express,
            false => Lanes::Both,
        }
    }

    /// All small ones that fit, then large ones that still do, if they may. At least one of each goes, so that neither starves the
    /// other.
    fn take_runs(&mut self, lanes: Lanes, bytes_max: usize) -> Runs {
        let (mut runs, mut bytes) = (Runs::default(), 0);
        let small = !self.express.is_empty();
        take(&mut self.express, &mut runs, &mut bytes, bytes_max);
        self.passed_over = matches!(lanes, Lanes::Express) && !self.bulk.is_empty();
        if small {
            self.large_since_small = 0;
        }
        if matches!(lanes, Lanes::Both) && !self.bulk.is_empty() {
            let bytes_max = match self.large_since_small < LARGE_IN_A_ROW {
                true => bytes_max / BESIDE_SMALL,
                false => bytes_max,
            };
            self.large_since_small = self.large_since_small.saturating_add(1);
            take(&mut self.bulk, &mut runs, &mut bytes, bytes_max);
        }
        self.crowded = runs.len() > 1;
        runs
    }
}

/// Takes what stands first in a lane, one at least, and more while it fits.
fn take(lane: &mut VecDeque<Submission>, runs: &mut Runs, bytes: &mut usize, bytes_max: usize) {
    let mut first = true;
    while let Some(next) = lane.front().map(|next| next.batch.bytes())
        && (first || *bytes + next <= bytes_max)
    {
        *bytes += next;
        lane.pop_front().into_iter().for_each(|next| runs.add(next));
        first = false;
    }
}

impl Baton {
    fn failure(&mut self) -> JournalError {
        match std::mem::replace(self, Baton::Taken) {
            Baton::Failed(error) => error,
            _ => panic!("the caller that committed its own append panicked"),
        }
    }
}

/// The baton in somebody's hands. It goes back when this is done, or is known to be lost.
struct Turn<'q> {
    sequencer: Option<Box<Sequencer>>,
    queue: &'q Queue,
}

impl<'q> Turn<'q> {
    fn take_from(mut state: MutexGuard<'q, State>, queue: &'q Queue) -> Turn<'q> {
        match std::mem::replace(&mut state.baton, Baton::Taken) {
            Baton::Free(sequencer) => Turn {
                sequencer: Some(sequencer),
                queue,
            },
            _ => unreachable!("the baton was free a moment ago, under the same lock"),
        }
    }

    fn take(mut self) -> Box<Sequencer> {
        self.sequencer.take().expect(HELD)
    }

    /// Does something with the baton, and gives it back unless the journal failed.
    fn run(mut self, act: impl FnOnce(&mut Sequencer) -> Result<(), JournalError>) {
        let sequencer = self.sequencer.as_mut().expect(HELD);
        let result = act(sequencer);
        let queue = self.queue;
        let sequencer = self.take();
        queue.give_back(match result {
            Ok(()) => Baton::Free(sequencer),
            Err(error) => Baton::Failed(error),
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.sequencer.take().is_some() {
            self.queue.give_back(Baton::Lost);
        }
    }
}

/// The thread has ended, however: whoever is still queued is let go.
struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = (std::mem::take(&mut state.express), std::mem::take(&mut state.bulk));
        drop(state);
        drop(left);
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// Where submissions come in. When nobody is left who could submit anything, the sequencer ends.
#[derive(Debug)]
pub(crate) struct Entrance(Arc<Queue>);

impl Entrance {
    pub(crate) fn new(queue: Arc<Queue>) -> Entrance {
        Entrance(queue)
    }

    pub(crate) fn submit(&self, submission: Submission) {
        self.0.submit(submission);
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.stop();
    }
}

const HELD: &str = "a turn has the baton until it ends";

/// While small appends come, large ones have smaller commits, a quarter of what they may have: who waits for such a commit waits a
/// quarter as long, and where they are alone they lose nothing.
const BESIDE_SMALL: usize = 4;

/// So many commits with large appends without a small one say that none come.
const LARGE_IN_A_ROW: u32 = 16;

/// Entry bytes of an append that is small: to hash, write and sync it takes no longer than other things that a caller's thread
/// does between two awaits.
const SMALL_BYTES_MAX: usize = 64 << 10;
