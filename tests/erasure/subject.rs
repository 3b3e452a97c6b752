//! What `--subject` finds, through the running service.

use std::process::Output;

use bytes::Bytes;
use indelible_client::{NewEvent, RawBody};
use indelible_event::member::{Claims, Correlation};

use crate::bed::Bed;
use crate::person::event;

fn erase(bed: &Bed, url: &str, subject: &str) -> Output {
    let args = ["--basis", "b", "--requester", "r", "--yes"];
    bed.run(&[&["erase", "--url", url, "--subject", subject], &args[..]].concat())
}

fn came_as(content_type: &str, content: &str) -> NewEvent {
    NewEvent {
        key: None,
        raw: Some(RawBody {
            content: Bytes::copy_from_slice(content.as_bytes()),
            content_type: content_type.to_owned(),
        }),
        ..event(0, "nobody")
    }
}

fn says(run: &str) -> NewEvent {
    NewEvent {
        key: None,
        raw: None,
        claims: Claims {
            correlation: Some(Correlation {
                run: Some(run.to_owned()),
                request: None,
                trace: None,
                chain: None,
            }),
            ..event(0, "nobody").claims
        },
        ..event(0, "nobody")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_however_it_is_encoded() {
    let bed = Bed::new();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let form = "application/x-www-form-urlencoded";
    let events = [
        (came_as(form, "payload=%7B%22name%22%3A%22Ann+O%27Nyme%22%7D"), "raw"),
        (
            came_as(form, "payload=%7B%22name%22%3A%22Ann%20O%5Cu0027Nyme%22%7D"),
            "raw",
        ),
        (came_as("text/plain", "QW5uIE8nTnltZQ=="), "raw"),
        (came_as("text/plain", "LkFubiBPJ055bWUu"), "raw"),
        (came_as("application/json", r#"{"x":"Li5Bbm4gTydOeW1l"}"#), "raw"),
        (says("https://a.example/?by=Ann+O%27Nyme"), "correlation"),
        (says("basic: QW5uIE8nTnltZTox"), "correlation"),
        (says("{\"by\":\"Ann O\\u0027Nyme\"}"), "correlation"),
        (says("ann o'nyme"), ""),
        (came_as("application/json", r#"{"x":"Ann O","y":"'Nyme"}"#), ""),
    ];
    let batch: Vec<NewEvent> = events.iter().map(|(event, _)| event.clone()).collect();
    client.submit_batch(&batch).await.unwrap();
    let erased = erase(&bed, &server.url, "Ann O'Nyme");
    let words = String::from_utf8_lossy(&erased.stderr).into_owned();
    assert!(erased.status.success(), "{words}");
    assert!(words.contains("of 8 events"), "{words}");
    let vkey = bed.vkey().to_string();
    for (index, (_, member)) in events.iter().enumerate() {
        let index = index.to_string();
        let shown = bed.must(&["show", &index, "--url", &server.url, "--vkey", &vkey]);
        let gone: Vec<&str> = shown
            .lines()
            .filter(|line| line.contains("erased (tombstone"))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let expected: Vec<&str> = Some(*member).filter(|member| !member.is_empty()).into_iter().collect();
        assert_eq!(gone, expected, "{shown}");
    }
    assert!(String::from_utf8_lossy(&erase(&bed, &server.url, "Ann O'Nyme").stderr).contains("nothing to erase"));
}
