//! What somebody has under way: how much of it there may be at a time, and when it is over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::json;
use tonic::{Code, Streaming};

use crate::place::{Place, Served, watch};
use crate::stubs::WatchResponse;
use crate::tokens::id_of;

/// Whatever was on its way arrives, and then a stream is over although there is more.
pub(crate) async fn ends(place: &Place, served: &Served, mut watched: Streaming<WatchResponse>) {
    let ended = async {
        loop {
            served.submit(&place.admin, "x", "after").await;
            match watched.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended as if all had been said"),
                Err(status) => break status,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let place = Place::events();
    let served = place.serve();
    let token = served.token(&place.admin, "watcher", json!({"role": "auditor"})).await;
    let watched = watch(&served, &token).await.0;
    let path = format!("/v1/tokens/{}", id_of(&served, &place.admin, "watcher").await);
    served.ok(&place.admin, "DELETE", &path, None).await;
    ends(&place, &served, watched).await;
    // To say it again changes nothing, and puts nothing on the record.
    served.ok(&place.admin, "DELETE", &path, None).await;
    let revoked = served.found(&place.admin, "action=indelible.token.revoked").await;
    assert_eq!(revoked.len(), 1, "{revoked:#?}");
}

#[tokio::test]
async fn a_stream_ends_when_its_token_expires() {
    let place = Place::events();
    let served = place.serve();
    let soon = Timestamp::now() + SignedDuration::from_secs(4);
    let wanted = json!({"name": "short", "grants": [{"role": "auditor"}], "expires": soon});
    let made = served.ok(&place.admin, "POST", "/v1/tokens", Some(&wanted)).await;
    let watched = watch(&served, made["token"].as_str().unwrap()).await.0;
    ends(&place, &served, watched).await;
    assert!(Timestamp::now() >= soon);
}

#[tokio::test]
async fn so_many_requests_are_under_way_at_a_time_and_no_more() {
    let place = Place::events().configured("[limits]\nin_flight = 2\n");
    let served = place.serve();
    let token = served.token(&place.admin, "watcher", json!({"role": "auditor"})).await;
    let asked = || served.ask(Some(&token), "GET", "/v1/events", None);
    // As often as one likes, one after the other.
    for _ in 0..5 {
        assert_eq!(asked().await.0, StatusCode::OK);
    }
    let _first = watch(&served, &token).await.0;
    let second = watch(&served, &token).await.0;
    let (status, headers, answer) = asked().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
    assert!(headers.contains_key("retry-after"));
    served.submit(&place.admin, "x", "others are let in").await;
    drop(second);
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while asked().await.0 != StatusCode::OK {
        assert!(std::time::Instant::now() < until, "the place is not given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
