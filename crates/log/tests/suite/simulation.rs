//! Random lives of random logs: appends and streams, seals and closing records, and an end that is a shutdown or a power cut in
//! the middle of whatever write came last. After each life all heads ever published and all entries ever acknowledged are
//! looked for.
//!
//! `INDELIBLE_SIMULATION_SEEDS` says how many logs live, `INDELIBLE_SIMULATION_SEED` lets one of them live again. A seed decides
//! what is asked of a log and when the power goes; the threads of the log decide what else happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{Ack, Appender, Committer, Head, Log, Settings, StartError};
use indelible_merkle::{Hash, TreeHead};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::doubles::{Last, Power, TestJournal, TestObjects};
use crate::reference::Reference;
use crate::support::{Dice, Homes, batch, check_log, in_time, read_all, shutdown, start, wait};

#[test]
fn no_published_head_is_ever_taken_back_and_no_acknowledged_entry_is_ever_lost() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match variable("INDELIBLE_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("INDELIBLE_SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    let mut appended = 0;
    for seed in seeds.clone() {
        let _blame = Blame(seed);
        appended += live(seed);
    }
    let per_log = appended / (seeds.end - seeds.start);
    assert!(per_log >= 20, "{per_log} entries a log are no simulation");
}

/// The lives of one log. Returns how many entries it had in the end.
fn live(seed: u64) -> u64 {
    let mut dice = Dice(seed);
    let homes = Homes::with_volumes(dice.one_of(&[256, 512]));
    let history = Arc::new(Mutex::new(History::default()));
    for _ in 0..2 + dice.below(4) {
        let last = dice.one_of(&[Last::Lost, Last::Kept]);
        let power = match dice.below(4) {
            0 => Power::steady(),
            _ => Power::fails_after(dice.below(25), last),
        };
        let journal = TestJournal::new(homes.journal.clone(), &power);
        let objects = TestObjects::new(homes.objects.clone(), &power);
        let log = match start(journal, objects, &random_settings(&mut dice)) {
            Ok(log) => log,
            Err(StartError::Objects(_)) if power.is_cut() => continue,
            Err(error) => panic!("{error}"),
        };
        history.lock().unwrap().check(&log);
        work(&log, &mut dice, &history);
        match dice.below(2) {
            0 => {
                let ended = shutdown(log);
                assert!(ended.is_ok() || power.is_cut());
            }
            _ => drop(log),
        }
        // Threads that still run can write nothing from here on, like those of a process that was killed.
        power.cut();
    }
    let log = homes.start(&random_settings(&mut dice));
    history.lock().unwrap().check(&log);
    let (reader, size) = (log.reader(), log.reader().head().size());
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), size);
    check_log(&reader, &read_all(&reader));
    size
}

fn random_settings(dice: &mut Dice) -> Settings {
    let moments = [0, 1, 3, 1_000].map(Duration::from_millis);
    Settings {
        commit_bytes_max: dice.one_of(&[1, 1_000, 4 << 20]),
        queue_bytes_max: dice.one_of(&[100_000, 8 << 20]),
        backlog_bytes_max: dice.one_of(&[1, 20_000, 256 << 20]),
        seal_bytes_min: dice.one_of(&[1, 2_000, 60_000, 8 << 20]),
        seal_quiet: dice.one_of(&moments[..3]),
        closing_quiet: dice.one_of(&moments),
        lone_appends: dice.one_of(&[Committer::Thread, Committer::Caller]),
    }
}

/// Callers, streams and an onlooker, all at once, until the callers have done what they wanted or the log has failed.
fn work(log: &Log, dice: &mut Dice, history: &Arc<Mutex<History>>) {
    wait(async {
        let onlooker = tokio::spawn(watch(log.reader().heads(), history.clone()));
        let mut callers = JoinSet::new();
        for _ in 0..1 + dice.below(3) {
            let (appender, dice, history) = (log.appender(), Dice(dice.next()), history.clone());
            match dice.0 % 3 {
                0 => callers.spawn(stream(appender, dice, history)),
                _ => callers.spawn(call(appender, dice, history)),
            };
        }
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
        onlooker.abort();
    });
}

async fn call(appender: Appender, mut dice: Dice, history: Arc<Mutex<History>>) {
    for _ in 0..dice.below(12) {
        let sent = random_entries(&mut dice);
        match in_time(appender.append(batch(&sent))).await {
            Ok(ack) => history.lock().unwrap().acknowledged(&ack, &sent),
            Err(_) => return,
        }
        pause(&mut dice).await;
    }
}

async fn stream(appender: Appender, mut dice: Dice, history: Arc<Mutex<History>>) {
    let (stream, mut acks) = appender.stream();
    drop(appender);
    let mut sent = vec![];
    for _ in 0..dice.below(20) {
        let entries = random_entries(&mut dice);
        if in_time(stream.append(batch(&entries))).await.is_err() {
            break;
        }
        sent.extend(entries);
        pause(&mut dice).await;
    }
    drop(stream);
    let mut sent = &sent[..];
    while let Some(Ok(ack)) = in_time(acks.next()).await {
        let (acknowledged, rest) = sent.split_at(ack.ack.count as usize);
        history.lock().unwrap().acknowledged(&ack.ack, acknowledged);
        sent = rest;
    }
}

async fn watch(mut heads: watch::Receiver<Head>, history: Arc<Mutex<History>>) {
    let mut size = 0;
    while heads.changed().await.is_ok() {
        let head = heads.borrow_and_update().clone();
        assert!(head.size() > size, "heads only grow");
        size = head.size();
        history.lock().unwrap().published(head.tree());
    }
}

async fn pause(dice: &mut Dice) {
    match dice.below(6) {
        0 => tokio::time::sleep(Duration::from_millis(dice.below(4))).await,
        1 | 2 => tokio::task::yield_now().await,
        _ => {}
    }
}

/// Mostly one or some short ones, now and then many, or a long one.
fn random_entries(dice: &mut Dice) -> Vec<Bytes> {
    let count = match dice.below(20) {
        0 => 1 + dice.below(300),
        1..8 => 1 + dice.below(20),
        _ => 1,
    };
    let long = dice.below(40) == 0;
    let entry = |_| {
        let length = if long { 20_000 / count } else { dice.below(40) };
        let bytes = dice.next().to_be_bytes().into_iter().cycle();
        bytes.take(length as usize).collect()
    };
    (0..count).map(entry).collect()
}

/// What the world outside has seen of a log.
#[derive(Default)]
struct History {
    roots: BTreeMap<u64, Hash>,
    entries: BTreeMap<u64, Bytes>,
}

impl History {
    fn published(&mut self, head: TreeHead) {
        let known = *self.roots.entry(head.size).or_insert(head.root);
        assert_eq!(known, head.root, "two roots of size {}", head.size);
    }

    fn acknowledged(&mut self, ack: &Ack, sent: &[Bytes]) {
        assert_eq!(ack.count, sent.len() as u64);
        assert!(ack.head.size() >= ack.first + ack.count);
        self.published(ack.head.tree());
        for (index, entry) in (ack.first..).zip(sent) {
            assert!(
                self.entries.insert(index, entry.clone()).is_none(),
                "entry {index} twice"
            );
        }
    }

    /// A log that was started has all that was ever seen of it.
    fn check(&mut self, log: &Log) {
        let reader = log.reader();
        let head = reader.head().tree();
        self.published(head);
        let largest = self.roots.last_key_value().map_or(0, |(size, _)| *size);
        assert_eq!(largest, head.size, "a published head was taken back");
        let whole = read_all(&reader);
        let reference = Reference::of(&whole);
        for (&size, &root) in &self.roots {
            assert_eq!(reference.head(size as usize).root, root, "of size {size}");
        }
        for (index, entry) in &self.entries {
            assert_eq!(whole[*index as usize], entry, "entry {index}");
        }
    }
}

/// Names the seed that is at fault.
struct Blame(u64);

impl Drop for Blame {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("run it again with INDELIBLE_SIMULATION_SEED={}", self.0);
        }
    }
}

/// Logs that live in every run of the tests; some twenty seconds.
const SEEDS: u64 = 1_000;
