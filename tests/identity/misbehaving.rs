//! Issuers that do not do as they should: none of their tokens is believed, and nobody waits long.

use std::time::{Duration, Instant};

use indelible::identity::oidc::{NotVerified, OidcOptions};
use serde_json::json;

use crate::fake::{Fake, Manner};
use crate::tokens::{Key, issuer, jwks, now, oidc, seldom};

/// That an issuer that is set up so gives no keys, in words for the operator that have `why` in them, and soon.
async fn check(set_up: impl FnOnce(&Fake), why: &str) {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    set_up(&fake);
    let options = OidcOptions {
        timeout: Duration::from_secs(3),
        ..seldom()
    };
    let oidc = oidc(&issuer(&fake.url), &options);
    let token = key.token(&fake.url, "1");
    let begun = Instant::now();
    let refused = oidc.verify(&token, now()).await.unwrap_err();
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{why}: {:?}",
        begun.elapsed()
    );
    assert_eq!(
        refused,
        NotVerified::NoKeys {
            issuer: "ci".to_owned()
        },
        "{why}"
    );
    let failure = oidc.states().remove(0).failure.unwrap();
    assert!(failure.contains(why), "{why}: {failure}");
    // Whoever sent the token learns nothing of that.
    assert!(!refused.to_string().contains("127.0.0.1"));
    // Within the interval the answer is there at once.
    let asked = (fake.discoveries(), fake.fetches());
    let begun = Instant::now();
    oidc.verify(&token, now()).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_millis(2_500), "{why}");
    assert_eq!((fake.discoveries(), fake.fetches()), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away() {
    let key = Key::new("k1");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let oidc = oidc(&issuer(&url), &seldom());
    let refused = oidc.verify(&key.token(&url, "1"), now()).await.unwrap_err();
    assert_eq!(
        refused,
        NotVerified::NoKeys {
            issuer: "ci".to_owned()
        }
    );
    assert!(oidc.states().remove(0).failure.unwrap().contains("onnection refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_answers_with_an_error() {
    for status in [204, 404, 500, 503] {
        check(|fake| fake.set_discovery(Manner::Status(status)), &status.to_string()).await;
        check(|fake| fake.set_keys(Manner::Status(status)), &status.to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_slow() {
    let late = |text: &str| Manner::Slow(Duration::from_secs(30), text.to_owned());
    check(|fake| fake.set_discovery(late("{}")), "timed out").await;
    check(|fake| fake.set_keys(late("{}")), "timed out").await;
    check(|fake| fake.set_discovery(Manner::Drips), "timed out").await;
    check(|fake| fake.set_keys(Manner::Drips), "timed out").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_sends_us_to_another_host() {
    let key = Key::new("k1");
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Fake::with(&jwks(&[&key])).await;
        let keys = format!("{}/jwks", elsewhere.url);
        let document = format!("{}/.well-known/openid-configuration", elsewhere.url);
        check(
            |fake| fake.set_discovery(Manner::Redirects(status, document)),
            "redirects are not followed",
        )
        .await;
        check(
            |fake| fake.set_keys(Manner::Redirects(status, keys)),
            "redirects are not followed",
        )
        .await;
        assert_eq!(
            (elsewhere.discoveries(), elsewhere.fetches()),
            (0, 0),
            "it was followed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_document_is_anothers() {
    for other in ["http://127.0.0.1:1", "https://evil.example", ""] {
        let document = json!({"issuer": other, "jwks_uri": "https://evil.example/jwks"}).to_string();
        check(|fake| fake.set_discovery(Manner::Says(document)), "not of this issuer").await;
    }
    check(
        |fake| {
            let document = json!({"issuer": format!("{}/", fake.url), "jwks_uri": format!("{}/jwks", fake.url)});
            fake.set_discovery(Manner::Says(document.to_string()));
        },
        "not of this issuer",
    )
    .await;
    for broken in ["", "{}", "[]", "<html>", r#"{"issuer":"x"}"#] {
        check(
            |fake| fake.set_discovery(Manner::Says(broken.to_owned())),
            "no discovery document",
        )
        .await;
    }
    check(
        |fake| {
            let url = &fake.url;
            let twice = format!(r#"{{"issuer":"{url}","issuer":"{url}","jwks_uri":"{url}/jwks"}}"#);
            fake.set_discovery(Manner::Says(twice));
        },
        "no discovery document",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_keys_are_where_anybody_could_change_them() {
    for place in [
        "http://evil.example/jwks",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "jwks",
        "",
    ] {
        check(
            |fake| {
                let document = json!({"issuer": fake.url, "jwks_uri": place});
                fake.set_discovery(Manner::Says(document.to_string()));
            },
            "not https",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_says_too_much() {
    let padded = format!("{}{}", jwks(&[&Key::new("k1")]), " ".repeat(256 << 10));
    check(|fake| fake.set_keys(Manner::Says(padded)), "more than 262144 bytes").await;
    check(|fake| fake.set_keys(Manner::Endless), "more than 262144 bytes").await;
    check(|fake| fake.set_discovery(Manner::Endless), "more than 262144 bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_keys_are_none() {
    for broken in ["", "{}", "[]", r#"{"keys":{}}"#] {
        check(|fake| fake.set_keys(Manner::Says(broken.to_owned())), "the key set is").await;
    }
    check(
        |fake| fake.set_keys(Manner::Says(r#"{"keys":[]}"#.to_owned())),
        "none of the 0 keys",
    )
    .await;
    let secret = json!({"keys": [{"kty": "oct", "k": "AAAA", "kid": "k1"}]}).to_string();
    check(|fake| fake.set_keys(Manner::Says(secret)), "none of the 1 keys").await;
}
