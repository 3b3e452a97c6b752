//! Erasing one person out of a log.

use std::ops::Range;
use std::time::Instant;

use indelible_client::NewEvent;
use indelible_merkle::Hash;
use indelible_note::Receipt;

use crate::bed::{Bed, Server};
use crate::files::NONE;
use crate::person::event;

const PERSON: &str = "octavia.person@erased.example";

/// 2,000 events, or as many as `INDELIBLE_ERASE_EVENTS` says.
pub(crate) fn count() -> u64 {
    std::env::var("INDELIBLE_ERASE_EVENTS").map_or(2_000, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_goes_and_all_else_stays() {
    let bed = Bed::new();
    let count = count();
    let theirs = (0..count).filter(|number| number % 7 == 3).count() as u64;
    let server = bed.serve();
    let begin = Instant::now();
    let receipts = submit(&bed, &server, 0..count).await;
    println!(
        "{count} events submitted in {:?}, each receipt verified",
        begin.elapsed()
    );
    server.stop();
    bed.must(&["backup", "--data", "log", "old"]);
    bed.must(&["backup", "--data", "log", "before"]);
    assert_ne!(bed.files_with(PERSON), NONE, "the search finds what is there");
    assert_ne!(bed.files_in("old", PERSON), NONE);

    let mut log = bed.open();
    log.follow();
    let before = log.open.log.reader().head();
    let begin = Instant::now();
    let plan = log.plan(PERSON).await;
    let planned = begin.elapsed();
    assert_eq!((plan.events(), plan.damaged()), (theirs, 0));
    let texts = (Some("Art. 17".to_owned()), Some("ticket 4711".to_owned()));
    let tombstones = log.trail().erase(plan, texts.0, texts.1).await.unwrap();
    let committed = begin.elapsed();
    log.carried_out(*tombstones.last().unwrap()).await;
    println!(
        "{theirs} of {count} events: found in {planned:?}, committed after {committed:?} as {} tombstones, overwritten after {:?}",
        tombstones.len(),
        begin.elapsed()
    );
    assert_eq!(bed.files_with(PERSON), NONE, "while it runs");
    log.assert_never_given(0..count).await;
    assert_eq!(log.plan(PERSON).await.events(), 0);
    let leaves = log.open.log.reader().leaf_hashes(0, count).unwrap();
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE, "at rest");
    bed.must(&["fsck", "--data", "log"]);

    // A start knows the tombstones, also those that are carried out and not read again.
    let mut log = bed.open();
    assert!(
        log.open.log.blanker().unwrap().pending().is_empty(),
        "nothing is done twice"
    );
    log.follow();
    log.assert_never_given(0..count).await;
    assert_eq!(log.open.log.reader().leaf_hashes(0, count).unwrap(), leaves);
    // The receipts that the submitters had from the time before, against the leaves that the log has now.
    let begin = Instant::now();
    let vkey = bed.vkey();
    let mut at = 0;
    while at < count {
        let entries = log.open.log.reader().entries(at, count, 4 << 20).unwrap();
        for entry in entries {
            let receipt = &receipts[usize::try_from(at).unwrap()];
            assert_eq!(receipt.index(), at);
            receipt.verify(Hash::leaf(&entry), &vkey).unwrap();
            at += 1;
        }
    }
    println!("{count} receipts from before verified in {:?}", begin.elapsed());
    log.stop().await;
    let server = bed.serve();
    bed.must(&["audit", &server.url, "--vkey", &vkey.to_string()]);
    evidence_says_erased(&bed, &server, &tombstones);
    server.stop();

    bed.must(&["rebuild", "--data", "log"]);
    for table in ["keys.sqlite", "events.sqlite", "erasures.json"] {
        std::fs::remove_file(bed.path("log").join(table)).unwrap();
    }
    let mut log = bed.open();
    log.follow();
    log.assert_never_given(0..count).await;
    assert!(log.open.log.reader().head().size() > before.size());
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE, "behind a rebuild");

    // A backup that goes on erases what it had; restored, it has nothing of it.
    bed.must(&["backup", "--data", "log", "old"]);
    assert_eq!(bed.files_in("old", PERSON), NONE, "in the backup");
    std::fs::rename(bed.path("log"), bed.path("lost")).unwrap();
    // One that was never run again has her, and not the tombstone; that the log went on is remembered beside it.
    let restored = bed.run(&["restore", "before", "--data", "log", "--key", "lost/log.key"]);
    let words = String::from_utf8_lossy(&restored.stderr).into_owned();
    assert_eq!(restored.status.code(), Some(1), "{words}");
    assert!(words.contains("log.checkpoint remembers"), "{words}");
    assert!(!bed.path("log").exists(), "{words}");
    bed.must(&["restore", "old", "--data", "log", "--key", "lost/log.key"]);
    assert_eq!(bed.files_with(PERSON), NONE, "restored");
    bed.must(&["fsck", "--data", "log"]);
}

/// By the API, in batches, four at a time. The receipts, in the order of the events; the client verifies each.
async fn submit(bed: &Bed, server: &Server, numbers: Range<u64>) -> Vec<Receipt> {
    let client = server.client(bed.vkey()).await;
    let end = numbers.end;
    let batches = numbers.step_by(BATCH).map(|first| {
        let client = client.clone();
        async move {
            let batch: Vec<NewEvent> = (first..end.min(first + BATCH as u64))
                .map(|number| event(number, PERSON))
                .collect();
            let submitted = client.submit_batch(&batch).await.unwrap();
            submitted.into_iter().map(|one| one.receipt).collect::<Vec<_>>()
        }
    });
    let mut receipts = Vec::new();
    // One behind the other, so that the number of an event is its index.
    for batch in batches {
        receipts.extend(batch.await);
    }
    receipts
}

/// 2,000 events have 1.5 MB; a request may have 4 MiB.
const BATCH: usize = 2_000;

/// Whoever is given evidence sees what was erased, and by which tombstone, and that all else holds.
fn evidence_says_erased(bed: &Bed, server: &Server, tombstones: &[u64]) {
    let indexes = ["3", "10", "17", "24", "31", "38", "4"];
    let vkey = bed.vkey().to_string();
    let members = "action,actor,changes,delivery,raw,targets";
    let args = [
        &["disclose"][..],
        &indexes,
        &[
            "--members",
            members,
            "-o",
            "evidence",
            "--url",
            &server.url,
            "--vkey",
            &vkey,
        ],
    ];
    bed.must(&args.concat());
    let told = bed.must(&["verify", "evidence", "--vkey", &vkey]);
    let erased = format!("erased (tombstone #{})", tombstones[0]);
    // Three of the first event, two of the second and of the fifth, and one of the others; none of the last.
    assert_eq!(told.matches(&erased).count(), 10, "{told}");
    assert!(!told.contains(PERSON), "{told}");
    let shown = bed.must(&["show", "3", "--url", &server.url, "--vkey", &vkey]);
    assert!(shown.contains(&erased), "{shown}");
    std::fs::remove_file(bed.path("evidence")).unwrap();
}
