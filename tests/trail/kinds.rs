//! A log takes entries of its own kind only.

use indelible_client::{AppendError, Error};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::bed::{Bed, stderr};
use crate::stubs::{
    AppendBatchRequest, AppendRequest, AppendStreamRequest, ExportRequest, GetEventRequest, SubmitBatchRequest,
    SubmitRequest, WatchRequest,
};
use crate::support::{bed, event, stub};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_events_takes_no_opaque_entries() {
    let bed = bed();
    let server = bed.serve();
    let mut stub = server.stub().await;
    let entry = || bytes::Bytes::from("not an event");
    let one = AppendRequest {
        entry: entry(),
        ..AppendRequest::default()
    };
    let batch = AppendBatchRequest {
        entries: vec![entry()],
        ..AppendBatchRequest::default()
    };
    let stream = tokio_stream::iter([AppendStreamRequest {
        entry: entry(),
        held_size: None,
    }]);
    let refusals = [
        stub.append(one).await.unwrap_err(),
        stub.append_batch(batch).await.unwrap_err(),
        stub.append_stream(stream).await.unwrap_err(),
    ];
    for status in refusals {
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().contains("AuditTrail/Submit"), "{status}");
    }
    let client = server.client(bed.vkey()).await;
    let error = client.append(entry()).await.unwrap_err();
    let is_said = matches!(
        &error,
        AppendError::NotAppended(Error::Refused {
            code: Code::FailedPrecondition,
            ..
        })
    );
    assert!(is_said, "{error}");
    assert!(matches!(
        client.append_batch(vec![entry()]).await.unwrap_err(),
        AppendError::NotAppended(_)
    ));

    let posted = post(server.port(), "/add", "not an event");
    assert!(posted.starts_with("HTTP/1.1 409 "), "{posted}");
    assert!(posted.contains("AuditTrail/Submit"), "{posted}");

    bed.write("entry", "not an event");
    let vkey = bed.vkey().to_string();
    let ran = bed.run(&["append", "entry", "--url", &server.url, "--vkey", &vkey]);
    let said = stderr(&ran);
    assert!(!ran.status.success() && said.contains("nothing was appended"), "{said}");
    assert!(said.contains("takes events"), "{said}");
    assert_eq!(client.head().await.unwrap().head().size, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_opaque_entries_takes_no_events_and_says_so() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = stub(&server).await;
    let refusals = [
        stub.submit(SubmitRequest::default()).await.map(drop).unwrap_err(),
        stub.submit_batch(SubmitBatchRequest::default())
            .await
            .map(drop)
            .unwrap_err(),
        stub.get(GetEventRequest::default()).await.map(drop).unwrap_err(),
        stub.export(ExportRequest::default()).await.map(drop).unwrap_err(),
        stub.watch(WatchRequest::default()).await.map(drop).unwrap_err(),
    ];
    for status in refusals {
        assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
        assert!(status.message().contains("opaque"), "{status}");
    }
    let client = server.client(bed.vkey()).await;
    let error = client.submit(&event(None, "ada")).await.unwrap_err();
    assert!(matches!(error, AppendError::NotAppended(_)), "{error}");
    assert_eq!(client.append("opaque".into()).await.unwrap().index(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_knows_the_trail_where_there_is_one() {
    for (bed, has_trail) in [(bed(), true), (Bed::with_log(), false)] {
        let server = bed.serve();
        let mut health = HealthClient::new(server.channel().await);
        let request = HealthCheckRequest {
            service: "indelible.v1.AuditTrail".to_owned(),
        };
        let answer = health.check(request).await.map(|answer| answer.into_inner().status());
        match has_trail {
            true => assert_eq!(answer.unwrap(), ServingStatus::Serving),
            false => assert_eq!(answer.unwrap_err().code(), Code::NotFound),
        }
    }
}

/// `POST path` by HTTP/1.1, as written by hand: the whole answer.
fn post(port: u16, path: &str, body: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
