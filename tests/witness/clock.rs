//! A clock that is behind what was cosigned already.

use http::StatusCode;

use crate::bed::{Witness, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::shim;
use crate::support::{Server, skipped};

#[tokio::test(flavor = "multi_thread")]
async fn no_cosignature_is_older_than_one_before() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let Some(mut set_back) = shim::with_shim(witness.command(&[])) else {
        return skipped(shim::NEEDS);
    };
    set_back.env("SHIM_CLOCK_BACK", "1");
    let time = {
        let server = witness.serve();
        let answer = submit(&mut Http::connect(&server).await, log.request(0, 3)).await;
        witness.cosigned(&answer, &log.checkpoint(3))
    };
    // An hour back: neither of the two times is believed, and nothing is stored.
    {
        let server = Server::start(set_back);
        let mut http = Http::connect(&server).await;
        for old_and_new in [(3, 3), (3, 7)] {
            let answer = submit(&mut http, log.request(old_and_new.0, old_and_new.1)).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
            assert_eq!(answer.header("retry-after"), "60");
            assert!(
                String::from_utf8_lossy(&answer.body).contains("the clock is"),
                "{answer:?}"
            );
        }
        assert_eq!(http.get("/healthz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        // What was cosigned can be read all the same.
        assert_eq!(witness.published(&mut http, &log).await.1, time);
    }
    assert_eq!(witness.size(), Some(3));
    let server = witness.serve();
    let answer = submit(&mut Http::connect(&server).await, log.request(3, 7)).await;
    assert!(witness.cosigned(&answer, &log.checkpoint(7)) >= time);
}
