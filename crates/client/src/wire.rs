//! The service as the client sees it: the only place that names generated types. What goes in and comes out are our own
//! types; everything that comes out is a claim, and is checked elsewhere.

mod audit;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::Hash;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::credential::{Authorized, Shown};
use crate::error::Error;
use crate::misbehavior::BadAnswer;
pub(crate) use audit::{EntryAnswer, EventAnswer, MemberAnswer, SubmittedAnswer, SubmittedEntry};
use pb::audit_trail_client::AuditTrailClient;
use pb::transparency_log_client::TransparencyLogClient;

#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code; only this file can see it"
)]
mod pb {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}

/// One connection to the service, shared by all clones. Every call ends within the timeout.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    stub: TransparencyLogClient<Authorized>,
    trail: AuditTrailClient<Authorized>,
    timeout: Duration,
    shown: Shown,
}

impl Service {
    pub(crate) fn new(channel: Authorized, timeout: Duration) -> Service {
        Service {
            shown: channel.shown(),
            stub: TransparencyLogClient::new(channel.clone()),
            trail: AuditTrailClient::new(channel).max_decoding_message_size(audit::REPLY_BYTES_MAX),
            timeout,
        }
    }

    /// How long to wait for an answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The note of the head that the log serves.
    pub(crate) async fn newest_head(&self) -> Result<HeadNote, Error> {
        let mut stub = self.stub.clone();
        let reply = self.answered(stub.get_tree_head(pb::GetTreeHeadRequest {})).await?;
        Ok(HeadNote::of(reply.head)?)
    }

    /// The note of the newest head that the log has signed. It stands beside the proof from the empty tree, which is empty.
    pub(crate) async fn newest_signed_head(&self) -> Result<HeadNote, Error> {
        let mut stub = self.stub.clone();
        let request = pb::GetConsistencyProofRequest {
            old_size: 0,
            new_size: None,
        };
        let reply = self.answered(stub.get_consistency_proof(request)).await?;
        Ok(HeadNote::of(reply.head)?)
    }

    /// The newest head now, and again whenever it has changed.
    pub(crate) async fn watch_heads(&self) -> Result<Incoming<HeadNote>, Error> {
        let mut stub = self.stub.clone();
        let stream = self
            .answered(stub.watch_tree_heads(pb::WatchTreeHeadsRequest {}))
            .await?;
        Ok(self.incoming(stream))
    }

    /// The hashes of the consistency proof between two trees, or the words in which the server denies that it has them.
    pub(crate) async fn consistency(&self, old_size: u64, new_size: u64) -> Result<Result<Vec<Hash>, String>, Error> {
        let mut stub = self.stub.clone();
        let request = pb::GetConsistencyProofRequest {
            old_size,
            new_size: Some(new_size),
        };
        let reply = match self.answered(stub.get_consistency_proof(request)).await {
            Ok(reply) => reply,
            Err(Error::Refused {
                code: Code::OutOfRange,
                message,
            }) => return Ok(Err(message)),
            Err(error) => return Err(error),
        };
        same_size(old_size, reply.old_size)?;
        same_size(new_size, reply.new_size)?;
        Ok(Ok(consistency_hashes(reply.proof)?))
    }

    /// Where an entry is in the newest tree, with the proof.
    pub(crate) async fn inclusion(&self, entry: Subject) -> Result<Inclusion, Error> {
        let mut stub = self.stub.clone();
        let request = pb::GetInclusionProofRequest {
            entry: Some(match entry {
                Subject::Index(index) => pb::get_inclusion_proof_request::Entry::Index(index),
                Subject::Leaf(leaf) => {
                    pb::get_inclusion_proof_request::Entry::LeafHash(Bytes::copy_from_slice(leaf.as_bytes()))
                }
            }),
            tree_size: None,
        };
        let reply = self.answered(stub.get_inclusion_proof(request)).await?;
        let proof = reply.proof.ok_or(BadAnswer::Missing { field: "proof" })?;
        let bad_leaf = |reason| BadAnswer::Hashes {
            field: "leaf_hash",
            reason,
        };
        Ok(Inclusion {
            index: reply.index,
            tree_size: reply.tree_size,
            leaf: Hash::try_from(&reply.leaf_hash[..]).map_err(bad_leaf)?,
            hashes: hashes("proof", &proof.hashes)?,
            head: HeadNote::of(reply.head)?,
        })
    }

    /// The leaf hashes at these indices, with one proof for all: in the tree of that size, or in the newest one.
    pub(crate) async fn inclusions(&self, indices: Vec<u64>, tree_size: Option<u64>) -> Result<Inclusions, Error> {
        let mut stub = self.stub.clone();
        let request = pb::GetInclusionProofsRequest { indices, tree_size };
        let reply = self.answered(stub.get_inclusion_proofs(request)).await?;
        Ok(Inclusions {
            tree_size: reply.tree_size,
            leaves: hashes("leaf_hashes", &reply.leaf_hashes)?,
            hashes: hashes("hashes", &reply.hashes)?,
            head: reply.head.map(HeadNote::from),
        })
    }

    /// The entries `[start, start + count)`.
    pub(crate) async fn entries(&self, start: u64, count: u64) -> Result<Incoming<EntryRun>, Error> {
        let mut stub = self.stub.clone();
        let stream = self
            .answered(stub.get_entries(pb::GetEntriesRequest { start, count }))
            .await?;
        Ok(self.incoming(stream))
    }

    /// Appends all of the entries or none.
    pub(crate) async fn append_batch(&self, entries: Vec<Bytes>) -> Result<Acknowledgement, Error> {
        let mut stub = self.stub.clone();
        let wait = pb::Wait::Durable.into();
        let reply = self
            .answered(stub.append_batch(pb::AppendBatchRequest { entries, wait }))
            .await?;
        Acknowledgement::of_batch(reply)
    }

    /// The same, and waits for witnesses: whether the service says that enough of them vouch for the head.
    pub(crate) async fn append_batch_witnessed(
        &self,
        entries: Vec<Bytes>,
        within: Duration,
    ) -> Result<(Acknowledgement, bool), Error> {
        let mut stub = self.stub.clone();
        let wait = pb::Wait::Witnessed.into();
        let mut request = Request::new(pb::AppendBatchRequest { entries, wait });
        request.set_timeout(within.saturating_add(SLACK));
        let timeout = within.saturating_add(self.timeout);
        let reply = self.answered_within(timeout, stub.append_batch(request)).await?;
        let witnessed = reply.witnessed;
        Ok((Acknowledgement::of_batch(reply)?, witnessed))
    }

    /// Appends entries as they come; dropping the sender ends the client's side.
    pub(crate) async fn append_stream(
        &self,
        entries: UnboundedReceiver<StreamedEntry>,
    ) -> Result<Incoming<Acknowledgement>, Error> {
        let mut stub = self.stub.clone();
        let entries = UnboundedReceiverStream::new(entries)
            .map(|StreamedEntry { entry, held_size }| pb::AppendStreamRequest { entry, held_size });
        let stream = self.answered(stub.append_stream(entries)).await?;
        Ok(self.incoming(stream))
    }

    /// Waits for the answer to a call, or for the first sign of a stream.
    async fn answered<M>(&self, call: impl Future<Output = Result<Response<M>, Status>>) -> Result<M, Error> {
        self.answered_within(self.timeout, call).await
    }

    async fn answered_within<M>(
        &self,
        after: Duration,
        call: impl Future<Output = Result<Response<M>, Status>>,
    ) -> Result<M, Error> {
        match tokio::time::timeout(after, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(Error::of_status(status, self.shown)),
            Err(_elapsed) => Err(Error::TimedOut { after }),
        }
    }

    fn incoming<A: Answer>(&self, stream: Streaming<A::Message>) -> Incoming<A> {
        Incoming {
            stream,
            shown: self.shown,
        }
    }
}

/// How an entry is named when its proof is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Index(u64),
    Leaf(Hash),
}

/// What goes into an append stream.
#[derive(Debug)]
pub(crate) struct StreamedEntry {
    pub(crate) entry: Bytes,
    /// In the first message only: the size of the head from which consistency is to be proved.
    pub(crate) held_size: Option<u64>,
}

/// What should be the bytes of a signed head.
#[derive(Debug)]
pub(crate) struct HeadNote(pub(crate) Bytes);

/// That the entries sent are in the tree, side by side.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    pub(crate) first_index: u64,
    pub(crate) count: u32,
    pub(crate) head: HeadNote,
    pub(crate) range: Vec<Hash>,
    /// In streams only.
    pub(crate) consistency: Option<Vec<Hash>>,
}

/// That one entry is in the tree.
#[derive(Debug)]
pub(crate) struct Inclusion {
    pub(crate) index: u64,
    pub(crate) tree_size: u64,
    pub(crate) leaf: Hash,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) head: HeadNote,
}

/// That many entries are in the tree.
#[derive(Debug)]
pub(crate) struct Inclusions {
    pub(crate) tree_size: u64,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) hashes: Vec<Hash>,
    /// Absent if the tree is not the newest one.
    pub(crate) head: Option<HeadNote>,
}

/// Some entries, side by side.
#[derive(Debug)]
pub(crate) struct EntryRun {
    pub(crate) first_index: u64,
    pub(crate) entries: Vec<Bytes>,
}

/// The service's side of a stream.
#[derive(Debug)]
pub(crate) struct Incoming<A: Answer> {
    stream: Streaming<A::Message>,
    shown: Shown,
}

impl<A: Answer> Incoming<A> {
    /// The next answer; `None` when the service has ended the stream. Losing the future loses no answer.
    pub(crate) async fn next(&mut self) -> Result<Option<A>, Error> {
        match self.stream.message().await {
            Ok(Some(message)) => Ok(Some(A::of(message)?)),
            Ok(None) => Ok(None),
            Err(status) => Err(Error::of_status(status, self.shown)),
        }
    }
}

/// What a message of a stream says.
pub(crate) trait Answer: Sized {
    type Message: prost::Message + Default + 'static;

    fn of(message: Self::Message) -> Result<Self, BadAnswer>;
}

impl Answer for HeadNote {
    type Message = pb::WatchTreeHeadsResponse;

    fn of(message: Self::Message) -> Result<Self, BadAnswer> {
        HeadNote::of(message.head)
    }
}

impl Answer for Acknowledgement {
    type Message = pb::AppendStreamResponse;

    fn of(message: Self::Message) -> Result<Self, BadAnswer> {
        Ok(Acknowledgement {
            first_index: message.first_index,
            count: message.count,
            head: HeadNote::of(message.head)?,
            range: range_hashes(message.proof)?,
            consistency: Some(consistency_hashes(message.consistency)?),
        })
    }
}

impl Acknowledgement {
    fn of_batch(reply: pb::AppendBatchResponse) -> Result<Acknowledgement, Error> {
        Ok(Acknowledgement {
            first_index: reply.first_index,
            count: reply.count,
            head: HeadNote::of(reply.head)?,
            range: range_hashes(reply.proof)?,
            consistency: None,
        })
    }
}

impl Answer for EntryRun {
    type Message = pb::GetEntriesResponse;

    fn of(message: Self::Message) -> Result<Self, BadAnswer> {
        Ok(EntryRun {
            first_index: message.first_index,
            entries: message.entries,
        })
    }
}

impl HeadNote {
    fn of(head: Option<pb::SignedTreeHead>) -> Result<HeadNote, BadAnswer> {
        head.map(HeadNote::from).ok_or(BadAnswer::Missing { field: "head" })
    }
}

impl From<pb::SignedTreeHead> for HeadNote {
    fn from(head: pb::SignedTreeHead) -> HeadNote {
        HeadNote(head.checkpoint)
    }
}

fn range_hashes(proof: Option<pb::RangeProof>) -> Result<Vec<Hash>, BadAnswer> {
    hashes("proof", &proof.ok_or(BadAnswer::Missing { field: "proof" })?.hashes)
}

fn consistency_hashes(proof: Option<pb::ConsistencyProof>) -> Result<Vec<Hash>, BadAnswer> {
    let proof = proof.ok_or(BadAnswer::Missing { field: "consistency" })?;
    hashes("consistency", &proof.hashes)
}

fn hashes(field: &'static str, joined: &[u8]) -> Result<Vec<Hash>, BadAnswer> {
    Hash::split(joined).map_err(|reason| BadAnswer::Hashes { field, reason })
}

fn same_size(asked: u64, answered: u64) -> Result<(), BadAnswer> {
    if asked == answered {
        Ok(())
    } else {
        Err(BadAnswer::Size { asked, answered })
    }
}

/// What the service, which answers a little before the time that it is given, takes off that time.
const SLACK: Duration = Duration::from_millis(500);
