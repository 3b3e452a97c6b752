//! What needs a second principal is not done without one.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::place::{Place, Served, member};

const FOUR_EYES: &str = "[four_eyes]\nerasure = true\nadmin_tokens = true\nkey_rotation = true\n";

async fn confirmed(served: &Served, by: &str, index: u64) -> Value {
    let mut wanted = json!({"entries": [{"first": index, "last": index, "members": ["actor"]}]});
    let planned = served.ok(by, "POST", "/v1/erasures", Some(&wanted)).await;
    wanted["confirm"] = planned["plan"]["token"].clone();
    wanted
}

async fn request_of(served: &Served, by: &str) -> String {
    let waiting = served.ok(by, "GET", "/v1/approvals", None).await;
    let waiting = waiting["approvals"].as_array().unwrap();
    let open: Vec<&Value> = waiting.iter().filter(|one| one["approved_by"].is_null()).collect();
    assert_eq!(open.len(), 1, "{waiting:?}");
    open[0]["request"]["approval"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_erasure_takes_two() {
    let place = Place::events().configured(FOUR_EYES);
    let served = place.serve();
    let index = served.submit(&place.admin, "x", "push").await;
    let officer = |name: &'static str| served.token(&place.admin, name, json!({"role": "privacy-officer"}));
    let (anna, ben) = (officer("anna").await, officer("ben").await);
    let mut wanted = confirmed(&served, &anna, index).await;
    let (_, _, answer) = served.ask(Some(&anna), "POST", "/v1/erasures", Some(&wanted)).await;
    assert_eq!(answer["problem"]["status"], 409, "{answer}");
    let id = request_of(&served, &ben).await;
    assert!(answer["problem"]["detail"].as_str().unwrap().contains(&id), "{answer}");

    wanted["approval"] = json!(id);
    let (_, _, answer) = served.ask(Some(&anna), "POST", "/v1/erasures", Some(&wanted)).await;
    assert_eq!(answer["problem"]["status"], 409, "not approved yet: {answer}");
    let give = format!("/v1/approvals/{id}");
    let (status, ..) = served.ask(Some(&anna), "POST", &give, None).await;
    assert_eq!(status, StatusCode::CONFLICT, "her own");
    served.ok(&ben, "POST", &give, None).await;
    let (_, _, answer) = served.ask(Some(&ben), "POST", "/v1/erasures", Some(&wanted)).await;
    assert_eq!(answer["problem"]["status"], 409, "it is hers: {answer}");

    let served = {
        // What was approved is known after a kill.
        served.server.kill();
        place.serve()
    };
    let done = served.ok(&anna, "POST", "/v1/erasures", Some(&wanted)).await;
    assert!(done.get("carried_out").is_some(), "{done}");
    let shown = served
        .ok(&place.admin, "GET", &format!("/v1/events/{index}"), None)
        .await;
    assert_eq!(shown["members"]["actor"]["state"], "erased");
    for action in ["requested", "given", "used"] {
        let found = served
            .found(&place.admin, &format!("action=indelible.approval.{action}"))
            .await;
        assert_eq!(found.len(), 1, "{action}");
    }
    let again = served.ask(Some(&anna), "POST", "/v1/erasures", Some(&wanted)).await;
    assert!(
        again.2.get("carried_out").is_none(),
        "an approval is used once: {:?}",
        again.2
    );
}

#[tokio::test]
async fn a_token_of_an_admin_takes_two_that_do_not_come_from_each_other() {
    let place = Place::events();
    let served = place.serve();
    let anna = served.token(&place.admin, "anna", json!({"role": "admin"})).await;
    let child = served.token(&anna, "annas-child", json!({"role": "admin"})).await;
    let ben = served.token(&place.admin, "ben", json!({"role": "admin"})).await;
    served.server.stop();
    let place = place.configured(FOUR_EYES);
    let served = place.serve();
    let mut wanted = json!({"name": "third", "grants": [{"role": "admin"}]});
    let (status, _, answer) = served.ask(Some(&anna), "POST", "/v1/tokens", Some(&wanted)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let id = request_of(&served, &ben).await;
    let give = format!("/v1/approvals/{id}");
    let (status, _, answer) = served.ask(Some(&child), "POST", &give, None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("created by"), "{answer}");
    let operator = served
        .token(&place.admin, "operator", json!({"role": "operator"}))
        .await;
    let (status, ..) = served.ask(Some(&operator), "POST", &give, None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    served.ok(&ben, "POST", &give, None).await;
    wanted["approval"] = json!(id);
    let other = json!({"name": "other", "grants": [{"role": "admin"}], "approval": id});
    let (status, ..) = served.ask(Some(&anna), "POST", "/v1/tokens", Some(&other)).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is for another name");
    let made = served.ok(&anna, "POST", "/v1/tokens", Some(&wanted)).await;
    assert!(made["token"].as_str().unwrap().starts_with("idl_"));
    // Other roles take one.
    served.token(&anna, "plain", json!({"role": "auditor"})).await;
    let given = served.found(&place.admin, "action=indelible.approval.given").await;
    assert!(
        member(&given[0], "actor")["id"]
            .as_str()
            .unwrap()
            .starts_with("token/ben/")
    );
}

#[tokio::test]
async fn the_key_is_changed_by_two() {
    for kind in ["events", "opaque"] {
        let place = Place::of_kind(kind).configured(FOUR_EYES);
        let rotate = || place.bed.run(&["key", "rotate", "--data", "log", "--yes"]);
        let refused = rotate();
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("request-key-rotation"));

        // The second admin is made before two are needed for that.
        let ben = place
            .bed
            .run(&["token", "create", "ben", "--role", "admin", "--data", "log"]);
        let ben = String::from_utf8(ben.stdout).unwrap().trim().to_owned();
        let served = place.serve();
        let asked = json!({"for": "key-rotation"});
        let requested = served.ok(&place.admin, "POST", "/v1/approvals", Some(&asked)).await;
        served.server.stop();
        assert_eq!(rotate().status.code(), Some(2), "asked for is not approved");

        let served = place.serve();
        let give = format!("/v1/approvals/{}", requested["approval"].as_str().unwrap());
        let (status, ..) = served.ask(Some(&place.admin), "POST", &give, None).await;
        assert_eq!(status, StatusCode::CONFLICT, "her own");
        served.ok(&ben, "POST", &give, None).await;
        served.server.stop();
        let done = rotate();
        assert!(done.status.success(), "{done:?}");
        assert_eq!(rotate().status.code(), Some(2), "an approval is used once");

        let served = place.serve();
        if kind == "events" {
            let rotated = served.found(&place.admin, "action=indelible.key.rotated").await;
            assert_eq!(rotated.len(), 1, "{rotated:#?}");
            let used = served.found(&place.admin, "action=indelible.approval.used").await;
            assert_eq!(used.len(), 1, "{used:#?}");
        }
        let waiting = served.ok(&ben, "GET", "/v1/approvals", None).await;
        assert_eq!(
            waiting["approvals"],
            json!([]),
            "{kind}: it is used up after a start, too"
        );
    }
}

/// Whoever may approve at all may not approve what they could not do themselves, nor ask for it.
#[tokio::test]
async fn nobody_asks_for_or_approves_what_they_could_not_do() {
    let place = Place::events();
    let served = place.serve();
    let anna = served.token(&place.admin, "anna", json!({"role": "admin"})).await;
    let officer = served
        .token(&place.admin, "officer", json!({"role": "privacy-officer"}))
        .await;
    let roles = [json!({"role": "privacy-officer"}), json!({"role": "operator"})];
    let wanted = json!({"name": "two-roles", "grants": roles});
    let two_roles = served.ok(&place.admin, "POST", "/v1/tokens", Some(&wanted)).await;
    let two_roles = two_roles["token"].as_str().unwrap();
    served.server.stop();
    let place = place.configured(FOUR_EYES);
    let served = place.serve();
    // One grant of an admin among others is enough.
    let mut wanted = json!({"name": "third", "grants": [{"role": "submitter"}, {"role": "admin"}]});
    let (status, _, answer) = served.ask(Some(&anna), "POST", "/v1/tokens", Some(&wanted)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let token = request_of(&served, &officer).await;
    let asked = json!({"for": "key-rotation"});
    let rotation = served.ok(&anna, "POST", "/v1/approvals", Some(&asked)).await;
    for by in [&officer, two_roles] {
        for id in [&token, rotation["approval"].as_str().unwrap()] {
            let give = format!("/v1/approvals/{id}");
            let (status, _, answer) = served.ask(Some(by), "POST", &give, None).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
        }
        let of_admin = json!({"for": "token", "name": "x", "grants": [{"role": "admin"}]});
        for what in [&asked, &of_admin] {
            let (status, _, answer) = served.ask(Some(by), "POST", "/v1/approvals", Some(what)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
        }
    }
    let give = format!("/v1/approvals/{token}");
    served.ok(&place.admin, "POST", &give, None).await;
    wanted["approval"] = json!(token);
    served.ok(&anna, "POST", "/v1/tokens", Some(&wanted)).await;
    let (status, _, answer) = served.ask(Some(&anna), "POST", "/v1/tokens", Some(&wanted)).await;
    assert_eq!(status, StatusCode::CONFLICT, "an approval is used once: {answer}");
}

/// As the record of an hour ago would have it.
#[test]
fn an_approval_of_old_is_none_while_the_log_rests() {
    use indelible_access::{Act, ApprovalId, Requested, Subject, WhatFor};
    let place = Place::of_kind("opaque").configured(FOUR_EYES);
    let by = |subject: &str| Subject {
        subject: subject.to_owned(),
        created_by: None,
    };
    let (what, asker) = (WhatFor::KeyRotation, by("token/anna/0000000000000000"));
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(61);
    let approval = ApprovalId::of(&what, &asker, at);
    let requested = Act::ApprovalRequested(Requested {
        approval,
        what,
        at,
        expires: at + jiff::SignedDuration::from_mins(60),
        by: asker,
    });
    let by = by("token/ben/1111111111111111");
    let given = Act::ApprovalGiven { approval, at, by };
    let file = place.bed.log().join("admin.jsonl");
    let mut text = std::fs::read_to_string(&file).unwrap();
    for act in [requested, given] {
        let line = json!({"time": at.as_second(), "act": act.name(), "access": act});
        text.push_str(&format!("{line}\n"));
    }
    std::fs::write(&file, text).unwrap();
    let refused = place.bed.run(&["key", "rotate", "--data", "log", "--yes"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("expired"), "{words}");
}
