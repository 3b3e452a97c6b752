//! Checks, after a load, what the server answered under it. Pure: it believes the log's key, and the entries that were sent.

use std::fmt::Display;

use indelible_merkle::{
    CompactRange, ConsistencyProof, Hash, InclusionProof, RangeProof, TreeHead, check_batch, check_consistency,
    check_inclusion, check_range,
};
use indelible_note::{Receipt, VerifierKey, open_checkpoint};

use super::entries::leaf;
use super::load::Kept;
use crate::wire::{Acknowledged, Continued, Included, IncludedMany};

/// A reply that does not hold: the log failed, not the benchmark.
#[derive(Debug, thiserror::Error)]
#[error("a reply does not hold: {0}")]
pub(super) struct Refuted(String);

/// Checks replies of one log.
#[derive(Clone, Debug)]
pub(super) struct Checker {
    /// The log's key.
    pub(super) key: VerifierKey,
    /// Whether every reply is checked, or about [`SAMPLE`] of a load.
    pub(super) thoroughness: Thoroughness,
}

/// How many replies are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thoroughness {
    Sample,
    All,
}

impl Checker {
    /// Replies to single appends, kept by the entry's number.
    pub(super) fn appended(&self, kept: &[Kept<Included>]) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|kept| {
            let head = self.head(&kept.reply.checkpoint)?;
            included(leaf(kept.number), &kept.reply, &head)
        })
    }

    /// Acknowledgements of runs, kept by the number of their first entry.
    pub(super) fn acknowledged(&self, kept: &[Kept<Acknowledged>]) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|Kept { number, reply }| {
            let head = self.head(&reply.checkpoint)?;
            let leaves: Vec<Hash> = (*number..number + reply.count).map(leaf).collect();
            let end = reply.first.saturating_add(reply.count);
            let proof = RangeProof::new(reply.first, end, head.size, hashes(&reply.hashes)?);
            check_range(&leaves, &proof, &head).map(drop).map_err(refuted)
        })
    }

    /// Receipts, kept by the entry's number.
    pub(super) fn received(&self, kept: &[Kept<Receipt>]) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|kept| {
            let verified = kept.reply.verify(leaf(kept.number), &self.key);
            verified.map(drop).map_err(refuted)
        })
    }

    /// Proofs of entries, kept by the index that was asked for; `leaf_at` knows what was appended there.
    pub(super) fn proved(&self, kept: &[Kept<Included>], leaf_at: impl Fn(u64) -> Hash) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|Kept { number, reply }| {
            if reply.index != *number {
                return Err(refuted(format!("index {} instead of {number}", reply.index)));
            }
            included(leaf_at(*number), reply, &self.head(&reply.checkpoint)?)
        })
    }

    /// One proof of many entries.
    pub(super) fn proved_together(&self, leaves: &[(u64, Hash)], reply: &IncludedMany) -> Result<(), Refuted> {
        let said = hashes(&reply.leaves)?;
        if !said.iter().eq(leaves.iter().map(|(_, leaf)| leaf)) {
            return Err(refuted("other leaves than were appended"));
        }
        let head = self.head(&reply.checkpoint)?;
        check_batch(leaves, &hashes(&reply.hashes)?, &head)
            .map(drop)
            .map_err(refuted)
    }

    /// Consistency proofs. The trees that they speak of are computed from the leaves, all of them, in one go, and must end in
    /// the log's `newest` head.
    pub(super) fn continued(
        &self,
        kept: &[Kept<Continued>],
        newest: &[u8],
        leaf_at: impl Fn(u64) -> Hash,
    ) -> Result<(), Refuted> {
        let chosen: Vec<&Continued> = self.chosen(kept).map(|kept| &kept.reply).collect();
        let newest = self.head(newest)?;
        let mut sizes: Vec<u64> = chosen
            .iter()
            .flat_map(|reply| [reply.old_size, reply.new_size])
            .collect();
        sizes.push(newest.size);
        sizes.sort_unstable();
        sizes.dedup();
        let mut tree = CompactRange::new();
        let mut heads = vec![tree.head()];
        for size in sizes {
            while tree.size() < size {
                let end = size.min(tree.size() + AT_ONCE);
                tree.extend((tree.size()..end).map(&leaf_at).collect());
            }
            heads.push(tree.head());
        }
        if tree.head() != newest {
            return Err(refuted("the newest head is not that of what was appended"));
        }
        let head_of = |size: u64| -> Result<&TreeHead, Refuted> {
            let place = heads.binary_search_by_key(&size, |head| head.size);
            place
                .map(|place| &heads[place])
                .map_err(|_| refuted(format!("a size of {size}")))
        };
        chosen.iter().try_for_each(|reply| {
            let proof = ConsistencyProof::new(reply.old_size, reply.new_size, hashes(&reply.hashes)?);
            check_consistency(&proof, head_of(reply.old_size)?, head_of(reply.new_size)?)
                .map(drop)
                .map_err(refuted)
        })
    }

    fn head(&self, note: &[u8]) -> Result<TreeHead, Refuted> {
        Ok(open_checkpoint(note, &self.key).map_err(refuted)?.head())
    }

    /// The replies to check: spread evenly over the load, its first one and nearly always its last ones among them.
    fn chosen<'a, R>(&self, kept: &'a [Kept<R>]) -> impl Iterator<Item = &'a Kept<R>> {
        let step = match self.thoroughness {
            Thoroughness::All => 1,
            Thoroughness::Sample => kept.len().div_ceil(SAMPLE).max(1),
        };
        kept.iter().step_by(step)
    }
}

fn included(leaf: Hash, reply: &Included, head: &TreeHead) -> Result<(), Refuted> {
    if *reply.leaf != *leaf.as_bytes() {
        return Err(refuted(format!("another leaf at {} than was appended", reply.index)));
    }
    let proof = InclusionProof::new(reply.index, head.size, hashes(&reply.hashes)?);
    check_inclusion(leaf, &proof, head).map(drop).map_err(refuted)
}

fn hashes(joined: &[u8]) -> Result<Vec<Hash>, Refuted> {
    Hash::split(joined).map_err(refuted)
}

fn refuted(reason: impl Display) -> Refuted {
    Refuted(reason.to_string())
}

/// Enough that a log which errs once in a hundred replies is caught, and done in some tens of milliseconds.
const SAMPLE: usize = 500;

/// Leaves that are hashed at once.
const AT_ONCE: u64 = 4_096;
