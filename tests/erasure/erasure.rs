//! Erasing one person out of a log.

use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use indelible::trail::{Found, Needle, Plan, Wanted};
use indelible_event::MemberState;
use indelible_event::member::Member;

use crate::support::{Bed, Running, SOON};

const PERSON: &str = "octavia.person@erased.example";
const NONE: Vec<PathBuf> = Vec::new();

/// Nobody is given anything of the person, and the rest is there.
async fn assert_never_given(log: &Running, events: Range<u64>) {
    for index in events.filter(|index| index % 7 == 3 || index % 97 == 0) {
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

async fn plan(log: &Running, person: &str) -> Plan {
    let trail = log.trail().clone();
    let wanted = Wanted::Subject(Needle::new(person).unwrap());
    let plan = tokio::task::spawn_blocking(move || trail.plan_erasure(&wanted, &mut |_| {}));
    plan.await.unwrap().unwrap()
}

async fn carried_out(log: &Running, tombstone: u64) {
    let carried_out = tokio::time::timeout(SOON * 10, log.trail().carried_out(tombstone));
    carried_out.await.unwrap().unwrap();
}

/// 2,000 events, or as many as `INDELIBLE_ERASE_EVENTS` says.
#[tokio::test(flavor = "multi_thread")]
async fn one_person_goes_and_all_else_stays() {
    let bed = Bed::new();
    let count = std::env::var("INDELIBLE_ERASE_EVENTS").map_or(2_000, |count| count.parse().unwrap());
    let theirs = (0..count).filter(|number| number % 7 == 3).count() as u64;
    let mut log = bed.open();
    log.follow();
    log.submit(0..count, PERSON).await;
    log.stop().await;
    bed.must(&["backup", "--data", "log", "old"]);
    assert_ne!(bed.files_with(PERSON), NONE, "the search finds what is there");
    assert_ne!(bed.files_in("old", PERSON), NONE);

    let mut log = bed.open();
    log.follow();
    let before = log.open.log.reader().head();
    let begin = Instant::now();
    let plan = self::plan(&log, PERSON).await;
    let planned = begin.elapsed();
    assert_eq!((plan.events(), plan.damaged()), (theirs, 0));
    let texts = (Some("Art. 17".to_owned()), Some("ticket 4711".to_owned()));
    let tombstones = log.trail().erase(plan, texts.0, texts.1).await.unwrap();
    let committed = begin.elapsed();
    assert_never_given(&log, 0..count).await;
    carried_out(&log, *tombstones.last().unwrap()).await;
    println!(
        "{theirs} of {count} events: planned in {planned:?}, committed after {committed:?} as {} tombstones, gone after {:?}",
        tombstones.len(),
        begin.elapsed()
    );
    assert_eq!(bed.files_with(PERSON), NONE, "while it runs");
    assert_eq!(self::plan(&log, PERSON).await.events(), 0);
    let leaves = log.open.log.reader().leaf_hashes(0, count).unwrap();
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE, "at rest");
    bed.must(&["fsck", "--data", "log"]);

    // A start knows the tombstones, also those that are carried out and not read again.
    let log = bed.open();
    assert!(
        log.open.log.blanker().unwrap().pending().is_empty(),
        "nothing is done twice"
    );
    assert_never_given(&log, 0..count).await;
    assert_eq!(log.open.log.reader().leaf_hashes(0, count).unwrap(), leaves);
    log.stop().await;

    bed.must(&["rebuild", "--data", "log"]);
    for table in ["keys.sqlite", "events.sqlite", "erasures.json"] {
        std::fs::remove_file(bed.path("log").join(table)).unwrap();
    }
    let mut log = bed.open();
    log.follow();
    assert_never_given(&log, 0..count).await;
    assert!(log.open.log.reader().head().size() > before.size());
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE, "behind a rebuild");

    // A backup that goes on erases what it had; restored, it has nothing of it.
    bed.must(&["backup", "--data", "log", "old"]);
    assert_eq!(bed.files_in("old", PERSON), NONE, "in the backup");
    std::fs::rename(bed.path("log"), bed.path("lost")).unwrap();
    bed.must(&["restore", "old", "--data", "log", "--key", "lost/log.key"]);
    assert_eq!(bed.files_with(PERSON), NONE, "restored");
    bed.must(&["fsck", "--data", "log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_the_overwriting_is_overwritten_first() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(0..100, PERSON).await;
    let plan = self::plan(&log, PERSON).await;
    log.trail().erase(plan, None, None).await.unwrap();
    // Nobody carries it out here, and still it is given to nobody.
    assert_never_given(&log, 0..100).await;
    let head = log.open.log.reader().head().note_bytes();
    log.stop().await;
    assert_ne!(bed.files_with(PERSON), NONE);

    std::fs::create_dir_all(bed.path("copy/journal")).unwrap();
    for file in std::fs::read_dir(bed.path("log/journal")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), bed.path("copy/journal").join(file.file_name())).unwrap();
    }
    std::fs::write(bed.path("copy/checkpoint"), head).unwrap();
    bed.must(&["rebuild", "--data", "log"]);
    assert_eq!(bed.files_with(PERSON), NONE, "rebuilt");
    std::fs::rename(bed.path("log"), bed.path("lost")).unwrap();
    assert_ne!(bed.files_in("copy", PERSON), NONE);
    bed.must(&["restore", "copy", "--data", "log", "--key", "lost/log.key"]);
    assert_eq!(bed.files_with(PERSON), NONE, "restored");
    let log = bed.open();
    assert_never_given(&log, 0..100).await;
    log.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_put_in_the_place_of_another_is_not_believed_to_be_overwritten() {
    let bed = Bed::new();
    let mut log = bed.open();
    log.submit(0..100, PERSON).await;
    let plan = self::plan(&log, PERSON).await;
    let tombstones = log.trail().erase(plan, None, None).await.unwrap();
    std::fs::create_dir_all(bed.path("journal")).unwrap();
    for file in std::fs::read_dir(bed.path("log/journal")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), bed.path("journal").join(file.file_name())).unwrap();
    }
    log.follow();
    carried_out(&log, tombstones[0]).await;
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE);

    std::fs::rename(bed.path("log/journal"), bed.path("moved")).unwrap();
    std::fs::rename(bed.path("journal"), bed.path("log/journal")).unwrap();
    assert_ne!(bed.files_with(PERSON), NONE, "the copy has it");
    let mut log = bed.open();
    assert_never_given(&log, 0..100).await;
    log.follow();
    carried_out(&log, tombstones[0]).await;
    log.stop().await;
    assert_eq!(bed.files_with(PERSON), NONE);
}

/// Events of each person.
const EACH: u64 = 140;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_on_the_way_goes_on_with_it() {
    let bed = Bed::new();
    let person = |round: u64| format!("person-{round}@killed.example");
    let log = bed.open();
    let rounds = 8;
    for round in 0..rounds {
        log.submit(round * EACH..(round + 1) * EACH, &person(round)).await;
    }
    log.stop().await;
    for round in 0..rounds {
        let server = bed.serve();
        let mut erasing = bed
            .command(&["erase", "--url", &server.url, "--subject", &person(round), "--yes"])
            .args(["--basis", "b", "--requester", "r"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Half of them are killed some time behind the tombstone, the others whenever it is.
        let mut tombstone = String::new();
        let mut said = BufReader::new(erasing.stdout.take().unwrap());
        if round % 2 == 0 {
            said.read_line(&mut tombstone).unwrap();
            std::thread::sleep(Duration::from_millis(round * 2));
        } else {
            std::thread::sleep(Duration::from_millis(round * 40));
        }
        drop(server);
        erasing.wait().unwrap();
        if round % 2 == 1 {
            said.read_line(&mut tombstone).unwrap();
        }
        let log = bed.open();
        if !tombstone.is_empty() {
            assert_never_given(&log, round * EACH..(round + 1) * EACH).await;
        }
        log.stop().await;
    }

    let mut log = bed.open();
    log.follow();
    for round in 0..rounds {
        let plan = plan(&log, &person(round)).await;
        // Either all of it was committed, or nothing.
        assert!(plan.events() == 0 || plan.events() == EACH / 7, "{plan:?}");
        if plan.events() > 0 {
            log.trail().erase(plan, None, None).await.unwrap();
        }
    }
    assert_never_given(&log, 0..rounds * EACH).await;
    let size = log.open.log.reader().head().size();
    carried_out(&log, size - 1).await;
    log.stop().await;
    for round in 0..rounds {
        assert_eq!(bed.files_with(&person(round)), NONE);
    }
    bed.must(&["fsck", "--data", "log"]);
}
