//! `POST /hooks/github/acme`: what is signed is stored, whatever it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use indelible_event::member::Raw;
use indelible_sources::Secret;
use indelible_sources::github::sign;
use reqwest::StatusCode;
use serde_json::Value;

use crate::bed::Bed;
use crate::siege::{self, Siege, read};
use crate::texts::{Kind, LARGE, brackets, names, objects, values, within};

const SECRET: &str = "It's a Secret to Everybody";

/// One delivery after the other. What is idle takes 35 MiB in this build; four times its 25 MiB is what a delivery has room for, and the
/// vector that it is read into may have grown to twice its length.
const PEAK_BYTES_MAX: usize = 160 << 20;

/// A source `github/acme`, with GitHub's published secret.
pub(crate) fn add_source(bed: &Bed) {
    let file = bed.write("secret", format!("{SECRET}\n"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let added = bed.run(&[
        "source",
        "add",
        "github",
        "acme",
        "--allow",
        "acme",
        "--data",
        "log",
        "--secret-file",
        "secret",
    ]);
    assert!(added.status.success(), "{added:?}");
}

/// A delivery that is signed rightly.
pub(crate) fn signed(siege: &Siege, id: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
    let signature = sign(&Secret::new(SECRET).unwrap(), &body);
    let request = siege.http.post(siege.at("/hooks/github/acme"));
    let request = request
        .header("content-type", "application/json")
        .header("x-github-event", "star");
    request
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", signature)
        .body(body)
}

/// Sends a delivery, which must be stored as it is.
async fn stored(siege: &mut Siege, name: &str, id: &str, body: Vec<u8>) -> u64 {
    siege.case();
    let sha256 = Raw::of(&body, "", false).sha256;
    let answer = siege::stored(|| signed(siege, id, body.clone())).await;
    // If a connection was cut, the answer to the first time was lost, and not the event.
    assert!(
        ["stored", "repeated"].contains(&answer["result"].as_str().unwrap()),
        "{name}: {answer}"
    );
    let index = answer["index"].as_u64().unwrap();
    siege.remember_index(index, Some(sha256));
    index
}

/// A payload of GitHub with something in it.
const PAYLOAD: (&str, &str) = (
    r#"{"action":"created","repository":{"id":1,"full_name":"acme/web","owner":{"login":"acme"}},"sender":{"id":7,"login":"octocat","type":"User"},"x":"#,
    "}",
);

async fn member(siege: &Siege, index: u64, member: &str) -> Value {
    let (status, event) = read(siege.http.get(siege.at(&format!("/v1/events/{index}"))))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{event}");
    event["members"][member]["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_stored_as_it_came_and_never_refused() {
    let mut siege = Siege::begin("POST /hooks", add_source);
    siege.mark().await;
    for (number, value) in values().into_iter().enumerate() {
        let index = stored(
            &mut siege,
            value.name,
            &format!("within {number}"),
            within(PAYLOAD, &value.bytes),
        )
        .await;
        let actor = member(&siege, index, "actor").await;
        let action = member(&siege, index, "action").await;
        match value.is {
            // Nothing is made of it, not even what stands in front of the hostile part.
            Kind::NoJson => {
                assert_eq!(actor["type"], "unknown", "{}: {actor}", value.name);
                assert_eq!(action["verb"], "other", "{}: {action}", value.name);
            }
            // Of a long list the first are read; more names are too many.
            Kind::TooMany => {}
            // What no mapping looks at does no harm.
            Kind::NoValue | Kind::Odd => assert_eq!(actor["name"], "octocat", "{}: {actor}", value.name),
        }
        if !value.bytes.starts_with(b"{") || matches!(value.is, Kind::NoJson) {
            let index = stored(&mut siege, value.name, &format!("alone {number}"), value.bytes).await;
            assert_eq!(member(&siege, index, "actor").await["type"], "unknown");
        }
        siege.mark().await;
    }
    // What no header may be is no key, and no reason to refuse.
    for id in ["x".repeat(600), "\u{e9}".repeat(40), String::new()] {
        stored(
            &mut siege,
            "an odd id",
            &id,
            within(PAYLOAD, id.len().to_string().as_bytes()),
        )
        .await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_mebibytes_are_stored_whatever_they_are() {
    let mut siege = Siege::begin("POST /hooks, 25 MiB", add_source);
    siege.mark().await;
    let room = LARGE - 1000;
    let bodies = [
        (
            "one text",
            within(PAYLOAD, format!("\"{}\"", "x".repeat(room)).as_bytes()),
        ),
        (
            "one text of escapes",
            within(PAYLOAD, format!("\"{}\"", "\\u0041".repeat(room / 6)).as_bytes()),
        ),
        ("tiny names", names(room)),
        ("objects", objects(room)),
        ("arrays", brackets(room)),
        ("arrays that nobody closes", "[".repeat(LARGE).into_bytes()),
        (
            "a name that never ends",
            format!("{{\"{}", "x".repeat(room)).into_bytes(),
        ),
        ("digits", "9".repeat(LARGE).into_bytes()),
        ("spaces", " ".repeat(LARGE).into_bytes()),
        ("zeros", vec![0; LARGE]),
    ];
    for (name, body) in bodies {
        stored(&mut siege, name, name, body).await;
        siege.mark().await;
    }
    let before = siege.size();
    for body in [vec![b' '; LARGE + 1], names(LARGE + 10)] {
        siege.case();
        if let Some((status, problem)) = read(signed(&siege, "too long", body)).await {
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
        }
    }
    assert_eq!(siege.size(), before, "something was stored");
    siege.end(PEAK_BYTES_MAX).await;
}
