//! Cosignatures: the published vectors, what is refused, and how notes collect them.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_note::{
    BadCosignature, CosignerKey, CosigningKey, MalformedKey, MalformedNote, NotAdded, PosixTime, SignatureLine,
    SignedCheckpoint, SigningKey, VerifierKey,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::{LOG_SKEY, LOG_VKEY, at, cosigned, key_text, signature_line, signed, verifier_key, witness_key};

const VECTORS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/cosignature-v1.json"
));

/// The published cosignatures: note, key, time.
fn vectors() -> Vec<(String, CosignerKey, u64)> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = file["vectors"].as_array().unwrap().iter().map(|vector| {
        let note = vector["checkpoint"].as_str().unwrap().to_owned();
        let key = vector["cosigner_vkey"].as_str().unwrap();
        let parsed: CosignerKey = key.parse().unwrap();
        assert_eq!(parsed.to_string(), key);
        (note, parsed, vector["timestamp"].as_u64().unwrap())
    });
    vectors.collect()
}

#[test]
fn the_published_cosignatures_hold() {
    let vectors = vectors();
    let keys: Vec<_> = vectors.iter().map(|(_, key, _)| key.clone()).collect();
    for (note, key, time) in &vectors {
        let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        // Both witnesses are known, one of them cosigned; the log's own line is of a type that is not known here.
        let found = checkpoint.cosignatures(&keys).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].time(), at(*time));
        assert_eq!((found[0].line().name(), found[0].line().id()), (key.name(), key.id()));
        assert!(note.ends_with(&found[0].line().to_string()));
    }
    assert_eq!(vectors.len(), 2);
}

#[test]
fn no_bit_of_a_cosignature_can_be_flipped() {
    for (note, key, _) in vectors() {
        let keys = [key];
        let cosignatures = |bytes: &[u8]| SignedCheckpoint::parse(bytes).ok()?.cosignatures(&keys).ok();
        let line = note.rfind("— witness").unwrap();
        for bit in 0..note.len() * 8 {
            let mut flipped = note.as_bytes().to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let signed_or_line = bit / 8 < note.find("\n\n").unwrap() || bit / 8 >= line;
            if signed_or_line && let Some(found) = cosignatures(&flipped) {
                assert!(found.is_empty(), "byte {}", bit / 8);
            }
        }
        assert_eq!(cosignatures(note.as_bytes()).unwrap().len(), 1);
    }
}

#[test]
fn a_line_of_a_known_witness_must_hold() {
    let witness = witness_key("witness.example/w1");
    let keys = [witness.cosigner()];
    let [key] = &keys;
    let checkpoint = signed("one", 7);
    let line = cosigned(&checkpoint, 1000, &witness);
    let good = checkpoint
        .with_cosignatures(std::slice::from_ref(&line), &keys)
        .unwrap();
    assert_eq!(good.cosignatures(&keys).unwrap()[0].time(), at(1000));

    let refused = BadCosignature {
        name: key.name().clone(),
        id: key.id(),
    };
    let id = u32::from_str_radix(&key.id().to_string(), 16).unwrap().to_be_bytes();
    let time = 1000_u64.to_be_bytes();
    let payload_of = |line: &SignatureLine| {
        STANDARD
            .decode(line.to_string().trim().rsplit(' ').next().unwrap())
            .unwrap()
    };
    let signature = &payload_of(&line)[12..];
    for (what, payload) in [
        ("no time", [&id[..], signature].concat()),
        ("another time", [&id, &1001_u64.to_be_bytes()[..], signature].concat()),
        (
            "a time of 2^63",
            [&id, &(1_u64 << 63).to_be_bytes()[..], signature].concat(),
        ),
        ("a byte more", [&id, &time[..], signature, &[0]].concat()),
        ("a byte less", [&id, &time[..], &signature[1..]].concat()),
        ("no signature", [&id, &time[..]].concat()),
        ("half a time", [&id, &time[..4]].concat()),
    ] {
        let bad = SignatureLine::parse_lines(signature_line("witness.example/w1", &payload).as_bytes()).unwrap();
        let added = checkpoint.with_cosignatures(&bad, &keys);
        assert_eq!(added, Err(NotAdded::Cosignature(refused.clone())), "{what}");
        let note = format!("{}{}", checkpoint.note(), bad[0]);
        let parsed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        assert_eq!(parsed.cosignatures(&keys), Err(refused.clone()), "{what}");
        // To those who do not know the witness, the line says nothing.
        assert_eq!(parsed.cosignatures(&[]), Ok(Vec::new()));
    }
    // Made for another checkpoint.
    let of_other = cosigned(&signed("one", 8), 1000, &witness);
    assert_eq!(
        checkpoint.with_cosignatures(&[of_other], &keys),
        Err(NotAdded::Cosignature(refused))
    );
}

#[test]
fn a_witness_cannot_sign_as_a_log_nor_a_log_cosign() {
    let witness = witness_key("witness.example/w1");
    let vkey = witness.cosigner().to_string();
    assert_eq!(
        vkey.parse::<VerifierKey>().unwrap_err(),
        MalformedKey::Type { found: 4, wanted: 1 }
    );
    assert_eq!(
        LOG_VKEY.parse::<CosignerKey>().unwrap_err(),
        MalformedKey::Type { found: 1, wanted: 4 }
    );
    assert_eq!(
        LOG_SKEY.parse::<CosigningKey>().unwrap_err(),
        MalformedKey::Type { found: 1, wanted: 4 }
    );
    let skey = witness.expose_skey();
    assert_eq!(
        skey.parse::<SigningKey>().unwrap_err(),
        MalformedKey::Type { found: 4, wanted: 1 }
    );
    assert_eq!(skey.parse::<CosigningKey>().unwrap().cosigner(), witness.cosigner());
    let (name, id) = (witness.cosigner().name().clone(), witness.cosigner().id());
    // The base64 of bytes that begin with 04 begins with B.
    assert!(skey.starts_with(&format!("PRIVATE+KEY+{name}+{id}+B")));
    assert_eq!(skey.parse::<CosignerKey>().unwrap_err(), MalformedKey::Private);
    assert!(!format!("{witness:?}").contains(skey.rsplit('+').next().unwrap()));
}

#[test]
fn weak_keys_are_refused_for_witnesses_too() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(
        key_text("w.example", 4, &identity).parse::<CosignerKey>(),
        Err(MalformedKey::Weak)
    );
}

#[test]
fn notes_collect_cosignatures_in_the_order_in_which_they_come() {
    let keys = ["w1", "w2", "w3"].map(|name| witness_key(&format!("witness.example/{name}")));
    let known = keys.each_ref().map(CosigningKey::cosigner);
    let checkpoint = signed("one", 7);
    let lines = keys.each_ref().map(|key| cosigned(&checkpoint, 1000, key));
    let names = |checkpoint: &SignedCheckpoint| {
        let lines = checkpoint.note().signatures().iter();
        lines
            .map(|line| line.name().as_str().rsplit('/').next().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };

    let some = checkpoint
        .with_cosignatures(&[lines[2].clone(), lines[0].clone()], &known)
        .unwrap();
    assert_eq!(names(&some), "testdata w3 w1");
    let all = some.with_cosignatures(&lines, &known).unwrap();
    assert_eq!(names(&all), "testdata w3 w1 w2");
    assert_eq!(all.with_cosignatures(&lines, &known).unwrap(), all);
    assert_eq!(all.note_bytes(), all.note().as_str().as_bytes());

    // A later cosignature replaces an earlier one by the same key, where it stands.
    let newer = all
        .with_cosignatures(&[cosigned(&checkpoint, 2000, &keys[0])], &known)
        .unwrap();
    assert_eq!(names(&newer), "testdata w3 w1 w2");
    let times: Vec<_> = newer
        .cosignatures(&known)
        .unwrap()
        .iter()
        .map(|made| made.time().secs())
        .collect();
    assert_eq!(times, [1000, 2000, 1000]);

    // Of witnesses that are not known, and of the log itself, nothing is taken over.
    let some = checkpoint.with_cosignatures(&lines, &known[..1]).unwrap();
    assert_eq!(names(&some), "testdata w1");
    let log_line = signed("one", 8).note().signatures().to_vec();
    assert_eq!(checkpoint.with_cosignatures(&log_line, &known), Ok(checkpoint.clone()));
    SignedCheckpoint::parse(newer.note_bytes())
        .unwrap()
        .open(&verifier_key())
        .unwrap();
}

#[test]
fn a_note_holds_a_hundred_lines() {
    let keys: Vec<_> = (0..100).map(|n| witness_key(&format!("w{n:03}.example"))).collect();
    let known: Vec<_> = keys.iter().map(CosigningKey::cosigner).collect();
    let checkpoint = signed("one", 1);
    let lines: Vec<_> = keys.iter().map(|key| cosigned(&checkpoint, 1, key)).collect();
    let full = checkpoint.with_cosignatures(&lines[..99], &known).unwrap();
    assert_eq!(full.cosignatures(&known).unwrap().len(), 99);
    assert_eq!(
        full.with_cosignatures(&lines[99..], &known),
        Err(NotAdded::Note(MalformedNote::SignatureCount { count: 101 }))
    );
}

#[test]
fn times_are_below_2_to_the_63() {
    assert_eq!(PosixTime::from_secs((1 << 63) - 1).unwrap().secs(), (1 << 63) - 1);
    assert_eq!(PosixTime::from_secs(1 << 63), None);
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_767_139_200_999);
    assert_eq!(PosixTime::from_system(moment), PosixTime::from_secs(1_767_139_200));
    assert_eq!(
        PosixTime::from_system(std::time::UNIX_EPOCH - std::time::Duration::from_secs(1)),
        None
    );
    assert_eq!((at(7).until(at(10)).as_secs(), at(10).until(at(7)).as_secs()), (3, 0));
    // Weak keys are refused for witnesses as for logs.
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(
        key_text("w.example", 4, &identity).parse::<CosignerKey>(),
        Err(MalformedKey::Weak)
    );
}

proptest! {
    /// What is cosigned holds, at the time at which it was made and under no other key.
    #[test]
    fn a_cosignature_holds(size in 0_u64..40, secs in 0_u64..1 << 63, name in "[a-z]{1,20}") {
        let (witness, other) = (witness_key(&name), witness_key("other.example"));
        let checkpoint = signed("one", size);
        let line = cosigned(&checkpoint, secs, &witness);
        let note = format!("{}{line}", checkpoint.note());
        let parsed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let found = parsed.cosignatures(&[other.cosigner(), witness.cosigner()]).unwrap();
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].time().secs(), secs);
        prop_assert_eq!(SignatureLine::parse_lines(line.to_string().as_bytes()).unwrap(), vec![line]);
    }
}
