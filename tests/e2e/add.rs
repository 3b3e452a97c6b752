//! `POST /add`: entries by plain HTTP, each with an index of its own.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, StatusCode};
use indelible_merkle::Hash;

use crate::http_client::{Answer, Http};
use crate::support::Bed;

fn index_of(answer: &Answer) -> u64 {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    std::str::from_utf8(&answer.body).unwrap().parse().unwrap()
}

/// Thirty-two connections at once. What each was told holds: the client library proves every entry at its index.
#[tokio::test(flavor = "multi_thread")]
async fn entries_added_at_once_stand_where_their_senders_were_told() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let senders = (0..32).map(|sender| {
        let server = &server;
        async move {
            let mut http = Http::connect(server).await;
            let mut told = Vec::new();
            for number in 0..50 {
                let entry = format!("sender {sender}, entry {number}");
                told.push((index_of(&http.post("/add", &[], entry.clone()).await), entry));
            }
            told
        }
    });
    let told: HashMap<u64, String> = join_all(senders).await.into_iter().flatten().collect();
    assert_eq!(told.len(), 1_600, "every entry has an index of its own");

    let (client, key) = (server.client(bed.vkey()).await, bed.vkey());
    assert_eq!(client.head().await.unwrap().head().size, 1_600);
    for (index, entry) in told.iter().filter(|(index, _)| *index % 16 == 0) {
        let receipt = client.prove(*index).await.unwrap();
        receipt.verify(Hash::leaf(entry.as_bytes()), &key).unwrap();
    }
    let mut stream = client.entries(0, 1_600).await.unwrap();
    while let Some((first, run)) = stream.next().await.unwrap() {
        for (index, entry) in (first..).zip(run) {
            assert_eq!(entry, told[&index].as_bytes());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_are_an_entry_whatever_they_are_called() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let longest = Bytes::from(vec![7; 65_535]);
    let types = [
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "no type",
    ];
    for (index, (content_type, body)) in (0..).zip(types.iter().zip([
        Bytes::from_static(b"text\n"),
        Bytes::new(),
        Bytes::from_static(b"\0\xff"),
        longest.clone(),
    ])) {
        let answer = http.post("/add", &[("content-type", content_type)], body).await;
        assert_eq!(index_of(&answer), index, "{content_type}");
    }
    let bundle = http.get("/tile/entries/000.p/4").await.body;
    assert_eq!(bundle[..13], *b"\0\x05text\n\0\0\0\x02\0\xff");
    assert_eq!(bundle[13..], [b"\xff\xff".as_slice(), &longest].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_entry_is_refused_and_nothing_is_written() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let long = http.post("/add", &[], vec![0; 65_536]).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(long.body, "an entry has at most 65535 bytes\n");

    let mut http = Http::connect(&server).await;
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let other = http.ask(method, "/add", &[]).await;
        assert_eq!(
            (other.status, other.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "POST")
        );
    }
    for (name, value) in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let foreign = http
            .post("/add", &[(name, value), ("content-type", "text/plain")], "x")
            .await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert!(http.get("/checkpoint").await.body.starts_with(b"test.example/log\n0\n"));
}
