//! Submit, SubmitBatch and SubmitStream.

use bytes::{Buf, BufMut};
use futures_util::stream;
use http::uri::PathAndQuery;
use prost::Message;
use serde_json::{Value, json};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::hooks::add_source;
use crate::siege::Siege;
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{RawBody, Submission, SubmitBatchRequest, SubmitRequest, SubmitStreamRequest};
use crate::texts::{Kind, LARGE, PLACES, misshapen, names, objects, values, within};

/// One call after the other. What is idle takes 45 MiB in this build; a batch of 4 MiB has at most 250,000 values, 80 MB, and three copies,
/// and the allocator gives back what the last one took a while later, on a busy machine later still.
const PEAK_BYTES_MAX: usize = 384 << 20;

/// A client that checks nothing.
pub(crate) async fn stub(siege: &Siege) -> AuditTrailClient<Channel> {
    AuditTrailClient::new(siege.server.channel().await).max_decoding_message_size(64 << 20)
}

fn submission(claims: impl Into<Vec<u8>>) -> Submission {
    Submission {
        source: "hostile".to_owned(),
        claims: claims.into().into(),
        ..Submission::default()
    }
}

fn honest() -> Submission {
    submission(r#"{"action":{"name":"deploy","verb":"execute"}}"#)
}

/// Sends a submission by each of the three methods, and checks that it is refused by each; what Submit said.
async fn refused(siege: &mut Siege, name: &str, bad: Submission, expected: &[Code]) -> Status {
    let mut stub = stub(siege).await;
    siege.case();
    let before = siege.size();
    let request = SubmitRequest {
        submission: Some(bad.clone()),
        ..SubmitRequest::default()
    };
    let alone = stub.submit(request).await.map(drop).unwrap_err();
    assert!(expected.contains(&alone.code()), "{name}: {alone}");
    assert!(
        !alone.message().is_empty() && alone.message().len() < 1_000,
        "{name}: {alone}"
    );

    siege.case();
    let submissions = vec![honest(), bad.clone(), honest()];
    let batch = stub
        .submit_batch(SubmitBatchRequest {
            submissions,
            ..SubmitBatchRequest::default()
        })
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(batch.code(), alone.code(), "{name}: {batch}");
    if alone.code() != Code::OutOfRange {
        assert!(batch.message().starts_with("event 1: "), "{name}: {batch}");
    }
    assert_eq!(siege.size(), before, "{name}: something was stored");

    siege.case();
    let messages = [honest(), bad, honest()].map(|one| SubmitStreamRequest { submission: Some(one) });
    let mut replies = stub.submit_stream(stream::iter(messages)).await.unwrap().into_inner();
    let first = replies.message().await.unwrap().unwrap().run.unwrap();
    assert_eq!(first.events.len(), 1, "{name}");
    siege.remember_index(first.events[0].event.as_ref().unwrap().index, None);
    let ended = replies.message().await.unwrap_err();
    assert_eq!(ended.code(), alone.code(), "{name}: {ended}");
    assert_eq!(siege.size(), before + 1, "{name}: what stood behind it was stored");
    alone
}

/// What the other door says of the same claims, and with which status.
async fn by_json(siege: &Siege, source: &str, claims: &[u8]) -> (u16, String) {
    let source = json!(source).to_string();
    let body = within((&format!(r#"{{"source":{source},"claims":"#), "}"), claims);
    let (status, problem) = siege.post("application/json", body).await.unwrap();
    (
        status.as_u16(),
        problem["detail"].as_str().unwrap_or_default().to_owned(),
    )
}

/// Where in its text something is wrong is another place in a text around it.
fn without_place(words: &str) -> &str {
    words.rfind(" at line ").map_or(words, |at| &words[..at])
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_claims_are_refused_by_every_method() {
    let mut siege = Siege::begin("AuditTrail/Submit*", |_| ());
    siege.mark().await;
    let wrong = [Code::InvalidArgument];
    for value in values() {
        for (number, place) in PLACES.into_iter().enumerate() {
            let takes = number < 3 || value.bytes.starts_with(b"\"");
            if value.is == Kind::Odd && takes {
                let request = SubmitRequest {
                    submission: Some(submission(within(place, &value.bytes))),
                    ..SubmitRequest::default()
                };
                siege.case();
                let reply = stub(&siege).await.submit(request).await.unwrap().into_inner();
                siege.remember_index(reply.event.unwrap().index, None);
            } else {
                refused(&mut siege, value.name, submission(within(place, &value.bytes)), &wrong).await;
            }
        }
        refused(&mut siege, value.name, submission(value.bytes), &wrong).await;
        siege.mark().await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doors_refuse_alike() {
    let mut siege = Siege::begin("both doors", add_source);
    siege.mark().await;
    let mut all = misshapen();
    // Where a text belongs and something else stands, there are two things wrong, and either may be found first.
    for place in PLACES[..3].iter().copied() {
        for value in values()
            .into_iter()
            .filter(|value| value.is != Kind::Odd && value.bytes.len() < 1 << 20)
        {
            all.extend(String::from_utf8(within(place, &value.bytes)));
        }
    }
    let mut compared = 0;
    for claims in &all {
        let said = refused(
            &mut siege,
            claims,
            submission(claims.as_str()),
            &[Code::InvalidArgument],
        )
        .await;
        let (status, detail) = by_json(&siege, "hostile", claims.as_bytes()).await;
        assert!([400, 422].contains(&status), "{claims:.200}: {status} {detail}");
        // What ends a text too early, or goes on behind it, is something else in a text around it.
        let shown = claims.get(..200).unwrap_or(claims);
        if serde_json::from_str::<Value>(claims).is_ok() {
            let said = without_place(said.message());
            let said = if detail.contains("stands twice") {
                said.strip_prefix("claims: ").unwrap()
            } else {
                said
            };
            assert_eq!(said, without_place(&detail), "{shown}");
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");

    for (claims, words) in [
        (
            r#"{"occurred":{"at":"2026-11-22T10:00:00Z","from":"receipt"}}"#,
            "`occurred.from` is `receipt`",
        ),
        (
            r#"{"origin":{"ip":"192.0.2.1","ip_trust":"last_hop"}}"#,
            "`origin.ip_trust` is `last_hop`",
        ),
    ] {
        let said = refused(&mut siege, claims, submission(claims), &[Code::InvalidArgument]).await;
        assert!(said.message().starts_with(words), "{said}");
        assert_eq!(
            by_json(&siege, "hostile", claims.as_bytes()).await,
            (422, said.message().to_owned())
        );
    }
    let theirs = Submission {
        source: "github/acme".to_owned(),
        key: Some("a key of theirs".to_owned()),
        ..honest()
    };
    let said = refused(&mut siege, "a configured source", theirs, &[Code::PermissionDenied]).await;
    assert_eq!(
        by_json(&siege, "github/acme", b"{}").await,
        (403, said.message().to_owned())
    );
    let near = Submission {
        source: "github/acme2".to_owned(),
        ..honest()
    };
    let request = SubmitRequest {
        submission: Some(near),
        ..SubmitRequest::default()
    };
    stub(&siege).await.submit(request).await.unwrap();
    siege.end(PEAK_BYTES_MAX).await;
}

/// What lies beyond the limit of a message is refused by its length, before it is read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_unread() {
    let mut siege = Siege::begin("AuditTrail/Submit*, 25 MiB", |_| ());
    siege.mark().await;
    let raw = |content: Vec<u8>| Submission {
        raw: Some(RawBody {
            content: content.into(),
            content_type: "text/plain".to_owned(),
        }),
        ..honest()
    };
    let bodies = [
        (
            "one text",
            submission(within(PLACES[3], format!("\"{}\"", "x".repeat(LARGE)).as_bytes())),
        ),
        ("tiny names", submission(within(PLACES[0], &names(LARGE)))),
        ("objects", submission(within(PLACES[0], &objects(LARGE)))),
        ("raw bytes", raw(vec![0; LARGE])),
        (
            "a source",
            Submission {
                source: "s".repeat(LARGE),
                ..honest()
            },
        ),
        (
            "a key",
            Submission {
                key: Some("k".repeat(LARGE)),
                ..honest()
            },
        ),
    ];
    for (name, bad) in bodies {
        refused(&mut siege, name, bad, &[Code::OutOfRange]).await;
        siege.mark().await;
    }
    siege.end(PEAK_BYTES_MAX).await;
}

/// What is no message is refused: all beginnings of one, and worse.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_refused() {
    let mut siege = Siege::begin("AuditTrail/Submit*, broken messages", |_| ());
    siege.mark().await;
    let before = siege.size();
    let whole = SubmitRequest {
        submission: Some(honest()),
        ..SubmitRequest::default()
    }
    .encode_to_vec();
    let mut messages: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
    messages.extend([
        // A group in a group in a group …
        vec![0x0b; 100_000],
        vec![0x0c; 100],
        // A field longer than anything.
        vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
        // A length of eleven bytes.
        vec![0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        // A source that is no UTF-8.
        vec![0x0a, 4, 0x0a, 2, 0xc3, 0x28],
        vec![0xff; 1000],
        vec![0; 3 << 20],
    ]);
    for message in messages {
        for method in ["Submit", "SubmitBatch"] {
            siege.case();
            let mut grpc = tonic::client::Grpc::new(siege.server.channel().await);
            grpc.ready().await.unwrap();
            let path = PathAndQuery::try_from(format!("/indelible.v1.AuditTrail/{method}")).unwrap();
            let request = tonic::Request::new(message.clone());
            let status = grpc.unary(request, path, Plain).await.map(drop).unwrap_err();
            let known = [Code::InvalidArgument, Code::Internal];
            let shown = &message[..message.len().min(40)];
            assert!(known.contains(&status.code()), "{method} {shown:02x?}: {status}");
            assert!(!status.message().is_empty(), "{method} {shown:02x?}: {status}");
        }
    }
    assert_eq!(siege.size(), before, "something was stored");
    siege.end(PEAK_BYTES_MAX).await;
}

/// Bytes as they are, in place of messages.
struct Plain;

impl Codec for Plain {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Plain;
    type Decoder = Plain;

    fn encoder(&mut self) -> Plain {
        Plain
    }

    fn decoder(&mut self) -> Plain {
        Plain
    }
}

impl Encoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(bytes.copy_to_bytes(bytes.remaining()).to_vec()))
    }
}
