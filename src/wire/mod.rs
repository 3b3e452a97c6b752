//! The one door between the wire and the program: requests come in by `TryFrom`, replies go out by `From`, and errors become
//! a status by one match each. No other module names a generated type.

mod client;
mod reply;
mod request;
mod status;

pub use client::{Acknowledged, Acknowledgements, Continued, Included, IncludedMany, LoadClient};
pub use reply::{append_reply, batch_reply, entries_reply, stream_reply};
pub use request::{ConsistencyQuery, EntryName, InclusionQuery, InclusionsQuery, RangeQuery, StreamEntry, Wait};
pub use status::IntoStatus;

/// What is generated: messages, the server trait, and the client's stub.
#[expect(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated from proto/, where the documentation is"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/service/indelible.v1.rs"));
}

pub use generated::transparency_log_server::{TransparencyLog, TransparencyLogServer};
pub use generated::{
    AppendBatchRequest, AppendBatchResponse, AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse,
    ConsistencyProof, GetConsistencyProofRequest, GetConsistencyProofResponse, GetEntriesRequest, GetEntriesResponse,
    GetInclusionProofRequest, GetInclusionProofResponse, GetInclusionProofsRequest, GetInclusionProofsResponse,
    GetTreeHeadRequest, GetTreeHeadResponse, InclusionProof, RangeProof, SignedTreeHead, WatchTreeHeadsRequest,
    WatchTreeHeadsResponse,
};

/// The compiled descriptions of all of proto/, as reflection serves them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
