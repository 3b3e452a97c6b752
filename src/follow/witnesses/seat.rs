//! One witness, as the log knows it.

use std::time::{Duration, Instant};

use super::alarm::Alarm;

/// A witness, by its place in the policy.
#[derive(Debug)]
pub(super) struct Seat {
    /// What the policy calls it.
    name: String,
    /// The size of the tree that it cosigned last, as far as is known; 0 asks it to say so.
    size: u64,
    state: State,
    /// The number of the round to which it has nothing more to say.
    settled: u64,
    /// How often in a row it gave no answer that leads anywhere.
    failures: u32,
    /// How often in a row it named another size.
    corrections: u32,
    /// Since when it has not answered.
    silent_since: Option<Instant>,
    /// Whether it ever agreed to the log since that was started.
    agreed: bool,
    answers: Answers,
    /// In how few words it refused the last head that it was asked for.
    refusal: Option<String>,
}

/// How often it answered how.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    cosigned: u64,
    refused: u64,
    failed: u64,
}

/// Where a witness stands, for whoever looks after the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the policy calls it.
    pub name: String,
    /// The size of the tree that it cosigned last, as far as is known.
    pub size: u64,
    /// Heads that it cosigned.
    pub cosigned: u64,
    /// Heads that it would not cosign.
    pub refused: u64,
    /// Requests that it did not answer, or asked to come again.
    pub failed: u64,
}

/// What one witness said at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The size that it has cosigned, 0 if that is not known.
    pub(super) size: u64,
    /// Whether it has agreed to the log as it is.
    pub(super) agreed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// A request is under way: there is never a second one.
    Asked {
        round: u64,
    },
    Paused {
        until: Instant,
    },
}

impl Seat {
    pub(super) fn new(name: String, start: Start) -> Seat {
        Seat {
            name,
            size: start.size,
            agreed: start.agreed,
            state: State::Free,
            settled: 0,
            failures: 0,
            corrections: 0,
            silent_since: None,
            answers: Answers::default(),
            refusal: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn standing(&self) -> Standing {
        let Answers {
            cosigned,
            refused,
            failed,
        } = self.answers;
        Standing {
            name: self.name.clone(),
            size: self.size,
            cosigned,
            refused,
            failed,
        }
    }

    /// Takes it for a round of this number about a tree of `size`; the size from which to prove, if it can be asked now.
    pub(super) fn take(&mut self, round: u64, size: u64, now: Instant) -> Option<u64> {
        let free = match self.state {
            State::Free => true,
            State::Asked { .. } => false,
            State::Paused { until } => until <= now,
        };
        if !free || self.settled == round || self.size > size {
            return None;
        }
        self.state = State::Asked { round };
        Some(self.size)
    }

    /// Whether it is being asked in this round.
    pub(super) fn is_asked(&self, round: u64) -> bool {
        self.state == State::Asked { round }
    }

    /// It has cosigned a tree of this size.
    pub(super) fn cosigned(&mut self, round: u64, size: u64) {
        self.answered();
        self.answers.cosigned += 1;
        self.size = size;
        self.settled = round;
        self.failures = 0;
        self.corrections = 0;
        self.agreed = true;
        self.refusal = None;
    }

    /// It knows another size, and is asked again with a proof from there. One that never stops naming others is broken.
    pub(super) fn corrected(&mut self, size: u64, now: Instant) {
        self.answered();
        self.size = size;
        self.corrections += 1;
        if self.corrections > CORRECTIONS_MAX {
            self.fail(now);
        }
    }

    /// It knows a larger tree than this round's, which the log has: the next round is for it.
    pub(super) fn is_further(&mut self, round: u64, size: u64) {
        self.answered();
        self.size = size;
        self.settled = round;
    }

    /// It answered, but not to the question: later.
    pub(super) fn postponed(&mut self, now: Instant) {
        self.answered();
        self.answers.failed += 1;
        // From now on it counts as silent: who is busy for ever cosigns nothing.
        self.silent_since = Some(self.silent_since.unwrap_or(now));
        self.fail(now);
    }

    /// It gave no answer.
    pub(super) fn silent(&mut self, now: Instant) {
        self.answers.failed += 1;
        self.state = State::Free;
        self.silent_since = Some(self.silent_since.unwrap_or(now));
        self.fail(now);
    }

    /// It will not cosign this head. To ask for the same again would be useless, and rude.
    pub(super) fn refused(&mut self, round: u64, words: String, until: Instant) {
        self.answered();
        self.answers.refused += 1;
        self.refusal = Some(words);
        self.settled = round;
        self.state = State::Paused { until };
    }

    /// When it is to be looked at again.
    pub(super) fn wake(&self, patience: Duration) -> impl Iterator<Item = Instant> {
        let paused = match self.state {
            State::Paused { until } => Some(until),
            State::Free | State::Asked { .. } => None,
        };
        paused
            .into_iter()
            .chain(self.silent_since.map(|since| since + patience))
    }

    /// What is wrong with it, after so much patience.
    pub(super) fn alarms(&self, patience: Duration, now: Instant) -> impl Iterator<Item = Alarm> {
        let silent = self.silent_since.is_some_and(|since| now >= since + patience);
        let witness = || self.name.clone();
        let at_the_start = (!self.agreed).then(|| Alarm::Unasked { witness: witness() });
        let by_now = match self.refusal.clone() {
            Some(words) => Some(Alarm::Refuses {
                witness: witness(),
                words,
            }),
            None => silent.then(|| Alarm::Silent { witness: witness() }),
        };
        by_now.into_iter().chain(at_the_start)
    }

    fn answered(&mut self) {
        self.state = State::Free;
        self.silent_since = None;
    }

    fn fail(&mut self, now: Instant) {
        let pause = PAUSE_FIRST * 2_u32.pow(self.failures.min(DOUBLINGS_MAX));
        self.failures += 1;
        self.corrections = 0;
        self.state = State::Paused {
            until: now + pause.min(PAUSE_MAX),
        };
    }
}

/// Two are usual at most: nothing was known, or the witness went back to an older state and cosigned in between.
const CORRECTIONS_MAX: u32 = 3;

const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// 250 ms doubled seven times are more than the longest pause.
const DOUBLINGS_MAX: u32 = 7;
/// How long the quorum may be missed after a witness that was away has come back.
const PAUSE_MAX: Duration = Duration::from_secs(30);
