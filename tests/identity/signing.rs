//! Events that are signed, and checked again, by code that we did not write: jose, from the registry of npm.

use data_encoding::BASE64;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bed::{stderr, stdout};
use crate::erasing::erase_subject;
use crate::foreign::Foreign;
use crate::place::{Place, Served, member};
use crate::tokens::{AUDIENCE, now};

fn access(url: &str) -> String {
    format!(
        r#"
[[issuer]]
url = "{url}"
name = "foreign"
preset = "generic"
algorithms = ["RS256"]
audiences = ["{AUDIENCE}"]

[[issuer.rule]]
name = "robot"
when = {{ sub = "robot" }}
grant = {{ role = "submitter", scope = {{ sources = ["deploy"] }} }}
"#
    )
}

fn event(key: &str) -> String {
    // As nobody writes it but its sender: the order, the spaces and the escapes are part of what is signed.
    format!(
        r#"{{ "key":"{key}", "source":"deploy",
  "claims": {{"action":{{"verb":"execute","name":"depl\u006fy"}}, "actor":{{"name":"Ada Lovelace","type":"user"}}}} }}"#
    )
}

async fn post(served: &Served, token: &str, text: &str) -> (StatusCode, Value) {
    let http = indelible_client::http_client(&indelible_client::HttpOptions::default()).unwrap();
    let request = http
        .post(format!("{}/v1/events", served.server.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/jose")
        .body(text.to_owned());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

/// The evidence file of an event, as the commands write it; what it says of the raw bytes, and what `verify` says.
fn evidence(place: &Place, served: &Served, index: &str) -> (Option<String>, String) {
    let args = [
        "disclose",
        index,
        "--members",
        "action,actor,delivery,raw,submitter",
        "-o",
        "e.indelible",
    ];
    let more = [
        "--url",
        &served.server.url,
        "--vkey",
        "log/log.vkey",
        "--token-file",
        "admin.token",
    ];
    let wrote = place.bed.run(&[&args[..], &more].concat());
    assert!(wrote.status.success(), "{}", stderr(&wrote));
    let file = std::fs::read_to_string(place.bed.path("e.indelible")).unwrap();
    let line: Value = serde_json::from_str(file.lines().nth(1).unwrap()).unwrap();
    let raw = line["raw"].as_str().map(|raw| BASE64.decode(raw.as_bytes()).unwrap());
    let checked = place.bed.run(&["verify", "e.indelible", "--vkey", "log/log.vkey"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    (raw.map(|raw| String::from_utf8(raw).unwrap()), stdout(&checked))
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_code_signs_and_checks_what_is_kept() {
    let Some(mut foreign) = Foreign::start() else { return };
    foreign.key("RS256", "rsa-1");
    let place = Place::events().configured(&access(&foreign.url));
    place.bed.write("admin.token", &place.admin);
    let served = place.serve();
    for (place_of, algorithm) in ["EdDSA", "ES256"].into_iter().enumerate() {
        let made = foreign.ask(&json!({"do": "job", "name": algorithm, "alg": algorithm}));
        let thumbprint = made["thumbprint"].as_str().unwrap().to_owned();
        let other = foreign.ask(&json!({"do": "job", "name": "other", "alg": algorithm}));
        // One is bound by the audience that its job has chosen, the other by its issuer.
        let claims = match place_of {
            0 => json!({"sub": "robot", "aud": format!("{AUDIENCE}#jkt={thumbprint}")}),
            _ => json!({"sub": "robot", "aud": AUDIENCE, "cnf": {"jkt": thumbprint}}),
        };
        let token = foreign.token(json!({"claims": claims}));
        let payload = event(algorithm);
        let sign = json!({"do": "sign", "name": algorithm, "payload": payload});
        let text = foreign.token(sign.clone());
        let (status, answer) = post(&served, &token, &text).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let index = answer["events"][0]["index"].to_string();

        // Signed anew it is the same: ES256 makes another signature each time.
        let again = foreign.token(sign);
        assert_eq!(again == text, algorithm == "EdDSA");
        let (status, answer) = post(&served, &token, &again).await;
        assert_eq!(
            (status, answer["events"][0]["index"].to_string()),
            (StatusCode::OK, index.clone()),
            "{answer}"
        );
        assert_eq!(answer["events"][0]["repeated"], true);

        for (what, order) in [
            ("another key", json!({"name": "other"})),
            ("its private half", json!({"header": {"jwk": made["privateJwk"]}})),
            ("another's key in the header", json!({"header": {"jwk": other["jwk"]}})),
            ("another type", json!({"header": {"typ": "JWT"}})),
        ] {
            let mut wrong = json!({"do": "sign", "name": algorithm, "payload": payload});
            for (name, value) in order.as_object().unwrap() {
                wrong[name] = value.clone();
            }
            let text = foreign.token(wrong);
            let (status, answer) = post(&served, &token, &text).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {answer}");
            assert_eq!(answer["type"], "urn:indelible:problem:signature", "{what}: {answer}");
        }

        // What is kept is what was signed, and foreign code finds it signed by the key that the event names.
        let (raw, words) = evidence(&place, &served, &index);
        assert_eq!(raw.as_deref(), Some(text.as_str()));
        assert!(
            words.contains(&format!("by the job's key {thumbprint} ({algorithm})")),
            "{words}"
        );
        let checked = foreign.ask(&json!({"do": "check", "text": raw}));
        assert_eq!(checked["payload"], payload);
        assert_eq!(checked["thumbprint"], thumbprint);
        let shown = served
            .ok(&place.admin, "GET", &format!("/v1/events/{index}"), None)
            .await;
        let verified = &member(&shown, "submitter")["verified"];
        assert_eq!(verified["signed"]["thumbprint"], thumbprint);

        // So does it with the token, by the key set that was published then.
        let name = verified["key"]["jwks_sha256"].as_str().unwrap();
        let kept = place.bed.run(&[
            "access",
            "jwks",
            name,
            "--url",
            &served.server.url,
            "--token-file",
            "admin.token",
        ]);
        assert!(kept.status.success(), "{}", stderr(&kept));
        let order = json!({"do": "recheck", "text": token, "jwks": stdout(&kept), "at": now().as_second()});
        assert_eq!(foreign.ask(&order)["claims"]["sub"], "robot");

        // Who is erased is erased from what was signed, and the signature with it.
        let erased = erase_subject(&place.bed, &served.server, "Ada Lovelace", "admin.token");
        assert!(erased.status.success(), "{}", stderr(&erased));
        let (raw, words) = evidence(&place, &served, &index);
        assert_eq!(raw, None);
        assert!(
            words.contains("raw          erased") && !words.contains("by the job's key"),
            "{words}"
        );
        let journal = std::fs::read_dir(place.bed.log().join("journal")).unwrap();
        for segment in journal {
            let bytes = std::fs::read(segment.unwrap().path()).unwrap();
            let signature = text.rsplit('.').next().unwrap().as_bytes();
            assert!(!bytes.windows(signature.len()).any(|window| window == signature));
        }
    }
}
