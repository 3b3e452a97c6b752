//! What is on the record.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::place::{Place, member};

#[tokio::test]
async fn what_auditors_read_is_on_it_and_what_readers_read_is_not() {
    let place = Place::events();
    let served = place.serve();
    for _ in 0..3 {
        served.submit(&place.admin, "x", "push").await;
    }
    let auditor = served.token(&place.admin, "auditor", json!({"role": "auditor"})).await;
    let reader = served.token(&place.admin, "reader", json!({"role": "reader"})).await;
    served.found(&place.admin, "source=x").await;
    let found = served.ok(&auditor, "GET", "/v1/events?source=x&limit=2", None).await;
    assert_eq!(found["events"].as_array().unwrap().len(), 2);
    served.ok(&reader, "GET", "/v1/events?source=x", None).await;
    let reads = served
        .found(
            &place.admin,
            "source=indelible/audit&action=indelible.read-events&limit=100",
        )
        .await;
    let by = |who: &str| -> Vec<&Value> {
        let of = |event: &&Value| {
            member(event, "actor")["id"]
                .as_str()
                .unwrap()
                .starts_with(&format!("token/{who}/"))
        };
        reads.iter().filter(of).collect()
    };
    let auditors = by("auditor");
    assert_eq!(auditors.len(), 1, "{reads:#?}");
    assert_eq!(member(auditors[0], "changes")[0]["after"], 2);
    assert_eq!(member(auditors[0], "targets")[0]["id"], "source=x&limit=2");
    assert_eq!(member(auditors[0], "origin")["ip"], "127.0.0.1");
    assert!(by("reader").is_empty());
    assert_eq!(member(auditors[0], "submitter")["method"], "service");
}

#[tokio::test]
async fn nobody_else_can_write_to_it() {
    let place = Place::events();
    let served = place.serve();
    for source in ["indelible/access", "indelible/audit", "indelible/holds"] {
        let event = crate::place::event(source, "indelible.token.revoked");
        let (status, _, answer) = served.ask(Some(&place.admin), "POST", "/v1/events", Some(&event)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{source}: {answer}");
    }
}

#[tokio::test]
async fn the_configuration_is_on_it_at_each_start() {
    let place = Place::events();
    place.serve().server.stop();
    let place = place.configured("tiles = \"public\"");
    let served = place.serve();
    let configured = served.found(&place.admin, "action=indelible.configured").await;
    assert_eq!(configured.len(), 2);
    let hash = |event: &Value| member(event, "changes")[0]["after"]["access.toml"].clone();
    assert_ne!(hash(&configured[0]), hash(&configured[1]));
}

#[tokio::test]
async fn an_erasure_is_on_it_with_who_did_it() {
    let place = Place::events();
    let served = place.serve();
    let index = served.submit(&place.admin, "x", "push").await;
    let officer = served
        .token(&place.admin, "officer", json!({"role": "privacy-officer"}))
        .await;
    let wanted = json!({"entries": [{"first": index, "last": index, "members": ["actor"]}]});
    let planned = served.ok(&officer, "POST", "/v1/erasures", Some(&wanted)).await;
    let mut confirmed = wanted.clone();
    confirmed["confirm"] = planned["plan"]["token"].clone();
    confirmed["basis"] = json!("art. 17");
    let done = served.ok(&officer, "POST", "/v1/erasures", Some(&confirmed)).await;
    assert!(done.get("carried_out").is_some(), "{done}");
    let erased = served.found(&place.admin, "action=indelible.erased").await;
    assert_eq!(erased.len(), 1);
    assert!(
        member(&erased[0], "actor")["id"]
            .as_str()
            .unwrap()
            .starts_with("token/officer/")
    );
}

/// An opaque log has a file for it.
#[tokio::test]
async fn a_log_of_opaque_entries_has_a_file() {
    let place = Place::of_kind("opaque");
    let served = place.serve();
    let submitter = served.token(&place.admin, "sender", json!({"role": "submitter"})).await;
    let (status, ..) = served
        .ask(Some(&submitter), "POST", "/add", Some(&json!("an entry")))
        .await;
    assert_eq!(status, StatusCode::OK);
    let (status, ..) = served.ask(Some(&submitter), "GET", "/v1/tokens", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    served.server.stop();
    let text = std::fs::read_to_string(place.bed.log().join("admin.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |act: &str| lines.iter().filter(|line| line["act"] == act).count();
    assert_eq!(of("indelible.token.created"), 2, "{text}");
    assert_eq!(of("indelible.configured"), 1, "{text}");
    assert_eq!(of("indelible.denied"), 1, "{text}");
    assert!(!text.contains("idl_"));
}

/// Copies of it go to a log of events, and what cannot be copied there is not done.
#[tokio::test]
async fn a_log_of_opaque_entries_may_have_its_record_in_another_log() {
    let events = Place::events();
    let other = events.serve();
    let grant = json!({"role": "submitter", "scope": {"sources": ["record/test.example/log"]}});
    let token = other.token(&events.admin, "copies", grant).await;
    let place = Place::of_kind("opaque");
    let token_file = place.bed.write("log/audit.token", &token);
    std::fs::set_permissions(token_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let vkey = events.bed.log().join("log.vkey");
    let place = place.configured(&format!(
        "[audit_log]\nurl = \"{}\"\nvkey = \"{}\"\ntoken_file = \"audit.token\"\n",
        other.server.url,
        vkey.display()
    ));
    let served = place.serve();
    served.token(&place.admin, "sender", json!({"role": "submitter"})).await;
    let copies = other.found(&events.admin, "source=record/test.example/log").await;
    let names: Vec<&Value> = copies.iter().map(|event| &member(event, "action")["name"]).collect();
    assert_eq!(names, ["indelible.token.created", "indelible.configured"]);
    other.server.kill();
    let wanted = json!({"name": "late", "grants": [{"role": "submitter"}]});
    let (status, ..) = served
        .ask(Some(&place.admin), "POST", "/v1/tokens", Some(&wanted))
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let listed = served.ask(Some(&place.admin), "GET", "/v1/approvals", None).await;
    assert_eq!(listed.0, StatusCode::OK);
    let text = std::fs::read_to_string(place.bed.log().join("admin.jsonl")).unwrap();
    assert!(!text.contains("\"late\""), "{text}");
}

/// A revocation that could be erased would be none after the next start.
#[tokio::test]
async fn what_is_in_force_cannot_be_erased() {
    let place = Place::events();
    let served = place.serve();
    let token = served.token(&place.admin, "gone", json!({"role": "operator"})).await;
    let listed = served.ok(&place.admin, "GET", "/v1/tokens", None).await;
    let tokens = listed["tokens"].as_array().unwrap();
    let id = tokens.iter().find(|one| one["name"] == "gone").unwrap()["id"]
        .as_str()
        .unwrap();
    served
        .ok(&place.admin, "DELETE", &format!("/v1/tokens/{id}"), None)
        .await;
    let last = served.found(&place.admin, "action=indelible.token.revoked").await[0]["index"]
        .as_u64()
        .unwrap();
    let mut wanted = json!({"entries": [{"first": 0, "last": last}]});
    let planned = served.ok(&place.admin, "POST", "/v1/erasures", Some(&wanted)).await;
    wanted["confirm"] = planned["plan"]["token"].clone();
    let done = served.ok(&place.admin, "POST", "/v1/erasures", Some(&wanted)).await;
    assert!(done.get("carried_out").is_some(), "{done}");
    let shown = served
        .ok(&place.admin, "GET", &format!("/v1/events/{last}"), None)
        .await;
    assert_eq!(shown["members"]["actor"]["state"], "erased");
    assert_eq!(shown["members"]["raw"]["state"], "disclosed");
    served.server.kill();
    let served = place.serve();
    let (status, ..) = served.ask(Some(&token), "GET", "/v1/tokens", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "revoked is revoked");
    served.ok(&place.admin, "GET", "/v1/tokens", None).await;
}
