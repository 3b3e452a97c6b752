//! Tokens: shown once, kept as hashes, in force at once and for as long as they are to be.

use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::place::{Place, Served};

async fn status(served: &Served, token: &str, path: &str) -> StatusCode {
    served.ask(Some(token), "GET", path, None).await.0
}

pub(crate) async fn id_of(served: &Served, admin: &str, name: &str) -> String {
    let listed = served.ok(admin, "GET", "/v1/tokens", None).await;
    let tokens = listed["tokens"].as_array().unwrap();
    let found: Vec<&Value> = tokens.iter().filter(|token| token["name"] == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn hold_until_they_are_revoked_and_never_again_whatever_is_lost() {
    for kind in ["events", "opaque"] {
        let place = Place::of_kind(kind);
        let served = place.serve();
        let kept = served.token(&place.admin, "kept", json!({"role": "operator"})).await;
        let gone = served.token(&place.admin, "gone", json!({"role": "operator"})).await;
        assert_eq!(status(&served, &gone, "/v1/tokens").await, StatusCode::OK);
        let id = id_of(&served, &place.admin, "gone").await;
        served
            .ok(&place.admin, "DELETE", &format!("/v1/tokens/{id}"), None)
            .await;
        assert_eq!(status(&served, &gone, "/v1/tokens").await, StatusCode::UNAUTHORIZED);
        served.server.kill();

        // Started anew after a kill, and again without any table: the record is all it takes.
        let derived = ["events.sqlite", "keys.sqlite", "dedupe.key", "state.sqlite"];
        for lost in [&[][..], &derived] {
            for name in lost {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(place.bed.log().join(format!("{name}{suffix}")));
                }
            }
            let served = place.serve();
            assert_eq!(status(&served, &kept, "/v1/tokens").await, StatusCode::OK, "{kind}");
            assert_eq!(
                status(&served, &gone, "/v1/tokens").await,
                StatusCode::UNAUTHORIZED,
                "{kind}"
            );
            assert_eq!(
                status(&served, &place.admin, "/v1/tokens").await,
                StatusCode::OK,
                "{kind}"
            );
            served.server.kill();
        }
    }
}

#[tokio::test]
async fn expire() {
    let place = Place::events();
    let served = place.serve();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(2500);
    let wanted = json!({"name": "short", "grants": [{"role": "operator"}], "expires": soon});
    let made = served.ok(&place.admin, "POST", "/v1/tokens", Some(&wanted)).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(status(&served, token, "/v1/tokens").await, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(2600)).await;
    let (status, _, answer) = served.ask(Some(token), "GET", "/v1/tokens", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(answer["detail"].as_str().unwrap().contains("expired"), "{answer}");
    let past = json!({"name": "past", "grants": [{"role": "reader"}], "expires": "2020-01-01T00:00:00Z"});
    let (status, ..) = served.ask(Some(&place.admin), "POST", "/v1/tokens", Some(&past)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn are_granted_within_what_one_has() {
    let place = Place::events();
    let served = place.serve();
    let acme = json!({"sources": ["github/acme"]});
    let operator = served
        .token(
            &place.admin,
            "acme-operator",
            json!({"role": "operator", "scope": acme}),
        )
        .await;
    let make = |by: String, grant: Value| {
        let served = &served;
        async move {
            let wanted = json!({"name": "new", "grants": [grant]});
            served.ask(Some(&by), "POST", "/v1/tokens", Some(&wanted)).await.0
        }
    };
    let within = json!({"role": "submitter", "scope": acme});
    assert_eq!(make(operator.clone(), within).await, StatusCode::CREATED);
    for beyond in [
        json!({"role": "submitter"}),
        json!({"role": "submitter", "scope": {"sources": ["github/acme", "gitlab/x"]}}),
        json!({"role": "reader", "scope": acme}),
        json!({"role": "operator", "scope": acme}),
        json!({"role": "admin", "scope": acme}),
    ] {
        assert_eq!(
            make(operator.clone(), beyond.clone()).await,
            StatusCode::FORBIDDEN,
            "{beyond}"
        );
    }
    // Nor does it revoke what it could not have made.
    let id = id_of(&served, &place.admin, "first").await;
    let (status, ..) = served
        .ask(Some(&operator), "DELETE", &format!("/v1/tokens/{id}"), None)
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _, answer) = served
        .ask(
            Some(&place.admin),
            "POST",
            "/v1/tokens",
            Some(&json!({"name": "A b", "grants": []})),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let long = json!({"name": "x".repeat(600 << 10), "grants": [{"role": "reader"}]});
    let (status, ..) = served.ask(Some(&place.admin), "POST", "/v1/tokens", Some(&long)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// The token is in no file of the log and in no line that it logs, its hash alone is.
#[tokio::test]
async fn are_kept_nowhere() {
    let place = Place::events();
    let mut command = place
        .bed
        .command(&["serve", "--data", "log", "--listen", "127.0.0.1:0"]);
    command.env("INDELIBLE_LOG_FILTER", "trace");
    let server = crate::bed::Server::start(command);
    let made = place
        .bed
        .run(&["token", "create", "probe", "--role", "auditor", "--url", &server.url]);
    assert!(!made.status.success(), "without the admin's token");
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    let url = format!("{}/v1/tokens", server.url);
    let body = json!({"name": "probe", "grants": [{"role": "auditor"}]}).to_string();
    let request = http
        .post(&url)
        .bearer_auth(&place.admin)
        .header("content-type", "application/json");
    let made: Value = serde_json::from_str(&request.body(body).send().await.unwrap().text().await.unwrap()).unwrap();
    let probe = made["token"].as_str().unwrap().to_owned();
    let wrong = format!("{}a", &probe[..probe.len() - 1]);
    for token in [&probe, &wrong] {
        http.get(format!("{}/v1/events", server.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
    }
    let (_, said) = server.stop();
    let secrets = [&place.admin, &probe, &wrong];
    for secret in secrets {
        let inner = &secret[4..40];
        assert!(
            !said.iter().any(|line| line.contains(inner)),
            "a token is in the log lines"
        );
        assert!(said.len() >= 4, "a line a request, at least: {said:?}");
        assert_eq!(files_with(&place.bed.log(), inner.as_bytes()), Vec::<String>::new());
    }
    let hash = indelible_access::token::TokenHash::of(&place.admin).to_string();
    assert!(
        !files_with(&place.bed.log(), hash.as_bytes()).is_empty(),
        "the search finds nothing at all"
    );
}

fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if std::fs::read(&path)
            .unwrap()
            .windows(needle.len())
            .any(|window| window == needle)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn one_can_be_made_at_rest_and_is_on_the_record_then() {
    let place = Place::events();
    let made = place
        .bed
        .run(&["token", "create", "found-again", "--role", "admin", "--data", "log"]);
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let served = place.serve();
    assert_eq!(status(&served, &token, "/v1/tokens").await, StatusCode::OK);
    let refused = place
        .bed
        .run(&["token", "create", "x", "--role", "admin", "--data", "log"]);
    assert_eq!(
        refused.status.code(),
        Some(2),
        "a log that runs has its own way: {refused:?}"
    );
    let created = served
        .found(&token, "source=indelible/access&action=indelible.token.created")
        .await;
    assert_eq!(created.len(), 2, "{created:#?}");
}
