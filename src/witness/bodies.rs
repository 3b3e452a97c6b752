//! The bodies of requests, and how much memory all of them may take.

use std::sync::Arc;

use axum::body::Body;
use futures_util::StreamExt;
use indelible_note::witness::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for the bodies of all requests that are read or answered at once.
#[derive(Clone, Debug)]
pub(super) struct Bodies(Arc<Semaphore>);

/// A whole body. Its room is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Vec<u8>,
    room: OwnedSemaphorePermit,
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRead {
    #[error("a request has at most {} bytes", Request::BYTES_MAX)]
    TooLarge,
    #[error("too many requests are being read")]
    Crowded,
    #[error("the request could not be read: {0}")]
    Broken(axum::Error),
}

impl Bodies {
    pub(super) fn new() -> Bodies {
        Bodies(Arc::new(Semaphore::new(ALL_BYTES_MAX)))
    }

    /// Reads a body that may be as large as the largest request, and takes room for what has come of it.
    pub(super) async fn read(&self, body: Body) -> Result<Held, NotRead> {
        let mut held = Held {
            bytes: Vec::new(),
            room: self.room(0)?,
        };
        let mut parts = body.into_data_stream();
        while let Some(part) = parts.next().await {
            let part = part.map_err(NotRead::Broken)?;
            if held.bytes.len() + part.len() > Request::BYTES_MAX {
                return Err(NotRead::TooLarge);
            }
            held.room.merge(self.room(part.len())?);
            held.bytes.extend_from_slice(&part);
        }
        Ok(held)
    }

    fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, NotRead> {
        let bytes = u32::try_from(bytes).map_err(|_| NotRead::TooLarge)?;
        Arc::clone(&self.0)
            .try_acquire_many_owned(bytes)
            .map_err(|_full| NotRead::Crowded)
    }
}

impl Held {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// 66 of the largest requests, or 60,000 of the usual kilobyte. A vector that grows takes up to twice that.
const ALL_BYTES_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize) -> Body {
        Body::from(vec![b'x'; bytes])
    }

    #[tokio::test]
    async fn the_largest_request_fits_and_a_byte_more_does_not() {
        let bodies = Bodies::new();
        let held = bodies.read(body(Request::BYTES_MAX)).await.unwrap();
        assert_eq!(held.bytes().len(), Request::BYTES_MAX);
        let refused = bodies.read(body(Request::BYTES_MAX + 1)).await;
        assert!(matches!(refused, Err(NotRead::TooLarge)));
    }

    #[tokio::test]
    async fn all_bodies_share_the_room_and_give_it_back() {
        let bodies = Bodies::new();
        let mut held = Vec::new();
        let refused = loop {
            match bodies.read(body(1_000_000)).await {
                Ok(body) => held.push(body),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, NotRead::Crowded));
        assert_eq!(held.len(), ALL_BYTES_MAX / 1_000_000);
        held.pop();
        bodies.read(body(1_000_000)).await.unwrap();
    }
}
