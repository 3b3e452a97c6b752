//! One request to one witness.

use indelible_log::Head;
use indelible_note::witness::{Request, read_answer};
use indelible_note::{CosignerKey, PolicyWitness, SignedCheckpoint};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, Url};

use super::rounds::Outcome;
use crate::proofs::{ProofError, Proofs};
use crate::wire::ConsistencyQuery;

/// Where a witness takes heads.
#[derive(Clone, Debug)]
pub(super) struct Door {
    http: Client,
    name: String,
    key: CosignerKey,
    url: Url,
}

impl Door {
    /// The door of a witness of a policy; `None` if that does not say where.
    pub(super) fn new(http: Client, witness: &PolicyWitness) -> Option<Door> {
        let prefix = witness.url()?.trim_end_matches('/');
        let url: Url = format!("{prefix}/add-checkpoint").parse().ok()?;
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        usable.then(|| Door {
            http,
            name: witness.name().to_owned(),
            key: witness.key().clone(),
            url,
        })
    }

    /// What the policy calls it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks it to cosign a head, with the proof from the size that it cosigned last.
    pub(super) async fn ask(&self, proofs: &Proofs, old_size: u64, head: &Head) -> Outcome {
        let request = match request(proofs, old_size, head).await {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(%error, witness = self.name, "no proof can be made for a witness");
                return Outcome::Silent(error.to_string());
            }
        };
        match self.post(&request).await {
            Ok((status, content_type, body)) => {
                let keys = std::slice::from_ref(&self.key);
                Outcome::Answered(read_answer(&request, status, content_type.as_deref(), &body, keys))
            }
            Err(reason) => Outcome::Silent(reason),
        }
    }

    async fn post(&self, request: &Request) -> Result<(u16, Option<String>, Vec<u8>), String> {
        let sent = self.http.post(self.url.clone()).body(request.to_string()).send().await;
        let response = sent.map_err(|error| words(&error))?;
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let status = response.status().as_u16();
        Ok((status, content_type, read_body(response).await?))
    }
}

async fn request(proofs: &Proofs, old_size: u64, head: &Head) -> Result<Request, ProofError> {
    let query = ConsistencyQuery {
        old_size,
        new_size: Some(head.size()),
    };
    let proof = proofs.consistency(query).await?.proof;
    Ok(Request::new(proof, SignedCheckpoint::clone(head.checkpoint())))
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| words(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(format!("its answer has more than {ANSWER_BYTES_MAX} bytes"));
        }
    }
    Ok(body)
}

/// What happened and why, since reqwest's own words stop at the first.
fn words(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// A line has 2 + 255 + 1 + 3,300 bytes at most, with a key of ML-DSA; a witness that changes its keys sends a few of them.
const ANSWER_BYTES_MAX: usize = 64 << 10;
