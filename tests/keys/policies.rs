//! `verify --policy`: who vouches, and when.

use std::process::Output;

use indelible_note::{SignedCheckpoint, Verified};

use crate::support::{Bed, stderr, stdout};
use crate::trees::{cosignature, entry, key, receipt, signed, witness};

/// A policy with two witnesses, of which as many must vouch as `threshold` says.
fn policy(threshold: &str) -> String {
    format!(
        "log {}\nwitness w1 {}\nwitness w2 {}\ngroup both {threshold} w1 w2\nquorum both\n",
        key(1).verifier(),
        witness("w.example/one", 11).cosigner(),
        witness("w.example/two", 12).cosigner(),
    )
}

/// A head that the two witnesses saw at these times, if they did.
fn seen(history: &str, size: u64, times: [Option<u64>; 2]) -> Verified<SignedCheckpoint> {
    let witnesses = [witness("w.example/one", 11), witness("w.example/two", 12)];
    let head = signed(history, size, &key(1));
    let lines: Vec<_> = witnesses
        .iter()
        .zip(times)
        .filter_map(|(witness, time)| Some(cosignature(&head, time?, &key(1), witness)))
        .collect();
    head.with_cosignatures(&lines, &witnesses.map(|witness| witness.cosigner()))
        .unwrap()
}

fn verify(bed: &Bed, more: &[&str]) -> Output {
    bed.run(
        &[
            &[
                "verify",
                "--receipt",
                "receipt",
                "--entry",
                "entry",
                "--policy",
                "policy",
            ],
            more,
        ]
        .concat(),
    )
}

/// A bed with entry 3 of an honest history, its receipt under a head that was seen at these times, and a policy.
fn bed(threshold: &str, times: [Option<u64>; 2]) -> Bed {
    let bed = Bed::new();
    bed.write("entry", entry("honest", 3));
    bed.write("policy", policy(threshold));
    bed.write("receipt", receipt("honest", 3, &seen("honest", 7, times)).to_string());
    bed
}

#[test]
fn it_says_who_vouches_and_not_after_when() {
    let bed = bed("any", [Some(1_767_139_260), Some(1_767_139_200)]);
    let held = verify(&bed, &[]);
    assert_eq!(held.status.code(), Some(0), "{}", stderr(&held));
    let (one, two) = (
        witness("w.example/one", 11).cosigner(),
        witness("w.example/two", 12).cosigner(),
    );
    let expected = format!(
        "witness\tw1\tw.example/one+{}\t1767139260\nwitness\tw2\tw.example/two+{}\t1767139200\nnot-after\t1767139200\n",
        one.id(),
        two.id()
    );
    assert_eq!(stdout(&held), expected);
    assert!(
        stderr(&held).contains("not after 2025-12-31T00:00:00Z"),
        "{}",
        stderr(&held)
    );
}

#[test]
fn without_its_quorum_it_does_not_hold() {
    let bed = bed("all", [Some(1_767_139_260), None]);
    let refused = verify(&bed, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("w1 vouch, w2 do not"), "{}", stderr(&refused));
    assert_eq!(stdout(&refused), "");
    bed.write("policy", policy("any"));
    assert_eq!(verify(&bed, &[]).status.code(), Some(0));
    bed.write("entry", "another entry");
    assert_eq!(verify(&bed, &[]).status.code(), Some(1));
    bed.write("policy", "witness w1 no-key\nquorum w1\n");
    let unreadable = verify(&bed, &[]);
    assert_eq!(unreadable.status.code(), Some(2));
    assert!(
        stderr(&unreadable).contains("policy is no policy: line 1"),
        "{}",
        stderr(&unreadable)
    );
}

#[test]
fn a_head_that_lacks_the_entry_gives_the_other_end() {
    let bed = bed("any", [Some(1_767_139_260), None]);
    // The second witness lags behind: what it says after the first saw the entry says nothing.
    bed.write(
        "lacking",
        seen("honest", 3, [Some(1_767_139_000), Some(1_767_139_999)]).note_bytes(),
    );
    let held = verify(&bed, &["--lacking", "lacking"]);
    assert_eq!(held.status.code(), Some(0), "{}", stderr(&held));
    assert!(
        stdout(&held).ends_with("not-after\t1767139260\nnot-before\t1767139000\n"),
        "{}",
        stdout(&held)
    );

    bed.write("lacking", seen("honest", 3, [None, Some(1_767_139_999)]).note_bytes());
    let held = verify(&bed, &["--lacking", "lacking"]);
    assert_eq!(held.status.code(), Some(0), "{}", stderr(&held));
    assert!(!stdout(&held).contains("not-before"), "{}", stdout(&held));
    assert!(stderr(&held).contains("cannot be told"), "{}", stderr(&held));

    bed.write("lacking", seen("honest", 4, [Some(1_767_139_000), None]).note_bytes());
    let refused = verify(&bed, &["--lacking", "lacking"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("does not lack it"), "{}", stderr(&refused));
    assert_eq!(stdout(&refused), "");

    bed.write("lacking", seen("honest", 3, [None, None]).note_bytes());
    let refused = verify(&bed, &["--lacking", "lacking"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("the quorum is not met"),
        "{}",
        stderr(&refused)
    );
}

/// A policy may leave the log to --vkey, and a witness more or less changes nothing for those who ask for none.
#[test]
fn a_policy_without_a_log_takes_the_key() {
    let bed = bed("any", [Some(1_767_139_260), None]);
    bed.write("policy", "quorum none");
    let own = key(1).verifier().to_string();
    let held = verify(&bed, &["--vkey", &own]);
    assert_eq!(
        (held.status.code(), stdout(&held).as_str()),
        (Some(0), ""),
        "{}",
        stderr(&held)
    );
    assert!(stderr(&held).contains("asks for none"));
    let other = key(2).verifier().to_string();
    assert_eq!(verify(&bed, &["--vkey", &other]).status.code(), Some(1));
}

/// The thief of a key that was given up at 7 entries: what he signs for the time before is not told from what the log signed, and
/// what he signs for the time after is nobody's.
#[test]
fn a_stolen_key_signs_no_future() {
    let (retired, current) = (key(1), key(2));
    let bed = Bed::new();
    let policy = format!(
        "log {}\n# last-size {}+{} 7\nlog {}\nquorum none\n",
        retired.verifier(),
        retired.verifier().name(),
        retired.verifier().id(),
        current.verifier()
    );
    bed.write("policy", policy);
    let check = |history: &str, size: u64, signer, code, words: &str| {
        bed.write("entry", entry(history, size - 1));
        bed.write(
            "receipt",
            receipt(history, size - 1, &signed(history, size, signer)).to_string(),
        );
        let output = verify(&bed, &[]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{history} {size}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(words),
            "{words:?} is not in {}",
            stderr(&output)
        );
    };
    check("honest", 7, &retired, 0, "holds");
    check("honest", 8, &current, 0, "holds");
    check(
        "forged",
        8,
        &retired,
        1,
        "may sign trees of at most 7 leaves, this one has 8",
    );
    check("forged", 1_000, &retired, 1, "may sign trees of at most 7");
    check("forged", 8, &key(3), 1, "none of the 1 signatures is by a trusted key");
    // Without the line, the thief is believed: that is what it is for.
    let careless = format!("log {}\nlog {}\nquorum none\n", retired.verifier(), current.verifier());
    bed.write("policy", careless);
    let forged = verify(&bed, &[]);
    assert_eq!(forged.status.code(), Some(1));
    bed.write(
        "receipt",
        receipt("forged", 7, &signed("forged", 8, &retired)).to_string(),
    );
    assert_eq!(verify(&bed, &[]).status.code(), Some(0));
}
