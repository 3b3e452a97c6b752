//! Requests that race for the same step.

use http::StatusCode;

use crate::bed::{Witness, conflict, submit};
use crate::http_client::Http;
use crate::log::Log;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_from_one_old_size_exactly_one_wins() {
    const RACERS: u64 = 8;
    let log = Log::new("one", 1_000);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut connections = Vec::new();
    for _ in 0..RACERS {
        connections.push(Http::connect(&server).await);
    }
    let mut old = 0;
    for round in 0..30 {
        // All prove from the same size, each to another one; all can be proven.
        let mut racing = Vec::new();
        for (mut http, ahead) in connections.drain(..).zip(1..) {
            let body = log.request(old, old + ahead);
            racing.push(tokio::spawn(async move {
                let answer = submit(&mut http, body).await;
                (http, ahead, answer)
            }));
        }
        let mut won = Vec::new();
        let mut lost = Vec::new();
        for racer in racing {
            let (http, ahead, answer) = racer.await.unwrap();
            connections.push(http);
            match answer.status {
                StatusCode::OK => {
                    witness.cosigned(&answer, &log.checkpoint(old + ahead));
                    won.push(old + ahead);
                }
                _ => lost.push(conflict(&answer)),
            }
        }
        assert_eq!(won.len(), 1, "round {round}: {won:?} won from {old}");
        assert!(
            lost.iter().all(|&size| size == won[0]),
            "round {round}: {lost:?} lost to {won:?}"
        );
        old = won[0];
        let (published, _) = witness.published(&mut connections[0], &log).await;
        assert_eq!(published.head(), log.head(old));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_histories_that_race_do_not_both_get_in() {
    let (log, other) = (Log::new("one", 100), Log::new("another", 100));
    for size in 1..20 {
        let witness = Witness::of(&log);
        let server = witness.serve();
        let (mut one, mut two) = (Http::connect(&server).await, Http::connect(&server).await);
        let (ours, theirs) = tokio::join!(
            submit(&mut one, log.request(0, size)),
            submit(&mut two, other.request(0, size)),
        );
        let won = [&ours, &theirs]
            .iter()
            .filter(|answer| answer.status == StatusCode::OK)
            .count();
        assert_eq!(won, 1, "{ours:?} {theirs:?}");
    }
}
