//! The heaviest requests of every door, all at the same time.

use prost::Message;
use reqwest::StatusCode;
use tonic::Code;

use crate::grpc::stub;
use crate::hooks::{add_source, signed};
use crate::siege::{Siege, read};
use crate::stubs::{Submission, SubmitBatchRequest};
use crate::texts::{LARGE, PLACES, names, objects, within};

/// Three rooms of 256 MiB, for deliveries, JSON and gRPC. What is counted in them is the most that it can take, so that there is place
/// for the rest as well: what is idle, 35 MiB, and the messages that wait for room over gRPC, 24 of 840 kB here.
const PEAK_BYTES_MAX: usize = 768 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn the_heaviest_of_all_doors_at_the_same_time_stay_within_their_rooms() {
    let mut siege = Siege::begin("all doors at once", add_source);
    siege.mark().await;
    let claims = within(PLACES[0], &objects((4 << 20) - 1000));
    let body = within((r#"{"source":"hostile","claims":"#, "}"), &claims);
    // So many values that they are just read, so that they are held and not only refused.
    let most = within(PLACES[0], &objects(7 * 10_000));
    let lines = within((r#"{"source":"hostile","claims":"#, "}\n"), &most);
    let batch = SubmitBatchRequest {
        submissions: vec![
            Submission {
                source: "hostile".to_owned(),
                claims: most.into(),
                ..Submission::default()
            };
            12
        ],
        ..SubmitBatchRequest::default()
    };
    let mut json = Vec::new();
    let mut hooks = Vec::new();
    let mut grpc = Vec::new();
    for number in 0..24 {
        let request = siege
            .http
            .post(siege.at("/v1/events"))
            .header("content-type", "application/json");
        json.push(tokio::spawn(read(request.body(body.clone()))));
        let request = siege
            .http
            .post(siege.at("/v1/events"))
            .header("content-type", "application/x-ndjson");
        json.push(tokio::spawn(read(request.body(lines.repeat(2)))));
        let mut stub = stub(&siege).await;
        let batch = batch.clone();
        grpc.push(tokio::spawn(async move { stub.submit_batch(batch).await }));
        if number % 3 == 0 {
            let body = if number % 2 == 0 {
                names(LARGE - 1000)
            } else {
                vec![b'['; LARGE]
            };
            hooks.push(tokio::spawn(read(signed(&siege, &format!("{number}"), body))));
        }
    }
    assert!(batch.encoded_len() < 4 << 20);
    for _ in 0..10 {
        siege.mark().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for task in json {
        siege.case();
        // 503 where there was no room, 408 if the body had to wait for a processor.
        match task.await.unwrap() {
            Some((StatusCode::OK, answer)) => siege.remember(&answer),
            Some((status, problem)) => assert!([400, 408, 503].contains(&status.as_u16()), "{status}: {problem}"),
            None => {}
        }
    }
    for task in grpc {
        siege.case();
        match task.await.unwrap() {
            Ok(reply) => {
                for event in reply.into_inner().run.unwrap().events {
                    siege.remember_index(event.event.unwrap().index, None);
                }
            }
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
        }
    }
    let mut stored = 0;
    for task in hooks {
        siege.case();
        match task.await.unwrap() {
            Some((StatusCode::OK, answer)) => {
                stored += 1;
                siege.remember_index(answer["index"].as_u64().unwrap(), None);
            }
            Some((status, answer)) => assert!([408, 503].contains(&status.as_u16()), "{status}: {answer}"),
            // Refused before it was sent, and cut off.
            None => {}
        }
    }
    assert!(stored > 0, "some of the deliveries had room");
    siege.end(PEAK_BYTES_MAX).await;
}
