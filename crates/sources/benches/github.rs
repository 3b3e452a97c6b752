//! What a delivery costs: checking its signature, and making an event of it.

use std::{collections::BTreeSet, fmt::Write as _, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use indelible_sources::{
    Delivery, Secret, Secrets, Source,
    github::{Configuration, Hook, Permitted, sign},
};

const SECRET: &str = "the secret of the bench";

fn source() -> Source {
    let secret = |text: &str| Secret::new(text).expect("long enough");
    let account = "acme".parse().expect("an account");
    Source::GitHub(
        Hook::new(Configuration {
            name: "github/acme".parse().expect("a name"),
            secrets: Secrets {
                current: secret(SECRET),
                previous: None,
            },
            permitted: Permitted::new(vec![account]).expect("one account"),
            hook_id: None,
            unwanted: BTreeSet::new(),
        })
        .expect("a source of GitHub"),
    )
}

/// An account with the 18 URLs that GitHub gives it.
fn account(login: &str) -> String {
    let mut text = format!(r#"{{"login":"{login}","id":21031067,"type":"User","site_admin":false"#);
    for n in 0..18 {
        let _ = write!(
            text,
            r#","u{n}_url":"https://api.github.com/users/{login}/things{n}{{/other}}""#
        );
    }
    text + "}"
}

/// A finished run, of the members and the length (10 kB) that GitHub sends: two repositories with all their URLs in it.
fn run() -> String {
    let mut repository = format!(
        r#"{{"id":7,"full_name":"acme/web","html_url":"https://github.com/acme/web","owner":{}"#,
        account("acme")
    );
    for n in 0..45 {
        let _ = write!(
            repository,
            r#","u{n}_url":"https://api.github.com/repos/acme/web/things{n}{{/other}}""#
        );
    }
    repository.push('}');
    format!(
        r#"{{"action":"completed","workflow":{{"id":6,"path":".github/workflows/ci.yml"}},"workflow_run":{{"id":5,"name":"ci",
        "head_sha":"5779607b49aab1200488439f02372c57b4f75444","head_branch":"main","status":"completed","conclusion":"success",
        "event":"push","updated_at":"2026-01-02T03:04:05Z","actor":{0},"triggering_actor":{0},"repository":{repository}}},
        "repository":{repository},"sender":{0}}}"#,
        account("ann")
    )
}

fn github(c: &mut Criterion) {
    let source = source();
    let secret = Secret::new(SECRET).expect("long enough");
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    let mut group = c.benchmark_group("github");
    let small = r#"{"action":"started","repository":{"id":7,"full_name":"acme/web"},"sender":{"login":"ann","id":1}}"#;
    let list = format!(r#"{{"action":"x","x":[{}0]}}"#, "0,".repeat((25 << 19) - 100));
    for (name, body) in [
        ("small", small.to_owned()),
        ("workflow_run", run()),
        ("list of 25 MiB", list),
    ] {
        let signature = sign(&secret, body.as_bytes());
        let headers = [
            ("x-github-event", &b"workflow_run"[..]),
            ("x-hub-signature-256", signature.as_bytes()),
        ];
        let delivery = Delivery {
            method: "POST",
            headers: &headers,
            body: body.as_bytes(),
        };
        source.receive(&delivery, now).expect("an authentic delivery");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.sample_size(if body.len() > 1 << 20 { 10 } else { 100 });
        group.bench_function(format!("{name}: sign"), |b| {
            b.iter(|| sign(&secret, black_box(body.as_bytes())));
        });
        group.bench_function(format!("{name}: receive"), |b| {
            b.iter(|| source.receive(black_box(&delivery), now));
        });
    }
    group.finish();
}

criterion_group!(benches, github);
criterion_main!(benches);
