//! What the transport allows: the product's own server over handlers that do nothing, with replies as long as the real ones.

mod pages;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, Empty};
use futures_util::{FutureExt, StreamExt, stream};
use indelible_merkle::{Hash, OutOfTree, TreeHead, WrongCount, proof};
use indelible_note::{SigningKey, sign_checkpoint};
use tonic::{Request, Response, Status, Streaming};

use super::entries::BATCH_ENTRIES;
use super::place::ORIGIN;
use crate::cmd::Failure;
use crate::config::Config;
use crate::http::{Health, Pages};
use crate::net::{self, Limits, Listening};
use crate::observe::Observer;
use crate::wire::{
    AppendBatchRequest, AppendBatchResponse, AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse,
    ConsistencyProof, GetConsistencyProofRequest, GetConsistencyProofResponse, GetEntriesRequest, GetEntriesResponse,
    GetInclusionProofRequest, GetInclusionProofResponse, GetInclusionProofsRequest, GetInclusionProofsResponse,
    GetTreeHeadRequest, GetTreeHeadResponse, InclusionProof, RangeProof, SignedTreeHead, TransparencyLog,
    WatchTreeHeadsRequest, WatchTreeHeadsResponse,
};
use crate::{grpc, http};

/// Serves empty handlers for ever, on a free port of this machine. Replies are as long as those of a log of `size` entries.
pub(super) async fn serve(size: u64) -> Result<(), Failure> {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    let nothing = Nothing::of(size)?;
    let added = pages::routes(nothing.size);
    let (routes, _reporter) = grpc::routes(nothing, None);
    let pages = Pages {
        checkpoint: Arc::new(Bytes::new),
        health: Arc::new(|| Health::Serving),
    };
    let listening = Listening::bind(config.listen, None).await?;
    let known_hosts = listening.known_hosts(&config.hosts);
    let timeout = Duration::from_secs(u64::from(config.request_timeout_seconds));
    let observer = Observer::default();
    let app = net::application(
        routes,
        http::routes(pages).merge(added),
        known_hosts,
        timeout,
        &observer,
    );
    eprintln!("indelible: serving nothing on {}", listening.url());
    net::serve(
        listening,
        app,
        &Limits::from(&config),
        observer.connections(),
        std::future::pending(),
    )
    .await;
    Ok(())
}

/// Handlers that do nothing.
struct Nothing {
    leaf: Bytes,
    head: SignedTreeHead,
    /// Of the newest entry: what an append is answered with.
    appended: InclusionProof,
    /// Of a newest batch.
    range: RangeProof,
    /// Of an entry in the middle of nowhere.
    inclusion: InclusionProof,
    consistency: ConsistencyProof,
    size: u64,
}

impl Nothing {
    fn of(size: u64) -> Result<Nothing, Failure> {
        let size = size.max(2);
        let key = SigningKey::from_seed(ORIGIN.parse()?, [7; 32]);
        let head = TreeHead {
            size,
            root: Hash::EMPTY_ROOT,
        };
        Ok(Nothing {
            leaf: bytes(&[Hash::EMPTY_ROOT]),
            head: SignedTreeHead {
                checkpoint: Bytes::copy_from_slice(sign_checkpoint(head, &key).note_bytes()),
            },
            appended: InclusionProof {
                hashes: inclusion(size - 1, size)?,
            },
            range: RangeProof {
                hashes: range(size.saturating_sub(BATCH_ENTRIES), size)?,
            },
            inclusion: InclusionProof {
                hashes: inclusion(size / 3, size)?,
            },
            consistency: ConsistencyProof {
                hashes: consistency((size / 3).max(1), size - 1)?,
            },
            size,
        })
    }

    fn head(&self) -> Option<SignedTreeHead> {
        Some(self.head.clone())
    }
}

#[tonic::async_trait]
impl TransparencyLog for Nothing {
    async fn append(&self, _: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        Ok(Response::new(AppendResponse {
            index: self.size - 1,
            leaf_hash: self.leaf.clone(),
            head: self.head(),
            proof: Some(self.appended.clone()),
            witnessed: false,
        }))
    }

    async fn append_batch(
        &self,
        request: Request<AppendBatchRequest>,
    ) -> Result<Response<AppendBatchResponse>, Status> {
        Ok(Response::new(AppendBatchResponse {
            first_index: self.size,
            count: u32::try_from(request.get_ref().entries.len()).unwrap_or(u32::MAX),
            head: self.head(),
            proof: Some(self.range.clone()),
            witnessed: false,
        }))
    }

    type AppendStreamStream = BoxStream<'static, Result<AppendStreamResponse, Status>>;

    /// Acknowledges together what waited together, as the log does.
    async fn append_stream(
        &self,
        request: Request<Streaming<AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        let acknowledgement = AppendStreamResponse {
            first_index: self.size,
            count: 0,
            head: self.head(),
            proof: Some(self.range.clone()),
            consistency: None,
        };
        let replies = stream::try_unfold(request.into_inner(), move |mut inbound| {
            let acknowledgement = acknowledgement.clone();
            async move {
                if inbound.message().await?.is_none() {
                    return Ok(None);
                }
                let mut count = 1;
                while let Some(Ok(Some(_entry))) = inbound.message().now_or_never() {
                    count += 1;
                }
                let reply = AppendStreamResponse {
                    count,
                    ..acknowledgement
                };
                Ok(Some((reply, inbound)))
            }
        });
        Ok(Response::new(replies.boxed()))
    }

    async fn get_tree_head(&self, _: Request<GetTreeHeadRequest>) -> Result<Response<GetTreeHeadResponse>, Status> {
        Ok(Response::new(GetTreeHeadResponse { head: self.head() }))
    }

    type WatchTreeHeadsStream = Empty<Result<WatchTreeHeadsResponse, Status>>;

    async fn watch_tree_heads(
        &self,
        _: Request<WatchTreeHeadsRequest>,
    ) -> Result<Response<Self::WatchTreeHeadsStream>, Status> {
        Err(not_measured())
    }

    async fn get_inclusion_proof(
        &self,
        _: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        Ok(Response::new(GetInclusionProofResponse {
            index: self.size / 3,
            tree_size: self.size,
            leaf_hash: self.leaf.clone(),
            proof: Some(self.inclusion.clone()),
            head: self.head(),
        }))
    }

    async fn get_inclusion_proofs(
        &self,
        _: Request<GetInclusionProofsRequest>,
    ) -> Result<Response<GetInclusionProofsResponse>, Status> {
        Err(not_measured())
    }

    async fn get_consistency_proof(
        &self,
        _: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        Ok(Response::new(GetConsistencyProofResponse {
            old_size: self.size / 3,
            new_size: self.size - 1,
            proof: Some(self.consistency.clone()),
            // A real one has a head only for the newest size, which is not what is asked for.
            head: None,
        }))
    }

    type GetEntriesStream = Empty<Result<GetEntriesResponse, Status>>;

    async fn get_entries(&self, _: Request<GetEntriesRequest>) -> Result<Response<Self::GetEntriesStream>, Status> {
        Err(not_measured())
    }
}

fn not_measured() -> Status {
    Status::unimplemented("no figure is about this method")
}

/// As many bytes as the inclusion proof of a leaf has.
fn inclusion(index: u64, size: u64) -> Result<Bytes, Unplanned> {
    let plan = proof::inclusion(index, size)?;
    Ok(bytes(
        plan.finish(&vec![Hash::EMPTY_ROOT; plan.nodes().len()])?.hashes(),
    ))
}

/// As many bytes as the proof of the last leaves has.
fn range(start: u64, size: u64) -> Result<Bytes, Unplanned> {
    let plan = proof::range(start, size, size)?;
    Ok(bytes(
        plan.finish(&vec![Hash::EMPTY_ROOT; plan.nodes().len()])?.hashes(),
    ))
}

/// As many bytes as the consistency proof of two trees has.
fn consistency(old: u64, new: u64) -> Result<Bytes, Unplanned> {
    let plan = proof::consistency(old, new)?;
    Ok(bytes(
        plan.finish(&vec![Hash::EMPTY_ROOT; plan.nodes().len()])?.hashes(),
    ))
}

fn bytes(hashes: &[Hash]) -> Bytes {
    Hash::join(hashes).into()
}

/// A proof that cannot be; only of a size that nobody asks for.
#[derive(Debug, thiserror::Error)]
enum Unplanned {
    #[error(transparent)]
    OutOfTree(#[from] OutOfTree),
    #[error(transparent)]
    WrongCount(#[from] WrongCount),
}
