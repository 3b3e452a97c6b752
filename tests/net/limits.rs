//! What one client, and all of them, can take.

use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::client::Client;
use crate::server::{Server, Setup};

const A_WHILE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_connection_too_many_waits_for_a_place() {
    let mut setup = Setup::default();
    setup.limits.connections_max = 2;
    let server = Server::start(setup).await;
    let host = server.host();
    let (mut first, mut second) = (server.http1().await, server.http2().await);
    assert_eq!(first.ask(&host, "/healthz", &[]).await.unwrap().status, StatusCode::OK);
    assert_eq!(second.ask(&host, "/healthz", &[]).await.unwrap().status, StatusCode::OK);

    // The kernel completes the connection, but nobody serves it.
    let mut third = server.http1().await;
    let request = third.ask(&host, "/healthz", &[]);
    tokio::pin!(request);
    assert!(
        timeout(A_WHILE, request.as_mut()).await.is_err(),
        "two places for three"
    );
    assert_eq!(
        second.ask(&host, "/healthz", &[]).await.unwrap().status,
        StatusCode::OK,
        "the others are not disturbed"
    );
    drop(first);
    let answer = timeout(Duration::from_secs(5), request)
        .await
        .expect("a place is free")
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_too_many_waits_for_a_place() {
    let mut setup = Setup::default();
    setup.limits.streams_per_connection_max = 2;
    let server = Server::start(setup).await;
    let mut client = server.http2().await;
    // The limit reaches the client with the first frames of the server.
    assert_eq!(
        client.ask(&server.host(), "/healthz", &[]).await.unwrap().status,
        StatusCode::OK
    );
    let Client::Http2(sender) = &client else {
        unreachable!("an HTTP/2 client")
    };
    let pending: Vec<_> = (0..2)
        .map(|_| {
            let mut sender = sender.clone();
            tokio::spawn(sender.send_request(client.request("GET", &server.host(), "/never", &[])))
        })
        .collect();
    let third = timeout(A_WHILE, client.ask(&server.host(), "/healthz", &[])).await;
    assert!(third.is_err(), "two places for three");
    assert_eq!(
        server
            .http2()
            .await
            .ask(&server.host(), "/healthz", &[])
            .await
            .unwrap()
            .status,
        StatusCode::OK
    );
    drop(pending);
}

#[tokio::test]
async fn a_large_head_is_refused_by_both_protocols() {
    let server = Server::start(Setup::default()).await;
    let (fits, large) = ("x".repeat(12 << 10), "x".repeat(20 << 10));
    for mut client in [server.http1().await, server.http2().await] {
        let answer = client
            .ask("localhost", "/healthz", &[("x-large", &fits)])
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        let answer = client
            .ask("localhost", "/healthz", &[("x-large", &large)])
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
}

#[tokio::test]
async fn a_head_of_too_many_fields_is_refused() {
    let server = Server::start(Setup::default()).await;
    let mut stream = server.tcp().await;
    let fields = "a: b\r\n".repeat(200);
    stream
        .write_all(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn an_old_connection_is_asked_to_go() {
    let mut setup = Setup::default();
    setup.limits.connection_age = A_WHILE;
    let server = Server::start(setup).await;
    let mut clients = [server.http1().await, server.http2().await];
    for client in &mut clients {
        assert_eq!(
            client.ask("localhost", "/healthz", &[]).await.unwrap().status,
            StatusCode::OK
        );
    }
    tokio::time::sleep(2 * A_WHILE).await;
    for client in &mut clients {
        assert!(
            client.ask("localhost", "/healthz", &[]).await.is_err(),
            "the connection is closed"
        );
    }
}
