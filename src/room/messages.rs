//! Room for the messages of gRPC, counted before it is taken: what a connection can have under way at a time is bounded, whatever its
//! client sends on how many streams, and what a principal can, on however many connections.
//!
//! Without it each of 256 streams could bring a message of 4 MiB, which is read whole and then made into values that take many times as
//! much, before any handler is asked. Two things are counted here, both against either room: the bytes of a message, when the length in
//! front of it is read and before any of it is; and the values that it has, when it is whole and before they are made. They are given back when the handler has answered or, on a stream, when it asks for the next message. What there is no room for is
//! refused at once: who waits would fill the window of the connection, and those who have room could not go on.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures_util::future::Either;
use hyper::body::{Frame, SizeHint};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;
use tonic::Status;
use tower::Service;
use tower::layer::layer_fn;

use super::{Place, Room};
use crate::net::{Framing, Step};
use crate::wire::DESCRIPTORS;

/// Bytes that the messages of one connection, and what is made of them, take at a time: sixteen of the largest. Beside it a message may
/// have [`SMALL_BYTES`] that are not counted: with 256 streams, 4 MiB.
pub const CONNECTION_MESSAGES_BYTES_MAX: usize = 64 << 20;

/// The same for all connections of one principal together: four that are full.
pub const PRINCIPAL_MESSAGES_BYTES_MAX: usize = 4 * CONNECTION_MESSAGES_BYTES_MAX;

/// Messages of at most so many bytes are not counted: those that are sent most.
pub const SMALL_BYTES: usize = 16 << 10;

/// The room of one connection, among the extensions of its requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ConnectionRoom(Room);

impl ConnectionRoom {
    /// The room of a new connection.
    pub fn of_connection() -> ConnectionRoom {
        ConnectionRoom(Room::of(CONNECTION_MESSAGES_BYTES_MAX))
    }
}

/// The room of one principal, among the extensions of the requests that it sends by whatever connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PrincipalRoom(Room);

impl PrincipalRoom {
    /// The room of somebody who was not here.
    pub fn of_principal() -> PrincipalRoom {
        PrincipalRoom(Room::of(PRINCIPAL_MESSAGES_BYTES_MAX))
    }
}

/// What one request has of both.
#[derive(Debug)]
struct Held {
    connection: Room,
    /// None of a request that anybody may send, and where everybody may do everything.
    principal: Option<Room>,
    places: Mutex<Vec<Place>>,
}

impl Held {
    fn take(&self, bytes: usize) -> Result<(), Status> {
        let of_connection = self.connection.try_take(bytes);
        let of_connection =
            of_connection.map_err(|_| exhausted(CONNECTION_MESSAGES_BYTES_MAX, "on this connection"))?;
        let of_principal = self.principal.as_ref().map(|room| room.try_take(bytes)).transpose();
        let of_principal = of_principal.map_err(|_| exhausted(PRINCIPAL_MESSAGES_BYTES_MAX, "of this principal"))?;
        let mut places = self.places.lock().expect(NO_PANIC);
        places.push(of_connection);
        places.extend(of_principal);
        Ok(())
    }

    fn give_back(&self) {
        self.places.lock().expect(NO_PANIC).clear();
    }
}

fn exhausted(max: usize, whose: &str) -> Status {
    let mut status = Status::resource_exhausted(format!(
        "messages of more than {} MiB are under way {whose}; nothing was stored",
        max >> 20
    ));
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", PUSHBACK_MS.into());
    status
}

task_local! {
    static HELD: Arc<Held>;
}

/// Counts what is about to be made of a message, in bytes. Where no connection is served nothing is counted.
///
/// # Errors
///
/// If its connection has no room for it.
pub fn charge(bytes: usize) -> Result<(), Status> {
    HELD.try_with(|held| held.take(bytes)).unwrap_or(Ok(()))
}

/// Counts the messages of gRPC services. Of the calls that are `for_all`, by their path, none has more than [`SMALL_BYTES`]: what anybody
/// may ask is a matter of some numbers, and whoever may ask is anybody.
pub fn hold_messages(calls: Router, for_all: fn(&str) -> bool) -> Router {
    let streams = Arc::new(client_streams());
    calls.layer(layer_fn(move |inner| Holding {
        inner,
        streams: streams.clone(),
        for_all,
    }))
}

/// A service that is called with the room of its connection at hand. Written out, since a layer of a closure makes a copy of the service
/// and a box for each request, which a log of small entries feels.
#[derive(Clone, Debug)]
struct Holding<S> {
    inner: S,
    streams: Arc<HashSet<String>>,
    for_all: fn(&str) -> bool,
}

impl<S: Service<Request>> Service<Request> for Holding<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, TaskLocalFuture<Arc<Held>, S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(ConnectionRoom(room)) = request.extensions().get::<ConnectionRoom>().cloned() else {
            return Either::Left(self.inner.call(request));
        };
        let held = Arc::new(Held {
            connection: room,
            principal: request.extensions().get::<PrincipalRoom>().map(|room| room.0.clone()),
            places: Mutex::default(),
        });
        let path = request.uri().path();
        let (is_stream, is_for_all) = (self.streams.contains(path), (self.for_all)(path));
        let request = request.map(|body| {
            Body::new(Counted {
                body,
                framing: Framing::default(),
                held: held.clone(),
                is_stream,
                is_for_all,
                counted: Progress::Nothing,
                kept: None,
            })
        });
        Either::Right(HELD.scope(held, self.inner.call(request)))
    }
}

/// The paths of the methods whose clients send many messages.
fn client_streams() -> HashSet<String> {
    let set = FileDescriptorSet::decode(DESCRIPTORS).expect("the build has made it");
    let mut paths = HashSet::new();
    for file in &set.file {
        for service in &file.service {
            let streaming = service.method.iter().filter(|method| method.client_streaming());
            paths.extend(streaming.map(|method| format!("/{}.{}/{}", file.package(), service.name(), method.name())));
        }
    }
    paths
}

/// The body of a request whose messages are counted.
struct Counted {
    body: Body,
    framing: Framing,
    held: Arc<Held>,
    is_stream: bool,
    is_for_all: bool,
    counted: Progress,
    /// What came behind the end of a message that was counted: not given on before that is given back.
    kept: Option<Bytes>,
}

/// How far the message is that was counted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Nothing,
    Within,
    Whole,
}

impl Counted {
    /// Takes room for what begins in these bytes; what can be given on of them.
    fn count(&mut self, mut bytes: Bytes) -> Result<Bytes, Status> {
        let mut at = 0;
        while at < bytes.len() {
            let (taken, step) = self.framing.step(&bytes[at..]);
            at += taken;
            match step {
                Step::Head(length) => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if length > SMALL_BYTES && self.is_for_all {
                        return Err(Status::out_of_range(format!(
                            "a message of this method has {SMALL_BYTES} bytes at most"
                        )));
                    }
                    if length > SMALL_BYTES {
                        self.held.take(length)?;
                        self.counted = Progress::Within;
                    }
                }
                Step::Whole if self.counted == Progress::Within => {
                    self.counted = Progress::Whole;
                    if self.is_stream && at < bytes.len() {
                        self.kept = Some(bytes.split_off(at));
                    }
                }
                Step::Whole | Step::Within => {}
            }
        }
        Ok(bytes)
    }
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.is_stream && this.counted == Progress::Whole {
            // Its handler asks for more: it has done with what it had.
            this.held.give_back();
            this.counted = Progress::Nothing;
        }
        let frame = match this.kept.take() {
            Some(kept) => Frame::data(kept),
            None => match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            },
        };
        Poll::Ready(Some(match frame.into_data() {
            Ok(bytes) => this.count(bytes).map(Frame::data).map_err(axum::Error::new),
            Err(frame) => Ok(frame),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.kept.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Nobody reserves by it, and with what is kept it would be wrong.
        SizeHint::default()
    }
}

const NO_PANIC: &str = "nobody panics while places are counted";

/// A message of 4 MiB is read and answered within this.
const PUSHBACK_MS: u64 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_whose_clients_stream_are_known() {
        let streams = client_streams();
        for (path, expected) in [
            ("/indelible.v1.TransparencyLog/AppendStream", true),
            ("/indelible.v1.AuditTrail/SubmitStream", true),
            ("/indelible.v1.AuditTrail/SubmitBatch", false),
            ("/indelible.v1.AuditTrail/Watch", false),
        ] {
            assert_eq!(streams.contains(path), expected, "{path}");
        }
    }
}
