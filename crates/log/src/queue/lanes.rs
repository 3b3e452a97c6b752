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

    /// All small ones that fit, then large ones that still do. At least one of each goes, so that neither starves the other. Who is the
    /// next in a lane and wants a commit of its own goes before all others, and alone.
    pub(super) fn take_runs(&mut self, from: From, bytes_max: usize) -> Runs {
        let (mut runs, mut bytes) = (Runs::default(), 0);
        let lanes = match from {
            From::Express => &mut [&mut self.express][..],
            From::Both => &mut [&mut self.express, &mut self.bulk],
        };
        let apart = |lane: &&mut &mut VecDeque<Submission>| lane.front().is_some_and(|next| next.batch.is_apart());
        if let Some(next) = lanes.iter_mut().find(apart).and_then(|lane| lane.pop_front()) {
            runs.add(next);
            return runs;
        }
        for lane in lanes {
            let mut first = true;
            while let Some(next) = lane
                .front()
                .filter(|next| !next.batch.is_apart())
                .map(|next| next.batch.bytes())
                && (first || bytes + next <= bytes_max)
            {
                bytes += next;
                lane.pop_front().into_iter().for_each(|next| runs.add(next));
                first = false;
            }
        }
        runs
    }
}

/// Bytes of an append that is small: to hash, write and sync it takes no longer than other things that a caller's thread does between
/// two awaits.
const SMALL_BYTES_MAX: usize = 64 << 10;
