//! Replies, from values to messages.

use bytes::Bytes;
use indelible_log::{Ack, Head};
use indelible_merkle::{ConsistencyProof, Hash, InclusionProof, RangeProof};

use super::generated as wire;
use crate::follow::Vouched;
use crate::proofs::{ConsistencyAnswer, InclusionAnswer, InclusionsAnswer};

/// The reply to a single append; without `proof` if the client declined it.
pub fn append_reply(vouched: &Vouched, leaf: Hash, proof: Option<&InclusionProof>) -> wire::AppendResponse {
    let Vouched { ack, witnessed } = vouched;
    wire::AppendResponse {
        index: ack.first,
        leaf_hash: bytes_of(&leaf),
        head: Some((&ack.head).into()),
        proof: proof.map(Into::into),
        witnessed: *witnessed,
    }
}

/// The reply to a batch.
pub fn batch_reply(vouched: &Vouched, proof: &RangeProof) -> wire::AppendBatchResponse {
    let Vouched { ack, witnessed } = vouched;
    wire::AppendBatchResponse {
        first_index: ack.first,
        count: count_of(ack),
        head: Some((&ack.head).into()),
        proof: Some(proof.into()),
        witnessed: *witnessed,
    }
}

/// One acknowledgement of a stream; with `consistency` if the client named the head that it holds.
pub fn stream_reply(
    ack: &Ack,
    proof: &RangeProof,
    consistency: Option<&ConsistencyProof>,
) -> wire::AppendStreamResponse {
    wire::AppendStreamResponse {
        first_index: ack.first,
        count: count_of(ack),
        head: Some((&ack.head).into()),
        proof: Some(proof.into()),
        consistency: consistency.map(Into::into),
    }
}

impl From<&Head> for wire::GetTreeHeadResponse {
    fn from(head: &Head) -> wire::GetTreeHeadResponse {
        wire::GetTreeHeadResponse {
            head: Some(head.into()),
        }
    }
}

impl From<&Head> for wire::WatchTreeHeadsResponse {
    fn from(head: &Head) -> wire::WatchTreeHeadsResponse {
        wire::WatchTreeHeadsResponse {
            head: Some(head.into()),
        }
    }
}

impl From<InclusionAnswer> for wire::GetInclusionProofResponse {
    fn from(answer: InclusionAnswer) -> wire::GetInclusionProofResponse {
        wire::GetInclusionProofResponse {
            index: answer.proof.index(),
            tree_size: answer.proof.size(),
            leaf_hash: bytes_of(&answer.leaf),
            proof: Some((&answer.proof).into()),
            head: answer.head.as_ref().map(Into::into),
        }
    }
}

impl From<InclusionsAnswer> for wire::GetInclusionProofsResponse {
    fn from(answer: InclusionsAnswer) -> wire::GetInclusionProofsResponse {
        wire::GetInclusionProofsResponse {
            tree_size: answer.tree_size,
            leaf_hashes: joined(&answer.leaves),
            hashes: joined(&answer.hashes),
            head: answer.head.as_ref().map(Into::into),
        }
    }
}

impl From<ConsistencyAnswer> for wire::GetConsistencyProofResponse {
    fn from(answer: ConsistencyAnswer) -> wire::GetConsistencyProofResponse {
        wire::GetConsistencyProofResponse {
            old_size: answer.proof.old_size(),
            new_size: answer.proof.new_size(),
            proof: Some((&answer.proof).into()),
            head: answer.head.as_ref().map(Into::into),
        }
    }
}

/// Entries of which the first has the index `first_index`.
pub fn entries_reply(first_index: u64, entries: Vec<Bytes>) -> wire::GetEntriesResponse {
    wire::GetEntriesResponse { first_index, entries }
}

impl From<&Head> for wire::SignedTreeHead {
    fn from(head: &Head) -> wire::SignedTreeHead {
        wire::SignedTreeHead {
            checkpoint: head.note_bytes(),
        }
    }
}

impl From<&InclusionProof> for wire::InclusionProof {
    fn from(proof: &InclusionProof) -> wire::InclusionProof {
        wire::InclusionProof {
            hashes: joined(proof.hashes()),
        }
    }
}

impl From<&RangeProof> for wire::RangeProof {
    fn from(proof: &RangeProof) -> wire::RangeProof {
        wire::RangeProof {
            hashes: joined(proof.hashes()),
        }
    }
}

impl From<&ConsistencyProof> for wire::ConsistencyProof {
    fn from(proof: &ConsistencyProof) -> wire::ConsistencyProof {
        wire::ConsistencyProof {
            hashes: joined(proof.hashes()),
        }
    }
}

fn joined(hashes: &[Hash]) -> Bytes {
    Hash::join(hashes).into()
}

fn bytes_of(hash: &Hash) -> Bytes {
    Bytes::copy_from_slice(hash.as_bytes())
}

/// A run has at most what one commit takes: 4 MiB at 4 bytes an entry.
fn count_of(ack: &Ack) -> u32 {
    u32::try_from(ack.count).expect("a commit has at most some million entries")
}
