//! Events that a job has signed, and texts that only look like it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_access::oidc::{Algorithm, BadAlgorithm, Malformed, Thumbprint, Unusable};
use indelible_access::signed::{BadJobKey, JobKey, NotSigned, SIGNED_BYTES_MAX, SignedEvent, TYPE, check};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const EVENT: &[u8] = br#"{"source":"deploy","key":"run-1","claims":{"action":{"name":"deploy","verb":"execute"}}}"#;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of a job, by other code than the one that is tested.
struct Foreign(Ed25519KeyPair);

impl Foreign {
    fn new(seed: u8) -> Foreign {
        Foreign(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": encode(self.0.public_key())})
    }

    fn thumbprint(&self) -> Thumbprint {
        let members = format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            encode(self.0.public_key())
        );
        Thumbprint::parse(&encode(Sha256::digest(members))).unwrap()
    }

    fn header(&self) -> Value {
        json!({"typ": TYPE, "alg": "EdDSA", "jwk": self.jwk()})
    }

    fn sign(&self, header: &str, payload: &[u8]) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// What is said of a text whose header has these members other; null takes one out.
    fn checked(&self, changes: &Value) -> Result<SignedEvent, NotSigned> {
        let mut header = self.header();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => header.as_object_mut().unwrap().remove(name),
                value => header.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        check(&self.sign(&header.to_string(), EVENT), &self.thumbprint())
    }
}

#[test]
fn what_a_job_signs_is_what_is_checked() {
    let (job, foreign) = (JobKey::from_seed(&[9; 32]), Foreign::new(9));
    assert_eq!(job.thumbprint(), foreign.thumbprint());
    let text = job.sign(EVENT);
    assert_eq!(text, job.sign(EVENT));
    let signed = check(&text, &foreign.thumbprint()).unwrap();
    assert_eq!((signed.text(), signed.payload()), (text.as_str(), EVENT));
    assert_eq!(
        (signed.algorithm(), *signed.key()),
        (Algorithm::EdDsa, job.thumbprint())
    );
    let thumbprint = job.thumbprint().to_string();
    assert_eq!(
        signed.verified(),
        json!({"algorithm": "EdDSA", "thumbprint": thumbprint})
    );
    // As others write the same.
    foreign.checked(&json!({})).unwrap();
    foreign
        .checked(&json!({"alg": "Ed25519", "kid": "job", "cty": "json"}))
        .unwrap();
    foreign
        .checked(&json!({"typ": "application/Indelible-Event+JWS"}))
        .unwrap();
}

#[test]
fn es256_is_for_keys_of_p_256() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let thumbprint = Thumbprint::parse(&encode(Sha256::digest(members))).unwrap();
    let sign = |algorithm: &str| {
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        let header = json!({"typ": TYPE, "alg": algorithm, "jwk": jwk}).to_string();
        let signed = format!("{}.{}", encode(header), encode(EVENT));
        let signature = pair.sign(&random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    };
    let (first, second) = (sign("ES256"), sign("ES256"));
    assert_ne!(first, second, "it is random");
    for text in [first, second] {
        assert_eq!(check(&text, &thumbprint).unwrap().algorithm(), Algorithm::Es256);
    }
    assert_eq!(
        check(&sign("EdDSA"), &thumbprint),
        Err(NotSigned::KeyUnfit(Algorithm::EdDsa))
    );
}

#[test]
fn what_is_wrong_is_refused_for_that_reason() {
    let job = Foreign::new(9);
    let shared = |name: &str| NotSigned::Algorithm(BadAlgorithm::Shared(name.to_owned()));
    let header = |name| NotSigned::Malformed(Malformed::Header(name));
    for (changes, reason) in [
        (json!({"alg": "none"}), BadAlgorithm::Unsigned.into()),
        (json!({"alg": "NONE"}), BadAlgorithm::Unsigned.into()),
        (json!({"alg": "HS256"}), shared("HS256")),
        (json!({"alg": "RS256"}), NotSigned::OtherAlgorithm(Algorithm::Rs256)),
        (json!({"alg": "ES384"}), NotSigned::OtherAlgorithm(Algorithm::Es384)),
        (json!({"alg": "ES256"}), NotSigned::KeyUnfit(Algorithm::Es256)),
        (json!({"alg": null}), header("alg")),
        (json!({"alg": 1}), header("alg")),
        (json!({"typ": null}), header("typ")),
        (json!({"jwk": null}), NotSigned::NoPublicKey),
        (json!({"jwk": "x"}), Unusable::NotAnObject.into()),
        (json!({"jwk": {"kty": "oct", "k": "AA"}}), Unusable::Private.into()),
        (json!({"jwk": {"kty": "oct"}}), Unusable::Kind.into()),
        (json!({"crit": ["exp"]}), NotSigned::Extension("crit")),
        (json!({"b64": false}), NotSigned::Extension("b64")),
    ] {
        assert_eq!(job.checked(&changes).unwrap_err(), reason, "{changes}");
    }
    let long = job.checked(&json!({"kid": "x".repeat(4_096)})).unwrap_err();
    assert!(matches!(long, NotSigned::LongHeader { bytes: 4_097.. }), "{long}");
    for typ in ["JWT", "jose", "indelible-event", "text/indelible-event+jws", ""] {
        let refused = job.checked(&json!({"typ": typ})).unwrap_err();
        assert!(matches!(refused, NotSigned::Type { .. }), "{typ}: {refused}");
    }
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut jwk = job.jwk();
        jwk[private] = json!("AAAA");
        assert_eq!(
            job.checked(&json!({"jwk": jwk})),
            Err(NotSigned::Key(Unusable::Private)),
            "{private}"
        );
    }
    let mut encrypts = job.jwk();
    encrypts["use"] = json!("enc");
    assert_eq!(
        job.checked(&json!({"jwk": encrypts})),
        Err(NotSigned::Key(Unusable::Use))
    );
}

#[test]
fn another_key_is_another_key_whatever_it_says() {
    let (job, other) = (Foreign::new(9), Foreign::new(8));
    let (got, bound) = (other.thumbprint(), job.thumbprint());
    let theirs = other.sign(&other.header().to_string(), EVENT);
    assert_eq!(check(&theirs, &bound), Err(NotSigned::OtherKey { got, bound }));
    // Signed by one, with the key of the other in the header.
    let posing = other.sign(&job.header().to_string(), EVENT);
    assert_eq!(check(&posing, &bound), Err(NotSigned::Signature { key: bound }));
}

#[test]
fn a_text_of_another_form_is_none() {
    let job = Foreign::new(9);
    let key = job.thumbprint();
    let good = job.sign(&job.header().to_string(), EVENT);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let other = encode(br#"{"source":"deploy"}"#);
    assert_eq!(
        check(&format!("{header}.{other}.{signature}"), &key),
        Err(NotSigned::Signature { key })
    );
    for text in [
        String::new(),
        "..".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{good}\n"),
        format!("{header}..{signature}"),
        format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#),
    ] {
        assert!(check(&text, &key).is_err(), "{text}");
    }
    let twice = job.header().to_string().replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(
        check(&job.sign(&twice, EVENT), &key),
        Err(NotSigned::Malformed(Malformed::Repeated("header")))
    );
    let long = "x".repeat(SIGNED_BYTES_MAX + 1);
    assert_eq!(check(&long, &key), Err(NotSigned::TooLong { bytes: long.len() }));
}

#[test]
fn every_letter_counts() {
    let job = Foreign::new(9);
    let good = job.sign(&job.header().to_string(), EVENT);
    for place in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(check(&changed, &job.thumbprint()).is_err(), "{place}");
    }
}

/// RFC 8037, A.1 to A.3.
#[test]
fn the_file_of_a_key_is_a_jwk() {
    let text = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = JobKey::from_jwk(text.as_bytes()).unwrap();
    assert_eq!(
        key.thumbprint().to_string(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    let again = JobKey::from_jwk(key.to_jwk().as_bytes()).unwrap();
    assert_eq!(again.sign(EVENT), key.sign(EVENT));
    assert!(!format!("{key:?}").contains("nWGx"));
    for (from, to) in [
        ("OKP", "EC"),
        ("Ed25519", "X25519"),
        ("nWGx", "nWGy"),
        ("11qY", "11qZ"),
        ("\"d\"", "\"e\""),
        ("yuf2A", "yuf2"),
        ("{", "["),
    ] {
        assert_eq!(
            JobKey::from_jwk(text.replace(from, to).as_bytes()).err(),
            Some(BadJobKey),
            "{to}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_is_signed_comes_out_again_for_that_key_alone(seed: [u8; 32], event: Vec<u8>, other: [u8; 32]) {
        prop_assume!(!event.is_empty() && seed != other);
        let (job, other) = (JobKey::from_seed(&seed), JobKey::from_seed(&other));
        let text = job.sign(&event);
        let signed = check(&text, &job.thumbprint()).unwrap();
        prop_assert_eq!(signed.payload(), event.as_slice());
        prop_assert!(check(&text, &other.thumbprint()).is_err());
    }

    #[test]
    fn no_text_is_more_than_it_says(text in "[-_A-Za-z0-9.]{0,200}") {
        prop_assert!(check(&text, &JobKey::from_seed(&[1; 32]).thumbprint()).is_err());
    }
}
