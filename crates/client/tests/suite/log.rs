//! A log in memory, which can do what a log must not: forget and rewrite.

use bytes::Bytes;
use indelible_merkle::{CompactRange, Hash, NodeId, plan_batch, proof};
use indelible_note::{SigningKey, sign_checkpoint};

pub(crate) struct Log {
    pub(crate) key: SigningKey,
    entries: Vec<Bytes>,
    /// The perfect nodes, level by level.
    rows: Vec<Vec<Hash>>,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log {
            key: SigningKey::from_seed("example.com/log".parse().unwrap(), [7; 32]),
            entries: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn append(&mut self, entry: Bytes) {
        let mut node = Hash::leaf(&entry);
        self.entries.push(entry);
        for level in 0.. {
            if self.rows.len() == level {
                self.rows.push(Vec::new());
            }
            let row = &mut self.rows[level];
            row.push(node);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => node = Hash::node(left, right),
                _ => break,
            }
        }
    }

    pub(crate) fn truncate(&mut self, size: u64) {
        let kept: Vec<Bytes> = self.entries.drain(..).take(size as usize).collect();
        self.rows.clear();
        kept.into_iter().for_each(|entry| self.append(entry));
    }

    pub(crate) fn rewrite(&mut self, index: u64, entry: Bytes) {
        let mut entries = std::mem::take(&mut self.entries);
        entries[index as usize] = entry;
        self.rows.clear();
        entries.into_iter().for_each(|entry| self.append(entry));
    }

    pub(crate) fn entry(&self, index: u64) -> Bytes {
        self.entries[index as usize].clone()
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.rows[0][index as usize]
    }

    pub(crate) fn find(&self, leaf: Hash) -> Option<u64> {
        let leaves = self.rows.first()?;
        leaves.iter().position(|&other| other == leaf).map(|index| index as u64)
    }

    /// The signed head of the tree when it had this size.
    pub(crate) fn signed(&self, size: u64) -> Bytes {
        let nodes = self.nodes(&CompactRange::nodes_of(size));
        let head = CompactRange::from_hashes(size, nodes).unwrap().head();
        Bytes::copy_from_slice(sign_checkpoint(head, &self.key).note_bytes())
    }

    pub(crate) fn range(&self, start: u64, end: u64, size: u64) -> Vec<Hash> {
        let plan = proof::range(start, end, size).unwrap();
        plan.finish(&self.nodes(plan.nodes())).unwrap().hashes().to_vec()
    }

    pub(crate) fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        let plan = proof::inclusion(index, size).unwrap();
        plan.finish(&self.nodes(plan.nodes())).unwrap().hashes().to_vec()
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        let plan = proof::consistency(old, new).unwrap();
        plan.finish(&self.nodes(plan.nodes())).unwrap().hashes().to_vec()
    }

    /// No hashes for indices that cannot be proved at once.
    pub(crate) fn batch(&self, indices: &[u64], size: u64) -> Vec<Hash> {
        let plan = plan_batch(indices, size);
        plan.map_or_else(|_| Vec::new(), |plan| plan.finish(&self.nodes(plan.nodes())).unwrap())
    }

    fn nodes(&self, ids: &[NodeId]) -> Vec<Hash> {
        let node = |id: &NodeId| self.rows[usize::from(id.level)][id.index as usize];
        ids.iter().map(node).collect()
    }
}
