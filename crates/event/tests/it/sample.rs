//! Events to test with: that of the vector, a full one, and any.

use bytes::Bytes;
use indelible_event::{
    Salts, Sealed, Second,
    member::{
        Action, Actor, ActorType, Change, Claims, Correlation, Delivery, Event, IpTrust, Occurred, OccurredFrom,
        Origin, Outcome, OutcomeResult, Raw, Submitter, Target, Verb,
    },
};
use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

/// Salts as the vector has them: the place of each member, repeated.
pub(crate) fn salts() -> Salts {
    let mut bytes = [0; Salts::BYTES];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(place / 16).unwrap();
    }
    Salts::from_random(&bytes)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn second(text: &str) -> Second {
    Second::of(at(text))
}

pub(crate) fn sealed(event: &Event) -> Sealed {
    Sealed::seal(event, &salts(), second("2026-11-22T10:00:00Z")).unwrap()
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// The raw bytes of the vector.
pub(crate) const RAW: &[u8] = br#"{"action":"approved"}"#;

/// The event of the vector.
pub(crate) fn event() -> Event {
    Event {
        claims: Claims {
            action: Some(Action {
                name: "deployment_review.approved".into(),
                verb: Verb::Approve,
                class: None,
            }),
            actor: Some(Actor {
                kind: ActorType::User,
                id: Some("583231".into()),
                name: Some("octocat".into()),
                email: None,
                groups: Some(vec!["release-managers".into()]),
                on_behalf_of: None,
                token_id: None,
                claims: None,
            }),
            changes: None,
            correlation: Some(Correlation {
                run: Some("https://github.com/acme/shop/actions/runs/9".into()),
                ..Correlation::default()
            }),
            occurred: Some(Occurred {
                at: at("2026-11-22T09:59:58Z"),
                from: OccurredFrom::Payload,
            }),
            origin: None,
            outcome: Some(Outcome {
                result: OutcomeResult::Success,
                detail: None,
            }),
            targets: Some(vec![Target {
                kind: "environment".into(),
                id: "prod".into(),
                name: Some("production".into()),
                parent: Some("acme/shop".into()),
            }]),
        },
        delivery: Some(Delivery {
            source: "github/acme".into(),
            key: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958".into()),
            received: at("2026-11-22T10:00:00.123Z"),
        }),
        raw: Some(Raw::of(RAW, "application/json", true)),
        submitter: Some(Submitter {
            principal: "source:github/acme".into(),
            method: "hmac".into(),
            verified: None,
        }),
    }
}

/// An event that has every field.
pub(crate) fn full_event() -> Event {
    let mut event = event();
    event.claims.action.as_mut().unwrap().class = Some("6003".into());
    let actor = event.claims.actor.as_mut().unwrap();
    actor.email = Some("octo@example.com".into());
    actor.on_behalf_of = Some("hubot".into());
    actor.token_id = Some("ci \"deploy\" \\ 1".into());
    actor.claims = Some(map(
        json!({"team": {"id": 7, "names": ["a", "b"]}, "größe": -3, "\u{10000}": 1, "\u{ffff}": 2}),
    ));
    event.claims.changes = Some(vec![
        Change {
            field: "reviewers".into(),
            before: Some(json!(["a"])),
            after: Some(json!(null)),
        },
        Change {
            field: "wait_timer".into(),
            before: Some(json!(0)),
            after: Some(json!(9_007_199_254_740_991_i64)),
        },
        Change {
            field: "name".into(),
            before: None,
            after: Some(json!("tab\tline\nbell\u{7}del\u{7f}é😀/")),
        },
    ]);
    event.claims.correlation = Some(Correlation {
        run: Some("r".into()),
        request: Some("q".into()),
        trace: Some("t".into()),
        chain: Some("c".into()),
    });
    event.claims.origin = Some(Origin {
        ip: Some("192.0.2.7".into()),
        ip_trust: IpTrust::Reported,
        user_agent: Some("curl/8".into()),
    });
    event.claims.outcome.as_mut().unwrap().detail = Some("2 of 2".into());
    event.submitter.as_mut().unwrap().verified = Some(map(json!({"sub": "repo:acme/shop", "exp": 1})));
    event
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// Any value that a member may have in it.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any_text(), inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Any text, with the characters in it that canonical JSON escapes or sorts otherwise than bytes do.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[\u{0}-\u{20}\"\\\\/\u{7f}é\u{e000}\u{ffff}\u{10000}😀]{0,6}",
        ".{0,8}"
    ]
}

fn any_map() -> impl Strategy<Value = Map<String, Value>> {
    vec((any_text(), any_value()), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (-3_000_000_000_i64..8_000_000_000, 0_i32..1_000_000_000, any::<bool>())
        .prop_map(|(secs, nanos, whole)| Timestamp::new(secs, if whole { 0 } else { nanos }).unwrap())
}

/// Any event.
pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    let text = || option::of(any_text());
    let action = (any_text(), prop::sample::select(VERBS.to_vec()), text()).prop_map(|(name, verb, class)| Action {
        name,
        verb,
        class,
    });
    let kinds = [
        ActorType::User,
        ActorType::Bot,
        ActorType::App,
        ActorType::ServiceAccount,
        ActorType::Token,
        ActorType::Unknown,
    ];
    let actor = (
        prop::sample::select(kinds.to_vec()),
        [text(), text(), text(), text(), text()],
        option::of(vec(any_text(), 0..3)),
        option::of(any_map()),
    )
        .prop_map(
            |(kind, [id, name, email, on_behalf_of, token_id], groups, claims)| Actor {
                kind,
                id,
                name,
                email,
                groups,
                on_behalf_of,
                token_id,
                claims,
            },
        );
    let change = (any_text(), option::of(any_value()), option::of(any_value()))
        .prop_map(|(field, before, after)| Change { field, before, after });
    let correlation = [text(), text(), text(), text()].prop_map(|[run, request, trace, chain]| Correlation {
        run,
        request,
        trace,
        chain,
    });
    let froms = [OccurredFrom::Payload, OccurredFrom::Header, OccurredFrom::Receipt];
    let occurred = (any_time(), prop::sample::select(froms.to_vec())).prop_map(|(at, from)| Occurred { at, from });
    let trusts = [IpTrust::Reported, IpTrust::LastHop, IpTrust::None];
    let origin =
        (text(), prop::sample::select(trusts.to_vec()), text()).prop_map(|(ip, ip_trust, user_agent)| Origin {
            ip,
            ip_trust,
            user_agent,
        });
    let results = [
        OutcomeResult::Success,
        OutcomeResult::Failure,
        OutcomeResult::Denied,
        OutcomeResult::Attempt,
        OutcomeResult::Unknown,
    ];
    let outcome =
        (prop::sample::select(results.to_vec()), text()).prop_map(|(result, detail)| Outcome { result, detail });
    let target =
        (any_text(), any_text(), text(), text()).prop_map(|(kind, id, name, parent)| Target { kind, id, name, parent });
    let claims = (
        option::of(action),
        option::of(actor),
        option::of(vec(change, 0..3)),
        option::of(correlation),
        option::of(occurred),
        option::of(origin),
        option::of(outcome),
        option::of(vec(target, 0..3)),
    );
    let claims = claims.prop_map(
        |(action, actor, changes, correlation, occurred, origin, outcome, targets)| Claims {
            action,
            actor,
            changes,
            correlation,
            occurred,
            origin,
            outcome,
            targets,
        },
    );
    let delivery =
        (any_text(), text(), any_time()).prop_map(|(source, key, received)| Delivery { source, key, received });
    let raw = (vec(any::<u8>(), 0..20), any_text(), any::<bool>())
        .prop_map(|(bytes, content_type, kept)| Raw::of(&bytes, content_type, kept));
    let submitter =
        (any_text(), any_text(), option::of(any_map())).prop_map(|(principal, method, verified)| Submitter {
            principal,
            method,
            verified,
        });
    (claims, option::of(delivery), option::of(raw), option::of(submitter)).prop_map(
        |(claims, delivery, raw, submitter)| Event {
            claims,
            delivery,
            raw,
            submitter,
        },
    )
}

const VERBS: [Verb; 9] = [
    Verb::Create,
    Verb::Update,
    Verb::Delete,
    Verb::Access,
    Verb::Execute,
    Verb::Approve,
    Verb::Deny,
    Verb::Login,
    Verb::Other,
];
