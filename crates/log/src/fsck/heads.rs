//! The signed heads, each against the tree that it should be of.

use std::mem::discriminant;
use std::ops::Range;

use indelible_merkle::TreeHead;
use indelible_note::{KeyChain, SignedCheckpoint};
use indelible_store::journal::FramePlace;

use super::finding::{Finding, HeadProblem};

/// What is known of the heads seen so far.
pub(super) struct Heads<'k> {
    keys: &'k KeyChain,
    seen: u64,
    verified: u64,
    /// Bad heads in a row, not told yet.
    pending: Option<Finding>,
    /// The last head, if its signature was passed over.
    unverified: Option<Head>,
    standing: Standing,
}

/// What the newest head says of the entries in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// They are what was signed.
    Owned,
    /// They are not: an entry was changed in the journal, or this head. What was made of the entries before that cannot be
    /// blamed for being different.
    Disowned,
}

/// A well-formed head and where it stands.
struct Head {
    place: FramePlace,
    entries: Range<u64>,
    checkpoint: SignedCheckpoint,
}

impl<'k> Heads<'k> {
    pub(super) fn new(keys: &'k KeyChain) -> Heads<'k> {
        Heads {
            keys,
            seen: 0,
            verified: 0,
            pending: None,
            unverified: None,
            standing: Standing::Owned,
        }
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn verified(&self) -> u64 {
        self.verified
    }

    /// Whether the newest head is the entries' own.
    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Checks the head behind `entries`, with which the tree became `tree`.
    pub(super) fn check(
        &mut self,
        place: FramePlace,
        entries: Range<u64>,
        note: &[u8],
        tree: TreeHead,
        found: &mut dyn FnMut(Finding),
    ) {
        self.seen += 1;
        self.unverified = None;
        let problem = match SignedCheckpoint::parse(note) {
            Err(error) => Some(HeadProblem::Malformed(error)),
            Ok(checkpoint) => {
                let stated = checkpoint.head();
                if stated == tree {
                    self.standing = Standing::Owned;
                    self.sample(
                        Head {
                            place,
                            entries: entries.clone(),
                            checkpoint,
                        },
                        tree.size,
                    )
                } else if stated.size != tree.size {
                    Some(HeadProblem::Size { stated: stated.size })
                } else {
                    self.standing = Standing::Disowned;
                    Some(HeadProblem::Root {
                        stated: stated.root,
                        computed: tree.root,
                    })
                }
            }
        };
        self.note(place, entries, problem, found);
    }

    /// Verifies the last signature, and tells what is left to tell.
    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        if let Some(head) = self.unverified.take() {
            let (place, entries) = (head.place, head.entries.clone());
            let problem = self.verify(head);
            self.note(place, entries, problem, found);
        }
        self.pending.take().into_iter().for_each(found);
    }

    /// Verifies the signature if it is this head's turn.
    fn sample(&mut self, head: Head, size: u64) -> Option<HeadProblem> {
        if self.verified < SIGNATURES_ALWAYS + size / ENTRIES_PER_SIGNATURE {
            return self.verify(head);
        }
        self.unverified = Some(head);
        None
    }

    fn verify(&mut self, head: Head) -> Option<HeadProblem> {
        self.verified += 1;
        self.keys.open(head.checkpoint).err().map(HeadProblem::Signature)
    }

    /// Adds to a row of bad heads, or ends it.
    fn note(
        &mut self,
        place: FramePlace,
        entries: Range<u64>,
        problem: Option<HeadProblem>,
        found: &mut dyn FnMut(Finding),
    ) {
        if let (
            Some(problem),
            Some(Finding::Head {
                problem: same, more, ..
            }),
        ) = (&problem, &mut self.pending)
            && discriminant(problem) == discriminant(same)
        {
            *more += 1;
            return;
        }
        self.pending.take().into_iter().for_each(found);
        self.pending = problem.map(|problem| Finding::Head {
            place,
            entries,
            problem,
            more: 0,
        });
    }
}

/// 4,096 signatures of 45 µs are 0.2 s: a log of few commits has all of them verified.
const SIGNATURES_ALWAYS: u64 = 4_096;

/// 45 µs over 1,024 entries are 0.04 µs an entry, a tenth of what it costs to hash one.
const ENTRIES_PER_SIGNATURE: u64 = 1_024;
