//! Each kind of misuse ends a connection, or a stream, for its own reason.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bed::{Bed, Server};
use crate::stubs::WatchTreeHeadsRequest;
use crate::{ended, figure, serve};

type Parts = StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>;

fn address(server: &Server) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.port()))
}

/// A connection of HTTP/2, and when it has ended.
async fn http2(server: &Server) -> (SendRequest<Parts>, tokio::task::JoinHandle<()>) {
    let stream = TcpStream::connect(address(server)).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let ended = tokio::spawn(async move {
        let _ = connection.await;
    });
    (sender, ended)
}

/// A body of these parts, and after them one byte a second.
fn parts(first: &[u8]) -> Parts {
    let first = Bytes::copy_from_slice(first);
    let seconds = stream::repeat(Bytes::from_static(b"a")).then(async |byte| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        byte
    });
    let all = stream::iter([first]).chain(seconds).map(|part| Ok(Frame::data(part)));
    StreamBody::new(Box::pin(all))
}

fn post(path: &str, body: Parts) -> Request<Parts> {
    let request = Request::post(format!("http://localhost{path}"));
    request.body(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_given_up_by_either_protocol_and_the_sender_hears_why() {
    let bed = Bed::with_log();
    let server = serve(&bed, "");
    let began = Instant::now();
    let mut stream = TcpStream::connect(address(&server)).await.unwrap();
    let head = b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nslow";
    stream.write_all(head).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(20), stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());

    let (mut sender, _ended) = http2(&server).await;
    let answer = timeout(
        Duration::from_secs(20),
        sender.send_request(post("/add", parts(b"slow"))),
    )
    .await;
    assert_eq!(answer.unwrap().unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(figure(&server, "indelible_slow_bodies_total"), 2);
    crate::until("the connection of HTTP/1.1 ends", 20, || {
        ended(&server, "slow_body") == 1
    })
    .await;
    // As does a body that keeps the pace, however long it takes.
    let seconds = stream::iter(0..8).then(async |_| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Frame::data(Bytes::from_static(&[7; 500])))
    });
    let steady = StreamBody::new(Box::pin(seconds) as Pin<Box<dyn Stream<Item = _> + Send>>);
    let answer = sender.send_request(post("/add", steady)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "the connection of HTTP/2 goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_stream_must_arrive_once_it_has_begun_and_a_pause_between_two_may_be_long() {
    let bed = Bed::with_log();
    let server = serve(&bed, "");
    let (mut sender, _ended) = http2(&server).await;
    let call = |body| {
        let mut request = post("/indelible.v1.TransparencyLog/AppendStream", body);
        let head = request.headers_mut();
        head.insert("content-type", "application/grpc".parse().unwrap());
        head.insert("te", "trailers".parse().unwrap());
        request
    };
    // One that says nothing at all for longer than a slow one lasts.
    let silent: Parts = StreamBody::new(Box::pin(stream::pending()));
    let silent = sender.send_request(call(silent)).await.unwrap();
    let began = Instant::now();
    let slow = sender.send_request(call(parts(&[0, 0, 0, 3, 0, b'a']))).await.unwrap();
    let _collected = timeout(Duration::from_secs(20), slow.into_body().collect())
        .await
        .expect("the stream ends");
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(figure(&server, "indelible_slow_bodies_total"), 1);
    let mut silent = silent.into_body();
    assert!(
        timeout(Duration::from_secs(1), silent.frame()).await.is_err(),
        "the other stream goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_every_request_back_is_sent_away() {
    let bed = Bed::with_log();
    let server = serve(&bed, "");
    let (sender, connection) = http2(&server).await;
    for _ in 0..600 {
        let mut sender = sender.clone();
        if sender.ready().await.is_err() {
            break;
        }
        let asked = sender.send_request(post("/add", StreamBody::new(Box::pin(stream::pending()))));
        // Until the service has it; then it is reset.
        let _ = timeout(Duration::from_millis(10), asked).await;
    }
    timeout(Duration::from_secs(20), connection)
        .await
        .expect("the connection ends")
        .unwrap();
    crate::until("it is counted", 10, || ended(&server, "resets") == 1).await;
    let (status, _) = server.get("/checkpoint");
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_requests_ends_and_one_with_a_stream_does_not() {
    let bed = Bed::with_log();
    let server = serve(&bed, "idle_timeout_seconds = 1\nheader_timeout_seconds = 2\n");
    let mut stub = server.stub().await;
    let mut heads = stub
        .watch_tree_heads(WatchTreeHeadsRequest {})
        .await
        .unwrap()
        .into_inner();
    heads.message().await.unwrap().unwrap();
    let (_sender, connection) = http2(&server).await;
    let plain = TcpStream::connect(address(&server)).await.unwrap();
    let mut plain = crate::honest::ask(plain, false).await;
    timeout(Duration::from_secs(10), connection)
        .await
        .expect("the connection ends")
        .unwrap();
    assert_eq!(
        timeout(Duration::from_secs(10), plain.read(&mut [0; 16]))
            .await
            .unwrap()
            .unwrap(),
        0
    );
    crate::until("both are counted", 10, || ended(&server, "idle") == 2).await;
    crate::honest::ask(TcpStream::connect(address(&server)).await.unwrap(), true).await;
    let next = timeout(Duration::from_secs(10), heads.message())
        .await
        .expect("the stream goes on");
    assert!(next.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_handshakes_and_heads_are_told_apart() {
    let bed = Bed::with_log();
    let server = serve(&bed, "header_timeout_seconds = 1\n");
    let mut head = TcpStream::connect(address(&server)).await.unwrap();
    head.write_all(b"GET /checkpoint HT").await.unwrap();
    let mut nothing = TcpStream::connect(address(&server)).await.unwrap();
    let mut preface = TcpStream::connect(address(&server)).await.unwrap();
    preface.write_all(b"PRI * HTTP").await.unwrap();
    for stream in [&mut head, &mut nothing, &mut preface] {
        let _ = timeout(Duration::from_secs(20), stream.read(&mut [0; 512]))
            .await
            .expect("closed");
    }
    crate::until("all are counted", 10, || {
        ended(&server, "slow_head") == 1 && ended(&server, "slow_opening") == 2
    })
    .await;
}
