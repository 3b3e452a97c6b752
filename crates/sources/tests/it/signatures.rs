//! Who may send: the signature, and nothing else.

use indelible_sources::{
    BadSecret, Delivery, Rejected, Repeated, Secret, Secrets, Source,
    github::{BODY_BYTES_MAX, BadSignature, Configuration, Hook, WhichSecret, sign, verify},
};

use crate::support::{SECRET, configuration, event, hook, now, only, secret};

/// The example of GitHub's documentation.
const BODY: &[u8] = b"Hello, World!";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn check(headers: &[(&str, &[u8])], body: &[u8], secrets: &Secrets) -> Result<WhichSecret, BadSignature> {
    let delivery = Delivery {
        method: "POST",
        headers,
        body,
    };
    verify(&delivery, secrets).map(|authentic| {
        assert_eq!(authentic.body(), body);
        authentic.secret()
    })
}

fn check_one(signature: &[u8], body: &[u8], key: &str) -> Result<WhichSecret, BadSignature> {
    let secrets = Secrets {
        current: secret(key),
        previous: None,
    };
    check(&[("x-hub-signature-256", signature)], body, &secrets)
}

#[test]
fn the_example_of_github_is_authentic() {
    assert_eq!(check_one(SIGNATURE.as_bytes(), BODY, SECRET), Ok(WhichSecret::Current));
    assert_eq!(sign(&secret(SECRET), BODY), SIGNATURE);
}

#[test]
fn every_wrong_bit_of_body_signature_or_secret_is_refused() {
    let flipped = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        (0..8 * bytes.len()).map(move |bit| {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        })
    };
    let mut checked = 0;
    for body in flipped(BODY) {
        assert_eq!(check_one(SIGNATURE.as_bytes(), &body, SECRET), Err(BadSignature::Wrong));
        checked += 1;
    }
    for signature in flipped(SIGNATURE.as_bytes()) {
        check_one(&signature, BODY, SECRET).unwrap_err();
        checked += 1;
    }
    for key in flipped(SECRET.as_bytes()) {
        let Ok(key) = String::from_utf8(key) else { continue };
        if Secret::new(key.clone()).is_ok() {
            assert_eq!(
                check_one(SIGNATURE.as_bytes(), BODY, &key),
                Err(BadSignature::Wrong),
                "{key:?}"
            );
            checked += 1;
        }
    }
    assert!(checked > 8 * (13 + 71) + 100, "{checked}");
}

#[test]
fn a_body_that_is_longer_or_shorter_is_refused() {
    for body in [&BODY[..12], b"", b"Hello, World!!", b"Hello, World!\n"] {
        assert_eq!(check_one(SIGNATURE.as_bytes(), body, SECRET), Err(BadSignature::Wrong));
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
    let long = format!("{SIGNATURE}00");
    for malformed in [
        "",
        "sha256=",
        &SIGNATURE[7..],
        &SIGNATURE[..70],
        &upper,
        &long,
        &format!(" {SIGNATURE}"),
        &SIGNATURE.replace("sha256", "SHA256"),
        &SIGNATURE.replace("sha256", "sha1"),
        &SIGNATURE.replace('7', "g"),
        &format!("{SIGNATURE},{SIGNATURE}"),
    ] {
        assert_eq!(
            check_one(malformed.as_bytes(), BODY, SECRET),
            Err(BadSignature::Malformed),
            "{malformed}"
        );
    }
}

#[test]
fn a_signature_comes_once_and_never_by_sha_1() {
    let secrets = Secrets {
        current: secret(SECRET),
        previous: None,
    };
    let good = ("x-hub-signature-256", SIGNATURE.as_bytes());
    let twice = Err(BadSignature::Repeated(Repeated {
        name: "x-hub-signature-256",
    }));
    assert_eq!(check(&[good, good], BODY, &secrets), twice);
    // HMAC-SHA1 of the body under the secret.
    let sha_1 = ("x-hub-signature", &b"sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"[..]);
    assert_eq!(check(&[sha_1], BODY, &secrets), Err(BadSignature::Missing));
    assert_eq!(
        check(&[("x-hub-signature", &b"sha1=00"[..]), good], BODY, &secrets),
        Ok(WhichSecret::Current)
    );
}

#[test]
fn while_a_secret_is_replaced_both_are_good() {
    let [old, new, other] = [
        "the secret of last year",
        "the secret of this year",
        "the secret of nobody",
    ]
    .map(secret);
    let both = Secrets {
        current: new.clone(),
        previous: Some(old.clone()),
    };
    let signed = |key: &Secret| {
        let signature = sign(key, BODY);
        check(&[("x-hub-signature-256", signature.as_bytes())], BODY, &both)
    };
    assert_eq!(signed(&new), Ok(WhichSecret::Current));
    assert_eq!(signed(&old), Ok(WhichSecret::Previous));
    assert_eq!(signed(&other), Err(BadSignature::Wrong));
}

#[test]
fn the_event_says_which_secret_it_was() {
    let body = br#"{"zen":"z","hook_id":1,"repository":{"full_name":"acme/web"}}"#;
    let secrets = Secrets {
        current: secret("the secret of this year"),
        previous: Some(secret(SECRET)),
    };
    let source = Source::GitHub(
        Hook::new(Configuration {
            secrets,
            ..configuration(["acme"])
        })
        .unwrap(),
    );
    let submitter = event(&source, "ping", body).submitter;
    assert_eq!(
        (submitter.principal.as_str(), submitter.method.as_str()),
        ("source:github/acme", "hmac")
    );
    assert_eq!(submitter.verified.unwrap()["secret"], "previous");
}

#[test]
fn what_is_no_secret_is_refused_and_none_is_printed() {
    assert_eq!(
        Secret::new("fifteen bytes..").unwrap_err(),
        BadSecret::TooShort { length: 15 }
    );
    assert_eq!(Secret::new("").unwrap_err(), BadSecret::TooShort { length: 0 });
    assert_eq!(
        Secret::new("x".repeat(257)).unwrap_err(),
        BadSecret::TooLong { length: 257 }
    );
    for invisible in ["sixteen bytes ok\n", " sixteen bytes ok", "sixteen\0bytes ok"] {
        assert_eq!(Secret::new(invisible).unwrap_err(), BadSecret::Invisible);
    }
    let printed = format!("{:?} {:?}", configuration(["acme"]), hook(["acme"]));
    assert!(
        printed.contains("redacted") && !printed.contains("Everybody"),
        "{printed}"
    );
}

#[test]
fn refusals_come_before_anything_is_read() {
    let source = hook(["acme"]);
    let receive = |method, headers: &[(&str, &[u8])], body| source.receive(&Delivery { method, headers, body }, now());
    let found = "GET".to_owned();
    assert_eq!(receive("GET", &[], b""), Err(Rejected::Method { found }));
    let long = vec![b' '; BODY_BYTES_MAX + 1];
    let too_long = Rejected::BodyTooLong {
        length: BODY_BYTES_MAX + 1,
        max: BODY_BYTES_MAX,
    };
    assert_eq!(receive("POST", &[], &long), Err(too_long));
    assert_eq!(receive("POST", &[], b"{"), Err(BadSignature::Missing.into()));
    let signature = sign(&secret(SECRET), b"{}");
    let headers = [("x-hub-signature-256", signature.as_bytes())];
    assert_eq!(receive("POST", &headers, b"{} "), Err(BadSignature::Wrong.into()));
    only(receive("POST", &headers, b"{}").unwrap());
}
