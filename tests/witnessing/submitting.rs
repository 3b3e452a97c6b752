//! Events that wait for the quorum, by both wires.

use std::time::{Duration, Instant};

use indelible_merkle::Hash;
use indelible_note::{Receipt, open_checkpoint};
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::fake::Manner;
use crate::scene::Scene;
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{Submission, SubmitBatchRequest, SubmitRequest, Wait};
use crate::support::Server;

fn submission(key: &str) -> Submission {
    Submission {
        source: "waiting".to_owned(),
        key: Some(key.to_owned()),
        claims: r#"{"action":{"name":"deploy","verb":"execute"}}"#.into(),
        ..Submission::default()
    }
}

fn one(key: &str) -> SubmitRequest {
    SubmitRequest {
        submission: Some(submission(key)),
        wait: Wait::Witnessed.into(),
    }
}

/// What `POST /v1/events` answers to events with these keys.
async fn post(server: &Server, query: &str, keys: &[&str]) -> (u16, Value) {
    let claims = json!({"action": {"name": "deploy", "verb": "execute"}});
    let events: Vec<_> = keys
        .iter()
        .map(|key| json!({"source": "waiting", "key": key, "claims": claims}))
        .collect();
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    let request = http.post(format!("{}/v1/events{query}", server.url));
    let request = request
        .header("content-type", "application/json")
        .body(json!(events).to_string());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_gets_a_receipt_that_holds_under_the_policy() {
    let scene = Scene::with_events(2, &[Manner::Honest, Manner::Slow(Duration::from_millis(200))]).await;
    let server = scene.serve(&[]);
    let mut stub = AuditTrailClient::new(server.channel().await);
    let policy = scene.policy();
    // The second time it was there before.
    for repeated in [false, true] {
        let reply = stub.submit(one("a")).await.unwrap().into_inner();
        assert!(reply.witnessed && reply.repeated == repeated);
        let event = reply.event.unwrap();
        let head = open_checkpoint(&reply.head.unwrap().checkpoint, &scene.bed.vkey()).unwrap();
        let hashes = Hash::split(&reply.proof.unwrap().hashes).unwrap();
        let receipt = Receipt::new(event.index, hashes, head.into_inner());
        receipt.verify_under(Hash::leaf(&event.leaf), &policy).unwrap();
    }
    let batch = SubmitBatchRequest {
        submissions: ["a", "b", "c"].map(submission).to_vec(),
        wait: Wait::Witnessed.into(),
    };
    let reply = stub.submit_batch(batch).await.unwrap().into_inner();
    assert!(reply.witnessed);
    let run = reply.run.unwrap();
    assert_eq!((run.first_index, run.count), (1, 2));
    let head = open_checkpoint(&run.head.as_ref().unwrap().checkpoint, &scene.bed.vkey()).unwrap();
    policy.witnessed(head.clone()).unwrap();
    let leaves: Vec<Hash> = run.events[1..]
        .iter()
        .map(|one| Hash::leaf(&one.event.as_ref().unwrap().leaf))
        .collect();
    let hashes = Hash::split(&run.proof.unwrap().hashes).unwrap();
    let proof = indelible_merkle::RangeProof::new(1, 3, head.head().size, hashes);
    indelible_merkle::check_range(&leaves, &proof, &head.head()).unwrap();

    for (keys, new) in [(["d", "e"], 2), (["d", "a"], 0)] {
        let (status, answer) = post(&server, "?wait=witnessed", &keys).await;
        assert_eq!((status, &answer["witnessed"]), (200, &json!(true)), "{answer}");
        let events = answer["events"].as_array().unwrap();
        assert_eq!(events.iter().filter(|event| event["repeated"] == false).count(), new);
        for event in events {
            let receipt = Receipt::parse(event["proof"].as_str().unwrap().as_bytes()).unwrap();
            receipt
                .verify_under(Hash::leaf(event["leaf"].as_str().unwrap().as_bytes()), &policy)
                .unwrap();
        }
    }
    for query in ["", "?wait=durable"] {
        let (status, answer) = post(&server, query, &["f"]).await;
        assert_eq!((status, &answer["witnessed"]), (200, &json!(false)), "{answer}");
    }
    let (status, problem) = post(&server, "?wait=7", &["g"]).await;
    assert_eq!(status, 400, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_deadline_it_gets_the_receipt_without() {
    let scene = Scene::with_events(1, &[Manner::Mute]).await;
    let server = scene.serve(&[("INDELIBLE_WITNESS_WAIT_SECONDS", "3")]);
    let mut stub = AuditTrailClient::new(server.channel().await);
    for (key, asked, at_least) in [("a", Some(2), 1), ("b", None, 3)] {
        let mut request = Request::new(one(key));
        if let Some(seconds) = asked {
            request.set_timeout(Duration::from_secs(seconds));
        }
        let begin = Instant::now();
        let reply = stub.submit(request).await.unwrap().into_inner();
        assert!(!reply.witnessed && !reply.repeated);
        assert!(
            begin.elapsed() >= Duration::from_secs(at_least),
            "{asked:?}: {:?}",
            begin.elapsed()
        );
        let event = reply.event.unwrap();
        let head = open_checkpoint(&reply.head.unwrap().checkpoint, &scene.bed.vkey()).unwrap();
        let hashes = Hash::split(&reply.proof.unwrap().hashes).unwrap();
        let receipt = Receipt::new(event.index, hashes, head.into_inner());
        receipt.verify(Hash::leaf(&event.leaf), &scene.bed.vkey()).unwrap();
    }
    let begin = Instant::now();
    let (status, answer) = post(&server, "?wait=witnessed", &["c"]).await;
    assert_eq!((status, &answer["witnessed"]), (200, &json!(false)), "{answer}");
    assert!(begin.elapsed() >= Duration::from_secs(3), "{:?}", begin.elapsed());
    assert!(answer["events"][0]["proof"].is_string(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_events_without_witnesses_refuses_to_wait_for_them() {
    let bed = crate::scene::events_bed();
    let server = bed.serve();
    let mut stub = AuditTrailClient::new(server.channel().await);
    for wait in [Wait::Witnessed.into(), 7] {
        let batch = SubmitBatchRequest {
            submissions: vec![submission("a")],
            wait,
        };
        let refused = [
            stub.submit(SubmitRequest { wait, ..one("a") })
                .await
                .map(drop)
                .unwrap_err(),
            stub.submit_batch(batch).await.map(drop).unwrap_err(),
        ];
        for refused in refused {
            assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
            assert!(refused.message().starts_with("wait: "), "{refused}");
        }
    }
    let (status, problem) = post(&server, "?wait=witnessed", &["a"]).await;
    assert_eq!(
        (status, &problem["detail"]),
        (400, &json!("wait: this log has no witnesses")),
        "{problem}"
    );
    let (_, checkpoint) = server.get("/checkpoint");
    assert_eq!(
        String::from_utf8(checkpoint).unwrap().lines().nth(1),
        Some("0"),
        "nothing was written"
    );
}

/// What was there before is vouched for by a head that has all of it, and not by one that has the first.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_what_was_there_before_is_waited_for() {
    let scene = Scene::with_events(1, &[Manner::Honest]).await;
    let server = scene.serve(&[("INDELIBLE_WITNESS_WAIT_SECONDS", "1")]);
    for (manner, query, keys, witnessed) in [
        (Manner::Honest, "?wait=witnessed", &["a"][..], true),
        (Manner::Mute, "", &["b"], false),
        (Manner::Mute, "?wait=witnessed", &["a"], true),
        (Manner::Mute, "?wait=witnessed", &["a", "b"], false),
        (Manner::Mute, "?wait=witnessed", &["b", "a"], false),
    ] {
        scene.witnesses[0].behave(manner);
        let (status, answer) = post(&server, query, keys).await;
        assert_eq!((status, &answer["witnessed"]), (200, &json!(witnessed)), "{answer}");
        for event in answer["events"].as_array().unwrap() {
            let receipt = Receipt::parse(event["proof"].as_str().unwrap().as_bytes()).unwrap();
            let leaf = Hash::leaf(event["leaf"].as_str().unwrap().as_bytes());
            receipt.verify(leaf, &scene.bed.vkey()).unwrap();
        }
    }
}
