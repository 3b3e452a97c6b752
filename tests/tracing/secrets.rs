//! At the finest level of all, nothing of what clients send is in the log lines.

use std::time::Duration;

use serde_json::json;
use tonic::metadata::MetadataValue;

use crate::support::Bed;

const PLANTED: &str = "hunter2-is-planted";

#[tokio::test(flavor = "multi_thread")]
async fn no_token_no_query_and_no_body_is_in_any_line_at_level_trace() {
    for format in ["text", "json"] {
        let bed = Bed::with_log();
        let config = format!(
            "log_format = \"{format}\"\nlog_filter = \"trace\"\notlp_endpoint = \"http://us:{PLANTED}@127.0.0.1:1/{PLANTED}\"\n"
        );
        std::fs::write(bed.path("log/indelible.toml"), config).unwrap();
        let server = bed.serve();
        let claims =
            json!({"action": {"name": "deploy", "verb": "execute"}, "actor": {"type": "user", "name": PLANTED}});
        let body = json!({"source": "api/tests", "key": PLANTED, "claims": claims}).to_string();
        for path in ["/v1/events", "/hooks/github/acme", "/v1/erasures", "/nothing", "/add"] {
            let request = server
                .http
                .post(server.at(&format!("{path}?token={PLANTED}")))
                .header("authorization", format!("Bearer {PLANTED}"))
                .header("cookie", format!("session={PLANTED}"))
                .header("x-made-up", PLANTED)
                .header("traceparent", PLANTED)
                .header("content-type", "application/json");
            request.body(body.clone()).send().await.unwrap();
            let body = format!("{{\"{PLANTED}");
            let request = server
                .http
                .post(server.at(path))
                .header("content-type", "application/json");
            request.body(body).send().await.unwrap();
        }
        for path in [
            format!("/{PLANTED}"),
            format!("/v1/events/{PLANTED}"),
            format!("/v1/events?actor={PLANTED}"),
        ] {
            server.http.get(server.at(&path)).send().await.unwrap();
        }
        let method = reqwest::Method::from_bytes(PLANTED.as_bytes()).unwrap();
        server
            .http
            .request(method, server.at("/checkpoint"))
            .send()
            .await
            .unwrap();
        // gRPC over HTTP/2, whose frames libraries like to tell of.
        let channel = tonic::transport::Channel::from_shared(server.url.clone())
            .unwrap()
            .connect()
            .await
            .unwrap();
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
        let mut request = tonic::Request::new(tonic_health::pb::HealthCheckRequest {
            service: PLANTED.to_owned(),
        });
        let bearer: MetadataValue<_> = format!("Bearer {PLANTED}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        health.check(request).await.unwrap_err();
        // The first spans wait a second for others, and then the collector is not there.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let lines = server.kill();
        assert!(
            lines.iter().any(|line| line.contains("does not take spans")),
            "{lines:#?}"
        );
        let of_requests = lines.iter().filter(|line| line.contains("indelible::requests")).count();
        assert!(of_requests > 10, "{of_requests} lines of requests");
        let telling: Vec<&String> = lines.iter().filter(|line| line.contains(PLANTED)).collect();
        assert!(telling.is_empty(), "{format}: {telling:#?}");
        // What libraries may tell one day is not written either.
        let fine = |line: &&String| ["DEBUG", "TRACE"].iter().any(|level| line.contains(level));
        let foreign: Vec<&String> = lines
            .iter()
            .filter(fine)
            .filter(|line| !line.contains("indelible"))
            .collect();
        assert!(foreign.is_empty(), "{format}: {foreign:#?}");
    }
}
