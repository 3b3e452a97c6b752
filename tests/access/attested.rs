//! Those whom others vouch for: CI jobs by their issuers, workloads by a certificate authority.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_client::{ClientCertificate, HttpOptions, http_client};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use reqwest::StatusCode;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::bed::Server;
use crate::place::{Place, event, member, watch};
use crate::sessions::ends;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
pub(crate) const AUDIENCE: &str = "https://log.example/acme";

const ACCESS: &str = r#"
[[issuer]]
url = "https://token.actions.githubusercontent.com"
name = "github"
preset = "github"
algorithms = ["EdDSA"]
audiences = ["https://log.example/acme"]
keys = { file = "github.jwks.json" }

[[issuer.rule]]
name = "deploys of the shop"
when = { repository_id = "74", ref = "refs/heads/main" }
grant = { role = "submitter", scope = { sources = ["deploy"] } }
"#;

pub(crate) struct Key(Ed25519KeyPair);

impl Key {
    pub(crate) fn of(seed: u8) -> Key {
        Key(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    pub(crate) fn jwks(&self) -> String {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k", "alg": "EdDSA", "use": "sig"}]})
            .to_string()
    }

    pub(crate) fn token(&self, changes: &Value) -> String {
        let now = Timestamp::now().as_second();
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "repo:acme/shop:ref:refs/heads/main", "jti": now.to_string(),
            "iat": now, "exp": now + 300, "repository_id": "74", "repository_owner_id": "65", "repository": "acme/shop",
            "ref": "refs/heads/main", "run_id": "99", "run_attempt": "1", "user_email": "ada@example.com",
            "repository_owner": "acme", "event_name": "push", "sha": "c0ffee", "runner_environment": "github-hosted",
            "repository_visibility": "private", "workflow_ref": "acme/shop/.github/workflows/d.yml@refs/heads/main",
            "workflow_sha": "c0ffee", "job_workflow_ref": "acme/shop/.github/workflows/d.yml@refs/heads/main",
            "job_workflow_sha": "c0ffee",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let header = json!({"alg": "EdDSA", "kid": "k", "typ": "JWT"});
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

#[tokio::test]
async fn a_job_submits_by_its_own_identity_and_stands_in_its_events() {
    let place = Place::events().configured(ACCESS);
    let key = Key::of(7);
    place.bed.write("log/github.jwks.json", key.jwks());
    let served = place.serve();
    let token = key.token(&json!({}));
    let index = served.submit(&token, "deploy", "deployment.created").await;
    // The second time it is known from before.
    served.submit(&token, "deploy", "deployment.created").await;
    let shown = served
        .ok(&place.admin, "GET", &format!("/v1/events/{index}"), None)
        .await;
    let submitter = member(&shown, "submitter");
    assert_eq!(submitter["principal"], "oidc:github:repository_id=74");
    assert_eq!(submitter["method"], "oidc");
    let attested = &submitter["verified"]["attested"];
    assert_eq!(attested["source-repository-identifier"], "74");
    assert_eq!(attested["source-repository-uri"], "https://github.com/acme/shop");
    assert!(!shown.to_string().contains("ada@example.com"));
    let signature = token.rsplit('.').next().unwrap();
    assert!(!shown.to_string().contains(signature));

    let (status, ..) = served
        .ask(Some(&token), "POST", "/v1/events", Some(&event("other", "x")))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN, "outside of its scope");
    let (status, ..) = served.ask(Some(&token), "GET", "/v1/events", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "not its role");
    let now = Timestamp::now().as_second();
    for (what, wrong) in [
        ("another repository", key.token(&json!({"repository_id": "75"}))),
        ("another branch", key.token(&json!({"ref": "refs/heads/x"}))),
        (
            "another audience",
            key.token(&json!({"aud": "https://github.com/acme"})),
        ),
        ("another issuer", key.token(&json!({"iss": "https://evil.example"}))),
        ("expired", key.token(&json!({"iat": now - 900, "exp": now - 600}))),
        ("another key", Key::of(8).token(&json!({}))),
        ("no token", "a.b.c".to_owned()),
    ] {
        let (status, _, answer) = served
            .ask(Some(&wrong), "POST", "/v1/events", Some(&event("deploy", "x")))
            .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}: {answer}");
        assert!(
            !answer.to_string().contains(wrong.rsplit('.').next().unwrap()) || what == "no token",
            "{answer}"
        );
    }
}

/// Clocks are apart: a token is good for a minute longer than it says, and whoever is let in with it is answered. A stream is over then.
#[tokio::test]
async fn what_a_job_has_under_way_ends_with_its_token() {
    let reads = "[[issuer.rule]]\nname = \"reads\"\nwhen = { repository_id = \"75\" }\ngrant = { role = \"reader\" }\n";
    let quick = ACCESS.replace("keys =", "skew_seconds = 4\nkeys =");
    let place = Place::events().configured(&format!("{quick}\n{reads}"));
    let key = Key::of(7);
    place.bed.write("log/github.jwks.json", key.jwks());
    let served = place.serve();
    let now = Timestamp::now().as_second();
    let late = key.token(&json!({"iat": now - 60, "exp": now - 1}));
    served.submit(&late, "deploy", "deployment.created").await;
    let reader = key.token(&json!({"iat": now - 60, "exp": now, "repository_id": "75"}));
    let watched = watch(&served, &reader).await.0;
    ends(&place, &served, watched).await;
}

#[tokio::test]
async fn a_workload_is_known_by_its_certificate() {
    let spiffe = "spiffe://example.com/ci/deploy";
    let place = Place::events().configured(&format!(
        "[[certificate]]\nsan = \"{spiffe}\"\ngrants = [{{ role = \"submitter\", scope = {{ sources = [\"deploy\"] }} }}]\n"
    ));
    let authority = {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        place.bed.write("ca.pem", pem);
        Issuer::new(params, key)
    };
    let client = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names.push(SanType::URI(name.try_into().unwrap()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &authority).unwrap().pem();
        ClientCertificate::from_pem(cert.into_bytes(), key.serialize_pem().into_bytes().into()).unwrap()
    };
    let server = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    place.bed.write("cert.pem", server.cert.pem());
    place.bed.write("key.pem", server.signing_key.serialize_pem());
    let mut command = place
        .bed
        .command(&["serve", "--data", "log", "--listen", "127.0.0.1:0"]);
    for (name, file) in [
        ("TLS_CERT", "cert.pem"),
        ("TLS_KEY", "key.pem"),
        ("CLIENT_CA", "ca.pem"),
    ] {
        command.env(format!("INDELIBLE_{name}"), place.bed.path(file));
    }
    let server_started = Server::start(command);
    let url = format!("https://localhost:{}/v1/events", server_started.port());
    let send = |certificate: Option<ClientCertificate>, source: &'static str| {
        let options = HttpOptions {
            ca_certificates: Some(server.cert.pem().into_bytes()),
            client_certificate: certificate,
            ..HttpOptions::default()
        };
        let request = http_client(&options)
            .unwrap()
            .post(&url)
            .header("content-type", "application/json");
        request.body(event(source, "push").to_string()).send()
    };
    let known = client(spiffe);
    let answer = send(Some(known.clone()), "deploy").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    assert_eq!(
        send(Some(known.clone()), "other").await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    let stranger = client("spiffe://example.com/ci/other");
    assert_eq!(
        send(Some(stranger), "deploy").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(send(None, "deploy").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}
