//! An honest log is never accused, however it grows and whatever it has pruned.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::forge::{Forge, key};
use crate::support::{Bed, Server, stdout};
use crate::watch::Watch;
use crate::web::{Answer, Web};

async fn append(server: &Server, bed: &Bed, from: u64, to: u64) {
    let client = server.client(bed.vkey()).await;
    let entries: Vec<Bytes> = (from..to).map(|index| format!("entry {index}").into()).collect();
    for part in entries.chunks(10_000) {
        client.append_batch(part.to_vec()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_served_log_holds_with_all_its_entries() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let vkey = bed.vkey().to_string();
    let entries = Watch::with(&server.url, &["--vkey", &vkey], &["--entries"]);
    let heads = Watch::with(&server.url, &["--vkey", &vkey], &[]);
    let mut size = 0;
    for next in [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_000] {
        append(&server, &bed, size, next).await;
        size = next;
        for (watch, also) in [(&entries, ", and has the entries for it"), (&heads, "")] {
            let output = watch.once();
            let words = watch.expect(0);
            let holds =
                format!("holds: test.example/log has {size} entries and continues what was seen before{also}\n");
            assert!(words.ends_with(&holds), "{words}");
            assert_eq!(stdout(&output), "", "no finding is printed");
            assert_eq!(watch.trusted(), size);
        }
    }
    // One that sees the log for the first time verifies all of it.
    Watch::with(&server.url, &["--vkey", &vkey], &["--entries"]).expect(0);
    assert!(entries.findings().is_empty() && heads.findings().is_empty());
}

/// Restarted, killed and stopped again and again, beside somebody who looks once in a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_grows_all_the_time_is_followed_across_restarts() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let vkey = bed.vkey();
    let watch = Watch::with(
        &server.url,
        &["--vkey", &vkey.to_string()],
        &["--entries", "--interval", "1s"],
    );
    let client = server.client(vkey).await;
    let stop = Arc::new(AtomicU64::new(0));
    let writer = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            let mut size = 0;
            for round in 0.. {
                if stop.load(Ordering::Relaxed) == 1 {
                    break;
                }
                let count = 1 + (round * 37) % 300;
                let entries = (0..count).map(|number| Bytes::from(format!("{round}/{number}")));
                client.append_batch(entries.collect()).await.unwrap();
                size += count;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            size
        }
    });
    for round in 0..3 {
        let mut following = watch.follow(&[]);
        following.hear("is followed");
        let size = watch.trusted();
        crate::watch::until("the head moves", || watch.trusted() > size);
        match round {
            0 => following.kill(),
            _ => {
                let (status, said) = following.stop();
                assert_eq!(status, Some(0), "{said:#?}");
                assert!(!said.iter().any(|line| line.contains("cannot tell")), "{said:#?}");
            }
        }
    }
    stop.store(1, Ordering::Relaxed);
    let size = writer.await.unwrap();
    watch.expect(0);
    assert_eq!(watch.trusted(), size);
    assert!(watch.findings().is_empty());
}

/// The log grows with every request that is made, so that no two are answered at one size, and a partial tile or bundle is gone as
/// soon as it is full.
#[test]
fn partial_tiles_that_are_gone_are_taken_from_the_full_ones() {
    let log = Forge::new("one", 0, 40_000);
    let size = Arc::new(Mutex::new(1));
    let web = Web::new(move |request| {
        let mut size = size.lock().unwrap();
        let body = log.file(&request.path, *size);
        let is_gone = request
            .path
            .split_once(".p/")
            .is_some_and(|(full, _)| log.file(full, *size).is_some());
        *size = (*size + 97).min(40_000);
        Answer::file(body.filter(|_| !is_gone))
    });
    let watch = Watch::of(&web.url, &key(), &["--entries"]);
    let begin = Instant::now();
    while watch.bed.path("state/state").metadata().is_err() || watch.trusted_or_none() < 40_000 {
        assert!(begin.elapsed() < Duration::from_secs(200), "it does not get there");
        watch.expect(0);
    }
    assert!(watch.findings().is_empty());
}

/// A log that throws the partials of every older size away at once: what was asked for may be nowhere. That is no finding, and the
/// next look finds everything.
#[test]
fn partial_tiles_that_are_nowhere_are_a_matter_of_time() {
    let log = Forge::new("one", 0, 2_000);
    let (size, grows) = (Arc::new(Mutex::new(100)), Arc::new(Mutex::new(true)));
    let web = Web::new({
        let grows = Arc::clone(&grows);
        move |request| {
            let mut size = size.lock().unwrap();
            let body = log.file(&request.path, *size);
            let width = request
                .path
                .split_once(".p/")
                .map(|(_, width)| width.parse::<u64>().unwrap());
            let is_newest = width.is_none_or(|width| *size % 256 == width || *size / 256 == width);
            if request.path == "checkpoint" && *grows.lock().unwrap() {
                *size += 3;
            }
            Answer::file(body.filter(|_| is_newest))
        }
    });
    let watch = Watch::of(&web.url, &key(), &["--entries"]);
    let words = watch.expect(2);
    assert!(words.contains("is not there"), "{words}");
    *grows.lock().unwrap() = false;
    watch.expect(0);
    *grows.lock().unwrap() = true;
    // The head that is known already needs no tiles; the next one does.
    watch.expect(0);
    watch.expect(2);
    *grows.lock().unwrap() = false;
    watch.expect(0);
    assert!(watch.findings().is_empty());
}

/// A head that comes from a cache for a moment is older than the one that was seen, and no rollback.
#[test]
fn an_older_head_from_a_cache_is_no_rollback() {
    let log = Forge::new("one", 0, 600);
    let web = Web::new(move |request| Answer::file(log.file(&request.path, 600)));
    let watch = Watch::of(&web.url, &key(), &[]);
    watch.expect(0);
    let log = Forge::new("one", 0, 700);
    let mut asked = 0;
    web.now(move |request| {
        asked += u64::from(request.path == "checkpoint");
        let size = if asked < 3 { 500 } else { 700 };
        Answer::file(log.file(&request.path, size))
    });
    watch.expect(0);
    assert_eq!(watch.trusted(), 700);
    assert!(watch.findings().is_empty());
}

#[test]
fn a_folder_with_a_copy_is_followed_like_a_log() {
    let log = Forge::new("one", 0, 1_000);
    let folder = tempfile::tempdir().unwrap();
    log.publish(folder.path(), 300);
    let watch = Watch::of(folder.path().to_str().unwrap(), &key(), &["--entries"]);
    watch.expect(0);
    log.publish(folder.path(), 1_000);
    watch.expect(0);
    assert_eq!(watch.trusted(), 1_000);
    assert!(watch.findings().is_empty());
}
