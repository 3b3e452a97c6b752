//! Killed at any moment, a witness knows what it has cosigned.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioIo;

use crate::bed::{Witness, conflict, submit};
use crate::http_client::Http;
use crate::log::Log;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_size_is_never_smaller_than_what_was_cosigned() {
    const ROUNDS: u64 = 10;
    let log = Arc::new(Log::new("one", 20_000));
    let witness = Witness::of(&log);
    let cosigned = Arc::new(AtomicU64::new(0));
    let mut steps = 0;
    for round in 0..ROUNDS {
        let server = witness.serve();
        let mut http = Http::connect(&server).await;
        // Any checkpoint of the log says which size the witness is at.
        let size = match submit(&mut http, log.request_with(0, vec![], log.head(1))).await {
            answer if answer.status == StatusCode::CONFLICT => conflict(&answer),
            first => {
                witness.cosigned(&first, &log.checkpoint(1));
                1
            }
        };
        let before = cosigned.load(Ordering::SeqCst);
        assert!(size >= before, "round {round}: it cosigned {before} and knows {size}");
        let (published, _) = witness.published(&mut http, &log).await;
        assert_eq!(published.head(), log.head(size));

        let grower = tokio::spawn(grow(server.port(), Arc::clone(&log), size, Arc::clone(&cosigned)));
        // Long enough for some steps, at another moment of a step each time.
        while cosigned.load(Ordering::SeqCst) < size + 5 {
            assert!(!grower.is_finished(), "round {round}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(137 * round)).await;
        server.kill();
        grower.await.unwrap();
        steps = cosigned.load(Ordering::SeqCst);
    }
    assert!(steps > 5 * (ROUNDS - 1), "{steps}");
    assert!(witness.size().unwrap() >= steps);
}

/// Goes on step by step until the witness is gone, and keeps the size of what was cosigned.
async fn grow(port: u16, log: Arc<Log>, mut size: u64, cosigned: Arc<AtomicU64>) {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    loop {
        let body = Full::new(Bytes::from(log.request(size, size + 1)));
        let request = Request::post("/add-checkpoint").header("host", "localhost").body(body);
        if sender.ready().await.is_err() {
            return;
        }
        let Ok(answer) = sender.send_request(request.unwrap()).await else {
            return;
        };
        assert_eq!(answer.status(), StatusCode::OK);
        size += 1;
        cosigned.store(size, Ordering::SeqCst);
        // The whole body, so that the connection is free for the next.
        if http_body_util::BodyExt::collect(answer.into_body()).await.is_err() {
            return;
        }
    }
}
