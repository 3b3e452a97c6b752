//! `recover --drop-last-frame`: a last frame that the disk has damaged, and what is lost with it.

use std::fs;

use bytes::Bytes;

use crate::given::Given;
use crate::support::{Bed, Server, stderr};

/// A bed with a stopped log of two commits, of 100 and of 20 entries; where in the segment the entries of the second begin.
async fn two_commits() -> (Bed, usize) {
    let bed = Bed::with_log();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let entries = |range: std::ops::Range<u32>| range.map(|number| Bytes::from(format!("entry {number}."))).collect();
    client.append_batch(entries(0..100)).await.unwrap();
    client.append_batch(entries(100..120)).await.unwrap();
    server.stop();
    let stored = fs::read(bed.path(SEGMENT)).unwrap();
    let place = stored.windows(10).position(|window| window == b"entry 110.").unwrap();
    (bed, place)
}

fn damage(bed: &Bed, place: usize) {
    let mut stored = fs::read(bed.path(SEGMENT)).unwrap();
    stored[place] ^= 0xff;
    fs::write(bed.path(SEGMENT), stored).unwrap();
}

/// Runs a command that must end with `expected` and say all of `words`.
fn check(bed: &Bed, args: &[&str], expected: i32, words: &[&str]) {
    let output = bed.run(args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(expected), "{args:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{args:?}: {word:?} is not in {said}");
    }
}

const SEGMENT: &str = "log/journal/00000000.seg";
const DROP: [&str; 4] = ["recover", "--drop-last-frame", "--data", "log"];

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_last_frame_is_given_up_by_steps() {
    let (bed, place) = two_commits().await;
    check(&bed, &DROP, 0, &["there is nothing to drop"]);
    damage(&bed, place);
    let damaged = fs::read(bed.path(SEGMENT)).unwrap();
    check(&bed, &["serve", "--open", "--data", "log"], 2, &["damaged at byte"]);
    let shown = [
        "damaged at byte",
        "entries 100 to 119: the log has 120 before and 100 after",
        "log.checkpoint remembers a head of 120 entries",
        "--accept-older",
        "consent",
    ];
    check(&bed, &DROP, 2, &shown);
    assert_eq!(
        fs::read(bed.path(SEGMENT)).unwrap(),
        damaged,
        "without consent nothing is changed"
    );
    assert!(bed.acts().is_empty());

    let agreed = [&DROP[..], &["--yes"]].concat();
    check(
        &bed,
        &agreed,
        0,
        &["ends behind 100 entries", "indelible rebuild --data log"],
    );
    let record = bed.acts().remove(0);
    assert_eq!(
        (record["act"].as_str(), record["first"].as_u64()),
        (Some("drop-last-frame"), Some(100))
    );
    let kept = fs::read(bed.path(record["kept"].as_str().unwrap())).unwrap();
    let offset = usize::try_from(record["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(kept, damaged[offset..offset + kept.len()], "what was dropped is kept");

    // Step by step, as the messages say.
    let serve = ["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"];
    check(&bed, &serve, 1, &["the object store has 120 entries"]);
    check(&bed, &["rebuild", "--data", "log"], 0, &["100 entries"]);
    check(&bed, &serve, 1, &["remembers a head of 120 entries"]);
    check(
        &bed,
        &["recover", "--accept-older", "--yes", "--data", "log"],
        0,
        &["moved the memory"],
    );
    goes_on(&bed).await;
}

/// Of a log of events: what was dropped is unknown to the tables of keys and of search as well, and comes again as new.
#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_a_log_of_events_go_back_with_it() {
    let bed = Bed::with_log_of("events");
    let keys = bed.vkey().into();
    let mut given = Given::of(&bed);
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    given
        .submit(&client, (0..90).map(|number| format!("ada/{number}")))
        .await;
    given.deliver(&server, "octocat", 10).await;
    given
        .submit(&client, (90..110).map(|number| format!("bo/{number}")))
        .await;
    given.check(&server, &keys).await;
    server.stop();
    let stored = fs::read(bed.path(SEGMENT)).unwrap();
    let text = b"the bytes of bo/100.";
    damage(
        &bed,
        stored.windows(text.len()).position(|window| window == text).unwrap(),
    );
    let both = [&DROP[..], &["--accept-older", "--yes"]].concat();
    check(&bed, &both, 0, &["ends behind 100 entries", "moved the memory"]);
    check(&bed, &["rebuild", "--data", "log"], 0, &["100 entries"]);

    given.forget_from(100);
    let server = bed.serve();
    given.check(&server, &keys).await;
    // GivenEvent::of demands that they are new.
    let client = server.client(bed.vkey()).await;
    given
        .submit(&client, (90..110).map(|number| format!("bo/{number}")))
        .await;
    assert_eq!(client.head().await.unwrap().head().size, 120);
    given.check(&server, &keys).await;
    server.stop();
    check(&bed, &["fsck", "--data", "log"], 0, &["120 entries"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_consents_can_be_given_at_once() {
    let (bed, place) = two_commits().await;
    damage(&bed, place);
    let both = [&DROP[..], &["--accept-older", "--yes"]].concat();
    check(&bed, &both, 0, &["ends behind 100 entries", "moved the memory"]);
    check(&bed, &["rebuild", "--data", "log"], 0, &["100 entries"]);
    goes_on(&bed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_elsewhere_is_not_dropped() {
    let (bed, place) = two_commits().await;
    // In the first commit: `entry 10.` stands some sectors before.
    let stored = fs::read(bed.path(SEGMENT)).unwrap();
    let earlier = stored.windows(9).position(|window| window == b"entry 10.").unwrap();
    assert!(earlier < place);
    damage(&bed, earlier);
    damage(&bed, place);
    let damaged = fs::read(bed.path(SEGMENT)).unwrap();
    check(
        &bed,
        &[&DROP[..], &["--yes"]].concat(),
        1,
        &["damaged at byte", "not the last frame alone", "restore"],
    );
    assert_eq!(fs::read(bed.path(SEGMENT)).unwrap(), damaged);
    assert!(bed.acts().is_empty());
    check(
        &bed,
        &["recover", "--data", "log"],
        2,
        &["--accept-older", "--drop-last-frame"],
    );
    check(
        &bed,
        &["recover", "--drop-last-frame", "--data", "absent"],
        2,
        &["no log in absent"],
    );
    fs::write(bed.path(SEGMENT), stored).unwrap();
    let server = bed.serve();
    check(&bed, &DROP, 2, &[&format!("in use by the process {}", server.pid())]);
}

async fn goes_on(bed: &Bed) {
    let server: Server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let receipt = client.append("after it".into()).await.unwrap();
    assert_eq!(receipt.index(), 100);
    server.stop();
    check(bed, &["fsck", "--data", "log"], 0, &["101 entries"]);
}
