//! The queue is bounded, so is what waits for room in it, and neither loses anything.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{Ack, AppendError, Log, Settings};
use tokio::task::JoinSet;

use crate::doubles::{Power, TestJournal};
use crate::support::{Homes, batch, check_log, in_time, lazy, read_all, shutdown, start, wait};

/// Weight of an entry of 808 bytes: 1,000.
const ENTRY_BYTES: usize = 808;

/// A log with room for so many entries of [`ENTRY_BYTES`] in its queue, and for as many in front of it.
fn with_room_for(entries: usize) -> (Log, Arc<TestJournal>) {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal, &Power::steady());
    let settings = Settings {
        queue_bytes_max: entries * 1_000,
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects), &settings).unwrap();
    (log, journal)
}

fn marked(number: u8) -> Bytes {
    vec![number; ENTRY_BYTES].into()
}

/// Starts one append for each number, in this order.
async fn begin(log: &Log, numbers: impl IntoIterator<Item = u8>) -> JoinSet<(u8, Result<Ack, AppendError>)> {
    let mut appends = JoinSet::new();
    for number in numbers {
        let appender = log.appender();
        appends.spawn(async move { (number, appender.append(batch(&[marked(number)])).await) });
        tokio::task::yield_now().await;
    }
    appends
}

#[test]
fn a_full_queue_lets_callers_wait_and_loses_nothing() {
    let (log, journal) = with_room_for(4);
    wait(async {
        for round in 0..25 {
            journal.gate.close();
            let appends = begin(&log, 8 * round..8 * round + 8).await;
            journal.gate.wait_for_arrival();
            journal.gate.open();
            for (number, result) in in_time(appends.join_all()).await {
                assert_eq!(result.unwrap().first, u64::from(number), "first come, first served");
            }
        }
    });
    let expected: Vec<Bytes> = (0..200).map(marked).collect();
    check_log(&log.reader(), &expected);
    shutdown(log).unwrap();
}

#[test]
fn who_finds_the_waiting_room_full_too_is_refused_and_nobody_else() {
    let (log, journal) = with_room_for(4);
    journal.gate.close();
    wait(async {
        // Four are in the queue, four wait for room, two are refused at once.
        let mut appends = begin(&log, 0..10).await;
        for _ in 0..2 {
            let (number, result) = appends.join_next().await.unwrap().unwrap();
            assert!(number >= 8);
            assert_eq!(result.unwrap_err(), AppendError::QueueFull);
        }
        journal.gate.open();
        let mut accepted = appends.join_all().await;
        accepted.sort_by_key(|(number, _)| *number);
        for (number, result) in accepted {
            assert_eq!(result.unwrap().first, u64::from(number));
        }
        // The places are free again.
        journal.gate.close();
        let again = begin(&log, 8..16).await;
        journal.gate.open();
        assert!(again.join_all().await.iter().all(|(_, result)| result.is_ok()));
    });
    let expected: Vec<Bytes> = (0..16).map(marked).collect();
    check_log(&log.reader(), &expected);
}

#[test]
fn who_gives_up_waiting_leaves_nothing_behind() {
    let (log, journal) = with_room_for(4);
    journal.gate.close();
    wait(async {
        let queued = begin(&log, 0..4).await;
        let waiting = begin(&log, 100..104).await;
        drop(waiting);
        tokio::task::yield_now().await;
        let later = begin(&log, 4..8).await;
        journal.gate.open();
        for appends in [queued, later] {
            assert!(appends.join_all().await.iter().all(|(_, result)| result.is_ok()));
        }
    });
    let expected: Vec<Bytes> = (0..8).map(marked).collect();
    assert_eq!(read_all(&log.reader()), expected);
}

#[test]
fn small_appends_do_not_wait_behind_large_ones_and_large_ones_are_not_starved() {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal, &Power::steady());
    let settings = Settings {
        commit_bytes_max: 200_000,
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects), &settings).unwrap();
    let large = |number: u8| batch(&vec![Bytes::from(vec![number; 10_000]); 10]);
    journal.gate.close();
    let firsts = wait(async {
        let mut appends = JoinSet::new();
        let mut begin = |name: &'static str, batch| {
            let appender = log.appender();
            appends.spawn(async move { (name, appender.append(batch).await.unwrap().first) });
        };
        begin("under way", batch(&[marked(0)]));
        tokio::task::yield_now().await;
        journal.gate.wait_for_arrival();
        for (name, number) in [("large 1", 1), ("large 2", 2), ("large 3", 3)] {
            begin(name, large(number));
            tokio::task::yield_now().await;
        }
        begin("small", batch(&[marked(4)]));
        tokio::task::yield_now().await;
        journal.gate.open();
        in_time(appends.join_all()).await
    });
    let first = |name| firsts.iter().find(|(of, _)| *of == name).unwrap().1;
    // One commit has the small one and one large one, the next has what then fits.
    assert_eq!(
        ["under way", "small", "large 1", "large 2", "large 3"].map(first),
        [0, 1, 2, 12, 22]
    );
    shutdown(log).unwrap();
}
