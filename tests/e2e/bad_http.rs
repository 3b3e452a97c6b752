//! Bad requests over plain HTTP: a clear status, nothing that a cache may keep, nothing in the log, nothing in what is logged.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::http_client::{Answer, Http};
use crate::stubs::AppendBatchRequest;
use crate::support::{Bed, Server};

/// A service with 300 entries.
async fn with_entries(server: Server) -> Server {
    let entries = (0..300).map(|number| format!("{number}").into()).collect();
    let mut stub = server.stub().await;
    stub.append_batch(AppendBatchRequest {
        entries,
        ..AppendBatchRequest::default()
    })
    .await
    .unwrap();
    server
}

/// A request, and the status that it gets.
struct Case<'a> {
    method: Method,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
    status: u16,
}

fn ask<'a>(method: Method, path: &'a str, headers: &'a [(&'a str, &'a str)], body: &'a [u8], status: u16) -> Case<'a> {
    Case {
        method,
        path,
        headers,
        body,
        status,
    }
}

fn get<'a>(path: &'a str, headers: &'a [(&'a str, &'a str)], status: u16) -> Case<'a> {
    ask(Method::GET, path, headers, b"", status)
}

fn post<'a>(path: &'a str, headers: &'a [(&'a str, &'a str)], body: &'a [u8], status: u16) -> Case<'a> {
    ask(Method::POST, path, headers, body, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_not_kept_by_caches_and_changes_nothing() {
    let bed = Bed::with_log();
    let server = with_entries(bed.serve()).await;
    let before = server.get("/checkpoint").1;
    let long = vec![b'x'; 65_536];
    let foreign = [("origin", "http://evil.example")];
    let null = [("origin", "null")];
    let page = [("sec-fetch-site", "cross-site")];
    let plain = [("content-type", "text/plain")];
    let none = [];
    let cases = [
        // Widths that no tile has, or that are not written like this.
        get("/tile/0/000.p/0", &none, 404),
        get("/tile/0/000.p/256", &none, 404),
        get("/tile/0/000.p/257", &none, 404),
        get("/tile/0/000.p/18446744073709551617", &none, 404),
        get("/tile/entries/000.p/257", &none, 404),
        get("/tile/0/000.p/1.p/1", &none, 404),
        get("/tile/0/000.p/1;x=1", &none, 404),
        // What this tree does not have yet.
        get("/tile/0/001", &none, 404),
        get("/tile/0/001.p/45", &none, 404),
        get("/tile/entries/002", &none, 404),
        // Levels.
        get("/tile/63/000.p/1", &none, 404),
        get("/tile/64/000", &none, 404),
        get("/tile/999/000", &none, 404),
        get("/tile/18446744073709551616/000", &none, 404),
        get("/tile/-1/000", &none, 404),
        // Groups.
        get("/tile/0/x000/000", &none, 404),
        get("/tile/0/000/x000", &none, 404),
        get("/tile/0/x000", &none, 404),
        get("/tile/0/xx00/000", &none, 404),
        get("/tile/0/x1/000", &none, 404),
        get("/tile/0/000/000", &none, 404),
        get("/tile/0/x999/x999/x999/x999/x999/x999/x999/999", &none, 404),
        // Encoded, and paths out of the tree.
        get("/tile/0/%30%30%30", &none, 404),
        get("/%74ile/0/000", &none, 404),
        get("/tile/0/000%2ep/1", &none, 404),
        get("/tile/0/000%00", &none, 404),
        get("/tile/0/%ff", &none, 404),
        get("/tile/0/..%2f..%2flog.key", &none, 404),
        get("/tile/../../log.key", &none, 404),
        get("/tile", &none, 404),
        get("/log.key", &none, 404),
        get("/checkpoint/", &none, 404),
        // Methods.
        get("/add", &none, 405),
        post("/tile/0/000", &none, b"x", 405),
        post("/checkpoint", &none, b"x", 405),
        ask(Method::DELETE, "/tile/entries/000", &none, b"", 405),
        ask(Method::OPTIONS, "/add", &none, b"", 405),
        get("/indelible.v1.TransparencyLog/Append", &none, 405),
        post("/indelible.v1.TransparencyLog/Append", &plain, b"x", 415),
        // Foreign pages, whatever they ask for.
        get("/tile/0/000", &foreign, 403),
        get("/checkpoint", &null, 403),
        get("/tile/entries/000", &page, 403),
        post("/add", &foreign, b"x", 403),
        post("/add", &null, b"x", 403),
        post("/add", &page, b"x", 403),
        // An entry that is too long.
        post("/add", &none, &long, 413),
    ];
    for Case {
        method,
        path,
        headers,
        body,
        status,
    } in cases
    {
        let mut http = Http::connect(&server).await;
        let answer = match method {
            Method::POST => http.post(path, headers, body.to_vec()).await,
            _ => http.ask(method.clone(), path, headers).await,
        };
        let case = format!("{method} {path} {headers:?}");
        assert_eq!(answer.status.as_u16(), status, "{case}: {answer:?}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{case}: {answer:?}");
        assert!(
            answer.header("content-type").starts_with("text/plain"),
            "{case}: {answer:?}"
        );
        assert!(answer.body.ends_with(b"\n"), "{case}: {answer:?}");
    }
    assert_eq!(server.get("/checkpoint").1, before);
}

/// Everybody may read: what never changes is for everybody's caches, and all else for nobody's. When roles come, answers that
/// needed one are `private`, and this changes.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_private_while_nothing_needs_a_role() {
    let bed = Bed::with_log();
    let server = with_entries(bed.serve()).await;
    let mut http = Http::connect(&server).await;
    let credentials = [("authorization", "Bearer of-nobody")];
    for headers in [&[][..], &credentials] {
        for path in [
            "/tile/0/000",
            "/tile/0/001.p/1",
            "/tile/entries/000",
            "/tile/entries/001.p/44",
        ] {
            let answer = http.ask(Method::GET, path, headers).await;
            let kept = "public, max-age=31536000, immutable";
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (StatusCode::OK, kept),
                "{path}"
            );
        }
        for path in ["/checkpoint", "/healthz"] {
            let answer = http.ask(Method::GET, path, headers).await;
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (StatusCode::OK, "no-cache"),
                "{path}"
            );
        }
    }
    let added = http.post("/add", &credentials, "x").await;
    assert_eq!(
        (added.status, added.header("cache-control")),
        (StatusCode::OK, "no-cache")
    );
}

/// Bodies that are not what their head says, or say too much. None of them may wait for a timeout, and none is an entry.
#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies_are_refused_at_once_and_are_no_entries() {
    let bed = Bed::with_log();
    let server = with_entries(bed.serve()).await;
    let before = server.get("/checkpoint").1;
    let long = "x".repeat(65_536);
    let chunked = format!("transfer-encoding: chunked\r\n\r\n10000\r\n{long}\r\n0\r\n\r\n");
    for (rest, status) in [
        // Nothing of it is sent: the head says enough.
        ("content-length: 65536\r\n\r\n", "413"),
        ("content-length: 1000000000000\r\n\r\n", "413"),
        ("content-length: 1000000000\r\nexpect: 100-continue\r\n\r\n", "413"),
        ("content-length: 18446744073709551616\r\n\r\nx", "400"),
        ("content-length: -1\r\n\r\nx", "400"),
        ("content-length: 1\r\ncontent-length: 2\r\n\r\nxx", "400"),
        ("transfer-encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n", "400"),
        (&chunked, "413"),
        // It ends before it has begun.
        ("content-length: 10\r\n\r\nfive!", ""),
        ("transfer-encoding: chunked\r\n\r\n5\r\nfive!\r\n", ""),
    ] {
        let said = send(
            &server,
            &format!("POST /add HTTP/1.1\r\nhost: localhost\r\n{rest}"),
            status.is_empty(),
        );
        let case = rest.get(..60).unwrap_or(rest);
        match status {
            "" => assert!(!said.starts_with("HTTP/1.1 200"), "{case:?}: {said}"),
            status => assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{case:?}: {said}"),
        }
    }
    let target = "0".repeat(20 << 10);
    let said = send(
        &server,
        &format!("GET /tile/0/{target} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        false,
    );
    assert!(
        said.starts_with("HTTP/1.1 414 ") || said.starts_with("HTTP/1.1 431 "),
        "{said}"
    );
    assert_eq!(server.get("/checkpoint").1, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_put_into_a_request_is_not_logged() {
    let bed = Bed::with_log();
    let mut command = bed.serve_command();
    command.env("INDELIBLE_LOG_FILTER", "info,indelible=debug");
    let server = Server::start(command);
    let mut http = Http::connect(&server).await;
    let token = [("authorization", "Bearer hidden")];
    let mut statuses = Vec::new();
    for path in [
        "/tile/hidden/000",
        "/tile/0/hidden",
        "/tile/entries/hidden?hidden=1",
        "/hidden",
    ] {
        statuses.push(http.ask(Method::GET, path, &token).await.status);
    }
    assert_eq!(statuses, [StatusCode::NOT_FOUND; 4]);
    for (path, body) in [("/add?hidden=1", "hidden"), ("/hidden/add", "hidden")] {
        http.post(path, &token, body).await;
    }
    let Answer { status, .. } = http.post("/add?hidden=1", &token, vec![b'h'; 65_536]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    drop(http);
    let words = server.stop().1.join("\n");
    assert!(words.contains("route=/add status=200"), "{words}");
    assert!(words.contains("route=/add status=413"), "{words}");
    assert!(words.contains("route=unknown status=404"), "{words}");
    assert!(!words.contains("hidden"), "{words}");
}

/// What the server says to these bytes, until it closes or has been silent for some seconds.
fn send(server: &Server, bytes: &str, and_end: bool) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    // Refused half-way, what is left of a large body cannot be sent.
    let _ = stream.write_all(bytes.as_bytes());
    if and_end {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut said = Vec::new();
    let mut buffer = [0; 4_096];
    // A connection that stays open has said all it has to say with the first line of its answer.
    while !said.contains(&b'\n') {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => said.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}
