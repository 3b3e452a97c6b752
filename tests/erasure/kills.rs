//! `kill -9`, at moments that nobody has chosen.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bed::{Bed, SOON};
use crate::files::NONE;
use crate::one_person::count;

/// Events of each person.
const EACH: u64 = 140;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_on_the_way_to_the_tombstone_has_done_all_or_nothing() {
    let bed = Bed::new();
    let person = |round: u64| format!("person-{round}@killed.example");
    let log = bed.open();
    let rounds = 8;
    let mut took = Duration::ZERO;
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
        // Half of them are killed some time behind the tombstone, the others on the last half of the way there, which is as long as it was
        // for the one before.
        let begin = Instant::now();
        let mut tombstone = String::new();
        let mut said = BufReader::new(erasing.stdout.take().unwrap());
        if round % 2 == 0 {
            said.read_line(&mut tombstone).unwrap();
            took = begin.elapsed();
            std::thread::sleep(Duration::from_millis(round * 2));
        } else {
            std::thread::sleep(took * u32::try_from(round + 6).unwrap() / 13);
        }
        drop(server);
        erasing.wait().unwrap();
        if round % 2 == 1 {
            said.read_line(&mut tombstone).unwrap();
        }
        let log = bed.open();
        if !tombstone.is_empty() {
            log.assert_never_given(round * EACH..(round + 1) * EACH).await;
        }
        log.stop().await;
    }

    let mut log = bed.open();
    log.follow();
    for round in 0..rounds {
        let plan = log.plan(&person(round)).await;
        // Either all of it was committed, or nothing.
        assert!(plan.events() == 0 || plan.events() == EACH / 7, "{plan:?}");
        if plan.events() > 0 {
            log.trail().erase(plan, None, None).await.unwrap();
        }
    }
    log.assert_never_given(0..rounds * EACH).await;
    let size = log.open.log.reader().head().size();
    log.carried_out(size - 1).await;
    log.stop().await;
    for round in 0..rounds {
        assert_eq!(bed.files_with(&person(round)), NONE);
    }
    bed.must(&["fsck", "--data", "log"]);
}

const PERSON: &str = "ottavio.person@killed.example";

/// The tombstones are in the log, and the service is killed again and again while it overwrites what they name: first soon, then later
/// and later, until it has come to its end. 2,000 events, or as many as `INDELIBLE_ERASE_EVENTS` says.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_while_it_overwrites_comes_to_its_end() {
    let bed = Bed::new();
    let count = count();
    let mut log = bed.open();
    // Nobody follows here: the next start brings the table of keys up to the log, before there are too many of them.
    for start in (0..count).step_by(50_000) {
        log.submit(start..count.min(start + 50_000), PERSON).await;
        log.stop().await;
        log = bed.open();
    }
    let plan = log.plan(PERSON).await;
    // Nobody carries it out here.
    let tombstones = log.trail().erase(plan, None, None).await.unwrap();
    let last = *tombstones.last().unwrap();
    log.stop().await;
    assert_ne!(bed.files_with(PERSON), NONE);

    let (mut kills, mut half_way) = (0, 0);
    let mut wait = Duration::ZERO;
    let step = step(count);
    // The short form takes seconds.
    let until = Instant::now() + if count > 10_000 { SOON * 30 } else { SOON * 3 };
    let begun = |bed: &Bed| bed.path("log").join("erasures.json").exists();
    while !begun(&bed) {
        assert!(Instant::now() < until, "it comes to no end: {kills} kills");
        let server = bed.serve();
        std::thread::sleep(wait + random_up_to(step));
        drop(server);
        kills += 1;
        wait += step;
        half_way += u32::from(bed.files_with(PERSON) != NONE);
        if kills % 4 == 1 {
            let log = bed.open();
            log.assert_never_given(0..2_000).await;
            log.stop().await;
        }
    }
    let mut log = bed.open();
    log.follow();
    log.carried_out(last).await;
    log.assert_never_given(0..count).await;
    log.stop().await;
    println!("{kills} kills, of which {half_way} left some of it in the files");
    assert_eq!(bed.files_with(PERSON), NONE);
    bed.must(&["fsck", "--data", "log"]);
}

/// How much longer each turn may take than the one before: there is more to overwrite of more events.
fn step(count: u64) -> Duration {
    Duration::from_millis(40 + count / 200)
}

fn random_up_to(most: Duration) -> Duration {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    most.mul_f64(u64::from_le_bytes(bytes) as f64 / u64::MAX as f64)
}
