//! Nine requests that others replay against their witnesses too.

use serde_json::Value;

use crate::bed::{Witness, submit};
use crate::http_client::Http;
use crate::support::vectors;

#[tokio::test(flavor = "multi_thread")]
async fn the_replayed_requests_get_their_answers() {
    let file = std::fs::read_to_string(vectors().join("add-checkpoint-sequence.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let witness = Witness::new();
    witness.add(&file["vkey"].as_str().unwrap().parse().unwrap());
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    let steps = file["sequence"].as_array().unwrap();
    assert_eq!(steps.len(), 9);
    let mut sizes = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let body = step["request_body"].as_str().unwrap();
        let answer = submit(&mut http, body.to_owned()).await;
        let expected = step["spec_v1_1"].as_str().unwrap();
        // The signature line of the second one is base64 in a second spelling: a strict reader cannot read the request.
        let status = if number == 1 { "400" } else { &expected[..3] };
        assert_eq!(answer.status.as_str(), status, "request {number}: {expected}");
        match status {
            "200" => {
                let note = body.split_once("\n\n").unwrap().1;
                witness.cosigned(
                    &answer,
                    &indelible_note::SignedCheckpoint::parse(note.as_bytes()).unwrap(),
                );
            }
            "409" => sizes.push(crate::bed::conflict(&answer)),
            _ => assert!(answer.header("content-type").starts_with("text/plain")),
        }
    }
    assert_eq!(sizes, [3, 5]);
    assert_eq!(witness.size(), Some(5));
}
