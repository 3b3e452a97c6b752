//! What a job signs, and what is kept of it.

use indelible_access::signed::JobKey;
use reqwest::StatusCode;
use serde_json::json;

use super::{Scene, event, jose, post, submission};
use crate::attested::AUDIENCE;
use crate::place::{as_bearer, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{SubmitBatchRequest, SubmitRequest, SubmitStreamRequest};

#[tokio::test]
async fn what_a_job_signs_is_kept_as_it_signed_it_and_known_again() {
    let scene = Scene::new("");
    let served = scene.place.serve();
    let token = scene.bound();
    let text = scene.job.sign(event("run-1", "deploy").to_string().as_bytes());
    let (status, answer) = jose(&served, &token, &format!("{text}\n")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let index = answer["events"][0]["index"].as_u64().unwrap();
    let path = format!("/v1/events/{index}?raw=true");
    let shown = served.ok(&scene.place.admin, "GET", &path, None).await;
    let raw = data_encoding::BASE64
        .decode(shown["raw"].as_str().unwrap().as_bytes())
        .unwrap();
    assert_eq!(raw, text.as_bytes());
    assert_eq!(member(&shown, "raw")["content_type"], "application/jose");
    assert_eq!(member(&shown, "raw")["kept"], true);
    assert_eq!(member(&shown, "actor")["name"], "Ada Lovelace");
    assert_eq!(member(&shown, "delivery")["key"], "run-1");
    let thumbprint = scene.job.thumbprint().to_string();
    let verified = &member(&shown, "submitter")["verified"];
    assert_eq!(
        verified["signed"],
        json!({"algorithm": "EdDSA", "thumbprint": thumbprint})
    );
    assert_eq!(
        verified["token"]["bound_to"],
        json!({"by": "audience", "thumbprint": thumbprint})
    );

    // The same said again, in other letters, is the same; said otherwise, by another key or by none, it is not.
    let spaced = serde_json::to_string_pretty(&event("run-1", "deploy")).unwrap();
    let (status, answer) = jose(&served, &token, &scene.job.sign(spaced.as_bytes())).await;
    assert_eq!(
        (status, &answer["events"][0]["repeated"]),
        (StatusCode::OK, &json!(true)),
        "{answer}"
    );
    assert_eq!(answer["events"][0]["index"], index);
    let other = JobKey::from_seed(&[8; 32]);
    let others = scene.issuer.token(&json!({"aud": other.audience(AUDIENCE)}));
    for (what, (status, answer)) in [
        (
            "said otherwise",
            jose(
                &served,
                &token,
                &scene.job.sign(event("run-1", "undeploy").to_string().as_bytes()),
            )
            .await,
        ),
        (
            "by another key",
            jose(
                &served,
                &others,
                &other.sign(event("run-1", "deploy").to_string().as_bytes()),
            )
            .await,
        ),
        (
            "by none",
            post(
                &served,
                &token,
                "application/json",
                event("run-1", "deploy").to_string(),
            )
            .await,
        ),
    ] {
        assert_eq!(
            (status, &answer["index"]),
            (StatusCode::CONFLICT, &json!(index)),
            "{what}: {answer}"
        );
    }

    // By gRPC it is the same event again, and others are taken by each of its methods.
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let request = SubmitRequest {
        submission: Some(submission(&text)),
        wait: 0,
    };
    let answer = client.submit(as_bearer(&token, request)).await.unwrap().into_inner();
    assert!(answer.repeated && answer.event.unwrap().index == index);
    let texts = ["run-2", "run-3"].map(|key| scene.job.sign(event(key, "deploy").to_string().as_bytes()));
    let request = SubmitBatchRequest {
        submissions: vec![submission(&texts[0])],
        wait: 0,
    };
    let run = client
        .submit_batch(as_bearer(&token, request))
        .await
        .unwrap()
        .into_inner()
        .run;
    assert_eq!(run.unwrap().count, 1);
    let message = SubmitStreamRequest {
        submission: Some(submission(&texts[1])),
    };
    let stream = tokio_stream::iter([message]);
    let mut replies = client
        .submit_stream(as_bearer(&token, stream))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(replies.message().await.unwrap().unwrap().run.unwrap().count, 1);

    // What is known of keys is read from the log after a start.
    served.server.stop();
    std::fs::remove_file(scene.place.bed.log().join("keys.sqlite")).unwrap();
    let served = scene.place.serve();
    let (status, answer) = jose(&served, &token, &scene.job.sign(spaced.as_bytes())).await;
    assert_eq!(
        (status, &answer["events"][0]["repeated"]),
        (StatusCode::OK, &json!(true)),
        "{answer}"
    );
}
