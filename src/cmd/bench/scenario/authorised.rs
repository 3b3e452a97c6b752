//! What it costs that the service knows who appends: the same load without rules, with a token of the log, and with an identity token.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use jiff::Timestamp;
use serde_json::json;

use super::writers::{MANY, with_latencies};
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::entries::entry;
use crate::cmd::bench::load::calls;
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::{Load, Observation};

/// The median of the two loads of each kind, which take turns, so that what the machine does besides falls on all of them.
pub(super) async fn measure(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["authorised"]) {
        return Ok(());
    }
    say("512 writers without rules, with a token, with an identity token");
    let (mut open, mut token, mut identity) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        open.push(load(bench, &Sender::Nobody).await?);
        token.push(load(bench, &Sender::Token).await?);
        identity.push(load(bench, &Sender::Identity).await?);
    }
    let rate = |loads: &[Load]| loads.iter().map(|load| load.per_second).sum::<f64>() / f64::from(TURNS);
    let last = token.last().expect("there was a turn");
    let observation = Observation::of(rate(&token)).against(rate(&open));
    let observation = with_latencies(observation, last)
        .with("oidc_per_s", rate(&identity))
        .with("oidc_ratio", rate(&identity) / rate(&open));
    round.observe("authorised", observation);
    Ok(())
}

/// Who appends.
enum Sender {
    Nobody,
    Token,
    Identity,
}

async fn load(bench: &Bench, sender: &Sender) -> Result<Load, Failure> {
    settle(None).await?;
    let log = bench.place.new_log(indelible_log::Kind::Opaque)?;
    let (server, token): (Server, Option<String>) = match sender {
        Sender::Nobody => (bench.place.serve(&log)?, None),
        Sender::Token => (bench.place.serve_with_rules(&log)?, Some(log.token.clone())),
        Sender::Identity => {
            let token = believe(&log)?;
            (bench.place.serve_with_rules(&log)?, Some(token))
        }
    };
    let appended = calls(server.url(), MANY, bench.window, move |client, number| {
        let token = token.clone();
        async move {
            let mut client = match &token {
                Some(token) => client.with_token(token),
                None => client,
            };
            client.append(entry(number)).await
        }
    })
    .await?;
    bench.checker(&log).appended(&appended.kept)?;
    drop(server);
    log.remove()?;
    Ok(appended.measured(bench.window))
}

/// Configures an issuer whose keys lie in a file, and gives a token of it that is as long as one of GitHub.
fn believe(log: &LogDir) -> Result<String, Failure> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let x = BASE64_URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k", "alg": "EdDSA", "use": "sig"}]});
    fs::write(log.data.path().join("bench.jwks.json"), jwks.to_string())?;
    fs::write(log.data.access(), ACCESS)?;
    let now = Timestamp::now().as_second();
    let workflow = "acme/shop/.github/workflows/deploy.yml@refs/heads/main";
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "repo:acme/shop:ref:refs/heads/main", "jti": "9b5d5f8e", "iat": now,
        "nbf": now, "exp": now + 3000, "repository": "acme/shop", "repository_id": "74", "repository_owner": "acme",
        "repository_owner_id": "65", "repository_visibility": "private", "ref": "refs/heads/main", "ref_type": "branch",
        "sha": "7b1c4f0e9d2a6b8c3e5f7a9b1d3c5e7f90123456", "run_id": "4711", "run_attempt": "1", "run_number": "10",
        "actor": "ada", "actor_id": "12", "event_name": "push", "workflow": "deploy", "workflow_ref": workflow,
        "workflow_sha": "7b1c4f0e9d2a6b8c3e5f7a9b1d3c5e7f90123456", "job_workflow_ref": workflow,
        "job_workflow_sha": "7b1c4f0e9d2a6b8c3e5f7a9b1d3c5e7f90123456", "runner_environment": "github-hosted",
    });
    let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = json!({"alg": "EdDSA", "kid": "k", "typ": "JWT"});
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    Ok(format!("{signed}.{signature}"))
}

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "https://log.example/bench";

const ACCESS: &str = r#"
[[issuer]]
url = "https://token.actions.githubusercontent.com"
name = "github"
preset = "github"
algorithms = ["EdDSA"]
audiences = ["https://log.example/bench"]
keys = { file = "bench.jwks.json" }

[[issuer.rule]]
name = "bench"
when = { repository_id = "74" }
grant = { role = "submitter" }
"#;

const TURNS: u32 = 2;
