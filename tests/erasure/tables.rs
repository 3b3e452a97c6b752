//! What the tables of keys and of search know of an event goes with it. They hold no text, but whoever asked them could confirm a guess.

use std::time::Duration;

use indelible::trail::Accepted;
use indelible_event::member::Member;
use indelible_index::search::{Field, Query};

use crate::bed::{Bed, Running, SOON, submission};
use crate::person::{event, theirs};

const PERSON: &str = "ottilie.person@tables.example";

/// The events that the search finds by the email of their actor, once the tables have all of the log.
async fn found(log: &Running, email: &str) -> Vec<u64> {
    let trail = log.trail();
    let term = trail.index_key().term(Field::ActorEmail, email);
    let until = tokio::time::Instant::now() + SOON;
    loop {
        let hits = trail.search(Query::oldest(100).with([term])).await.unwrap();
        if hits.indexed_size == hits.size {
            return hits.events.into_iter().map(|(index, _)| index).collect();
        }
        assert!(tokio::time::Instant::now() < until, "{hits:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_found_by_what_was_erased_and_its_key_is_free() {
    let bed = Bed::new();
    let mut log = bed.open();
    log.follow();
    log.submit(0..100, PERSON).await;
    let hers: Vec<u64> = (0..100)
        .filter(|&number| theirs(number).contains(&Member::Actor))
        .collect();
    assert_eq!(hers, [3, 45, 87]);
    assert_eq!(found(&log, PERSON).await, hers);
    let tombstones = log.trail().erase(log.plan(PERSON).await, None, None).await.unwrap();
    log.carried_out(tombstones[0]).await;
    assert_eq!(found(&log, PERSON).await, [0; 0]);
    assert_eq!(found(&log, "somebody-4@example.com").await, [4]);
    // The keys of those events are gone, too: they are new to the log.
    come_again(&log, &[(4, false), (87, true), (87, false)]).await;
    assert_eq!(found(&log, PERSON).await, [101]);
    log.stop().await;

    // Tables that are made anew know no more.
    for table in ["keys.sqlite", "events.sqlite"] {
        std::fs::remove_file(bed.path("log").join(table)).unwrap();
    }
    let mut log = bed.open();
    log.follow();
    assert_eq!(found(&log, PERSON).await, [101]);
    come_again(&log, &[(4, false), (87, false), (45, true)]).await;
    log.stop().await;
}

/// Submits the events of these numbers once more, some of which are new.
async fn come_again(log: &Running, numbers: &[(u64, bool)]) {
    for &(number, is_new) in numbers {
        let again = submission(event(number, PERSON));
        let taken = log.trail().submit(vec![again]).await.unwrap();
        let new = matches!(taken.events[0], Accepted::New { .. });
        assert_eq!(new, is_new, "{number}: {taken:?}");
    }
}

/// It is carried out when both have done so: whoever overwrites the journal, and whoever keeps the tables.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_carried_out_in_the_journal_and_in_the_tables() {
    for eraser_first in [true, false] {
        let bed = Bed::new();
        let log = bed.open();
        log.submit(0..30, PERSON).await;
        let trail = log.trail().clone();
        let tombstones = trail.erase(log.plan(PERSON).await, None, None).await.unwrap();
        let carried_out = trail.carried_out(tombstones[0]);
        tokio::pin!(carried_out);
        let run = |eraser: bool| match eraser {
            true => tokio::spawn(trail.eraser().run()),
            false => tokio::spawn(trail.follower().run()),
        };
        let one = run(eraser_first);
        let alone = tokio::time::timeout(Duration::from_millis(500), &mut carried_out).await;
        assert!(alone.is_err(), "eraser first: {eraser_first}");
        let other = run(!eraser_first);
        tokio::time::timeout(SOON, carried_out).await.unwrap().unwrap();
        assert_eq!(found(&log, PERSON).await, [0; 0]);
        log.stop().await;
        one.await.unwrap();
        other.await.unwrap();
    }
}
