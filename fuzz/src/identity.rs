//! Identity tokens: the text of one, or the header and the claims of one, which the issuer then signs.

use indelible_access::oidc::{Replay, Unverified, verify};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Verdict;
use super::attest::{AUDIENCE, ISSUERS, KEYS, URL, sign};

const NOW: i64 = 1_800_000_000;
/// What the clocks of issuer and log may differ by, where nothing is configured.
const SKEW: i64 = 60;
const LIFETIME: i64 = 3_600;
const HEADER: &str = r#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#;

/// A token as it is sent; headers and claims apart, the latter with everything that is looked at, and with one audience and with two.
pub fn seeds() -> Vec<Vec<u8>> {
    let claims = json!({
        "iss": URL, "aud": AUDIENCE, "sub": "repo:acme/app:ref:refs/heads/main", "jti": "1",
        "iat": NOW - 10, "nbf": NOW - 610, "exp": NOW + 290,
        "repository": "acme/app", "repository_id": "74", "repository_owner": "acme", "repository_owner_id": "65",
        "ref": "refs/heads/main", "run_id": "5", "run_attempt": "1", "event_name": "push",
    });
    let mut bound = claims.clone();
    bound["aud"] = json!([AUDIENCE, format!("{AUDIENCE}#jkt={}", "A".repeat(43))]);
    bound["cnf"] = json!({"jkt": "A".repeat(43)});
    let apart = |claims: &Value| format!("{HEADER}\n{claims}").into_bytes();
    let token = sign(1, HEADER.as_bytes(), claims.to_string().as_bytes());
    vec![token.into_bytes(), apart(&claims), apart(&bound)]
}

/// Nothing passes that the issuer has not signed, and of what it has signed only what was meant for this log and is in force: as an
/// ordinary reader of JSON reads it, too.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let token = match text.split_once('\n') {
        Some((header, claims)) => sign(1, header.as_bytes(), claims.as_bytes()),
        None => text.to_owned(),
    };
    let now = Timestamp::from_second(NOW).expect("a time");
    let replay = Replay::new(now);
    let verified = Unverified::read(&token).and_then(|token| verify(&token, &ISSUERS, &KEYS, &replay, now));
    let Ok(identity) = verified else {
        return Verdict::Refused;
    };
    let Some((_, claims)) = text.split_once('\n') else {
        assert_eq!(bytes, seeds()[0], "the issuer has signed no other");
        return Verdict::Accepted;
    };
    let claims: Value = serde_json::from_str(claims).expect("an ordinary reader reads it");
    assert_eq!(claims["iss"], URL);
    assert_eq!(claims["repository_id"], "74");
    let audiences = match &claims["aud"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    assert!(!audiences.is_empty());
    for audience in &audiences {
        let audience = audience.as_str().expect("a text");
        assert_eq!(audience.split("#jkt=").next(), Some(AUDIENCE));
        if let Some((_, key)) = audience.split_once("#jkt=") {
            assert_eq!(identity.bound().expect("bound").thumbprint().to_string(), key);
        }
    }
    let seconds = |name: &str| claims[name].as_f64().expect("a time");
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let (now, skew, lifetime) = (NOW as f64, SKEW as f64, LIFETIME as f64);
    assert!(seconds("exp") > now - skew && seconds("iat") < now + skew + 1.0);
    assert!(seconds("exp") - seconds("iat") <= lifetime + 1.0);
    // The whole of the token stands nowhere in what is stored of it.
    let stored = Value::Object(identity.verified()).to_string();
    assert!(!stored.contains(&token));
    Verdict::Accepted
}
