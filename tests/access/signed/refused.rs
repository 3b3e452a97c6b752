//! What is not signed as it should be.

use indelible_access::signed::JobKey;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tonic::Code;

use super::{Scene, event, jose, post, submission};
use crate::place::{as_bearer, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{Submission, SubmitRequest};

#[tokio::test]
async fn what_is_not_signed_right_is_refused_and_counted() {
    let scene = Scene::new("");
    let served = scene.place.serve();
    let (bound, bare) = (scene.bound(), scene.issuer.token(&json!({})));
    let good = scene.job.sign(event("run-1", "deploy").to_string().as_bytes());
    let other = JobKey::from_seed(&[8; 32]).sign(event("run-1", "deploy").to_string().as_bytes());
    let parts: Vec<&str> = good.split('.').collect();
    let changed = format!("{}.e30.{}", parts[0], parts[2]);
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let cases = [
        ("a token without a key", &bare, &good, "bound to the key"),
        (
            "a key of the log's own tokens",
            &scene.place.admin,
            &good,
            "bound to the key",
        ),
        ("another key", &bound, &other, "and the token is bound to"),
        (
            "another payload",
            &bound,
            &changed,
            "the signature is not one of the key",
        ),
        (
            "no signature",
            &bound,
            &good[..good.rfind('.').unwrap() + 1].to_owned(),
            "the signature is not one",
        ),
        ("no text of this kind", &bound, &bare, "is of type"),
    ];
    let mut refused = 0;
    for (what, token, text, words) in cases {
        let (status, answer) = jose(&served, token, text).await;
        let said = answer["detail"].as_str().unwrap();
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {answer}");
        assert_eq!(answer["type"], "urn:indelible:problem:signature", "{what}");
        assert!(said.contains(words), "{what}: {said}");
        let request = SubmitRequest {
            submission: Some(submission(text)),
            wait: 0,
        };
        let status = client.submit(as_bearer(token, request)).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::PermissionDenied, said),
            "{what}"
        );
        refused += if token == &scene.place.admin { 0 } else { 2 };
    }

    // Signed right, and not to be taken.
    let signed = |event: Value| scene.job.sign(event.to_string().as_bytes());
    let mut keyless = event("x", "deploy");
    keyless.as_object_mut().unwrap().remove("key");
    let mut raw = event("x", "deploy");
    raw["raw"] = json!({"content": "", "content_type": "text/plain"});
    let mut secret = event("x", "deploy");
    secret["claims"]["actor"]["claims"] = json!({"password": "hunter2hunter2"});
    let mut long = event("x", "deploy");
    long["claims"]["actor"]["claims"] = json!({"a": vec!["a".repeat(200_000); 5]});
    let mut elsewhere = event("x", "deploy");
    elsewhere["source"] = json!("other");
    let twice = event("x", "deploy").to_string().replacen('{', r#"{"key":"y","#, 1);
    for (what, text, status, words) in [
        ("no key", signed(keyless), 422, "needs a `key`"),
        ("raw bytes of its own", signed(raw), 400, "no `raw` of its own"),
        ("a secret", signed(secret), 422, "looks like a secret"),
        ("longer than is kept", signed(long), 422, "keeps what events came as"),
        ("outside of the scope", signed(elsewhere), 403, "outside of its scope"),
        ("a name twice", scene.job.sign(twice.as_bytes()), 400, "stands twice"),
        ("two events", signed(json!([event("x", "a"), event("y", "b")])), 400, ""),
        ("no JSON", scene.job.sign(b"x"), 400, ""),
    ] {
        let (got, answer) = jose(&served, &bound, &text).await;
        assert_eq!(got, status, "{what}: {answer}");
        let said = answer["detail"].as_str().unwrap();
        assert!(said.contains(words) && !said.contains("hunter2"), "{what}: {said}");
    }
    refused += 1;
    let both = SubmitRequest {
        submission: Some(Submission {
            source: "deploy".to_owned(),
            ..submission(&good)
        }),
        wait: 0,
    };
    let status = client.submit(as_bearer(&bound, both)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");

    // A token that is bound is good without a signature, too.
    let (status, answer) = post(&served, &bound, "application/json", event("run-9", "x").to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let found = served.found(&scene.place.admin, "source=deploy").await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(member(&found[0], "submitter")["verified"]["signed"].is_null());

    assert!(served.server.stop().0.success());
    let served = scene.place.serve();
    let denied = served
        .found(&scene.place.admin, "action=indelible.denied&limit=100")
        .await;
    let of_job = denied
        .iter()
        .filter(|event| member(event, "actor")["id"] == "oidc:github:repository_id=74");
    let counted: u64 = of_job
        .map(|event| member(event, "changes")[0]["after"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, refused, "{denied:#?}");
}
