//! How slowly the body of a request may come.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use tonic::Status;

use super::activity::Activity;
use super::content_type::is_grpc;
use super::framing::Framing;
use crate::metrics::Connections;

/// The least that must come while it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For how long bytes are waited for before it is judged.
    pub window: Duration,
    /// How many must have come in that time. 0: none.
    pub bytes_min: u64,
}

/// The client sends its body more slowly than the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body came too slowly: {got} bytes in {} s of waiting", .window.as_secs())]
pub struct TooSlow {
    got: u64,
    window: Duration,
}

impl TooSlow {
    /// Whether this is what lies behind an error.
    pub fn is_cause(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<TooSlow>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Why a body ends early.
///
/// Not transparent: whoever looks for the cause finds it behind this.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("{0}")]
    TooSlow(#[source] TooSlow),
    /// The same to a handler of gRPC, which passes on a status that it finds.
    #[error("{0}")]
    Call(#[source] Status),
    #[error("{0}")]
    Http(#[from] hyper::Error),
}

/// A body that must keep the pace.
///
/// What counts is the time in which a reader waits and the client owes bytes. While the service itself does not read, the client
/// cannot send; and between two messages of a gRPC stream it owes nothing.
#[derive(Debug)]
pub(super) struct Paced<B> {
    body: B,
    owed: Owed,
    pace: Pace,
    activity: Arc<Activity>,
    connections: Arc<Connections>,
    /// Since when a reader waits.
    waiting: Option<Instant>,
    /// Time in this window in which one waited before.
    waited: Duration,
    /// Bytes of this window.
    got: u64,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What a client still owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    /// The whole body, to its end.
    Whole,
    /// The rest of a message of gRPC.
    Message(Framing),
}

impl Owed {
    pub(super) fn by(headers: &HeaderMap) -> Owed {
        match is_grpc(headers) {
            true => Owed::Message(Framing::default()),
            false => Owed::Whole,
        }
    }

    fn is_owed(self) -> bool {
        match self {
            Owed::Whole => true,
            Owed::Message(framing) => framing.is_within(),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        let Owed::Message(framing) = self else { return };
        while !bytes.is_empty() {
            let (taken, _) = framing.step(bytes);
            bytes = &bytes[taken..];
        }
    }
}

impl<B> Paced<B> {
    pub(super) fn new(body: B, owed: Owed, pace: Pace, activity: Arc<Activity>, connections: Arc<Connections>) -> Self {
        Paced {
            body,
            owed,
            pace,
            activity,
            connections,
            waiting: None,
            waited: Duration::ZERO,
            got: 0,
            alarm: None,
        }
    }

    fn no_longer_waits(&mut self) {
        if let Some(since) = self.waiting.take() {
            self.waited += since.elapsed();
            self.activity.feed();
        }
    }

    /// Whether the pace was kept, once it is judged.
    fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<TooSlow> {
        let Pace { window, bytes_min } = self.pace;
        if bytes_min == 0 || !self.owed.is_owed() {
            return Poll::Pending;
        }
        if self.waiting.is_none() {
            self.waiting = Some(Instant::now());
            self.activity.starve();
            let until = Instant::now() + window.saturating_sub(self.waited);
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(window)));
            alarm.as_mut().reset(until);
        }
        let alarm = self.alarm.as_mut().expect("it was set when the waiting began");
        while alarm.as_mut().poll(cx).is_ready() {
            if self.got < bytes_min {
                return Poll::Ready(TooSlow { got: self.got, window });
            }
            self.got = 0;
            self.waited = Duration::ZERO;
            self.waiting = Some(Instant::now());
            alarm.as_mut().reset(Instant::now() + window);
        }
        Poll::Pending
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(polled) => {
                this.no_longer_waits();
                if let Some(Ok(frame)) = &polled
                    && let Some(data) = frame.data_ref()
                {
                    this.got += data.len() as u64;
                    this.owed.take(data);
                }
                if let Some(Err(_)) = &polled {
                    // Its handler hears of it first, and may answer before it is dropped.
                    this.activity.take_back();
                }
                Poll::Ready(polled.map(|frame| frame.map_err(BodyError::from)))
            }
            Poll::Pending => {
                let slow = std::task::ready!(this.poll_pace(cx));
                this.no_longer_waits();
                this.activity.slow_body();
                this.connections.slow_body();
                Poll::Ready(Some(Err(match this.owed {
                    Owed::Whole => BodyError::TooSlow(slow),
                    Owed::Message(_) => BodyError::Call(Status::aborted(slow.to_string())),
                })))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Paced<B> {
    fn drop(&mut self) {
        self.no_longer_waits();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_messages_nothing_is_owed_wherever_they_are_cut() {
        let message = |length: usize| {
            let head = [0].into_iter().chain(u32::try_from(length).unwrap().to_be_bytes());
            head.chain(std::iter::repeat_n(7, length)).collect::<Vec<u8>>()
        };
        let (first, second, third) = (message(3), message(0), message(300));
        let ends = [
            first.len(),
            first.len() + second.len(),
            first.len() + second.len() + third.len(),
        ];
        let stream = [first, second, third].concat();
        for step in [1, 2, 3, 4, 5, 7, 64, 1_000] {
            let mut owed = Owed::Message(Framing::default());
            let mut at = 0;
            for part in stream.chunks(step) {
                owed.take(part);
                at += part.len();
                assert_eq!(owed.is_owed(), !ends.contains(&at), "{at} bytes by {step}");
            }
        }
        let mut whole = Owed::Whole;
        whole.take(&stream);
        assert!(whole.is_owed());
    }
}
