//! Events that a job signs, by both doors, and what is refused of them.

use indelible_access::signed::JobKey;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::attested::{AUDIENCE, Key};
use crate::bed::{stderr, stdout};
use crate::place::{Place, Served, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{Submission, SubmitBatchRequest, SubmitRequest, SubmitStreamRequest};

fn access(demand: &str) -> String {
    format!(
        r#"
[[issuer]]
url = "https://token.actions.githubusercontent.com"
name = "github"
preset = "github"
algorithms = ["EdDSA"]
audiences = ["{AUDIENCE}"]
keys = {{ file = "github.jwks.json" }}
{demand}

[[issuer.rule]]
name = "deploys of the shop"
when = {{ repository_id = "74", aud = "{AUDIENCE}" }}
grant = {{ role = "submitter", scope = {{ sources = ["deploy"] }} }}

[[issuer.rule]]
name = "and its own events"
when = {{ repository_id = "74" }}
grant = {{ role = "reader", scope = {{ sources = ["deploy"] }} }}
"#
    )
}

struct Scene {
    place: Place,
    issuer: Key,
    job: JobKey,
}

impl Scene {
    fn new(demand: &str) -> Scene {
        let place = Place::events().configured(&access(demand));
        let issuer = Key::of(7);
        place.bed.write("log/github.jwks.json", issuer.jwks());
        Scene {
            place,
            issuer,
            job: JobKey::from_seed(&[9; 32]),
        }
    }

    /// A token that is bound to the job's key.
    fn bound(&self) -> String {
        self.issuer.token(&json!({"aud": self.job.audience(AUDIENCE)}))
    }
}

fn event(key: &str, name: &str) -> Value {
    json!({"source": "deploy", "key": key, "claims": {
        "action": {"name": name, "verb": "execute"}, "actor": {"type": "user", "name": "Ada Lovelace"},
    }})
}

/// Posts what is signed, or said to be.
async fn post(served: &Served, token: &str, content_type: &str, body: String) -> (StatusCode, Value) {
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    let request = http
        .post(format!("{}/v1/events", served.server.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", content_type)
        .body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

async fn jose(served: &Served, token: &str, text: &str) -> (StatusCode, Value) {
    post(served, token, "application/jose", text.to_owned()).await
}

fn bearer<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

fn submission(text: &str) -> Submission {
    Submission {
        signed: text.as_bytes().to_vec().into(),
        ..Submission::default()
    }
}

#[tokio::test]
async fn what_a_job_signs_is_kept_as_it_signed_it_and_known_again() {
    let scene = Scene::new("");
    let served = scene.place.serve();
    let token = scene.bound();
    let text = scene.job.sign(event("run-1", "deploy").to_string().as_bytes());
    let (status, answer) = jose(&served, &token, &format!("{text}\n")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let index = answer["events"][0]["index"].as_u64().unwrap();
    let path = format!("/v1/events/{index}?raw=true");
    let shown = served.ok(&scene.place.admin, "GET", &path, None).await;
    let raw = data_encoding::BASE64
        .decode(shown["raw"].as_str().unwrap().as_bytes())
        .unwrap();
    assert_eq!(raw, text.as_bytes());
    assert_eq!(member(&shown, "raw")["content_type"], "application/jose");
    assert_eq!(member(&shown, "raw")["kept"], true);
    assert_eq!(member(&shown, "actor")["name"], "Ada Lovelace");
    assert_eq!(member(&shown, "delivery")["key"], "run-1");
    let thumbprint = scene.job.thumbprint().to_string();
    let verified = &member(&shown, "submitter")["verified"];
    assert_eq!(
        verified["signed"],
        json!({"algorithm": "EdDSA", "thumbprint": thumbprint})
    );
    assert_eq!(
        verified["token"]["bound_to"],
        json!({"by": "audience", "thumbprint": thumbprint})
    );

    // The same said again, in other letters, is the same; said otherwise, by another key or by none, it is not.
    let spaced = serde_json::to_string_pretty(&event("run-1", "deploy")).unwrap();
    let (status, answer) = jose(&served, &token, &scene.job.sign(spaced.as_bytes())).await;
    assert_eq!(
        (status, &answer["events"][0]["repeated"]),
        (StatusCode::OK, &json!(true)),
        "{answer}"
    );
    assert_eq!(answer["events"][0]["index"], index);
    let other = JobKey::from_seed(&[8; 32]);
    let others = scene.issuer.token(&json!({"aud": other.audience(AUDIENCE)}));
    for (what, (status, answer)) in [
        (
            "said otherwise",
            jose(
                &served,
                &token,
                &scene.job.sign(event("run-1", "undeploy").to_string().as_bytes()),
            )
            .await,
        ),
        (
            "by another key",
            jose(
                &served,
                &others,
                &other.sign(event("run-1", "deploy").to_string().as_bytes()),
            )
            .await,
        ),
        (
            "by none",
            post(
                &served,
                &token,
                "application/json",
                event("run-1", "deploy").to_string(),
            )
            .await,
        ),
    ] {
        assert_eq!(
            (status, &answer["index"]),
            (StatusCode::CONFLICT, &json!(index)),
            "{what}: {answer}"
        );
    }

    // By gRPC it is the same event again, and others are taken by each of its methods.
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let request = SubmitRequest {
        submission: Some(submission(&text)),
        wait: 0,
    };
    let answer = client.submit(bearer(&token, request)).await.unwrap().into_inner();
    assert!(answer.repeated && answer.event.unwrap().index == index);
    let texts = ["run-2", "run-3"].map(|key| scene.job.sign(event(key, "deploy").to_string().as_bytes()));
    let request = SubmitBatchRequest {
        submissions: vec![submission(&texts[0])],
        wait: 0,
    };
    let run = client
        .submit_batch(bearer(&token, request))
        .await
        .unwrap()
        .into_inner()
        .run;
    assert_eq!(run.unwrap().count, 1);
    let message = SubmitStreamRequest {
        submission: Some(submission(&texts[1])),
    };
    let stream = tokio_stream::iter([message]);
    let mut replies = client.submit_stream(bearer(&token, stream)).await.unwrap().into_inner();
    assert_eq!(replies.message().await.unwrap().unwrap().run.unwrap().count, 1);

    // What is known of keys is read from the log after a start.
    served.server.stop();
    std::fs::remove_file(scene.place.bed.log().join("keys.sqlite")).unwrap();
    let served = scene.place.serve();
    let (status, answer) = jose(&served, &token, &scene.job.sign(spaced.as_bytes())).await;
    assert_eq!(
        (status, &answer["events"][0]["repeated"]),
        (StatusCode::OK, &json!(true)),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_signed_right_is_refused_and_counted() {
    let scene = Scene::new("");
    let served = scene.place.serve();
    let (bound, bare) = (scene.bound(), scene.issuer.token(&json!({})));
    let good = scene.job.sign(event("run-1", "deploy").to_string().as_bytes());
    let other = JobKey::from_seed(&[8; 32]).sign(event("run-1", "deploy").to_string().as_bytes());
    let parts: Vec<&str> = good.split('.').collect();
    let changed = format!("{}.e30.{}", parts[0], parts[2]);
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let cases = [
        ("a token without a key", &bare, &good, "bound to the key"),
        (
            "a key of the log's own tokens",
            &scene.place.admin,
            &good,
            "bound to the key",
        ),
        ("another key", &bound, &other, "and the token is bound to"),
        (
            "another payload",
            &bound,
            &changed,
            "the signature is not one of the key",
        ),
        (
            "no signature",
            &bound,
            &good[..good.rfind('.').unwrap() + 1].to_owned(),
            "the signature is not one",
        ),
        ("no text of this kind", &bound, &bare, "is of type"),
    ];
    let mut refused = 0;
    for (what, token, text, words) in cases {
        let (status, answer) = jose(&served, token, text).await;
        let said = answer["detail"].as_str().unwrap();
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {answer}");
        assert_eq!(answer["type"], "urn:indelible:problem:signature", "{what}");
        assert!(said.contains(words), "{what}: {said}");
        let request = SubmitRequest {
            submission: Some(submission(text)),
            wait: 0,
        };
        let status = client.submit(bearer(token, request)).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::PermissionDenied, said),
            "{what}"
        );
        refused += if token == &scene.place.admin { 0 } else { 2 };
    }

    // Signed right, and not to be taken.
    let signed = |event: Value| scene.job.sign(event.to_string().as_bytes());
    let mut keyless = event("x", "deploy");
    keyless.as_object_mut().unwrap().remove("key");
    let mut raw = event("x", "deploy");
    raw["raw"] = json!({"content": "", "content_type": "text/plain"});
    let mut secret = event("x", "deploy");
    secret["claims"]["actor"]["claims"] = json!({"password": "hunter2hunter2"});
    let mut long = event("x", "deploy");
    long["claims"]["actor"]["claims"] = json!({"a": vec!["a".repeat(200_000); 5]});
    let mut elsewhere = event("x", "deploy");
    elsewhere["source"] = json!("other");
    let twice = event("x", "deploy").to_string().replacen('{', r#"{"key":"y","#, 1);
    for (what, text, status, words) in [
        ("no key", signed(keyless), 422, "needs a `key`"),
        ("raw bytes of its own", signed(raw), 400, "no `raw` of its own"),
        ("a secret", signed(secret), 422, "looks like a secret"),
        ("longer than is kept", signed(long), 422, "keeps what events came as"),
        ("outside of the scope", signed(elsewhere), 403, "outside of its scope"),
        ("a name twice", scene.job.sign(twice.as_bytes()), 400, "stands twice"),
        ("two events", signed(json!([event("x", "a"), event("y", "b")])), 400, ""),
        ("no JSON", scene.job.sign(b"x"), 400, ""),
    ] {
        let (got, answer) = jose(&served, &bound, &text).await;
        assert_eq!(got, status, "{what}: {answer}");
        let said = answer["detail"].as_str().unwrap();
        assert!(said.contains(words) && !said.contains("hunter2"), "{what}: {said}");
    }
    refused += 1;
    let both = SubmitRequest {
        submission: Some(Submission {
            source: "deploy".to_owned(),
            ..submission(&good)
        }),
        wait: 0,
    };
    let status = client.submit(bearer(&bound, both)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");

    // A token that is bound is good without a signature, too.
    let (status, answer) = post(&served, &bound, "application/json", event("run-9", "x").to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let found = served.found(&scene.place.admin, "source=deploy").await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(member(&found[0], "submitter")["verified"]["signed"].is_null());

    assert!(served.server.stop().0.success());
    let served = scene.place.serve();
    let denied = served
        .found(&scene.place.admin, "action=indelible.denied&limit=100")
        .await;
    let of_job = denied
        .iter()
        .filter(|event| member(event, "actor")["id"] == "oidc:github:repository_id=74");
    let counted: u64 = of_job
        .map(|event| member(event, "changes")[0]["after"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, refused, "{denied:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_can_ask_for_signatures_and_commands_make_them() {
    let scene = Scene::new("require_signature = true");
    let served = scene.place.serve();
    let unsigned = event("run-1", "deploy");
    for (what, token) in [("bound", scene.bound()), ("not bound", scene.issuer.token(&json!({})))] {
        for content_type in ["application/json", "application/x-ndjson"] {
            let (status, answer) = post(&served, &token, content_type, unsigned.to_string()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {answer}");
            assert!(
                answer["detail"].as_str().unwrap().contains("must be signed"),
                "{what}: {answer}"
            );
        }
        let message = Submission {
            source: "deploy".to_owned(),
            claims: unsigned["claims"].to_string().into_bytes().into(),
            ..Submission::default()
        };
        let request = SubmitRequest {
            submission: Some(message),
            wait: 0,
        };
        let mut client = AuditTrailClient::new(served.server.channel().await);
        let status = client.submit(bearer(&token, request)).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{what}: {status}");
        // Whoever reads signs nothing.
        served.ok(&token, "GET", "/v1/events?source=deploy", None).await;
    }
    // Others are not asked.
    served.submit(&scene.place.admin, "other", "push").await;

    let bed = &scene.place.bed;
    let made = bed.run(&["job-key", "--audience", AUDIENCE, "--out", "job.jwk"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let audience = stdout(&made).trim().to_owned();
    assert!(audience.starts_with(&format!("{AUDIENCE}#jkt=")), "{audience}");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(bed.path("job.jwk")).unwrap()) & 0o777;
    assert_eq!(mode, 0o600);
    let again = bed.run(&["job-key", "--audience", AUDIENCE, "--out", "job.jwk"]);
    assert_eq!(again.status.code(), Some(2), "{}", stdout(&again));
    bed.write("job.token", scene.issuer.token(&json!({"aud": audience})));
    bed.write("event.json", unsigned["claims"].to_string());
    let submit = |more: &[&str]| {
        let url = served.server.url.clone();
        let base = [
            "submit",
            "event.json",
            "--source",
            "deploy",
            "--url",
            &url,
            "--token-file",
            "job.token",
        ];
        let vkey = ["--vkey", "log/log.vkey"];
        bed.run(&[&base[..], &vkey, more].concat())
    };
    let sent = submit(&["--key", "run-1", "--signing-key", "job.jwk"]);
    assert!(sent.status.success(), "{}", stderr(&sent));
    assert!(stdout(&sent).trim_end().ends_with("new"), "{}", stdout(&sent));
    let known = submit(&["--key", "run-1", "--signing-key", "job.jwk"]);
    assert!(stdout(&known).trim_end().ends_with("known"), "{}", stderr(&known));
    for (why, more) in [
        ("must be signed", &["--key", "run-2"][..]),
        ("--key", &["--signing-key", "job.jwk"]),
        ("no.jwk", &["--key", "run-2", "--signing-key", "no.jwk"]),
        ("no private JWK", &["--key", "run-2", "--signing-key", "secret.json"]),
    ] {
        std::fs::write(bed.path("secret.json"), "{}").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(bed.path("secret.json"), mode).unwrap();
        let refused = submit(more);
        assert!(!refused.status.success(), "{why}");
        assert!(stderr(&refused).contains(why), "{why}: {}", stderr(&refused));
    }

    // Evidence of it says by which key it was signed; without the raw bytes, or without the submitter, it says nothing.
    let index = stdout(&sent).split('\t').next().unwrap().to_owned();
    bed.write("admin.token", &scene.place.admin);
    let verified = |members: &str| {
        let args = [
            "disclose",
            &index,
            "--members",
            members,
            "-o",
            "e.indelible",
            "--url",
            &served.server.url,
        ];
        let wrote = bed.run(&[&args[..], &["--vkey", "log/log.vkey", "--token-file", "admin.token"]].concat());
        assert!(wrote.status.success(), "{}", stderr(&wrote));
        let checked = bed.run(&["verify", "e.indelible", "--vkey", "log/log.vkey"]);
        assert!(checked.status.success(), "{}", stderr(&checked));
        let json = bed.run(&["verify", "e.indelible", "--vkey", "log/log.vkey", "--json"]);
        // A tombstone may stand on the line behind it.
        let json: Value = serde_json::from_str(stdout(&json).lines().next().unwrap()).unwrap();
        (stdout(&checked), json["signed"].clone())
    };
    let thumbprint = audience.rsplit('=').next().unwrap();
    let (text, json) = verified("action,actor,delivery,raw,submitter");
    assert!(text.contains("signed") && text.contains(thumbprint), "{text}");
    assert_eq!(json["thumbprint"], thumbprint);
    for members in ["action,actor,submitter", "action,actor,raw", "action"] {
        let (text, json) = verified(members);
        assert!(json.is_null() && !text.contains("    signed "), "{members}: {text}");
    }

    // Whoever is erased is gone from what was signed, too.
    let args = [
        "erase",
        "--subject",
        "Ada Lovelace",
        "--basis",
        "b",
        "--requester",
        "r",
        "--yes",
    ];
    let erased = bed.run(
        &[
            &args[..],
            &[
                "--url",
                &served.server.url,
                "--token-file",
                "admin.token",
                "--vkey",
                "log/log.vkey",
            ],
        ]
        .concat(),
    );
    assert!(erased.status.success(), "{}", stderr(&erased));
    let (text, json) = verified("action,actor,delivery,raw,submitter");
    assert!(json.is_null() && text.contains("raw          erased"), "{text}");
    assert!(
        text.contains("actor        erased") && text.contains(thumbprint),
        "{text}"
    );
    let path = format!("/v1/events/{index}?raw=true");
    let shown = served.ok(&scene.place.admin, "GET", &path, None).await;
    assert!(shown["raw"].is_null(), "{shown}");
    // And the event stays the one with this key.
    let known = submit(&["--key", "run-1", "--signing-key", "job.jwk"]);
    assert!(stdout(&known).trim_end().ends_with("known"), "{}", stderr(&known));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_sets_of_issuers_are_kept() {
    let scene = Scene::new("");
    let served = scene.place.serve();
    let token = scene.bound();
    let before = served.submit(&token, "deploy", "x").await;
    let set = |shown: &Value| {
        member(shown, "submitter")["verified"]["key"]["jwks_sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let shown = served
        .ok(&scene.place.admin, "GET", &format!("/v1/events/{before}"), None)
        .await;
    let first = set(&shown);
    let bed = &scene.place.bed;
    bed.write("admin.token", &scene.place.admin);
    let kept = |served: &Served, name: &str| {
        let args = [
            "access",
            "jwks",
            name,
            "--url",
            &served.server.url,
            "--token-file",
            "admin.token",
        ];
        bed.run(&args)
    };
    let output = kept(&served, &first);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), scene.issuer.jwks());
    let (status, headers, _) = served
        .ask(Some(&scene.place.admin), "GET", &format!("/v1/jwks/{first}"), None)
        .await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"application/jwk-set+json".parse().unwrap())
    );
    let auditor = served
        .token(&scene.place.admin, "auditor", json!({"role": "auditor"}))
        .await;
    let (status, ..) = served
        .ask(Some(&auditor), "GET", &format!("/v1/jwks/{first}"), None)
        .await;
    assert_eq!(status, StatusCode::OK);
    for name in ["0".repeat(64), "x".to_owned(), "..%2Faccess.toml".to_owned()] {
        let (status, ..) = served
            .ask(Some(&auditor), "GET", &format!("/v1/jwks/{name}"), None)
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
    let (status, ..) = served.ask(None, "GET", &format!("/v1/jwks/{first}"), None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    // The issuer has other keys after a start; those from before are there as well, in a backup and in what it is restored to.
    served.server.stop();
    let key = Key::of(6);
    bed.write("log/github.jwks.json", key.jwks());
    let served = scene.place.serve();
    let after = served.submit(&key.token(&json!({})), "deploy", "y").await;
    let shown = served
        .ok(&scene.place.admin, "GET", &format!("/v1/events/{after}"), None)
        .await;
    let second = set(&shown);
    assert_ne!(first, second);
    assert_eq!(stdout(&kept(&served, &first)), scene.issuer.jwks());
    assert_eq!(stdout(&kept(&served, &second)), key.jwks());
    served.server.stop();
    let backed = bed.run(&["backup", "--data", "log", "backup"]);
    assert!(backed.status.success(), "{}", stderr(&backed));
    let restored = bed.run(&["restore", "backup", "--data", "again", "--key", "log/log.key"]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    for name in [first, second] {
        let file = bed.path("again/jwks").join(format!("{name}.json"));
        assert!(file.exists(), "{}", file.display());
    }
    let checked = bed.run(&["fsck", "--data", "again"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
}
