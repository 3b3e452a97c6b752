//! Messages on all streams of one connection that are begun and not ended: what they can take is bounded.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use h2::client::ResponseFuture;
use http::{Request, Uri};
use prost::Message;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::grpc::stub;
use crate::siege::Siege;
use crate::stubs::{Submission, SubmitBatchRequest};

/// One connection's room of 64 MiB, its window of 8 MiB, what is idle (45 MiB in this build), and what the allocator has not given back.
const PEAK_BYTES_MAX: usize = 224 << 20;

const LARGE: usize = 4 << 20;

/// Sends the head of a message and what `body` has of it, without an end, on `streams` streams of one connection; by which codes they
/// ended.
async fn send(siege: &Siege, path: &str, streams: usize, length: usize, body: Bytes) -> Vec<String> {
    let tcp = TcpStream::connect(("127.0.0.1", siege.server.port())).await.unwrap();
    let (client, connection) = h2::client::handshake(tcp).await.unwrap();
    tokio::spawn(connection);
    let uri: Uri = format!("{}{path}", siege.server.url).parse().unwrap();
    let mut head = vec![0];
    head.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    let mut sending = Vec::new();
    let mut answers: Vec<ResponseFuture> = Vec::new();
    let mut client = client.ready().await.unwrap();
    for _ in 0..streams {
        let request = Request::post(uri.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let Ok((answer, mut stream)) = client.send_request(request.body(()).unwrap(), false) else {
            break;
        };
        // Clones share the bytes: this process does not have them as often.
        let sent = [head.clone().into(), body.clone()].map(|part| stream.send_data(part, false));
        sending.push(stream);
        answers.push(answer);
        // Whoever goes on where all is refused is sent away.
        client = match (client.ready().await, sent) {
            (Ok(client), [Ok(()), Ok(())]) => client,
            _ => break,
        };
    }
    let not_begun = streams - answers.len();
    let mut codes = vec!["broken".to_owned(); not_begun];
    for answer in answers {
        let code = async {
            let answer = answer.await.ok()?;
            if let Some(code) = answer.headers().get("grpc-status") {
                return Some(code.to_str().unwrap().to_owned());
            }
            let mut body = answer.into_body();
            while let Some(data) = body.data().await {
                data.ok()?;
            }
            let trailers = body.trailers().await.ok()??;
            Some(trailers["grpc-status"].to_str().unwrap().to_owned())
        };
        let code = timeout(Duration::from_secs(60), code).await.unwrap();
        codes.push(code.unwrap_or_else(|| "broken".to_owned()));
    }
    codes
}

fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|one| *one == code).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_that_do_not_end_on_all_streams_of_a_connection() {
    let mut siege = Siege::begin("many streams", |_| {});
    siege.mark().await;
    let idle = siege.peak_bytes();
    for path in [
        "/indelible.v1.AuditTrail/SubmitBatch",
        "/indelible.v1.AuditTrail/SubmitStream",
    ] {
        // One byte is missing. 200 streams with 4 MiB are 800 MiB.
        let codes = send(&siege, path, 200, LARGE, Bytes::from(vec![0x7a; LARGE - 1])).await;
        siege.case();
        let peak = siege.peak_bytes() >> 20;
        // Who goes on sending on streams that have been refused loses its connection, and with it what was to be said of the others.
        let (exhausted, slow, broken) = (count(&codes, "8"), count(&codes, "10"), count(&codes, "broken"));
        let words = format!(
            "{path}: idle {} MiB, peak {peak} MiB, {exhausted} without room, {slow} too slow",
            idle >> 20
        );
        let _ = writeln!(std::io::stderr(), "{words}");
        assert_eq!(exhausted + slow + broken, 200, "{words}: {codes:?}");
        assert!(exhausted > 0 && slow + broken >= 16, "{words}: {codes:?}");
        siege.mark().await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

/// Whoever may ask is anybody, and has no need of large messages.
#[tokio::test(flavor = "multi_thread")]
async fn what_everybody_may_ask_is_small() {
    let mut siege = Siege::begin("large questions", |_| {});
    siege.mark().await;
    let idle = siege.peak_bytes();
    for (path, code) in [
        ("/indelible.v1.TransparencyLog/GetTreeHead", "11"),
        ("/grpc.health.v1.Health/Check", "11"),
        // Not ours: it ends the stream without a word.
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "0"),
    ] {
        for length in [SMALL + 1, LARGE] {
            let codes = send(&siege, path, 10, length, Bytes::from(vec![0x7a; length - 1])).await;
            siege.case();
            assert_eq!(count(&codes, code), 10, "{path}, {length}: {codes:?}");
        }
    }
    let grown = siege.peak_bytes() - idle;
    let _ = writeln!(std::io::stderr(), "large questions: {} MiB more", grown >> 20);
    assert!(grown < 32 << 20, "{grown}");
    siege.mark().await;
    siege.end(PEAK_BYTES_MAX).await;
}

/// What a message of any method may have.
const SMALL: usize = 16 << 10;

/// Each of two bytes would become a value of 150.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_nothing_but_empty_values() {
    let mut siege = Siege::begin("empty values", |_| {});
    siege.mark().await;
    let idle = siege.peak_bytes();
    let empty = |count: usize| SubmitBatchRequest {
        submissions: vec![Submission::default(); count],
        ..SubmitBatchRequest::default()
    };
    for number in [LARGE / 2, 16_000] {
        let message = [0x0a, 0x00].repeat(number);
        if number < 100_000 {
            assert_eq!(message, empty(number).encode_to_vec());
        }
        // Whole, and without an end: what was made of it is held for as long.
        let path = "/indelible.v1.AuditTrail/SubmitBatch";
        let codes = send_and_hold(&siege, path, message.into()).await;
        siege.case();
        let peak = siege.peak_bytes() >> 20;
        let _ = writeln!(
            std::io::stderr(),
            "{number} values: idle {} MiB, peak {peak} MiB: {codes:?}",
            idle >> 20
        );
        siege.mark().await;
    }
    let mut honest = stub(&siege).await;
    let refused = honest.submit_batch(empty(10_001)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused}");
    siege.end(PEAK_BYTES_MAX).await;
}

/// The same with whole messages, on 64 streams; for those that are not refused it is not waited.
async fn send_and_hold(siege: &Siege, path: &str, message: Bytes) -> String {
    let length = message.len();
    let sent = timeout(Duration::from_secs(10), send(siege, path, 64, length, message)).await;
    match sent {
        Ok(codes) => format!("{} without room, {} not valid", count(&codes, "8"), count(&codes, "3")),
        Err(_) => "some are held".to_owned(),
    }
}
