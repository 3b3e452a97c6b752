//! Tokens that are too old, too young, or were used before.

use indelible_access::oidc::{Refused, Replay};
use serde_json::json;

use super::{check, github};
use crate::provider::{Gate, Key, NOW, at, claims, claims_with, issuer};

#[test]
fn the_times_are_held_with_a_bounded_skew() {
    let (key, gate) = github();
    let token = key.token(&claims());
    // exp is NOW + 290, iat NOW - 10; the skew is 60 s.
    for (second, why) in [
        (NOW + 349, None),
        (NOW + 350, Some("expired")),
        (NOW + 100_000, Some("expired")),
        (NOW - 70, None),
        (NOW - 71, Some("has not come yet")),
    ] {
        let said = gate
            .check_at(&token, second)
            .map(|_| ())
            .map_err(|refused| refused.to_string());
        match why {
            None => assert_eq!(said, Ok(()), "{second}"),
            Some(why) => assert!(said.clone().unwrap_err().contains(why), "{second}: {said:?}"),
        }
    }
    check(&json!({"nbf": NOW + 61}), "not valid before");
    gate.check(&key.token(&claims_with(&json!({"nbf": NOW + 60})))).unwrap();
    gate.check(&key.token(&claims_with(&json!({"nbf": null})))).unwrap();
    check(&json!({"exp": null}), "`exp` is missing");
    check(&json!({"iat": null}), "`iat` is missing");
    check(&json!({"exp": NOW + 3_591}), "lives for 3601 s");
    gate.check(&key.token(&claims_with(&json!({"exp": NOW + 3_590}))))
        .unwrap();
    check(&json!({"iat": NOW + 20, "exp": NOW + 20}), "lives for 0 s");
    check(&json!({"iat": NOW + 20, "exp": NOW - 20}), "lives for -40 s");
    for name in ["exp", "iat", "nbf"] {
        for wrong in [
            json!("1800000000"),
            json!(true),
            json!([NOW]),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            check(&json!({name: wrong}), &format!("`{name}` is of the wrong type"));
        }
    }
    // RFC 7519 allows a fraction.
    #[expect(clippy::cast_precision_loss, reason = "it has 31 bits")]
    let fraction = NOW as f64 + 0.75;
    gate.check(&key.token(&claims_with(&json!({"iat": fraction})))).unwrap();
    let mut exact = issuer();
    exact["skew_seconds"] = json!(0);
    let gate = Gate::new(&exact, &[&key]);
    gate.check_at(&token, NOW + 289).unwrap();
    assert!(matches!(
        gate.check_at(&token, NOW + 290).unwrap_err(),
        Refused::Expired { .. }
    ));
}

#[test]
fn a_second_use_is_refused_where_one_is_all() {
    let key = Key::new("k1", 1);
    let mut once = issuer();
    once["single_use"] = json!(true);
    let gate = Gate::new(&once, &[&key]);
    let used = Refused::UsedBefore {
        issuer: "github".to_owned(),
    };
    let token = key.token(&claims());
    gate.check(&token).unwrap();
    assert_eq!(gate.check(&token).unwrap_err(), used);
    // Other claims under one `jti` are the same token; another `jti` is another.
    assert_eq!(
        gate.check(&key.token(&claims_with(&json!({"ref": "x"})))).unwrap_err(),
        used
    );
    gate.check(&key.token(&claims_with(&json!({"jti": "2"})))).unwrap();
    // One that is refused for something else is not used up.
    let early = key.token(&claims_with(&json!({"jti": "3"})));
    gate.check_at(&early, NOW - 100).unwrap_err();
    gate.check(&early).unwrap();
    // Without a `jti` what is signed counts.
    let nameless = key.token(&claims_with(&json!({"jti": null})));
    gate.check(&nameless).unwrap();
    assert_eq!(gate.check(&nameless).unwrap_err(), used);
    gate.check(&key.token(&claims_with(&json!({"jti": null, "ref": "x"}))))
        .unwrap();
    // It may have been used before this memory began.
    let fresh = Gate {
        replay: Replay::new(at(NOW - 5)),
        ..Gate::new(&once, &[&key])
    };
    assert_eq!(
        fresh.check(&token).unwrap_err(),
        Refused::OlderThanMemory { since: at(NOW - 5) }
    );
}

/// A token is good for a minute longer than it says, and may be a minute older, as clocks may be so far apart.
#[test]
fn a_use_is_remembered_for_as_long_as_the_skew_lets_a_token_live() {
    let key = Key::new("k1", 1);
    let mut once = issuer();
    once["single_use"] = json!(true);
    let token = key.token(&claims());
    let gate = Gate::new(&once, &[&key]);
    gate.check(&token).unwrap();
    // exp is NOW + 290, iat NOW - 10; the skew is 60 s.
    let again = gate.check_at(&token, NOW + 349).unwrap_err();
    assert!(matches!(again, Refused::UsedBefore { .. }), "{again}");
    let remembering_since = |second| Gate {
        replay: Replay::new(at(second)),
        ..Gate::new(&once, &[&key])
    };
    remembering_since(NOW - 70).check(&token).unwrap();
    let unknown = remembering_since(NOW - 69).check(&token).unwrap_err();
    assert_eq!(unknown, Refused::OlderThanMemory { since: at(NOW - 69) });
}
