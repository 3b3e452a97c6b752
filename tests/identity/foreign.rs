//! Tokens of an issuer that we did not write: oauth2-mock-server, which signs with jose. Both come from the registry of npm.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use indelible::identity::oidc::{NotVerified, Oidc, OidcOptions};
use indelible_access::oidc::{BadAlgorithm, Refused};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tokens::{AUDIENCE, now, often, oidc, seldom};

/// The issuer, in a process of its own.
pub(crate) struct Foreign {
    pub(crate) url: String,
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    _folder: Arc<TempDir>,
}

impl Foreign {
    /// `None` if this machine cannot fetch it.
    pub(crate) fn start() -> Option<Foreign> {
        let folder = installed()?;
        let mut process = Command::new("node")
            .arg(folder.path().join("foreign.mjs"))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut foreign = Foreign {
            url: String::new(),
            orders: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
            _folder: folder,
        };
        foreign.url = foreign.ask(&json!({"do": "start"}))["url"].as_str().unwrap().to_owned();
        Some(foreign)
    }

    pub(crate) fn ask(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        let mut line = String::new();
        if self.answers.read_line(&mut line).unwrap() == 0 {
            panic!("the issuer is gone: {:?}", self.process.wait());
        }
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"].is_null(), "{order}: {answer}");
        answer
    }

    pub(crate) fn key(&mut self, algorithm: &str, id: &str) {
        self.ask(&json!({"do": "key", "alg": algorithm, "kid": id}));
    }

    pub(crate) fn token(&mut self, order: Value) -> String {
        let mut order = order;
        if order["do"].is_null() {
            order["do"] = json!("token");
        }
        self.ask(&order)["token"].as_str().unwrap().to_owned()
    }

    fn issuer(&self, algorithms: &[&str]) -> Value {
        json!({
            "url": self.url, "name": "foreign", "preset": "generic", "algorithms": algorithms, "audiences": [AUDIENCE],
            "rule": [{"name": "robot", "when": {"sub": "robot"}, "grant": "submit"}],
        })
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder with the package and the script, which tests that run at the same time share.
fn installed() -> Option<Arc<TempDir>> {
    static SHARED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    if let Some(folder) = shared.upgrade() {
        return Some(folder);
    }
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let installed = Command::new("npm")
        .args(["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"])
        .arg("oauth2-mock-server@8.2.3")
        .current_dir(folder.path())
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs npm");
        eprintln!("SKIPPED: needs npm, and the package oauth2-mock-server from its registry");
        return None;
    }
    let script = include_str!("foreign.mjs");
    std::fs::write(folder.path().join("foreign.mjs"), script).unwrap();
    *shared = Arc::downgrade(&folder);
    Some(folder)
}

fn robot() -> Value {
    json!({"sub": "robot", "aud": AUDIENCE})
}

async fn refused(oidc: &Oidc<String>, token: &str) -> NotVerified {
    oidc.verify(token, now())
        .await
        .map(|identity| identity.principal().to_owned())
        .unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_every_system_are_known() {
    let Some(mut foreign) = Foreign::start() else { return };
    foreign.key("RS256", "rsa-1");
    for file in [
        include_str!("../../crates/access/tests/oidc/claims/github.json"),
        include_str!("../../crates/access/tests/oidc/claims/github-ids-in-subject.json"),
        include_str!("../../crates/access/tests/oidc/claims/gitlab.json"),
        include_str!("../../crates/access/tests/oidc/claims/gitlab-tag.json"),
        include_str!("../../crates/access/tests/oidc/claims/circleci.json"),
        include_str!("../../crates/access/tests/oidc/claims/buildkite.json"),
        include_str!("../../crates/access/tests/oidc/claims/kubernetes.json"),
        include_str!("../../crates/access/tests/oidc/claims/jenkins.json"),
        include_str!("../../crates/access/tests/oidc/claims/generic.json"),
    ] {
        let file: Value = serde_json::from_str(file).unwrap();
        let mut issuer = file["issuer"].clone();
        issuer["url"] = json!(foreign.url);
        let oidc = oidc(&issuer, &seldom());
        let mut claims = file["claims"].clone();
        claims["aud"] = match file["aud_as_list"].is_null() {
            true => json!(AUDIENCE),
            false => json!([AUDIENCE]),
        };
        let token = foreign.token(json!({"claims": claims, "expiresIn": file["lives"]}));
        let identity = oidc.verify(&token, now()).await.unwrap();
        assert_eq!(identity.principal(), file["principal"]);
        let verified = Value::Object(identity.verified());
        assert_eq!(verified["identifiers"], file["identifiers"]);
        assert_eq!(verified["attested"]["issuer"], json!(foreign.url));
        // What is made with the issuer's address is another here.
        for (field, text) in file["attested"].as_object().unwrap() {
            if !text.as_str().unwrap().contains("://") {
                assert_eq!(verified["attested"][field], *text, "{field}");
            }
        }
        let other = foreign.token(json!({"claims": {"sub": "somebody-else", "aud": AUDIENCE}}));
        let refused = refused(&oidc, &other).await;
        assert!(
            matches!(refused, NotVerified::Refused(Refused::NoRule { .. })),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_is_verified_where_it_is_allowed() {
    let Some(mut foreign) = Foreign::start() else { return };
    let all = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519",
    ];
    for algorithm in all {
        foreign.key(algorithm, algorithm);
    }
    for algorithm in all {
        let token = foreign.token(json!({"kid": algorithm, "claims": robot()}));
        let lenient = oidc(&foreign.issuer(&all), &seldom());
        let identity = lenient.verify(&token, now()).await.unwrap();
        assert_eq!(identity.verified()["key"]["id"], json!(algorithm));
        let one = oidc(&foreign.issuer(&[algorithm]), &seldom());
        one.verify(&token, now()).await.unwrap();
        let same = |other: &&str| other.starts_with("Ed") == algorithm.starts_with("Ed") && algorithm.starts_with("Ed");
        let others: Vec<_> = all
            .iter()
            .copied()
            .filter(|other| *other != algorithm && !same(other))
            .collect();
        let strict = oidc(&foreign.issuer(&others), &seldom());
        let refused = refused(&strict, &token).await;
        assert!(
            matches!(refused, NotVerified::Refused(Refused::AlgorithmNotAllowed { .. })),
            "{refused}"
        );
        // A signature under the name of another key, which is of another kind or another key.
        for other in all.iter().filter(|other| **other != algorithm) {
            let header = json!({"kid": other});
            let token = foreign.token(json!({"kid": algorithm, "claims": robot(), "header": header}));
            let refused = self::refused(&lenient, &token).await;
            assert!(
                matches!(
                    refused,
                    NotVerified::Refused(Refused::KeyUnfit { .. } | Refused::Signature { .. })
                ),
                "{algorithm} as {other}: {refused}"
            );
        }
    }
    // One that is not verified here, though the issuer has a key for it.
    foreign.key("ES512", "ES512");
    let token = foreign.token(json!({"kid": "ES512", "claims": robot()}));
    let lenient = oidc(&foreign.issuer(&all), &seldom());
    assert!(matches!(
        refused(&lenient, &token).await,
        NotVerified::Refused(Refused::Algorithm(BadAlgorithm::Unknown(_)))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_whoever_made_it() {
    let Some(mut foreign) = Foreign::start() else { return };
    foreign.key("RS256", "rsa-1");
    let oidc = oidc(&foreign.issuer(&["RS256"]), &often());
    let good = foreign.token(json!({"claims": robot()}));
    oidc.verify(&good, now()).await.unwrap();
    let second = now().as_second();
    let cases = [
        (json!({"aud": "https://other.example"}), json!({}), "audience"),
        (
            json!({"aud": [AUDIENCE, "https://other.example"]}),
            json!({}),
            "audience",
        ),
        (json!({"aud": null}), json!({}), "`aud` is missing"),
        (json!({"iss": "https://other.example"}), json!({}), "no issuer"),
        (json!({"iss": format!("{}/", foreign.url)}), json!({}), "no issuer"),
        (json!({"iat": second - 700, "exp": second - 100}), json!({}), "expired"),
        (json!({"nbf": second + 200}), json!({}), "not valid before"),
        (json!({"iat": second + 200}), json!({}), "has not come yet"),
        (json!({"exp": second + 7_200}), json!({}), "lives for"),
        (json!({"exp": null}), json!({}), "`exp` is missing"),
        (json!({"iat": null}), json!({}), "`iat` is missing"),
        (json!({"sub": null}), json!({}), "no rule"),
        (json!({"sub": "robots"}), json!({}), "no rule"),
        (json!({"padding": "x".repeat(20_000)}), json!({}), "16384"),
        (json!({}), json!({"kid": "rsa-2"}), "no key"),
        (json!({}), json!({"kid": null}), "no `kid`"),
        (json!({}), json!({"typ": "logout+jwt"}), "not JWT"),
    ];
    for (claims, header, why) in cases {
        let mut all = robot();
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let token = foreign.token(json!({"claims": all, "header": header}));
        let said = refused(&oidc, &token).await.to_string();
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains(&token[20..60]), "{said}");
    }
    let unsigned = foreign.token(json!({"do": "unsecured", "claims": robot()}));
    assert_eq!(
        refused(&oidc, &unsigned).await,
        NotVerified::Refused(Refused::Algorithm(BadAlgorithm::Unsigned))
    );
    // The public key as a secret, in the forms in which libraries have taken it for one.
    let jwks = foreign.ask(&json!({"do": "jwks"}));
    let modulus = BASE64_URL_SAFE_NO_PAD
        .decode(jwks["keys"][0]["n"].as_str().unwrap())
        .unwrap();
    let pem = foreign.ask(&json!({"do": "pem", "kid": "rsa-1"}))["pem"]
        .as_str()
        .unwrap()
        .to_owned();
    for secret in [
        modulus,
        pem.trim().as_bytes().to_vec(),
        pem.into_bytes(),
        jwks["keys"][0].to_string().into_bytes(),
    ] {
        for algorithm in ["HS256", "HS384", "HS512"] {
            let secret = BASE64_STANDARD.encode(&secret);
            let order = json!({"do": "hmac", "alg": algorithm, "kid": "rsa-1", "claims": robot(), "secret": secret});
            let token = foreign.token(order);
            assert_eq!(
                refused(&oidc, &token).await,
                NotVerified::Refused(Refused::Algorithm(BadAlgorithm::Shared(algorithm.to_owned())))
            );
        }
    }
    oidc.verify(&good, now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_added_is_taken_up_and_all_go_on_when_it_stops() {
    let Some(mut foreign) = Foreign::start() else { return };
    foreign.key("RS256", "rsa-1");
    let oidc = oidc(&foreign.issuer(&["RS256", "ES256"]), &often());
    let first = foreign.token(json!({"kid": "rsa-1", "claims": robot()}));
    let before = oidc.verify(&first, now()).await.unwrap();
    foreign.key("ES256", "ec-2");
    let second = foreign.token(json!({"kid": "ec-2", "claims": robot()}));
    let after = oidc.verify(&second, now()).await.unwrap();
    assert_ne!(
        before.verified()["key"]["jwks_sha256"],
        after.verified()["key"]["jwks_sha256"]
    );
    oidc.verify(&first, now()).await.unwrap();
    // No more keys are fetched from here on, and one that is added is not known.
    let known = foreign.token(json!({"kid": "rsa-1", "claims": {"sub": "robot", "aud": AUDIENCE, "jti": "new"}}));
    foreign.key("ES256", "ec-3");
    let unknown = foreign.token(json!({"kid": "ec-3", "claims": robot()}));
    foreign.ask(&json!({"do": "stop"}));
    oidc.verify(&known, now()).await.unwrap();
    assert!(matches!(
        refused(&oidc, &unknown).await,
        NotVerified::Refused(Refused::UnknownKey { .. })
    ));
    // Whoever never had keys has none now.
    let late = crate::tokens::oidc(
        &foreign.issuer(&["RS256"]),
        &OidcOptions {
            timeout: Duration::from_secs(2),
            ..seldom()
        },
    );
    assert_eq!(
        refused(&late, &known).await,
        NotVerified::NoKeys {
            issuer: "foreign".to_owned()
        }
    );
}
