//! Legal holds, by the commands.

use indelible::trail::{EraseError, HoldError, Submission, Wanted};
use indelible_event::member::{Change, Claims, Member, Submitter};
use indelible_event::{HOLDS_MAX, MemberRanges, MemberSet};
use serde_json::json;

use crate::bed::Bed;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_erased_before_it_is_released() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(0..20, "held@example.com").await;
    log.stop().await;
    let server = bed.serve();
    let url = server.url.clone();
    let erase = |index: &'static str, members: &'static str| {
        bed.run(&[
            "erase",
            "--url",
            &url,
            "--index",
            index,
            "--members",
            members,
            "--basis",
            "b",
            "--requester",
            "r",
            "--yes",
        ])
    };
    let hold = bed.must(&[
        "hold",
        "--url",
        &url,
        "3",
        "--range",
        "5..6",
        "--members",
        "actor",
        "--reason",
        "case 7",
    ]);
    assert_eq!(hold.trim(), "20");
    for (index, members) in [("3", "actor,raw"), ("6", "actor"), ("20", "changes")] {
        let refused = erase(index, members);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{words}");
        assert!(words.contains("held by #20: case 7"), "{words}");
    }
    assert!(erase("3", "raw").status.success());
    assert!(erase("7", "actor").status.success());
    drop(server);

    // It is the log's, and outlives the process.
    let server = bed.serve();
    let url = server.url.clone();
    let args = ["--basis", "b", "--requester", "r", "--yes"];
    let again = |index: &str| {
        bed.run(
            &[
                &["erase", "--url", &url, "--index", index, "--members", "actor"],
                &args[..],
            ]
            .concat(),
        )
    };
    assert_eq!(again("5").status.code(), Some(2));
    bed.must(&["hold", "--url", &url, "--release", "20"]);
    assert_eq!(
        bed.run(&["hold", "--url", &url, "--release", "20"]).status.code(),
        Some(2)
    );
    assert!(again("5").status.success());
    assert!(again("20").status.success());
}

/// A release that is erased goes on to hold nothing: it is said once more. Erased with what it released, it is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_erased_brings_no_hold_back() {
    let bed = Bed::new();
    let mut log = bed.open();
    log.submit(0..20, "held@example.com").await;
    for follows in [false, true] {
        // Once from the log itself, and once from the tables.
        if follows {
            log.follow();
        }
        let trail = log.trail().clone();
        let whole = |index: u64| MemberRanges::of_entry(index, MemberSet::ALL).unwrap();
        let plan = |ranges: MemberRanges| {
            let trail = trail.clone();
            let wanted = Wanted::Members(ranges);
            tokio::task::spawn_blocking(move || trail.plan_erasure(&wanted, &mut |_| {}).unwrap())
        };
        let erase = async |ranges: MemberRanges| trail.erase(plan(ranges).await.unwrap(), None, None).await;
        let held = async || {
            trail
                .held()
                .await
                .unwrap()
                .iter()
                .map(|(index, _)| index)
                .collect::<Vec<_>>()
        };
        for member in [Member::Changes, Member::Delivery, Member::Submitter] {
            let hold = trail
                .hold(whole(3), "case 7".to_owned(), "test".to_owned())
                .await
                .unwrap();
            assert!(matches!(erase(whole(3)).await, Err(EraseError::Held(_))));
            let release = trail.release(hold, "test".to_owned()).await.unwrap();
            assert_eq!(held().await, Vec::<u64>::new());
            let alone = MemberRanges::of_entry(release, MemberSet::NONE.with(member)).unwrap();
            let tombstones = erase(alone).await.unwrap();
            assert_eq!(tombstones, [release + 2], "it is said again in front of the tombstone");
            if follows {
                log.carried_out(tombstones[0]).await;
            }
            assert_eq!(held().await, Vec::<u64>::new(), "{member}: it came back");
            // What says it now can be erased as well, and is said again.
            assert_eq!(erase(whole(release + 1)).await.unwrap(), [release + 4]);
            assert_eq!(held().await, Vec::<u64>::new(), "{member}: it came back");
            // One of two that say it is enough, and of what says nothing any more nothing can come back.
            let hold_and_releases = MemberRanges::of([hold, release + 3].map(|index| whole(index).as_slice()[0]));
            assert_eq!(erase(hold_and_releases.unwrap()).await.unwrap(), [release + 5]);
            assert_eq!(held().await, Vec::<u64>::new(), "{member}");
        }
    }
    log.stop().await;
    let log = bed.open();
    assert_eq!(log.trail().held().await.unwrap().iter().count(), 0);
    log.stop().await;
}

/// One hold more than may be in force would stand in the log, and nothing could be held or erased any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_held_is_not_said() {
    let bed = Bed::new();
    let log = bed.open();
    let trail = log.trail();
    log.submit(0..1, "held@example.com").await;
    let entry = |index: u64| MemberRanges::of_entry(index, MemberSet::ALL).unwrap();
    let hold = async |ranges: MemberRanges| trail.hold(ranges, "case 7".to_owned(), "test".to_owned()).await;
    for (ranges, words) in [
        (entry(1), "entry 1 is to be held, but the log has 1"),
        (MemberRanges::default(), "no entry is named"),
    ] {
        assert_eq!(hold(ranges).await.unwrap_err().to_string(), words);
    }
    assert_eq!(log.open.log.reader().head().size(), 1);

    // Placed in a batch, as the service places them one by one.
    let said = json!({"hold": {"reason": "case 7", "entries": [{"first": 0, "last": 0, "members": ["actor"]}]}});
    let holds = (0..HOLDS_MAX - 1).map(|_| Submission {
        source: "indelible/holds".to_owned(),
        key: None,
        claims: Claims {
            changes: Some(vec![Change {
                field: "hold".to_owned(),
                before: None,
                after: Some(said.clone()),
            }]),
            ..Claims::default()
        },
        raw: None,
        submitter: Submitter {
            principal: "test".to_owned(),
            method: "indelible.hold".to_owned(),
            verified: None,
        },
    });
    trail.submit(holds.collect()).await.unwrap();
    assert_eq!(hold(entry(0)).await.unwrap(), HOLDS_MAX as u64, "the last one");
    for _ in 0..2 {
        let refused = hold(entry(0)).await;
        assert!(matches!(refused, Err(HoldError::TooMany(_))), "{refused:?}");
    }
    assert_eq!(trail.held().await.unwrap().iter().count(), HOLDS_MAX);
    trail.release(1, "test".to_owned()).await.unwrap();
    hold(entry(0)).await.unwrap();
    log.stop().await;
}
