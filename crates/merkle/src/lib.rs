//! RFC 6962 Merkle trees: hashes, growth, proofs, tiles and entry bundles. Pure: no I/O, no clock, no randomness.
//!
//! * A writer keeps a [`CompactRange`] and gets a [`Growth`] for every run of leaves.
//! * A reader makes proofs with [`proof`]: plan, fetch, finish. [`TileId`] and [`FullTile`] say where nodes are kept,
//!   [`TilePath`] where they are published.
//! * An auditor grows a [`TileEdge`] by the leaf hashes of entry bundles ([`bundle::leaf_hashes`]) and gets every tile of the tree.
//! * A verifier calls [`check_inclusion`], [`check_consistency`], [`check_prefix`], [`check_range`] or [`check_batch`] with a [`TreeHead`]
//!   that it trusts, and gets a value that nothing else can make.
//!
//! Not here: what entries mean, who signs heads (the crate `indelible-note`), where anything is stored.
//!
//! ```
//! use indelible_merkle::{CompactRange, Hash, check_inclusion, proof};
//!
//! // The writer appends three entries.
//! let mut tree = CompactRange::new();
//! let growth = tree.extend(["one", "two", "three"].map(|entry| Hash::leaf(entry.as_bytes())).to_vec());
//!
//! // The reader proves the second one: which nodes, what are they, fold them.
//! let plan = proof::inclusion(1, tree.size())?;
//! let nodes: Vec<Hash> = plan.nodes().iter().filter_map(|&id| growth.node(id)).collect();
//! let proof = plan.finish(&nodes)?;
//!
//! // The verifier has the entry, the proof and a head that it trusts.
//! let included = check_inclusion(Hash::leaf(b"two"), &proof, &tree.head())?;
//! assert_eq!(included.index(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bundle;
pub mod proof;

mod batch;
mod compact;
mod growth;
mod hash;
mod head;
mod node;
mod tile;
mod verify;

pub use batch::{BATCH_MAX, BadBatch, BatchPlan, IncludedMany, check_batch, plan_batch};
pub use bundle::{BadBundle, ENTRY_MAX, EntryTooLong, WrongEntries};
pub use compact::CompactRange;
pub use growth::{Growth, Row};
pub use hash::{Hash, HashLength, WrongCount};
pub use head::TreeHead;
pub use node::{NodeId, cover};
pub use proof::consistency::{ConsistencyPlan, ConsistencyProof, PrefixPlan};
pub use proof::inclusion::{InclusionPlan, InclusionProof};
pub use proof::out_of_tree::OutOfTree;
pub use proof::range::{RangePlan, RangeProof};
pub use tile::{
    BadTilePath, FullTile, TILE_HEIGHT, TILE_WIDTH, Tile, TileContent, TileEdge, TileId, TileLength, TilePath,
};
pub use verify::{
    BadProof, Consistent, Included, IncludedRange, check_consistency, check_inclusion, check_prefix, check_range,
};
