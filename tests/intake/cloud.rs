//! CloudEvents in batches and in binary mode.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Bed, Server, read};
use crate::venv::virtual_environment;

const BATCH: &str = "application/cloudevents-batch+json";

/// Sends data with headers.
async fn binary(server: &Server, headers: &[(&str, &str)], data: &str) -> (StatusCode, Value) {
    let mut request = server.http.post(server.at("/v1/events"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.body(data.to_owned())).await
}

async fn member(server: &Server, index: u64, member: &str) -> Value {
    let (status, event) = server.get(&format!("/v1/events/{index}")).await;
    assert_eq!(status, StatusCode::OK, "{event}");
    event["members"][member]["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_of_a_batch_is_kept_as_it_stood_there() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let first = r#"{"specversion":"1.0", "id":"1","source":"/ci","type":"a","subject":"s, \"]\""}"#;
    let second = r#"{ "type":"b","specversion":"1.0","id":"2","source":"/ci","data":{"action":{"name":"deploy","verb":"execute"},"actor":{"type":"user","name":"dave"}} }"#;
    let batch = format!(" [ {first} ,\n{second}] ");
    let (status, answer) = server.post("/v1/events", BATCH, batch.clone()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let indexes: Vec<&Value> = answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["index"])
        .collect();
    assert_eq!(indexes, [0, 1]);
    for (index, text) in [first, second].into_iter().enumerate() {
        let (_, event) = server.get(&format!("/v1/events/{index}?raw=true")).await;
        let raw = STANDARD.decode(event["raw"].as_str().unwrap()).unwrap();
        assert_eq!(String::from_utf8(raw).unwrap(), text);
        assert_eq!(
            event["members"]["raw"]["value"]["content_type"],
            "application/cloudevents+json"
        );
    }
    assert_eq!(
        member(&server, 0, "action").await,
        json!({"name": "a", "verb": "other"})
    );
    assert_eq!(
        member(&server, 0, "targets").await,
        json!([{"type": "subject", "id": "s, \"]\""}])
    );
    assert_eq!(member(&server, 1, "actor").await["name"], "dave");
    // Each of them is an event of its own: it may come again in another company, and by itself.
    let again = format!("[{second}]");
    for (content_type, body) in [
        (BATCH, batch.as_str()),
        (BATCH, &again),
        ("application/cloudevents+json", first),
    ] {
        let (status, answer) = server.post("/v1/events", content_type, body).await;
        assert_eq!(
            (status, &answer["events"][0]["repeated"]),
            (StatusCode::OK, &json!(true)),
            "{answer}"
        );
    }
    let (status, nothing) = server.post("/v1/events", BATCH, "[]").await;
    assert_eq!((status, &nothing["events"]), (StatusCode::OK, &json!([])));

    // All or none.
    let third = first.replace(r#""id":"1""#, r#""id":"3""#);
    for (bad, status, place) in [
        (r#"{"specversion":"1.0","id":"4","source":"/ci"}"#, 400, json!(1)),
        (r#"[]"#, 400, json!(1)),
        (&first.replace(r#""type":"a""#, r#""type":"c""#), 409, json!(1)),
        (&first.replace(r#""id":"1""#, r#""id":"1","id":"5""#), 400, Value::Null),
    ] {
        let (got, problem) = server.post("/v1/events", BATCH, format!("[{third},{bad}]")).await;
        assert_eq!((got.as_u16(), &problem["event"]), (status, &place), "{problem}");
    }
    let many = format!("[{}]", vec![third; 1_001].join(","));
    for body in [first, "{}", "null", "[", &many] {
        let (got, problem) = server.post("/v1/events", BATCH, body).await;
        assert_eq!(got, StatusCode::BAD_REQUEST, "{problem}");
    }
    assert_eq!(server.size().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_binary_mode_the_attributes_are_headers() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let ce = |id: &'static str| {
        [
            ("ce-specversion", "1.0"),
            ("ce-id", id),
            ("ce-source", "/ci/Euro%20%E2%82%AC"),
            ("ce-type", "dev.started"),
        ]
    };
    let with = |id: &'static str, more: &[(&'static str, &'static str)]| [&ce(id)[..], more].concat();
    let claims = r#"{"action":{"name":"deploy","verb":"execute"},"actor":{"type":"user","name":"dave"}}"#;
    let time = ("ce-time", "2026-11-22T10:00:00Z");
    for (index, (headers, data)) in [
        (
            with("1", &[("content-type", "text/plain"), ("ce-subject", "run-7"), time]),
            "just words",
        ),
        (
            with(
                "2",
                &[
                    ("content-type", "application/json; charset=utf-8"),
                    ("ce-traceparent", "00-ab-cd-01"),
                ],
            ),
            claims,
        ),
        (with("3", &[("content-type", "application/vnd.acme+json")]), claims),
        (with("4", &[("content-type", "application/json")]), "[1.5]"),
        (with("5", &[]), "\0\u{1}"),
        (with("6", &[]), ""),
        (with("7", &[("content-type", "application/x-ndjson")]), "{}\n{}\n"),
    ]
    .into_iter()
    .enumerate()
    {
        for repeated in [false, true] {
            let (status, answer) = binary(&server, &headers, data).await;
            assert_eq!(status, StatusCode::OK, "{headers:?}: {answer}");
            let event = &answer["events"][0];
            assert_eq!(
                (&event["index"], &event["repeated"]),
                (&json!(index), &json!(repeated)),
                "{answer}"
            );
        }
    }
    assert_eq!(
        member(&server, 0, "action").await,
        json!({"name": "dev.started", "verb": "other"})
    );
    assert_eq!(
        member(&server, 0, "targets").await,
        json!([{"type": "subject", "id": "run-7"}])
    );
    assert_eq!(
        member(&server, 0, "occurred").await,
        json!({"at": "2026-11-22T10:00:00Z", "from": "payload"})
    );
    assert_eq!(member(&server, 0, "delivery").await["source"], "/ci/Euro \u{20ac}");
    assert_eq!(member(&server, 0, "raw").await["content_type"], "text/plain");
    for index in [1, 2] {
        assert_eq!(member(&server, index, "actor").await["name"], "dave");
    }
    assert_eq!(member(&server, 1, "correlation").await, json!({"trace": "00-ab-cd-01"}));
    assert_eq!(
        member(&server, 4, "raw").await["content_type"],
        "application/octet-stream"
    );
    assert_eq!(member(&server, 5, "raw").await, Value::Null);

    let json = ("content-type", "application/json");
    for (headers, data, words) in [
        (with("8", &[json]), "{", "EOF"),
        (with("8", &[json]), r#"{"k":1,"k":1}"#, "stands twice"),
        (with("8", &[("ce-id", "9")]), "", "`ce-id` stands there twice"),
        (with("8", &[("ce-time", "soon")]), "", "`time` must be a time"),
        (with("8", &[("ce-subject", "\"open")]), "", "open quote"),
        (with("%ff", &[]), "", "`ce-id` must be a text"),
        (with("", &[]), "", "`ce-id` must be a text"),
        (ce("8")[..3].to_vec(), "", "`type` is missing"),
        (
            vec![("ce-specversion", "0.3"), ("ce-id", "8")],
            "",
            "`specversion` must be",
        ),
    ] {
        let (status, problem) = binary(&server, &headers, data).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{headers:?}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{headers:?}: {detail}");
    }
    // Without the mark of binary mode the content type decides.
    let (status, _) = binary(&server, &[("ce-id", "8"), ("content-type", "text/plain")], "x").await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(server.size().await, 7);
}

/// What the SDK of CloudEvents for Python makes, in both modes of one event.
const SDK: &str = r#"
import sys, urllib.request
from cloudevents.http import CloudEvent
from cloudevents.conversion import to_binary, to_structured
url = sys.argv[1]
def send(headers, body):
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    print(urllib.request.urlopen(request).read().decode())
claims = {"action": {"name": "deploy", "verb": "execute"}, "actor": {"type": "user", "name": "d\u00e5ve"}}
for identity, to in (("s", to_structured), ("b", to_binary)):
    attributes = {"id": identity, "source": "/ci/python", "type": "dev.started", "subject": "run-7", "time": "2026-11-22T10:00:00Z", "datacontenttype": "application/json"}
    send(*to(CloudEvent(attributes, claims)))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdk_sends_is_taken_in_both_modes() {
    let bed = Bed::with_log();
    let Some(python) = virtual_environment(&bed.path("venv"), &["cloudevents==1.11.0"]) else {
        assert!(
            std::env::var_os("INDELIBLE_CI").is_none(),
            "SKIPPED: needs cloudevents of PyPI"
        );
        return eprintln!("SKIPPED: needs python3 with venv, and cloudevents from its package index");
    };
    let server = bed.serve();
    let url = server.at("/v1/events");
    let sent = std::process::Command::new(python)
        .args(["-c", SDK, &url])
        .output()
        .unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(server.size().await, 2, "{}", String::from_utf8_lossy(&sent.stdout));
    for (index, key) in ["s", "b"].into_iter().enumerate() {
        let index = index as u64;
        assert_eq!(member(&server, index, "actor").await["name"], "d\u{e5}ve");
        assert_eq!(member(&server, index, "delivery").await["key"], key);
        assert_eq!(member(&server, index, "occurred").await["at"], "2026-11-22T10:00:00Z");
    }
}
