//! The guard over real HTTP. The whole table of decisions is beside the decision; here is that it sees what it must see.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::Full;
use indelible::net::application;
use indelible::net::host::KnownHosts;
use indelible::observe::Observer;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::server::TcpConnectInfo;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::ServiceExt;

use crate::server::{CERTIFIED, Server, Setup};

#[tokio::test]
async fn hosts_origins_and_sites_are_judged_by_both_protocols() {
    let hosts = vec!["audit.corp".parse().unwrap(), "proxy.corp:8443".parse().unwrap()];
    let server = Server::start(Setup {
        hosts,
        ..Setup::default()
    })
    .await;
    let own = server.host();
    for (host, headers, expected) in [
        (own.as_str(), vec![], 200),
        ("localhost", vec![], 200),
        ("localhost:1", vec![], 200),
        ("[::1]:7425", vec![], 200),
        ("127.0.0.2", vec![], 200),
        ("audit.corp", vec![], 200),
        ("audit.corp:99", vec![], 200),
        ("proxy.corp:8443", vec![], 200),
        ("proxy.corp", vec![], 403),
        ("evil.example", vec![], 403),
        ("localhost.evil.example", vec![], 403),
        (CERTIFIED, vec![], 403),
        ("10.1.2.3", vec![], 403),
        (&own, vec![("origin", "http://localhost:7425")], 200),
        (&own, vec![("origin", "https://audit.corp")], 200),
        (&own, vec![("origin", "https://evil.example")], 403),
        (&own, vec![("origin", "null")], 403),
        (&own, vec![("sec-fetch-site", "same-origin")], 200),
        (&own, vec![("sec-fetch-site", "none")], 200),
        (&own, vec![("sec-fetch-site", "same-site")], 403),
        (&own, vec![("sec-fetch-site", "cross-site")], 403),
    ] {
        for mut client in [server.http1().await, server.http2().await] {
            let answer = client.ask(host, "/healthz", &headers).await.unwrap();
            assert_eq!(answer.status.as_u16(), expected, "{host} {headers:?}: {answer:?}");
            // Known or not, a path tells a stranger nothing.
            let answer = client.ask(host, "/nowhere", &headers).await.unwrap();
            let expected = if expected == 403 { 403 } else { 404 };
            assert_eq!(answer.status.as_u16(), expected, "{host} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let server = Server::start(Setup::default()).await;
    let answer = server.http1().await.ask("audit.corp", "/healthz", &[]).await.unwrap();
    let expected =
        "the host \"audit.corp\" is not known here; if it means this log, list it in `hosts` in indelible.toml\n";
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let server = Server::start(Setup::default()).await;
    for version in [http::Version::HTTP_11, http::Version::HTTP_10] {
        let request = Request::builder()
            .uri("/healthz")
            .version(version)
            .body(Full::default())
            .unwrap();
        let answer = server.http1().await.send(request).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_second_host_over_http2_is_judged_too() {
    let server = Server::start(Setup::default()).await;
    let headers = [("host", "evil.example")];
    let answer = server
        .http2()
        .await
        .ask(&server.host(), "/healthz", &headers)
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// Every address of this machine that a test can count on is a loopback one, and known anyway. So this is in two halves: here
/// the guard goes by what the connection says, in `routes` the connection says the truth.
#[tokio::test]
async fn the_address_that_a_connection_arrived_on_is_known() {
    let known = KnownHosts::new(&[], &[]);
    let app = application(
        Routes::default(),
        Router::new(),
        known,
        Duration::from_secs(30),
        &Observer::default(),
    );
    for (arrived_at, expected) in [
        ("10.1.2.3:7425", StatusCode::NOT_FOUND),
        ("10.1.2.4:7425", StatusCode::FORBIDDEN),
    ] {
        let info = TcpConnectInfo {
            local_addr: Some(arrived_at.parse().unwrap()),
            remote_addr: None,
        };
        let request = Request::builder()
            .uri("/")
            .header(HOST, "10.1.2.3")
            .extension(info)
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            app.clone().oneshot(request).await.unwrap().status(),
            expected,
            "{arrived_at}"
        );
    }
}

#[tokio::test]
async fn grpc_passes_the_same_guard() {
    let server = Server::start(Setup::default()).await;
    let mut foreign = HealthClient::new(server.channel_as("evil.example").await);
    let refused = foreign.check(HealthCheckRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(
        refused
            .message()
            .starts_with("the host \"evil.example\" is not known here"),
        "{refused}"
    );
    let called = server
        .http2()
        .await
        .call("evil.example", "/grpc.health.v1.Health/Check", &[])
        .await;
    assert_eq!(
        called,
        (StatusCode::FORBIDDEN, Some("7".into())),
        "for those that look at HTTP only"
    );

    let mut page = tonic::Request::new(HealthCheckRequest::default());
    page.metadata_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    let mut client = HealthClient::new(server.channel().await);
    assert_eq!(client.check(page).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(client.check(HealthCheckRequest::default()).await.is_ok());
}

#[tokio::test]
async fn the_names_of_the_certificate_are_known() {
    let server = Server::start(Setup {
        tls: true,
        ..Setup::default()
    })
    .await;
    for (host, expected) in [
        (CERTIFIED, StatusCode::OK),
        ("other.example.com", StatusCode::FORBIDDEN),
    ] {
        for mut client in [server.http1().await, server.http2().await] {
            assert_eq!(
                client.ask(host, "/healthz", &[]).await.unwrap().status,
                expected,
                "{host}"
            );
        }
    }
}
