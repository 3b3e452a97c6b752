//! Of whom a hook may speak.

use indelible_sources::{
    Delivery, Received, Rejected, Source,
    github::{Account, BadPermitted, Configuration, Hook, Permitted, sign},
};

use crate::support::{SECRET, configuration, hook, now, secret, send};

/// Whether a hook that may speak of `accounts` may say `body`; if not, of whom it may not speak.
fn check(accounts: &[&str], body: &str) -> Option<String> {
    match send(&hook(accounts.iter().copied()), "repository", body.as_bytes()) {
        Ok(Received::Events(_)) => None,
        Err(Rejected::NotPermitted(reason)) => Some(reason.found),
        other => panic!("{other:?}"),
    }
}

fn refused(accounts: &[&str], body: &str, found: &str) {
    assert_eq!(check(accounts, body).as_deref(), Some(found), "{accounts:?} {body}");
}

fn accepted(accounts: &[&str], body: &str) {
    assert_eq!(check(accounts, body), None, "{accounts:?} {body}");
}

const WEB: &str = r#"{"action":"edited","repository":{"full_name":"Acme/Web"},"organization":{"login":"Acme"}}"#;
const OTHER: &str = r#"{"action":"edited","repository":{"full_name":"other/web"}}"#;
const MIXED: &str = r#"{"action":"edited","repository":{"full_name":"acme/web"},"organization":{"login":"other"}}"#;
const IN_ENTERPRISE: &str = r#"{"repository":{"full_name":"acme/web"},"enterprise":{"slug":"Big"}}"#;
const ENTERPRISE: &str = r#"{"action":"created","definition":{},"enterprise":{"slug":"Big"}}"#;

#[test]
fn an_owner_stands_for_all_of_its_repositories_in_any_case() {
    accepted(&["acme"], WEB);
    accepted(&["other", "ACME"], WEB);
    refused(&["acme"], OTHER, "other/web");
    refused(&["acm"], WEB, "Acme/Web");
    refused(&["acme"], MIXED, "other");
    accepted(&["acme", "other"], MIXED);
    accepted(&["acme"], IN_ENTERPRISE);
}

#[test]
fn a_repository_stands_for_itself_alone() {
    accepted(&["acme/web"], WEB);
    refused(&["acme/web"], MIXED, "other");
    refused(&["acme/api"], WEB, "Acme/Web");
    refused(
        &["acme/web"],
        r#"{"organization":{"login":"acme"},"action":"renamed"}"#,
        "acme",
    );
    refused(
        &["acme/web"],
        r#"{"repository":{"full_name":"acme/web/x"}}"#,
        "acme/web/x",
    );
}

#[test]
fn an_enterprise_stands_for_all_that_is_in_it() {
    accepted(&["enterprise:big"], IN_ENTERPRISE);
    accepted(&["enterprise:big"], ENTERPRISE);
    refused(&["enterprise:big"], WEB, "Acme/Web");
    refused(&["enterprise:small"], ENTERPRISE, "enterprise Big");
    refused(&["acme", "big"], ENTERPRISE, "enterprise Big");
    let listed = r#"{"repositories":[{"full_name":"acme/web"}],"enterprise":{"slug":"big"}}"#;
    refused(&["acme"], listed, "enterprise big");
    let long = format!(
        r#"{{"repository":{{"full_name":"acme/{}"}},"enterprise":{{"slug":"big"}}}}"#,
        "x".repeat(600)
    );
    refused(&["acme"], &long, "enterprise big");
}

#[test]
fn an_installation_speaks_of_its_account_and_each_repository() {
    let installation = |account: &str, repository: &str| {
        format!(
            r#"{{"action":"created","installation":{{"id":1,"account":{{"login":"{account}"}}}},"repositories":[{{"full_name":"acme/a"}},{{"full_name":"{repository}"}}]}}"#
        )
    };
    accepted(&["acme"], &installation("acme", "acme/b"));
    refused(&["acme"], &installation("acme", "other/b"), "other/b");
    refused(&["acme"], &installation("other", "acme/b"), "other");
}

#[test]
fn what_names_nobody_speaks_of_nobody() {
    accepted(
        &["acme"],
        r#"{"action":"published","security_advisory":{"ghsa_id":"GHSA-1"}}"#,
    );
    accepted(&["acme"], r#"{"action":"revoked","sender":{"login":"somebody"}}"#);
}

#[test]
fn other_hooks_are_refused_if_the_number_is_configured() {
    let hook = Hook::new(Configuration {
        hook_id: Some(42),
        ..configuration(["acme"])
    })
    .unwrap();
    let source = Source::GitHub(hook);
    let signature = sign(&secret(SECRET), WEB.as_bytes());
    let with = |ids: &[&'static [u8]]| {
        let mut headers = vec![("x-hub-signature-256", signature.as_bytes())];
        headers.extend(ids.iter().map(|id| ("x-github-hook-id", *id)));
        source.receive(
            &Delivery {
                method: "POST",
                headers: &headers,
                body: WEB.as_bytes(),
            },
            now(),
        )
    };
    with(&[b"42"]).unwrap();
    for other in [&[][..], &[&b"43"[..]], &[b"042"], &[b"42 "], &[b"42", b"42"]] {
        with(other).unwrap_err();
    }
}

#[test]
fn accounts_are_read_strictly() {
    for good in ["acme", "acme/web", "enterprise:acme", "a.b_c-d/e.f"] {
        assert_eq!(good.parse::<Account>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "acme/",
        "/web",
        "acme/web/x",
        "enterprise:",
        "enterprise:a/b",
        "it's",
        "a b",
        "a\"",
        "é",
        &"x".repeat(101),
    ] {
        bad.parse::<Account>().unwrap_err();
    }
    assert_eq!(Permitted::new(vec![]), Err(BadPermitted::None));
    let one: Account = "acme".parse().unwrap();
    Permitted::new(vec![one.clone(); 1000]).unwrap();
    assert_eq!(
        Permitted::new(vec![one; 1001]),
        Err(BadPermitted::TooMany { count: 1001 })
    );
}
