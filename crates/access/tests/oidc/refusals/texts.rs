//! What a token looks like, and what is shown of one that is none.

use indelible_access::oidc::{Malformed, Refused, Shown, TOKEN_BYTES_MAX, Unverified};
use serde_json::{Value, json};

use super::{github, refused};
use crate::provider::{URL, claims, claims_with};

#[test]
fn extensions_that_must_be_understood_are_not() {
    let (key, gate) = github();
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
        let header = json!({"alg": "EdDSA", "kid": "k1", "crit": crit, "b64": false});
        assert_eq!(
            gate.check(&key.token_with(&header, &claims())).unwrap_err(),
            Refused::Critical
        );
    }
}

#[test]
fn tokens_for_other_purposes_are_refused() {
    let (key, gate) = github();
    for typ in ["JWT", "jwt", "application/jwt", "at+jwt"] {
        gate.check(&key.token_with(&json!({"alg": "EdDSA", "kid": "k1", "typ": typ}), &claims()))
            .unwrap();
    }
    gate.check(&key.token_with(&json!({"alg": "EdDSA", "kid": "k1"}), &claims()))
        .unwrap();
    for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE"] {
        let token = key.token_with(&json!({"alg": "EdDSA", "kid": "k1", "typ": typ}), &claims());
        assert!(matches!(gate.check(&token).unwrap_err(), Refused::Type { .. }), "{typ}");
    }
    for wrong in [
        json!({"alg": 1, "kid": "k1"}),
        json!({"alg": "EdDSA", "kid": 1}),
        json!({"alg": "EdDSA", "kid": ""}),
        json!({"kid": "k1"}),
    ] {
        let refused = gate.check(&key.token_with(&wrong, &claims())).unwrap_err();
        assert!(matches!(refused, Refused::Malformed(Malformed::Header(_))), "{wrong}");
    }
}

#[test]
fn what_says_two_things_says_nothing() {
    let (key, gate) = github();
    let (header, text) = (r#"{"alg":"EdDSA","kid":"k1"}"#, claims().to_string());
    let repeated = format!("{},\"repository_id\":\"75\"}}", text.strip_suffix('}').unwrap());
    assert_eq!(
        gate.check(&key.token_of(header, &repeated)).unwrap_err(),
        Refused::Malformed(Malformed::Repeated("payload"))
    );
    assert_eq!(
        gate.check(&key.token_of(r#"{"alg":"EdDSA","kid":"k1","kid":"k1"}"#, &text))
            .unwrap_err(),
        Refused::Malformed(Malformed::Repeated("header"))
    );
}

#[test]
fn a_token_is_one_text_of_a_reasonable_length() {
    let (key, gate) = github();
    let room = |bytes: usize| {
        let empty = key.token(&claims_with(&json!({"pad": ""}))).len();
        key.token(&claims_with(&json!({"pad": "x".repeat((bytes - empty) / 4 * 3)})))
    };
    let largest = room(TOKEN_BYTES_MAX);
    assert!((TOKEN_BYTES_MAX - 4..=TOKEN_BYTES_MAX).contains(&largest.len()));
    gate.check(&largest).unwrap();
    let huge = room(TOKEN_BYTES_MAX + 8);
    assert_eq!(gate.check(&huge).unwrap_err(), Refused::TooLong { bytes: huge.len() });
    assert_eq!(
        Unverified::read(&"a".repeat(100 << 20)).unwrap_err(),
        Refused::TooLong { bytes: 100 << 20 }
    );
    let good = key.token(&claims());
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        &format!("{good}."),
        &format!(".{good}"),
        &good[1..],
        &good.replace('.', ""),
    ] {
        assert!(matches!(gate.check(bad).unwrap_err(), Refused::Malformed(_)), "{bad}");
    }
    for padded in [
        format!("{good}="),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}\n"),
        good.replace('.', ".\n"),
    ] {
        assert!(matches!(
            gate.check(&padded).unwrap_err(),
            Refused::Malformed(Malformed::Base64(_))
        ));
    }
}

#[test]
fn every_flipped_character_is_refused() {
    let (key, gate) = github();
    let good = key.token(&claims());
    gate.check(&good).unwrap();
    for at in 0..good.len() {
        let mut flipped = good.clone().into_bytes();
        flipped[at] = match flipped[at] {
            b'A' => b'B',
            _ => b'A',
        };
        let flipped = String::from_utf8(flipped).unwrap();
        gate.check(&flipped).unwrap_err();
    }
}

#[test]
fn neither_errors_nor_identities_show_the_token() {
    let (key, gate) = github();
    let good = key.token(&claims());
    let mut seen = vec![
        format!("{:?}", gate.check(&good).unwrap()),
        format!("{:?}", Unverified::read(&good).unwrap()),
    ];
    seen.push(Value::Object(gate.check(&good).unwrap().verified()).to_string());
    let bad = [
        key.token(&claims_with(&json!({"aud": "x"}))),
        key.token_with(&json!({"alg": "EdDSA", "kid": "k9"}), &claims()),
        format!("{}x", &good[..good.len() - 1]),
        format!("{good}."),
        good.repeat(40),
    ];
    for token in &bad {
        let refused = gate.check(token).unwrap_err();
        seen.extend([refused.to_string(), format!("{refused:?}")]);
    }
    for token in bad.iter().chain([&good]) {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(seen.iter().all(|text| !text.contains(part)));
        }
    }
}

#[test]
fn what_a_stranger_wrote_is_shown_cut_and_escaped() {
    let (key, gate) = github();
    let said = refused(
        &gate,
        &key.token(&claims_with(
            &json!({"iss": format!("\u{1b}]0;x\n{}", "y".repeat(500))}),
        )),
    );
    assert!(
        said.contains(r"\u{1b}]0;x\n") && said.contains('…') && said.len() < 300,
        "{said}"
    );
    let shown: fn(&Shown) -> String = Shown::to_string;
    let Refused::UnknownIssuer { got } = gate
        .check(&key.token(&claims_with(&json!({"iss": "a\"b"}))))
        .unwrap_err()
    else {
        panic!("another reason")
    };
    assert_eq!(shown(&got), r#""a\"b""#);
    assert_eq!(URL.len(), 43);
}
