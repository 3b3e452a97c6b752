//! The end of a log, and its closing records: what was queued is committed, and nothing waits for ever.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{AppendError, Condition, Settings};
use indelible_store::journal::{Journal, Kind};

use crate::doubles::{Last, Power, TestJournal, TestObjects};
use crate::support::{
    Homes, append, batch, check_log, eager, entries, eventually, lazy, shutdown, small_entries, start, wait,
};

fn recorded(homes: &Homes) -> Arc<TestJournal> {
    TestJournal::new(homes.journal.clone(), &Power::steady())
}

#[test]
fn a_shutdown_commits_what_is_queued_closes_the_journal_and_seals_all() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), &lazy()).unwrap();
    let (appender, reader, condition) = (log.appender(), log.reader(), log.condition());
    let (stream, mut acks) = appender.stream();
    let whole: Vec<Bytes> = (0..30).map(|number| Bytes::from(vec![number; 8])).collect();
    journal.gate.close();
    let stopped = wait(async {
        let queued = whole[..20].chunks(5).map(|part| {
            let (appender, batch) = (appender.clone(), batch(part));
            tokio::spawn(async move { appender.append(batch).await })
        });
        let queued: Vec<_> = queued.collect();
        tokio::task::yield_now().await;
        journal.gate.wait_for_arrival();
        stream.append(batch(&whole[20..])).await.unwrap();

        let stopped = thread::spawn(|| shutdown(log));
        while *condition.borrow() == Condition::Serving {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let late = appender.append(batch(&whole[..1])).await;
        assert_eq!(late.unwrap_err(), AppendError::Stopping);
        assert_eq!(
            stream.append(batch(&whole[..1])).await.unwrap_err(),
            AppendError::Stopping
        );
        journal.gate.open();
        for queued in queued {
            queued.await.unwrap().unwrap();
        }
        stopped
    });
    stopped.join().unwrap().unwrap();
    assert_eq!(wait(acks.next()).unwrap().unwrap().ack.first, 20);
    assert_eq!(*condition.borrow(), Condition::Stopping);
    assert_eq!(journal.frames().last(), Some(&(Kind::Closing, 0)));
    assert_eq!(journal.closings(), 1);
    assert_eq!(homes.sealed(), 30);
    check_log(&reader, &whole);
    assert_eq!(append(&appender, batch(&whole)).unwrap_err(), AppendError::Stopping);
}

#[test]
fn whoever_waits_for_room_when_the_log_stops_is_let_go() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let settings = Settings {
        queue_bytes_max: 1_000,
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), &settings).unwrap();
    let appender = log.appender();
    journal.gate.close();
    let one = || batch(&[Bytes::from(vec![1; 700])]);
    wait(async {
        let first = tokio::spawn({
            let (appender, batch) = (appender.clone(), one());
            async move { appender.append(batch).await }
        });
        tokio::task::yield_now().await;
        let second = tokio::spawn({
            let (appender, batch) = (appender.clone(), one());
            async move { appender.append(batch).await }
        });
        tokio::task::yield_now().await;
        let stopped = thread::spawn(|| shutdown(log));
        assert_eq!(second.await.unwrap().unwrap_err(), AppendError::Stopping);
        journal.gate.open();
        first.await.unwrap().unwrap();
        stopped.join().unwrap().unwrap();
    });
    assert_eq!(homes.sealed(), 1);
}

#[test]
fn a_shutdown_with_a_full_backlog_and_a_sealer_that_failed_ends() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let objects = TestObjects::new(homes.objects.clone(), &Power::fails_after(0, Last::Lost));
    let settings = Settings {
        backlog_bytes_max: 5 * 200,
        ..eager()
    };
    let log = start(journal.clone(), objects.clone(), &settings).unwrap();
    let appender = log.appender();
    let whole = small_entries(0..20);
    objects.gate.close();
    // Twice as many as it has room for: they are small.
    for entry in &whole[..10] {
        append(&appender, batch(std::slice::from_ref(entry))).unwrap();
    }
    // Two wait for the sealer, who fails while the log stops.
    wait(async {
        let waiting = [10, 11].map(|at| {
            let (appender, batch) = (appender.clone(), batch(&whole[at..=at]));
            tokio::spawn(async move { appender.append(batch).await })
        });
        tokio::task::yield_now().await;
        objects.gate.wait_for_arrival();
        let condition = log.condition();
        let stopped = thread::spawn(|| shutdown(log));
        while *condition.borrow() == Condition::Serving {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        objects.gate.open();
        for waiting in waiting {
            let refusal = waiting.await.unwrap().unwrap_err();
            assert!(matches!(refusal, AppendError::BacklogFull(_)), "{refusal}");
        }
        stopped.join().unwrap().unwrap();
    });
    assert_eq!(journal.frames().last(), Some(&(Kind::Closing, 0)));
    check_log(&homes.start(&lazy()).reader(), &whole[..10]);
}

#[test]
fn a_log_that_is_dropped_ends_by_itself_when_its_appenders_are_gone() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), &lazy()).unwrap();
    let (appender, reader) = (log.appender(), log.reader());
    drop(log);
    append(&appender, batch(&entries(0..9))).unwrap();
    drop(appender);
    eventually(|| homes.sealed() == 9 && Arc::strong_count(&journal) == 1);
    assert_eq!(journal.frames(), [(Kind::Commit, 9), (Kind::Closing, 0)]);
    check_log(&reader, &entries(0..9));
}

#[test]
fn quiet_closes_the_journal_once_and_appends_go_on_behind_that() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let settings = Settings {
        closing_quiet: Duration::from_millis(20),
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), &settings).unwrap();
    let closed_once = |expected: &[(Kind, usize)]| {
        eventually(|| journal.frames() == expected);
        thread::sleep(Duration::from_millis(100));
        assert_eq!(journal.frames(), expected);
    };
    // What stood last when it started may have been a commit.
    closed_once(&[(Kind::Closing, 0)]);
    append(&log.appender(), batch(&entries(0..3))).unwrap();
    let expected = [(Kind::Closing, 0), (Kind::Commit, 3), (Kind::Closing, 0)];
    closed_once(&expected);
    let ack = append(&log.appender(), batch(&entries(3..4))).unwrap();
    assert_eq!(ack.first, 3);
    shutdown(log).unwrap();
    assert_eq!(
        journal.frames(),
        [&expected[..], &[(Kind::Commit, 1), (Kind::Closing, 0)]].concat()
    );
    check_log(&homes.start(&lazy()).reader(), &entries(0..4));
}

#[test]
fn a_shutdown_of_a_closed_journal_adds_no_second_record() {
    let homes = Homes::new();
    let journal = recorded(&homes);
    let settings = Settings {
        closing_quiet: Duration::from_millis(1),
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), &settings).unwrap();
    append(&log.appender(), batch(&entries(0..3))).unwrap();
    eventually(|| journal.frames().last() == Some(&(Kind::Closing, 0)));
    let closings = journal.closings();
    shutdown(log).unwrap();
    assert_eq!(journal.closings(), closings);
    assert_eq!(journal.size(), 3);
}
