//! A journal that fails: nothing that it may have lost was published, and nothing more is taken.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{AppendError, Condition, Settings};

use crate::doubles::{Last, Power, TestJournal, TestObjects};
use crate::support::{Homes, append, batch, check_log, eager, entries, eventually, lazy, shutdown, start, wait};

#[test]
fn after_a_failed_commit_the_log_is_as_before_and_takes_nothing_more() {
    for last in [Last::Lost, Last::Kept] {
        for writes in 0..5 {
            failed_commit(writes, last, &eager());
            failed_commit(writes, last, &lazy());
        }
    }
}

fn failed_commit(writes: u64, last: Last, settings: &Settings) {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal.clone(), &Power::fails_after(writes, last));
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), settings).unwrap();
    let (appender, reader) = (log.appender(), log.reader());
    let whole = entries(0..3 * (writes + 1));
    let acknowledged = &whole[..3 * writes as usize];
    for part in acknowledged.chunks(3) {
        append(&appender, batch(part)).unwrap();
    }
    let published = reader.head();

    // One is being committed, one is queued behind it, one comes later: all are told that the log failed.
    journal.gate.close();
    let results = wait(async {
        let committing = tokio::spawn({
            let (appender, batch) = (appender.clone(), batch(&whole[acknowledged.len()..]));
            async move { appender.append(batch).await }
        });
        tokio::task::yield_now().await;
        journal.gate.wait_for_arrival();
        let queued = tokio::spawn({
            let appender = appender.clone();
            async move { appender.append(batch(&[Bytes::from("queued")])).await }
        });
        tokio::task::yield_now().await;
        journal.gate.open();
        [committing.await.unwrap(), queued.await.unwrap()]
    });
    let late = append(&appender, batch(&[Bytes::from("late")]));
    for result in results.into_iter().chain([late]) {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, AppendError::Failed(reason) if reason.contains("double")),
            "{error}"
        );
    }
    assert!(matches!(&*log.condition().borrow(), Condition::Failed(reason) if reason.contains("double")));

    // Reads go on, of what was published.
    assert_eq!(reader.head().note_bytes(), published.note_bytes());
    check_log(&reader, acknowledged);
    assert!(shutdown(log).unwrap_err().to_string().contains("double"));
    assert_eq!(journal.closings(), 0, "never after a journal error");
    assert_eq!(
        homes.sealed(),
        acknowledged.len() as u64,
        "only what is published is sealed"
    );

    // A start decides: the old log or the new one, and nothing else.
    let log = homes.start(&lazy());
    match last {
        Last::Lost | Last::Panics => check_log(&log.reader(), acknowledged),
        Last::Kept => check_log(&log.reader(), &whole),
    }
    let known = log.reader().head().size();
    assert_eq!(
        append(&log.appender(), batch(&[Bytes::from("more")])).unwrap().first,
        known
    );
}

#[test]
fn a_closing_record_that_fails_stops_the_log_as_well() {
    for last in [Last::Lost, Last::Kept] {
        let homes = Homes::unsealed(&[entries(0..3)]);
        let journal = TestJournal::new(homes.journal.clone(), &Power::fails_after(0, last));
        let settings = Settings {
            closing_quiet: Duration::from_millis(5),
            ..lazy()
        };
        let log = start(journal, Arc::new(homes.objects.clone()), &settings).unwrap();
        let condition = log.condition();
        eventually(|| matches!(*condition.borrow(), Condition::Failed(_)));
        let error = append(&log.appender(), batch(&entries(3..6))).unwrap_err();
        assert!(matches!(error, AppendError::Failed(_)), "{error}");
        assert!(shutdown(log).is_err());
        check_log(&homes.start(&lazy()).reader(), &entries(0..3));
    }
}

#[test]
fn a_failed_journal_is_what_the_log_says_even_if_sealing_stops_too() {
    let homes = Homes::new();
    let power = Power::fails_after(1, Last::Lost);
    let journal = TestJournal::new(homes.journal.clone(), &power);
    let objects = TestObjects::new(homes.objects.clone(), &power);
    let log = start(journal, objects, &lazy()).unwrap();
    append(&log.appender(), batch(&entries(0..3))).unwrap();
    let error = append(&log.appender(), batch(&entries(3..6))).unwrap_err();
    assert!(matches!(error, AppendError::Failed(_)), "{error}");
    let (condition, appender) = (log.condition(), log.appender());
    assert!(shutdown(log).is_err(), "the sealer has ended too");
    assert!(
        matches!(&*condition.borrow(), Condition::Failed(_)),
        "{:?}",
        *condition.borrow()
    );
    let error = append(&appender, batch(&entries(3..6))).unwrap_err();
    assert!(matches!(error, AppendError::Failed(_)), "{error}");
    check_log(&homes.start(&lazy()).reader(), &entries(0..3));
}

#[test]
fn a_sequencer_that_panics_says_that_it_failed() {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal, &Power::fails_after(0, Last::Panics));
    let log = start(journal, Arc::new(homes.objects), &lazy()).unwrap();
    let (condition, appender) = (log.condition(), log.appender());
    let (stream, mut acks) = appender.stream();
    for error in [
        append(&appender, batch(&entries(0..1))).unwrap_err(),
        append(&appender, batch(&entries(0..1))).unwrap_err(),
        wait(acks.next()).unwrap().unwrap_err(),
        wait(stream.append(batch(&entries(0..1)))).unwrap_err(),
    ] {
        assert!(
            matches!(&error, AppendError::Failed(reason) if reason.contains("panicked")),
            "{error}"
        );
    }
    assert!(matches!(&*condition.borrow(), Condition::Failed(_)));
}
