//! Events of many people, one of whom is to be erased: every seventh is hers, and says who she is in one of several ways.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use indelible_client::{NewEvent, RawBody};
use indelible_event::member::{Action, Actor, ActorType, Change, Claims, Member, Target, Verb};

/// The event of this number, of `person` if it is one of hers.
pub(crate) fn event(number: u64, person: &str) -> NewEvent {
    let way = (number % 7 == 3).then_some(number / 7 % WAYS);
    let mut event = NewEvent {
        source: "test/source".to_owned(),
        key: Some(format!("{person}-{number}").replace(person, if way == Some(0) { person } else { "key" })),
        claims: Claims {
            action: Some(Action {
                name: "deploy".to_owned(),
                verb: Verb::Execute,
                class: None,
            }),
            actor: Some(actor(&format!("somebody-{number}@example.com"))),
            ..Claims::default()
        },
        raw: Some(json(format!("{{\"run\":{number}}}"))),
    };
    match way {
        Some(0) => event.claims.actor = Some(actor(person)),
        Some(1) => {
            event.claims.changes = Some(vec![Change {
                field: "reviewers".to_owned(),
                before: Some(vec!["nobody"].into()),
                after: Some(vec!["nobody", person].into()),
            }]);
        }
        Some(2) => {
            event.raw = Some(RawBody {
                content: form(&format!("{{\"sender\":\"{person}\",\"run\":{number}}}")),
                content_type: "application/x-www-form-urlencoded".to_owned(),
            });
        }
        Some(3) => {
            // In each of the three places of a group of three bytes.
            let before = "-".repeat((number / 7 / WAYS % 3) as usize);
            let encoded = STANDARD.encode(format!("{before}{person}, run {number}"));
            event.raw = Some(json(format!("{{\"data\":\"{encoded}\"}}")));
        }
        Some(4) => {
            event.claims.targets = Some(vec![Target {
                kind: "page".to_owned(),
                id: format!("https://ci.example/?who={}", person.replace('@', "%40")),
                name: None,
                parent: None,
            }]);
        }
        Some(_) => {
            let escaped = person.replace('@', "\\u0040");
            event.raw = Some(json(format!("{{\"sender\":\"{escaped}\",\"run\":{number}}}")));
        }
        None => {}
    }
    event
}

/// What of the event of this number is erased with her.
pub(crate) fn theirs(number: u64) -> Vec<Member> {
    match (number % 7, number / 7 % WAYS) {
        (3, 0) => vec![Member::Actor, Member::Delivery, Member::Raw],
        (3, 1) => vec![Member::Changes, Member::Raw],
        (3, 4) => vec![Member::Raw, Member::Targets],
        (3, _) => vec![Member::Raw],
        _ => vec![],
    }
}

const WAYS: u64 = 6;

fn actor(email: &str) -> Actor {
    Actor {
        kind: ActorType::User,
        id: None,
        name: None,
        email: Some(email.to_owned()),
        groups: None,
        on_behalf_of: None,
        token_id: None,
        claims: None,
    }
}

fn json(text: String) -> RawBody {
    RawBody {
        content: text.into(),
        content_type: "application/json".to_owned(),
    }
}

/// As GitHub sends it.
fn form(payload: &str) -> Bytes {
    let mut form = String::from("payload=");
    for byte in payload.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => form.push(byte as char),
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
    form.into()
}
