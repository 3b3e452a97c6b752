//! The service from outside, for whoever measures it: requests go out as they are given, and replies come back unchecked, to be
//! kept and checked later. Whoever wants to know what is in a log uses the crate `indelible-client`, which believes nothing.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use super::generated as wire;
use wire::audit_trail_client::AuditTrailClient;
use wire::transparency_log_client::TransparencyLogClient;

/// One connection to the service, shared by all clones.
#[derive(Clone, Debug)]
pub struct LoadClient {
    stub: TransparencyLogClient<Channel>,
    pub(super) trail: AuditTrailClient<Channel>,
    /// What entries are appended with, if the service wants to know who does.
    bearer: Option<AsciiMetadataValue>,
}

/// What the service says of one entry. Fields that a reply lacks are empty, or 0.
#[derive(Clone, Debug)]
pub struct Included {
    /// Where it stands.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Box<[u8]>,
    /// The joined hashes of the inclusion proof.
    pub hashes: Box<[u8]>,
    /// The signed head that the proof is for.
    pub checkpoint: Box<[u8]>,
}

/// What the service says of a run of entries that it appended.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Index of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The joined hashes of the range proof.
    pub hashes: Box<[u8]>,
    /// The signed head that the proof is for.
    pub checkpoint: Box<[u8]>,
}

/// What the service says of two trees.
#[derive(Clone, Debug)]
pub struct Continued {
    /// Size of the older one.
    pub old_size: u64,
    /// Size of the newer one.
    pub new_size: u64,
    /// The joined hashes of the consistency proof.
    pub hashes: Box<[u8]>,
}

/// What the service says of many entries at once.
#[derive(Clone, Debug)]
pub struct IncludedMany {
    /// Their joined leaf hashes.
    pub leaves: Box<[u8]>,
    /// The joined hashes of the batch proof.
    pub hashes: Box<[u8]>,
    /// The signed head that the proof is for.
    pub checkpoint: Box<[u8]>,
}

/// The acknowledgements of a stream.
#[derive(Debug)]
pub struct Acknowledgements(Streaming<wire::AppendStreamResponse>);

impl LoadClient {
    /// Connects to `http://host:port`.
    pub async fn connect(url: &str) -> Result<LoadClient, tonic::transport::Error> {
        let channel = Channel::from_shared(url.to_owned())
            .expect("the server under load has printed a well-formed URL")
            .connect()
            .await?;
        Ok(LoadClient {
            stub: TransparencyLogClient::new(channel.clone()),
            trail: AuditTrailClient::new(channel).max_decoding_message_size(EVENTS_REPLY_BYTES_MAX),
            bearer: None,
        })
    }

    /// The same connection for whoever appends with this token, which must be ASCII.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> LoadClient {
        let mut value: AsciiMetadataValue = format!("Bearer {token}").parse().expect("a token is ASCII");
        value.set_sensitive(true);
        self.bearer = Some(value);
        self
    }

    /// The newest head's checkpoint.
    pub async fn head(&mut self) -> Result<Box<[u8]>, Status> {
        let reply = self.stub.get_tree_head(wire::GetTreeHeadRequest {}).await?;
        Ok(checkpoint(reply.into_inner().head))
    }

    /// Appends one entry.
    pub async fn append(&mut self, entry: Bytes) -> Result<Included, Status> {
        let request = wire::AppendRequest {
            entry,
            omit_proof: false,
            wait: wire::Wait::Durable.into(),
        };
        let mut request = Request::new(request);
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        let reply = self.stub.append(request).await?.into_inner();
        Ok(Included {
            index: reply.index,
            leaf: kept(&reply.leaf_hash),
            hashes: kept(&reply.proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(reply.head),
        })
    }

    /// Appends several entries.
    pub async fn append_batch(&mut self, entries: Vec<Bytes>) -> Result<Acknowledged, Status> {
        let request = wire::AppendBatchRequest {
            entries,
            wait: wire::Wait::Durable.into(),
        };
        let reply = self.stub.append_batch(request).await?.into_inner();
        Ok(Acknowledged {
            first: reply.first_index,
            count: u64::from(reply.count),
            hashes: kept(&reply.proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(reply.head),
        })
    }

    /// Appends entries as they come.
    pub async fn append_stream(
        &mut self,
        entries: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Acknowledgements, Status> {
        let requests = entries.map(|entry| wire::AppendStreamRequest { entry, held_size: None });
        Ok(Acknowledgements(self.stub.append_stream(requests).await?.into_inner()))
    }

    /// Proves an entry under the newest head.
    pub async fn inclusion(&mut self, index: u64) -> Result<Included, Status> {
        let request = wire::GetInclusionProofRequest {
            entry: Some(wire::get_inclusion_proof_request::Entry::Index(index)),
            tree_size: None,
        };
        let reply = self.stub.get_inclusion_proof(request).await?.into_inner();
        Ok(Included {
            index: reply.index,
            leaf: kept(&reply.leaf_hash),
            hashes: kept(&reply.proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(reply.head),
        })
    }

    /// Proves several entries, given by strictly increasing indices, under the newest head.
    pub async fn inclusions(&mut self, indices: Vec<u64>) -> Result<IncludedMany, Status> {
        let request = wire::GetInclusionProofsRequest {
            indices,
            tree_size: None,
        };
        let reply = self.stub.get_inclusion_proofs(request).await?.into_inner();
        Ok(IncludedMany {
            leaves: kept(&reply.leaf_hashes),
            hashes: kept(&reply.hashes),
            checkpoint: checkpoint(reply.head),
        })
    }

    /// Proves that one tree is the beginning of another.
    pub async fn consistency(&mut self, old_size: u64, new_size: u64) -> Result<Continued, Status> {
        let request = wire::GetConsistencyProofRequest {
            old_size,
            new_size: Some(new_size),
        };
        let reply = self.stub.get_consistency_proof(request).await?.into_inner();
        Ok(Continued {
            old_size: reply.old_size,
            new_size: reply.new_size,
            hashes: kept(&reply.proof.unwrap_or_default().hashes),
        })
    }
}

impl Acknowledgements {
    /// The next acknowledgement; `None` when the service has ended the stream.
    pub async fn next(&mut self) -> Result<Option<Acknowledged>, Status> {
        let reply = self.0.message().await?;
        Ok(reply.map(|reply| Acknowledged {
            first: reply.first_index,
            count: u64::from(reply.count),
            hashes: kept(&reply.proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(reply.head),
        }))
    }
}

pub(super) fn checkpoint(head: Option<wire::SignedTreeHead>) -> Box<[u8]> {
    kept(&head.unwrap_or_default().checkpoint)
}

/// A copy, so that a reply which is kept does not keep the whole buffer that it came in.
pub(super) fn kept(bytes: &Bytes) -> Box<[u8]> {
    bytes.as_ref().into()
}

/// What the service's own limit on its replies about events is.
const EVENTS_REPLY_BYTES_MAX: usize = 48 << 20;
