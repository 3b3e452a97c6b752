//! Events that a job has signed: the text of one, or header and payload, which the job's key then signs.

use indelible_access::oidc::Thumbprint;
use indelible_access::signed::{JobKey, TYPE, check as check_signed};
use serde_json::{Value, json};

use super::Verdict;
use super::attest::{sign, x};

const SEED: u8 = 9;
const EVENT: &str = r#"{"source":"deploy","key":"run-1","claims":{"action":{"name":"deploy","verb":"execute"}}}"#;

/// What a job signs, by our own code; header and payload apart.
pub fn seeds() -> Vec<Vec<u8>> {
    let header = json!({"typ": TYPE, "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x(SEED)}});
    vec![
        JobKey::from_seed(&[SEED; 32]).sign(EVENT.as_bytes()).into_bytes(),
        format!("{header}\n{EVENT}").into_bytes(),
    ]
}

/// Nothing passes that the key has not signed; of what it has signed only what says that it is an event, and by this key alone.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let apart = text.split_once('\n');
    let jws = match apart {
        Some((header, payload)) => sign(SEED, header.as_bytes(), payload.as_bytes()),
        None => text.to_owned(),
    };
    let key: Thumbprint = JobKey::from_seed(&[SEED; 32]).thumbprint();
    let Ok(signed) = check_signed(&jws, &key) else {
        return Verdict::Refused;
    };
    assert_eq!(signed.text(), jws);
    assert_eq!(*signed.key(), key);
    let Some((header, payload)) = apart else {
        assert_eq!(bytes, seeds()[0], "the key has signed no other");
        return Verdict::Accepted;
    };
    assert_eq!(
        (signed.header(), signed.payload()),
        (header.as_bytes(), payload.as_bytes())
    );
    let header: Value = serde_json::from_str(header).expect("an ordinary reader reads it");
    let kind = header["typ"].as_str().expect("a text").to_ascii_lowercase();
    assert!(kind == TYPE || kind == format!("application/{TYPE}"), "{kind}");
    assert_eq!(header["jwk"]["x"], x(SEED));
    assert!(header["jwk"].get("d").is_none(), "a secret key");
    Verdict::Accepted
}
