//! How long an answer may take to begin, and that a stream is not cut.

use std::time::{Duration, Instant};

use http::StatusCode;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::server::{Server, Setup};

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_late_answer_is_deadline_exceeded_to_grpc_and_503_to_others() {
    let server = Server::start(Setup {
        request_timeout: SHORT,
        ..Setup::default()
    })
    .await;
    for mut client in [server.http1().await, server.http2().await] {
        let begun = Instant::now();
        let called = client.call(&server.host(), "/never", &[]).await;
        assert_eq!(called, (StatusCode::OK, Some("4".into())));
        assert!(begun.elapsed() >= SHORT);
        let answer = client.ask(&server.host(), "/never", &[]).await.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "no answer within 200 ms\n")
        );
    }
}

#[tokio::test]
async fn the_shorter_of_the_callers_and_the_servers_limit_counts() {
    let long = Server::start(Setup::default()).await;
    let begun = Instant::now();
    let called = long
        .http2()
        .await
        .call(&long.host(), "/never", &[("grpc-timeout", "100m")])
        .await;
    assert_eq!(called, (StatusCode::OK, Some("4".into())));
    assert!((Duration::from_millis(100)..Duration::from_secs(10)).contains(&begun.elapsed()));

    let short = Server::start(Setup {
        request_timeout: SHORT,
        ..Setup::default()
    })
    .await;
    let begun = Instant::now();
    let called = short
        .http2()
        .await
        .call(&short.host(), "/never", &[("grpc-timeout", "1H")])
        .await;
    assert_eq!(called, (StatusCode::OK, Some("4".into())));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_timeout_that_is_none_is_refused() {
    let server = Server::start(Setup::default()).await;
    let called = server
        .http2()
        .await
        .call(&server.host(), "/never", &[("grpc-timeout", "soon")])
        .await;
    assert_eq!(called, (StatusCode::OK, Some("3".into())));
}

#[tokio::test]
async fn a_handler_that_is_out_of_time_is_dropped() {
    let server = Server::start(Setup {
        request_timeout: SHORT,
        ..Setup::default()
    })
    .await;
    let idle = server.never.strong_count();
    let (mut client, host) = (server.http2().await, server.host());
    let call = tokio::spawn(async move { client.call(&host, "/never", &[]).await });
    while server.never.strong_count() == idle {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.await.unwrap();
    assert_eq!(server.never.strong_count(), idle);
}

#[tokio::test]
async fn a_stream_outlives_the_limit_and_the_age_of_its_connection() {
    let mut setup = Setup {
        request_timeout: SHORT,
        ..Setup::default()
    };
    setup.limits.connection_age = SHORT;
    let server = Server::start(setup).await;
    let status = |status| server.reporter.set_service_status("a", status);
    status(ServingStatus::Serving).await;
    let mut health = HealthClient::new(server.channel().await);
    let mut watched = health
        .watch(HealthCheckRequest { service: "a".into() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
    tokio::time::sleep(4 * SHORT).await;
    status(ServingStatus::NotServing).await;
    assert_eq!(watched.message().await.unwrap().unwrap().status, 2);
}
