//! The key sets of issuers (RFC 7517).

use indelible_access::oidc::{KEYS_MAX, KeySet};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Verdict;
use super::attest::{issuer, jwks, x};

/// One key; keys of each kind, and some that are skipped.
pub fn seeds() -> Vec<Vec<u8>> {
    // The public keys of RFC 7517, A.1.
    let p256 = json!({
        "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let rsa = json!({"kty": "RSA", "kid": "rsa", "alg": "RS256", "e": "AQAB", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
    let others = json!({"keys": [
        p256, rsa, {"kty": "OKP", "crv": "Ed25519", "x": x(2)}, {"kty": "oct", "k": "AyM1", "kid": "no"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"},
    ]});
    vec![jwks().into_bytes(), others.to_string().into_bytes()]
}

/// An ordinary reader finds as many keys as were taken and skipped, none of them a secret one; what is named by its hash is what was
/// read.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(keys) = KeySet::read(bytes, issuer()) else {
        return Verdict::Refused;
    };
    let read: Value = serde_json::from_slice(bytes).expect("an ordinary reader reads it");
    let listed = read["keys"].as_array().expect("a list");
    assert!(listed.len() <= KEYS_MAX);
    let skipped: Vec<usize> = keys.skipped().iter().map(|skipped| skipped.index).collect();
    let taken = listed.iter().enumerate().filter(|(index, _)| !skipped.contains(index));
    let mut count = 0;
    for (_, key) in taken {
        count += 1;
        assert!(key.get("d").is_none() && key.get("k").is_none(), "a secret key: {key}");
        if let Some(id) = key["kid"].as_str() {
            assert!(keys.has(id), "{id}");
        }
    }
    assert_eq!(count + skipped.len(), listed.len());
    assert!(count > 0);
    assert_eq!(keys.sha256()[..], Sha256::digest(bytes)[..]);
    Verdict::Accepted
}
