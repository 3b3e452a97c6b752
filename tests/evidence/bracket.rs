//! `verify EVIDENCE --policy --lacking`: not after when, and not before when.

use indelible_merkle::ConsistencyProof;
use indelible_note::witness::{KnownLog, Request, decide};
use indelible_note::{CosigningKey, PosixTime, SignatureLine, SignedCheckpoint, SigningKey, Verified};
use serde_json::Value;

use crate::bed::{Bed, exit, stderr, stdout};
use crate::log::HandMade;

const SEEN: u64 = 1_767_139_260;

fn witness() -> CosigningKey {
    CosigningKey::from_seed("w.example/one".parse().unwrap(), [11; 32])
}

/// The head, as the witness cosigned it at this time, when it was the largest that it knew.
fn cosigned(head: &Verified<SignedCheckpoint>, log: &SigningKey, secs: u64) -> SignedCheckpoint {
    let known = KnownLog {
        keys: vec![log.verifier()],
        latest: None,
    };
    let proof = ConsistencyProof::new(0, head.head().size, Vec::new());
    let accepted = decide(Request::new(proof, head.clone().into_inner()), Some(&known)).unwrap();
    let line: SignatureLine = accepted.cosign(PosixTime::from_secs(secs).unwrap(), &witness());
    let with = head.with_cosignatures(&[line], &[witness().cosigner()]).unwrap();
    with.into_inner()
}

/// A bed with evidence of a log that the witness saw whole at [`SEEN`], a policy, and an earlier head of two events.
fn bed(earlier_secs: u64) -> (Bed, HandMade) {
    let log = HandMade::new();
    let [whole, two] = log.heads();
    let (whole, two) = (cosigned(&whole, &log.key, SEEN), cosigned(&two, &log.key, earlier_secs));
    let log = log.under(whole);
    let bed = Bed::new();
    bed.write("all.indelible", log.evidence());
    let policy = format!("log {}\nwitness w1 {}\nquorum w1\n", log.vkey(), witness().cosigner());
    bed.write("policy", policy);
    bed.write("earlier", two.note().to_string());
    (bed, log)
}

fn verify(bed: &Bed, more: &[&str]) -> std::process::Output {
    bed.run(&[&["verify", "all.indelible", "--policy", "policy"], more].concat())
}

#[test]
fn events_that_the_earlier_head_lacks_have_both_ends() {
    let (bed, _) = bed(SEEN - 60);
    let held = verify(&bed, &["--lacking", "earlier", "--json"]);
    assert_eq!(exit(&held), 0, "{}", stderr(&held));
    let told = stdout(&held);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends = told
        .iter()
        .map(|line| (line["not_before"].as_u64(), line["not_after"].as_u64()));
    let none = (None, Some(SEEN));
    let both = (Some(SEEN - 60), Some(SEEN));
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [none, none, both, both],
        "two events and a tombstone of four"
    );

    let words = stdout(&verify(&bed, &["--lacking", "earlier"]));
    assert_eq!(
        words.matches("not before   2025-12-30T23:").count() + words.matches("not before   2025-12-31T00:").count(),
        2,
        "{words}"
    );
    // Without the earlier head there is one end, and without a policy there is none.
    assert!(!stdout(&verify(&bed, &["--json"])).contains("\"not_before\":1"));
    let alone = bed.run(&["verify", "all.indelible", "--vkey", "k", "--lacking", "earlier"]);
    assert_eq!(exit(&alone), 2);
}

#[test]
fn a_witness_that_lagged_behind_says_nothing() {
    let (bed, _) = bed(SEEN + 60);
    let held = verify(&bed, &["--lacking", "earlier", "--json"]);
    assert_eq!(exit(&held), 0, "{}", stderr(&held));
    let told = stdout(&held);
    assert_eq!(told.matches("\"not_before\":null").count(), 4, "{told}");
}

#[test]
fn a_head_that_is_no_earlier_one_of_this_log_is_refused() {
    let (bed, log) = bed(SEEN - 60);
    let [whole, two] = log.heads();
    let other = HandMade::signed_by([8; 32]);
    let [_, foreign] = other.heads();
    // The log's own key has signed another tree of four.
    let root = two.head().root;
    let forked = indelible_note::sign_checkpoint(indelible_merkle::TreeHead { size: 4, root }, &log.key);
    for (what, head, words) in [
        (
            "it has them all",
            cosigned(&whole, &log.key, SEEN - 60),
            "not an earlier one",
        ),
        (
            "another log",
            cosigned(&foreign, &other.key, SEEN - 60),
            "does not satisfy the policy",
        ),
        ("nobody vouches", two.into_inner(), "does not satisfy the policy"),
        (
            "another tree",
            cosigned(&forked, &log.key, SEEN - 60),
            "two different trees of 4 entries",
        ),
    ] {
        bed.write("earlier", head.note().to_string());
        let refused = verify(&bed, &["--lacking", "earlier"]);
        assert_eq!(exit(&refused), 1, "{what}: {}", stderr(&refused));
        assert_eq!(stdout(&refused), "", "{what}");
        assert!(stderr(&refused).contains(words), "{what}: {}", stderr(&refused));
    }
    bed.write("earlier", "no head");
    assert_eq!(exit(&verify(&bed, &["--lacking", "earlier"])), 2);
}
