//! Answers that go on after their head: gRPC streams, which say at their end how they were.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tonic::{Code, Status};

use super::spans::Span;
use crate::metrics::{Answer, InFlight};

/// The body of a streamed answer. Its request is in flight until this ends or is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    body: Body,
    watch: Option<Watch>,
}

#[derive(Debug)]
struct Watch {
    in_flight: InFlight,
    span: Option<Span>,
    route: Arc<str>,
}

impl Watched {
    pub(super) fn new(body: Body, in_flight: InFlight, span: Option<Span>, route: Arc<str>) -> Watched {
        Watched {
            body,
            watch: Some(Watch { in_flight, span, route }),
        }
    }

    fn end(&mut self, code: Code) {
        if let Some(Watch { in_flight, span, route }) = self.watch.take() {
            let answer = Answer::of_code(code);
            if let Some(span) = span {
                span.end(&route, in_flight.method(), 200, Some(code), answer);
            }
            in_flight.end(answer);
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    self.end(status.code());
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(Code::Unknown),
            Poll::Ready(None) => self.end(Code::Ok),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The client has gone away, as it may: most streams have no other end.
        if let Some(Watch {
            in_flight,
            span: Some(span),
            route,
        }) = self.watch.take()
        {
            span.end(
                &route,
                in_flight.method(),
                200,
                Some(Code::Cancelled),
                Answer::Abandoned,
            );
        }
    }
}
