//! Changes of a log's key: the statement, the chain that statements make, and what each key may sign.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{
    BadKeyChange, BrokenChain, KeyChain, KeyChange, MalformedKeyChange, NotVerified, Note, Policy, Receipt,
    SignedCheckpoint, SigningKey, UntrustedCheckpoint, VerifierKey, sign_checkpoint,
};

use crate::common::{LOG_VKEY, head, signing_key, verifier_key};

pub(crate) const NAME: &str = "example.com/log/testdata";

/// Another key of the test log.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(NAME.parse().unwrap(), [number; 32])
}

pub(crate) fn statement(old: &SigningKey, new: &SigningKey, size: u64) -> String {
    KeyChange::sign(old, new, size).unwrap().note().to_string()
}

/// The keys of the test log, which changed them at these sizes for the keys 1, 2, …
pub(crate) fn chain(sizes: &[u64]) -> KeyChain {
    let mut chain = KeyChain::of(verifier_key());
    let mut old = signing_key();
    for (&size, number) in sizes.iter().zip(1..) {
        chain.follow(statement(&old, &key(number), size).as_bytes()).unwrap();
        old = key(number);
    }
    chain
}

/// A note of this text by these keys.
fn note(text: &str, signers: &[&SigningKey]) -> Vec<u8> {
    Note::sign(text.to_owned(), signers).unwrap().to_string().into_bytes()
}

fn text(old: &VerifierKey, new: &VerifierKey, size: &str) -> String {
    format!("indelible key change v1\n{old}\n{new}\n{size}\n")
}

/// The bytes of docs/formats.md. Ed25519 is deterministic, so that whoever has the keys can compute them.
#[test]
fn a_statement_is_frozen() {
    let change = KeyChange::sign(&signing_key(), &key(1), 15).unwrap();
    assert_eq!(change.note().to_string(), FROZEN);
    let read = KeyChange::parse(FROZEN.as_bytes()).unwrap();
    assert_eq!(read.to_string(), FROZEN);
    assert_eq!((read.old(), read.new_key()), (&verifier_key(), &key(1).verifier()));
    assert_eq!(read.first_size(), 15);
    assert_eq!(read.open(&verifier_key()).unwrap(), change);
}

pub(crate) const FROZEN: &str = "indelible key change v1
example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx
example.com/log/testdata+46f5a2f7+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
15

— example.com/log/testdata M9e0lo4F065xHm/J+aDTz8NHLQNjwf0TSgdZYQZW/6vmxm9/z8/uy/39crSPD2zdnKa/hDPTJTOT+PnjS3eU7Sj2JwI=
— example.com/log/testdata RvWi95oCGEyhTBXSiERMnfnJlEwA8C17sT8ecf8RDG1Pifv28O9vIgPtVkA+W2ywfsMp0KXVccujY/odL5d/9vIIhgA=
";

#[test]
fn what_is_no_statement_is_said() {
    let (old, new) = (signing_key(), key(1));
    let parse = |text: &str| KeyChange::parse(&note(text, &[&old, &new])).unwrap_err();
    let good = text(&old.verifier(), &new.verifier(), "15");
    for (bad, lines) in [
        (good.replacen("15\n", "", 1), 3),
        (good.clone() + "more\n", 5),
        (good.clone() + "\n", 5),
        (good.replacen("v1\n", "v1\n\n", 1), 5),
    ] {
        assert_eq!(parse(&bad), MalformedKeyChange::Lines { lines }, "{bad:?}");
    }
    for first in [
        "indelible key change v2",
        "Indelible key change v1",
        "indelible key change v1 ",
    ] {
        let bad = good.replacen("indelible key change v1", first, 1);
        assert_eq!(
            parse(&bad),
            MalformedKeyChange::FirstLine {
                found: first.to_owned()
            }
        );
    }
    for size in ["", "015", "+15", "-1", "15 ", "9223372036854775808", "0x0f"] {
        let bad = text(&old.verifier(), &new.verifier(), size);
        assert_eq!(parse(&bad), MalformedKeyChange::FirstSize { found: size.to_owned() });
    }
    for (line, bad) in [
        (2, good.replacen(LOG_VKEY, "no key", 1)),
        (
            3,
            good.replacen(
                &new.verifier().to_string(),
                &new.verifier().to_string().to_uppercase(),
                1,
            ),
        ),
    ] {
        assert!(matches!(parse(&bad), MalformedKeyChange::Key { line: found, .. } if found == line));
    }
    let other = SigningKey::from_seed("example.com/other".parse().unwrap(), [1; 32]);
    let names = MalformedKeyChange::Names {
        old: NAME.parse().unwrap(),
        new: "example.com/other".parse().unwrap(),
    };
    assert_eq!(parse(&text(&old.verifier(), &other.verifier(), "15")), names);
    assert_eq!(KeyChange::sign(&old, &other, 15), Err(names));
    assert_eq!(
        parse(&text(&old.verifier(), &old.verifier(), "15")),
        MalformedKeyChange::SameKey
    );
    assert_eq!(KeyChange::sign(&old, &old, 15), Err(MalformedKeyChange::SameKey));
    assert!(matches!(
        KeyChange::parse(good.as_bytes()),
        Err(MalformedKeyChange::Note(_))
    ));
}

/// Nobody gives away what he does not have, and nobody is given what he does not take.
#[test]
fn both_keys_must_sign() {
    let (old, new, thief) = (signing_key(), key(1), key(9));
    let good = text(&old.verifier(), &new.verifier(), "15");
    let open = |signers: &[&SigningKey]| KeyChange::parse(&note(&good, signers)).unwrap().open(&old.verifier());
    open(&[&old, &new]).unwrap();
    open(&[&new, &old]).unwrap();
    open(&[&thief, &old, &new]).unwrap();
    for signers in [&[&old][..], &[&new], &[&thief], &[&old, &thief], &[&thief, &new]] {
        let refused = open(signers).unwrap_err();
        assert!(
            matches!(refused, BadKeyChange::Signature(NotVerified::NoKnownKey { .. })),
            "{refused}"
        );
    }
    // A signature by the right key under another text.
    let other = text(&old.verifier(), &new.verifier(), "14");
    let moved = String::from_utf8(note(&other, &[&old, &new]))
        .unwrap()
        .replacen("\n14\n", "\n15\n", 1);
    let refused = KeyChange::parse(moved.as_bytes())
        .unwrap()
        .open(&old.verifier())
        .unwrap_err();
    assert!(
        matches!(refused, BadKeyChange::Signature(NotVerified::BadSignature { .. })),
        "{refused}"
    );
    let refused = KeyChange::parse(statement(&old, &new, 15).as_bytes())
        .unwrap()
        .open(&new.verifier());
    assert!(matches!(refused, Err(BadKeyChange::NotInForce { .. })), "{refused:?}");
}

#[test]
fn no_bit_of_a_statement_can_be_flipped() {
    let good = statement(&signing_key(), &key(1), 15);
    let believed = |bytes: &[u8]| KeyChange::parse(bytes).ok()?.open(&verifier_key()).ok();
    believed(good.as_bytes()).unwrap();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(believed(&flipped).is_none(), "byte {}", bit / 8);
    }
    for end in 0..good.len() {
        assert!(believed(&good.as_bytes()[..end]).is_none(), "the first {end} bytes");
    }
}

#[test]
fn a_chain_goes_forward_only() {
    let mut keys = chain(&[10, 10, 30]);
    assert_eq!((keys.genesis(), keys.current()), (&verifier_key(), &key(3).verifier()));
    let terms: Vec<_> = keys
        .terms()
        .iter()
        .map(|term| (term.first_size(), term.last_size()))
        .collect();
    assert_eq!(terms, [(0, Some(10)), (10, Some(10)), (10, Some(30)), (30, None)]);

    let before = keys.clone();
    let refused = |keys: &mut KeyChain, old: &SigningKey, new: &SigningKey, size| {
        keys.follow(statement(old, new, size).as_bytes()).unwrap_err()
    };
    // By a key that was given up, also if it says that this was later.
    for size in [30, 31, 1_000] {
        let refused = refused(&mut keys, &key(2), &key(9), size);
        assert!(
            matches!(refused, BrokenChain::Untrusted(BadKeyChange::NotInForce { .. })),
            "{refused}"
        );
    }
    assert_eq!(
        refused(&mut keys, &key(3), &key(4), 29),
        BrokenChain::Backwards { size: 29, before: 30 }
    );
    for old in [signing_key(), key(1), key(2)] {
        let refused = refused(&mut keys, &key(3), &old, 40);
        assert!(matches!(refused, BrokenChain::Again { .. }), "{refused}");
    }
    assert_eq!(keys, before, "what was refused changes nothing");

    let whole = chain(&[10, 10, 30]);
    for (size, count) in [(0, 0), (9, 0), (10, 2), (29, 2), (30, 3), (u64::MAX, 3)] {
        let sizes = &[10, 10, 30][..count];
        assert_eq!(whole.up_to(size), chain(sizes), "as it was at {size}");
    }
}

#[test]
fn a_log_changes_its_key_256_times_at_most() {
    let seeded = |number: u64| {
        let mut seed = [0xaa; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_seed(NAME.parse().unwrap(), seed)
    };
    let mut keys = KeyChain::of(seeded(0).verifier());
    for number in 0..256 {
        keys.follow(statement(&seeded(number), &seeded(number + 1), number).as_bytes())
            .unwrap();
    }
    let refused = keys
        .follow(statement(&seeded(256), &seeded(257), 256).as_bytes())
        .unwrap_err();
    assert_eq!(refused, BrokenChain::TooLong);
    let document = keys.to_string();
    assert_eq!(KeyChain::parse(document.as_bytes(), &seeded(256).verifier()), Ok(keys));
}

/// Each key may sign heads of its time. The head at which it was changed both may sign, and it may carry both signatures.
#[test]
fn a_key_signs_heads_of_its_time() {
    let keys = chain(&[10, 30]);
    let signed = |size, key: &SigningKey| sign_checkpoint(head("one", size), key).into_inner();
    for (size, able) in [
        (0, [true, false, false]),
        (9, [true, false, false]),
        (10, [true, true, false]),
        (11, [false, true, false]),
        (30, [false, true, true]),
        (31, [false, false, true]),
    ] {
        for (signer, able) in [signing_key(), key(1), key(2)].iter().zip(able) {
            let opened = keys.open(signed(size, signer));
            assert_eq!(opened.is_ok(), able, "{size} by {}: {opened:?}", signer.verifier());
            if let Err(refused) = opened {
                assert!(matches!(refused, UntrustedCheckpoint::OutOfTerm { size: found, .. } if found == size));
            }
        }
        let stranger = keys.open(signed(size, &key(9))).unwrap_err();
        assert!(matches!(
            stranger,
            UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { .. })
        ));
    }
    let both = sign_checkpoint(head("one", 10), &signing_key()).also_signed(&key(1));
    assert_eq!(both.note().signatures().len(), 2);
    assert_eq!(both.also_signed(&key(1)), both, "once is enough");
    for only in [verifier_key(), key(1).verifier()] {
        SignedCheckpoint::parse(both.note_bytes()).unwrap().open(&only).unwrap();
    }
    keys.open_checkpoint(both.note_bytes()).unwrap();
    let text = keys.open(signed(31, &signing_key())).unwrap_err().to_string();
    assert_eq!(
        text,
        "the key example.com/log/testdata+33d7b496 may sign trees of 0 to 10 leaves, this one has 31"
    );
}

/// A second signature that does not hold spoils a head, whoever else signed it.
#[test]
fn a_bad_signature_of_a_known_key_spoils_the_head() {
    let keys = chain(&[10]);
    let good = sign_checkpoint(head("one", 10), &signing_key());
    let other = sign_checkpoint(head("other", 10), &key(1));
    let line = other.note().signatures()[0].to_string();
    let spoilt = format!("{}{line}", good.note());
    let refused = keys.open_checkpoint(spoilt.as_bytes()).unwrap_err().to_string();
    assert!(refused.contains("does not hold"), "{refused}");
}

/// The same rule as the comment in a policy, for the same keys.
#[test]
fn a_policy_with_last_sizes_says_the_same() {
    let keys = chain(&[10, 30]);
    let lines: String = keys
        .terms()
        .iter()
        .map(|term| {
            let (key, last) = (term.key(), term.last_size());
            let last = last.map_or_else(String::new, |last| {
                format!("# last-size {}+{} {last}\n", key.name(), key.id())
            });
            format!("log {key}\n{last}")
        })
        .collect();
    let policy = Policy::parse(format!("{lines}quorum none\n").as_bytes()).unwrap();
    for size in [0, 9, 10, 11, 29, 30, 31, 1_000] {
        for signer in [signing_key(), key(1), key(2), key(9)] {
            let head = sign_checkpoint(head("one", size), &signer).into_inner();
            // A policy knows no first size: a key that is in force later may sign what was before.
            if keys.open(head.clone()).is_ok() {
                policy.open(head).unwrap();
            } else if keys
                .term_of(&signer.verifier())
                .is_none_or(|term| size >= term.first_size())
            {
                policy.open(head).unwrap_err();
            }
        }
    }
}

#[test]
fn receipts_are_verified_by_the_key_of_their_size() {
    let tree = TreeHead {
        size: 1,
        root: Hash::leaf(b"one"),
    };
    let receipt = |key: &SigningKey| Receipt::new(0, Vec::new(), sign_checkpoint(tree, key).into_inner());
    let leaf = Hash::leaf(b"one");
    receipt(&signing_key()).verify_in(leaf, &chain(&[1])).unwrap();
    receipt(&key(1)).verify_in(leaf, &chain(&[1])).unwrap();
    receipt(&signing_key()).verify_in(leaf, &chain(&[0])).unwrap_err();
    receipt(&key(1)).verify_in(leaf, &chain(&[2])).unwrap_err();
    receipt(&signing_key())
        .verify_in(Hash::leaf(b"two"), &chain(&[1]))
        .unwrap_err();
}
