//! What others say: the service, if it runs, and the witnesses.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;
use headers::{Date, HeaderMapExt};
use indelible_client::{HttpOptions, http_client};
use indelible_note::{KeyChain, Policy, PolicyWitness, SignedCheckpoint, Verified};
use jiff::Timestamp;

use super::super::facts::{Service, Witness};
use super::Asked;
use crate::config::Config;
use crate::data::{DataDir, read_if_there};
use crate::follow::Witnesses;

/// Asks the service for its health; `None` if it does not run and nobody said where it should be.
pub(super) async fn service(asked: &Asked, config: &Config, served: bool) -> Option<Service> {
    let url = match (&asked.url, served) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, true) => url_of(config),
        (None, false) => return None,
    };
    // A certificate that nobody vouches for is the service's own business here.
    let own = config.tls.as_ref().and_then(|tls| fs::read(&tls.cert).ok());
    let to_service = HttpOptions {
        ca_certificates: asked.http.ca_certificates.clone().or(own),
        client_certificate: asked.http.client_certificate.clone(),
        ..options()
    };
    let mut clocks = None;
    let health = async {
        let http = http_client(&to_service).map_err(|error| error.to_string())?;
        let answer = http.get(format!("{url}/healthz")).send().await;
        let answer = answer.map_err(|error| in_words(&error))?;
        let status = answer.status().as_u16();
        let theirs = answer.headers().typed_get::<Date>().map(std::time::SystemTime::from);
        let theirs = theirs.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        clocks = theirs.and_then(|time| Some((i64::try_from(time.as_secs()).ok()?, Timestamp::now().as_second())));
        let words = answer.text().await.map_err(|error| in_words(&error))?;
        Ok((status, words.chars().take(WORDS_CHARS_MAX).collect()))
    };
    let health = health.await;
    Some(Service { url, health, clocks })
}

/// Where a client on this machine finds a service of this configuration.
fn url_of(config: &Config) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    format!("{scheme}://{address}")
}

/// Looks whether each witness is there, and whether it has cosigned.
pub(super) async fn witnesses(
    data: &DataDir,
    config: &Config,
    keys: Option<&KeyChain>,
) -> Option<Result<Vec<Witness>, String>> {
    let path = config.witness_policy.as_ref()?;
    Some(all(data, config, keys).await.map_err(|error| match error.is_empty() {
        true => format!("{} cannot be used", path.display()),
        false => error,
    }))
}

async fn all(data: &DataDir, config: &Config, keys: Option<&KeyChain>) -> Result<Vec<Witness>, String> {
    let path = config.witness_policy.as_ref().expect("the caller looked");
    if let Some(keys) = keys {
        // As the service reads it.
        Witnesses::load(config, keys.current()).map_err(|error| error.to_string())?;
    }
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let policy = Policy::parse(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let served = read_if_there(&data.served()).ok().flatten();
    let served = keys
        .zip(served)
        .and_then(|(keys, note)| keys.open_checkpoint(&note).ok());
    let http = http_client(&options()).map_err(|error| error.to_string())?;
    let asked = policy.witnesses().iter().map(async |witness| Witness {
        name: witness.name().to_owned(),
        reached: reach(&http, witness).await,
        cosigned: served.as_ref().and_then(|head| cosigned(head, witness)),
    });
    Ok(join_all(asked).await)
}

/// Any answer will do: there is nothing to ask a witness for but a cosignature.
async fn reach(http: &reqwest::Client, witness: &PolicyWitness) -> Result<(), String> {
    let url = witness.url().ok_or("the policy does not say where it is")?;
    match http.get(url).send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(in_words(&error)),
    }
}

fn cosigned(head: &Verified<SignedCheckpoint>, witness: &PolicyWitness) -> Option<i64> {
    let made = head.cosignatures(std::slice::from_ref(witness.key())).ok()?;
    let times = made.iter().map(|cosignature| cosignature.time().secs());
    times.max().and_then(|time| i64::try_from(time).ok())
}

fn options() -> HttpOptions {
    HttpOptions {
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        ..HttpOptions::default()
    }
}

/// With its causes, which say more than the error itself.
fn in_words(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}

const PATIENCE: Duration = Duration::from_secs(5);

/// Of what a service says of itself.
const WORDS_CHARS_MAX: usize = 500;
