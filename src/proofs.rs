//! Answers to those who ask for proofs: plan, fetch, finish.
//!
//! The plan says which nodes; they come from memory if they are there, as those of the right edge always are, else from the
//! object store, on a thread that may block; the plan folds them.

use std::sync::Arc;

use indelible_index::{IndexError, LeafIndex};
use indelible_log::{Ack, Head, ReadError, Reader};
use indelible_merkle::{
    BatchPlan, ConsistencyProof, Hash, InclusionProof, NodeId, OutOfTree, RangeProof, WrongCount, plan_batch, proof,
};
use tokio::sync::{Semaphore, watch};

use crate::task::blocking;
use crate::wire::{ConsistencyQuery, EntryName, InclusionQuery, InclusionsQuery};

/// Proves what the log holds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Proofs {
    reader: Reader,
    /// The heads that are served.
    heads: watch::Receiver<Head>,
    leaves: Option<Arc<LeafIndex>>,
    /// Places for those who read the object store.
    places: Arc<Semaphore>,
}

/// That one entry is in a tree.
#[derive(Debug)]
pub struct InclusionAnswer {
    /// Where, and in which tree.
    pub proof: InclusionProof,
    /// The entry's leaf hash.
    pub leaf: Hash,
    /// The signed head, if it is that of the tree that is served, or of the newest.
    pub head: Option<Head>,
}

/// That many entries are in a tree.
#[derive(Debug)]
pub struct InclusionsAnswer {
    /// Size of the tree.
    pub tree_size: u64,
    /// The leaf hashes, in the order of the indices.
    pub leaves: Vec<Hash>,
    /// The multiproof.
    pub hashes: Vec<Hash>,
    /// The signed head, if it is that of the tree that is served, or of the newest.
    pub head: Option<Head>,
}

/// That one tree is the beginning of another.
#[derive(Debug)]
pub struct ConsistencyAnswer {
    /// From which size to which.
    pub proof: ConsistencyProof,
    /// The signed head of the newer tree, if it is that of the tree that is served, or of the newest.
    pub head: Option<Head>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A size beyond the newest head.
    #[error("{field} ({asked}) is beyond the newest head, of size {size}")]
    BeyondHead {
        /// Which field of the request.
        field: &'static str,
        /// The size that was asked for.
        asked: u64,
        /// Size of the newest head.
        size: u64,
    },
    /// An index that the tree asked for does not have.
    #[error("index {index} is beyond the tree of size {size}")]
    BeyondTree {
        /// The index.
        index: u64,
        /// Size of that tree.
        size: u64,
    },
    /// No entry of the tree has this leaf hash.
    #[error("no entry of the tree of size {size} has the leaf hash {leaf}")]
    UnknownLeaf {
        /// The leaf hash.
        leaf: Hash,
        /// Size of the tree.
        size: u64,
    },
    /// The leaf index has not seen the whole tree yet.
    #[error("the leaf index has {indexed} of the tree's {size} entries, and none with this leaf hash; ask again soon")]
    IndexLags {
        /// Entries in the index.
        indexed: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The leaf index names an entry that has another leaf hash: its file was damaged.
    #[error("the leaf index has the leaf hash {leaf} at index {index}, where the log has another")]
    IndexWrong {
        /// What the index says.
        index: u64,
        /// The leaf hash that was asked for.
        leaf: Hash,
    },
    /// The service keeps no leaf index.
    #[error("this log keeps no index of leaf hashes; ask by index")]
    NoIndex,
    /// The leaf index failed.
    #[error("the leaf index failed: {0}")]
    Index(#[from] IndexError),
    /// The tree could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Proofs {
    /// Proofs of the tree that `reader` reads; by leaf hash too if there is an index of them.
    pub fn new(reader: Reader, leaves: Option<Arc<LeafIndex>>) -> Proofs {
        Proofs {
            heads: reader.heads(),
            reader,
            leaves,
            places: Arc::new(Semaphore::new(READS_AT_ONCE)),
        }
    }

    /// Proofs that come with these heads where they can: the log serves others than its newest.
    pub fn serving(self, heads: watch::Receiver<Head>) -> Proofs {
        Proofs { heads, ..self }
    }

    /// That one entry is in a tree.
    pub async fn inclusion(&self, query: InclusionQuery) -> Result<InclusionAnswer, ProofError> {
        let tree = self.tree("tree_size", query.tree_size)?;
        let index = match query.entry {
            EntryName::Index(index) => index,
            EntryName::Leaf(leaf) => self.index_of(leaf, tree.size).await?,
        };
        let Tree { size, head } = self.with_entry(index, tree, query.tree_size);
        let plan = proof::inclusion(index, size).map_err(|_| ProofError::BeyondTree { index, size })?;
        let leaf = NodeId { level: 0, index };
        let nodes = plan.nodes().iter().copied().chain([leaf]).collect();
        let mut hashes = self.fetch(nodes).await?;
        let leaf = hashes.pop().expect("the leaf was asked for last");
        if let EntryName::Leaf(asked) = query.entry
            && asked != leaf
        {
            return Err(ProofError::IndexWrong { index, leaf: asked });
        }
        Ok(InclusionAnswer {
            proof: finished(plan.finish(&hashes)),
            leaf,
            head,
        })
    }

    /// That many entries are in a tree.
    pub async fn inclusions(&self, query: InclusionsQuery) -> Result<InclusionsAnswer, ProofError> {
        let tree = self.tree("tree_size", query.tree_size)?;
        let last = *query.indices.last().expect("a query has at least 1 index");
        let Tree { size: tree_size, head } = self.with_entry(last, tree, query.tree_size);
        if last >= tree_size {
            return Err(ProofError::BeyondTree {
                index: last,
                size: tree_size,
            });
        }
        let plan: BatchPlan =
            plan_batch(&query.indices, tree_size).expect("the query's indices increase and are in the tree");
        let leaves = query.indices.iter().map(|index| NodeId {
            level: 0,
            index: *index,
        });
        let nodes = plan.nodes().iter().copied().chain(leaves).collect();
        let mut hashes = self.fetch(nodes).await?;
        let leaves = hashes.split_off(plan.nodes().len());
        Ok(InclusionsAnswer {
            tree_size,
            leaves,
            hashes: finished(plan.finish(&hashes)),
            head,
        })
    }

    /// That one tree is the beginning of another.
    pub async fn consistency(&self, query: ConsistencyQuery) -> Result<ConsistencyAnswer, ProofError> {
        let Tree { size: new, head } = self.tree("new_size", query.new_size)?;
        let old = query.old_size;
        let beyond = |_: OutOfTree| ProofError::BeyondHead {
            field: "old_size",
            asked: old,
            size: new,
        };
        let plan = proof::consistency(old, new).map_err(beyond)?;
        let hashes = self.fetch(plan.nodes().to_vec()).await?;
        Ok(ConsistencyAnswer {
            proof: finished(plan.finish(&hashes)),
            head,
        })
    }

    /// That the one entry of an acknowledgement is in the tree of its head.
    pub async fn acknowledged_entry(&self, ack: &Ack) -> Result<InclusionProof, ProofError> {
        let plan =
            proof::inclusion(ack.first, ack.head.size()).expect("an acknowledged entry is in the tree of its head");
        let hashes = self.fetch(plan.nodes().to_vec()).await?;
        Ok(finished(plan.finish(&hashes)))
    }

    /// That the run of an acknowledgement is in the tree of its head.
    pub async fn acknowledged_run(&self, ack: &Ack) -> Result<RangeProof, ProofError> {
        let plan = proof::range(ack.first, ack.first + ack.count, ack.head.size());
        let plan = plan.expect("an acknowledged run is in the tree of its head");
        let hashes = self.fetch(plan.nodes().to_vec()).await?;
        Ok(finished(plan.finish(&hashes)))
    }

    /// The tree of the size asked for, or the newest published one.
    fn tree(&self, field: &'static str, asked: Option<u64>) -> Result<Tree, ProofError> {
        // Read in this order, so that the one that is served is no newer.
        let served = self.heads.borrow().clone();
        let newest = self.reader.head();
        let size = newest.size();
        match asked {
            Some(asked) if asked > size => Err(ProofError::BeyondHead { field, asked, size }),
            asked => {
                let size = asked.unwrap_or(size);
                // The one that is served may have more signatures.
                let head = [served, newest].into_iter().find(|head| head.size() == size);
                Ok(Tree { size, head })
            }
        }
    }

    /// The tree of the head that is served instead, if nobody asked for another and it has the entry.
    fn with_entry(&self, index: u64, tree: Tree, asked: Option<u64>) -> Tree {
        let served = self.heads.borrow();
        match asked.is_none() && index < served.size() {
            true => Tree {
                size: served.size(),
                head: Some(served.clone()),
            },
            false => tree,
        }
    }

    async fn index_of(&self, leaf: Hash, size: u64) -> Result<u64, ProofError> {
        let leaves = self.leaves.clone().ok_or(ProofError::NoIndex)?;
        let (found, indexed) = blocking(move || {
            // The watermark is read first: what it covers, the look-up sees.
            let indexed = leaves.indexed_size()?;
            Ok::<_, IndexError>((leaves.first_index(&leaf)?, indexed))
        })
        .await?;
        match found {
            Some(index) if index < size => Ok(index),
            None if indexed + LAG_MAX < size => Err(ProofError::IndexLags { indexed, size }),
            None if indexed < size => self.search(leaf, indexed, size).await,
            _ => Err(ProofError::UnknownLeaf { leaf, size }),
        }
    }

    /// Looks for a leaf among those that the index does not have yet.
    async fn search(&self, leaf: Hash, indexed: u64, size: u64) -> Result<u64, ProofError> {
        let reader = self.reader.clone();
        let newest = blocking(move || reader.leaf_hashes(indexed, size)).await?;
        let found = (indexed..).zip(newest).find(|(_, hash)| *hash == leaf);
        found
            .map(|(index, _)| index)
            .ok_or(ProofError::UnknownLeaf { leaf, size })
    }

    async fn fetch(&self, nodes: Vec<NodeId>) -> Result<Vec<Hash>, ReadError> {
        let few = nodes.len() <= NODES_AT_ONCE;
        match few.then(|| self.reader.nodes_at_hand(&nodes)).flatten() {
            Some(hashes) => Ok(hashes),
            None => {
                let _place = self.places.acquire().await.expect("the places are never closed");
                let reader = self.reader.clone();
                blocking(move || reader.nodes(&nodes)).await
            }
        }
    }
}

/// Nodes that are put together between two awaits: those of any proof for one entry or between two sizes, some 10 us of work.
const NODES_AT_ONCE: usize = 128;

/// Proofs that read the object store at the same time: enough to keep any disk busy. A thread for each of hundreds of requests
/// would be slower, and each would keep memory of its own.
const READS_AT_ONCE: usize = 8;

/// Leaves that are compared one by one when the index does not have them yet: some 100 us, and more than a log that is not busy
/// gets between two steps of the index.
const LAG_MAX: u64 = 16_384;

/// A tree, and its head if that is at hand.
struct Tree {
    size: u64,
    head: Option<Head>,
}

fn finished<T>(proof: Result<T, WrongCount>) -> T {
    proof.expect("as many hashes were fetched as were planned")
}
