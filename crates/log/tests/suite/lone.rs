//! A lone small append is committed by its caller, and the log is the same.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{AppendError, Committer, Condition, Log, Settings};
use indelible_store::journal::Kind;

use crate::doubles::{Last, Power, TestJournal};
use crate::support::{Homes, append, batch, check_log, in_time, lazy, shutdown, start, text, wait};

/// A log whose callers commit for themselves, and its journal.
fn callers_commit(power: &Arc<Power>, settings: &Settings) -> (Log, Arc<TestJournal>) {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal, power);
    let settings = Settings {
        lone_appends: Committer::Caller,
        ..settings.clone()
    };
    let log = start(journal.clone(), Arc::new(homes.objects), &settings).unwrap();
    (log, journal)
}

#[test]
fn the_caller_commits_in_its_own_thread() {
    for committer in [Committer::Caller, Committer::Thread] {
        let homes = Homes::new();
        let journal = TestJournal::new(homes.journal, &Power::steady());
        let settings = Settings {
            lone_appends: committer,
            ..lazy()
        };
        let log = start(journal.clone(), Arc::new(homes.objects), &settings).unwrap();
        append(&log.appender(), text("one")).unwrap();
        append(&log.appender(), text("two")).unwrap();
        let by_caller = journal.threads().iter().all(|id| *id == thread::current().id());
        assert_eq!(by_caller, committer == Committer::Caller);
        check_log(&log.reader(), &["one", "two"].map(Bytes::from));
        shutdown(log).unwrap();
    }
}

#[test]
fn what_comes_meanwhile_is_committed_by_the_thread() {
    let (log, journal) = callers_commit(&Power::steady(), &lazy());
    journal.gate.close();
    let appender = log.appender();
    let lone = thread::spawn(move || append(&appender, text("lone")));
    journal.gate.wait_for_arrival();
    let results = wait(async {
        let appends = ["a", "b", "c"].map(|name| {
            let appender = log.appender();
            tokio::spawn(async move { appender.append(text(name)).await })
        });
        tokio::task::yield_now().await;
        journal.gate.open();
        let mut results = vec![];
        for append in appends {
            results.push(in_time(append).await.unwrap().unwrap());
        }
        results
    });
    assert_eq!(lone.join().unwrap().unwrap().first, 0);
    assert_eq!(results.iter().map(|ack| ack.first).collect::<Vec<_>>(), [1, 2, 3]);
    shutdown(log).unwrap();
}

#[test]
fn a_quiet_journal_gets_its_closing_record_all_the_same() {
    let settings = Settings {
        closing_quiet: Duration::from_millis(20),
        ..lazy()
    };
    let (log, journal) = callers_commit(&Power::steady(), &settings);
    for round in 1..4 {
        append(&log.appender(), text("once more")).unwrap();
        while journal.closings() < round {
            thread::sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(journal.frames().last(), Some(&(Kind::Closing, 0)));
    shutdown(log).unwrap();
}

#[test]
fn a_failing_journal_fails_for_the_caller_as_for_everybody() {
    for last in [Last::Lost, Last::Kept] {
        let (log, _journal) = callers_commit(&Power::fails_after(1, last), &lazy());
        append(&log.appender(), text("in")).unwrap();
        let error = append(&log.appender(), text("perhaps in")).unwrap_err();
        assert!(matches!(error, AppendError::Failed(_)), "{error}");
        assert!(matches!(*log.condition().borrow(), Condition::Failed(_)));
        assert!(matches!(
            append(&log.appender(), text("out")),
            Err(AppendError::Failed(_))
        ));
        assert!(shutdown(log).is_err());
    }
}

#[test]
fn a_large_batch_is_left_to_the_thread() {
    let (log, journal) = callers_commit(&Power::steady(), &lazy());
    append(&log.appender(), batch(&vec![Bytes::from(vec![1; 30_000]); 3])).unwrap();
    assert!(journal.threads().iter().all(|id| *id != thread::current().id()));
    shutdown(log).unwrap();
}

#[test]
fn a_caller_that_panics_takes_the_log_down_and_nobody_waits_for_ever() {
    let (log, _journal) = callers_commit(&Power::fails_after(0, Last::Panics), &lazy());
    let appender = log.appender();
    assert!(thread::spawn(move || append(&appender, text("fatal"))).join().is_err());
    let error = append(&log.appender(), text("out")).unwrap_err();
    assert!(matches!(error, AppendError::Failed(_)), "{error}");
}
