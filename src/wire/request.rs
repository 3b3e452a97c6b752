//! Requests, from messages to what they mean; whatever can be refused without looking at the log is refused here.

use bytes::Bytes;
use indelible_log::{BadBatch, Batch};
use indelible_merkle::{BATCH_MAX, Hash};
use tonic::Status;

use super::generated as wire;

/// Which entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryName {
    /// By its index.
    Index(u64),
    /// By its leaf hash; the first one that has it.
    Leaf(Hash),
}

/// What an append waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// That it is durable.
    Durable,
    /// That witnesses vouch for it, besides.
    Witnessed,
}

/// Asks for one inclusion proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InclusionQuery {
    /// Which entry.
    pub entry: EntryName,
    /// In which tree; `None` means the newest.
    pub tree_size: Option<u64>,
}

/// Asks for the proof of many entries at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionsQuery {
    /// Strictly increasing, 1 to [`BATCH_MAX`] of them.
    pub indices: Vec<u64>,
    /// In which tree; `None` means the newest.
    pub tree_size: Option<u64>,
}

/// Asks for a consistency proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsistencyQuery {
    /// Size of the older tree.
    pub old_size: u64,
    /// Size of the newer tree; `None` means the newest.
    pub new_size: Option<u64>,
}

/// Asks for entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeQuery {
    /// The first index.
    pub start: u64,
    /// How many at most; at least 1.
    pub count: u64,
}

/// One message of an append stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// The entry.
    pub entry: Bytes,
    /// The head that the client holds, if it wants consistency proofs.
    pub held_size: Option<u64>,
}

impl TryFrom<wire::AppendRequest> for Batch {
    type Error = BadBatch;

    fn try_from(request: wire::AppendRequest) -> Result<Batch, BadBatch> {
        Batch::single(request.entry)
    }
}

impl TryFrom<wire::AppendBatchRequest> for Batch {
    type Error = BadBatch;

    fn try_from(request: wire::AppendBatchRequest) -> Result<Batch, BadBatch> {
        Batch::of(request.entries)
    }
}

/// The field of a request, which is open to values that this version does not know.
impl TryFrom<i32> for Wait {
    type Error = Status;

    fn try_from(wait: i32) -> Result<Wait, Status> {
        match wire::Wait::try_from(wait) {
            Ok(wire::Wait::Durable) => Ok(Wait::Durable),
            Ok(wire::Wait::Witnessed) => Ok(Wait::Witnessed),
            Err(_) => Err(Status::invalid_argument(format!(
                "wait: {wait} is none of DURABLE (0) and WITNESSED (1)"
            ))),
        }
    }
}

impl From<wire::AppendStreamRequest> for StreamEntry {
    fn from(request: wire::AppendStreamRequest) -> StreamEntry {
        StreamEntry {
            entry: request.entry,
            held_size: request.held_size,
        }
    }
}

impl TryFrom<wire::GetInclusionProofRequest> for InclusionQuery {
    type Error = Status;

    fn try_from(request: wire::GetInclusionProofRequest) -> Result<InclusionQuery, Status> {
        use wire::get_inclusion_proof_request::Entry;
        let entry = match request.entry {
            Some(Entry::Index(index)) => EntryName::Index(index),
            Some(Entry::LeafHash(hash)) => EntryName::Leaf(leaf_hash(&hash)?),
            None => {
                return Err(Status::invalid_argument(
                    "entry: one of `index` and `leaf_hash` is required",
                ));
            }
        };
        Ok(InclusionQuery {
            entry,
            tree_size: tree_size(request.tree_size)?,
        })
    }
}

impl TryFrom<wire::GetInclusionProofsRequest> for InclusionsQuery {
    type Error = Status;

    fn try_from(request: wire::GetInclusionProofsRequest) -> Result<InclusionsQuery, Status> {
        let indices = request.indices;
        if indices.is_empty() || indices.len() > BATCH_MAX {
            let got = indices.len();
            return Err(Status::invalid_argument(format!(
                "indices: 1 to {BATCH_MAX} are answered at once, the request has {got}"
            )));
        }
        if let Some(pair) = indices.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (before, after) = (pair[0], pair[1]);
            return Err(Status::invalid_argument(format!(
                "indices: must increase strictly, but {after} follows {before}"
            )));
        }
        Ok(InclusionsQuery {
            indices,
            tree_size: tree_size(request.tree_size)?,
        })
    }
}

impl TryFrom<wire::GetConsistencyProofRequest> for ConsistencyQuery {
    type Error = Status;

    fn try_from(request: wire::GetConsistencyProofRequest) -> Result<ConsistencyQuery, Status> {
        let wire::GetConsistencyProofRequest { old_size, new_size } = request;
        match new_size {
            Some(new) if old_size > new => Err(Status::invalid_argument(format!(
                "old_size ({old_size}) is larger than new_size ({new})"
            ))),
            new_size => Ok(ConsistencyQuery { old_size, new_size }),
        }
    }
}

impl TryFrom<wire::GetEntriesRequest> for RangeQuery {
    type Error = Status;

    fn try_from(request: wire::GetEntriesRequest) -> Result<RangeQuery, Status> {
        match request.count {
            0 => Err(Status::invalid_argument("count: at least 1")),
            count => Ok(RangeQuery {
                start: request.start,
                count,
            }),
        }
    }
}

fn leaf_hash(bytes: &[u8]) -> Result<Hash, Status> {
    Hash::try_from(bytes).map_err(|error| Status::invalid_argument(format!("leaf_hash: {error}")))
}

fn tree_size(size: Option<u64>) -> Result<Option<u64>, Status> {
    match size {
        Some(0) => Err(Status::invalid_argument(
            "tree_size: the empty tree includes nothing; leave it out for the newest tree",
        )),
        size => Ok(size),
    }
}
