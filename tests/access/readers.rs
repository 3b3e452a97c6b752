//! What is on the record of those who read, and of those who are refused.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::place::{Place, Served, as_bearer, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::transparency_log_client::TransparencyLogClient;
use crate::stubs::{ExportRequest, GetEntriesRequest};

/// Who has read so many of what, once there is that on the record.
async fn read(place: &Place, served: &Served, action: &str, by: &str) -> Vec<(Value, Value)> {
    let query = format!("source=indelible/audit&action={action}&limit=100");
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let found = served.found(&place.admin, &query).await;
        let theirs = found.iter().filter(|event| {
            let id = member(event, "actor")["id"].as_str().unwrap();
            id.starts_with(by)
        });
        let told: Vec<_> = theirs
            .map(|event| {
                let query = member(event, "targets")[0]["id"].clone();
                (query, member(event, "changes")[0]["after"].clone())
            })
            .collect();
        if !told.is_empty() || Instant::now() > until {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_runs_the_log_is_on_it_too() {
    let place = Place::events();
    let served = place.serve();
    let operator = served.token(&place.admin, "ops", json!({"role": "operator"})).await;
    for by in [&operator, &place.admin] {
        served.ok(by, "GET", "/v1/tokens", None).await;
        let configured = served.ok(by, "GET", "/v1/access", None).await;
        assert_eq!(configured["open"], false, "{configured}");
    }
    for by in ["token/ops/", "token/first/"] {
        let tokens = read(&place, &served, "indelible.manage-tokens", by).await;
        assert_eq!(tokens, [(json!("tokens"), json!(2))], "{by}");
        let configuration = read(&place, &served, "indelible.read-configuration", by).await;
        assert_eq!(configuration, [(json!("configuration"), json!(1))], "{by}");
    }
}

#[tokio::test]
async fn a_stream_is_on_it_with_the_count_of_what_it_gave() {
    let place = Place::events();
    let served = place.serve();
    let first = served.submit(&place.admin, "x", "push").await;
    for _ in 0..2 {
        served.submit(&place.admin, "x", "push").await;
    }
    let auditor = served.token(&place.admin, "auditor", json!({"role": "auditor"})).await;
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let three = ExportRequest {
        start: first,
        count: 3,
        ..ExportRequest::default()
    };
    let mut pieces = client.export(as_bearer(&auditor, three)).await.unwrap().into_inner();
    while pieces.message().await.unwrap().is_some() {}
    let told = read(&place, &served, "indelible.read-events", "token/auditor/").await;
    let query = json!(format!("evidence of 3 events from {first}"));
    assert_eq!(told, [(query, json!(3))]);
}

/// What of the log's entries somebody was given, by bundles and by a stream, at the end of the service that gave it.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_were_read_are_on_it_with_their_number() {
    let place = Place::of_kind("opaque");
    let served = place.serve();
    let submitter = served.token(&place.admin, "ci", json!({"role": "submitter"})).await;
    let auditor = served.token(&place.admin, "auditor", json!({"role": "auditor"})).await;
    let monitor = served.token(&place.admin, "monitor", json!({"role": "monitor"})).await;
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    for number in 0..3 {
        let request = http.post(format!("{}/add", served.server.url)).bearer_auth(&submitter);
        let added = request.body(format!("entry {number}")).send().await.unwrap();
        assert_eq!(added.status(), StatusCode::OK);
    }
    for by in [&auditor, &auditor, &monitor] {
        let (status, ..) = served.ask(Some(by), "GET", "/tile/entries/000.p/3", None).await;
        assert_eq!(status, StatusCode::OK);
        let (status, ..) = served.ask(Some(by), "GET", "/tile/0/000.p/3", None).await;
        assert_eq!(status, StatusCode::OK);
    }
    let mut client = TransparencyLogClient::new(served.server.channel().await);
    let rest = as_bearer(&auditor, GetEntriesRequest { start: 1, count: 10 });
    let mut entries = client.get_entries(rest).await.unwrap().into_inner();
    while entries.message().await.unwrap().is_some() {}
    drop((entries, client));
    served.server.stop();
    let text = std::fs::read_to_string(place.bed.log().join("admin.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let read: Vec<Value> = lines.filter(|line| line["act"] == "indelible.read-tiles").collect();
    assert_eq!(read.len(), 1, "{text}");
    assert_eq!(read[0]["now"]["count"], 3 + 3 + 2, "{text}");
    assert!(read[0].to_string().contains("token/auditor/"), "{text}");
}

/// Who sends a token that does not hold is nobody that is known; from where it came is known.
#[tokio::test]
async fn a_token_that_nobody_made_is_counted_with_its_origin() {
    let place = Place::events();
    let served = place.serve();
    let unknown = indelible_access::token::Token::new(&[5; 32]);
    for _ in 0..3 {
        let (status, ..) = served.ask(Some(unknown.expose()), "GET", "/v1/tokens", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    // What was not told yet is told at the end.
    served.server.stop();
    let served = place.serve();
    let denied = served.found(&place.admin, "action=indelible.denied").await;
    let of_unknown = |event: &&Value| member(event, "actor")["id"] == "unknown";
    let counts = denied.iter().filter(of_unknown);
    let counted: u64 = counts
        .map(|event| member(event, "changes")[0]["after"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, 3, "{denied:#?}");
    for event in denied.iter().filter(of_unknown) {
        assert_eq!(member(event, "origin")["ip"], "127.0.0.1", "{event}");
        assert_eq!(member(event, "targets")[0]["id"], "manage-tokens", "{event}");
    }
}
