//! A log that grows, or lies, as a test wants it to: heads, proofs, requests.

use indelible_merkle::{CompactRange, ConsistencyProof, Growth, Hash, TreeHead, proof};
use indelible_note::witness::{Request, checkpoint_path};
use indelible_note::{SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint};

/// All heads of one history of a log.
pub(crate) struct Log {
    pub(crate) key: SigningKey,
    growth: Growth,
    heads: Vec<TreeHead>,
}

impl Log {
    /// The log with this first entry and this many in all. Logs with another first entry are another history of the same log.
    pub(crate) fn new(first: &str, size: u64) -> Log {
        Log::named("test.example/log", first, size)
    }

    pub(crate) fn named(name: &str, first: &str, size: u64) -> Log {
        let leaf = |index: u64| match index {
            0 => Hash::leaf(first.as_bytes()),
            index => Hash::leaf(format!("entry {index}").as_bytes()),
        };
        let mut tree = CompactRange::new();
        let mut heads = vec![TreeHead::EMPTY];
        for index in 0..size {
            tree.extend(vec![leaf(index)]);
            heads.push(tree.head());
        }
        Log {
            key: SigningKey::from_seed(name.parse().unwrap(), [7; 32]),
            growth: CompactRange::new().extend((0..size).map(leaf).collect()),
            heads,
        }
    }

    pub(crate) fn vkey(&self) -> VerifierKey {
        self.key.verifier()
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        self.heads[usize::try_from(size).unwrap()]
    }

    pub(crate) fn checkpoint(&self, size: u64) -> Verified<SignedCheckpoint> {
        sign_checkpoint(self.head(size), &self.key)
    }

    pub(crate) fn proof(&self, old: u64, new: u64) -> ConsistencyProof {
        let plan = proof::consistency(old, new).unwrap();
        let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| self.growth.node(id).unwrap()).collect();
        plan.finish(&nodes).unwrap()
    }

    /// The body of the request that proves from `old` to `new`.
    pub(crate) fn request(&self, old: u64, new: u64) -> String {
        Request::new(self.proof(old, new), self.checkpoint(new).into_inner()).to_string()
    }

    /// The body of a request with any proof.
    pub(crate) fn request_with(&self, old: u64, hashes: Vec<Hash>, head: TreeHead) -> String {
        let proof = ConsistencyProof::new(old, head.size, hashes);
        Request::new(proof, sign_checkpoint(head, &self.key).into_inner()).to_string()
    }

    /// Where a witness publishes what it cosigned.
    pub(crate) fn path(&self) -> String {
        format!("/{}", checkpoint_path(self.vkey().name()))
    }
}
