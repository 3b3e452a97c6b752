use std::fmt;

use indelible_merkle::{Hash, IncludedRange, RangeProof, check_range};
use indelible_note::{Receipt, SignedCheckpoint, Verified};

use crate::error::Error;
use crate::misbehavior::{BadAnswer, Misbehavior};
use crate::trust::Trust;
use crate::wire::Acknowledgement;

/// Entries that stand side by side in the log, proved by the log and checked by us.
///
/// One proof stands for all of them. The receipt of each is derived when it is asked for, without hashing; until then a run
/// takes about twice 32 bytes an entry.
pub struct AppendedRun {
    range: IncludedRange,
    head: Verified<SignedCheckpoint>,
}

impl AppendedRun {
    /// The index of the first entry.
    pub fn first_index(&self) -> u64 {
        self.range.start()
    }

    /// How many entries there are, at least one.
    pub fn count(&self) -> u64 {
        self.range.end() - self.range.start()
    }

    /// The head under which they are proved.
    pub fn head(&self) -> &Verified<SignedCheckpoint> {
        &self.head
    }

    /// The receipt of the entry at this index of the log; `None` if it is not in the run. Costs one copied hash for each
    /// level of the tree, and a copy of the head.
    pub fn receipt(&self, index: u64) -> Option<Receipt> {
        let proof = self.range.inclusion(index)?;
        Some(Receipt::new(
            index,
            proof.hashes().to_vec(),
            self.head.clone().into_inner(),
        ))
    }

    /// The receipts of all entries, in their order, each derived as the iterator comes to it.
    pub fn receipts(&self) -> impl Iterator<Item = Receipt> {
        (self.range.start()..self.range.end()).filter_map(|index| self.receipt(index))
    }

    pub(crate) fn range(&self) -> &IncludedRange {
        &self.range
    }

    /// Checks that entries with these leaf hashes are where the service says, and that none of them was there before: an index
    /// below `before` would be that of an older entry.
    pub(crate) fn check(
        acknowledgement: Acknowledgement,
        leaves: &[Hash],
        before: u64,
        trust: &Trust,
    ) -> Result<AppendedRun, Error> {
        let Acknowledgement { first_index, range, .. } = acknowledgement;
        let head = trust.open(&acknowledgement.head)?;
        if first_index < before {
            return Err(BadAnswer::NotNew {
                index: first_index,
                before,
            }
            .into());
        }
        // An end that saturates is beyond every tree.
        let end = first_index.saturating_add(leaves.len() as u64);
        let proof = RangeProof::new(first_index, end, head.head().size, range);
        match check_range(leaves, &proof, &head.head()) {
            Ok(range) => Ok(AppendedRun { range, head }),
            Err(reason) => Err(Misbehavior::Proof { head, reason }.into()),
        }
    }
}

impl fmt::Debug for AppendedRun {
    /// Leaves out the hashes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppendedRun")
            .field("first_index", &self.first_index())
            .field("count", &self.count())
            .field("head", &self.head.head())
            .finish_non_exhaustive()
    }
}
