//! `verify --finding`: what is proved, and what is the monitor's word.

use indelible_merkle::Hash;
use indelible_note::{Finding, FindingKind, PosixTime, SignedCheckpoint, SigningKey, Verified};

use crate::support::{Bed, stderr, stdout};
use crate::trees::{key, prefix, signed};

fn finding(kind: FindingKind, heads: &[Verified<SignedCheckpoint>], hashes: Vec<Hash>) -> Finding {
    Finding {
        kind,
        key: key(1).verifier(),
        heads: heads.iter().map(|head| head.note().to_string()).collect(),
        hashes,
        seen: vec![PosixTime::from_secs(1_767_139_200).unwrap()],
    }
}

/// Writes a finding as a monitor does, checks it, and expects this code and these words.
#[track_caller]
fn check(finding: &Finding, code: i32, words: &[&str]) {
    let bed = Bed::new();
    bed.write("finding.json", format!("{finding}\n"));
    let output = bed.run(&["verify", "--finding", "finding.json"]);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    for word in words {
        assert!(stderr(&output).contains(word), "{word:?} is not in {}", stderr(&output));
    }
}

#[test]
fn a_fork_is_proved_by_two_roots_of_one_size() {
    let log = key(1);
    let heads = [signed("one", 5, &log), signed("other", 5, &log)];
    let roots = [heads[0].head().root.to_string(), heads[1].head().root.to_string()];
    check(
        &finding(FindingKind::Fork, &heads, Vec::new()),
        1,
        &[
            "test.example/log has forked",
            "two trees of 5 entries",
            &roots[0],
            &roots[1],
            "2025-12-31T00:00:00Z",
        ],
    );
}

#[test]
fn a_fork_is_proved_by_a_beginning_that_is_another() {
    let log = key(1);
    let heads = [signed("one", 5, &log), signed("other", 9, &log)];
    check(
        &finding(FindingKind::Fork, &heads, prefix("other", 5, 9)),
        1,
        &["has forked", "a tree of 5 entries", "a tree of 9 entries"],
    );
    // The other order of the heads, in which they were seen, changes nothing.
    let [old, new] = heads;
    check(
        &finding(FindingKind::Fork, &[new, old], prefix("other", 5, 9)),
        1,
        &["has forked"],
    );
}

#[test]
fn a_fork_that_is_none_is_said_to_be_none() {
    let (log, stranger) = (key(1), key(2));
    let heads = |other: &str, by: &SigningKey| [signed("one", 5, &log), signed(other, 9, by)];
    check(
        &finding(FindingKind::Fork, &heads("one", &log), prefix("one", 5, 9)),
        2,
        &["proves nothing against the log", "do not contradict"],
    );
    check(
        &finding(FindingKind::Fork, &heads("other", &log), prefix("third", 5, 9)),
        2,
        &["proves nothing against the log", "the hashes prove nothing"],
    );
    check(
        &finding(FindingKind::Fork, &heads("other", &stranger), prefix("other", 5, 9)),
        2,
        &["proves nothing against the log", "head 2 is not one of this log"],
    );
    check(
        &finding(FindingKind::Fork, &[signed("one", 5, &log)], Vec::new()),
        2,
        &["shown by 2 heads, here are 1"],
    );
}

#[test]
fn order_and_time_are_the_monitors_word() {
    let log = key(1);
    let heads = [signed("one", 9, &log), signed("one", 5, &log)];
    check(
        &finding(FindingKind::Rollback, &heads, Vec::new()),
        2,
        &[
            "the log's key did sign the head of 9 entries",
            "the head of 5 entries",
            "in which order",
            "monitor's word",
        ],
    );
    let [new, old] = heads;
    check(
        &finding(FindingKind::Rollback, &[old, new.clone()], Vec::new()),
        2,
        &["proves nothing", "5 entries first and 9 then"],
    );
    for (kind, words) in [
        (FindingKind::Frozen, "nothing newer was served"),
        (FindingKind::Rewritten, "what else was served"),
    ] {
        check(
            &finding(kind, std::slice::from_ref(&new), Vec::new()),
            2,
            &["did sign the head of 9", words],
        );
    }
    let unsigned = [signed("one", 9, &key(2))];
    check(
        &finding(FindingKind::Frozen, &unsigned, Vec::new()),
        2,
        &["proves nothing", "not one of this log"],
    );
    check(
        &finding(FindingKind::Signature, &unsigned, Vec::new()),
        2,
        &["anybody could have made it"],
    );
    check(
        &finding(FindingKind::Signature, &[new], Vec::new()),
        2,
        &["proves nothing", "the log did sign this head"],
    );
}

#[test]
fn what_is_no_finding_is_refused() {
    let bed = Bed::new();
    let good = finding(FindingKind::Frozen, &[signed("one", 9, &key(1))], Vec::new()).to_string();
    for bad in [
        "",
        "hello",
        "{}",
        &good[..good.len() - 1],
        &good.replace("finding.v1", "finding.v2"),
        &good.replace("\"frozen\"", "\"melted\""),
        &good.replace("\"seen\"", "\"more\":1,\"seen\""),
        &good.replace("test.example/log+", "test.example/log+0"),
        &"[".repeat(100_000),
        &" ".repeat(5_000_001),
    ] {
        bed.write("finding.json", bad);
        let output = bed.run(&["verify", "--finding", "finding.json"]);
        assert_eq!(output.status.code(), Some(2), "{bad:.200}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(
            said.contains("finding.json is no finding") || said.contains("more than 5000000 bytes"),
            "{said}"
        );
    }
    for args in [
        &[
            "verify",
            "--finding",
            "finding.json",
            "--receipt",
            "finding.json",
            "--entry",
            "finding.json",
        ][..],
        &["verify"],
        &["verify", "--receipt", "finding.json"],
    ] {
        assert_eq!(bed.run(args).status.code(), Some(2), "{args:?}");
    }
}
