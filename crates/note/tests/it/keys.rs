//! Key texts: what is refused when a key is loaded, and why.

use indelible_note::{BadKeyName, MalformedKey, SigningKey, VerifierKey};

use crate::common::{LOG_SKEY, LOG_VKEY, key_text};

/// Points of small order in every encoding that the curve library reads, by their bytes in hex.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn refused_vkey(vkey: &str) -> MalformedKey {
    vkey.parse::<VerifierKey>().expect_err(vkey)
}

#[test]
fn what_a_vkey_may_not_be() {
    let id_of_other_name = "example.com/log/testdatA+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    assert!(matches!(
        refused_vkey(id_of_other_name),
        MalformedKey::IdMismatch { .. }
    ));
    let id_of_other_key = refused_vkey(&LOG_VKEY.replace("33d7b496", "33d7b497"));
    assert_eq!(
        id_of_other_key.to_string(),
        "the text says key id 33d7b497, but its name and key give 33d7b496"
    );

    for id in ["33D7B496", "33d7b49", "033d7b496", "+33d7b49", "", "33d7b49g"] {
        let wrong = refused_vkey(&LOG_VKEY.replace("33d7b496", id));
        // An id that begins with a plus sign makes an empty id and a longer third field.
        assert_eq!(wrong, MalformedKey::Id, "{id:?}");
    }
    for missing in ["", "example.com", "example.com+33d7b496", "example.com 33d7b496 AeHT"] {
        assert_eq!(refused_vkey(missing), MalformedKey::Fields);
    }
    for (name, reason) in [
        ("", BadKeyName::Empty),
        ("log key", BadKeyName::Character { character: ' ', at: 3 }),
        (
            "log\u{a0}key",
            BadKeyName::Character {
                character: '\u{a0}',
                at: 3,
            },
        ),
    ] {
        assert_eq!(
            refused_vkey(&LOG_VKEY.replace("example.com/log/testdata", name)),
            MalformedKey::Name(reason)
        );
    }
    // A newline at the end, as a file has it; missing padding (this key needs none); spare bits are covered by `text`.
    for tail in ["\n", "=", " "] {
        assert_eq!(refused_vkey(&format!("{LOG_VKEY}{tail}")), MalformedKey::Base64);
    }
    assert_eq!(refused_vkey("example.com+33d7b496+"), MalformedKey::Base64);
    assert_eq!(refused_vkey(LOG_SKEY), MalformedKey::Private);
}

#[test]
fn other_types_and_lengths_are_named() {
    for (kind, length, expected) in [
        (0x01, 31, MalformedKey::Length(31)),
        (0x01, 33, MalformedKey::Length(33)),
        (0x01, 0, MalformedKey::Length(0)),
        (0x04, 32, MalformedKey::Type { found: 4, wanted: 1 }),
        (0x06, 1312, MalformedKey::Type { found: 6, wanted: 1 }),
        (0x00, 32, MalformedKey::Type { found: 0, wanted: 1 }),
        (0xff, 40, MalformedKey::Type { found: 255, wanted: 1 }),
    ] {
        assert_eq!(refused_vkey(&key_text("key.example", kind, &vec![7; length])), expected);
    }
    assert_eq!(
        MalformedKey::Type { found: 6, wanted: 1 }.to_string(),
        "a key of type 01 is wanted here, this is one of type 06 (01 is a log's, 04 a witness's)"
    );
}

#[test]
fn weak_and_ambiguous_points_are_refused() {
    for hex in SMALL_ORDER {
        let point: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let refused = refused_vkey(&key_text("weak.example", 1, &point));
        assert!(
            matches!(refused, MalformedKey::Weak | MalformedKey::Point),
            "{hex}: {refused}"
        );
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(
        refused_vkey(&key_text("weak.example", 1, &identity)),
        MalformedKey::Weak
    );

    // The field has the order p = 2^255 - 19; y = p + 3 is a second encoding of y = 3, a point of large order.
    let mut three = [0; 32];
    three[0] = 3;
    key_text("point.example", 1, &three).parse::<VerifierKey>().unwrap();
    let mut three_again = [0xff; 32];
    (three_again[0], three_again[31]) = (0xf0, 0x7f);
    assert_eq!(
        refused_vkey(&key_text("point.example", 1, &three_again)),
        MalformedKey::Point
    );
    // No point of the curve has y = 2.
    let mut two = [0; 32];
    two[0] = 2;
    assert_eq!(refused_vkey(&key_text("point.example", 1, &two)), MalformedKey::Point);
}

#[test]
fn what_an_skey_may_not_be() {
    let refused = |skey: &str| skey.parse::<SigningKey>().unwrap_err();
    assert_eq!(refused(LOG_VKEY), MalformedKey::NotPrivate);
    assert_eq!(refused(""), MalformedKey::NotPrivate);
    assert_eq!(refused("PRIVATE+KEY+"), MalformedKey::Fields);
    assert_eq!(refused(&format!("{LOG_SKEY}\n")), MalformedKey::Base64);
    // The seed of another key, under the name and id of this one.
    let other_seed = LOG_SKEY.replace("AeymY/", "AeymZ/");
    assert!(matches!(refused(&other_seed), MalformedKey::IdMismatch { .. }));
    assert!(matches!(
        refused(&LOG_SKEY.replace("33d7b496", "00000000")),
        MalformedKey::IdMismatch { .. }
    ));
    assert_eq!(
        refused(&format!("PRIVATE+KEY+{}", key_text("key.example", 6, &[7; 32]))),
        MalformedKey::Type { found: 6, wanted: 1 }
    );
}

#[test]
fn a_seed_gives_a_key_that_reads_back() {
    let key = SigningKey::from_seed("ci.example.com/audit".parse().unwrap(), [9; 32]);
    let again: SigningKey = key.expose_skey().parse().unwrap();
    assert_eq!(again.verifier(), key.verifier());
    assert_eq!(again.expose_skey(), key.expose_skey());
    assert_eq!(key.verifier().to_string().parse(), Ok(key.verifier()));
    assert_eq!(
        (key.name().as_str(), key.verifier().name()),
        ("ci.example.com/audit", key.name())
    );
}

#[test]
fn debug_output_hides_the_secret() {
    let key: SigningKey = LOG_SKEY.parse().unwrap();
    assert_eq!(
        format!("{key:?}"),
        "SigningKey(example.com/log/testdata+33d7b496, secret)"
    );
}
