//! Where signatures are asked for, the commands that make them, and the key sets by which tokens were checked.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tonic::Code;

use super::{Scene, event, post};
use crate::attested::{AUDIENCE, Key};
use crate::bed::{stderr, stdout};
use crate::erasing::erase_subject;
use crate::place::{Served, as_bearer, member};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{Submission, SubmitRequest};

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
        let status = client.submit(as_bearer(&token, request)).await.unwrap_err();
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
    let erased = erase_subject(bed, &served.server, "Ada Lovelace", "admin.token");
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
