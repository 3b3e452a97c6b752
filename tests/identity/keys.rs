//! How often keys are fetched, who waits for that, and how long they are good.

use std::time::{Duration, Instant};

use indelible::identity::oidc::{NotVerified, OidcOptions, REMEMBERED_MAX, Refresh, WAITING_MAX};
use indelible_access::oidc::Refused;
use serde_json::json;

use crate::fake::{Fake, Manner};
use crate::tokens::{Key, issuer, jwks, now, often, oidc, seldom};

fn is_unknown_key(refused: &NotVerified) -> bool {
    matches!(refused, NotVerified::Refused(Refused::UnknownKey { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_are_one_request() {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    fake.set_keys(Manner::Slow(Duration::from_millis(300), jwks(&[&key])));
    let oidc = std::sync::Arc::new(oidc(&issuer(&fake.url), &seldom()));
    let all = (0..100).map(|n| {
        let (oidc, token) = (std::sync::Arc::clone(&oidc), key.token(&fake.url, &n.to_string()));
        tokio::spawn(async move {
            oidc.verify(&token, now())
                .await
                .map(|identity| identity.principal().to_owned())
        })
    });
    for one in futures_util::future::join_all(all).await {
        assert_eq!(one.unwrap().as_deref(), Ok("oidc:ci:sub=robot"));
    }
    assert_eq!((fake.discoveries(), fake.fetches()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_exist_cost_one_request_an_interval() {
    let (known, unknown) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&known])).await;
    let limited = OidcOptions {
        refresh: Refresh {
            interval_min: Duration::from_secs(2),
            ..seldom().refresh
        },
        ..seldom()
    };
    let oidc = oidc(&issuer(&fake.url), &limited);
    oidc.load().await;
    let begun = Instant::now();
    let mut refused = 0;
    while begun.elapsed() < Duration::from_secs(5) {
        let token = unknown.token(&fake.url, &refused.to_string());
        assert!(is_unknown_key(&oidc.verify(&token, now()).await.unwrap_err()));
        refused += 1;
    }
    let allowed = 1 + usize::try_from(begun.elapsed().as_secs()).unwrap() / 2;
    assert!(
        (2..=allowed).contains(&fake.fetches()),
        "{} of {allowed} for {refused}",
        fake.fetches()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_taken_up_by_the_first_token_of_it() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&old])).await;
    let oidc = oidc(&issuer(&fake.url), &often());
    oidc.verify(&old.token(&fake.url, "1"), now()).await.unwrap();
    fake.set_keys(Manner::Says(jwks(&[&old, &new])));
    oidc.verify(&new.token(&fake.url, "2"), now()).await.unwrap();
    oidc.verify(&old.token(&fake.url, "3"), now()).await.unwrap();
    assert_eq!(fake.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_known_key_waits_for_nobody() {
    let (known, unknown) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&known])).await;
    let oidc = std::sync::Arc::new(oidc(&issuer(&fake.url), &often()));
    oidc.load().await;
    fake.set_keys(Manner::Slow(Duration::from_secs(3), jwks(&[&known, &unknown])));
    let waiting = {
        let (oidc, token) = (std::sync::Arc::clone(&oidc), unknown.token(&fake.url, "0"));
        tokio::spawn(async move { oidc.verify(&token, now()).await.map(|_| ()) })
    };
    while fake.fetches() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for n in 1..50 {
        oidc.verify(&known.token(&fake.url, &n.to_string()), now())
            .await
            .unwrap();
    }
    assert!(!waiting.is_finished(), "the known key waited for the unknown one");
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_takes_nothing_with_him() {
    let key = Key::new("k1");
    let fake = Fake::with("").await;
    fake.set_keys(Manner::Slow(Duration::from_millis(500), jwks(&[&key])));
    let oidc = oidc(&issuer(&fake.url), &seldom());
    let token = key.token(&fake.url, "1");
    let gone = tokio::time::timeout(Duration::from_millis(100), oidc.verify(&token, now())).await;
    assert!(gone.is_err(), "it was to be slow");
    oidc.verify(&token, now()).await.unwrap();
    assert_eq!(fake.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_good_keys_are_used_while_the_issuer_is_away() {
    let (known, unknown) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&known])).await;
    let brief = OidcOptions {
        refresh: Refresh {
            interval_min: Duration::ZERO,
            age_max: Duration::ZERO,
            stale_max: Duration::from_secs(3),
        },
        ..OidcOptions::default()
    };
    let oidc = oidc(&issuer(&fake.url), &brief);
    oidc.load().await;
    fake.set_keys(Manner::Status(503));
    fake.set_discovery(Manner::Status(503));
    oidc.verify(&known.token(&fake.url, "1"), now()).await.unwrap();
    assert!(is_unknown_key(
        &oidc.verify(&unknown.token(&fake.url, "2"), now()).await.unwrap_err()
    ));
    let state = oidc.states().remove(0);
    assert_eq!(state.key_ids, ["k1"]);
    assert!(state.failure.unwrap().contains("503"));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        oidc.verify(&known.token(&fake.url, "3"), now()).await.unwrap_err(),
        NotVerified::NoKeys {
            issuer: "ci".to_owned()
        }
    );
    // It comes back.
    fake.set_keys(Manner::Says(jwks(&[&known])));
    let document = json!({"issuer": fake.url, "jwks_uri": format!("{}/jwks", fake.url)});
    fake.set_discovery(Manner::Says(document.to_string()));
    oidc.verify(&known.token(&fake.url, "4"), now()).await.unwrap();
    assert_eq!(oidc.states().remove(0).failure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_withdrawn_is_good_no_more_for_known_tokens_too() {
    let (withdrawn, next) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&withdrawn])).await;
    let brief = OidcOptions {
        refresh: Refresh {
            interval_min: Duration::from_millis(200),
            age_max: Duration::from_millis(200),
            ..seldom().refresh
        },
        ..OidcOptions::default()
    };
    let oidc = oidc(&issuer(&fake.url), &brief);
    let token = withdrawn.token(&fake.url, "1");
    oidc.verify(&token, now()).await.unwrap();
    assert!(oidc.cached(&token, now()).is_some());
    fake.set_keys(Manner::Says(jwks(&[&next])));
    let begun = Instant::now();
    // Each use looks whether the keys are old; the look behind one of them finds the new ones.
    let refused = loop {
        match oidc.verify(&token, now()).await {
            Ok(_) => assert!(begun.elapsed() < Duration::from_secs(20), "it stays good"),
            Err(refused) => break refused,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(is_unknown_key(&refused));
    assert!(oidc.cached(&token, now()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_checked_is_remembered_until_it_expires() {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    let oidc = oidc(&issuer(&fake.url), &seldom());
    let token = key.token(&fake.url, "1");
    assert!(oidc.cached(&token, now()).is_none());
    let first = oidc.verify(&token, now()).await.unwrap();
    let again = oidc.verify(&token, now()).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again), "it was checked twice");
    assert!(
        oidc.cached(&token, first.expires_at() - Duration::from_secs(1))
            .is_some()
    );
    assert!(oidc.cached(&token, first.expires_at()).is_none());
    assert!(oidc.cached(&token, now()).is_none(), "it is forgotten when it expires");
    let refused = oidc
        .verify(&token, first.expires_at() + Duration::from_secs(60))
        .await
        .unwrap_err();
    assert!(matches!(refused, NotVerified::Refused(Refused::Expired { .. })));
    // One that differs in a bit is another.
    let mut other = token.clone();
    other.replace_range(
        token.len() - 2..token.len() - 1,
        if token.ends_with("AA") { "B" } else { "A" },
    );
    assert!(oidc.cached(&other, now()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_remembered_than_there_is_room_for() {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    let oidc = oidc(&issuer(&fake.url), &seldom());
    let mut tokens = Vec::new();
    for n in 0..REMEMBERED_MAX + 2_000 {
        let token = key.token(&fake.url, &n.to_string());
        oidc.verify(&token, now()).await.unwrap();
        tokens.push(token);
    }
    let remembered = tokens
        .iter()
        .filter(|token| oidc.cached(token, now()).is_some())
        .count();
    assert!(
        (REMEMBERED_MAX / 2..=REMEMBERED_MAX).contains(&remembered),
        "{remembered}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_good_for_one_use_is_not_remembered() {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    let mut once = issuer(&fake.url);
    once["single_use"] = json!(true);
    let oidc = oidc(&once, &seldom());
    let token = key.token(&fake.url, "1");
    oidc.verify(&token, now()).await.unwrap();
    assert!(oidc.cached(&token, now()).is_none());
    let refused = oidc.verify(&token, now()).await.unwrap_err();
    assert!(matches!(refused, NotVerified::Refused(Refused::UsedBefore { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_token_that_is_good_for_one_use_one_of_a_hundred_at_once_is() {
    let key = Key::new("k1");
    let fake = Fake::with(&jwks(&[&key])).await;
    let mut once = issuer(&fake.url);
    once["single_use"] = json!(true);
    let oidc = std::sync::Arc::new(oidc(&once, &seldom()));
    let token = key.token(&fake.url, "1");
    let all = (0..100).map(|_| {
        let (oidc, token) = (std::sync::Arc::clone(&oidc), token.clone());
        tokio::spawn(async move { oidc.verify(&token, now()).await.is_ok() })
    });
    let all = futures_util::future::join_all(all).await;
    assert_eq!(all.into_iter().filter(|good| *good.as_ref().unwrap()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_a_file_need_no_network() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jenkins.jwks.json");
    let url = "https://jenkins.invalid/oidc";
    let mut closed = issuer(url);
    closed["keys"] = json!({"file": "jenkins.jwks.json"});
    let options = OidcOptions {
        folder: folder.path().to_owned(),
        ..often()
    };
    let oidc = oidc(&closed, &options);
    let state = oidc.load().await.remove(0);
    assert!(state.failure.unwrap().contains("jenkins.jwks.json"));
    std::fs::write(&file, jwks(&[&old])).unwrap();
    oidc.verify(&old.token(url, "1"), now()).await.unwrap();
    assert!(is_unknown_key(
        &oidc.verify(&new.token(url, "2"), now()).await.unwrap_err()
    ));
    std::fs::write(&file, jwks(&[&new])).unwrap();
    oidc.verify(&new.token(url, "3"), now()).await.unwrap();
    std::fs::write(&file, vec![b' '; 300 << 10]).unwrap();
    oidc.load().await;
    assert!(oidc.states().remove(0).failure.unwrap().contains("262144"));
    oidc.verify(&new.token(url, "4"), now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pinned_keys_count_whatever_the_issuer_publishes() {
    let (pinned, other) = (Key::new("k1"), Key::new("k2"));
    let fake = Fake::with(&jwks(&[&pinned, &other])).await;
    let mut careful = issuer(&fake.url);
    careful["keys"] = json!({"pinned": ["k1"]});
    let oidc = oidc(&careful, &often());
    oidc.verify(&pinned.token(&fake.url, "1"), now()).await.unwrap();
    assert!(is_unknown_key(
        &oidc.verify(&other.token(&fake.url, "2"), now()).await.unwrap_err()
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_for_one_issuer_than_there_is_room_for() {
    let key = Key::new("k1");
    let fake = Fake::with("").await;
    fake.set_keys(Manner::Slow(Duration::from_secs(4), jwks(&[&key])));
    let oidc = std::sync::Arc::new(oidc(&issuer(&fake.url), &seldom()));
    let all = (0..WAITING_MAX + 50).map(|n| {
        let (oidc, token) = (std::sync::Arc::clone(&oidc), key.token(&fake.url, &n.to_string()));
        tokio::spawn(async move { oidc.verify(&token, now()).await.map(|_| ()) })
    });
    let all: Vec<_> = all.collect();
    let all = futures_util::future::join_all(all).await;
    let busy = |one: &Result<(), NotVerified>| {
        *one == Err(NotVerified::Busy {
            issuer: "ci".to_owned(),
        })
    };
    let turned_away = all.iter().filter(|one| busy(one.as_ref().unwrap())).count();
    let good = all.iter().filter(|one| one.as_ref().unwrap().is_ok()).count();
    assert_eq!((good, turned_away), (WAITING_MAX, 50));
    assert_eq!(fake.fetches(), 1);
}
