//! A log that shows a witness two histories convicts itself.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{Finding, Verdict};

use crate::bed::{Witness, exits, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::{stderr, stdout};

fn findings(witness: &Witness) -> Vec<Finding> {
    let lines = stdout(&witness.status(&["--findings"]));
    lines
        .lines()
        .map(|line| Finding::parse(line.as_bytes()).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_kept_as_a_finding_that_strangers_can_confirm() {
    let (log, other) = (Log::new("one", 20), Log::new("another", 20));
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    submit(&mut http, log.request(0, 7)).await;
    assert!(witness.status(&[]).status.success());

    // Equal sizes; then a larger tree, whose own proof shows what its first seven entries are. Repeating it adds nothing.
    for _ in 0..3 {
        assert_eq!(submit(&mut http, other.request(7, 7)).await.status, 422);
        assert_eq!(submit(&mut http, other.request(7, 12)).await.status, 422);
    }
    let kept = findings(&witness);
    assert_eq!(kept.len(), 2);
    for (finding, size) in kept.iter().zip([7, 12]) {
        let Ok(Verdict::Fork(fork)) = finding.confirm() else {
            panic!("{finding:?}")
        };
        assert_eq!(finding.key, log.vkey());
        assert_eq!(
            (fork.older().head(), fork.newer().head()),
            (log.head(7), other.head(size))
        );
        assert!(finding.seen[0] <= finding.seen[1]);
    }
    exits(&witness.status(&[]), 1, &["two histories", "test.example/log"]);

    // The witness goes on with the history that it knows, and its memory of the fork outlives it.
    witness.cosigned(&submit(&mut http, log.request(7, 20)).await, &log.checkpoint(20));
    let (status, words) = server.stop();
    assert!(status.success());
    assert!(words.iter().any(|word| word.contains("two histories")), "{words:?}");
    assert_eq!(findings(&witness), kept);
    drop(witness.serve());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_proof_alone_accuses_nobody() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    submit(&mut http, log.request(0, 7)).await;
    // Anybody can send a checkpoint of the log with hashes of his own. The newest such request is kept, and no more.
    for wrong in [b"one", b"two"] {
        let body = log.request_with(7, vec![Hash::leaf(wrong); 4], log.head(12));
        assert_eq!(submit(&mut http, body).await.status, 422);
    }
    let status = witness.status(&[]);
    exits(&status, 0, &["somebody sent a wrong proof"]);
    let kept = findings(&witness);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].hashes[0], Hash::leaf(b"two"));
    kept[0].confirm().unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_without_entries_has_one_root() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    let wrong = TreeHead {
        size: 0,
        root: Hash::leaf(b""),
    };
    assert_eq!(submit(&mut http, log.request_with(0, vec![], wrong)).await.status, 422);
    let kept = findings(&witness);
    assert!(matches!(kept[0].confirm(), Ok(Verdict::Fork(_))), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_forks_a_few_are_kept() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    submit(&mut http, log.request(0, 7)).await;
    for number in 0..20 {
        let fork = TreeHead {
            size: 7,
            root: Hash::leaf(&[number]),
        };
        assert_eq!(submit(&mut http, log.request_with(7, vec![], fork)).await.status, 422);
    }
    assert_eq!(findings(&witness).len(), 8);
    assert!(stderr(&witness.status(&[])).contains("two histories"));
}
