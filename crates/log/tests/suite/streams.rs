//! Streams: one acknowledgement for all that a commit takes of a stream, in order, and a share of memory that a stream whose
//! reader sleeps cannot leave.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{Acks, AppendError, Log, StreamAppender};
use tokio::task::JoinSet;

use crate::doubles::{Last, Power, TestJournal};
use crate::support::{Homes, append, batch, check_log, eager, in_time, lazy, read_all, shutdown, start, text, wait};

/// A log that runs on this power supply, and its journal.
fn gated(power: &Arc<Power>) -> (Log, Arc<TestJournal>) {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal, power);
    let log = start(journal.clone(), Arc::new(homes.objects), &lazy()).unwrap();
    (log, journal)
}

#[test]
fn a_commit_takes_all_of_a_stream_as_one_run() {
    let (log, journal) = gated(&Power::steady());
    let (a, mut a_acks) = log.appender().stream();
    let (b, mut b_acks) = log.appender().stream();
    journal.gate.close();
    wait(async {
        a.append(text("a0")).await.unwrap();
        journal.gate.wait_for_arrival();
        for (stream, name) in [(&a, "a1"), (&b, "b0"), (&a, "a2"), (&b, "b1"), (&a, "a3")] {
            stream.append(text(name)).await.unwrap();
        }
        b.append(batch(&["b2", "b3"].map(Bytes::from))).await.unwrap();
        drop((a, b));
        journal.gate.open();
        assert_eq!(rest(&mut a_acks).await, [(0, 1, 1), (1, 3, 8)]);
        assert_eq!(rest(&mut b_acks).await, [(4, 4, 8)]);
    });
    let expected = ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"].map(Bytes::from);
    check_log(&log.reader(), &expected);
}

/// All that is still acknowledged: first index, count, size of the head.
async fn rest(acks: &mut Acks) -> Vec<(u64, u64, u64)> {
    let mut rest = vec![];
    while let Some(ack) = in_time(acks.next()).await {
        let ack = ack.unwrap().ack;
        rest.push((ack.first, ack.count, ack.head.size()));
    }
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_of_many_streams_come_in_order_and_cover_the_log() {
    let log = Homes::new().start(&eager());
    let mut streams = JoinSet::new();
    for name in 0..8 {
        let (appender, mut acks) = log.appender().stream();
        let entry = move |n: u64| Bytes::from(format!("stream {name} entry {n}"));
        let sending = tokio::spawn(async move {
            for n in 0..100 {
                in_time(appender.append(batch(&[entry(2 * n), entry(2 * n + 1)])))
                    .await
                    .unwrap();
            }
        });
        let reader = log.reader();
        streams.spawn(async move {
            let (mut acknowledged, mut runs) = (0, vec![]);
            while let Some(ack) = in_time(acks.next()).await {
                let ack = ack.unwrap().ack;
                let found = reader.entries(ack.first, ack.first + 1, 100).unwrap();
                assert_eq!(found, [entry(acknowledged)], "a run goes on where the last one ended");
                acknowledged += ack.count;
                runs.push((ack.first, ack.count));
            }
            sending.await.unwrap();
            assert_eq!(acknowledged, 200);
            assert!(runs.is_sorted());
            runs
        });
    }
    let mut runs = streams.join_all().await.concat();
    runs.sort_unstable();
    let covered = runs.iter().fold(0, |next, (first, count)| {
        assert_eq!(*first, next);
        first + count
    });
    assert_eq!(covered, 1_600);
    check_log(&log.reader(), &read_all(&log.reader()));
}

#[test]
fn a_stream_whose_reader_sleeps_stops_at_its_share_and_blocks_nobody() {
    let log = Homes::new().start(&lazy());
    let large = || batch(&vec![Bytes::from(vec![7; 60_000]); 60]);
    let (sleeper, mut acks) = log.appender().stream();
    let queued = wait(async {
        let mut queued = 0;
        while tokio::time::timeout(Duration::from_millis(300), sleeper.append(large()))
            .await
            .is_ok()
        {
            queued += 1;
        }
        queued
    });
    assert_eq!(queued, 2, "8 MiB have room for two batches of 3.6 MB");

    // Others go on, batches and streams.
    append(&log.appender(), text("lone")).unwrap();
    let (other, mut other_acks) = log.appender().stream();
    wait(async {
        for _ in 0..5 {
            other.append(large()).await.unwrap();
            other_acks.next().await.unwrap().unwrap();
        }
    });
    // An acknowledgement that was taken but is still held counts as outstanding; dropped, it makes room.
    wait(async {
        let held = acks.next().await.unwrap().unwrap();
        let more = sleeper.append(large());
        tokio::pin!(more);
        assert!(
            tokio::time::timeout(Duration::from_millis(100), &mut more)
                .await
                .is_err()
        );
        drop(held);
        more.await.unwrap();
    });
    shutdown(log).unwrap();
}

#[test]
fn a_stream_of_which_nobody_reads_acknowledgements_any_more_is_committed() {
    let log = Homes::new().start(&lazy());
    let (appender, acks) = log.appender().stream();
    drop(acks);
    wait(async {
        for name in ["one", "two"] {
            appender.append(text(name)).await.unwrap();
        }
        let mut heads = log.reader().heads();
        in_time(heads.wait_for(|head| head.size() == 2)).await.unwrap();
    });
    append(&log.appender(), text("three")).unwrap();
    check_log(&log.reader(), &["one", "two", "three"].map(Bytes::from));
}

#[test]
fn a_stream_that_is_idle_hears_that_the_journal_failed() {
    let (log, journal) = gated(&Power::fails_after(0, Last::Lost));
    let (committing, mut committing_acks) = log.appender().stream();
    let (queued, mut queued_acks) = log.appender().stream();
    let (_idle, mut idle_acks) = log.appender().stream();
    journal.gate.close();
    wait(async {
        committing.append(text("being committed")).await.unwrap();
        journal.gate.wait_for_arrival();
        queued.append(text("queued")).await.unwrap();
    });
    journal.gate.open();
    for acks in [&mut committing_acks, &mut queued_acks, &mut idle_acks] {
        let refused = wait(acks.next()).unwrap().unwrap_err();
        assert!(matches!(refused, AppendError::Failed(_)), "{refused}");
    }
    assert_stopped(&committing, &AppendError::Failed(String::new()));
}

#[test]
fn a_stream_that_is_idle_hears_that_the_log_has_stopped() {
    let (log, _) = gated(&Power::steady());
    let (appender, mut acks) = log.appender().stream();
    wait(appender.append(text("one"))).unwrap();
    shutdown(log).unwrap();
    assert_eq!(wait(acks.next()).unwrap().unwrap().ack.first, 0);
    assert_eq!(wait(acks.next()).unwrap().unwrap_err(), AppendError::Stopping);
    assert_stopped(&appender, &AppendError::Stopping);
}

fn assert_stopped(appender: &StreamAppender, expected: &AppendError) {
    let error = wait(appender.append(text("late"))).unwrap_err();
    assert_eq!(
        std::mem::discriminant(&error),
        std::mem::discriminant(expected),
        "{error}"
    );
}

/// Its client has sent all it had: the end of the acknowledgements must not look like the last of them.
#[test]
fn a_stream_that_has_sent_all_hears_that_the_journal_failed() {
    let (log, journal) = gated(&Power::fails_after(0, Last::Lost));
    let (committing, mut committing_acks) = log.appender().stream();
    let (queued, mut queued_acks) = log.appender().stream();
    journal.gate.close();
    wait(async {
        committing.append(text("being committed")).await.unwrap();
        journal.gate.wait_for_arrival();
        queued.append(text("queued")).await.unwrap();
    });
    drop((committing, queued));
    journal.gate.open();
    for acks in [&mut committing_acks, &mut queued_acks] {
        let refused = wait(acks.next()).expect("not all is acknowledged").unwrap_err();
        assert!(matches!(refused, AppendError::Failed(_)), "{refused}");
    }
}
