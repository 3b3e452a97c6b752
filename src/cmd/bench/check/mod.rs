//! Checks, after a load, what the server answered under it. Pure: it believes the log's key, and the entries that were sent.

mod events;

use std::fmt::Display;

use indelible_merkle::{
    CompactRange, ConsistencyProof, Hash, InclusionProof, RangeProof, TILE_WIDTH, TreeHead, check_batch,
    check_consistency, check_inclusion, check_range,
};
use indelible_note::{Receipt, VerifierKey, open_checkpoint};

use super::entries::leaf;
use super::load::Kept;
use crate::wire::{Acknowledged, Continued, Included, IncludedMany};

pub(super) use events::ByActor;

/// A reply that does not hold: the log failed, not the benchmark.
#[derive(Debug, thiserror::Error)]
#[error("a reply does not hold: {0}")]
pub(super) struct Refuted(String);

impl Refuted {
    pub(super) fn of(reason: impl Display) -> Refuted {
        refuted(reason)
    }
}

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

    /// The indices that the senders of all entries of a fresh log were told, kept by the entry's number: each index once, and no
    /// other. Returns those of which it is to be seen whether the entry stands there.
    pub(super) fn told<'a>(&self, kept: &'a [Kept<u64>]) -> Result<Vec<&'a Kept<u64>>, Refuted> {
        let mut indices: Vec<u64> = kept.iter().map(|kept| kept.reply).collect();
        indices.sort_unstable();
        match indices.iter().zip(0..).find(|(index, expected)| *index != expected) {
            Some((index, expected)) => Err(refuted(format!(
                "index {index} was told, where {expected} would be next"
            ))),
            None => Ok(self.chosen(kept).collect()),
        }
    }

    /// Proofs of the entries that stand where senders were told, kept by the number of the entry that was sent.
    pub(super) fn stand_where_told(&self, kept: &[Kept<(u64, Included)>]) -> Result<(), Refuted> {
        kept.iter().try_for_each(
            |Kept {
                 number,
                 reply: (told, proof),
             }| {
                if proof.index != *told {
                    return Err(refuted(format!("index {} instead of {told}", proof.index)));
                }
                included(leaf(*number), proof, &self.head(&proof.checkpoint)?)
            },
        )
    }

    /// Full tiles of leaf hashes, kept by their index.
    pub(super) fn tiles(&self, kept: &[Kept<Box<[u8]>>], leaf_at: impl Fn(u64) -> Hash) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|Kept { number, reply }| {
            let first = number * TILE_WIDTH;
            let leaves: Vec<Hash> = (first..first + TILE_WIDTH).map(&leaf_at).collect();
            match Hash::join(&leaves) == **reply {
                true => Ok(()),
                false => Err(refuted(format!(
                    "other bytes in tile {number} than those of what was appended"
                ))),
            }
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

    /// The replies to check, spread evenly over the load.
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

#[cfg(test)]
mod tests {
    use indelible_merkle::{NodeId, proof};
    use indelible_note::{SigningKey, sign_checkpoint};

    use super::*;

    /// A log of seven entries, whose numbers are their indices, and its honest replies.
    struct Honest {
        checker: Checker,
        tree: CompactRange,
        nodes: indelible_merkle::Growth,
        checkpoint: Box<[u8]>,
    }

    fn honest() -> Honest {
        let key = SigningKey::from_seed("bench.example/log".parse().unwrap(), [7; 32]);
        let mut tree = CompactRange::new();
        let nodes = tree.extend((0..7).map(leaf).collect());
        Honest {
            checker: Checker {
                key: key.verifier(),
                thoroughness: Thoroughness::All,
            },
            checkpoint: sign_checkpoint(tree.head(), &key).note_bytes().into(),
            tree,
            nodes,
        }
    }

    impl Honest {
        fn fetch(&self, ids: &[NodeId]) -> Vec<Hash> {
            ids.iter().map(|&id| self.nodes.node(id).unwrap()).collect()
        }

        fn included(&self, index: u64) -> Included {
            let plan = proof::inclusion(index, self.tree.size()).unwrap();
            let proof = plan.finish(&self.fetch(plan.nodes())).unwrap();
            Included {
                index,
                leaf: leaf(index).as_bytes().as_slice().into(),
                hashes: Hash::join(proof.hashes()).into(),
                checkpoint: self.checkpoint.clone(),
            }
        }

        fn acknowledged(&self, first: u64, count: u64) -> Acknowledged {
            let plan = proof::range(first, first + count, self.tree.size()).unwrap();
            let proof = plan.finish(&self.fetch(plan.nodes())).unwrap();
            Acknowledged {
                first,
                count,
                hashes: Hash::join(proof.hashes()).into(),
                checkpoint: self.checkpoint.clone(),
            }
        }

        fn continued(&self, old_size: u64, new_size: u64) -> Continued {
            let plan = proof::consistency(old_size, new_size).unwrap();
            let proof = plan.finish(&self.fetch(plan.nodes())).unwrap();
            Continued {
                old_size,
                new_size,
                hashes: Hash::join(proof.hashes()).into(),
            }
        }
    }

    fn kept<R>(number: u64, reply: R) -> [Kept<R>; 1] {
        [Kept { number, reply }]
    }

    #[test]
    fn a_reply_to_an_append_holds_for_the_entry_that_was_sent_only() {
        let log = honest();
        log.checker.appended(&kept(3, log.included(3))).unwrap();
        log.checker.proved(&kept(3, log.included(3)), leaf).unwrap();
        log.checker.appended(&kept(4, log.included(3))).unwrap_err();
        log.checker.proved(&kept(4, log.included(3)), leaf).unwrap_err();
        let mut unsigned = log.included(3);
        unsigned.checkpoint[30] ^= 1;
        log.checker.appended(&kept(3, unsigned)).unwrap_err();
        let mut unproven = log.included(3);
        unproven.hashes[0] ^= 1;
        log.checker.appended(&kept(3, unproven)).unwrap_err();
    }

    #[test]
    fn every_index_is_told_once_and_the_entry_stands_there() {
        let log = honest();
        let told = |indices: &[u64]| -> Vec<Kept<u64>> {
            let numbered = (0..).zip(indices);
            numbered.map(|(number, &reply)| Kept { number, reply }).collect()
        };
        assert_eq!(log.checker.told(&told(&[2, 0, 1])).unwrap().len(), 3);
        for wrong in [&[0, 1, 1][..], &[0, 2], &[1], &[0, 1, 3]] {
            log.checker.told(&told(wrong)).unwrap_err();
        }
        log.checker.stand_where_told(&kept(3, (3, log.included(3)))).unwrap();
        log.checker
            .stand_where_told(&kept(3, (4, log.included(3))))
            .unwrap_err();
        log.checker
            .stand_where_told(&kept(4, (3, log.included(3))))
            .unwrap_err();
    }

    #[test]
    fn a_tile_has_the_hashes_of_what_was_appended() {
        let log = honest();
        let hashes: Vec<Hash> = (256..512).map(leaf).collect();
        let tile = |bytes: Vec<u8>| bytes.into_boxed_slice();
        log.checker.tiles(&kept(1, tile(Hash::join(&hashes))), leaf).unwrap();
        log.checker
            .tiles(&kept(0, tile(Hash::join(&hashes))), leaf)
            .unwrap_err();
        log.checker
            .tiles(&kept(1, tile(Hash::join(&hashes[1..]))), leaf)
            .unwrap_err();
        let mut changed = Hash::join(&hashes);
        changed[8_191] ^= 1;
        log.checker.tiles(&kept(1, tile(changed)), leaf).unwrap_err();
    }

    #[test]
    fn an_acknowledged_run_holds_for_its_entries_only() {
        let log = honest();
        log.checker.acknowledged(&kept(2, log.acknowledged(2, 4))).unwrap();
        log.checker.acknowledged(&kept(1, log.acknowledged(2, 4))).unwrap_err();
        let longer = Acknowledged {
            count: 5,
            ..log.acknowledged(2, 4)
        };
        log.checker.acknowledged(&kept(2, longer)).unwrap_err();
    }

    #[test]
    fn trees_are_computed_from_what_was_appended() {
        let log = honest();
        let newest = &log.checkpoint;
        log.checker
            .continued(&kept(0, log.continued(3, 6)), newest, leaf)
            .unwrap();
        let other = Continued {
            old_size: 4,
            ..log.continued(3, 6)
        };
        log.checker.continued(&kept(0, other), newest, leaf).unwrap_err();
        let changed = |index| if index == 6 { leaf(60) } else { leaf(index) };
        log.checker
            .continued(&kept(0, log.continued(3, 6)), newest, changed)
            .unwrap_err();
    }

    #[test]
    fn a_sample_is_spread_over_the_whole_load() {
        let log = honest();
        let sample = Checker {
            thoroughness: Thoroughness::Sample,
            ..log.checker
        };
        let load: Vec<Kept<()>> = (0..10_000).map(|number| Kept { number, reply: () }).collect();
        let chosen: Vec<u64> = sample.chosen(&load).map(|kept| kept.number).collect();
        assert_eq!((chosen.len(), chosen[0], chosen[SAMPLE - 1]), (SAMPLE, 0, 9_980));
        assert_eq!(sample.chosen(&load[..3]).count(), 3);
    }
}
