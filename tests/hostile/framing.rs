//! Bodies that are not what their heads say.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::siege::{Siege, read};
use crate::texts::LARGE;

/// As in `json`: nothing here is kept.
const PEAK_BYTES_MAX: usize = 192 << 20;

const EVENT: &str = r#"{"source":"framing","claims":{}}"#;

/// A request as written by hand, after which the sender says no more; the statuses that it got.
fn statuses(siege: &Siege, head: &str, body: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", siege.server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n{head}\r\n").unwrap();
    // The answer may come before the end, and the connection then be closed.
    let _ = stream.write_all(body);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let lines = answer.match_indices("HTTP/1.1 ");
    lines
        .map(|(at, found)| answer[at + found.len()..][..3].parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_refused_and_stores_nothing() {
    let mut siege = Siege::begin("POST /v1/events, framing", |_| ());
    siege.mark().await;
    let json = "Content-Type: application/json\r\n";
    let length = EVENT.len();
    let chunk = format!("{length:x}\r\n{EVENT}\r\n");
    for (name, head, body) in [
        (
            "longer than it is",
            format!("Content-Length: {}\r\n", length + 1),
            EVENT.to_owned(),
        ),
        (
            "much longer",
            "Content-Length: 4000000\r\n".to_owned(),
            EVENT.to_owned(),
        ),
        (
            "shorter than it is",
            format!("Content-Length: {}\r\n", length - 1),
            EVENT.to_owned(),
        ),
        ("none", String::new(), EVENT.to_owned()),
        ("zero", "Content-Length: 0\r\n".to_owned(), EVENT.to_owned()),
        (
            "beyond the limit",
            format!("Content-Length: {}\r\n", LARGE),
            EVENT.to_owned(),
        ),
        (
            "beyond 64 bits",
            "Content-Length: 99999999999999999999\r\n".to_owned(),
            EVENT.to_owned(),
        ),
        ("below zero", "Content-Length: -1\r\n".to_owned(), EVENT.to_owned()),
        ("no number", "Content-Length: 0x20\r\n".to_owned(), EVENT.to_owned()),
        (
            "two of them",
            format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length - 2),
            EVENT.to_owned(),
        ),
        (
            "chunks that break off",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            chunk.clone(),
        ),
        (
            "a chunk shorter than it says",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("ff\r\n{EVENT}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk beyond 64 bits",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("fffffffffffffffff\r\n{EVENT}\r\n0\r\n\r\n"),
        ),
        (
            "no chunk at all",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            EVENT.to_owned(),
        ),
        (
            "an unknown coding",
            "Transfer-Encoding: br\r\n".to_owned(),
            EVENT.to_owned(),
        ),
    ] {
        siege.case();
        let before = siege.size();
        let got = statuses(&siege, &format!("{json}{head}"), body.as_bytes());
        // Who breaks off may get no answer: nobody is there to read it.
        assert!(got.iter().all(|status| (400..500).contains(status)), "{name}: {got:?}");
        assert_eq!(siege.size(), before, "{name}: something was stored");
        siege.mark().await;
    }
    let whole = format!("{json}Transfer-Encoding: chunked\r\nConnection: close\r\n");
    assert_eq!(
        statuses(&siege, &whole, format!("{chunk}0\r\n\r\n").as_bytes()),
        [200],
        "the honest one is taken"
    );
    siege.end(PEAK_BYTES_MAX).await;
}

/// No body is unpacked, so that none can be a bomb.
#[tokio::test(flavor = "multi_thread")]
async fn a_packed_body_is_refused() {
    let mut siege = Siege::begin("POST /v1/events, packed", |_| ());
    siege.mark().await;
    let before = siege.size();
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let megabyte = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        packer.write_all(&megabyte).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 4 << 20);
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(EVENT.as_bytes()).unwrap();
    let honest = packer.finish().unwrap();
    for (coding, body) in [
        ("gzip", bomb.clone()),
        ("gzip", honest),
        ("deflate", bomb.clone()),
        ("br", vec![0; 1000]),
        ("zstd", vec![0; 1000]),
        ("gzip, gzip", bomb),
        ("x-unknown", EVENT.into()),
    ] {
        siege.case();
        let request = siege.http.post(siege.at("/v1/events"));
        let request = request.header("content-type", "application/json");
        let request = request.header("content-encoding", coding).body(body);
        let (status, problem) = read(request).await.unwrap();
        assert_eq!(status.as_u16(), 415, "{coding}: {problem}");
        assert_eq!(problem["type"], "urn:indelible:problem:content-encoding", "{problem}");
    }
    assert_eq!(siege.size(), before, "something was stored");
    siege.end(PEAK_BYTES_MAX).await;
}
