//! What waits in front of the sequencer, in two lanes, and what the next commit takes of it.

use std::collections::VecDeque;

use crate::append::{Reply, Submission};
use crate::runs::Runs;

/// The two lanes of the queue.
#[derive(Default)]
pub(super) struct Lanes {
    /// Small appends that somebody waits for: they do not wait behind large ones.
    express: VecDeque<Submission>,
    /// All others, those of a stream in its order.
    bulk: VecDeque<Submission>,
    /// The last commit left large appends waiting, to be quick for small ones.
    passed_over: bool,
    /// How many more commits with large appends in them are small, since small ones come.
    wary: u32,
}

/// What a commit takes from.
#[derive(Clone, Copy)]
pub(super) enum From {
    Express,
    Both,
}

impl Lanes {
    /// Adds a submission; whether it goes by express.
    pub(super) fn push(&mut self, submission: Submission) -> bool {
        let small = submission.batch.bytes() <= SMALL_BYTES_MAX;
        let express = small && matches!(submission.reply, Reply::Once(_));
        match express {
            true => self.express.push_back(submission),
            false => self.bulk.push_back(submission),
        }
        express
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.express.is_empty() && self.bulk.is_empty()
    }

    /// Whether something small waits.
    pub(super) fn has_express(&self) -> bool {
        !self.express.is_empty()
    }

    /// What the next commit is best made of. Small ones have every other commit for themselves: a sync more, but they do not wait
    /// until large ones are hashed and written with them.
    pub(super) fn next(&self) -> From {
        let both_wait = !self.express.is_empty() && !self.bulk.is_empty();
        match both_wait && !self.passed_over {
            true => From::Express,
            false => From::Both,
        }
    }

    /// All small ones that fit, then large ones that still do. At least one of each goes, so that neither starves the other. Who is the
    /// next in a lane and wants a commit of its own goes before all others, and alone.
    pub(super) fn take_runs(&mut self, from: From, bytes_max: usize) -> Runs {
        let mut runs = Runs::default();
        let both = matches!(from, From::Both);
        self.passed_over = !both && !self.bulk.is_empty();
        let lanes = match both {
            false => &mut [&mut self.express][..],
            true => &mut [&mut self.express, &mut self.bulk],
        };
        let apart = |lane: &&mut &mut VecDeque<Submission>| lane.front().is_some_and(|next| next.batch.is_apart());
        if let Some(next) = lanes.iter_mut().find(apart).and_then(|lane| lane.pop_front()) {
            runs.add(next);
            return runs;
        }
        let mut bytes = 0;
        if take(&mut self.express, &mut runs, &mut bytes, bytes_max) {
            self.wary = WARY_COMMITS;
        }
        if both {
            let bytes_max = if self.wary > 0 {
                bytes_max / BESIDE_SMALL
            } else {
                bytes_max
            };
            if take(&mut self.bulk, &mut runs, &mut bytes, bytes_max) {
                self.wary = self.wary.saturating_sub(1);
            }
        }
        runs
    }
}

/// Takes what stands first in a lane, one at least, and more while it fits, up to one that wants a commit of its own. Whether there
/// was one.
fn take(lane: &mut VecDeque<Submission>, runs: &mut Runs, bytes: &mut usize, bytes_max: usize) -> bool {
    let mut taken = false;
    while let Some(next) = lane.front()
        && !next.batch.is_apart()
        && (!taken || *bytes + next.batch.bytes() <= bytes_max)
    {
        *bytes += next.batch.bytes();
        lane.pop_front().into_iter().for_each(|next| runs.add(next));
        taken = true;
    }
    taken
}

/// While small appends come, large ones have smaller commits, a quarter of what they may have: who waits for such a commit waits a
/// quarter as long, and where they are alone they lose nothing.
const BESIDE_SMALL: usize = 4;

/// So many commits with large appends and without a small one say that small ones no longer come.
const WARY_COMMITS: u32 = 16;

/// Bytes of an append that is small: to hash, write and sync it takes no longer than other things that a caller's thread does between
/// two awaits.
const SMALL_BYTES_MAX: usize = 64 << 10;
