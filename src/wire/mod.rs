//! The one door between the wire and the program: requests come in by `TryFrom`, replies go out by `From`, and errors become
//! a status by one match each. No other module names a generated type.

mod client;
mod codec;
mod reply;
mod request;
mod status;
mod trail;

pub use client::{Acknowledged, Acknowledgements, Continued, Included, IncludedMany, LoadClient};
pub use codec::{CountingDecoder, RequestCodec};
pub use reply::{append_reply, batch_reply, entries_reply, stream_reply};
pub use request::{ConsistencyQuery, EntryName, InclusionQuery, InclusionsQuery, RangeQuery, StreamEntry, Wait};
pub use status::IntoStatus;
pub use trail::{
    BadSubmission, BadSubmissionReason, Content, EventFilter, ExportQuery, LoadEvent, LoadedEvent, LoadedRun,
    SubmittedEvent, SubmittedRun, WatchQuery, event_reply, piece_reply, submission, submissions, submissions_weight,
    submit_reply, watch_reply,
};

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

pub use generated::audit_trail_server::{AuditTrail, AuditTrailServer};
pub use generated::transparency_log_server::{TransparencyLog, TransparencyLogServer};
pub use generated::{
    AppendBatchRequest, AppendBatchResponse, AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse,
    ConsistencyProof, ExportRequest, ExportResponse, GetConsistencyProofRequest, GetConsistencyProofResponse,
    GetEntriesRequest, GetEntriesResponse, GetEventRequest, GetEventResponse, GetInclusionProofRequest,
    GetInclusionProofResponse, GetInclusionProofsRequest, GetInclusionProofsResponse, GetTreeHeadRequest,
    GetTreeHeadResponse, InclusionProof, RangeProof, SignedTreeHead, Submission as SubmissionMessage,
    SubmitBatchRequest, SubmitBatchResponse, SubmitRequest, SubmitResponse, SubmitStreamRequest, SubmitStreamResponse,
    WatchRequest, WatchResponse, WatchTreeHeadsRequest, WatchTreeHeadsResponse,
};

/// The compiled descriptions of all of proto/, as reflection serves them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
