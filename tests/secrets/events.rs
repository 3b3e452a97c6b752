//! Events with a secret in every text that a sender chooses.

use indelible_event::member::{
    Action, Actor, ActorType, Change, Claims, Correlation, IpTrust, Origin, Outcome, OutcomeResult, Target, Verb,
};
use serde_json::{Value, json};

use crate::MARKER;
use crate::planted::Planted;

/// What a sender claims.
pub(crate) fn claims(secret: &Planted) -> Claims {
    let said = || format!("{}, {MARKER}", secret.text);
    let object = || json!({secret.name: secret.value, "note": MARKER, said(): "a key"});
    Claims {
        action: Some(Action {
            name: said(),
            verb: Verb::Execute,
            class: Some(said()),
        }),
        actor: Some(Actor {
            kind: ActorType::User,
            id: Some(said()),
            name: Some(said()),
            email: Some(said()),
            groups: Some(vec![said(), "admins".to_owned()]),
            on_behalf_of: Some(said()),
            token_id: Some(said()),
            claims: object().as_object().cloned(),
        }),
        changes: Some(vec![
            Change {
                field: said(),
                before: Some(said().into()),
                after: Some(json!([object(), [said()]])),
            },
            Change {
                field: secret.name.to_owned(),
                before: Some(secret.value.as_str().into()),
                after: Some(object()),
            },
            // Under a name that says nothing: what is in the text must say it.
            Change {
                field: "script".to_owned(),
                before: None,
                after: Some(Value::from(document(secret))),
            },
        ]),
        correlation: Some(Correlation {
            run: Some(said()),
            request: Some(said()),
            trace: Some(said()),
            chain: Some(said()),
        }),
        origin: Some(Origin {
            ip: None,
            ip_trust: IpTrust::None,
            user_agent: Some(said()),
        }),
        outcome: Some(Outcome {
            result: OutcomeResult::Success,
            detail: Some(said()),
        }),
        targets: Some(vec![Target {
            kind: said(),
            id: said(),
            name: Some(said()),
            parent: Some(said()),
        }]),
        ..Claims::default()
    }
}

/// JSON, with the secret in a string, in JSON that is a string, under its name, and as a key.
pub(crate) fn document(secret: &Planted) -> String {
    json!({
        "message": format!("{} {MARKER}", secret.text),
        "payload": json!({"inner": secret.text, secret.name: secret.value}).to_string(),
        secret.name: secret.value,
        format!("{} {MARKER}", secret.text): 1,
        "env": [{"name": secret.name, "value": secret.value}],
    })
    .to_string()
}

/// Bodies of each content type.
pub(crate) fn bodies(secret: &Planted) -> Vec<(&'static str, String)> {
    let encode = |text: &str| -> String {
        let letter = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(letter).collect()
    };
    vec![
        ("application/json", document(secret)),
        ("application/x-ndjson", format!("{{\"a\":1}}\n{}\n", document(secret))),
        (
            "application/x-www-form-urlencoded",
            format!(
                "payload={}&{}={}",
                encode(&document(secret)),
                secret.name,
                encode(&secret.value)
            ),
        ),
        ("text/plain", format!("{MARKER}:\n{}\nend", secret.text)),
        ("application/octet-stream", format!("{}\n{MARKER}", secret.text)),
    ]
}
