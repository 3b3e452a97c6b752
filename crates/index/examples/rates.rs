//! Measures the tables: `cargo run --release -p indelible-index --example rates -- keys|events COUNT [STEP]`.
//!
//! Fills a new file in a temporary directory with COUNT rows, STEP in a transaction, and says how fast each million went, how
//! large file and process are, how long it takes to open it again and to ask it.
#![expect(clippy::unwrap_used, reason = "an example that fails says where")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use indelible_event::member::Member;
use indelible_index::idempotency::{Content, ContentMac, Identity, KeyRow, KeyTable};
use indelible_index::search::{EventIndex, EventRow, Field, Query};
use indelible_index::{Erased, IndexKey};
use jiff::Timestamp;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize| {
        arguments
            .get(at)
            .and_then(|text| text.replace('_', "").parse::<u64>().ok())
    };
    let count = number(2).unwrap_or(1_000_000);
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("file.sqlite");
    match arguments.get(1).map(String::as_str) {
        Some("keys") => keys(&file, count, number(3).unwrap_or(8_192)),
        Some("events") => events(&file, count, number(3).unwrap_or(8_192)),
        _ => panic!("keys or events, and how many"),
    }
}

fn keys(file: &Path, count: u64, step: u64) {
    let key = IndexKey::new(&[7; 32]);
    let row = |number: u64| KeyRow {
        identity: identity(&key, number),
        content: Some(content(&key, number)),
    };
    let table = KeyTable::open(file, "log", &key).unwrap();
    fill(count, step, |first, end| {
        let rows: Vec<_> = (first..end).map(|number| Some(row(number))).collect();
        let started = Instant::now();
        table.extend(first, &rows).unwrap();
        started.elapsed()
    });
    sizes(file);
    drop(table);

    let before = resident();
    let started = Instant::now();
    let table = KeyTable::open(file, "log", &key).unwrap();
    println!(
        "open {:?}, {} MB more resident",
        started.elapsed(),
        (resident() - before) / 1000
    );
    let one = (0..count).step_by(7).next().unwrap();
    assert_eq!(table.find(&identity(&key, one)).unwrap().found.unwrap().index, one);
    ask("new key", 200_000, |at| {
        black_box(table.find(&identity(&key, count + at)).unwrap());
    });
    ask("known key", 50_000, |at| {
        let number = scattered(at) % count;
        assert_eq!(
            table.find(&identity(&key, number)).unwrap().found.unwrap().index,
            number
        );
    });
    let started = Instant::now();
    table
        .erase(&[Erased {
            first: count / 2,
            last: count / 2,
            members: vec![Member::Delivery],
        }])
        .unwrap();
    println!("erase one key {:?}", started.elapsed());
}

fn events(file: &Path, count: u64, step: u64) {
    let key = IndexKey::new(&[7; 32]);
    let index = EventIndex::open(file, "log", &key).unwrap();
    let started = Instant::now();
    let rows: Vec<_> = (0..20_000).map(|number| event(&key, number)).collect();
    let terms: usize = rows.iter().map(|row| row.terms.len()).sum();
    println!(
        "{:?} an event for its {} terms",
        started.elapsed() / 20_000,
        terms / rows.len()
    );
    fill(count, step, |first, end| {
        let rows: Vec<_> = (first..end).map(|number| Some(event(&key, number))).collect();
        let started = Instant::now();
        index.extend(first, &rows).unwrap();
        started.elapsed()
    });
    sizes(file);
    drop(index);

    let started = Instant::now();
    let index = EventIndex::open(file, "log", &key).unwrap();
    println!("open {:?}", started.elapsed());
    let search = |query: &Query| index.search(query).unwrap().indexes.len();
    ask("100 newest by some actor", 2_000, |at| {
        assert!(search(&Query::newest(100).actor(&actor(scattered(at)), &key)) > 0);
    });
    ask("100 newest by the rarest actor", 200, |_| {
        black_box(search(&Query::newest(100).actor("user-4999", &key)));
    });
    ask("100 oldest by an actor that there is not", 200, |_| {
        assert_eq!(search(&Query::oldest(100).actor("nobody", &key)), 0);
    });
    ask("100 newest by some actor that were deletions", 500, |at| {
        let query = Query::newest(100).actor(&actor(scattered(at)), &key);
        black_box(search(&query.with([key.term(Field::Verb, "delete")])));
    });
    ask("100 newest deletions that failed", 200, |_| {
        let query = Query::newest(100).with([key.term(Field::Verb, "delete")]);
        black_box(search(&query.with([key.term(Field::Result, "failure")])));
    });
    let time = |number: u64| Timestamp::from_second(1_800_000_000 + i64::try_from(number / 100).unwrap()).unwrap();
    ask("100 of some time by some actor", 500, |at| {
        let from = scattered(at) % count;
        let query = Query::newest(100).actor(&actor(scattered(at)), &key);
        black_box(search(&query.received(time(from)..time(from + count / 20))));
    });
    ask("100 of some time", 500, |at| {
        let from = scattered(at) % count;
        black_box(search(&Query::newest(100).received(time(from)..time(from + 10_000))));
    });
    let started = Instant::now();
    index
        .erase(&[Erased {
            first: count / 2,
            last: count / 2,
            members: vec![Member::Actor],
        }])
        .unwrap();
    println!("erase one actor of one event {:?}", started.elapsed());
    let erased: Vec<_> = (0..count)
        .step_by(10)
        .map(|at| Erased {
            first: at,
            last: at,
            members: vec![Member::Actor],
        })
        .collect();
    let started = Instant::now();
    index.erase(&erased).unwrap();
    println!(
        "erase the actors of {} scattered events {:?}",
        erased.len(),
        started.elapsed()
    );
}

fn fill(count: u64, step: u64, mut extend: impl FnMut(u64, u64) -> Duration) {
    let mut took = Duration::ZERO;
    let mut all = Duration::ZERO;
    let mut since = 0;
    for first in (0..count).step_by(usize::try_from(step).unwrap()) {
        let end = count.min(first + step);
        took += extend(first, end);
        if end - since >= 1_000_000 || end == count {
            println!("{end}: {:.0} rows/s", per_second(end - since, took));
            all += took;
            took = Duration::ZERO;
            since = end;
        }
    }
    println!("all: {:.0} rows/s", per_second(count, all));
}

fn ask(what: &str, times: u64, one: impl Fn(u64)) {
    let mut took: Vec<_> = (0..times)
        .map(|at| {
            let started = Instant::now();
            one(at);
            started.elapsed()
        })
        .collect();
    took.sort();
    let at = |of_100: usize| took[(took.len() * of_100 / 100).min(took.len() - 1)];
    println!("{what}: p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100));
}

fn sizes(file: &Path) {
    println!(
        "file {} MB, resident {} MB",
        file.metadata().unwrap().len() / 1_000_000,
        resident() / 1000
    );
}

fn identity(key: &IndexKey, number: u64) -> Identity {
    key.identity("github-acme", &format!("{:032x}", scattered(number)))
}

fn content(key: &IndexKey, number: u64) -> ContentMac {
    key.content(Content::Members(&number.to_be_bytes()))
}

/// 5,000 actors, of which the first ones are the busiest; 2,000 repositories; each run and second target is new.
fn event(key: &IndexKey, number: u64) -> EventRow {
    let dice = scattered(number);
    let actor = actor(dice);
    let repository = format!("acme/repository-{}", (dice >> 20) % 2_000);
    let run = format!("{}", 9_000_000_000 + number);
    let verb = [
        "update", "create", "execute", "access", "update", "delete", "approve", "execute",
    ];
    let result = ["success", "success", "success", "failure"];
    let pick = |of: &[&'static str], bits: u64| of[usize::try_from(bits % 100).unwrap() % of.len()];
    let time = Timestamp::from_second(1_800_000_000 + i64::try_from(number / 100).unwrap()).unwrap();
    let terms = [
        (Field::ActorType, "user"),
        (Field::ActorId, &format!("id-{actor}")),
        (Field::ActorName, &actor),
        (Field::ActorEmail, &format!("{actor}@acme.example")),
        (
            Field::Action,
            pick(
                &["push", "workflow_run.completed", "deployment_review.approved"],
                dice >> 33,
            ),
        ),
        (Field::Verb, pick(&verb, dice >> 40)),
        (Field::Source, "github-acme"),
        (Field::Result, pick(&result, dice >> 50)),
        (Field::TargetType, "repository"),
        (Field::TargetId, &format!("R_{repository}")),
        (Field::TargetName, &repository),
        (Field::TargetParent, "acme"),
        (Field::TargetType, "workflow_run"),
        (Field::TargetId, &run),
        (Field::TargetParent, &repository),
    ];
    EventRow {
        received: time,
        occurred: Some(time),
        terms: terms.iter().map(|(field, value)| key.term(*field, value)).collect(),
    }
}

fn actor(dice: u64) -> String {
    // The square of an even number between 0 and 1.
    let even = dice % 10_000;
    format!("user-{}", even * even / 20_000)
}

/// A fixed scattering of numbers (the finaliser of SplitMix64).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[expect(clippy::cast_precision_loss, reason = "a rate to look at")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// KiB of memory that the process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
