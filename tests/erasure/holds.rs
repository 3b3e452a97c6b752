//! Legal holds, by the commands.

use crate::support::Bed;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_erased_before_it_is_released() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(0..20, "held@example.com").await;
    log.stop().await;
    let server = bed.serve();
    let url = server.url.clone();
    let erase = |index: &'static str, members: &'static str| {
        bed.run(&[
            "erase",
            "--url",
            &url,
            "--index",
            index,
            "--members",
            members,
            "--basis",
            "b",
            "--requester",
            "r",
            "--yes",
        ])
    };
    let hold = bed.must(&[
        "hold",
        "--url",
        &url,
        "3",
        "--range",
        "5..6",
        "--members",
        "actor",
        "--reason",
        "case 7",
    ]);
    assert_eq!(hold.trim(), "20");
    for (index, members) in [("3", "actor,raw"), ("6", "actor"), ("20", "changes")] {
        let refused = erase(index, members);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{words}");
        assert!(words.contains("held by #20: case 7"), "{words}");
    }
    assert!(erase("3", "raw").status.success());
    assert!(erase("7", "actor").status.success());
    drop(server);

    // It is the log's, and outlives the process.
    let server = bed.serve();
    let url = server.url.clone();
    let args = ["--basis", "b", "--requester", "r", "--yes"];
    let again = |index: &str| {
        bed.run(
            &[
                &["erase", "--url", &url, "--index", index, "--members", "actor"],
                &args[..],
            ]
            .concat(),
        )
    };
    assert_eq!(again("5").status.code(), Some(2));
    bed.must(&["hold", "--url", &url, "--release", "20"]);
    assert_eq!(
        bed.run(&["hold", "--url", &url, "--release", "20"]).status.code(),
        Some(2)
    );
    assert!(again("5").status.success());
    assert!(again("20").status.success());
}
