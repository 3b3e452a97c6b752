//! Getting a key set: from an issuer, or from a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use indelible_access::oidc::{IssuerUrl, JWKS_BYTES_MAX};
use reqwest::header::ACCEPT;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

/// From where.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Issuer { http: Client, url: IssuerUrl },
    File(PathBuf),
}

/// Why there is no key set. For the operator: a sender is not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotFetched {
    #[error("{url}: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("{url} answers {status}, to where it does not matter: redirects are not followed")]
    Redirected { url: String, status: StatusCode },
    #[error("{url} answers {status}")]
    Status { url: String, status: StatusCode },
    #[error("{url} answers with more than {max} bytes", max = ANSWER_BYTES_MAX)]
    TooLong { url: String },
    #[error("{url} is no discovery document: {reason}")]
    Discovery { url: String, reason: serde_json::Error },
    #[error("{url} is the document of {got:?}, and not of this issuer")]
    OtherIssuer { url: String, got: String },
    #[error("{url} says that the keys are at {got:?}, which is not https")]
    Insecure { url: String, got: String },
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: std::io::Error },
}

impl Origin {
    /// The text of the key set. One request at most for the discovery document and one for the keys.
    pub(super) async fn fetch(&self) -> Result<Vec<u8>, NotFetched> {
        match self {
            Origin::Issuer { http, url } => {
                let keys = discover(http, url).await?;
                get(http, keys.as_str()).await
            }
            Origin::File(path) => {
                let file = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&file)).await;
                let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
                read.map_err(|reason| NotFetched::File {
                    path: path.clone(),
                    reason,
                })
            }
        }
    }
}

/// Where the keys of an issuer are (OpenID Connect Discovery 1.0, section 4). The document must be of exactly that issuer (4.3).
async fn discover(http: &Client, issuer: &IssuerUrl) -> Result<Url, NotFetched> {
    #[derive(Deserialize)]
    struct Document {
        issuer: String,
        jwks_uri: String,
    }
    let url = issuer.discovery();
    let document: Document = match serde_json::from_slice(&get(http, &url).await?) {
        Ok(document) => document,
        Err(reason) => return Err(NotFetched::Discovery { url, reason }),
    };
    if document.issuer != issuer.as_str() {
        let got = shown(&document.issuer);
        return Err(NotFetched::OtherIssuer { url, got });
    }
    let keys = document
        .jwks_uri
        .parse()
        .ok()
        .filter(|keys| issuer.keys_may_be_at(keys));
    keys.ok_or_else(|| NotFetched::Insecure {
        url,
        got: shown(&document.jwks_uri),
    })
}

async fn get(http: &Client, url: &str) -> Result<Vec<u8>, NotFetched> {
    let unreachable = |error: reqwest::Error| NotFetched::Unreachable {
        url: url.to_owned(),
        reason: words(&error),
    };
    let sent = http.get(url).header(ACCEPT, "application/json").send().await;
    let mut response = sent.map_err(unreachable)?;
    let (status, url) = (response.status(), url.to_owned());
    if status.is_redirection() {
        return Err(NotFetched::Redirected { url, status });
    }
    if status != StatusCode::OK {
        return Err(NotFetched::Status { url, status });
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(unreachable)? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(NotFetched::TooLong { url });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = ANSWER_BYTES_MAX as u64 + 1;
    std::fs::File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(text)
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

/// What happened and why, since reqwest's own words stop at the first. The URL stands in front of it already.
fn words(error: &reqwest::Error) -> String {
    let mut words = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// A key set; the discovery documents of CI systems have 1 to 3 KiB.
const ANSWER_BYTES_MAX: usize = JWKS_BYTES_MAX;
/// Enough to tell a URL by.
const SHOWN_CHARS_MAX: usize = 200;
