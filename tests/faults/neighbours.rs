//! What is around a log: another process, a clock, an older copy of what can be rebuilt.

use std::process::Command;
use std::time::Duration;

use crate::kept::{Kept, fsck};
use crate::shim;
use crate::support::{Bed, Server, skipped, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn one_log_has_one_process() {
    let bed = Bed::with_log();
    let mut kept = Kept::of(&bed);
    let server = bed.serve();
    kept.append(&server).await.unwrap();
    let holder = format!("in use by the process {}", server.pid());
    for args in [
        &["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"][..],
        &["fsck", "--data", "log"],
        &["rebuild", "--data", "log"],
        &["recover", "--accept-older", "--yes", "--data", "log"],
    ] {
        let refused = bed.run(args);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(stderr(&refused).contains(&holder), "{args:?}: {}", stderr(&refused));
        kept.append(&server).await.unwrap();
        kept.check(&server).await;
    }
    // The kernel takes the lock back from a process that is killed, so that nobody has to.
    server.kill();
    kept.check_restart(&bed).await;
}

/// An older copy of what is derived is brought up to date from the journal, as if sealing had been slow.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_sled_alone_is_healed() {
    let bed = Bed::with_log();
    let mut kept = Kept::of(&bed);
    let server = bed.serve();
    append(&mut kept, &server, 300).await;
    server.stop();
    let tree = bed.path("log/tree.sled");
    let older = bed.path("older");
    let copied = Command::new("cp").arg("-a").args([&tree, &older]).status();
    assert!(copied.unwrap().success());
    let server = bed.serve();
    append(&mut kept, &server, 700).await;
    server.stop();

    std::fs::remove_dir_all(&tree).unwrap();
    std::fs::rename(&older, &tree).unwrap();
    let found = bed.run(&["fsck", "--data", "log"]);
    assert!(
        found.status.success(),
        "what is not sealed yet is no damage: {}",
        stderr(&found)
    );
    let server = bed.serve();
    assert_eq!(kept.check(&server).await, 1_000);
    kept.prove_newest(&kept.client(&server).await, 1_000).await;
    server.stop();
    fsck(&bed);
    kept.check_restart(&bed).await;
}

/// Nothing in a log depends on the time of day, which here runs backwards, by an hour at every look.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_changes_nothing() {
    let bed = Bed::with_log();
    let mut kept = Kept::of(&bed);
    for _ in 0..3 {
        let Some(mut serve) = shim::serve(&bed) else {
            return skipped(shim::NEEDS);
        };
        serve.env("SHIM_CLOCK_BACK", "1").env("INDELIBLE_LOG_FILTER", "debug");
        let server = Server::start(serve);
        append(&mut kept, &server, 20).await;
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        append(&mut kept, &server, 20).await;
        kept.check(&server).await;
        let (ended, said) = server.stop();
        assert!(ended.success(), "{said:#?}");
        // A line of the server's own log begins with the time, to the microsecond.
        let times: Vec<&str> = said
            .iter()
            .filter_map(|line| line.split_once("Z "))
            .map(|(time, _)| time)
            .collect();
        assert!(times.len() > 1 && times.first() > times.last(), "{times:?}");
    }
    kept.check_restart(&bed).await;
}

async fn append(kept: &mut Kept, server: &Server, count: usize) {
    let entries = (0..count).map(|_| kept.next(&[])).collect();
    kept.append_batch(server, entries).await.unwrap();
}
