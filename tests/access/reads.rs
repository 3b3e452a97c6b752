//! Streams that auditors read are on the record, whatever becomes of the service meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Place, Served, member, watch};

/// What is on the record of streams that the auditor has read, the newest first: result and count.
async fn recorded(served: &Served, admin: &str) -> Vec<(String, u64)> {
    let query = "source=indelible/audit&action=indelible.read-events&limit=100";
    let reads = served.found(admin, query).await;
    let of_auditor = reads.iter().filter(|event| {
        let who = member(event, "actor")["id"].as_str().unwrap();
        who.starts_with("token/auditor/")
    });
    let told = of_auditor.map(|event: &Value| {
        let outcome = &member(event, "outcome");
        if outcome["result"] == "unknown" {
            let detail = outcome["detail"].as_str().unwrap();
            assert!(detail.starts_with("the service ended while this was read"), "{detail}");
        }
        let result = outcome["result"].as_str().unwrap().to_owned();
        (result, member(event, "changes")[0]["after"].as_u64().unwrap())
    });
    told.collect()
}

fn notes(place: &Place) -> usize {
    std::fs::read_dir(place.bed.log().join("reads")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_kill_loses_no_stream_that_is_read_and_tells_none_twice() {
    let place = Place::events();
    let served = place.serve();
    for _ in 0..3 {
        served.submit(&place.admin, "x", "push").await;
    }
    let auditor = served.token(&place.admin, "auditor", json!({"role": "auditor"})).await;
    let reader = served.token(&place.admin, "reader", json!({"role": "reader"})).await;
    let (_open, given) = watch(&served, &auditor).await;
    let (_nobody_asks, _) = watch(&served, &reader).await;
    assert!(given >= 3);
    assert_eq!(notes(&place), 1, "one that is on the record, one that is not");
    assert!(recorded(&served, &place.admin).await.is_empty(), "it is not over");
    served.server.kill();

    let served = place.serve();
    // More may have been given than was taken before the kill, and was: what was asked above made events.
    let after_kill = recorded(&served, &place.admin).await;
    assert_eq!(after_kill.len(), 1, "{after_kill:?}");
    assert!(
        after_kill[0].0 == "unknown" && after_kill[0].1 >= given,
        "{after_kill:?}"
    );
    assert_eq!(notes(&place), 0);
    served.server.kill();
    let served = place.serve();
    assert_eq!(recorded(&served, &place.admin).await, after_kill, "it is told once");

    // One that its reader ends, and one that the service ends in order.
    let (ended, _) = watch(&served, &auditor).await;
    drop(ended);
    let began = std::time::Instant::now();
    while recorded(&served, &place.admin).await.len() < 2 {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "a stream that ended is not on the record"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_open, _) = watch(&served, &auditor).await;
    let (status, said) = served.server.stop();
    assert!(status.success(), "{status}: {said:#?}");
    assert_eq!(notes(&place), 0, "{said:#?}");
    let served = place.serve();
    let all = recorded(&served, &place.admin).await;
    let results: Vec<&str> = all.iter().map(|(result, _)| result.as_str()).collect();
    assert_eq!(results, ["success", "success", "unknown"]);
}

/// The kill comes when the event is durable and the note is still there.
#[tokio::test]
async fn a_note_that_was_not_taken_away_in_time_makes_no_second_event() {
    let place = Place::events();
    let served = place.serve();
    served.submit(&place.admin, "x", "push").await;
    let auditor = served.token(&place.admin, "auditor", json!({"role": "auditor"})).await;
    let (open, _) = watch(&served, &auditor).await;
    let folder = place.bed.log().join("reads");
    let note = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let kept = std::fs::read(&note).unwrap();
    drop(open);
    while notes(&place) > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    served.server.kill();
    std::fs::write(&note, kept).unwrap();
    let served = place.serve();
    let all = recorded(&served, &place.admin).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "success");
    assert_eq!(notes(&place), 0);
}
