//! Appends of many callers: every one is told where its entries stand, and there they stand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{Ack, Batch, Settings};
use tokio::task::JoinSet;

use crate::doubles::{Power, TestJournal};
use crate::support::{
    Dice, Homes, append, batch, check_log, eager, entries, in_time, lazy, read_all, shutdown, start, wait,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_of_concurrent_callers_cover_the_log_without_overlap() {
    let homes = Homes::new();
    let log = homes.start(&eager());
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let appender = log.appender();
        callers.spawn(async move {
            let mut dice = Dice(caller);
            let mut acknowledged: Vec<(Ack, Vec<Bytes>)> = vec![];
            for call in 0..20 {
                let marked = |n: u64| Bytes::from(format!("caller {caller} call {call} entry {n}"));
                let sent: Vec<Bytes> = (0..1 + dice.below(9)).map(marked).collect();
                let ack = in_time(appender.append(batch(&sent))).await.unwrap();
                let before = acknowledged.last().map_or(0, |(ack, _)| ack.head.size());
                assert!(ack.first >= before, "a caller's second append stands behind its first");
                acknowledged.push((ack, sent));
            }
            acknowledged
        });
    }
    let acknowledged: Vec<_> = callers.join_all().await.into_iter().flatten().collect();

    let whole = read_all(&log.reader());
    let mut runs = BTreeMap::new();
    for (ack, sent) in &acknowledged {
        assert_eq!(ack.count, sent.len() as u64);
        assert!(ack.head.size() >= ack.first + ack.count);
        assert_eq!(whole[ack.first as usize..][..sent.len()], *sent);
        assert!(runs.insert(ack.first, ack.count).is_none());
    }
    let covered = runs.iter().fold(0, |next, (first, count)| {
        assert_eq!(*first, next, "acknowledged runs neither overlap nor leave gaps");
        first + count
    });
    assert_eq!(covered, whole.len() as u64);
    check_log(&log.reader(), &whole);
    shutdown(log).unwrap();
}

#[test]
fn an_acknowledgement_carries_the_head_of_its_commit_which_is_published_before() {
    let homes = Homes::new();
    let log = homes.start(&lazy());
    let whole = entries(0..60);
    for (number, part) in (0..).zip(whole.chunks(6)) {
        let ack = append(&log.appender(), batch(part)).unwrap();
        assert_eq!((ack.first, ack.count), (6 * number, 6));
        assert_eq!(ack.head.size(), 6 * number + 6);
        assert_eq!(ack.head.note_bytes(), log.reader().head().note_bytes());
        assert_eq!(ack.head.note_bytes(), homes.journal.last_note());
    }
    check_log(&log.reader(), &whole);
}

#[test]
fn what_waits_for_a_commit_is_committed_together_up_to_a_limit() {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal.clone(), &Power::steady());
    let settings = Settings {
        commit_bytes_max: 1_000,
        ..lazy()
    };
    let log = start(journal.clone(), Arc::new(homes.objects), &settings).unwrap();
    let appender = log.appender();
    // Of 96 journal bytes an entry: 10 fit into a commit. 40 of them and a large one are a commit of their own.
    let sizes = [1, 4, 4, 4, 40, 40, 2, 1, 8];
    let batches: Vec<Vec<Bytes>> = (0..)
        .zip(sizes)
        .map(|(at, size)| vec![Bytes::from(vec![at; 92]); size])
        .collect();

    journal.gate.close();
    let acks = wait(async {
        let mut waiting = JoinSet::new();
        let mut results = BTreeMap::new();
        for (number, entries) in batches.iter().enumerate() {
            let (appender, batch) = (appender.clone(), batch(entries));
            waiting.spawn(async move { (number, appender.append(batch).await.unwrap()) });
            tokio::task::yield_now().await;
            if number == 0 {
                // The first is on its way alone; all others wait behind it.
                journal.gate.wait_for_arrival();
            }
        }
        journal.gate.open();
        while let Some(result) = waiting.join_next().await {
            let (number, ack) = result.unwrap();
            results.insert(number, ack);
        }
        results
    });
    assert_eq!(journal.commits(), [1, 8, 4, 40, 40, 3, 8]);
    let firsts: Vec<u64> = acks.values().map(|ack| ack.first).collect();
    assert_eq!(
        firsts,
        [0, 1, 5, 9, 13, 53, 93, 95, 96],
        "in the order in which they came"
    );
    let heads: Vec<u64> = acks.values().map(|ack| ack.head.size()).collect();
    assert_eq!(heads, [1, 9, 9, 13, 53, 93, 96, 96, 104]);
    check_log(&log.reader(), &batches.concat());
}

#[test]
fn an_append_that_nobody_waits_for_any_more_is_committed_and_disturbs_nobody() {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal.clone(), &Power::steady());
    let log = start(journal.clone(), Arc::new(homes.objects), &lazy()).unwrap();
    let appender = log.appender();
    let whole = entries(0..40);
    journal.gate.close();
    wait(async {
        // Queued, then dropped: two while the commit of the first is under way, and that one too.
        for entry in &whole[..3] {
            let append = appender.append(Batch::single(entry.clone()).unwrap());
            assert!(tokio::time::timeout(Duration::from_millis(20), append).await.is_err());
        }
        // Never polled: never queued.
        drop(appender.append(Batch::single(Bytes::from("never")).unwrap()));
    });
    journal.gate.open();
    let ack = append(&appender, batch(&whole[3..])).unwrap();
    assert_eq!((ack.first, ack.count), (3, 37));
    check_log(&log.reader(), &whole);
    shutdown(log).unwrap();
}

#[test]
#[should_panic(expected = "at least 1 entry")]
fn an_empty_batch_is_the_callers_mistake() {
    let log = Homes::new().start(&lazy());
    let _ = append(&log.appender(), Batch::default());
}
