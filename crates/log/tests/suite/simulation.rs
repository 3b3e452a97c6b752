//! Random lives of random logs: appends and streams, seals and closing records, and an end that is a shutdown or a power cut in
//! the middle of whatever write came last. After each life all heads ever published and all entries ever acknowledged are
//! looked for. Half of the logs are logs of events, whose attachments are erased at random moments; then nothing that a
//! tombstone names may come back, and all else must be there.
//!
//! `INDELIBLE_SIMULATION_SEEDS` says how many logs live, `INDELIBLE_SIMULATION_SEED` lets one of them live again. A seed decides
//! what is asked of a log and when the power goes; the threads of the log decide what else happens.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{
    Ack, Appender, Attached, AttachmentSet, Batch, BlankError, Blanker, Committer, Erasure, Head, Kind, Log, Reader,
    Settings, StartError, fsck_with,
};
use indelible_merkle::{Hash, TreeHead};
use indelible_store::journal::Attachment;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::doubles::{Disk, Last, Power, TestJournal, TestObjects};
use crate::events::{Words, expected, named_by, read_attached, start_events};
use crate::reference::Reference;
use crate::support::{Dice, Homes, check_log, in_time, key, read_all, shutdown, start, wait};

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
    let blanked = BLANKED.load(Ordering::Relaxed);
    assert!(
        blanked >= seeds.end - seeds.start || seeds.end - seeds.start < 50,
        "{blanked} attachments erased are few"
    );
}

/// The lives of one log. Returns how many entries it had in the end.
fn live(seed: u64) -> u64 {
    let mut dice = Dice(seed);
    let kind = dice.one_of(&[Kind::Opaque, Kind::Events]);
    let homes = Homes::of_kind(kind, dice.one_of(&[256, 512]));
    let disk = Disk::new(homes.journal.clone());
    let start = |power: &Arc<Power>, from, settings: &Settings| {
        let journal = TestJournal::on(&disk, power);
        let objects = TestObjects::new(homes.objects.clone(), power);
        match kind {
            Kind::Opaque => start(journal, objects, settings),
            Kind::Events => start_events(journal, objects, from, settings),
        }
    };
    let history = Arc::new(Mutex::new(History::default()));
    for _ in 0..2 + dice.below(4) {
        let last = dice.one_of(&[Last::Lost, Last::Kept]);
        let power = match dice.below(4) {
            0 => Power::steady(),
            _ => Power::fails_after(dice.below(25), last),
        };
        let from = history.lock().unwrap().carried_out;
        let log = match start(&power, from, &random_settings(&mut dice)) {
            Ok(log) => log,
            Err(StartError::Objects(_) | StartError::Journal(_)) if power.is_cut() => continue,
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
    let from = history.lock().unwrap().carried_out;
    let log = start(&Power::steady(), from, &random_settings(&mut dice)).unwrap();
    history.lock().unwrap().check(&log);
    let (reader, size) = (log.reader(), log.reader().head().size());
    if let Some(blanker) = log.blanker() {
        // What stands in the last frame waits for another one.
        let _ = blanker.blank(&[everything()]);
    }
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), size);
    check_log(&reader, &read_all(&reader));
    let mut found = vec![];
    let vkey = key().verifier();
    let checked = fsck_with(Some(&Words), disk.as_ref(), Some(&homes.objects), &vkey, &mut |step| {
        found.push(format!("{step:?}"));
    });
    let checked = checked.unwrap();
    assert_eq!((checked.findings, checked.under_way), (0, 0), "{found:?}");
    BLANKED.fetch_add(checked.blanked, Ordering::Relaxed);
    size
}

fn everything() -> Erasure {
    Erasure {
        entries: 0..u64::MAX,
        attachments: AttachmentSet::ALL,
    }
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
        let kind = log.description().kind;
        let eraser = log.blanker().map(|blanker| {
            let (dice, reader, history) = (Dice(dice.next()), log.reader(), history.clone());
            thread::spawn(move || erase(&blanker, &reader, dice, &history))
        });
        let mut callers = JoinSet::new();
        for _ in 0..1 + dice.below(3) {
            let (appender, dice, history) = (log.appender(), Dice(dice.next()), history.clone());
            match dice.0 % 3 {
                0 => callers.spawn(stream(appender, kind, dice, history)),
                _ => callers.spawn(call(appender, kind, dice, history)),
            };
        }
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
        onlooker.abort();
        if let Some(eraser) = eraser {
            eraser.join().unwrap();
        }
    });
}

/// Carries out tombstones now and then, and writes down which ones, until that fails or it has done so often enough.
fn erase(blanker: &Blanker, reader: &Reader, mut dice: Dice, history: &Mutex<History>) {
    for _ in 0..dice.below(8) {
        thread::sleep(Duration::from_millis(dice.below(3)));
        let size = reader.head().size();
        let first = dice.one_of(&[0, 0, 0, size / 2]);
        let part = Erasure {
            entries: first..u64::MAX,
            attachments: AttachmentSet::ALL,
        };
        match blanker.blank(&[part]) {
            Ok(_) if first == 0 => history.lock().unwrap().carried_out = size,
            Ok(_) | Err(BlankError::TooEarly { .. }) => {}
            Err(_) => return,
        }
    }
}

async fn call(appender: Appender, kind: Kind, mut dice: Dice, history: Arc<Mutex<History>>) {
    for _ in 0..dice.below(12) {
        let sent = random_entries(&mut dice, kind, &history);
        match in_time(appender.append(batch(&sent, &mut dice))).await {
            Ok(ack) => history.lock().unwrap().acknowledged(&ack, &sent),
            Err(_) => return,
        }
        pause(&mut dice).await;
    }
}

async fn stream(appender: Appender, kind: Kind, mut dice: Dice, history: Arc<Mutex<History>>) {
    let (stream, mut acks) = appender.stream();
    drop(appender);
    let mut sent = vec![];
    for _ in 0..dice.below(20) {
        let entries = random_entries(&mut dice, kind, &history);
        if in_time(stream.append(batch(&entries, &mut dice))).await.is_err() {
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

/// An entry and its attachments.
type Event = (Bytes, Vec<Bytes>);

fn batch(events: &[Event], dice: &mut Dice) -> Batch {
    let mut batch = Batch::default();
    for (entry, attachments) in events {
        batch.push_with(entry.clone(), attachments.clone()).unwrap();
    }
    match dice.below(4) {
        0 => batch.apart(),
        _ => batch,
    }
}

/// Entries with attachments if the log can have them, and now and then a tombstone behind them.
fn random_entries(dice: &mut Dice, kind: Kind, history: &Mutex<History>) -> Vec<Event> {
    let entries = random_bytes(dice);
    if kind == Kind::Opaque {
        return entries.into_iter().map(|entry| (entry, vec![])).collect();
    }
    let attachment = |dice: &mut Dice, long: bool| {
        let length = if long { 30_000 } else { dice.below(40) };
        let bytes = dice.next().to_be_bytes().into_iter().cycle();
        bytes.take(length as usize).collect::<Bytes>()
    };
    let long = dice.below(30) == 0 && entries.len() == 1;
    let mut events: Vec<Event> = entries
        .into_iter()
        .map(|entry| (entry, (0..dice.below(5)).map(|_| attachment(dice, long)).collect()))
        .collect();
    // Entries that are in the log already, some just so.
    let size = history
        .lock()
        .unwrap()
        .roots
        .last_key_value()
        .map_or(0, |(size, _)| *size);
    if size > 0 && dice.below(4) == 0 {
        let first = dice.below(size);
        let end = (first + 1 + dice.below(40)).min(size);
        let text = format!("erase {first}..{end} {},{}", dice.below(5), dice.below(5));
        events.push((text.into(), vec![Bytes::from("on whose word")]));
    }
    events
}

/// Mostly one or some short ones, now and then many, or a long one.
fn random_bytes(dice: &mut Dice) -> Vec<Bytes> {
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
    entries: BTreeMap<u64, Event>,
    /// All tombstones among the first so many entries were carried out.
    carried_out: u64,
}

impl History {
    fn published(&mut self, head: TreeHead) {
        let known = *self.roots.entry(head.size).or_insert(head.root);
        assert_eq!(known, head.root, "two roots of size {}", head.size);
    }

    fn acknowledged(&mut self, ack: &Ack, sent: &[Event]) {
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
        for (index, (entry, _)) in &self.entries {
            assert_eq!(whole[*index as usize], entry, "entry {index}");
        }
        if log.description().kind == Kind::Events {
            self.check_attachments(&reader, &whole);
        }
    }

    /// What was acknowledged is there, but for what a tombstone names, which is not.
    fn check_attachments(&self, reader: &Reader, whole: &[Bytes]) {
        let named = named_by(whole);
        for (index, found) in (0..).zip(read_attached(reader, 20_000)) {
            let Attached { entry, attachments } = found;
            assert_eq!(entry, whole[index as usize]);
            let named = named.of(index);
            let erased = attachments
                .iter()
                .enumerate()
                .filter(|(number, _)| named.contains(*number));
            // To blank nothing, or zeros, changes nothing, and is not known any more when it was carried out.
            let is_gone = |attachment: &Attachment| match attachment {
                Attachment::Blanked => true,
                Attachment::Present(bytes) => bytes.iter().all(|byte| *byte == 0) && index < self.carried_out,
            };
            assert!(
                erased.into_iter().all(|(_, attachment)| is_gone(attachment)),
                "of entry {index}"
            );
            if let Some((_, sent)) = self.entries.get(&index) {
                let expected = expected(sent, named);
                for (found, expected) in attachments.iter().zip(&expected) {
                    assert!(
                        found == expected || is_gone(found) && *expected == Attachment::Blanked,
                        "of entry {index}"
                    );
                }
                assert_eq!(attachments.len(), sent.len());
            }
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

/// Attachments that were erased in all lives.
static BLANKED: AtomicU64 = AtomicU64::new(0);

/// Logs that live in every run of the tests; some twenty seconds.
const SEEDS: u64 = 1_000;
