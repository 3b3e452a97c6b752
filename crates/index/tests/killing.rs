//! Killed at random moments, the tables have what they say they have, and nothing of what was erased.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use indelible_event::member::Member;
use indelible_index::idempotency::{Content, ContentMac, Identity, KeyRow, KeyTable};
use indelible_index::search::{EventIndex, EventRow, Field, Query};
use indelible_index::{Erased, IndexKey};
use jiff::Timestamp;
use tempfile::TempDir;

#[test]
fn a_killed_follower_goes_on_where_the_tables_stand() {
    let dir = TempDir::new().unwrap();
    let mut erased: Vec<u64> = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_child_that_is_killed", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        // From when it works, however busy the machine is; in some rounds from when it has erased something.
        let awaited = if round % 3 == 0 { "erased " } else { "begun" };
        let first = said
            .find(|line| line.starts_with(awaited))
            .expect("the child works until it is killed");
        thread::sleep(Duration::from_millis(round * 37 % 100));
        child.kill().unwrap();
        child.wait().unwrap();
        let numbers = [first].into_iter().chain(said);
        erased.extend(numbers.filter_map(|line| line.strip_prefix("erased ")?.parse::<u64>().ok()));
        check(dir.path(), &erased);
    }
    assert!(!erased.is_empty());
}

/// Does nothing unless the test above runs it.
#[test]
fn the_child_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (keys, events) = open(Path::new(&dir));
    say("begun");
    for step in 1.. {
        let first = keys.indexed_size();
        let end = first + 1 + step * 31 % 200;
        let rows: Vec<_> = (first..end).map(|number| Some(key_row(number))).collect();
        keys.extend(first, &rows).unwrap();
        let first = events.indexed_size().unwrap();
        let rows: Vec<_> = (first..end).map(|number| Some(event_row(number))).collect();
        events.extend(first, &rows).unwrap();
        if step % 5 == 0 {
            let number = first / 2;
            let members = vec![Member::Delivery, Member::Actor];
            let erased = [Erased {
                first: number,
                last: number,
                members,
            }];
            keys.erase(&erased).unwrap();
            events.erase(&erased).unwrap();
            say(&format!("erased {number}"));
        }
    }
}

/// On a line of its own, whatever the test harness writes.
fn say(what: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n{what}").unwrap();
    out.flush().unwrap();
}

fn check(dir: &Path, erased: &[u64]) {
    let (keys, events) = open(dir);
    let size = keys.indexed_size();
    // One erasure may have been under way, or done and not said.
    let mut silent = 0;
    for number in 0..size {
        let found = keys.find(&identity(number)).unwrap().found.map(|found| found.index);
        if erased.contains(&number) {
            assert_eq!(found, None, "{number} was erased");
        } else if found != Some(number) {
            assert_eq!(found, None);
            silent += 1;
        }
    }
    assert!(silent <= ROUNDS, "{silent} keys of {size} are missing");
    assert_eq!(
        keys.find(&identity(size)).unwrap().found,
        None,
        "nothing above the size"
    );

    let size = events.indexed_size().unwrap();
    let everything = Query::oldest(usize::MAX);
    assert_eq!(
        events.search(&everything).unwrap().indexes,
        (0..size).collect::<Vec<_>>()
    );
    let alice = events
        .search(&everything.clone().actor("alice", &key()))
        .unwrap()
        .indexes;
    assert!(erased.iter().all(|number| !alice.contains(number)));
    assert!(u64::try_from(alice.len()).unwrap() + ROUNDS + u64::try_from(erased.len()).unwrap() >= size);
}

fn open(dir: &Path) -> (KeyTable, EventIndex) {
    let keys = KeyTable::open_partitioned(&dir.join("dedupe.sqlite"), LOG, &key(), 256).unwrap();
    let events = EventIndex::open_partitioned(&dir.join("search.sqlite"), LOG, &key(), 256).unwrap();
    (keys, events)
}

fn key_row(number: u64) -> KeyRow {
    KeyRow {
        identity: identity(number),
        content: Some(content(number)),
    }
}

fn event_row(number: u64) -> EventRow {
    EventRow {
        received: Timestamp::UNIX_EPOCH,
        occurred: None,
        terms: vec![
            key().term(Field::ActorName, "alice"),
            key().term(Field::TargetId, &number.to_string()),
        ],
    }
}

fn identity(number: u64) -> Identity {
    key().identity("ci", &number.to_string())
}

fn content(number: u64) -> ContentMac {
    key().content(Content::Members(&number.to_be_bytes()))
}

fn key() -> IndexKey {
    IndexKey::new(&[1; 32])
}

const DIR: &str = "INDELIBLE_INDEX_TEST_DIR";

const ROUNDS: u64 = 12;

const LOG: &str = "ci.example.com/audit+00000000+key";
