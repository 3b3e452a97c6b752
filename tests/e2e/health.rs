//! Health, reflection, and the plain pages beside them.

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::support::Bed;

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_for_the_server_and_its_service() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "indelible.v1.TransparencyLog"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    assert_eq!(server.get("/healthz"), (200, b"ok\n".to_vec()));
    assert_eq!(server.get("/nothing").0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_lists_every_service() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answer = reflection
        .server_reflection_info(tokio_stream::iter([ask]))
        .await
        .unwrap();
    let answer = answer.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in [
        "indelible.v1.TransparencyLog",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    ] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}
