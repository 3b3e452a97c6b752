//! `indelible.v1.TransparencyLog`.

mod entries;
mod heads;
mod stream;

use indelible_log::{Batch, Head, Reader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::access::{Caller, Method};
use crate::entrance::Entrance;
use crate::follow::Quorum;
use crate::proofs::Proofs;
use crate::waiting::{quorum_for, vouch};
use crate::wire::{
    AppendBatchRequest, AppendBatchResponse, AppendRequest, AppendResponse, AppendStreamRequest, ConsistencyQuery,
    GetConsistencyProofRequest, GetConsistencyProofResponse, GetEntriesRequest, GetInclusionProofRequest,
    GetInclusionProofResponse, GetInclusionProofsRequest, GetInclusionProofsResponse, GetTreeHeadRequest,
    GetTreeHeadResponse, InclusionQuery, InclusionsQuery, IntoStatus, RangeQuery, TransparencyLog,
    TransparencyLogServer, Wait, WatchTreeHeadsRequest, append_reply, batch_reply,
};

/// Serves one log. What it does lies elsewhere: appending in the engine, proving in [`Proofs`].
#[derive(Clone, Debug)]
pub struct LogService {
    /// The way into the log.
    pub entrance: Entrance,
    /// The way to read it.
    pub reader: Reader,
    /// Proofs of what it reads.
    pub proofs: Proofs,
    /// The heads that are served.
    pub heads: watch::Receiver<Head>,
    /// The way to wait for witnesses, if the log has any.
    pub quorum: Option<Quorum>,
    /// Cancelled when the service stops: streams, which would never end by themselves, end then.
    pub stopping: CancellationToken,
}

/// A service with the message limits of this one.
pub(super) fn server<S: TransparencyLog>(service: S) -> TransparencyLogServer<S> {
    TransparencyLogServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX)
}

impl LogService {
    /// What an append waits for besides its own commit, by the field of its request.
    fn quorum_for(&self, wait: i32) -> Result<Option<Quorum>, Status> {
        quorum_for(Wait::try_from(wait)?, self.quorum.as_ref()).map_err(IntoStatus::into_status)
    }
}

/// The caller, if it was let in for this.
fn permitted<T>(request: &Request<T>, method: Method) -> Result<Caller, Status> {
    let caller = Caller::of_call(request)?;
    caller.permit(method).map_err(IntoStatus::into_status)?;
    Ok(caller)
}

#[tonic::async_trait]
impl TransparencyLog for LogService {
    async fn append(&self, request: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        permitted(&request, Method::Append)?;
        let deadline = request.extensions().get().copied();
        let appender = self.entrance.appender().map_err(IntoStatus::into_status)?;
        let request = request.into_inner();
        let omit_proof = request.omit_proof;
        let quorum = self.quorum_for(request.wait)?;
        let batch = Batch::try_from(request).map_err(IntoStatus::into_status)?;
        let leaf = batch.hashes()[0];
        let ack = appender.append(batch).await.map_err(IntoStatus::into_status)?;
        let vouched = vouch(quorum, ack, deadline).await;
        let proof = match omit_proof {
            true => None,
            false => Some(
                self.proofs
                    .acknowledged_entry(&vouched.ack)
                    .await
                    .map_err(IntoStatus::into_status)?,
            ),
        };
        Ok(Response::new(append_reply(&vouched, leaf, proof.as_ref())))
    }

    async fn append_batch(
        &self,
        request: Request<AppendBatchRequest>,
    ) -> Result<Response<AppendBatchResponse>, Status> {
        permitted(&request, Method::Append)?;
        let deadline = request.extensions().get().copied();
        let appender = self.entrance.appender().map_err(IntoStatus::into_status)?;
        let request = request.into_inner();
        let quorum = self.quorum_for(request.wait)?;
        let batch = Batch::try_from(request).map_err(IntoStatus::into_status)?;
        let ack = appender.append(batch).await.map_err(IntoStatus::into_status)?;
        let vouched = vouch(quorum, ack, deadline).await;
        let proof = self
            .proofs
            .acknowledged_run(&vouched.ack)
            .await
            .map_err(IntoStatus::into_status)?;
        Ok(Response::new(batch_reply(&vouched, &proof)))
    }

    type AppendStreamStream = stream::Replies;

    async fn append_stream(
        &self,
        request: Request<Streaming<AppendStreamRequest>>,
    ) -> Result<Response<stream::Replies>, Status> {
        permitted(&request, Method::Append)?;
        let appender = self.entrance.appender().map_err(IntoStatus::into_status)?;
        Ok(Response::new(stream::serve(self, appender, request.into_inner())))
    }

    async fn get_tree_head(
        &self,
        request: Request<GetTreeHeadRequest>,
    ) -> Result<Response<GetTreeHeadResponse>, Status> {
        permitted(&request, Method::ReadHeads)?;
        Ok(Response::new((&*self.heads.borrow()).into()))
    }

    type WatchTreeHeadsStream = heads::Replies;

    async fn watch_tree_heads(
        &self,
        request: Request<WatchTreeHeadsRequest>,
    ) -> Result<Response<heads::Replies>, Status> {
        permitted(&request, Method::ReadHeads)?;
        Ok(Response::new(heads::serve(self.heads.clone(), self.stopping.clone())))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        permitted(&request, Method::ReadProofs)?;
        let query = InclusionQuery::try_from(request.into_inner())?;
        let answer = self.proofs.inclusion(query).await.map_err(IntoStatus::into_status)?;
        Ok(Response::new(answer.into()))
    }

    async fn get_inclusion_proofs(
        &self,
        request: Request<GetInclusionProofsRequest>,
    ) -> Result<Response<GetInclusionProofsResponse>, Status> {
        permitted(&request, Method::ReadProofs)?;
        let query = InclusionsQuery::try_from(request.into_inner())?;
        let answer = self.proofs.inclusions(query).await.map_err(IntoStatus::into_status)?;
        Ok(Response::new(answer.into()))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        permitted(&request, Method::ReadProofs)?;
        let query = ConsistencyQuery::try_from(request.into_inner())?;
        let answer = self.proofs.consistency(query).await.map_err(IntoStatus::into_status)?;
        Ok(Response::new(answer.into()))
    }

    type GetEntriesStream = entries::Replies;

    async fn get_entries(&self, request: Request<GetEntriesRequest>) -> Result<Response<entries::Replies>, Status> {
        let caller = permitted(&request, Method::ReadTiles)?;
        let query = RangeQuery::try_from(request.into_inner())?;
        Ok(Response::new(entries::serve(
            caller,
            self.reader.clone(),
            query,
            self.stopping.clone(),
        )?))
    }
}

/// One message, in or out: a batch's 4 MiB (which count 4 bytes an entry, where protobuf spends up to 4), and a proof.
const MESSAGE_BYTES_MAX: usize = (4 << 20) + (64 << 10);
