//! Bodies that are not what their heads say.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bed::{Bed, Server};
use crate::hooks::add_source;
use crate::siege::{Siege, read};
use crate::texts::LARGE;

/// As in `json`.
const PEAK_BYTES_MAX: usize = 256 << 20;

const EVENT: &str = r#"{"source":"framing","claims":{}}"#;

/// What becomes of a request that is written by hand: the status that it gets. Who breaks off gets none, since nobody is there to read it.
fn status(siege: &Siege, head: &str, body: &[u8], breaks_off: bool) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", siege.server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{head}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The answer may come before the end, and the connection then be closed.
    let _ = stream.write_all(body);
    if breaks_off {
        let _ = stream.shutdown(Shutdown::Both);
        return None;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    answer.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_refused_and_stores_nothing() {
    let mut siege = Siege::begin("POST /v1/events, framing", |_| ());
    siege.mark().await;
    let length = EVENT.len();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let chunk = format!("{length:x}\r\n{EVENT}\r\n");
    let long = |length: usize| format!("Content-Length: {length}\r\n");
    let cases: [(&str, String, String, Option<u16>); 16] = [
        ("longer than it is", long(length + 1), EVENT.to_owned(), Some(408)),
        ("much longer", long(4_000_000), EVENT.to_owned(), Some(408)),
        ("longer, and broken off", long(length + 1), EVENT.to_owned(), None),
        ("shorter than it is", long(length - 1), EVENT.to_owned(), Some(400)),
        ("none", String::new(), EVENT.to_owned(), Some(400)),
        ("zero", long(0), EVENT.to_owned(), Some(400)),
        ("beyond the limit", long(LARGE), EVENT.to_owned(), Some(413)),
        (
            "beyond 64 bits",
            "Content-Length: 99999999999999999999\r\n".to_owned(),
            EVENT.to_owned(),
            Some(400),
        ),
        (
            "below zero",
            "Content-Length: -1\r\n".to_owned(),
            EVENT.to_owned(),
            Some(400),
        ),
        (
            "no number",
            "Content-Length: 0x20\r\n".to_owned(),
            EVENT.to_owned(),
            Some(400),
        ),
        (
            "two of them",
            long(length) + &long(length - 2),
            EVENT.to_owned(),
            Some(400),
        ),
        ("chunks that break off", chunked.to_owned(), chunk.clone(), None),
        (
            "a chunk shorter than it says",
            chunked.to_owned(),
            format!("ff\r\n{EVENT}\r\n0\r\n\r\n"),
            Some(408),
        ),
        (
            "a chunk beyond 64 bits",
            chunked.to_owned(),
            format!("fffffffffffffffff\r\n{EVENT}\r\n"),
            Some(400),
        ),
        ("no chunk at all", chunked.to_owned(), EVENT.to_owned(), Some(400)),
        (
            "an unknown coding",
            "Transfer-Encoding: br\r\n".to_owned(),
            EVENT.to_owned(),
            Some(400),
        ),
    ];
    for (name, head, body, expected) in cases {
        siege.case();
        let before = siege.size();
        assert_eq!(
            status(&siege, &head, body.as_bytes(), expected.is_none()),
            expected,
            "{name}"
        );
        assert_eq!(siege.size(), before, "{name}: something was stored");
        siege.mark().await;
    }
    let taken = status(&siege, chunked, format!("{chunk}0\r\n\r\n").as_bytes(), false);
    assert_eq!(taken, Some(200), "the honest one is taken");
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
        // What is not read closes the connection: the next request needs its own.
        let request = request
            .header("connection", "close")
            .header("content-encoding", coding)
            .body(body);
        let (status, problem) = read(request).await.unwrap();
        assert_eq!(status.as_u16(), 415, "{coding}: {problem}");
        assert_eq!(problem["type"], "urn:indelible:problem:content-encoding", "{problem}");
    }
    assert_eq!(siege.size(), before, "something was stored");
    siege.end(PEAK_BYTES_MAX).await;
}

/// Whoever does not answer in time says so as it says everything else there, and when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_a_problem_where_json_is_spoken() {
    let bed = Bed::new();
    let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
    assert!(made.status.success(), "{made:?}");
    add_source(&bed);
    let mut command = bed.serve_command();
    command.env("INDELIBLE_REQUEST_TIMEOUT_SECONDS", "1");
    let server = Server::start(command);
    for path in ["/v1/events", "/hooks/github/acme", "/v1/erasures"] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        );
        // A body that does not come.
        stream
            .write_all(format!("{head}Content-Length: 10\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 "), "{path}: {answer}");
        assert!(
            head.contains("retry-after: 10") && head.contains("application/problem+json"),
            "{path}: {head}"
        );
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["type"], "urn:indelible:problem:late", "{path}: {problem}");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .starts_with("no answer within 1000 ms"),
            "{problem}"
        );
    }
}
