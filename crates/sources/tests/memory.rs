//! Bodies of 25 MiB, each made to cost as much memory as it can. Alone in its process, whose memory it measures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, fs};

use indelible_sources::{
    Delivery, Received, Secret, Secrets, Source,
    github::{BODY_BYTES_MAX, Configuration, Hook, Permitted, sign},
};

const SECRET: &str = "the secret of the test";
/// The body that the test holds, and what the crate may add: two copies of it (a form, and its text without escapes, of which each
/// doubles while it grows), and 13 MB. The parts that a body is made of here are as long as the body once more.
const KIB_MAX: u64 = (2 + 4) * (BODY_BYTES_MAX as u64 >> 10) + (13 << 10) + (8 << 10);

fn source() -> Source {
    let secrets = Secrets {
        current: Secret::new(SECRET).unwrap(),
        previous: None,
    };
    Source::GitHub(
        Hook::new(Configuration {
            name: "github/acme".parse().unwrap(),
            secrets,
            permitted: Permitted::new(vec!["acme".parse().unwrap()]).unwrap(),
            hook_id: None,
            unwanted: BTreeSet::new(),
        })
        .unwrap(),
    )
}

/// The most memory that this process has had, in KiB; `None` where the system does not say.
fn most_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn the_largest_bodies_need_bounded_memory() {
    let source = source();
    let head = r#"{"action":"edited","repository":{"id":1,"full_name":"acme/web"},"#;
    let room = BODY_BYTES_MAX - head.len() - 100;
    let filled =
        |before: &str, part: &str, after: &str| format!("{head}{before}{}{after}}}", part.repeat(room / part.len()));
    let members = || {
        let mut body = head.to_owned();
        (0..room / 14).for_each(|n| body.push_str(&format!("\"k{n:08}\":0,")));
        body + "\"k\":0}"
    };
    let body = |name| match name {
        "a text" => filled("\"x\":\"", "a", "\""),
        "a text of escapes" => filled("\"x\":\"", "\\n", "\""),
        "a login" => filled("\"sender\":{\"id\":1,\"login\":\"", "a", "\"}"),
        "a kind of account" => filled("\"x\":1,\"sender\":{\"type\":\"", "a", "\"}"),
        "a change" => filled("\"changes\":{\"name\":{\"from\":\"", "a", "\"}}"),
        "a field" => filled("\"changes\":{\"", "a", "\":{\"from\":1}}"),
        "a long list" => filled("\"x\":[0", ",0", "]"),
        "a list of lists" => filled("\"x\":[[]", ",[[]]", "]"),
        "many members" => members(),
        "a number" => filled("\"x\":1", "0", ""),
        "white space" => filled("\"x\":", " ", "0"),
        "a form" => format!("payload={}", "%7B".repeat(room / 3)),
        "a form of a text" => format!("payload=%22{}%22", "a".repeat(room)),
        "depth" => "{\"a\":".repeat(BODY_BYTES_MAX / 5),
        other => panic!("{other}"),
    };
    for name in [
        "a text",
        "a text of escapes",
        "a login",
        "a kind of account",
        "a change",
        "a field",
        "a long list",
        "a list of lists",
        "many members",
        "a number",
        "white space",
        "a form",
        "a form of a text",
        "depth",
    ] {
        let body = body(name);
        assert!(
            body.len() > BODY_BYTES_MAX - 1000 && body.len() <= BODY_BYTES_MAX,
            "{name}"
        );
        let signature = sign(&Secret::new(SECRET).unwrap(), body.as_bytes());
        let headers = [("x-hub-signature-256", signature.as_bytes())];
        let delivery = Delivery {
            method: "POST",
            headers: &headers,
            body: body.as_bytes(),
        };
        let received = source
            .receive(&delivery, "2026-11-22T10:00:00Z".parse().unwrap())
            .unwrap();
        let Received::Events(events) = received else {
            panic!("{name}")
        };
        let length = serde_json::to_string(&events[0].claims).unwrap().len();
        let most = most_kib();
        println!(
            "{name}: {:?}, an event of {length} bytes, at most {most:?} KiB so far",
            events[0].reading
        );
        assert!(length < 4096, "{name}: {length}");
        assert!(most.is_none_or(|most| most <= KIB_MAX), "{name}: {most:?} KiB");
    }
}
