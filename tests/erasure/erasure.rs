//! Erasing one person out of a log.

use std::time::Instant;

use indelible::trail::{Found, Needle, Wanted};
use indelible_event::MemberState;
use indelible_event::member::Member;

use crate::support::{Bed, Running, SOON};

const PERSON: &str = "octavia.person@erased.example";

fn count() -> u64 {
    std::env::var("INDELIBLE_ERASE_EVENTS").map_or(2_000, |count| count.parse().unwrap())
}

/// Whether nobody is given anything of the person, and the rest is there.
async fn assert_never_given(log: &Running, count: u64) {
    for index in (0..count).filter(|index| index % 7 == 3 || index % 97 == 0) {
        let Found::Event { members, raw, .. } = log.trail().find(index).await.unwrap() else {
            panic!("{index} is no event");
        };
        let actor = &members[Member::Actor.place()];
        let erased = matches!(actor, MemberState::Erased { .. });
        assert_eq!(erased, index % 7 == 3, "{index}: {actor:?}");
        assert_eq!(raw.is_none(), index % 7 == 3, "{index}");
        assert!(members[Member::Action.place()].disclosed().is_some(), "{index}");
    }
}

async fn plan(log: &Running) -> indelible::trail::Plan {
    let trail = log.trail().clone();
    let wanted = Wanted::Subject(Needle::new(PERSON).unwrap());
    let plan = tokio::task::spawn_blocking(move || trail.plan_erasure(&wanted, &mut |_| {}));
    plan.await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_goes_and_all_else_stays() {
    let (bed, count) = (Bed::new(), count());
    let mut log = bed.open();
    log.follow();
    log.submit(count, PERSON).await;
    let before = log.open.log.reader().head();
    let theirs = (0..count).filter(|number| number % 7 == 3).count() as u64;
    assert!(!bed.files_with(PERSON).is_empty(), "the search finds what is there");
    bed.must(&["backup", "--data", "log", "old"]);

    let begin = Instant::now();
    let plan = plan(&log).await;
    let planned = begin.elapsed();
    assert_eq!((plan.events(), plan.damaged()), (theirs, 0));
    let tombstones = log
        .trail()
        .erase(plan, Some("Art. 17".into()), Some("them".into()))
        .await
        .unwrap();
    assert_never_given(&log, count).await;
    let last = *tombstones.last().unwrap();
    tokio::time::timeout(SOON * 10, log.trail().carried_out(last))
        .await
        .unwrap()
        .unwrap();
    println!(
        "{theirs} of {count} events: planned in {planned:?}, gone after {:?}, {} tombstones",
        begin.elapsed(),
        tombstones.len()
    );
    assert_eq!(
        bed.files_with(PERSON),
        Vec::<std::path::PathBuf>::new(),
        "while it runs"
    );
    assert_eq!(self::plan(&log).await.events(), 0);
    let leaves = log.open.log.reader().leaf_hashes(0, 1).unwrap();
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), Vec::<std::path::PathBuf>::new(), "at rest");
    bed.must(&["fsck", "--data", "log"]);

    // A start knows the tombstones, also those that are carried out and not read again.
    let log = bed.open();
    assert!(
        log.open.log.blanker().unwrap().pending().is_empty(),
        "nothing is done twice"
    );
    assert_never_given(&log, count).await;
    assert_eq!(log.open.log.reader().leaf_hashes(0, 1).unwrap(), leaves);
    log.stop().await;

    bed.must(&["rebuild", "--data", "log"]);
    std::fs::rename(bed.path("log/keys.sqlite"), bed.path("keys")).unwrap();
    std::fs::rename(bed.path("log/events.sqlite"), bed.path("events")).unwrap();
    let mut log = bed.open();
    log.follow();
    assert_never_given(&log, count).await;
    assert!(log.open.log.reader().head().size() > before.size());
    log.stop().await;
    assert_eq!(
        bed.files_with(PERSON),
        Vec::<std::path::PathBuf>::new(),
        "behind a rebuild"
    );

    // A backup that goes on erases what it had; restored, it has nothing of it.
    bed.must(&["backup", "--data", "log", "old"]);
    std::fs::rename(bed.path("log"), bed.path("lost")).unwrap();
    bed.must(&["restore", "old", "--data", "log", "--key", "lost/log.key"]);
    assert_eq!(bed.files_with(PERSON), Vec::<std::path::PathBuf>::new(), "restored");
    bed.must(&["fsck", "--data", "log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_on_the_way_goes_on_with_it() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(700, PERSON).await;
    log.stop().await;
    for millis in [0, 5, 15, 30, 60, 120] {
        let server = bed.serve();
        let url = server.url.clone();
        let erased = std::thread::scope(|scope| {
            let erasing = scope.spawn(|| {
                bed.run(&[
                    "erase",
                    "--url",
                    &url,
                    "--subject",
                    PERSON,
                    "--basis",
                    "b",
                    "--requester",
                    "r",
                    "--yes",
                ])
            });
            std::thread::sleep(std::time::Duration::from_millis(millis));
            drop(server);
            erasing.join().unwrap()
        });
        let log = bed.open();
        if log.open.log.reader().head().size() > 700 || erased.status.success() {
            assert_never_given(&log, 700).await;
        }
        log.stop().await;
    }
    let server = bed.serve();
    bed.must(&[
        "erase",
        "--url",
        &server.url,
        "--subject",
        PERSON,
        "--basis",
        "b",
        "--requester",
        "r",
        "--yes",
    ]);
    drop(server);
    let mut log = bed.open();
    log.follow();
    assert_never_given(&log, 700).await;
    let size = log.open.log.reader().head().size();
    tokio::time::timeout(SOON, log.trail().carried_out(size - 1))
        .await
        .unwrap()
        .unwrap();
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), Vec::<std::path::PathBuf>::new());
    bed.must(&["fsck", "--data", "log"]);
}
