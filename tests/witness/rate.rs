//! A log that asks too often.

use http::StatusCode;

use crate::bed::{Witness, conflict, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_asks_too_often_is_told_when_to_come_back() {
    let log = Log::new("one", 20);
    let neighbour = Log::named("test.example/neighbour", "one", 20);
    let witness = Witness::of(&log);
    witness.add(&neighbour.vkey());
    let server = Server::start(witness.command(&["--rate", "1"]));
    let mut http = Http::connect(&server).await;
    witness.cosigned(&submit(&mut http, log.request(0, 3)).await, &log.checkpoint(3));

    let refused = submit(&mut http, log.request(3, 7)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{refused:?}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let (published, _) = witness.published(&mut http, &log).await;
    assert_eq!(published.head(), log.head(3));

    // What strangers can send, a head that was published, has a rate of its own; a wrong size costs nothing.
    witness.cosigned(&submit(&mut http, log.request(3, 3)).await, &log.checkpoint(3));
    assert_eq!(
        submit(&mut http, log.request(3, 3)).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    for _ in 0..5 {
        assert_eq!(conflict(&submit(&mut http, log.request(0, 3)).await), 3);
    }
    // Other logs are not concerned.
    witness.cosigned(
        &submit(&mut http, neighbour.request(0, 3)).await,
        &neighbour.checkpoint(3),
    );
}
