//! Bodies of requests, read whole, with a bound on what all of them take together.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::net::TooSlow;
use crate::room::{NoRoom, Place, Room};

/// Room for the bodies of one kind of requests, and for what is made of them.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    room: Room,
    bytes_max: usize,
    /// What a body of so many bytes takes while it is worked on, in bytes.
    weight: fn(usize) -> usize,
}

/// A body, and the room that it takes until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _place: Place,
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("a body has at most {max} bytes")]
    TooLong { max: usize },
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("the body came too slowly, or did not arrive within {} s; nothing was stored", ARRIVAL.as_secs())]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff,
}

impl Bodies {
    /// Room of `room_bytes` for bodies of up to `bytes_max`, each of which takes `weight` of its bytes.
    pub(super) fn new(room_bytes: usize, bytes_max: usize, weight: fn(usize) -> usize) -> Bodies {
        assert!(weight(bytes_max) <= room_bytes, "the largest body fits");
        Bodies {
            room: Room::of(room_bytes),
            bytes_max,
            weight,
        }
    }

    /// Reads a body of at most `bytes_max` bytes, and no more than these bodies may have. What says its length takes room for that; what does not, for the most.
    pub(super) async fn read(&self, body: Body, bytes_max: usize) -> Result<Held, BodyError> {
        let max = bytes_max.min(self.bytes_max);
        let too_long = BodyError::TooLong { max };
        let hint = body.size_hint();
        // What says by itself that it is too long need not be sent.
        if hint.lower() > max as u64 {
            return Err(too_long);
        }
        let length = hint
            .upper()
            .map_or(max, |upper| usize::try_from(upper).unwrap_or(max).min(max));
        let place = self.room.take((self.weight)(length)).await?;
        let read = async {
            let mut bytes = Vec::with_capacity(length.min(AT_ONCE));
            let mut stream = body.into_data_stream();
            while let Some(part) = stream.next().await {
                let part = part.map_err(|error| match TooSlow::is_cause(&error) {
                    true => BodyError::TooSlow,
                    false => BodyError::BrokenOff,
                })?;
                if bytes.len() + part.len() > max {
                    return Err(too_long);
                }
                bytes.extend_from_slice(&part);
            }
            Ok(bytes)
        };
        let bytes = timeout(ARRIVAL, read).await.map_err(|_| BodyError::TooSlow)??;
        Ok(Held {
            bytes: bytes.into(),
            _place: place,
        })
    }
}

/// How long a body may take to arrive: 25 MiB at 2.5 MiB/s. Who sends slower than that holds room that others need.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Memory that is taken before anything has arrived.
const AT_ONCE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_takes_room() {
        let bodies = Bodies::new(4 << 10, 2 << 10, |bytes| 2 * bytes);
        let held = bodies.read(Body::from(vec![1; 2 << 10]), usize::MAX).await.unwrap();
        assert_eq!(held.bytes.len(), 2 << 10);
        assert_eq!(bodies.room.free(), 0);
        drop(held);
        assert_eq!(bodies.room.free(), 4 << 10);
        for (body, max) in [(2049, usize::MAX), (11, 10)] {
            let refused = bodies.read(Body::from(vec![1; body]), max).await.unwrap_err();
            assert!(matches!(refused, BodyError::TooLong { .. }), "{refused}");
        }
        // One that does not say its length.
        let parts = futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![1; 1 << 10]))));
        let refused = bodies.read(Body::from_stream(parts), usize::MAX).await.unwrap_err();
        assert!(matches!(refused, BodyError::TooLong { .. }), "{refused}");
        assert_eq!(bodies.room.free(), 4 << 10, "what is refused takes no room");
    }

    #[tokio::test]
    async fn without_room_a_body_is_refused() {
        let bodies = Bodies::new(4 << 10, 4 << 10, |bytes| bytes);
        let _held = bodies.read(Body::from(vec![1; 4 << 10]), usize::MAX).await.unwrap();
        let refused = bodies.read(Body::from("x"), usize::MAX).await.unwrap_err();
        assert!(matches!(refused, BodyError::NoRoom(_)), "{refused}");
    }
}
