//! Secrets are found in every place where they can stand, and nothing else is touched.

use std::{borrow::Cow, collections::BTreeSet};

use indelible_event::{
    member::{Change, Claims, Event},
    redact::{self, MARK},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    sample::{any_event, any_text, event, full_event, map},
    secrets::{INNOCENT, Planted, by_form, by_name},
};

fn text(text: &str) -> String {
    redact::text(text).value.into_owned()
}

fn raw(bytes: &[u8], content_type: &str) -> Vec<u8> {
    redact::raw(bytes, content_type).value.into_owned()
}

fn json(value: Value) -> Value {
    redact::value(value).unwrap().value
}

#[test]
fn by_form_in_texts() {
    let mut kinds = BTreeSet::new();
    for Planted { kind, text, secret } in by_form() {
        for around in [
            "{}",
            "before {} behind",
            "\"{}\"",
            "see:\n{}\n",
            "('{}')",
            "größe {} 😀",
        ] {
            let planted = around.replace("{}", &text);
            let redacted = redact::text(&planted);
            assert!(
                !redacted.value.contains(&secret),
                "{kind}: {planted} -> {}",
                redacted.value
            );
            assert!(
                redacted.value.contains(&format!("{MARK}{kind}]")),
                "{kind}: {planted} -> {}",
                redacted.value
            );
            assert!(
                redacted.hits.iter().any(|(hit, _)| hit == kind),
                "{kind}: {:?}",
                redacted.hits
            );
            let (before, behind) = around.split_once("{}").unwrap();
            assert!(redacted.value.starts_with(before), "{kind}: {}", redacted.value);
            if !matches!(kind, "putty key") && !text.ends_with(&secret) {
                assert!(redacted.value.ends_with(behind), "{kind}: {}", redacted.value);
            }
            assert_eq!(
                redact::text(&redacted.value).value,
                redacted.value,
                "a second time changes nothing"
            );
        }
        kinds.insert(kind);
    }
    assert!(kinds.len() >= 50, "{}", kinds.len());
}

#[test]
fn by_form_in_every_place_of_claims() {
    for Planted { kind, text, secret } in by_form() {
        let mut claims = full_event().claims;
        claims.action.as_mut().unwrap().name = text.clone();
        let actor = claims.actor.as_mut().unwrap();
        actor.name = Some(text.clone());
        actor.groups = Some(vec!["a".into(), text.clone()]);
        actor.claims = Some(map(
            json!({"deep": [{"er": text}], text.clone(): 1, format!("{text} again"): 2}),
        ));
        claims.changes = Some(vec![Change {
            field: "f".into(),
            before: Some(json!([text])),
            after: Some(json!({"inner": format!("{{\"json\":{}}}", json!(text))})),
        }]);
        claims.correlation.as_mut().unwrap().run = Some(text.clone());
        claims.origin.as_mut().unwrap().user_agent = Some(text.clone());
        claims.outcome.as_mut().unwrap().detail = Some(text.clone());
        claims.targets.as_mut().unwrap()[0].parent = Some(text.clone());
        let redacted = redact::claims(claims.clone()).unwrap();
        let written = serde_json::to_string(&redacted.value).unwrap();
        let escaped = serde_json::to_string(&secret).unwrap();
        assert!(!written.contains(escaped.trim_matches('"')), "{kind}: {written}");
        assert!(redacted.hits.total() >= 11, "{kind}: {:?}", redacted.hits);
        let keys = redacted.value.actor.as_ref().unwrap().claims.as_ref().unwrap();
        assert_eq!(keys.len(), 3, "no key is lost: {keys:?}");
        let again = redact::claims(redacted.value.clone()).unwrap();
        assert_eq!(again.value, redacted.value);
        assert!(again.hits.is_empty(), "{:?}", again.hits);
    }
}

#[test]
fn by_name_in_json() {
    for (name, secret) in by_name() {
        let value = json!({
            "plain": {name: secret},
            "list": {name: [secret, secret]},
            "changed": {name: {"from": secret, "to": secret}},
            "variables": [{"key": name, "value": secret}, {"value": secret, "name": name}],
            "change": {"field": name, "before": secret, "after": [1]},
            "number": {name: 12_345_678},
            "nested": format!("{{\"{name}\":\"{secret}\"}}"),
            "other": {format!("{name}_id"): "kept", "value": "kept", "name": "kept"},
            "none": {name: null},
            "flag": {name: true},
        });
        let redacted = redact::value(value.clone()).unwrap();
        let written = redacted.value.to_string();
        assert!(!written.contains(&secret), "{name}: {written}");
        assert!(!written.contains("12345678"), "{name}: {written}");
        assert_eq!(redacted.value["other"], value["other"], "{name}");
        assert_eq!(redacted.value["none"], value["none"]);
        assert_eq!(redacted.value["flag"], value["flag"]);
        assert_eq!(redacted.value["change"]["field"], name);
        assert!(redacted.value["plain"][name].as_str().unwrap().starts_with(MARK));
        assert_eq!(
            json(redacted.value.clone()),
            redacted.value,
            "a second time changes nothing"
        );
        let bytes = raw(value.to_string().as_bytes(), "application/json");
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), redacted.value);
    }
}

#[test]
fn names_and_places() {
    let check = |value: Value, expected: Value| assert_eq!(json(value), expected);
    let mark = |kind: &str| format!("{MARK}{kind}]");
    check(
        json!({"secrets": {"SLACK": "x", "N": 1}}),
        json!({"secrets": {"SLACK": mark("secret"), "N": mark("secret")}}),
    );
    check(
        json!({"permissions": {"secrets": "read"}}),
        json!({"permissions": {"secrets": "read"}}),
    );
    check(json!({"secrets_passed": ["DB"]}), json!({"secrets_passed": ["DB"]}));
    check(json!({"secret": "********"}), json!({"secret": "********"}));
    check(json!({"password": ""}), json!({"password": ""}));
    check(json!({"password": mark("jwt")}), json!({"password": mark("jwt")}));
    check(
        json!(["--password", "hunter2", "next"]),
        json!(["--password", mark("password"), "next"]),
    );
    check(json!(["--token-id", "7"]), json!(["--token-id", "7"]));
    check(
        json!({"token": {"id": 7, "name": "ci"}}),
        json!({"token": {"id": 7, "name": "ci"}}),
    );
    check(json!({"password": [["a"]]}), json!({"password": [[mark("password")]]}));
    let secret = |kind: &str, data: &str| json!({"apiVersion": "v1", "data": {"p": data}, "kind": kind, "stringData": {"q": data}});
    check(
        secret("Secret", "c3dvcmRmaXNo"),
        secret("Secret", &mark("kubernetes secret")),
    );
    check(secret("ConfigMap", "c3dvcmRmaXNo"), secret("ConfigMap", "c3dvcmRmaXNo"));
    check(
        json!({"kind": "ConfigMap", "items": [{"data": {"p": "x"}}], "of": {"kind": "Secret"}}),
        json!({"kind": "ConfigMap", "items": [{"data": {"p": "x"}}], "of": {"kind": "Secret"}}),
    );
    let applied = json!({"annotations": {"last": secret("Secret", "c3dvcmRmaXNo").to_string()}});
    assert!(!json(applied).to_string().contains("c3dvcmRmaXNo"));
}

#[test]
fn what_is_no_secret_stays() {
    for innocent in INNOCENT {
        let redacted = redact::text(innocent);
        assert_eq!(redacted.value, innocent);
        assert!(matches!(redacted.value, Cow::Borrowed(_)));
        let value = json!({"k": innocent, "l": [innocent], innocent: 1});
        assert_eq!(json(value.clone()), value);
    }
    for event in [event(), full_event(), Event::default()] {
        let redacted = redact::claims(event.claims.clone()).unwrap();
        assert_eq!(redacted.value, event.claims);
        assert!(redacted.hits.is_empty());
    }
}

#[test]
fn raw_bytes_stay_as_they_are_but_for_secrets() {
    // Spelling, order, repeated keys and large numbers stay.
    let token = "ghp_q7Zt4VbK9mXw2RfLp8Hs3JdN6cYgTa5Eq7Zt";
    let before = format!(
        "{{ \"b\" : 1.50e3,\"a\":\"\\u00e9\\/\",\"a\":123456789012345678901234567890, \"t\":\"{token}\" ,\"z\":[]}}\n"
    );
    let after = before.replace(token, "[redacted: github token]");
    assert_eq!(raw(before.as_bytes(), "application/json"), after.as_bytes());
    // A key that comes twice hides nothing.
    let twice = format!("{{\"password\":\"hunter22\",\"password\":\"x\",\"t\":\"{token}\",\"t\":\"\"}}");
    let redacted = String::from_utf8(raw(twice.as_bytes(), "application/json")).unwrap();
    assert!(
        !redacted.contains("hunter22") && !redacted.contains(token),
        "{redacted}"
    );
    // Nor does an escape.
    let escaped = br#"{"\u0070assword":"hunter22","t":"\u0067hp_q7Zt4VbK9mXw2RfLp8Hs3JdN6cYgTa5Eq7Zt"}"#;
    let redacted = String::from_utf8(raw(escaped, "")).unwrap();
    assert!(
        !redacted.contains("hunter22") && !redacted.contains("hp_q7Zt"),
        "{redacted}"
    );
    // What is sound is handed back as it is.
    let sound = br#"{"a":"b"}"#;
    assert!(matches!(redact::raw(sound, "").value, Cow::Borrowed(_)));
}

#[test]
fn raw_bytes_that_are_no_json() {
    let token = "ghp_q7Zt4VbK9mXw2RfLp8Hs3JdN6cYgTa5Eq7Zt";
    let check = |bytes: &[u8], content_type: &str, secrets: &[&str]| {
        let redacted = raw(bytes, content_type);
        for secret in secrets {
            let found = redacted.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", redacted.escape_ascii());
        }
        assert!(
            redacted.windows(8).any(|window| window == b"redacted"),
            "{}",
            redacted.escape_ascii()
        );
        redacted
    };
    let lines = format!("{{\"password\":\"hunter22\"}}\nnot json password=hunter23\n{{\"a\":\"{token}\"}}\n");
    let redacted = check(
        lines.as_bytes(),
        "application/x-ndjson",
        &["hunter22", "hunter23", token],
    );
    assert_eq!(redacted.iter().filter(|&&byte| byte == b'\n').count(), 3);
    let form = "payload=%7B%22password%22%3A%22hunter22%22%2C%22n%22%3A1%7D&client_secret=s3cr3tX&other=a+b";
    let redacted = check(
        form.as_bytes(),
        "application/x-www-form-urlencoded; charset=utf-8",
        &["hunter22", "s3cr3tX"],
    );
    assert!(redacted.ends_with(b"&other=a+b"), "{}", redacted.escape_ascii());
    let form = "payload=%7B%22value%22%3A%22swordfish%22%2C%22name%22%3A%22DB_PASSWORD%22%7D";
    check(form.as_bytes(), "application/x-www-form-urlencoded", &["swordfish"]);
    let mut broken = format!("{{\"password\": \"hunter22\", \"t\": \"{token}\"").into_bytes();
    check(&broken, "application/json", &["hunter22", token]);
    broken.insert(3, 0xff);
    let redacted = check(&broken, "application/json", &[token]);
    assert_eq!(redacted[3], 0xff);
    let deep = format!("{}\"{token}\"{}", "[".repeat(100_000), "]".repeat(100_000));
    check(deep.as_bytes(), "application/json", &[token]);
    let yaml = "env:\n  DB_PASSWORD: hunter2222\n  NAME: x\n";
    check(yaml.as_bytes(), "text/yaml", &["hunter2222"]);
}

#[test]
fn hostile_texts_cost_linear_time() {
    let started = std::time::Instant::now();
    for piece in [
        "ghp_",
        "://a:b@",
        "-----BEGIN PRIVATE KEY-----",
        "eyJaaaaaaaa.",
        "password=",
        "\\\"",
        "[redacted: ",
        "key ",
        "token: ",
        "bearer ",
        "a.atlasv1.",
        "sk-",
        "{\"a\":",
        "[",
        "\"",
        "AccountKey=",
        "SK",
        "--",
        "basic ",
        "K10",
        "passpass",
        "...---___",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        let _ = redact::text(&text);
        let _ = redact::raw(text.as_bytes(), "application/json");
        let _ = redact::value(json!({"a": text, "password": text})).unwrap();
    }
    // 22 times 0.9 MB, a second in a release build; quadratic ones would take hours.
    assert!(started.elapsed().as_secs() < 600, "{:?}", started.elapsed());
}

#[test]
fn too_deep_to_be_an_event() {
    let deep = (0..200).fold(json!({"password": "x"}), |inner, _| json!([inner]));
    redact::value(deep.clone()).unwrap_err();
    let claims = Claims {
        changes: Some(vec![Change {
            field: "f".into(),
            before: None,
            after: Some(deep),
        }]),
        ..Claims::default()
    };
    redact::claims(claims).unwrap_err();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn once_is_enough(event in any_event()) {
        let once = redact::claims(event.claims).unwrap();
        let twice = redact::claims(once.value.clone()).unwrap();
        prop_assert_eq!(&twice.value, &once.value);
        prop_assert!(twice.hits.is_empty());
    }

    #[test]
    fn any_bytes_go_through(bytes in proptest::collection::vec(any::<u8>(), 0..200), form in any::<bool>()) {
        let content_type = if form { "application/x-www-form-urlencoded" } else { "" };
        let once = raw(&bytes, content_type);
        prop_assert_eq!(raw(&once, content_type), once);
    }

    #[test]
    fn a_secret_between_any_texts_is_found(before in any_text(), behind in any_text(), pick in any::<prop::sample::Index>()) {
        let planted = by_form();
        let Planted { kind, text: it, secret } = pick.get(&planted);
        let redacted = text(&format!("{before} {it} {behind}"));
        prop_assert!(!redacted.contains(secret.as_str()), "{}: {}", kind, redacted);
    }
}
