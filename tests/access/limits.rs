//! One principal at its limit, and the others beside it.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::place::{Place, event};

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back_and_nobody_else_notices() {
    let place = Place::events().configured("[limits]\nrequests_per_second = 5\nrequests_at_once = 10\n");
    let served = place.serve();
    let greedy = served.token(&place.admin, "greedy", json!({"role": "submitter"})).await;
    let modest = served.token(&place.admin, "modest", json!({"role": "submitter"})).await;
    let (mut taken, mut refused) = (0, 0);
    let began = Instant::now();
    for _ in 0..60 {
        let (status, headers, answer) = served
            .ask(Some(&greedy), "POST", "/v1/events", Some(&event("x", "y")))
            .await;
        match status {
            StatusCode::OK => taken += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                refused += 1;
                let after: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((1..=2).contains(&after), "{after}");
                assert_eq!(answer["type"], "urn:indelible:problem:over-limit");
            }
            other => panic!("{other}: {answer}"),
        }
    }
    let allowed = 10.0 + 5.0 * began.elapsed().as_secs_f64() + 1.0;
    assert!(
        taken >= 10 && f64::from(taken) <= allowed,
        "{taken} of at most {allowed}"
    );
    assert!(refused > 0);
    served.submit(&modest, "x", "y").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    served.submit(&greedy, "x", "y").await;
}

#[tokio::test]
async fn bytes_are_limited_too() {
    let place = Place::events().configured("[[limit]]\nsubject = \"SUBJECT\"\nkib_per_second = 64\nkib_at_once = 64\n");
    let served = place.serve();
    let wanted = json!({"name": "bulk", "grants": [{"role": "submitter"}]});
    let made = served.ok(&place.admin, "POST", "/v1/tokens", Some(&wanted)).await;
    let (token, subject) = (
        made["token"].as_str().unwrap().to_owned(),
        made["subject"].as_str().unwrap(),
    );
    served.server.stop();
    let text = std::fs::read_to_string(place.bed.log().join("access.toml")).unwrap();
    let place = place.configured(&text.replace("SUBJECT", subject));
    let served = place.serve();
    let mut large = event("x", "y");
    large["claims"]["changes"] = json!([{"field": "f", "after": "z".repeat(200 << 10)}]);
    let began = Instant::now();
    let bulk = async {
        let (status, ..) = served.ask(Some(&token), "POST", "/v1/events", Some(&large)).await;
        assert_eq!(status, StatusCode::OK, "it is read, as slowly as its sender may send");
        began.elapsed()
    };
    let others = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let (status, headers, _) = served
            .ask(Some(&token), "POST", "/v1/events", Some(&event("x", "y")))
            .await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert!(headers.contains_key("retry-after"));
        let asked = Instant::now();
        served.submit(&place.admin, "x", "y").await;
        asked.elapsed()
    };
    let (bulk, other) = tokio::join!(bulk, others);
    println!("200 KiB at 64 KiB/s took {bulk:?}, another principal beside it {other:?}");
    assert!(bulk > Duration::from_millis(1_800), "{bulk:?}");
    assert!(other < bulk / 2, "{other:?}");
}
