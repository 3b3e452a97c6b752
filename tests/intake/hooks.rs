//! Deliveries of GitHub, as GitHub sends them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use indelible_sources::Secret;
use indelible_sources::github::sign;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Bed, Server, read};

const SECRET: &str = "It's a Secret to Everybody";

/// A source with GitHub's published secret, that may speak of these.
fn add(bed: &Bed, allow: &[&str]) -> String {
    let file = bed.path("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut args = vec![
        "source",
        "add",
        "github",
        "acme",
        "--data",
        "log",
        "--secret-file",
        "secret",
    ];
    for account in allow {
        args.extend(["--allow", account]);
    }
    bed.ok(&args)
}

struct Delivery<'d> {
    event: &'d str,
    id: &'d str,
    body: &'d [u8],
    signature: String,
}

impl<'d> Delivery<'d> {
    fn signed(event: &'d str, id: &'d str, body: &'d [u8], secret: &str) -> Delivery<'d> {
        let signature = sign(&Secret::new(secret).unwrap(), body);
        Delivery {
            event,
            id,
            body,
            signature,
        }
    }

    async fn send(&self, server: &Server) -> (StatusCode, Value) {
        let request = server
            .http
            .post(server.at("/hooks/github/acme"))
            .header("content-type", "application/json")
            .header("x-github-event", self.event)
            .header("x-github-delivery", self.id)
            .header("x-hub-signature-256", &self.signature);
        read(request.body(self.body.to_vec())).await
    }
}

fn body(actor: &str) -> Vec<u8> {
    json!({
        "action": "created", "starred_at": "2026-11-22T10:00:00Z",
        "repository": {"id": 1, "full_name": "acme/web", "owner": {"login": "acme"}},
        "sender": {"id": 7, "login": actor, "type": "User"},
    })
    .to_string()
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_vector_is_accepted_and_one_wrong_byte_anywhere_is_not() {
    let bed = Bed::with_log();
    add(&bed, &["acme"]);
    let server = bed.serve();
    let official = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let good = Delivery {
        event: "ping",
        id: "1",
        body: b"Hello, World!",
        signature: official.to_owned(),
    };
    // No JSON: an event that says only that it came.
    let (status, answer) = good.send(&server).await;
    assert_eq!(
        (status, &answer["result"], &answer["index"]),
        (StatusCode::OK, &json!("stored"), &json!(0))
    );
    let (_, event) = server.get("/v1/events/0?raw=true").await;
    assert_eq!(event["members"]["action"]["value"]["verb"], "other");
    assert_eq!(event["raw"], "SGVsbG8sIFdvcmxkIQ==");
    assert_eq!(
        event["members"]["submitter"]["value"]["principal"],
        "source:github/acme"
    );

    let mut wrong = vec![
        Delivery {
            body: b"Hello, World?",
            signature: official.to_owned(),
            ..good
        },
        Delivery {
            body: b"",
            signature: official.to_owned(),
            ..good
        },
        Delivery {
            signature: official.replace("757107", "757108"),
            ..good
        },
        Delivery {
            signature: official.replace("sha256=", "sha1="),
            ..good
        },
        Delivery {
            signature: String::new(),
            ..good
        },
        Delivery {
            signature: "sha256=".to_owned(),
            ..good
        },
    ];
    wrong.push(Delivery::signed(
        "ping",
        "1",
        b"Hello, World!",
        "It's a Secret to Everybodz",
    ));
    for delivery in &wrong {
        let (status, problem) = delivery.send(&server).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
        assert_eq!(problem["type"], "urn:indelible:problem:not-authentic");
    }
    let other = Delivery::signed("star", "2", &body("mallory"), SECRET).body.to_vec();
    let other = String::from_utf8(other).unwrap().replace("acme", "evil");
    let (status, _) = Delivery::signed("star", "2", other.as_bytes(), SECRET)
        .send(&server)
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(server.size().await, 1);
    let (status, _) = read(server.http.post(server.at("/hooks/github/other"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let get = server.http.get(server.at("/hooks/github/acme")).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);

    let said = server.kill().join("\n");
    assert!(said.contains("NotAuthentic"), "what is refused is told: {said}");
    assert!(!said.contains(SECRET) && !said.contains("757107"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_one_event_and_another_body_under_its_key_is_not_lost() {
    let bed = Bed::with_log();
    add(&bed, &["acme"]);
    let server = bed.serve();
    let (first, second) = (body("alice"), body("bob"));
    let sent = Delivery::signed("star", "same", &first, SECRET);
    for (result, at) in [("stored", 0), ("repeated", 0)] {
        let (status, answer) = sent.send(&server).await;
        assert_eq!((status, &answer["result"]), (StatusCode::OK, &json!(result)));
        assert_eq!(answer["index"], at);
    }
    // The key is in a header that nobody signed.
    let other = Delivery::signed("star", "same", &second, SECRET);
    for (result, at) in [("stored", 1), ("repeated", 1)] {
        let (status, answer) = other.send(&server).await;
        assert_eq!(
            (status, &answer["result"]),
            (StatusCode::OK, &json!(result)),
            "{answer}"
        );
        assert_eq!(answer["index"], at);
    }
    assert_eq!(server.size().await, 2);
    let (_, event) = server.get("/v1/events/1").await;
    assert_eq!(event["members"]["submitter"]["value"]["verified"]["key_conflict"], 0);
    assert_eq!(event["members"]["actor"]["value"]["name"], "bob");
    let key = event["members"]["delivery"]["value"]["key"].as_str().unwrap();
    assert!(key.starts_with("same#sha256:"), "{key}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_delivery_is_taken_and_a_larger_one_refused() {
    let bed = Bed::with_log();
    add(&bed, &["acme"]);
    let server = bed.serve();
    let mut large = serde_json::from_slice::<Value>(&body("alice")).unwrap();
    large["pad"] = "x".repeat((25 << 20) - 4_000).into();
    let large = large.to_string().into_bytes();
    let (status, answer) = Delivery::signed("star", "large", &large, SECRET).send(&server).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, event) = server.get("/v1/events/0").await;
    assert_eq!(event["members"]["raw"]["value"]["kept"], false);
    assert_eq!(event["members"]["raw"]["value"]["size"], large.len());
    let body = vec![b' '; (25 << 20) + 1];
    let request = server.http.post(server.at("/hooks/github/acme")).body(body);
    // The refusal may come before the body is sent: then the connection is cut.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(server.size().await, 1);
    for hostile in [
        "[".repeat(1 << 20),
        format!("{{\"a\":{}1}}", "{\"a\":".repeat(200)),
        "{\"a\":1,\"a\":2}".to_owned(),
    ] {
        let id = format!("hostile-{}", hostile.len());
        let (status, answer) = Delivery::signed("star", &id, hostile.as_bytes(), SECRET)
            .send(&server)
            .await;
        assert_eq!(
            (status, &answer["result"]),
            (StatusCode::OK, &json!("stored")),
            "{answer}"
        );
    }
    assert_eq!(server.size().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_rotate_while_the_service_runs() {
    let bed = Bed::with_log();
    let said = add(&bed, &["acme"]);
    assert!(said.contains("/hooks/github/acme") && said.contains(SECRET), "{said}");
    let file = bed.path("log/sources/github-acme.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let listed = bed.ok(&["source", "list", "--data", "log"]);
    assert!(
        listed.starts_with("github/acme\tacme\t") && !listed.contains(SECRET),
        "{listed}"
    );
    let server = bed.serve();
    // The line that tests it, run by a shell as an operator would.
    let line = said[said.find("curl ").unwrap()..].replace("http://127.0.0.1:7425", &server.url);
    let tested = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&tested.stdout).contains("\"stored\""),
        "{tested:?}"
    );

    let new = bed.ok(&["source", "rotate", "github/acme", "--data", "log"]);
    let new = new.trim();
    let (one, two, three) = (body("a"), body("b"), body("c"));
    settled().await;
    assert_eq!(
        Delivery::signed("star", "1", &one, SECRET).send(&server).await.0,
        StatusCode::OK
    );
    assert_eq!(
        Delivery::signed("star", "2", &two, new).send(&server).await.0,
        StatusCode::OK
    );
    assert!(
        !bed.run(&["source", "rotate", "github/acme", "--data", "log"])
            .status
            .success()
    );
    bed.ok(&["source", "rotate", "acme", "--finish", "--data", "log"]);
    settled().await;
    assert_eq!(
        Delivery::signed("star", "3", &three, SECRET).send(&server).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        Delivery::signed("star", "3", &three, new).send(&server).await.0,
        StatusCode::OK
    );
    // A file that cannot be used changes nothing while the service runs, and keeps it from starting.
    fs::write(bed.path("log/sources/github-bad.toml"), "kind = 1\n").unwrap();
    fs::set_permissions(
        bed.path("log/sources/github-bad.toml"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    settled().await;
    assert_eq!(
        Delivery::signed("star", "3", &three, new).send(&server).await.0,
        StatusCode::OK
    );
    server.kill();
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("github-bad.toml") && said.contains("`kind`"),
        "{said}"
    );
    fs::remove_file(bed.path("log/sources/github-bad.toml")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("mode 0640"), "{said}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    bed.ok(&["source", "remove", "github/acme", "--data", "log"]);
    assert_eq!(bed.ok(&["source", "list", "--data", "log"]), "");
}

async fn settled() {
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
}

/// The payloads that people contributed, with the names of their events, or `None` if this machine cannot fetch them.
fn examples() -> Option<Vec<(String, Value)>> {
    let folder = tempfile::tempdir().unwrap();
    let packed = Command::new("npm")
        .args([
            "pack",
            "--silent",
            "--ignore-scripts",
            "@octokit/webhooks-examples@7.6.1",
        ])
        .current_dir(&folder)
        .output()
        .ok()?;
    let file = String::from_utf8(packed.stdout).ok()?;
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(file.trim())
        .current_dir(&folder)
        .output()
        .ok()?;
    if !packed.status.success() || !unpacked.status.success() {
        return None;
    }
    let index = folder.path().join("package/api.github.com/index.json");
    let events: Value = serde_json::from_slice(&fs::read(index).unwrap()).unwrap();
    let events = events.as_array().unwrap().iter();
    let examples = events.flat_map(|event| {
        let payloads = event["examples"].as_array().unwrap().iter();
        payloads.map(|payload| (event["name"].as_str().unwrap().to_owned(), payload.clone()))
    });
    Some(examples.collect())
}

/// Everybody of whom they speak.
fn accounts(examples: &[(String, Value)]) -> BTreeSet<String> {
    let mut accounts = BTreeSet::new();
    for (_, payload) in examples {
        for path in [
            "/organization/login",
            "/installation/account/login",
            "/repository/owner/login",
        ] {
            accounts.extend(payload.pointer(path).and_then(Value::as_str).map(str::to_owned));
        }
        for path in ["/repositories", "/repositories_added", "/repositories_removed"] {
            let listed = payload.pointer(path).and_then(Value::as_array).into_iter().flatten();
            let owners = listed.filter_map(|one| one["full_name"].as_str()?.split('/').next());
            accounts.extend(owners.map(str::to_owned));
        }
        if payload["repository"].is_null() && payload["organization"].is_null() {
            accounts.extend(
                payload["enterprise"]["slug"]
                    .as_str()
                    .map(|slug| format!("enterprise:{slug}")),
            );
        }
    }
    accounts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_payload_is_durable_and_found_again_after_a_kill() {
    let Some(examples) = examples() else {
        assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs npm");
        return eprintln!("SKIPPED: needs npm, and the package @octokit/webhooks-examples from its registry");
    };
    assert_eq!(examples.len(), 329);
    let bed = Bed::with_log();
    let accounts = accounts(&examples);
    add(&bed, &accounts.iter().map(String::as_str).collect::<Vec<_>>());
    let server = bed.serve();
    for (number, (name, payload)) in examples.iter().enumerate() {
        let (body, id) = (payload.to_string(), format!("delivery-{number}"));
        let delivery = Delivery::signed(name, &id, body.as_bytes(), SECRET);
        let (status, answer) = delivery.send(&server).await;
        assert_eq!(status, StatusCode::OK, "{name}: {answer}");
        assert_eq!(answer["result"], "stored", "{name}: {answer}");
        assert_eq!(answer["index"], number, "{name}: {answer}");
    }
    server.kill();
    let server = bed.serve();
    assert_eq!(server.size().await, 329);
    let (mut senders, mut actors) = (0, 0);
    for (number, (name, payload)) in examples.iter().enumerate() {
        let (status, event) = server.get(&format!("/v1/events/{number}")).await;
        assert_eq!(status, StatusCode::OK, "{name}: {event}");
        let value = |member: &str| event["members"][member]["value"].clone();
        let action = payload["action"]
            .as_str()
            .map_or(name.clone(), |action| format!("{name}.{action}"));
        assert_eq!(value("action")["name"], action);
        assert_eq!(value("delivery")["key"], format!("delivery-{number}"));
        assert_eq!(value("raw")["kept"], true);
        assert!(!value("targets").as_array().unwrap().is_empty(), "{name}: {event}");
        if let Some(sender) = payload["sender"]["login"].as_str() {
            senders += 1;
            let claims_sender = value("actor")["claims"]["sender"] == sender;
            actors += usize::from(value("actor")["name"] == sender || claims_sender);
        }
    }
    assert!(actors * 100 >= senders * 99, "{actors} of {senders}");
    // A resend of what came before the kill is no second event.
    let (name, payload) = &examples[100];
    let body = payload.to_string();
    let (_, answer) = Delivery::signed(name, "delivery-100", body.as_bytes(), SECRET)
        .send(&server)
        .await;
    assert_eq!((&answer["result"], &answer["index"]), (&json!("repeated"), &json!(100)));
    assert_eq!(server.size().await, 329);
    let hits = server.found("source=github/acme&limit=100&order=oldest").await;
    assert_eq!(hits["events"].as_array().unwrap().len(), 100);
    assert_eq!(hits["next"], 99);
    let by_actor = server.found("actor=codertocat&limit=100").await;
    assert!(by_actor["events"].as_array().unwrap().len() > 50, "{by_actor}");
}
