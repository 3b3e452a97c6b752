//! GetEntries: a range of entries, some hundred KiB a message.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use indelible_log::{ReadError, Reader};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::access::Caller;
use crate::task::blocking;
use crate::wire::{GetEntriesResponse, IntoStatus, RangeQuery, entries_reply};

/// The stream of replies.
pub(super) type Replies = Pin<Box<dyn Stream<Item = Result<GetEntriesResponse, Status>> + Send>>;

/// The entries of the range that the newest head of now has; refused if that is none.
///
/// The next message is read when the client has taken the last one, and nothing is held in between.
pub(super) fn serve(
    caller: Caller,
    reader: Reader,
    query: RangeQuery,
    stopping: CancellationToken,
) -> Result<Replies, Status> {
    let size = reader.head().size();
    if query.start >= size {
        let start = query.start;
        return Err(Status::out_of_range(format!(
            "start ({start}) is beyond the newest head, of size {size}"
        )));
    }
    let end = query.start.saturating_add(query.count).min(size);
    let messages = stream::try_unfold(query.start, move |start| {
        let (caller, reader) = (caller.clone(), reader.clone());
        async move {
            if start == end {
                return Ok(None);
            }
            let entries = blocking(move || reader.entries(start, end, MESSAGE_ENTRY_BYTES)).await;
            let entries = entries.map_err(ReadError::into_status)?;
            caller.gives_entries(entries.len() as u64);
            let next = start + entries.len() as u64;
            Ok(Some((entries_reply(start, entries), next)))
        }
    });
    Ok(Box::pin(messages.take_until(stopping.cancelled_owned())))
}

/// Entry bytes in one message, unless its only entry has more: large enough to be cheap, small enough for a slow reader.
const MESSAGE_ENTRY_BYTES: usize = 256 << 10;
