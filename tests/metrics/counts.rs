//! After so many requests, events and deliveries the counts say so many.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use indelible_sources::Secret;
use indelible_sources::github::sign;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::scraped::{Parser, Scraped};
use crate::support::{Bed, Server, read};

const SECRET: &str = "It's a Secret to Everybody";

fn event(key: &str, actor: &str) -> String {
    json!({
        "source": "api/tests", "key": key,
        "claims": {
            "action": {"name": "deployment.created", "verb": "create"},
            "actor": {"type": "user", "name": actor},
            "outcome": {"result": "success"},
        },
    })
    .to_string()
}

async fn submit(server: &Server, key: &str, actor: &str) -> StatusCode {
    let (status, _) = server.post("/v1/events", "application/json", event(key, actor)).await;
    status
}

async fn deliver(server: &Server, event: &str, id: &str, secret: &str) -> StatusCode {
    deliver_of(server, "acme", event, id, secret).await
}

async fn deliver_of(server: &Server, owner: &str, event: &str, id: &str, secret: &str) -> StatusCode {
    let body = json!({
        "action": "created", "starred_at": "2026-11-22T10:00:00Z",
        "repository": {"id": 1, "full_name": format!("{owner}/web"), "owner": {"login": owner}},
        "sender": {"id": 7, "login": "mallory", "type": "User"},
    })
    .to_string();
    let signature = sign(&Secret::new(secret).unwrap(), body.as_bytes());
    let request = server
        .http
        .post(server.at("/hooks/github/acme"))
        .header("content-type", "application/json")
        .header("x-github-event", event)
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", signature);
    read(request.body(body)).await.0
}

/// A scrape behind which the tables have all of the log. On a busy machine that takes its time, since nothing derived stands in the way
/// of anybody.
async fn indexed(parser: &Parser, server: &Server) -> Scraped {
    let until = Instant::now() + Duration::from_secs(300);
    loop {
        let text = server
            .http
            .get(server.at("/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let lag = text
            .lines()
            .find(|line| line.starts_with("indelible_event_index_lag_entries "));
        if lag.is_some_and(|line| line.ends_with(" 0")) {
            return parser.scrape(server).await;
        }
        assert!(Instant::now() < until, "the tables lag: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What is said to an erasure, line by line.
async fn lines(server: &Server, asked: &Value) -> Vec<Value> {
    let request = server.http.post(server.at("/v1/erasures")).body(asked.to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn add_source(bed: &Bed) {
    let file = bed.path("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let add = [
        "source",
        "add",
        "github",
        "acme",
        "--data",
        "log",
        "--secret-file",
        "secret",
        "--allow",
        "acme",
    ];
    bed.ok(&add);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_parser_reads_that_as_much_was_counted_as_was_done() {
    let Some(parser) = Parser::installed() else { return };
    let bed = Bed::with_log();
    add_source(&bed);
    let server = bed.serve();

    let before = parser.scrape(&server).await;
    assert_eq!(before.sum("indelible_head_size", &[]), 0.0, "{before}");
    assert_eq!(before.sum("indelible_events_total", &[]), 0.0);
    assert_eq!(
        before.sum("indelible_deliveries_total", &[("source", "github/acme")]),
        0.0
    );

    for number in 0..7 {
        assert_eq!(submit(&server, &format!("key-{number}"), "alice").await, StatusCode::OK);
    }
    for _ in 0..3 {
        assert_eq!(submit(&server, "key-0", "alice").await, StatusCode::OK);
    }
    for _ in 0..2 {
        assert_eq!(submit(&server, "key-0", "mallory").await, StatusCode::CONFLICT);
    }
    let (status, _) = server.post("/v1/events", "application/json", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for number in 0..5 {
        assert_eq!(
            deliver(&server, "star", &format!("id-{number}"), SECRET).await,
            StatusCode::OK
        );
    }
    assert_eq!(deliver(&server, "star", "id-0", SECRET).await, StatusCode::OK);
    assert_eq!(
        deliver_of(&server, "evil", "star", "id-8", SECRET).await,
        StatusCode::FORBIDDEN
    );
    for _ in 0..4 {
        assert_eq!(
            deliver(&server, "star", "id-9", "guessed by somebody else").await,
            StatusCode::UNAUTHORIZED
        );
    }
    for _ in 0..6 {
        // What is asked for is no label.
        let (status, _) = server.get("/v1/events/1").await;
        assert_eq!(status, StatusCode::OK);
        let unknown = server
            .http
            .get(server.at("/wp-admin/?token=hunter2"))
            .send()
            .await
            .unwrap();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert_eq!(unknown.headers()["x-request-id"].len(), 16);
    }
    let after = indexed(&parser, &server).await;
    let check = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(after.sum(name, labels), expected, "{name} {labels:?} in\n{after}");
    };
    check("indelible_head_size", &[], 12.0);
    check("indelible_served_size", &[], 12.0);
    check("indelible_commit_entries_sum", &[], 12.0);
    check("indelible_commit_entries_count", &[], 12.0);
    check("indelible_commit_seconds_count", &[], 12.0);
    check("indelible_commits_failed_total", &[], 0.0);
    check("indelible_events_total", &[("result", "new")], 12.0);
    check("indelible_events_total", &[("result", "repeated")], 4.0);
    check("indelible_events_total", &[("result", "conflict")], 2.0);
    check("indelible_event_index_lag_entries", &[], 0.0);
    check("indelible_queue_bytes", &[], 0.0);
    check("indelible_log_serving", &[], 1.0);
    for (result, count) in [
        ("stored", 5.0),
        ("repeated", 1.0),
        ("not_authentic", 4.0),
        ("refused", 0.0),
        ("ignored", 0.0),
        ("not_permitted", 1.0),
    ] {
        check(
            "indelible_deliveries_total",
            &[("source", "github/acme"), ("result", result)],
            count,
        );
    }
    let events = [("route", "/v1/events"), ("method", "POST")];
    for (class, count) in [("2xx", 10.0), ("4xx", 3.0), ("5xx", 0.0)] {
        check(
            "indelible_requests_total",
            &[events[0], events[1], ("class", class)],
            count,
        );
    }
    check(
        "indelible_requests_total",
        &[("route", "/v1/events/{index}"), ("class", "2xx")],
        6.0,
    );
    check(
        "indelible_request_seconds_count",
        &[("route", "/v1/events/{index}")],
        6.0,
    );
    check(
        "indelible_requests_total",
        &[("route", "unknown"), ("class", "4xx")],
        6.0,
    );
    check(
        "indelible_requests_total",
        &[("route", "/hooks/{kind}/{name}"), ("class", "4xx")],
        5.0,
    );
    // This request is the only one.
    check("indelible_requests_in_flight", &[], 1.0);
    assert!(after.sum("indelible_connections_open", &[]) >= 1.0);
    assert!(
        after.sum("indelible_connections_accepted_total", &[])
            >= after.sum("indelible_connections_open", &[]) + after.sum("indelible_connections_ended_total", &[]),
        "{after}"
    );
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    let published = now - after.sum("indelible_head_published_timestamp_seconds", &[]);
    let runs = after.sum("indelible_uptime_seconds", &[]);
    assert!((0.0..runs).contains(&published), "{published} of {runs}");
    assert!(after.sum("indelible_received_bytes_total", &[]) > 5_000.0);
    assert!(after.sum("indelible_sent_bytes_total", &[]) > 5_000.0);
    assert!(after.sum("process_resident_memory_bytes", &[]) > 1e6);
    assert!(after.sum("process_open_fds", &[]) > 3.0);
    for name in [
        "process_max_fds",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
        "indelible_build_info",
        "indelible_head_published_timestamp_seconds",
        "indelible_seal_lag_entries",
        "indelible_leaf_index_lag_entries",
        "indelible_blanking_lag_entries",
        "indelible_idempotency_keys_pending",
    ] {
        assert!(after.has(name), "{name} is not in\n{after}");
    }
    let routes = after.values_of("route");
    assert!(
        routes
            .iter()
            .all(|route| !route.contains("wp-admin") && !route.contains("hunter2")),
        "{routes:?}"
    );

    let held = json!({"entries": [{"first": 3, "last": 3}], "reason": "a test"});
    let (status, held) = server.post("/v1/holds", "application/json", held.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{held}");
    let released = json!({"release": held["index"]});
    let (status, answer) = server.post("/v1/holds", "application/json", released.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let entries = json!([{"first": 0, "last": 1, "members": ["actor"]}]);
    let planned = lines(&server, &json!({"entries": entries})).await;
    let token = planned.last().unwrap()["plan"]["token"].clone();
    let done = lines(&server, &json!({"entries": entries, "confirm": token})).await;
    assert!(done.last().unwrap()["carried_out"].is_object(), "{done:?}");
    let erased = parser.scrape(&server).await;
    for (name, expected) in [
        ("indelible_holds_total", 1.0),
        ("indelible_holds_released_total", 1.0),
        ("indelible_tombstones_total", 1.0),
        ("indelible_blanked_attachments_total", 2.0),
        ("indelible_blanking_lag_entries", 0.0),
    ] {
        assert_eq!(erased.sum(name, &[]), expected, "{name} in\n{erased}");
    }
    // What follows behind catches up.
    for name in ["indelible_seal_lag_entries", "indelible_leaf_index_lag_entries"] {
        let until = Instant::now() + Duration::from_secs(60);
        while parser.scrape(&server).await.sum(name, &[]) > 0.0 {
            assert!(Instant::now() < until, "{name} stays");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_is_counted_by_method_and_code_and_streams_while_they_run() {
    let Some(parser) = Parser::installed() else { return };
    let bed = Bed::with_log();
    let server = bed.serve();
    let channel = tonic::transport::Channel::from_shared(server.url.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    let ask = |service: &str| tonic_health::pb::HealthCheckRequest {
        service: service.to_owned(),
    };
    for _ in 0..5 {
        health.check(ask("")).await.unwrap();
    }
    for _ in 0..3 {
        let refused = health.check(ask("nobody")).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::NotFound);
        assert_eq!(refused.metadata().get("x-request-id").unwrap().len(), 16);
    }
    let mut watched = health.watch(ask("")).await.unwrap().into_inner();
    assert!(watched.message().await.unwrap().is_some());

    let scraped = parser.scrape(&server).await;
    let of = |class| {
        scraped.sum(
            "indelible_requests_total",
            &[("route", CHECK), ("method", "POST"), ("class", class)],
        )
    };
    assert_eq!((of("2xx"), of("4xx"), of("5xx")), (5.0, 3.0, 0.0), "{scraped}");
    assert_eq!(
        scraped.sum("indelible_requests_in_flight", &[("route", WATCH)]),
        1.0,
        "{scraped}"
    );
    drop(watched);
    drop(health);
    drop(channel);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let scraped = parser.scrape(&server).await;
        let abandoned = [("route", WATCH), ("class", "abandoned")];
        if scraped.sum("indelible_requests_total", &abandoned) == 1.0 {
            assert_eq!(scraped.sum("indelible_requests_in_flight", &[("route", WATCH)]), 0.0);
            return;
        }
        assert!(std::time::Instant::now() < until, "the stream has not ended: {scraped}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
