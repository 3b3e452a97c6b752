//! Bodies that nobody means well with: an authentic sender's, since others get no further than the signature.

use indelible_event::member::{ActorType, Verb};
use indelible_sources::{Incoming, Reading, Received, Source, github::BODY_BYTES_MAX};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::support::{event, hook, now, send};

/// What any event must be, whatever it was made of: no larger than a log takes.
fn check_bounds(event: &Incoming) {
    let claims = serde_json::to_value(&event.claims).unwrap();
    for (member, value) in claims.as_object().unwrap() {
        let length = value.to_string().len();
        assert!(length <= 256 << 10, "{member}: {length} bytes");
    }
    let total = claims.to_string().len();
    assert!(total <= 512 << 10, "{total} bytes");
    check_numbers(&claims);
    assert!(event.claims.origin.is_none());
}

/// RFC 8785 is for numbers that a double holds.
fn check_numbers(value: &Value) {
    match value {
        Value::Number(number) => assert!(number.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53), "{number}"),
        Value::Array(all) => all.iter().for_each(check_numbers),
        Value::Object(all) => all.values().for_each(check_numbers),
        _ => {}
    }
}

fn unparsed(body: &[u8]) {
    let event = event(&hook(["acme"]), "workflow_run", body);
    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
    assert!(matches!(event.reading, Reading::Unparsed { .. }), "{shown}");
    let action = event.claims.action.clone().unwrap();
    assert_eq!(
        (action.name.as_str(), action.verb),
        ("workflow_run", Verb::Other),
        "{shown}"
    );
    assert_eq!(event.claims.actor.as_ref().unwrap().kind, ActorType::Unknown);
    assert_eq!((&event.claims.targets, &event.claims.occurred), (&None, &None));
    assert_eq!(event.submitter.verified.as_ref().unwrap()["event_from"], "header");
    check_bounds(&event);
}

#[test]
fn what_is_not_understood_is_stored_unparsed() {
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"\"text\"",
        b"{",
        b"{}{}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xff\"}",
        br#"{"a":"\ud800"}"#,
        br#"{"sender":{"login":"\udfff\ud800"}}"#,
        br#"{"a":1e400}"#,
        br#"{"a":1,"a":2}"#,
        br#"{"repository":{"full_name":"acme/web","full_name":"other/web"}}"#,
    ] {
        unparsed(body);
    }
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    unparsed(deep(128).as_bytes());
    unparsed(deep(BODY_BYTES_MAX / 2 - 10).as_bytes());
    unparsed("{\"a\":".repeat(BODY_BYTES_MAX / 5).as_bytes());
}

#[test]
fn what_is_too_long_to_be_a_name_is_none() {
    let long = "a".repeat(513);
    let body = json!({
        "action": long, "sender": {"login": long, "id": 1e30, "type": long},
        "repository": {"id": 12345678901234567890_u64, "full_name": "acme/web"},
        "label": {"id": 1.5, "name": "x"},
    });
    let event = event(&hook(["acme"]), "label", body.to_string().as_bytes());
    check_bounds(&event);
    assert_eq!(event.claims.action.unwrap().name, "label");
    let actor = event.claims.actor.unwrap();
    assert_eq!(
        (actor.kind, actor.id, actor.name, actor.claims),
        (ActorType::Unknown, None, None, None)
    );
    let targets = event.claims.targets.unwrap();
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert_eq!(targets[0].id, "12345678901234567890");
}

/// The largest event that a payload can make.
#[test]
fn an_event_of_everything_at_its_largest_is_bounded() {
    let name = "\u{20ac}".repeat(170);
    let text = "\"".repeat(1000);
    let changes: serde_json::Map<_, _> = (0..200)
        .map(|n| (format!("{n:0>250}"), json!({"from": text, "to": text})))
        .collect();
    let pages: Vec<_> = (0..500)
        .map(|n| json!({"page_name": format!("{name}{n:>2}"), "title": name}))
        .collect();
    let repository = json!({"id": name, "full_name": format!("acme/{}", "x".repeat(500)), "html_url": name});
    for body in [
        json!({"repository": repository, "pages": pages, "sender": {"id": name, "login": name, "type": name}}),
        json!({"action": name, "changes": changes, "repository": repository, "label": {"id": name, "name": name}}),
    ] {
        let event = event(&hook(["acme"]), "gollum", body.to_string().as_bytes());
        assert_eq!(event.reading, Reading::Recognised);
        check_bounds(&event);
        let size = serde_json::to_string(&event.claims).unwrap().len();
        assert!(size > 100 << 10, "{size}");
    }
}

fn receive(source: &Source, name: &str, body: &[u8]) {
    match send(source, name, body) {
        Ok(Received::Events(events)) => events.iter().for_each(check_bounds),
        Ok(Received::Ignored(reason)) => panic!("{reason:?}"),
        Err(_) => {}
    }
}

/// Any value of JSON, made of the names that the mapping looks for.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec![
            "acme/web",
            "acme",
            "other",
            "User",
            "completed",
            "created",
            "2021-01-01T00:00:00Z",
            "success"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 6, |inner| {
        let names = vec![
            "action",
            "repository",
            "organization",
            "sender",
            "installation",
            "account",
            "id",
            "login",
            "full_name",
            "html_url",
            "workflow_run",
            "workflow",
            "workflow_job",
            "run_id",
            "status",
            "conclusion",
            "changes",
            "from",
            "to",
            "rule",
            "alert",
            "tool",
            "ref",
            "ref_type",
            "before",
            "after",
            "environment",
            "since",
            "type",
            "name",
            "number",
            "enterprise",
            "slug",
            "key",
            "member",
            "team",
            "updated_at",
            "created_at",
            "pushed_at",
            "triggering_actor",
            "repositories",
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(select(names), inner, 0..8)
                .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Who a payload may be about; `nobody` is left out.
fn whom() -> impl Strategy<Value = &'static str> {
    select(vec![
        "acme",
        "acme/web",
        "other",
        "other/web",
        "acme-other/web",
        "nobody",
        "nobody",
    ])
}

proptest! {
    #[test]
    fn any_bytes_make_an_event_within_bounds(body in vec(any::<u8>(), 0..300), name in ".{0,70}") {
        receive(&hook(["acme"]), &name, &body);
    }

    #[test]
    fn any_json_makes_an_event_within_bounds(value in values(), name in select(vec!["workflow_run", "push", "label", "new_event", ""])) {
        receive(&hook(["acme"]), name, value.to_string().as_bytes());
    }

    #[test]
    fn no_event_is_of_somebody_who_is_not_permitted(
        repository in whom(), organization in whom(), account in whom(), listed in whom(), enterprise in whom(), more in values(),
    ) {
        let mut payload = json!({
            "repository": {"full_name": repository, "id": 1}, "organization": {"login": organization, "id": 2},
            "installation": {"account": {"login": account, "id": 3}}, "repositories": [{"full_name": listed, "id": 4}],
            "enterprise": {"slug": enterprise}, "action": "created",
        });
        payload.as_object_mut().unwrap().retain(|_, value| !value.to_string().contains("nobody"));
        if let Value::Object(more) = more {
            payload.as_object_mut().unwrap().extend(more.into_iter().take(1));
        }
        if let Ok(Received::Events(events)) = send(&hook(["acme"]), "push", payload.to_string().as_bytes()) {
            for target in events.into_iter().flat_map(|event| event.claims.targets.unwrap_or_default()) {
                let whole = ["repository", "organization", "account", "enterprise"].contains(&target.kind.as_str());
                let name = target.name.clone().unwrap_or_default();
                prop_assert!(!whole || name == "acme" || name.starts_with("acme/"), "{target:?}");
            }
        }
    }
}

#[test]
fn an_event_comes_from_the_past() {
    let source = hook(["acme"]);
    let at = |time: &Value| {
        let body = json!({"ref": "r", "before": "b", "after": "a", "repository": {"full_name": "acme/web", "pushed_at": time}});
        event(&source, "push", body.to_string().as_bytes())
            .claims
            .occurred
            .map(|occurred| occurred.at.to_string())
    };
    assert_eq!(at(&json!(1557933656)).as_deref(), Some("2019-05-15T15:20:56Z"));
    assert_eq!(
        at(&json!("2019-05-15T11:20:56.5-04:00")).as_deref(),
        Some("2019-05-15T15:20:56.5Z")
    );
    let tomorrow = now() + jiff::SignedDuration::from_hours(24);
    assert_eq!(at(&json!(tomorrow.to_string())), Some(tomorrow.to_string()));
    for none in [
        json!("2026-11-23T10:00:01Z"),
        json!(i64::MAX),
        json!(1e20),
        json!("yesterday"),
        json!(null),
        json!("x".repeat(41)),
    ] {
        assert_eq!(at(&none), None, "{none}");
    }
}
