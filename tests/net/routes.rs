//! Known and unknown paths, over each of the four ways to speak to the port.

use http::StatusCode;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use indelible::http::Health;
use tonic::Code;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;

use crate::client::Client;
use crate::server::{CHECKPOINT, Server, Setup};

/// One client of each kind: HTTP/1.1 and HTTP/2, plain and over TLS.
async fn everyway() -> Vec<(&'static str, Server, Client)> {
    let mut ways = Vec::new();
    for (name, tls) in [("plain", false), ("tls", true)] {
        let server = Server::start(Setup {
            tls,
            ..Setup::default()
        })
        .await;
        let client = server.http1().await;
        ways.push((name, server, client));
        let server = Server::start(Setup {
            tls,
            ..Setup::default()
        })
        .await;
        let client = server.http2().await;
        ways.push((name, server, client));
    }
    ways
}

#[tokio::test]
async fn the_checkpoint_is_served_every_way() {
    for (way, server, mut client) in everyway().await {
        let answer = client.ask(&server.host(), "/checkpoint", &[]).await.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, CHECKPOINT),
            "{way}"
        );
        assert_eq!(answer.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(answer.headers[CACHE_CONTROL], "no-cache");
        let head = client
            .send(client.request("HEAD", &server.host(), "/checkpoint", &[]))
            .await
            .unwrap();
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""), "{way}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_every_way_and_unimplemented_to_grpc() {
    for (way, server, mut client) in everyway().await {
        for path in ["/", "/nowhere", "/checkpoint/", "/indelible.v1.Nothing/Do"] {
            let answer = client.ask(&server.host(), path, &[]).await.unwrap();
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (StatusCode::NOT_FOUND, "not found\n"),
                "{way} {path}"
            );
            assert!(!answer.headers.contains_key("grpc-status"), "{way} {path}");
            let called = client.call(&server.host(), path, &[]).await;
            assert_eq!(called, (StatusCode::OK, Some("12".into())), "{way} {path}");
        }
    }
}

#[tokio::test]
async fn a_known_path_refuses_other_methods_every_way() {
    for (way, server, mut client) in everyway().await {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = client
                .send(client.request(method, &server.host(), "/checkpoint", &[]))
                .await
                .unwrap();
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{way} {method}");
            assert_eq!(answer.headers[ALLOW], "GET,HEAD", "{way} {method}");
        }
    }
}

#[tokio::test]
async fn a_grpc_path_answers_grpc_only() {
    let path = "/grpc.health.v1.Health/Check";
    for (way, server, mut client) in everyway().await {
        let answer = client.ask(&server.host(), path, &[]).await.unwrap();
        assert_eq!(
            (answer.status, &answer.headers[ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
        );
        for content_type in ["text/plain", "application/json", "application/grpc-web"] {
            let post = client.request("POST", &server.host(), path, &[("content-type", content_type)]);
            let answer = client.send(post).await.unwrap();
            assert_eq!(
                answer.status,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{way} {content_type}"
            );
        }
        let expected = match client {
            Client::Http1(_) => (StatusCode::HTTP_VERSION_NOT_SUPPORTED, None),
            Client::Http2(_) => (StatusCode::OK, None),
        };
        assert_eq!(client.call(&server.host(), path, &[]).await, expected, "{way}");
    }
}

#[tokio::test]
async fn grpc_works_plain_and_over_tls() {
    for tls in [false, true] {
        let server = Server::start(Setup {
            tls,
            ..Setup::default()
        })
        .await;
        server
            .reporter
            .set_service_status("a.Service", tonic_health::ServingStatus::Serving)
            .await;
        let mut health = HealthClient::new(server.channel().await);
        let answer = health
            .check(HealthCheckRequest {
                service: "a.Service".into(),
            })
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
        let refused = health
            .check(HealthCheckRequest {
                service: "another".into(),
            })
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_grpc_client_learns_that_a_method_is_unimplemented() {
    let server = Server::start(Setup::default()).await;
    let mut client = tonic::client::Grpc::new(server.channel().await);
    for path in ["/grpc.health.v1.Health/Nothing", "/nobody.v1.Nothing/Do"] {
        client.ready().await.unwrap();
        let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
        let request = tonic::Request::new(HealthCheckRequest::default());
        let refused = client
            .unary(request, PathAndQuery::from_static(path), codec)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn health_is_200_or_503_with_the_reason() {
    let server = Server::start(Setup::default()).await;
    let answer = server.http1().await.ask(&server.host(), "/healthz", &[]).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "ok\n"));

    let health = Health::Degraded("sealing stopped".into());
    let server = Server::start(Setup {
        health,
        ..Setup::default()
    })
    .await;
    let answer = server.http1().await.ask(&server.host(), "/healthz", &[]).await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "degraded: sealing stopped\n")
    );

    let health = Health::NotServing("the journal is full".into());
    let server = Server::start(Setup {
        health,
        ..Setup::default()
    })
    .await;
    let answer = server.http1().await.ask(&server.host(), "/healthz", &[]).await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "the journal is full\n")
    );
    assert_eq!(answer.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn handlers_learn_both_ends_of_their_connection() {
    let server = Server::start(Setup::default()).await;
    let stream = server.tcp().await;
    let ends = format!("{} {}", server.address, stream.local_addr().unwrap());
    let answer = Client::http1(stream)
        .await
        .ask("localhost", "/connection", &[])
        .await
        .unwrap();
    assert_eq!(answer.body, ends);
}
