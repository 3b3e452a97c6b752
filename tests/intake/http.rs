//! Events as JSON.

use indelible_event::{Disclosure, Leaf};
use indelible_note::{Receipt, VerifierKey};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Bed, Server, read};

const JSON: &str = "application/json";

fn event(actor: &str, key: Option<&str>) -> Value {
    json!({
        "source": "deploy-script", "key": key,
        "claims": {
            "action": {"name": "deploy", "verb": "execute"},
            "actor": {"type": "user", "name": actor},
            "targets": [{"type": "environment", "id": "prod"}],
            "outcome": {"result": "success"},
        },
    })
}

async fn submit(server: &Server, body: &Value) -> (StatusCode, Value) {
    server.post("/v1/events", JSON, body.to_string()).await
}

/// Checks an answer as a stranger would, with the log's key.
fn check(answer: &Value, key: &VerifierKey) {
    let leaf = Leaf::parse(answer["leaf"].as_str().unwrap().to_owned().into()).unwrap();
    for text in answer["disclosures"].as_array().unwrap() {
        leaf.open(Disclosure::parse_text(text.as_str().unwrap()).unwrap())
            .unwrap();
    }
    let receipt = Receipt::parse(answer["proof"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(answer["index"], receipt.index());
    receipt.verify(leaf.hash(), key).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_submitted_once_read_and_searched() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = std::fs::read_to_string(bed.path("log/log.vkey")).unwrap();
    let key: VerifierKey = key.trim().parse().unwrap();

    let (status, answer) = submit(&server, &event("alice", Some("1"))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let first = answer["events"][0].clone();
    assert_eq!((&first["index"], &first["repeated"]), (&json!(0), &json!(false)));
    assert_eq!(first["disclosures"].as_array().unwrap().len(), 11);
    check(&first, &key);
    let (_, again) = submit(&server, &event("alice", Some("1"))).await;
    assert_eq!(again["events"][0]["repeated"], true);
    for same in ["index", "leaf", "disclosures"] {
        assert_eq!(again["events"][0][same], first[same]);
    }
    check(&again["events"][0], &key);
    let (status, problem) = submit(&server, &event("mallory", Some("1"))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        (&problem["type"], &problem["index"]),
        (&json!("urn:indelible:problem:key-conflict"), &json!(0))
    );

    let (status, many) = submit(&server, &json!([event("bob", None), event("bob", None)])).await;
    assert_eq!(status, StatusCode::OK, "{many}");
    let lines = format!("{}\n\n{}\n", event("carol", None), event("alice", None));
    let (status, lines) = server.post("/v1/events", "application/x-ndjson", lines).await;
    assert_eq!(status, StatusCode::OK, "{lines}");
    assert_eq!(server.size().await, 5);
    for answer in [&many, &lines]
        .into_iter()
        .flat_map(|answer| answer["events"].as_array().unwrap())
    {
        check(answer, &key);
    }

    let (_, read) = server.get("/v1/events/0").await;
    assert_eq!(read["leaf"], first["leaf"]);
    assert_eq!(
        read["members"]["actor"]["value"],
        json!({"type": "user", "name": "alice"})
    );
    assert_eq!(read["members"]["changes"]["value"], Value::Null);
    assert_eq!(read["members"]["occurred"]["value"]["from"], "receipt");
    let indexes = |hits: &Value| -> Vec<u64> {
        let events = hits["events"].as_array().unwrap().iter();
        events.map(|event| event["index"].as_u64().unwrap()).collect()
    };
    for (query, expected) in [
        ("actor=Alice", vec![4, 0]),
        ("actor=bob&verb=execute", vec![2, 1]),
        ("actor=bob&verb=delete", vec![]),
        ("target=prod&limit=2", vec![4, 3]),
        ("target=prod&before=3&limit=2", vec![2, 1]),
        ("target=prod&after=1", vec![2, 3, 4]),
        ("order=oldest&limit=1", vec![0]),
        ("source=deploy-script&since=2020-01-01T00:00:00Z", vec![4, 3, 2, 1, 0]),
        ("until=2020-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(indexes(&server.found(query).await), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudevents_are_mapped_and_kept_as_they_came() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let plain = json!({"specversion": "1.0", "id": "a1", "source": "/ci/web", "type": "dev.cdevents.pipelinerun.started",
        "subject": "run-7", "time": "2026-11-22T10:00:00Z", "data": {"anything": [1.5]}});
    let claims = json!({"specversion": "1.0", "id": "a2", "source": "/ci/web", "type": "x",
        "data": event("dave", None)["claims"]});
    for (index, event) in [plain, claims].into_iter().enumerate() {
        let (status, answer) = server
            .post(
                "/v1/events",
                "application/cloudevents+json; charset=utf-8",
                event.to_string(),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["events"][0]["index"], index);
    }
    let (_, plain) = server.get("/v1/events/0?raw=true").await;
    let value = |member: &str| plain["members"][member]["value"].clone();
    assert_eq!(
        value("action"),
        json!({"name": "dev.cdevents.pipelinerun.started", "verb": "other"})
    );
    assert_eq!(value("targets"), json!([{"type": "subject", "id": "run-7"}]));
    assert_eq!(
        value("occurred"),
        json!({"at": "2026-11-22T10:00:00Z", "from": "payload"})
    );
    assert_eq!(
        (&value("delivery")["source"], &value("delivery")["key"]),
        (&json!("/ci/web"), &json!("a1"))
    );
    assert!(plain["raw"].is_string());
    let (_, claims) = server.get("/v1/events/1").await;
    assert_eq!(claims["members"]["actor"]["value"]["name"], "dave");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_a_problem_and_nothing_is_stored() {
    let bed = Bed::with_log();
    bed.ok(&["source", "add", "github", "acme", "--allow", "acme", "--data", "log"]);
    let server = bed.serve();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = event("eve", None);
        change(&mut event);
        event.to_string()
    };
    let deep = format!(
        "{{\"source\":\"a\",\"claims\":{{\"changes\":[{{\"field\":\"x\",\"after\":{}{}}}]}}}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    for (body, status) in [
        (String::new(), 400),
        ("[]".to_owned(), 400),
        ("{\"source\":\"a\",\"source\":\"b\",\"claims\":{}}".to_owned(), 400),
        (
            "{\"source\":\"a\",\"claims\":{\"changes\":[{\"field\":\"x\",\"after\":{\"k\":1,\"k\":2}}]}}".to_owned(),
            400,
        ),
        ("{\"source\":\"\\ud800\",\"claims\":{}}".to_owned(), 400),
        (
            "{\"source\":\"a\",\"claims\":{\"changes\":[{\"field\":\"x\",\"after\":1e999}]}}".to_owned(),
            400,
        ),
        (deep, 400),
        (with(&|event| event["extra"] = 1.into()), 400),
        (with(&|event| event["claims"]["verified"] = json!({})), 400),
        (with(&|event| event["claims"]["action"]["verb"] = "destroy".into()), 400),
        (
            with(&|event| event["claims"]["changes"] = json!([{"field": "x", "after": 1.5}])),
            422,
        ),
        (
            with(&|event| event["claims"]["changes"] = json!([{"field": "x", "after": "y".repeat(300_000)}])),
            422,
        ),
        (with(&|event| event["source"] = "".into()), 422),
        (
            with(&|event| event["claims"]["occurred"] = json!({"at": "2026-11-22T10:00:00Z", "from": "receipt"})),
            422,
        ),
        (
            with(&|event| event["claims"]["origin"] = json!({"ip": "192.0.2.1", "ip_trust": "last_hop"})),
            422,
        ),
        (with(&|event| event["source"] = "github/acme".into()), 403),
        (format!("[{}]", vec![with(&|_| ()); 1_001].join(",")), 400),
    ] {
        let (got, problem) = server.post("/v1/events", JSON, body.clone()).await;
        assert_eq!(got.as_u16(), status, "{problem} for {}", &body[..body.len().min(200)]);
        assert!(problem["detail"].as_str().unwrap().len() < 1_000, "{problem}");
    }
    let (status, _) = server
        .post("/v1/events", "application/x-www-form-urlencoded", "a=b")
        .await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // All or none.
    let (status, problem) = submit(&server, &json!([event("a", None), {"source": "a"}])).await;
    assert_eq!((status, &problem["event"]), (StatusCode::BAD_REQUEST, &json!(1)));
    for path in [
        "/v1/events?actr=x",
        "/v1/events?actor=",
        "/v1/events?actor=a&actor=b",
        "/v1/events?limit=0",
        "/v1/events?limit=101",
        "/v1/events?verb=destroy",
        "/v1/events?since=yesterday",
        "/v1/events?before=1&after=1",
        "/v1/events?order=oldest&before=1",
        "/v1/events?since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
        "/v1/events/01",
        "/v1/events/-1",
        "/v1/events/0?x=1",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(server.get("/v1/events/0").await.0, StatusCode::NOT_FOUND);
    let huge = format!("\"{}\"", "x".repeat(25 << 20));
    let request = server
        .http
        .post(server.at("/v1/events"))
        .header("content-type", JSON)
        .body(huge);
    // The refusal may come before the body is sent: then the connection is cut.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(server.size().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_and_the_routes_are_the_same() {
    let bed = Bed::with_log();
    bed.ok(&["source", "add", "github", "acme", "--allow", "acme", "--data", "log"]);
    let server = bed.serve();
    submit(&server, &event("alice", None)).await;
    let (status, document) = server.get("/v1/openapi.json").await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    let methods = ["get", "post", "put", "delete", "patch"];
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 4);
    for (path, operations) in paths {
        let path = path
            .replace("{index}", "0")
            .replace("{kind}", "github")
            .replace("{name}", "acme");
        for method in methods {
            let request = server
                .http
                .request(method.to_uppercase().parse().unwrap(), server.at(&path));
            let response = request.send().await.unwrap();
            let status = response.status();
            match operations.get(method) {
                Some(operation) => {
                    assert!(![404, 405].contains(&status.as_u16()), "{method} {path}: {status}");
                    assert!(
                        operation["responses"].get(status.as_str()).is_some(),
                        "{method} {path}: {status} is not told"
                    );
                }
                None => assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}"),
            }
        }
    }
    // Every parameter that is told is known.
    for parameter in document["paths"]["/v1/events"]["get"]["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let (_, answer) = read(server.http.get(server.at(&format!("/v1/events?{name}=1")))).await;
        assert!(!answer.to_string().contains("is not known"), "{name}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_that_an_event_came_as_can_come_with_it() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let with = |raw: Value| {
        let mut event = event("alice", None);
        event["raw"] = raw;
        event
    };
    let (status, answer) = submit(
        &server,
        &with(json!({"content": "PGIvPg==", "content_type": "text/xml"})),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, found) = server.get("/v1/events/0?raw=true").await;
    assert_eq!(found["raw"], "PGIvPg==");
    let raw = &found["members"]["raw"]["value"];
    assert_eq!(
        (&raw["content_type"], &raw["size"], &raw["kept"]),
        (&json!("text/xml"), &json!(4), &json!(true))
    );
    for wrong in [
        json!({"content": "PGIvPg", "content_type": "text/xml"}),
        json!({"content": "<b/>", "content_type": "text/xml"}),
        json!({"content": "PGIvPg=="}),
        json!({"content_type": "text/xml"}),
        json!({"content": "PGIvPg==", "content_type": "text/xml", "sha256": ""}),
        json!("PGIvPg=="),
    ] {
        let (status, problem) = submit(&server, &with(wrong.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {problem}");
        assert_eq!(problem["event"], 0, "{wrong}: {problem}");
    }
    assert_eq!(server.size().await, 1);
}
