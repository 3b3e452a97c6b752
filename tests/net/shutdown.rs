//! The end of a server: what is under way is finished, but not for ever.

use std::time::{Duration, Instant};

use http::StatusCode;
use indelible::net::Stopped;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::server::{Server, Setup};

const SHORT: Duration = Duration::from_millis(300);
/// Longer than a handshake may take.
const LONG: Duration = Duration::from_secs(20);

async fn with_shutdown(shutdown: Duration) -> Server {
    let mut setup = Setup::default();
    setup.limits.shutdown = shutdown;
    Server::start(setup).await
}

#[tokio::test]
async fn running_requests_are_answered_and_idle_connections_closed() {
    let server = with_shutdown(LONG).await;
    let host = server.host();
    let mut idle = [server.http1().await, server.http2().await];
    for client in &mut idle {
        assert_eq!(client.ask(&host, "/healthz", &[]).await.unwrap().status, StatusCode::OK);
    }
    let silent = server.tcp().await;
    let running: Vec<_> = [server.http1().await, server.http2().await]
        .into_iter()
        .map(|mut client| {
            let host = host.clone();
            tokio::spawn(async move { client.ask(&host, "/soon", &[]).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;

    let address = server.address;
    let begun = Instant::now();
    let stopping = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!stopping.is_finished(), "a request is running");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert_eq!(stopping.await.unwrap(), Stopped { cut: 0 });
    assert!(begun.elapsed() < LONG / 4, "took {:?}", begun.elapsed());
    for request in running {
        let answer = request.await.unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "soon\n"));
    }
    for client in &mut idle {
        assert!(client.ask(&host, "/healthz", &[]).await.is_err());
    }
    drop(silent);
}

#[tokio::test]
async fn a_stream_without_end_is_cut_at_the_deadline() {
    let server = with_shutdown(SHORT).await;
    let mut health = HealthClient::new(server.channel().await);
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert!(watched.message().await.unwrap().is_some());

    let begun = Instant::now();
    assert_eq!(server.stop().await, Stopped { cut: 1 });
    assert!((SHORT..LONG).contains(&begun.elapsed()), "took {:?}", begun.elapsed());
    let end = timeout(Duration::from_secs(5), watched.message())
        .await
        .expect("the client is told");
    assert!(end.is_err(), "an error, not an orderly end: {end:?}");
}

#[tokio::test]
async fn handlers_that_never_answer_are_dropped_at_the_deadline() {
    let server = with_shutdown(SHORT).await;
    let idle = server.never.strong_count();
    let calls: Vec<_> = [server.http1().await, server.http2().await]
        .into_iter()
        .map(|mut client| {
            let host = server.host();
            tokio::spawn(async move { client.ask(&host, "/never", &[]).await.is_err() })
        })
        .collect();
    while server.never.strong_count() < idle + 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let never = server.never.clone();
    assert_eq!(server.stop().await, Stopped { cut: 2 });
    for call in calls {
        assert!(call.await.unwrap(), "an error, not an answer");
    }
    // HTTP/2 handlers are tasks of their own, and hear of the end of their connection.
    timeout(Duration::from_secs(5), async {
        while never.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("no handler is left");
}
