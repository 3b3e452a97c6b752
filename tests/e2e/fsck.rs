//! Checking a log at rest and making its tree anew, on files.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use indelible_merkle::Hash;

use crate::support::{Bed, stderr, stdout};

const ENTRIES: u64 = 1_300;

fn entry(index: u64) -> Bytes {
    format!("entry {index}").into()
}

/// A bed with a log of [`ENTRIES`], stopped.
async fn with_entries() -> Bed {
    let bed = Bed::with_log();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    client
        .append_batch((0..ENTRIES - 1).map(entry).collect())
        .await
        .unwrap();
    client.append(entry(ENTRIES - 1)).await.unwrap();
    server.stop();
    bed
}

/// The exit status of fsck, its findings, and its words.
fn fsck(bed: &Bed) -> (Option<i32>, Vec<String>, String) {
    let output = bed.run(&["fsck", "--data", "log"]);
    let findings = stdout(&output).lines().map(str::to_owned).collect();
    (output.status.code(), findings, stderr(&output))
}

/// Inverts some bytes in the middle of what a file has, where neither its first nor its last pages are.
fn damage(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset..offset + 64].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_volume_is_found_and_made_anew_and_receipts_still_verify() {
    let bed = with_entries().await;
    let (status, findings, words) = fsck(&bed);
    assert_eq!((status, findings), (Some(0), vec![]), "{words}");
    assert!(
        words.contains("1300 entries, 3 heads (3 signatures), 1300 entries and 5 tiles"),
        "{words}"
    );

    for (round, args) in [
        (1, &["rebuild", "--data", "log"][..]),
        (2, &["rebuild", "--data", "log", "--volume", "0"]),
    ] {
        let volume = bed.path("log/tree.sled/0000/db");
        let stored = fs::read(&volume).unwrap();
        let place = stored
            .windows(11)
            .position(|window| window == b"\x00\x09entry 300")
            .unwrap();
        damage(&volume, place);
        let (status, findings, words) = fsck(&bed);
        assert_eq!((status, findings.len()), (Some(1), 1), "{findings:?} {words}");
        assert!(
            findings[0].contains("tree.sled") && findings[0].contains("indelible rebuild"),
            "{findings:?}"
        );

        let rebuilt = bed.run(args);
        let words = stderr(&rebuilt);
        assert_eq!(rebuilt.status.code(), Some(0), "{words}");
        assert!(words.contains("1300 entries, 5 tiles"), "{words}");
        let aside = ["log/tree.sled.broken-1", "log/tree.sled/0000.broken-1"][round - 1];
        assert!(bed.path(aside).is_dir() && words.contains(aside), "{words}");
        assert!(!bed.path("log/tree.sled.new").exists());
        assert_eq!(fsck(&bed).0, Some(0));
    }

    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    for index in 0..ENTRIES {
        let receipt = client.prove(index).await.unwrap();
        receipt.verify(Hash::leaf(&entry(index)), &bed.vkey()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_a_finding_and_nothing_is_made_of_it() {
    let bed = with_entries().await;
    let segment = bed.path("log/journal/00000000.seg");
    let stored = fs::read(&segment).unwrap();
    let place = stored.windows(9).position(|window| window == b"entry 300").unwrap();
    damage(&segment, place);
    let (status, findings, words) = fsck(&bed);
    assert_eq!(status, Some(1), "{words}");
    // At byte 512, or behind the closing record of a log that nobody wrote to for a moment.
    assert!(findings[0].contains("00000000.seg is damaged at byte"), "{findings:?}");
    assert!(findings[0].contains("only 0 entries could be checked"), "{findings:?}");

    let rebuilt = bed.run(&["rebuild", "--data", "log"]);
    assert_eq!(rebuilt.status.code(), Some(2), "{}", stderr(&rebuilt));
    assert!(stderr(&rebuilt).contains("damaged at byte"), "{}", stderr(&rebuilt));
    assert!(!bed.path("log/tree.sled.broken-1").exists() && !bed.path("log/tree.sled.new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_checked_or_made_is_said() {
    let bed = with_entries().await;
    let refused = |args: &[&str], words: &str| {
        let output = bed.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    };
    refused(&["rebuild", "--data", "log", "--volume", "1"], "there is no volume 1");
    refused(&["fsck", "--data", "absent"], "no log in absent");
    refused(&["rebuild", "--data", "absent"], "no log in absent");
    let other = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "other",
    ]);
    refused(
        &["fsck", "--data", "log", "--vkey", stdout(&other).trim()],
        "belongs to the key",
    );

    let server = bed.serve();
    let holder = format!("in use by the process {}", server.pid());
    refused(&["fsck", "--data", "log"], &holder);
    refused(&["rebuild", "--data", "log"], &holder);
}

/// Small volumes, so that there are several, with a broken one among whole ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_made_with_the_volumes_it_is_told() {
    let bed = Bed::new();
    let init = [
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "log",
        "--volume-entries",
    ];
    for wrong in ["4095", "4097", "0", "536870912", "many"] {
        let refused = bed.run(&[&init[..], &[wrong]].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        assert!(stderr(&refused).contains("--volume-entries"), "{}", stderr(&refused));
    }
    assert!(bed.run(&[&init[..], &["4096"]].concat()).status.success());
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    client.append_batch((0..9_000).map(entry).collect()).await.unwrap();
    server.stop();
    let volume = |number: u64| bed.path(&format!("log/tree.sled/{number:04}"));
    assert!(volume(2).is_dir() && !volume(3).exists());
    fs::remove_dir_all(volume(1)).unwrap();
    assert_eq!(fsck(&bed).0, Some(1));
    let rebuilt = bed.run(&["rebuild", "--data", "log", "--volume", "1"]);
    assert!(
        stderr(&rebuilt).contains("4096 entries, 16 tiles"),
        "{}",
        stderr(&rebuilt)
    );
    assert_eq!(fsck(&bed).0, Some(0));
}
