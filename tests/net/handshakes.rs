//! Clients that never say what they want.

use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::server::{Server, Setup};

const SHORT: Duration = Duration::from_millis(300);

/// A server that gives a client `SHORT` to open its connection.
async fn impatient(tls: bool) -> Server {
    let mut setup = Setup {
        tls,
        ..Setup::default()
    };
    setup.limits.opening = SHORT;
    setup.limits.header = SHORT;
    Server::start(setup).await
}

/// That the server closes the connection, when its time is up and not before.
async fn is_closed_in_time(io: &mut (impl AsyncRead + Unpin), begun: Instant, what: &str) {
    let mut rest = Vec::new();
    let read = timeout(Duration::from_secs(5), io.read_to_end(&mut rest)).await;
    // An abrupt end is as good as an orderly one here.
    assert!(read.is_ok(), "{what}: still open after {:?}", begun.elapsed());
    assert!(begun.elapsed() >= SHORT, "{what}: closed after {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_handshake_that_never_ends_blocks_nobody() {
    let server = Server::start(Setup {
        tls: true,
        ..Setup::default()
    })
    .await;
    let mut stuck = Vec::new();
    for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = server.tcp().await;
        stream.write_all(bytes).await.unwrap();
        stuck.push(stream);
    }
    let answered = timeout(Duration::from_secs(5), async {
        server
            .http2()
            .await
            .ask(&server.host(), "/healthz", &[])
            .await
            .unwrap()
            .status
    });
    assert_eq!(answered.await, Ok(StatusCode::OK));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let (plain, tls) = (impatient(false).await, impatient(true).await);
    for (server, sent) in [
        (&plain, &b""[..]),
        (&plain, b"PRI * HTTP/2.0\r\n"),
        (&plain, b"GET /healthz HTTP/1.1\r\nHost: local"),
        (&tls, b""),
        (&tls, b"\x16\x03\x01\x02\x00\x01"),
    ] {
        let begun = Instant::now();
        let mut stream = server.tcp().await;
        stream.write_all(sent).await.unwrap();
        is_closed_in_time(
            &mut stream,
            begun,
            &format!("{} {:?}", server.url, sent.escape_ascii().to_string()),
        )
        .await;
    }
}

#[tokio::test]
async fn a_client_that_only_shakes_hands_is_let_go() {
    let server = impatient(true).await;
    for alpn in [&b"h2"[..], b"http/1.1"] {
        let begun = Instant::now();
        let mut stream = server.tls(&[alpn]).await;
        is_closed_in_time(&mut stream, begun, &alpn.escape_ascii().to_string()).await;
    }
}

#[tokio::test]
async fn an_idle_http1_connection_is_let_go() {
    let server = impatient(false).await;
    let mut stream = server.tcp().await;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    is_closed_in_time(&mut stream, Instant::now(), "idle").await;
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_is_refused_and_blocks_nobody() {
    let (plain, tls) = (impatient(false).await, impatient(true).await);
    for server in [&plain, &tls] {
        for sent in [
            &b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
            b"\x00\xff\x00\xff\r\n\r\n",
            &[0x16; 64],
        ] {
            let mut stream = server.tcp().await;
            stream.write_all(sent).await.unwrap();
            let mut answer = Vec::new();
            let read = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
            assert!(read.is_ok(), "{} never closed", server.url);
        }
        assert_eq!(
            server
                .http1()
                .await
                .ask("localhost", "/healthz", &[])
                .await
                .unwrap()
                .status,
            StatusCode::OK
        );
    }
}
