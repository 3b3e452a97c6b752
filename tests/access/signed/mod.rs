//! Events that a job signs, by both doors, and what is refused of them.

mod commands;
mod kept;
mod refused;

use indelible_access::signed::JobKey;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::attested::{AUDIENCE, Key};
use crate::place::{Place, Served};
use crate::stubs::Submission;

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

pub(super) struct Scene {
    pub(super) place: Place,
    pub(super) issuer: Key,
    pub(super) job: JobKey,
}

impl Scene {
    pub(super) fn new(demand: &str) -> Scene {
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
    pub(super) fn bound(&self) -> String {
        self.issuer.token(&json!({"aud": self.job.audience(AUDIENCE)}))
    }
}

pub(super) fn event(key: &str, name: &str) -> Value {
    json!({"source": "deploy", "key": key, "claims": {
        "action": {"name": name, "verb": "execute"}, "actor": {"type": "user", "name": "Ada Lovelace"},
    }})
}

/// Posts what is signed, or said to be.
pub(super) async fn post(served: &Served, token: &str, content_type: &str, body: String) -> (StatusCode, Value) {
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

pub(super) async fn jose(served: &Served, token: &str, text: &str) -> (StatusCode, Value) {
    post(served, token, "application/jose", text.to_owned()).await
}

pub(super) fn submission(text: &str) -> Submission {
    Submission {
        signed: text.as_bytes().to_vec().into(),
        ..Submission::default()
    }
}
