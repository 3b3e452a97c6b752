//! The second in which the service takes an event never goes back, whatever its clock does.

use std::collections::BTreeMap;

use indelible::data::{DataDir, OpenLog, configure, open};
use indelible_client::SubmittedEvent;

use crate::support::{bed, event};

/// Not over a start either: it goes on with the second of the last leaf, before it has looked at any clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_goes_on_with_the_second_of_the_last_leaf() {
    let bed = bed();
    let highest = || {
        let data = DataDir::at(bed.log());
        let config = configure(&data, &BTreeMap::new(), &[]).unwrap();
        let OpenLog { log, trail, .. } = open(&data, config).unwrap();
        let highest = trail.unwrap().highest_second();
        log.shutdown().unwrap();
        highest
    };
    assert_eq!(highest(), None, "no leaf has any");
    for key in ["a", "b"] {
        let server = bed.serve();
        let client = server.client(bed.vkey()).await;
        let submitted = client.submit(&event(Some(key), "ada")).await.unwrap();
        let SubmittedEvent::New(committed) = submitted.event else {
            panic!("{submitted:?}")
        };
        server.stop();
        assert_eq!(highest(), Some(committed.leaf().received()));
    }
}
