//! The methods of the log.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::Hash;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::answers::signed;
use super::pb::transparency_log_server::TransparencyLog;
use super::{Answers, Lie, Service, pb};

#[tonic::async_trait]
impl TransparencyLog for Service {
    type AppendStreamStream = Answers<pb::AppendStreamResponse>;
    type WatchTreeHeadsStream = Answers<pb::WatchTreeHeadsResponse>;
    type GetEntriesStream = Answers<pb::GetEntriesResponse>;

    async fn append(&self, _: Request<pb::AppendRequest>) -> Result<Response<pb::AppendResponse>, Status> {
        Err(Status::unimplemented("the client has no use for it"))
    }

    async fn append_batch(
        &self,
        request: Request<pb::AppendBatchRequest>,
    ) -> Result<Response<pb::AppendBatchResponse>, Status> {
        let lie = self.admit().await?;
        let entries = request.into_inner().entries;
        let run = self.commit(entries, lie);
        Ok(Response::new(pb::AppendBatchResponse {
            first_index: run.first_index,
            count: run.count,
            head: run.head,
            proof: run.proof,
            witnessed: false,
        }))
    }

    async fn append_stream(
        &self,
        request: Request<Streaming<pb::AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        self.admit().await?;
        let mut requests = request.into_inner();
        let (queue, mut queued) = mpsc::channel(64);
        self.streams.lock().unwrap().0 += 1;
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                if queue.send(request).await.is_err() {
                    break;
                }
            }
            shared.streams.lock().unwrap().1 += 1;
        });

        let (answers, stream) = mpsc::channel(64);
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut last = None;
            let mut taken = Vec::new();
            while queued.recv_many(&mut taken, 64).await > 0 {
                let lie = shared.current_lie();
                let held = last.unwrap_or_else(|| taken[0].held_size.unwrap());
                if held > shared.log.lock().unwrap().size() {
                    let _ = answers
                        .send(Err(Status::out_of_range("held_size is beyond the tree")))
                        .await;
                    return;
                }
                if lie == Lie::Silence {
                    std::future::pending::<()>().await;
                }
                if lie == Lie::Slow {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                if lie == Lie::EndWithout {
                    return;
                }
                let entries = taken.drain(..).map(|request| request.entry).collect();
                let mut run = shared.commit(entries, lie);
                if lie == Lie::CutAfterAppend {
                    let _ = answers.send(Err(Status::internal("cut"))).await;
                    return;
                }
                let size = shared.log.lock().unwrap().size();
                run.consistency = shared.consistency(held, size, lie);
                last = Some(size);
                let _ = answers.send(Ok(run)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn get_tree_head(
        &self,
        _: Request<pb::GetTreeHeadRequest>,
    ) -> Result<Response<pb::GetTreeHeadResponse>, Status> {
        let lie = self.admit().await?;
        let head = self.head(lie);
        Ok(Response::new(pb::GetTreeHeadResponse { head }))
    }

    async fn watch_tree_heads(
        &self,
        _: Request<pb::WatchTreeHeadsRequest>,
    ) -> Result<Response<Self::WatchTreeHeadsStream>, Status> {
        self.admit().await?;
        let shared = Arc::clone(&self.0);
        let changes = tokio_stream::wrappers::WatchStream::new(self.published.subscribe());
        let heads = changes.map(move |_| {
            let head = shared.head(shared.current_lie());
            Ok(pb::WatchTreeHeadsResponse { head })
        });
        Ok(Response::new(Box::pin(heads)))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::GetInclusionProofResponse>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let mut index = match request.into_inner().entry.unwrap() {
            pb::get_inclusion_proof_request::Entry::Index(index) => index,
            pb::get_inclusion_proof_request::Entry::LeafHash(leaf) => log
                .find(Hash::try_from(&leaf[..]).unwrap())
                .ok_or_else(|| Status::not_found("no such entry"))?,
        };
        if index >= log.size() {
            return Err(Status::out_of_range("beyond the tree"));
        }
        if lie == Lie::OtherEntry {
            index -= 1;
        }
        let proved = if lie == Lie::OtherProof { index - 1 } else { index };
        let tree_size = log.size() - u64::from(lie == Lie::OldHead);
        let answer = pb::GetInclusionProofResponse {
            index: index + u64::from(lie == Lie::WrongIndex),
            tree_size: log.size(),
            leaf_hash: log.leaf(index).as_bytes()[..if lie == Lie::TornHash { 31 } else { 32 }]
                .to_vec()
                .into(),
            proof: (lie != Lie::NoProof).then(|| pb::InclusionProof {
                hashes: Hash::join(&log.inclusion(proved, log.size())).into(),
            }),
            head: signed(&log, tree_size, lie),
        };
        Ok(Response::new(answer))
    }

    async fn get_inclusion_proofs(
        &self,
        request: Request<pb::GetInclusionProofsRequest>,
    ) -> Result<Response<pb::GetInclusionProofsResponse>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let pb::GetInclusionProofsRequest { indices, tree_size } = request.into_inner();
        let size = tree_size.unwrap_or(log.size());
        let mut leaves: Vec<Hash> = indices.iter().map(|&index| log.leaf(index)).collect();
        if lie == Lie::OtherEntry {
            leaves[0] = Hash::leaf(b"another");
        }
        if lie == Lie::TooManyAcknowledged {
            leaves.push(Hash::leaf(b"another"));
        }
        let mut hashes = Hash::join(&log.batch(&indices, size));
        if lie == Lie::OtherProof {
            hashes[0] ^= 1;
        }
        Ok(Response::new(pb::GetInclusionProofsResponse {
            tree_size: size,
            leaf_hashes: Hash::join(&leaves).into(),
            hashes: hashes.into(),
            head: signed(&log, log.size() - u64::from(lie == Lie::OldHead), lie).filter(|_| size == log.size()),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        let lie = self.admit().await?;
        let pb::GetConsistencyProofRequest { old_size, new_size } = request.into_inner();
        let head = new_size.is_none().then(|| self.head(lie)).flatten();
        let new_size = new_size.unwrap_or_else(|| self.log.lock().unwrap().size());
        if new_size > self.log.lock().unwrap().size() {
            return Err(Status::out_of_range("new_size is beyond the tree"));
        }
        Ok(Response::new(pb::GetConsistencyProofResponse {
            old_size: old_size + u64::from(lie == Lie::WrongIndex),
            new_size,
            proof: self.consistency(old_size, new_size, lie),
            head,
        }))
    }

    async fn get_entries(
        &self,
        request: Request<pb::GetEntriesRequest>,
    ) -> Result<Response<Self::GetEntriesStream>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let pb::GetEntriesRequest { start, count } = request.into_inner();
        let mut entries: Vec<Bytes> = (start..start + count).map(|index| log.entry(index)).collect();
        match lie {
            Lie::OtherEntry => entries[0] = "another".into(),
            Lie::TooManyAcknowledged => entries.push("one more".into()),
            Lie::EndWithout => entries.truncate(entries.len() - 1),
            _ => {}
        }
        let first = start + u64::from(lie == Lie::WrongIndex);
        let mut messages: Vec<_> = (first..)
            .step_by(MESSAGE_ENTRIES)
            .zip(entries.chunks(MESSAGE_ENTRIES))
            .map(|(first_index, entries)| pb::GetEntriesResponse {
                first_index,
                entries: entries.to_vec(),
            })
            .collect();
        if lie == Lie::NothingAcknowledged {
            messages[0].entries.clear();
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(
            messages.into_iter().map(Ok),
        ))))
    }
}

/// More than can be proved at once.
const MESSAGE_ENTRIES: usize = 1500;
