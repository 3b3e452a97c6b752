//! WatchTreeHeads: always the newest head, never a queue of old ones.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use indelible_log::Head;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::wire::WatchTreeHeadsResponse;

/// The stream of replies.
pub(super) type Replies = Pin<Box<dyn Stream<Item = Result<WatchTreeHeadsResponse, Status>> + Send>>;

/// The head of now, and then each that is the newest when the client is ready for another, until the service stops.
pub(super) fn serve(heads: watch::Receiver<Head>, stopping: CancellationToken) -> Replies {
    let heads = WatchStream::new(heads).map(|head| Ok(WatchTreeHeadsResponse::from(&head)));
    let end = stream::once(async { Err(Status::unavailable("the log is stopping")) });
    Box::pin(heads.take_until(stopping.cancelled_owned()).chain(end))
}
