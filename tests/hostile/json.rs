//! `POST /v1/events`, in each of its forms.

use reqwest::StatusCode;
use serde_json::Value;

use crate::siege::Siege;
use crate::texts::{Kind, LARGE, PLACES, misshapen, names, objects, values, within};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const CLOUD: &str = "application/cloudevents+json";

/// One case after the other. What is idle takes 45 MiB in this build; a body of 4 MiB is counted with 33 MB, and the allocator gives back
/// what the last one took a while later.
const PEAK_BYTES_MAX: usize = 256 << 20;

fn event(claims: &[u8]) -> Vec<u8> {
    within((r#"{"source":"hostile","claims":"#, "}"), claims)
}

/// Sends a body, and checks that it is refused with one of these.
async fn refused(siege: &mut Siege, name: &str, content_type: &str, body: Vec<u8>, expected: &[u16]) -> Value {
    siege.case();
    let before = siege.size();
    let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
    let answer = siege.post(content_type, body).await;
    assert_eq!(siege.size(), before, "{name}: {shown}: something was stored");
    let Some((status, problem)) = answer else {
        assert!(expected.contains(&413), "{name}: {shown}: cut off");
        return Value::Null;
    };
    assert!(
        expected.contains(&status.as_u16()),
        "{name}: {shown}: {status} {problem}"
    );
    problem
}

async fn accepted(siege: &mut Siege, name: &str, content_type: &str, body: Vec<u8>) {
    siege.case();
    let (status, answer) = siege.post(content_type, body).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{name}: {answer}");
    siege.remember(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_json_is_refused_and_says_why() {
    let mut siege = Siege::begin("POST /v1/events", |_| ());
    siege.mark().await;
    for value in values() {
        for (number, place) in PLACES.into_iter().enumerate() {
            let claims = within(place, &value.bytes);
            let body = event(&claims);
            let lines = [event(b"{}"), b"\n".to_vec(), body.clone()].concat();
            let id = siege.cases();
            let cloud = format!(
                r#"{{"specversion":"1.0","id":"{id}","source":"hostile","type":"x","data":{{"action":{{"name":"a","verb":"other"}},"changes":[{{"field":"x","after":"#
            );
            let cloud = within((&cloud, "}]}}"), &value.bytes);
            let forms = [
                (JSON, body.clone()),
                (JSON, within(("[", "]"), &body)),
                (LINES, lines),
                (CLOUD, cloud),
            ];
            for (content_type, body) in forms {
                // It has one place only.
                if content_type == CLOUD && number > 0 {
                    continue;
                }
                let is_text = value.bytes.starts_with(b"\"");
                let expected = match (value.is, number) {
                    // More than a body has.
                    _ if body.len() > 4 << 20 => &[413][..],
                    (Kind::NoJson | Kind::TooMany, _) => &[400],
                    // The place for a text is none for anything else. In CloudEvents `data` that is no claims is only data.
                    (_, 3) if !is_text && content_type != CLOUD => &[400],
                    // An event is at most 1 MiB, and so are the raw bytes that are kept.
                    (Kind::NoValue, _) => &[400, 422],
                    (Kind::Odd, _) => {
                        accepted(&mut siege, value.name, content_type, body).await;
                        continue;
                    }
                };
                refused(&mut siege, value.name, content_type, body, expected).await;
            }
        }
        // In place of everything, of the claims, of the source and of the key.
        if matches!(value.is, Kind::NoJson | Kind::TooMany) {
            refused(&mut siege, value.name, JSON, value.bytes.clone(), &[400]).await;
            refused(&mut siege, value.name, CLOUD, value.bytes.clone(), &[400]).await;
        }
        for (before, after) in [
            (r#"{"source":"a","claims":"#, "}"),
            (r#"{"source":"a","key":{"k":"#, r#"},"claims":{}}"#),
            (r#"{"claims":{},"source":["#, "]}"),
        ] {
            let body = within((before, after), &value.bytes);
            refused(&mut siege, value.name, JSON, body, &[400]).await;
        }
        siege.mark().await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_another_shape_is_no_event() {
    let mut siege = Siege::begin("POST /v1/events, shapes", |_| ());
    siege.mark().await;
    for claims in misshapen() {
        let body = event(claims.as_bytes());
        refused(&mut siege, &claims, JSON, body.clone(), &[400]).await;
        let two = [b"[", &event(b"{}")[..], b",", &body, b"]"].concat();
        let problem = refused(&mut siege, &claims, JSON, two, &[400]).await;
        // What stands twice is found while the whole is read, before there are events.
        let twice = problem["detail"].as_str().unwrap().contains("stands twice");
        assert_eq!(
            problem["event"],
            if twice { Value::Null } else { 1.into() },
            "{problem}"
        );
        refused(
            &mut siege,
            &claims,
            LINES,
            [&event(b"{}")[..], b"\n", &body].concat(),
            &[400],
        )
        .await;
    }
    for envelope in [
        r#"["hostile",null,{}]"#,
        r#"[["hostile",null,{}]]"#,
        r#"{"source":"a","source":"b","claims":{}}"#,
        r#"{"source":"a","claims":{},"claims":{}}"#,
        r#"{"source":"a","key":"k","key":"k","claims":{}}"#,
        r#"{"source":"a","claims":{},"submitter":{"principal":"root","method":"none"}}"#,
        r#"{"source":["a"],"claims":{}}"#,
        r#"{"source":"a"}"#,
        r#"{"claims":{}}"#,
        "{}",
        "[]",
        "[{}]",
        "[[[]]]",
        "null",
        "true",
        "7",
    ] {
        refused(&mut siege, envelope, JSON, envelope.into(), &[400]).await;
    }
    for cloud in [
        r#"["1.0","1","a","x"]"#,
        r#"{"specversion":"0.3","id":"1","source":"a","type":"x"}"#,
        r#"{"specversion":1.0,"id":"1","source":"a","type":"x"}"#,
        r#"{"specversion":"1.0","id":7,"source":"a","type":"x"}"#,
        r#"{"specversion":"1.0","id":"","source":"a","type":"x"}"#,
        r#"{"specversion":"1.0","id":"1","id":"2","source":"a","type":"x"}"#,
        r#"{"specversion":"1.0","id":"1","source":"a","type":"x","data":{"k":1,"k":2}}"#,
        r#"{"specversion":"1.0","id":"1","source":"a","type":"x","time":"yesterday"}"#,
        r#"{"specversion":"1.0","id":"1","source":"a","type":"x","subject":["s"]}"#,
    ] {
        refused(&mut siege, cloud, CLOUD, cloud.into(), &[400]).await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

/// What lies beyond the limit of a body is refused by its length, before it is read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_unread() {
    let mut siege = Siege::begin("POST /v1/events, 25 MiB", |_| ());
    siege.mark().await;
    let bodies = [
        ("one text", format!("\"{}\"", "x".repeat(LARGE)).into_bytes()),
        ("tiny names", names(LARGE)),
        ("objects", objects(LARGE)),
        ("brackets", "[".repeat(LARGE).into_bytes()),
        ("line feeds", "\n".repeat(LARGE).into_bytes()),
        ("zeros", vec![0; LARGE]),
    ];
    for (name, body) in bodies {
        for content_type in [JSON, LINES, CLOUD] {
            refused(&mut siege, name, content_type, body.clone(), &[413]).await;
        }
        siege.mark().await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

/// All the beginnings of an event, and it with each of its bytes changed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_or_spoilt_is_refused_or_an_event() {
    let mut siege = Siege::begin("POST /v1/events, cut and spoilt", |_| ());
    siege.mark().await;
    let body =
        event(br#"{"action":{"name":"deploy","verb":"execute"},"actor":{"type":"user","claims":{"a":[1,"\u0041"]}}}"#);
    for end in 0..body.len() {
        for content_type in [JSON, CLOUD] {
            refused(&mut siege, "cut", content_type, body[..end].to_vec(), &[400]).await;
        }
    }
    for at in 0..body.len() {
        for changed in [body[at] ^ 1, body[at] ^ 0x80, 0] {
            let mut body = body.clone();
            body[at] = changed;
            siege.case();
            let (status, answer) = siege.post(JSON, body.clone()).await.unwrap();
            match status.as_u16() {
                200 => siege.remember(&answer),
                400 | 422 => {}
                _ => panic!("{}: {status} {answer}", String::from_utf8_lossy(&body)),
            }
        }
    }
    siege.end(PEAK_BYTES_MAX).await;
}
