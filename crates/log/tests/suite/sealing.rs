//! The sealer: what it leaves in the object store, how it lags, and what happens when it stops.

use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{AppendError, Condition, Log, Settings};
use indelible_merkle::{FullTile, Hash, TILE_WIDTH, bundle};
use indelible_store::objects::{Key, Objects};

use crate::doubles::{Last, Power, TestJournal, TestObjects};
use crate::support::{
    Dice, Homes, PATIENCE, append, batch, check_log, eager, entries, eventually, lazy, sealed, shutdown, small_entries,
    start, wait,
};

#[test]
fn runs_are_cut_at_64_kib_tiles_are_whole_and_no_batch_crosses_a_volume() {
    for volume_entries in [256, 512] {
        for seed in 0..4 {
            let homes = Homes::with_volumes(volume_entries);
            let log = homes.start(&eager());
            let whole = entries(0..900);
            let mut dice = Dice(seed);
            let mut rest = &whole[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(1 + dice.below(60) as usize));
                append(&log.appender(), batch(now)).unwrap();
                rest = later;
            }
            assert_eq!(
                *log.condition().borrow(),
                Condition::Serving,
                "the store refuses what crosses volumes"
            );
            shutdown(log).unwrap();
            check_objects(&homes.objects, &whole);
        }
    }
}

#[test]
fn a_bundle_of_the_longest_entries_is_sealed() {
    let homes = Homes::new();
    let log = homes.start(&lazy());
    let whole: Vec<Bytes> = (0..300u16)
        .map(|n| n.to_be_bytes().into_iter().cycle().take(65_535).collect())
        .collect();
    for part in whole.chunks(60) {
        append(&log.appender(), batch(part)).unwrap();
    }
    shutdown(log).unwrap();
    check_objects(&homes.objects, &whole);
}

/// The object store holds exactly these entries, in runs as they should be, and a tile for each full bundle.
fn check_objects(objects: &dyn Objects, whole: &[Bytes]) {
    for (number, expected) in (0..).zip(whole.chunks(TILE_WIDTH as usize)) {
        let mut found: Vec<Bytes> = vec![];
        for (first, run) in objects.runs(number).unwrap() {
            assert_eq!(first, number * TILE_WIDTH + found.len() as u64);
            let entries = bundle::decode(&run).unwrap();
            assert!(!entries.is_empty() && entries.iter().map(|entry| entry.len()).sum::<usize>() <= 64 << 10);
            found.extend(entries.into_iter().map(|entry| run.slice_ref(entry)));
        }
        assert_eq!(found, expected);
        let key = Key::Tile {
            level: 0,
            index: number,
        };
        let tile = (expected.len() == TILE_WIDTH as usize).then(|| {
            let hashes: Vec<Hash> = expected.iter().map(|entry| Hash::leaf(entry)).collect();
            Bytes::from(FullTile::from_hashes(&hashes).unwrap().into_bytes())
        });
        assert_eq!(objects.get(key).unwrap(), tile);
    }
    assert_eq!(sealed(objects), whole.len() as u64);
}

#[test]
fn whole_bundles_are_sealed_under_load_and_the_rest_when_it_is_quiet() {
    let homes = Homes::new();
    // 192 bytes more than an entry's own: 200 each.
    let settings = Settings {
        seal_bytes_min: 500 * 200,
        ..lazy()
    };
    let log = homes.start(&settings);
    let whole = small_entries(0..520);
    for (number, entry) in whole.iter().enumerate() {
        append(&log.appender(), batch(std::slice::from_ref(entry))).unwrap();
        assert!(number >= 499 || homes.sealed() == 0, "too little to begin");
    }
    eventually(|| homes.sealed() > 0);
    assert_eq!(homes.sealed() % TILE_WIDTH, 0);
    drop(log);

    let homes = Homes::new();
    let quiet = Settings {
        seal_quiet: Duration::from_millis(10),
        ..lazy()
    };
    let log = homes.start(&quiet);
    append(&log.appender(), batch(&whole)).unwrap();
    eventually(|| homes.sealed() == 520);
    append(&log.appender(), batch(&whole[..3])).unwrap();
    eventually(|| homes.sealed() == 523);
}

/// A log whose sealer fails after `writes` batches, with a backlog of about 10 entries of 8 bytes.
fn with_failing_sealer(homes: &Homes, writes: u64, last: Last) -> Log {
    let objects = TestObjects::new(homes.objects.clone(), &Power::fails_after(writes, last));
    let settings = Settings {
        backlog_bytes_max: 10 * 200,
        ..eager()
    };
    start(homes.journal.clone(), objects, &settings).unwrap()
}

#[test]
fn when_sealing_stops_appends_go_on_until_the_backlog_is_full_and_nothing_is_lost() {
    for last in [Last::Lost, Last::Kept, Last::Panics] {
        for writes in 0..4 {
            let homes = Homes::new();
            let log = with_failing_sealer(&homes, writes, last);
            let (appender, condition) = (log.appender(), log.condition());
            let mut accepted: Vec<Bytes> = vec![];
            // Each waits for its seal, so that one batch of the store is one entry.
            let whole = small_entries(0..100);
            for entry in &whole[..writes as usize] {
                append(&appender, batch(std::slice::from_ref(entry))).unwrap();
                accepted.push(entry.clone());
                eventually(|| homes.sealed() == accepted.len() as u64);
            }
            let refusal = whole[writes as usize..].iter().find_map(|entry| {
                let result = append(&appender, batch(std::slice::from_ref(entry)));
                // The backlog counts 10 entries only once the sealer has said that it failed.
                eventually(|| *condition.borrow() != Condition::Serving);
                match result {
                    Ok(_) => {
                        accepted.push(entry.clone());
                        None
                    }
                    Err(error) => Some(error),
                }
            });
            assert_eq!(accepted.len(), writes as usize + 10);
            let expected = match last {
                Last::Panics => "panicked",
                Last::Lost | Last::Kept => "double",
            };
            let refusal = refusal.unwrap();
            assert!(
                matches!(&refusal, AppendError::BacklogFull(reason) if reason.contains("sync") || reason.contains(expected)),
                "{refusal}"
            );
            assert!(matches!(&*condition.borrow(), Condition::SealingStopped(_)));
            check_log(&log.reader(), &accepted);

            // Streams hear it too, and the log ends in order.
            let (stream, mut acks) = appender.stream();
            wait(stream.append(batch(&whole[..1]))).unwrap();
            let refusal = wait(acks.next()).unwrap().unwrap_err();
            assert!(matches!(refusal, AppendError::BacklogFull(_)), "{refusal}");
            drop((stream, appender));
            match last {
                Last::Panics => drop(log),
                Last::Lost | Last::Kept => shutdown(log).unwrap(),
            }

            let log = homes.start(&eager());
            check_log(&log.reader(), &accepted);
            shutdown(log).unwrap();
            check_objects(&homes.objects, &accepted);
        }
    }
}

#[test]
fn a_backlog_that_is_full_slows_appends_down_and_loses_nothing() {
    let homes = Homes::new();
    let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
    let settings = Settings {
        backlog_bytes_max: 10 * 200,
        ..eager()
    };
    let log = start(homes.journal.clone(), objects.clone(), &settings).unwrap();
    let whole = small_entries(0..60);
    objects.gate.close();
    // Small ones go on until it is twice full.
    for entry in &whole[..20] {
        append(&log.appender(), batch(std::slice::from_ref(entry))).unwrap();
    }
    objects.gate.wait_for_arrival();
    wait(async {
        let appender = log.appender();
        let mut waiting = tokio::task::JoinSet::new();
        for entry in &whole[20..] {
            let (appender, batch) = (appender.clone(), batch(std::slice::from_ref(entry)));
            waiting.spawn(async move { appender.append(batch).await });
            tokio::task::yield_now().await;
        }
        let early = tokio::time::timeout(Duration::from_millis(50), waiting.join_next()).await;
        assert!(early.is_err(), "nothing is committed while the backlog is full");
        objects.gate.open();
        assert!(waiting.join_all().await.iter().all(Result::is_ok));
    });
    check_log(&log.reader(), &whole);
    shutdown(log).unwrap();
    check_objects(&homes.objects, &whole);
}

#[test]
fn large_batches_wait_for_the_sealer_and_small_appends_do_not() {
    let homes = Homes::new();
    let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
    let settings = Settings {
        backlog_bytes_max: 100_000,
        ..eager()
    };
    let log = start(homes.journal.clone(), objects.clone(), &settings).unwrap();
    let large = |number: u8| batch(&vec![Bytes::from(vec![number; 10_000]); 10]);
    objects.gate.close();
    append(&log.appender(), large(1)).unwrap();
    objects.gate.wait_for_arrival();
    let appender = log.appender();
    let waiting = thread::spawn(move || append(&appender, large(2)));
    thread::sleep(Duration::from_millis(20));
    for at in 0..9 {
        assert_eq!(
            append(&log.appender(), batch(&small_entries(0..1))).unwrap().first,
            10 + at
        );
    }
    objects.gate.open();
    assert_eq!(waiting.join().unwrap().unwrap().first, 19);
    shutdown(log).unwrap();
}

#[test]
fn a_commit_may_be_sealed_before_its_callers_have_heard_of_it() {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal.clone(), &Power::steady());
    let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
    let log = start(journal.clone(), objects.clone(), &eager()).unwrap();
    let appender = log.appender();
    let whole = small_entries(0..3);

    // The sealer is held up with the first entry, the second waits for it, the third is about to be acknowledged ...
    objects.gate.close();
    append(&appender, batch(&whole[..1])).unwrap();
    objects.gate.wait_for_arrival();
    append(&appender, batch(&whole[1..2])).unwrap();
    journal.gate.close();
    let (woken, wakings) = channel();
    let (sealed_homes, gate) = (homes.clone(), objects.clone());
    // ... and while the sequencer wakes its caller, the sealer takes the second and the third.
    let waker = Arc::new(Waking(Mutex::new(Some((woken, move || {
        gate.gate.open();
        eventually(|| sealed_homes.sealed() == 3);
        thread::sleep(Duration::from_millis(30));
    })))));
    let mut third = pin!(appender.append(batch(&whole[2..])));
    let polled = third.as_mut().poll(&mut Context::from_waker(&waker.into()));
    assert!(matches!(polled, Poll::Pending));
    journal.gate.open();
    wakings.recv_timeout(PATIENCE).unwrap();
    assert_eq!(wait(third).unwrap().first, 2);

    assert_eq!(append(&appender, batch(&whole[..1])).unwrap().first, 3);
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), 4);
}

/// Does something on the thread that wakes it, once, and says when it is done.
struct Waking<F>(Mutex<Option<(Sender<()>, F)>>);

impl<F: FnOnce() + Send + 'static> Wake for Waking<F> {
    fn wake(self: Arc<Self>) {
        if let Some((woken, work)) = self.0.lock().unwrap().take() {
            work();
            woken.send(()).unwrap();
        }
    }
}
