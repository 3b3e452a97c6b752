//! Findings: the line of JSON, and what the evidence in it proves.

use indelible_merkle::{BadProof, CompactRange, Hash, TreeHead, proof};
use indelible_note::{Finding, FindingKind, MalformedFinding, SigningKey, Unconfirmed, Verdict, sign_checkpoint};
use proptest::prelude::*;

use crate::common::{LOG_VKEY, at, head, leaves, signed, signing_key, verifier_key};

fn finding(kind: FindingKind, heads: &[TreeHead], hashes: Vec<Hash>) -> Finding {
    let heads = heads
        .iter()
        .map(|head| sign_checkpoint(*head, &signing_key()).note().to_string());
    Finding {
        kind,
        key: verifier_key(),
        heads: heads.collect(),
        hashes,
        seen: vec![at(1_767_139_200), at(1_767_139_260)],
    }
}

/// What proves the head of the first `old` leaves of a history.
fn prefix(first: &str, old: u64, new: u64) -> Vec<Hash> {
    let growth = CompactRange::new().extend(leaves(first, new));
    let plan = proof::prefix(old, new).unwrap();
    let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
    plan.finish(&nodes).unwrap()
}

#[track_caller]
fn unconfirmed(finding: &Finding) -> Unconfirmed {
    finding.confirm().unwrap_err()
}

#[test]
fn a_finding_is_one_line() {
    let fork = finding(
        FindingKind::Fork,
        &[head("one", 3), head("other", 4)],
        prefix("other", 3, 4),
    );
    let line = fork.to_string();
    assert!(!line.contains('\n'));
    let begins = format!(
        "{{\"type\":\"indelible.finding.v1\",\"kind\":\"fork\",\"vkey\":\"{LOG_VKEY}\",\"heads\":[\"example.com/log/testdata\\n3\\n"
    );
    assert!(line.starts_with(&begins), "{line}");
    assert!(line.ends_with("=\"],\"seen\":[1767139200,1767139260]}"), "{line}");
    assert_eq!(Finding::parse(line.as_bytes()), Ok(fork.clone()));
    assert_eq!(Finding::parse(format!("{line}\n").as_bytes()), Ok(fork));
    for (kind, name) in [
        (FindingKind::Rollback, "rollback"),
        (FindingKind::Rewritten, "rewritten"),
        (FindingKind::Frozen, "frozen"),
        (FindingKind::Signature, "signature"),
    ] {
        let finding = finding(kind, &[head("one", 3)], Vec::new());
        let line = finding.to_string();
        assert!(line.contains(&format!("\"kind\":\"{name}\"")) && line.contains("\"hashes\":[]"));
        assert_eq!(Finding::parse(line.as_bytes()), Ok(finding));
    }
}

#[test]
fn what_is_no_finding() {
    let line = finding(FindingKind::Fork, &[head("one", 3)], vec![Hash::EMPTY_ROOT]).to_string();
    let with = |old: &str, new: &str| {
        assert!(line.contains(old), "{old}");
        Finding::parse(line.replacen(old, new, 1).as_bytes()).unwrap_err()
    };
    let found = "indelible.finding.v2".to_owned();
    assert_eq!(with("finding.v1", "finding.v2"), MalformedFinding::Type { found });
    assert!(matches!(with(LOG_VKEY, "example.com"), MalformedFinding::Key(_)));
    assert!(matches!(with("FU=\"]", "FV=\"]"), MalformedFinding::Hash { .. }));
    for found in ["Fork", "fake", ""] {
        let found = found.to_owned();
        assert_eq!(
            with("\"fork\"", &format!("\"{found}\"")),
            MalformedFinding::Kind { found }
        );
    }
    let secs = 9_223_372_036_854_775_808;
    assert_eq!(with("1767139260", &secs.to_string()), MalformedFinding::Time { secs });
    for (old, new) in [
        ("\"seen\"", "\"saw\""),
        ("\"seen\":", "\"more\":1,\"seen\":"),
        ("\"seen\":", "\"seen\":[],\"seen\":"),
        ("1767139260", "-1"),
        ("1767139260", "1.5"),
        ("1767139260]}", "1767139260]"),
        ("1767139260]}", "1767139260]}{}"),
    ] {
        assert!(matches!(with(old, new), MalformedFinding::Json { .. }), "{new}");
    }
    let long = line.clone() + &" ".repeat(5_000_000 - line.len());
    Finding::parse(long.as_bytes()).unwrap();
    let too_long = Finding::parse(format!("{long} ").as_bytes()).unwrap_err();
    assert_eq!(too_long, MalformedFinding::TooLong { length: 5_000_001 });
}

#[test]
fn a_fork_is_proved_between_any_two_sizes() {
    for new in 1..20 {
        for old in 1..=new {
            let hashes = if old < new {
                prefix("other", old, new)
            } else {
                Vec::new()
            };
            let (older, newer) = (head("one", old), head("other", new));
            for heads in [[older, newer], [newer, older]] {
                let verdict = finding(FindingKind::Fork, &heads, hashes.clone()).confirm().unwrap();
                let Verdict::Fork(fork) = verdict else {
                    panic!("{verdict:?}")
                };
                if old < new {
                    assert_eq!((fork.older().head(), fork.newer().head()), (older, newer));
                    assert_eq!(fork.due(), head("other", old));
                } else {
                    assert_eq!([fork.older().head(), fork.newer().head()], heads);
                    assert_eq!(fork.due(), heads[1]);
                }
            }
            // Of one history, the same evidence convicts nobody.
            let innocent = finding(FindingKind::Fork, &[head("other", old), newer], hashes.clone());
            assert_eq!(unconfirmed(&innocent), Unconfirmed::NoContradiction);
            // Hashes of another tree prove nothing, nor does a hash more or less.
            if old < new {
                let bad = |hashes| unconfirmed(&finding(FindingKind::Fork, &[older, newer], hashes));
                assert!(matches!(
                    bad(prefix("one", old, new)),
                    Unconfirmed::Hashes(BadProof::RootDiffers { .. })
                ));
                assert!(matches!(bad(hashes[1..].to_vec()), Unconfirmed::Hashes(_)));
                assert!(matches!(
                    bad([&hashes[..], &hashes[..1]].concat()),
                    Unconfirmed::Hashes(_)
                ));
                assert!(matches!(bad(Vec::new()), Unconfirmed::Hashes(_)));
            }
        }
    }
}

#[test]
fn the_tree_without_leaves_has_one_root() {
    let empty = |heads: &[TreeHead]| finding(FindingKind::Fork, heads, Vec::new());
    let wrong = TreeHead {
        size: 0,
        root: Hash::leaf(b"one"),
    };
    assert!(
        matches!(empty(&[wrong, head("one", 3)]).confirm(), Ok(Verdict::Fork(fork)) if fork.due() == TreeHead::EMPTY)
    );
    for heads in [[wrong, TreeHead::EMPTY], [TreeHead::EMPTY, wrong], [wrong, wrong]] {
        assert!(matches!(empty(&heads).confirm(), Ok(Verdict::Fork(_))), "{heads:?}");
    }
    assert_eq!(
        unconfirmed(&empty(&[TreeHead::EMPTY, TreeHead::EMPTY])),
        Unconfirmed::NoContradiction
    );
    assert_eq!(
        unconfirmed(&empty(&[TreeHead::EMPTY, head("one", 3)])),
        Unconfirmed::NoContradiction
    );
}

#[test]
fn heads_of_others_convict_nobody() {
    let fork = finding(FindingKind::Fork, &[head("one", 3), head("other", 3)], Vec::new());
    fork.confirm().unwrap();
    let stranger = SigningKey::from_seed(verifier_key().name().clone(), [3; 32]);
    for place in [1, 2] {
        let mut forged = fork.clone();
        forged.heads[place - 1] = sign_checkpoint(head("one", 4), &stranger).note().to_string();
        assert!(matches!(unconfirmed(&forged), Unconfirmed::Head { place: found, .. } if found == place));
        forged.heads[place - 1] = "nothing".to_owned();
        assert!(matches!(unconfirmed(&forged), Unconfirmed::Head { place: found, .. } if found == place));
    }
    // Under the stranger's key they are forged too: the key is whose guilt it is.
    let other_key = Finding {
        key: stranger.verifier(),
        ..fork
    };
    assert!(matches!(unconfirmed(&other_key), Unconfirmed::Head { place: 1, .. }));
}

#[test]
fn of_all_else_only_the_signatures_are_proved() {
    let (large, small) = (head("one", 7), head("one", 3));
    let signed_heads = |kind, heads: &[TreeHead]| match finding(kind, heads, Vec::new()).confirm().unwrap() {
        Verdict::Signed(heads) => heads.iter().map(|head| head.head()).collect::<Vec<_>>(),
        Verdict::Fork(fork) => panic!("{fork:?}"),
    };
    assert_eq!(signed_heads(FindingKind::Rollback, &[large, small]), [large, small]);
    assert_eq!(signed_heads(FindingKind::Frozen, &[large]), [large]);
    assert_eq!(signed_heads(FindingKind::Rewritten, &[large]), [large]);

    let refused = |kind, heads: &[TreeHead]| unconfirmed(&finding(kind, heads, Vec::new()));
    assert_eq!(
        refused(FindingKind::Rollback, &[small, large]),
        Unconfirmed::Grown { first: 3, then: 7 }
    );
    assert_eq!(
        refused(FindingKind::Rollback, &[large, large]),
        Unconfirmed::Grown { first: 7, then: 7 }
    );
    assert_eq!(refused(FindingKind::Signature, &[large]), Unconfirmed::IsSigned);
    for (kind, expected, heads) in [
        (FindingKind::Fork, 2, vec![large]),
        (FindingKind::Rollback, 2, vec![large, small, small]),
        (FindingKind::Frozen, 1, vec![]),
        (FindingKind::Rewritten, 1, vec![large, small]),
        (FindingKind::Signature, 1, vec![]),
    ] {
        let got = heads.len();
        assert_eq!(refused(kind, &heads), Unconfirmed::HeadCount { expected, got });
    }
    let mut unsigned = finding(FindingKind::Signature, &[large], Vec::new());
    unsigned.heads = vec![signed("one", 7).note().to_string().replacen("\n7\n", "\n8\n", 1)];
    assert!(matches!(unconfirmed(&unsigned), Unconfirmed::Head { place: 1, .. }));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..700, byte: u8) {
        let _ = Finding::parse(&bytes);
        let mut line = finding(FindingKind::Fork, &[head("one", 3), head("other", 3)], vec![Hash::EMPTY_ROOT]).to_string().into_bytes();
        let at = at % line.len();
        line[at] = byte;
        if let Ok(finding) = Finding::parse(&line) {
            prop_assert_eq!(Finding::parse(finding.to_string().as_bytes()), Ok(finding.clone()));
            let _ = finding.confirm();
        }
    }
}
