use std::time::Duration;

use indelible_merkle::{CompactRange, Growth, Hash, TreeHead, check_prefix, proof};
use indelible_note::{Finding, FindingKind, KeyChain, PosixTime, SigningKey, Verdict, sign_checkpoint};

use super::*;
use crate::monitor::entries::{Ended, Progress};
use crate::monitor::state::State;

fn key() -> SigningKey {
    SigningKey::from_seed("test.example/log".parse().unwrap(), [1; 32])
}

fn rules() -> Rules {
    Rules {
        log: TrustedLog::by_keys(KeyChain::of(key().verifier())),
        max_age: Some(Duration::from_secs(100)),
        entries: false,
    }
}

fn at(secs: u64) -> PosixTime {
    PosixTime::from_secs(secs).unwrap()
}

fn tree(history: &str, size: u64) -> (CompactRange, Growth) {
    let mut tree = CompactRange::new();
    let leaves = (0..size).map(|index| Hash::leaf(format!("{history} {index}").as_bytes()));
    let growth = tree.extend(leaves.collect());
    (tree, growth)
}

fn head(history: &str, size: u64) -> TreeHead {
    tree(history, size).0.head()
}

/// The head of a history, with what an honest server, or one that serves the history of the head, answers to the question.
fn observation(history: &str, size: u64, trusted: Option<TreeHead>) -> Observation {
    let seen = head(history, size);
    let evidence = match question(trusted, seen) {
        Question::Nothing => Evidence::Nothing,
        Question::Edge(_) => Evidence::Edge,
        Question::Prefix { size, of } => {
            let (tree, growth) = tree(history, of.size);
            let nodes = proof::prefix(size, of.size).unwrap();
            let hashes: Vec<Hash> = nodes.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
            let hashes = nodes.finish(&hashes).unwrap();
            match tree.head() == of {
                true => Evidence::Prefix {
                    proven: check_prefix(&hashes, size, &of).unwrap(),
                    hashes,
                },
                false => Evidence::Unavailable("the tree of the trusted head is not served".to_owned()),
            }
        }
    };
    Observation::Head {
        head: signed(seen),
        evidence,
    }
}

fn signed(head: TreeHead) -> SignedHead {
    SignedHead {
        checkpoint: sign_checkpoint(head, &key()),
        vouched: None,
    }
}

fn trusted(state: &State) -> Option<TreeHead> {
    state.trusted.as_ref().map(|trusted| trusted.checkpoint.head())
}

fn look(state: &State, history: &str, size: u64, now: u64) -> Outcome {
    let assessment = assess(state, observation(history, size, trusted(state)), at(now));
    conclude(state, assessment, None, at(now), &rules())
}

/// A monitor that has seen the first `size` entries.
fn watching(size: u64) -> State {
    let outcome = look(&State::new("test.example/log", at(1)), "one", size, 10);
    assert!(outcome.findings.is_empty());
    assert_eq!(trusted(&outcome.state), Some(head("one", size)));
    outcome.state
}

fn kinds(outcome: &Outcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|(finding, _)| finding.kind).collect()
}

fn confirmed(finding: &Finding) -> Verdict {
    finding.confirm().unwrap()
}

#[test]
fn an_honest_log_is_never_accused_whatever_its_sizes() {
    for old in 0..20 {
        let mut state = watching(old);
        for new in old..40 {
            let outcome = look(&state, "one", new, 20 + new);
            assert!(outcome.findings.is_empty() && outcome.unclear.is_none(), "{old} {new}");
            assert_eq!(trusted(&outcome.state), Some(head("one", new)));
            state = outcome.state;
        }
    }
}

#[test]
fn every_fork_is_proved_and_moves_nothing() {
    for old in 1..20 {
        let state = watching(old);
        for new in 1..40 {
            let outcome = look(&state, "other", new, 20);
            // Of a smaller head it can only be proved if the tree of the larger one is served.
            let due = if new < old {
                FindingKind::Rollback
            } else {
                FindingKind::Fork
            };
            assert_eq!(kinds(&outcome), [due], "{old} {new}");
            let (finding, _) = &outcome.findings[0];
            assert_eq!(
                matches!(confirmed(finding), Verdict::Fork(_)),
                new >= old,
                "{old} {new}"
            );
            assert_eq!(finding.seen, [at(10), at(20)]);
            assert_eq!(trusted(&outcome.state), trusted(&state));
            assert_eq!(outcome.state.accused_of().len(), 1);
        }
    }
}

#[test]
fn an_older_head_is_a_rollback_or_if_the_trusted_tree_says_so_a_fork() {
    let state = watching(7);
    let rolled_back = look(&state, "one", 3, 20);
    assert_eq!(kinds(&rolled_back), [FindingKind::Rollback]);
    assert!(matches!(confirmed(&rolled_back.findings[0].0), Verdict::Signed(_)));
    assert_eq!(kinds(&look(&state, "one", 0, 20)), [FindingKind::Rollback]);

    let Observation::Head { evidence, .. } = observation("one", 3, trusted(&state)) else {
        panic!("a head was made")
    };
    let head = signed(head("other", 3));
    let assessment = assess(&state, Observation::Head { head, evidence }, at(20));
    let outcome = conclude(&state, assessment, None, at(20), &rules());
    assert_eq!(kinds(&outcome), [FindingKind::Fork]);
    assert!(matches!(confirmed(&outcome.findings[0].0), Verdict::Fork(_)));
}

#[test]
fn a_root_of_no_entries_that_is_not_the_definitions_is_a_fork_with_anything() {
    let wrong = TreeHead {
        size: 0,
        root: Hash::leaf(b"x"),
    };
    for state in [State::new("test.example/log", at(1)), watching(0), watching(5)] {
        let observation = Observation::Head {
            head: signed(wrong),
            evidence: Evidence::Nothing,
        };
        let outcome = conclude(&state, assess(&state, observation, at(20)), None, at(20), &rules());
        assert_eq!(kinds(&outcome), [FindingKind::Fork]);
        assert!(matches!(confirmed(&outcome.findings[0].0), Verdict::Fork(_)));
    }
}

#[test]
fn evidence_about_something_else_trusts_nothing() {
    let state = watching(5);
    let foreign = observation("one", 9, Some(head("one", 4)));
    let Observation::Head { evidence: other, .. } = foreign else {
        panic!("a head was made")
    };
    for evidence in [Evidence::Nothing, Evidence::Edge] {
        let observation = Observation::Head {
            head: signed(head("one", 9)),
            evidence,
        };
        let outcome = conclude(&state, assess(&state, observation, at(20)), None, at(20), &rules());
        assert!(outcome.unclear.is_some() && outcome.findings.is_empty());
        assert_eq!(outcome.state, state);
    }
    // A proof about 9 entries, for a head of 10.
    let observation = Observation::Head {
        head: signed(head("one", 10)),
        evidence: other,
    };
    let outcome = conclude(&state, assess(&state, observation, at(20)), None, at(20), &rules());
    assert_eq!((outcome.state, outcome.findings.len()), (state, 0));
}

#[test]
fn the_same_finding_is_reported_once_and_again_if_it_is_another() {
    let state = watching(5);
    let first = look(&state, "other", 5, 20);
    assert_eq!(kinds(&first), [FindingKind::Fork]);
    // More of the same, also a larger tree of the other history.
    for (size, now) in [(5, 30), (6, 40)] {
        let again = look(&first.state, "other", size, now);
        assert!(again.findings.is_empty());
        assert_eq!(again.state, first.state);
    }
    // Another kind is reported beside it.
    let beside = look(&first.state, "one", 3, 50);
    assert_eq!(kinds(&beside), [FindingKind::Rollback]);
    assert_eq!(beside.state.accused_of(), ["fork", "rollback"]);

    let good = look(&beside.state, "one", 5, 60);
    assert_eq!(good.recovered, [FindingKind::Fork, FindingKind::Rollback]);
    assert!(good.state.accused_of().is_empty());
    let same = look(&good.state, "other", 5, 70);
    assert!(same.findings.is_empty(), "it has its file");
    assert_eq!(same.state.accused_of(), ["fork"]);
    let another = look(&good.state, "a third", 5, 70);
    assert_eq!(kinds(&another), [FindingKind::Fork]);
}

#[test]
fn what_is_no_head_moves_nothing_and_accuses_nobody() {
    let state = watching(5);
    let assessment = assess(&state, Observation::Nothing("no network".to_owned()), at(20));
    let outcome = conclude(&state, assessment, None, at(20), &rules());
    assert_eq!((outcome.state, outcome.findings.len()), (state.clone(), 0));
    assert_eq!(outcome.unclear.as_deref(), Some("no network"));

    let stranger = SigningKey::from_seed("test.example/log".parse().unwrap(), [2; 32]);
    let note = sign_checkpoint(head("one", 6), &stranger).note().to_string();
    let reason = "forged".to_owned();
    let outcome = conclude(
        &state,
        assess(&state, Observation::Unsigned { note, reason }, at(20)),
        None,
        at(20),
        &rules(),
    );
    assert_eq!(kinds(&outcome), [FindingKind::Signature]);
    assert_eq!(trusted(&outcome.state), trusted(&state));
}

#[test]
fn silence_is_counted_from_the_last_news_and_ends_with_the_next() {
    let nothing = |state: &State, now| {
        let assessment = assess(state, Observation::Nothing("no network".to_owned()), at(now));
        conclude(state, assessment, None, at(now), &rules())
    };
    let state = watching(5);
    assert!(nothing(&state, 110).findings.is_empty());
    let same = look(&state, "one", 5, 110);
    assert!(same.findings.is_empty());
    assert_eq!(same.state.news, at(10), "the same head is no news");
    for outcome in [nothing(&state, 111), look(&state, "one", 5, 111)] {
        assert_eq!(kinds(&outcome), [FindingKind::Frozen]);
        assert_eq!(outcome.findings[0].0.seen, [at(10), at(111)]);
        assert!(nothing(&outcome.state, 200).findings.is_empty(), "once");
        let good = look(&outcome.state, "one", 6, 300);
        assert_eq!(
            (good.recovered.as_slice(), good.findings.len()),
            ([FindingKind::Frozen].as_slice(), 0)
        );
        assert_eq!(
            kinds(&nothing(&good.state, 401)),
            [FindingKind::Frozen],
            "another silence"
        );
    }
    // A fork does not make the log look alive.
    assert_eq!(
        kinds(&look(&state, "other", 9, 111)),
        [FindingKind::Fork, FindingKind::Frozen]
    );
    // Nothing was ever seen of the log: there is no head to show.
    assert!(
        nothing(&State::new("test.example/log", at(1)), 1_000)
            .findings
            .is_empty()
    );
}

#[test]
fn entries_that_are_not_of_the_tree_stop_everything_and_those_withheld_become_a_silence() {
    let rules = Rules {
        entries: true,
        ..rules()
    };
    let state = watching(300);
    let conclude_with = |state: &State, ended, verified, now| {
        let assessment = assess(state, observation("one", 400, trusted(state)), at(now));
        let progress = Progress {
            verified: tree("one", verified).0,
            ended,
        };
        conclude(state, assessment, Some(progress), at(now), &rules)
    };
    let foreign = "entry 7 is another one".to_owned();
    let rewritten = conclude_with(&state, Ended::Foreign(foreign.clone()), 256, 20);
    assert_eq!(kinds(&rewritten), [FindingKind::Rewritten]);
    assert_eq!(trusted(&rewritten.state), trusted(&state));
    assert_eq!(rewritten.state.entries.size(), 0);
    assert!(
        conclude_with(&rewritten.state, Ended::Foreign(foreign), 256, 30)
            .findings
            .is_empty()
    );
    // Not having been able to look does not make it good.
    let unclear = conclude_with(&rewritten.state, Ended::Unavailable("404".to_owned()), 0, 40);
    assert!(unclear.recovered.is_empty() && unclear.unclear.is_some());
    let good = conclude_with(&unclear.state, Ended::AtHead, 400, 50);
    assert_eq!(good.recovered, [FindingKind::Rewritten]);
    assert_eq!((good.state.entries.size(), good.state.withheld), (400, None));

    let withheld = conclude_with(&state, Ended::Unavailable("404".to_owned()), 256, 20);
    assert_eq!(
        (withheld.state.entries.size(), trusted(&withheld.state)),
        (256, Some(head("one", 400)))
    );
    assert_eq!(withheld.state.withheld, Some(at(20)));
    let growing = {
        let assessment = assess(
            &withheld.state,
            observation("one", 500, trusted(&withheld.state)),
            at(121),
        );
        let progress = Progress {
            verified: tree("one", 256).0,
            ended: Ended::Unavailable("404".to_owned()),
        };
        conclude(&withheld.state, assessment, Some(progress), at(121), &rules)
    };
    assert_eq!(kinds(&growing), [FindingKind::Frozen], "heads alone are not enough");
    assert_eq!(growing.findings[0].0.seen, [at(20), at(121)]);
    assert!(conclude_with(&state, Ended::Paused, 256, 20).behind);
}
