//! `indelible.v1.AuditTrail`.

mod export;
mod filter;
mod stream;
mod submitted;
mod watch;

use indelible_log::Reader;
use indelible_note::VerifierKey;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use self::filter::Filter;
use crate::access::{Caller, Method};
use crate::follow::Quorum;
use crate::proofs::Proofs;
use crate::room::{Place, Room};
use crate::trail::{Submission, Trail};
use crate::wire::{
    AuditTrail, AuditTrailServer, EntryName, ExportQuery, ExportRequest, GetEventRequest, GetEventResponse,
    InclusionQuery, IntoStatus, SubmissionMessage, SubmitBatchRequest, SubmitBatchResponse, SubmitRequest,
    SubmitResponse, SubmitStreamRequest, WatchQuery, WatchRequest, event_reply, submission, submissions,
    submissions_weight,
};

/// Serves the audit trail of one log. What it does lies elsewhere: taking and finding events in [`Trail`], proving in [`Proofs`].
#[derive(Clone, Debug)]
pub struct TrailService {
    /// The events.
    pub trail: Trail,
    /// The way to read the log.
    pub reader: Reader,
    /// Proofs of what it reads.
    pub proofs: Proofs,
    /// The key that signs for the log, for those who export.
    pub vkey: VerifierKey,
    /// The way to wait for witnesses, if the log has any.
    pub quorum: Option<Quorum>,
    /// Room for what is submitted.
    pub room: Room,
    /// Cancelled when the service stops: streams, which would never end by themselves, end then.
    pub stopping: CancellationToken,
}

/// A service with the message limits of this one.
pub(super) fn server<S: AuditTrail>(service: S) -> AuditTrailServer<S> {
    AuditTrailServer::new(service)
        .max_decoding_message_size(REQUEST_BYTES_MAX)
        .max_encoding_message_size(REPLY_BYTES_MAX)
}

/// The caller, if it was let in for this.
fn caller<T>(request: &Request<T>, method: Method) -> Result<Caller, Status> {
    let caller = Caller::of_call(request)?;
    caller.permit(method).map_err(IntoStatus::into_status)?;
    Ok(caller)
}

/// Whether the caller may submit these; if not, the place of the first that it may not.
fn in_scope(caller: &Caller, submissions: &[Submission]) -> Result<(), (usize, Status)> {
    let checked = caller.check_submissions(submissions);
    checked.map_err(|(place, denied)| (place, denied.into_status()))
}

impl TrailService {
    /// Room for these submissions.
    async fn place_for<'m>(&self, messages: impl IntoIterator<Item = &'m SubmissionMessage>) -> Result<Place, Status> {
        let place = self.room.take(submissions_weight(messages)).await;
        place.map_err(IntoStatus::into_status)
    }
}

#[tonic::async_trait]
impl AuditTrail for TrailService {
    async fn submit(&self, request: Request<SubmitRequest>) -> Result<Response<SubmitResponse>, Status> {
        let caller = caller(&request, Method::SubmitEvents)?;
        let deadline = request.extensions().get().copied();
        let SubmitRequest {
            submission: message,
            wait,
        } = request.into_inner();
        let waiting = self.waiting_for(wait, deadline)?;
        let _place = self.place_for(&message).await?;
        let submission = submission(message, &caller)?;
        in_scope(&caller, std::slice::from_ref(&submission)).map_err(|(_, status)| status)?;
        let reply = self.submit_one(submission, waiting).await?;
        Ok(Response::new(reply))
    }

    async fn submit_batch(
        &self,
        request: Request<SubmitBatchRequest>,
    ) -> Result<Response<SubmitBatchResponse>, Status> {
        let caller = caller(&request, Method::SubmitEvents)?;
        let deadline = request.extensions().get().copied();
        let SubmitBatchRequest {
            submissions: messages,
            wait,
        } = request.into_inner();
        let waiting = self.waiting_for(wait, deadline)?;
        let _place = self.place_for(&messages).await?;
        let submissions = submissions(messages.into_iter().map(Some), &caller).map_err(IntoStatus::into_status)?;
        in_scope(&caller, &submissions).map_err(|(_, status)| status)?;
        let run = self.submit_run(submissions, waiting).await;
        let run = run.map_err(IntoStatus::into_status)?;
        Ok(Response::new(run?.into()))
    }

    type SubmitStreamStream = stream::Replies;

    async fn submit_stream(
        &self,
        request: Request<Streaming<SubmitStreamRequest>>,
    ) -> Result<Response<stream::Replies>, Status> {
        let caller = caller(&request, Method::SubmitEvents)?;
        Ok(Response::new(stream::serve(self, request.into_inner(), caller)))
    }

    async fn get(&self, request: Request<GetEventRequest>) -> Result<Response<GetEventResponse>, Status> {
        let caller = caller(&request, Method::ReadEvents)?;
        let index = request.into_inner().index;
        let found = self.trail.find(index).await.map_err(IntoStatus::into_status)?;
        let name = format!("event {index}");
        if !caller.may_read(&found) {
            return Err(caller.refuse(&name).into_status());
        }
        caller.read(&name, 1).await.map_err(IntoStatus::into_status)?;
        let query = InclusionQuery {
            entry: EntryName::Index(index),
            tree_size: None,
        };
        let answer = self.proofs.inclusion(query).await.map_err(IntoStatus::into_status)?;
        Ok(Response::new(event_reply(&found, &answer)))
    }

    type ExportStream = export::Replies;

    async fn export(&self, request: Request<ExportRequest>) -> Result<Response<export::Replies>, Status> {
        let caller = caller(&request, Method::ReadEvents)?;
        let query = ExportQuery::try_from(request.into_inner())?;
        Ok(Response::new(export::serve(self, query, caller).await?))
    }

    type WatchStream = watch::Replies;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<watch::Replies>, Status> {
        let caller = caller(&request, Method::ReadEvents)?;
        let query = WatchQuery::try_from(request.into_inner())?;
        Ok(Response::new(watch::serve(self, &query, caller).await?))
    }
}

/// Room for what is submitted by all methods together: for one batch of nothing but brackets, or some ten usual ones of 4 MiB.
pub(crate) fn submissions_room() -> Room {
    Room::of(256 << 20)
}

/// A message in: what one commit takes, 4 MiB, and room for names and lengths.
const REQUEST_BYTES_MAX: usize = (4 << 20) + (64 << 10);

/// A message out. One event with the raw bytes that a log may keep has 33 MiB. A batch of 10,000 repeats has the 4 MiB that came in and
/// for each event a leaf (607 bytes), salts and names (11 x 45), what the service filled in (300) and a proof (at most 2,016): 37 MiB.
const REPLY_BYTES_MAX: usize = 48 << 20;
