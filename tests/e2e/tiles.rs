//! The tree over HTTP: every path that C2SP tlog-tiles defines for a size against the definitions of RFC 6962, and none besides.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use indelible_merkle::Hash;

use crate::http_client::Http;
use crate::stubs::AppendBatchRequest;
use crate::support::{Bed, Server};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The entries of a log, and the hashes of its tiles as they are defined.
struct Reference {
    entries: Vec<Bytes>,
    /// By tile level: the roots of the perfect subtrees of 256^level leaves.
    levels: Vec<Vec<Hash>>,
}

impl Reference {
    fn of(entries: Vec<Bytes>) -> Reference {
        let mut levels: Vec<Vec<Hash>> = vec![entries.iter().map(|entry| Hash::leaf(entry)).collect()];
        while levels.last().is_some_and(|level| level.len() >= 256) {
            let below = levels.last().unwrap();
            levels.push(below.chunks_exact(256).map(perfect_root).collect());
        }
        Reference { entries, levels }
    }

    /// The first `size` entries.
    fn beginning(&self, size: usize) -> Reference {
        Reference::of(self.entries[..size].to_vec())
    }

    fn tile(&self, level: usize, first: usize, width: usize) -> Vec<u8> {
        Hash::join(&self.levels[level][first..first + width])
    }

    fn bundle(&self, first: usize, width: usize) -> Vec<u8> {
        let entries = self.entries[first..first + width].iter();
        let parts = entries.map(|entry| [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], entry].concat());
        parts.collect::<Vec<_>>().concat()
    }

    /// What is to be had at this size: by kind (a level, or `entries`) how many.
    fn kinds(&self) -> Vec<(String, usize)> {
        let levels = self.levels.iter().enumerate();
        let kinds = levels.map(|(level, hashes)| (level.to_string(), hashes.len()));
        kinds.chain([("entries".to_owned(), self.entries.len())]).collect()
    }

    fn body(&self, kind: &str, first: usize, width: usize) -> Vec<u8> {
        match kind.parse() {
            Ok(level) => self.tile(level, first, width),
            Err(_) => self.bundle(first, width),
        }
    }
}

/// MTH of RFC 6962, 2.1, where it is a plain halving.
fn perfect_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            Hash::node(&perfect_root(left), &perfect_root(right))
        }
    }
}

fn path(kind: &str, tile: usize, width: usize) -> String {
    let number = match tile {
        0..1_000 => format!("{tile:03}"),
        _ => format!("x{:03}/{:03}", tile / 1_000, tile % 1_000),
    };
    match width {
        256 => format!("/tile/{kind}/{number}"),
        _ => format!("/tile/{kind}/{number}.p/{width}"),
    }
}

/// Entry `index`: lengths from 0 on, and all different but the empty ones.
fn entry(index: usize) -> Bytes {
    let text = format!("entry number {index}");
    match index % 7 {
        0 => Bytes::new(),
        _ => text.into(),
    }
}

fn entries(count: usize) -> Vec<Bytes> {
    (0..count).map(entry).collect()
}

async fn append(server: &Server, entries: &[Bytes]) {
    let mut stub = server.stub().await;
    for part in entries.chunks(10_000) {
        let entries = part.to_vec();
        stub.append_batch(AppendBatchRequest {
            entries,
            ..AppendBatchRequest::default()
        })
        .await
        .unwrap();
    }
}

async fn expect(http: &mut Http, path: &str, body: &[u8]) {
    let answer = http.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    assert!(answer.body == body, "{path} has other bytes");
    assert_eq!(answer.header("content-type"), "application/octet-stream", "{path}");
    assert_eq!(answer.header("cache-control"), IMMUTABLE, "{path}");
}

async fn expect_nothing(http: &mut Http, path: &str) {
    let answer = http.get(path).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
}

/// Everything that the log of these entries has: each tile and bundle as wide as it is, and of those that `narrower` picks every
/// width from 1 on; and nothing behind it.
async fn check(http: &mut Http, log: &Reference, narrower: impl Fn(usize, usize) -> bool) {
    for (kind, count) in log.kinds() {
        let tiles = count.div_ceil(256);
        for tile in 0..tiles {
            let (first, widest) = (tile * 256, (count - tile * 256).min(256));
            let from = if narrower(tile, tiles) { 1 } else { widest };
            for width in from..=widest {
                expect(http, &path(&kind, tile, width), &log.body(&kind, first, width)).await;
            }
        }
        let (last, left) = (count / 256, count % 256);
        expect_nothing(http, &path(&kind, last, left + 1)).await;
        expect_nothing(http, &path(&kind, last, 256)).await;
        expect_nothing(http, &path(&kind, last + 1, 1)).await;
    }
    let above = log.levels.len().to_string();
    expect_nothing(http, &path(&above, 0, 1)).await;
    expect_nothing(http, &path("63", 0, 256)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_width_of_every_tile_and_bundle_is_served_as_the_log_grows() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let whole = Reference::of(entries(515));
    let mut size = 0;
    for next in [0, 1, 2, 255, 256, 257, 511, 512, 515] {
        append(&server, &whole.entries[size..next]).await;
        size = next;
        check(&mut http, &whole.beginning(size), |_, _| true).await;
    }
    server.stop();
    // Everything is sealed now, some bundles in several runs.
    let server = bed.serve();
    check(&mut Http::connect(&server).await, &whole, |_, _| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_levels_of_tiles_are_served_before_and_after_they_are_sealed() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let whole = Reference::of(entries(70_000));
    let edges = |tile: usize, tiles: usize| tile == 0 || tile == 137 || tile + 2 >= tiles;
    let mut size = 0;
    for next in [65_535, 65_536, 65_537, 70_000] {
        append(&server, &whole.entries[size..next]).await;
        size = next;
        let beginning = whole.beginning(size);
        assert_eq!(beginning.levels.len(), if size < 65_536 { 2 } else { 3 });
        check(&mut http, &beginning, |_, _| false).await;
    }
    check(&mut http, &whole, edges).await;
    server.stop();
    let server = bed.serve();
    check(&mut Http::connect(&server).await, &whole, edges).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_served_over_http2() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect_http2(&server).await;
    let log = Reference::of(entries(260));
    for (index, entry) in log.entries.iter().enumerate() {
        let added = http.post("/add", &[], entry.clone()).await;
        assert_eq!((added.status, added.body), (StatusCode::OK, index.to_string().into()));
    }
    check(&mut http, &log, |_, _| true).await;
    let checkpoint = http.get("/checkpoint").await;
    assert_eq!(checkpoint.body, server.get("/checkpoint").1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_the_longest_entries_is_served_whole() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let longest = |index: usize| Bytes::from(vec![u8::try_from(index % 251).unwrap(); 65_535]);
    let log = Reference::of((0..256).map(longest).collect());
    for part in log.entries.chunks(60) {
        append(&server, part).await;
    }
    let mut http = Http::connect(&server).await;
    let bundle = log.bundle(0, 256);
    assert_eq!(bundle.len(), 256 * 65_537);
    expect(&mut http, "/tile/entries/000", &bundle).await;
    expect(&mut http, "/tile/entries/000.p/100", &bundle[..100 * 65_537]).await;
    server.stop();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    expect(&mut http, "/tile/entries/000", &bundle).await;
    let zipped = http
        .ask(Method::GET, "/tile/entries/000", &[("accept-encoding", "gzip")])
        .await;
    assert!(zipped.body.len() < bundle.len() / 50);
    assert!(unzip(&zipped.body) == bundle);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_spellings_and_impossible_tiles_are_404() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&server, &entries(300)).await;
    let mut http = Http::connect(&server).await;
    for good in [
        "/tile/0/000",
        "/tile/0/001.p/44",
        "/tile/entries/000.p/255",
        "/tile/1/000.p/1",
    ] {
        assert_eq!(http.get(good).await.status, StatusCode::OK, "{good}");
    }
    for path in [
        "/tile",
        "/tile/",
        "/tile/0",
        "/tile/0/",
        "/tile//000",
        "//tile/0/000",
        "/tile/0/000/",
        "/tile/0/0",
        "/tile/0/00",
        "/tile/0/0000",
        "/tile/0/x000/000",
        "/tile/0/x000",
        "/tile/0/000/x001",
        "/tile/0/X001/000",
        "/tile/00/000",
        "/tile/+0/000",
        "/tile/-1/000",
        "/tile/64/000",
        "/tile/256/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/257",
        "/tile/0/000.p/01",
        "/tile/0/000.p/+1",
        "/tile/0/000.p/",
        "/tile/0/000.p",
        "/tile/0/000.P/1",
        "/tile/0/000.p/1/",
        "/tile/0/%30%30%30",
        "/tile/%30/000",
        "/tile/0/000%2ep/1",
        "/tile/0/../0/000",
        "/tile/data/000",
        "/tile/8/0/000",
        "/tile/Entries/000",
        "/tile/entries",
        "/tile/entries/",
        "/tile/entries/0",
        "/tile/entries/000.p/0",
        "/tile/entries/0/000",
        "/tile/0/x018/x446/x744/x073/x709/x551/615",
        "/tile/0/x018/x446/x744/x073/x709/x551/616",
        "/tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "/tile/63/000.p/1",
        "/tile/7/000.p/1",
    ] {
        assert_eq!(http.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_are_compressed_for_whoever_accepts_it_and_hashes_never() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let log = Reference::of(entries(300));
    append(&server, &log.entries).await;
    let mut http = Http::connect(&server).await;
    let gzip = [("accept-encoding", "deflate;q=0.5, gzip, br")];
    for (tile, width) in [(0, 256), (1, 44)] {
        let (first, at) = (tile * 256, path("entries", tile, width));
        let zipped = http.ask(Method::GET, &at, &gzip).await;
        assert_eq!(
            (zipped.status, zipped.header("content-encoding")),
            (StatusCode::OK, "gzip"),
            "{at}"
        );
        assert_eq!(zipped.header("vary"), "accept-encoding", "{at}");
        assert_eq!(zipped.header("cache-control"), IMMUTABLE, "{at}");
        assert!(zipped.body.len() < log.bundle(first, width).len(), "{at}");
        assert_eq!(unzip(&zipped.body), log.bundle(first, width), "{at}");
        for refusing in [
            &[][..],
            &[("accept-encoding", "gzip;q=0, br")],
            &[("accept-encoding", "identity")],
        ] {
            let plain = http.ask(Method::GET, &at, refusing).await;
            assert_eq!(plain.header("content-encoding"), "", "{at}");
            assert_eq!(plain.header("vary"), "accept-encoding", "{at}");
            assert_eq!(plain.body, log.bundle(first, width), "{at}");
        }
    }
    let hashes = http.ask(Method::GET, "/tile/0/000", &gzip).await;
    assert_eq!((hashes.header("content-encoding"), hashes.header("vary")), ("", ""));
    assert_eq!(hashes.body, log.tile(0, 0, 256));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_no_body_and_ranges_are_not_known() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let log = Reference::of(entries(256));
    append(&server, &log.entries).await;
    let mut http = Http::connect(&server).await;
    for (at, body) in [
        ("/tile/0/000", log.tile(0, 0, 256)),
        ("/tile/entries/000", log.bundle(0, 256)),
    ] {
        let head = http.ask(Method::HEAD, at, &[]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{at}");
        assert_eq!(head.header("content-length"), body.len().to_string(), "{at}");
        assert_eq!(head.header("cache-control"), IMMUTABLE, "{at}");
        let ranged = http.ask(Method::GET, at, &[("range", "bytes=0-31")]).await;
        assert_eq!(
            (ranged.status, ranged.body.as_ref()),
            (StatusCode::OK, body.as_slice()),
            "{at}"
        );
        assert_eq!(ranged.header("accept-ranges"), "", "{at}");
        let posted = http.post(at, &[], "x").await;
        assert_eq!(
            (posted.status, posted.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD")
        );
    }
    assert_eq!(
        http.ask(Method::HEAD, "/tile/0/001", &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_checkpoint_is_told_that_it_is_the_newest() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut http = Http::connect(&server).await;
    let first = http.get("/checkpoint").await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(
        first
            .body
            .starts_with(b"test.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n")
    );
    let etag = first.header("etag").to_owned();
    assert!(
        etag.starts_with('"') && etag.ends_with('"') && etag.len() == 66,
        "{etag}"
    );
    let weak = format!("W/{etag}");
    let among = format!("\"other\", {etag}");
    for held in [&etag, &weak, &among, "*"] {
        let same = http.ask(Method::GET, "/checkpoint", &[("if-none-match", held)]).await;
        assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0), "{held}");
        assert_eq!(
            (same.header("etag"), same.header("cache-control")),
            (etag.as_str(), "no-cache")
        );
    }
    let head = http.ask(Method::HEAD, "/checkpoint", &[]).await;
    assert_eq!((head.status, head.header("etag")), (StatusCode::OK, etag.as_str()));

    append(&server, &entries(1)).await;
    for held in [etag.as_str(), "\"other\"", "nonsense"] {
        let newer = http.ask(Method::GET, "/checkpoint", &[("if-none-match", held)]).await;
        assert_eq!(newer.status, StatusCode::OK, "{held}");
        assert!(newer.body.starts_with(b"test.example/log\n1\n"), "{held}");
        assert_ne!(newer.header("etag"), etag, "{held}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_logged_by_route_and_never_by_path() {
    let bed = Bed::with_log();
    let mut command = bed.serve_command();
    command.env("INDELIBLE_LOG_FILTER", "info,indelible=debug");
    let server = Server::start(command);
    append(&server, &entries(300)).await;
    let mut http = Http::connect(&server).await;
    for path in [
        "/tile/0/000.p/123",
        "/tile/entries/001.p/33?secret",
        "/hidden/123",
        "/checkpoint",
    ] {
        http.get(path).await;
    }
    drop(http);
    let (_, words) = server.stop();
    let words = words.join("\n");
    for route in [
        "/tile/{level}/{*index}",
        "/tile/entries/{*index}",
        "/checkpoint",
        "route=unknown",
        "/indelible.v1.",
    ] {
        assert!(words.contains(route), "{route}: {words}");
    }
    for path in ["000", "001", "123", "secret", "hidden"] {
        let lines = words.lines().filter(|line| line.contains("indelible::requests"));
        assert!(
            !lines.into_iter().any(|line| without_time(line).contains(path)),
            "{path}: {words}"
        );
    }
}

/// What stands behind the time of a line, and without how long the request took: both may have any digits.
fn without_time(line: &str) -> &str {
    let line = line.split_once(' ').map_or(line, |(_, rest)| rest);
    line.split_once("elapsed_us").map_or(line, |(rest, _)| rest)
}

fn unzip(zipped: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(zipped).read_to_end(&mut plain).unwrap();
    plain
}
