//! What a scope leaves out is not there for whoever has it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tonic::Code;

use crate::place::{Place, Served, as_bearer, event, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{ExportRequest, GetEventRequest, Submission, SubmitRequest, WatchRequest};

async fn filled(place: &Place, served: &Served) -> Vec<u64> {
    let mut indexes = Vec::new();
    for (source, action) in [
        ("github/acme", "push"),
        ("gitlab/x", "push"),
        ("github/acme", "deployment.created"),
        ("gitlab/x", "delete"),
    ] {
        indexes.push(served.submit(&place.admin, source, action).await);
    }
    indexes
}

fn sources(events: &[Value]) -> Vec<String> {
    let source = |event: &Value| member(event, "delivery")["source"].as_str().unwrap().to_owned();
    events.iter().map(source).collect()
}

#[tokio::test]
async fn a_reader_sees_its_own_source_by_every_door() {
    let place = Place::events();
    let served = place.serve();
    let indexes = filled(&place, &served).await;
    let grant = json!({"role": "reader", "scope": {"sources": ["github/acme"]}});
    let reader = served.token(&place.admin, "acme", grant).await;
    assert_eq!(
        sources(&served.found(&reader, "").await),
        ["github/acme", "github/acme"]
    );
    assert!(served.found(&reader, "source=gitlab/x").await.is_empty());
    assert_eq!(served.found(&reader, "verb=create").await.len(), 2);
    let mut client = AuditTrailClient::new(served.server.channel().await);
    for (place, index) in indexes.iter().enumerate() {
        let own = place % 2 == 0;
        let (status, ..) = served
            .ask(Some(&reader), "GET", &format!("/v1/events/{index}"), None)
            .await;
        assert_eq!(status, if own { StatusCode::OK } else { StatusCode::FORBIDDEN });
        let got = client.get(as_bearer(&reader, GetEventRequest { index: *index })).await;
        assert_eq!(
            got.err().map(|status| status.code()),
            (!own).then_some(Code::PermissionDenied)
        );
    }
    let export = ExportRequest {
        start: 0,
        count: 1_000,
        ..ExportRequest::default()
    };
    let mut pieces = client.export(as_bearer(&reader, export)).await.unwrap().into_inner();
    let mut file = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        file.extend_from_slice(&piece.piece);
    }
    let file = String::from_utf8(file).unwrap();
    // The first line is the header.
    assert_eq!(file.lines().count(), 3, "{file}");
    let watch = WatchRequest {
        start: Some(0),
        ..WatchRequest::default()
    };
    let mut watched = client.watch(as_bearer(&reader, watch)).await.unwrap().into_inner();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(
            watched
                .message()
                .await
                .unwrap()
                .unwrap()
                .events
                .into_iter()
                .map(|event| event.index),
        );
    }
    assert_eq!(seen, [indexes[0], indexes[2]]);
}

#[tokio::test]
async fn a_scope_of_actions_holds_too() {
    let place = Place::events();
    let served = place.serve();
    filled(&place, &served).await;
    let grant = json!({"role": "reader", "scope": {"actions": ["deployment.*", "delete"]}});
    let reader = served.token(&place.admin, "deployments", grant).await;
    let names: Vec<Value> = served
        .found(&reader, "")
        .await
        .iter()
        .map(|event| member(event, "action")["name"].clone())
        .collect();
    assert_eq!(names, ["delete", "deployment.created"]);
}

/// A stolen token of a submitter opens nothing else, and everything that was tried is counted.
#[tokio::test]
async fn a_submitter_of_one_source_can_do_that_and_nothing_else() {
    let place = Place::events();
    let served = place.serve();
    filled(&place, &served).await;
    let grant = json!({"role": "submitter", "scope": {"sources": ["deploy"]}});
    let token = served.token(&place.admin, "deploy", grant).await;
    served.submit(&token, "deploy", "anything").await;

    let (status, _, answer) = served
        .ask(Some(&token), "POST", "/v1/events", Some(&event("gitlab/x", "push")))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    let both = json!([event("deploy", "a"), event("gitlab/x", "b")]);
    let (status, _, answer) = served.ask(Some(&token), "POST", "/v1/events", Some(&both)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "all or none: {answer}");
    assert_eq!(answer["event"], 1, "{answer}");
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let claims = event("x", "push")["claims"].to_string();
    let submission = |source: &str| SubmitRequest {
        submission: Some(Submission {
            source: source.to_owned(),
            claims: claims.clone().into_bytes().into(),
            ..Submission::default()
        }),
        wait: 0,
    };
    assert!(client.submit(as_bearer(&token, submission("deploy"))).await.is_ok());
    let refused = client
        .submit(as_bearer(&token, submission("gitlab/x")))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut refused = 3;
    for (verb, path) in [
        ("GET", "/v1/events"),
        ("GET", "/v1/events/0"),
        ("GET", "/tile/0/000.p/1"),
        ("GET", "/tile/entries/000.p/1"),
        ("POST", "/add"),
        ("POST", "/v1/erasures"),
        ("GET", "/v1/holds"),
        ("GET", "/v1/tokens"),
        ("POST", "/v1/tokens"),
        ("GET", "/v1/approvals"),
        ("GET", "/v1/access"),
    ] {
        let body = (verb == "POST").then(|| json!({}));
        let (status, _, answer) = served.ask(Some(&token), verb, path, body.as_ref()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{verb} {path}: {answer}");
        assert!(!answer.to_string().contains("somebody"), "{answer}");
        refused += 1;
    }
    // They are on the record when the log ends, if not before.
    let (status, _) = served.server.stop();
    assert!(status.success());
    let served = place.serve();
    let denied = served.found(&place.admin, "action=indelible.denied&limit=100").await;
    let of_token = denied.iter().filter(|event| {
        let id = member(event, "actor")["id"].as_str().unwrap_or_default();
        id.starts_with("token/deploy/")
    });
    let counted: u64 = of_token
        .map(|event| member(event, "changes")[0]["after"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, refused, "{denied:#?}");
}
