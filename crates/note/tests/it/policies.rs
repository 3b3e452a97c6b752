//! Policies: what can be read, what every error names, and who must vouch, against the definition.

use indelible_note::{
    BadPolicyLine, CosigningKey, MalformedKey, MalformedPolicy, NotVerified, NotWitnessed, Policy, SignedCheckpoint,
    SigningKey, UntrustedCheckpoint, Verified, sign_checkpoint,
};

use crate::common::{LOG_VKEY, at, cosigned, head, key_text, signature_line, signed, verifier_key, witness_key};

/// The witnesses a, b, c, d, e, as a policy names them.
fn witness(name: &str) -> CosigningKey {
    witness_key(&format!("{name}.witness.example"))
}

fn vkey(name: &str) -> String {
    witness(name).cosigner().to_string()
}

/// A policy with the test log and five witnesses, and these lines.
pub(crate) fn policy_text(lines: &str) -> String {
    let witnesses = ["a", "b", "c", "d", "e"].map(|name| format!("witness {name} {}\n", vkey(name)));
    format!("log {LOG_VKEY}\n{}{lines}", witnesses.concat())
}

pub(crate) fn policy(lines: &str) -> Policy {
    Policy::parse(policy_text(lines).as_bytes()).unwrap()
}

/// The head of 7 entries, cosigned by these witnesses, one letter each; the first at second 100, the next at 101.
fn head_by(names: &str) -> Verified<SignedCheckpoint> {
    let mut checkpoint = signed("one", 7);
    for (name, time) in names.split("").filter(|name| !name.is_empty()).zip(100..) {
        let key = witness(name);
        let line = cosigned(&checkpoint, time, &key);
        checkpoint = checkpoint.with_cosignatures(&[line], &[key.cosigner()]).unwrap();
    }
    checkpoint
}

pub(crate) fn is_met(policy: &Policy, names: &str) -> bool {
    match policy.open(head_by(names).into_inner()) {
        Ok(witnessed) => {
            let mut expected: Vec<_> = names.split("").filter(|name| !name.is_empty()).collect();
            expected.sort_unstable();
            let vouching: Vec<_> = witnessed.vouchers().iter().map(|voucher| voucher.witness()).collect();
            assert_eq!(vouching, expected);
            true
        }
        Err(NotWitnessed::NoQuorum { vouching, missing }) => {
            assert_eq!((vouching.len(), missing.len()), (names.len(), 5 - names.len()));
            false
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn quorums() {
    for (lines, enough, not_enough) in [
        ("quorum none\n", vec!["", "a"], vec![]),
        ("quorum b\n", vec!["b", "ab"], vec!["", "acde"]),
        ("group g any a b\nquorum g\n", vec!["a", "b", "ab"], vec!["", "cde"]),
        ("group g all a b\nquorum g\n", vec!["ab", "eba"], vec!["a", "b", "acde"]),
        ("group g 2 a b c\nquorum g\n", vec!["ab", "bc", "abc"], vec!["a", "ade"]),
        ("group g 1 a\nquorum g\n", vec!["a"], vec!["b"]),
        (
            "group x 2 a b c\ngroup y any d e\ngroup both all x y\nquorum both\n",
            vec!["abd", "bce", "abcde"],
            vec!["abc", "ade", "de"],
        ),
        (
            "group x all a b\ngroup g any x c\nquorum g\n",
            vec!["c", "ab"],
            vec!["a", "de"],
        ),
        // Without effect on the quorum.
        ("group x all a b\nquorum c\n", vec!["c"], vec!["ab"]),
    ] {
        let policy = policy(lines);
        assert_eq!(policy.asks_for_no_witness(), lines == "quorum none\n");
        enough
            .iter()
            .for_each(|names| assert!(is_met(&policy, names), "{lines} {names}"));
        not_enough
            .iter()
            .for_each(|names| assert!(!is_met(&policy, names), "{lines} {names}"));
    }
}

#[test]
fn who_vouches_is_told_with_the_times() {
    let witnessed = policy("group g any a b c\nquorum g\n")
        .open(head_by("dca").into_inner())
        .unwrap();
    let vouchers: Vec<_> = witnessed.vouchers().iter().collect();
    assert_eq!(
        vouchers.iter().map(|voucher| voucher.witness()).collect::<String>(),
        "acd"
    );
    assert_eq!(vouchers[0].cosignature().time(), at(102));
    assert_eq!(vouchers[0].key(), &witness("a").cosigner());
    assert_eq!(
        (witnessed.first_seen(), witnessed.last_seen()),
        (Some(at(100)), Some(at(102)))
    );
    assert_eq!(*witnessed.checkpoint(), head_by("dca"));
    let alone = policy("quorum none\n").open(head_by("").into_inner()).unwrap();
    assert_eq!((alone.first_seen(), alone.last_seen()), (None, None));

    let refused = policy("quorum a\n").open(head_by("b").into_inner()).unwrap_err();
    assert_eq!(refused.to_string(), "the quorum is not met: b vouch, a, c, d, e do not");
}

#[test]
fn the_file_may_look_like_this() {
    let text = format!(
        "\n \t\n# a comment\n\t # another, with \u{e4} and \x7e\nlog\t{LOG_VKEY} \t https://example.com/log#1 \nwitness none-of-yours {} https://w.example/\n\
         witness gr\u{fc}n {}\ngroup log any none-of-yours gr\u{fc}n\nquorum log",
        vkey("a"),
        vkey("b")
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.logs()[0].key(), &verifier_key());
    assert_eq!(
        (policy.logs()[0].url(), policy.logs()[0].last_size()),
        (Some("https://example.com/log#1"), None)
    );
    let [a, b] = policy.witnesses() else {
        panic!("two witnesses")
    };
    assert_eq!((a.name(), a.url()), ("none-of-yours", Some("https://w.example/")));
    assert_eq!((b.name(), b.url(), b.key()), ("grün", None, &witness("b").cosigner()));
    assert_eq!(policy.cosigner_keys(), [a.key().clone(), b.key().clone()]);

    // Comments and names may be any bytes, and two names that read alike as UTF-8 differ.
    let (key_a, key_b) = (vkey("a"), vkey("b"));
    let text = [
        b"# \xff\xfe\nwitness \xff ".as_slice(),
        key_a.as_bytes(),
        b"\nwitness \xfe ",
        key_b.as_bytes(),
        b"\nquorum \xfe\n",
    ];
    let policy = Policy::parse(&text.concat()).unwrap();
    assert!(policy.logs().is_empty());
    let lines = |name| vec![cosigned(&signed("one", 7), 5, &witness(name))];
    let known = policy.cosigner_keys();
    let by = |name| signed("one", 7).with_cosignatures(&lines(name), &known).unwrap();
    policy.witnessed(by("b")).unwrap();
    policy.witnessed(by("a")).unwrap_err();
    // It names no log, so it cannot say who should have signed.
    assert!(matches!(policy.open(by("b").into_inner()), Err(NotWitnessed::Log(_))));
}

/// The reason why a line of a policy is refused, which must be this one.
#[track_caller]
fn refused(lines: &str, line: usize) -> BadPolicyLine {
    match Policy::parse(policy_text(lines).as_bytes()).unwrap_err() {
        MalformedPolicy::Line { line: found, reason } => {
            assert_eq!(found, line + 6, "{lines}: {reason}");
            reason
        }
        other => panic!("{lines}: {other}"),
    }
}

#[test]
fn what_a_policy_may_not_say() {
    let key_f = vkey("f");
    let name = || "f".to_owned();
    for (lines, line, expected) in [
        ("quorum", 1, BadPolicyLine::Missing { what: "name" }),
        ("quorum a b", 1, BadPolicyLine::Surplus { found: "b".to_owned() }),
        ("quorum a # why", 1, BadPolicyLine::Surplus { found: "#".to_owned() }),
        ("quorum a\n\nquorum a", 3, BadPolicyLine::SecondQuorum),
        ("quorum none\nquorum none", 2, BadPolicyLine::SecondQuorum),
        ("quorum f", 1, BadPolicyLine::UnknownName { name: name() }),
        (
            "quorum f\ngroup f any a",
            1,
            BadPolicyLine::UnknownName { name: name() },
        ),
        (
            "Quorum a",
            1,
            BadPolicyLine::Keyword {
                found: "Quorum".to_owned(),
            },
        ),
        ("; a", 1, BadPolicyLine::Keyword { found: ";".to_owned() }),
        ("quorum a\r", 1, BadPolicyLine::ControlByte(13)),
        ("# \x7f", 1, BadPolicyLine::ControlByte(127)),
        ("\0", 1, BadPolicyLine::ControlByte(0)),
        ("log", 1, BadPolicyLine::Missing { what: "key" }),
        ("witness", 1, BadPolicyLine::Missing { what: "name" }),
        ("witness f", 1, BadPolicyLine::Missing { what: "key" }),
        ("group", 1, BadPolicyLine::Missing { what: "name" }),
        (
            "group f",
            1,
            BadPolicyLine::Missing {
                what: "number of members that must vouch",
            },
        ),
        ("group f any", 1, BadPolicyLine::Missing { what: "first member" }),
        ("group f any a f", 1, BadPolicyLine::UnknownName { name: name() }),
        (
            "group f any none",
            1,
            BadPolicyLine::UnknownName {
                name: "none".to_owned(),
            },
        ),
        ("group a any b", 1, BadPolicyLine::NameTaken { name: "a".to_owned() }),
        (
            "group none any b",
            1,
            BadPolicyLine::NameTaken {
                name: "none".to_owned(),
            },
        ),
        (
            "group f any a\ngroup f any b",
            2,
            BadPolicyLine::NameTaken { name: name() },
        ),
        (
            "group f any a a",
            1,
            BadPolicyLine::MemberTwice { name: "a".to_owned() },
        ),
        (
            "group f any a\ngroup g any a",
            2,
            BadPolicyLine::MemberTwice { name: "a".to_owned() },
        ),
        (
            "group f any a\ngroup g any f\ngroup h any f",
            3,
            BadPolicyLine::MemberTwice { name: name() },
        ),
    ] {
        assert_eq!(refused(lines, line), expected, "{lines}");
    }
    for found in ["0", "3", "-1", "+1", "01", "1.0", "Any", "most", "18446744073709551617"] {
        let found = found.to_owned();
        let reason = refused(&format!("group f {found} a b"), 1);
        assert_eq!(reason, BadPolicyLine::Threshold { found, members: 2 });
    }
    assert_eq!(
        refused(&format!("witness a {key_f}"), 1),
        BadPolicyLine::NameTaken { name: "a".to_owned() }
    );
    assert_eq!(
        refused(&format!("witness none {key_f}"), 1),
        BadPolicyLine::NameTaken {
            name: "none".to_owned()
        }
    );
    let surplus = refused(&format!("witness f {key_f} https://f.example/ b"), 1);
    assert_eq!(surplus, BadPolicyLine::Surplus { found: "b".to_owned() });
    assert_eq!(
        Policy::parse(policy_text("").as_bytes()).unwrap_err(),
        MalformedPolicy::NoQuorum
    );
    assert_eq!(Policy::parse(b"").unwrap_err(), MalformedPolicy::NoQuorum);
}

#[test]
fn keys_are_of_their_kind_and_stand_once() {
    let short = |vkey: &str| vkey.chars().take(60).collect::<String>();
    let found = short(&vkey("f"));
    let reason = MalformedKey::Type { found: 4, wanted: 1 };
    assert_eq!(
        refused(&format!("log {}", vkey("f")), 1),
        BadPolicyLine::Key { found, reason }
    );
    let found = short(LOG_VKEY);
    let reason = MalformedKey::Type { found: 1, wanted: 4 };
    assert_eq!(
        refused(&format!("witness f {LOG_VKEY}"), 1),
        BadPolicyLine::Key { found, reason }
    );
    let mldsa = key_text("f.example", 6, &[7; 1312]);
    assert!(matches!(
        refused(&format!("witness f {mldsa}"), 1),
        BadPolicyLine::Key { .. }
    ));

    assert_eq!(
        refused(&format!("log {LOG_VKEY}"), 1),
        BadPolicyLine::SameKey { found: short(LOG_VKEY) }
    );
    assert_eq!(
        refused(&format!("witness f {}", vkey("a")), 1),
        BadPolicyLine::SameKey {
            found: short(&vkey("a"))
        }
    );
    // The same secret under another name is the same key.
    let mut seed = [9; 32];
    seed.iter_mut()
        .zip("a.witness.example".bytes())
        .for_each(|(byte, letter)| *byte = letter);
    let renamed = CosigningKey::from_seed("other.example".parse().unwrap(), seed)
        .cosigner()
        .to_string();
    assert_eq!(
        refused(&format!("witness f {renamed}"), 1),
        BadPolicyLine::SameKey { found: short(&renamed) }
    );
    // A log and a witness may be one.
    let as_log = SigningKey::from_seed("other.example".parse().unwrap(), seed).verifier();
    policy(&format!("log {as_log}\nquorum a\n"));
}

#[test]
fn the_limits_are_met_exactly() {
    let witnesses = |count: u32| {
        (0..count)
            .map(|n| format!("witness w{n} {}\n", vkey(&format!("w{n}"))))
            .collect::<String>()
    };
    let groups = |count: u32| {
        (0..count)
            .map(|n| {
                format!(
                    "group g{n} all {}\n",
                    if n == 0 { "w0".to_owned() } else { format!("g{}", n - 1) }
                )
            })
            .collect::<String>()
    };
    let logs = |count: u8| {
        (0..count)
            .map(|n| {
                format!(
                    "log {}\n",
                    SigningKey::from_seed("log.example".parse().unwrap(), [n; 32]).verifier()
                )
            })
            .collect::<String>()
    };
    let parse = |text: String| Policy::parse(text.as_bytes());
    let full = parse(witnesses(99) + &groups(99) + &logs(99) + "quorum g98\n").unwrap();
    assert_eq!((full.logs().len(), full.witnesses().len()), (99, 99));
    for (text, line, what) in [
        (witnesses(100), 100, "witness"),
        (witnesses(1) + &groups(100), 101, "group"),
        (logs(100), 100, "log"),
    ] {
        let reason = BadPolicyLine::TooMany { what };
        assert_eq!(parse(text).unwrap_err(), MalformedPolicy::Line { line, reason });
    }
    let long = "#".repeat(1_000_000);
    assert_eq!(parse(long.clone()).unwrap_err(), MalformedPolicy::NoQuorum);
    assert_eq!(
        parse(long + "#").unwrap_err(),
        MalformedPolicy::TooLong { length: 1_000_001 }
    );
}

#[test]
fn a_log_must_have_signed() {
    let policy = policy("quorum none\n");
    let stranger = SigningKey::from_seed(verifier_key().name().clone(), [3; 32]);
    let by_stranger = sign_checkpoint(head("one", 7), &stranger).into_inner();
    assert!(matches!(
        policy.open(by_stranger),
        Err(NotWitnessed::Log(UntrustedCheckpoint::Signature(
            NotVerified::NoKnownKey { .. }
        )))
    ));
    // A line of a known witness that does not hold spoils the note, even where the quorum needs no witness.
    let id = u32::from_str_radix(&witness("a").cosigner().id().to_string(), 16).unwrap();
    let bad = signature_line("a.witness.example", &[&id.to_be_bytes()[..], &[0; 72]].concat());
    let note = format!("{}{bad}", signed("one", 7).note());
    let refused = policy
        .open(SignedCheckpoint::parse(note.as_bytes()).unwrap())
        .unwrap_err();
    assert!(matches!(refused, NotWitnessed::Cosignature(_)), "{refused}");
}

#[test]
fn a_retired_key_signs_no_future() {
    let verifier = verifier_key();
    let old = format!("{}+{}", verifier.name(), verifier.id());
    let successor = SigningKey::from_seed(verifier.name().clone(), [5; 32]);
    let policy = policy(&format!(
        "# last-size {old} 10\nlog {}\nquorum none\n",
        successor.verifier()
    ));
    assert_eq!(policy.logs()[0].last_size(), Some(10));
    assert_eq!(policy.logs()[1].last_size(), None);
    policy.open(signed("one", 10).into_inner()).unwrap();
    assert_eq!(
        policy.open(signed("one", 11).into_inner()).unwrap_err(),
        NotWitnessed::Retired {
            name: verifier.name().clone(),
            id: verifier.id(),
            last: 10,
            size: 11
        }
    );
    policy
        .open(sign_checkpoint(head("one", 11), &successor).into_inner())
        .unwrap();
    // Signed by both, it needs only the successor.
    let by_both = format!(
        "{}{}",
        sign_checkpoint(head("one", 11), &successor).note(),
        signed("one", 11).note().signatures()[0]
    );
    policy
        .open(SignedCheckpoint::parse(by_both.as_bytes()).unwrap())
        .unwrap();

    let nobody = |found: &str| BadPolicyLine::LastSizeOfNobody {
        found: found.to_owned(),
    };
    assert_eq!(
        refused(&format!("# last-size {old} 1\n# last-size {old} 2"), 2),
        nobody(&old)
    );
    assert_eq!(refused("# last-size example.com 1", 1), nobody("example.com"));
    let found = "010".to_owned();
    assert_eq!(
        refused(&format!("# last-size {old} 010"), 1),
        BadPolicyLine::LastSize { found }
    );
    assert_eq!(
        refused(&format!("# last-size {old}"), 1),
        BadPolicyLine::Missing { what: "size" }
    );
    assert_eq!(refused("# last-size", 1), BadPolicyLine::Missing { what: "key" });
    let found = "x".to_owned();
    assert_eq!(
        refused(&format!("# last-size {old} 1 x"), 1),
        BadPolicyLine::Surplus { found }
    );
    // Other comments, also those that begin alike.
    self::policy("# last-sizes are retired\n#last-size\n# last\nquorum none\n");
}
