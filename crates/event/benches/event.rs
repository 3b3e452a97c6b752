//! What an event of 1 kB costs before it reaches the sequencer.

use std::hint::black_box;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use indelible_event::{
    Disclosure, Leaf, Salts, Sealed, Second, Sent, comparable_content,
    member::{Claims, Delivery, Event, Raw, Submitter},
    redact,
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A deployment of a pipeline as a source would map it: 1.0 kB of canonical JSON in eleven members.
fn event() -> Event {
    let claims: Claims = serde_json::from_value(json!({
        "action": {"name": "deployment_review.approved", "verb": "approve", "class": "6003"},
        "actor": {
            "type": "user", "id": "583231", "name": "octocat", "email": "octocat@acme.example",
            "groups": ["release-managers", "platform-engineering"], "claims": {"site_admin": false, "node_id": "MDQ6VXNlcjU4MzIzMQ=="}
        },
        "changes": [{"field": "state", "before": "waiting", "after": "approved"}, {"field": "wait_timer", "before": 30, "after": 0}],
        "correlation": {
            "run": "https://github.com/acme/shop/actions/runs/9876543210", "request": "f3a1c2d4-7788-4a5b-9c0d-112233445566",
            "trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        },
        "occurred": {"at": "2026-11-22T09:59:58Z", "from": "payload"},
        "origin": {"ip": "192.0.2.17", "ip_trust": "reported", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"},
        "outcome": {"result": "success", "detail": "approved by 2 of 2 reviewers"},
        "targets": [
            {"type": "environment", "id": "161088068", "name": "production", "parent": "acme/shop"},
            {"type": "repository", "id": "1296269", "name": "acme/shop", "parent": "acme"}
        ]
    }))
    .expect("the claims of an event");
    Event {
        claims,
        delivery: Some(Delivery {
            source: "github/acme".into(),
            key: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958".into()),
            received: "2026-11-22T10:00:00.123Z".parse().expect("a time"),
        }),
        raw: Some(Raw::of(b"{}", "application/json", true)),
        submitter: Some(Submitter {
            principal: "source:github/acme".into(),
            method: "hmac".into(),
            verified: None,
        }),
    }
}

/// The same by the crate `serde_json_canonicalizer` and a hash of each whole text, as a reader of the format would write it first.
fn reference(event: &Event, salt: &str) -> Vec<[u8; 32]> {
    fn hash(salt: &str, name: &str, value: &impl serde::Serialize) -> [u8; 32] {
        let d = serde_json_canonicalizer::to_vec(&(salt, name, value)).expect("JSON");
        Sha256::digest(URL_SAFE_NO_PAD.encode(d)).into()
    }
    let claims = &event.claims;
    vec![
        hash(salt, "action", &claims.action),
        hash(salt, "actor", &claims.actor),
        hash(salt, "changes", &claims.changes),
        hash(salt, "correlation", &claims.correlation),
        hash(salt, "delivery", &event.delivery),
        hash(salt, "occurred", &claims.occurred),
        hash(salt, "origin", &claims.origin),
        hash(salt, "outcome", &claims.outcome),
        hash(salt, "raw", &event.raw),
        hash(salt, "submitter", &event.submitter),
        hash(salt, "targets", &claims.targets),
    ]
}

fn seal(c: &mut Criterion) {
    let event = event();
    let salts = Salts::from_random(&[7; Salts::BYTES]);
    let received = Second::of("2026-11-22T10:00:00Z".parse().expect("a time"));
    let sealed = Sealed::seal(&event, &salts, received).expect("an event");
    let bytes: usize = sealed.disclosures().iter().map(|it| it.value_json().len()).sum();
    println!("the event has {bytes} bytes of canonical JSON");

    let mut group = c.benchmark_group("event of 1 kB");
    group.throughput(Throughput::Elements(1));
    group.bench_function("seal", |b| b.iter(|| Sealed::seal(black_box(&event), &salts, received)));
    group.bench_function("by serde_json_canonicalizer", |b| {
        b.iter(|| reference(black_box(&event), "BwcHBwcHBwcHBwcHBwcHBw"));
    });
    group.bench_function("redact", |b| {
        b.iter_batched(
            || event.claims.clone(),
            redact::claims,
            criterion::BatchSize::SmallInput,
        );
    });
    group.bench_function("content", |b| b.iter(|| comparable_content(black_box(&event))));
    group.bench_function("parse leaf", |b| {
        b.iter(|| Leaf::parse(black_box(sealed.leaf().text().clone())));
    });
    group.bench_function("parse disclosures", |b| {
        b.iter(|| {
            let parse = |it: &Disclosure| Disclosure::parse(it.bytes().clone());
            black_box(&sealed)
                .disclosures()
                .iter()
                .map(parse)
                .filter(Result::is_ok)
                .count()
        });
    });
    group.bench_function("check what was sent", |b| {
        let sent = Sent {
            claims: &event.claims,
            key: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            raw: Some(b"{}"),
        };
        b.iter(|| sealed.leaf().check_sent(sealed.disclosures().to_vec(), &sent).is_ok());
    });
    group.bench_function("clone claims", |b| b.iter(|| black_box(&event).claims.clone()));
    group.finish();
}

fn redact_raw(c: &mut Criterion) {
    // A webhook's body is mostly URLs.
    let repository: String = (0..60)
        .map(|n| format!("\"field{n}_url\":\"https://api.github.com/repos/acme/shop/thing{n}{{/sha}}\",\"node_id{n}\":\"MDQ6VXNlcjU4MzIz{n}\","))
        .collect();
    let body = format!("{{{repository}\"action\":\"opened\",\"number\":7}}");
    let mut group = c.benchmark_group("raw bytes");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("redact", |b| {
        b.iter(|| redact::raw(black_box(body.as_bytes()), "application/json"));
    });
    group.finish();
}

criterion_group!(benches, seal, redact_raw);
criterion_main!(benches);
