//! Asking the service.

use indelible_client::{Credential, CredentialError, Denied, HttpOptions, LogHttp};
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Accepted, AllAccepted, Answered, BadAnswer, Page};
use crate::cmd::Failure;
use crate::trail::SIGNED_TYPE;

/// The JSON API of one log.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct Service {
    http: LogHttp,
    base: Url,
}

/// What is asked for: all of it must hold.
#[derive(Clone, Debug, Default)]
pub(in crate::cmd) struct Question {
    pub(in crate::cmd) actor: Option<String>,
    pub(in crate::cmd) verb: Option<String>,
    pub(in crate::cmd) action: Option<String>,
    pub(in crate::cmd) target: Option<String>,
    pub(in crate::cmd) source: Option<String>,
    pub(in crate::cmd) since: Option<Timestamp>,
    pub(in crate::cmd) until: Option<Timestamp>,
}

/// Which page of an answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd) enum Turn {
    /// The newest entries, newest first.
    Newest,
    /// Those below an index, newest first.
    Before(u64),
    /// Those above an index, oldest first.
    After(u64),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::cmd) enum ServiceError {
    /// It cannot be reached, or broke off.
    #[error("{url}: {reason}")]
    Unreachable {
        /// Where it should be.
        url: Url,
        /// What went wrong, with its causes.
        reason: String,
    },
    /// It does not let this one in, or not now.
    #[error("{url}: {denied}")]
    Denied {
        /// What was asked.
        url: Url,
        /// What it says.
        denied: Denied,
    },
    /// The token is not for there.
    #[error(transparent)]
    NotSent(#[from] CredentialError),
    /// It refuses.
    #[error("{url} answers {status}{detail}")]
    Refused {
        /// What was asked.
        url: Url,
        /// The status.
        status: StatusCode,
        /// In its words.
        detail: String,
    },
    /// The answer is longer than any should be.
    #[error("{url} answers with more than {ANSWER_BYTES_MAX} bytes")]
    TooLong {
        /// What was asked.
        url: Url,
    },
    /// The answer is not the JSON that it should be.
    #[error("{url} does not answer as an audit trail does: {reason}")]
    Json {
        /// What was asked.
        url: Url,
        /// What is wrong.
        reason: serde_json::Error,
    },
    /// What it shows is not what it should be.
    #[error("{0}")]
    Answer(#[from] BadAnswer),
}

impl Service {
    pub(super) fn new(url: &str, options: &HttpOptions, credential: &Credential) -> Result<Service, Failure> {
        let mut base = Url::parse(url).map_err(|error| format!("--url: {url:?} is no URL: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(format!("--url: {url:?} is neither http nor https").into());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let http = LogHttp::new(url, options, credential)?;
        Ok(Service { http, base })
    }

    /// One entry with its proof, and with the raw bytes if they are wanted.
    pub(in crate::cmd) async fn entry(&self, asked: u64, with_raw: bool) -> Result<Answered, ServiceError> {
        let mut url = self.url(&format!("v1/events/{asked}"));
        if with_raw {
            url.query_pairs_mut().append_pair("raw", "true");
        }
        let answer: Answered = self.get(url).await?;
        match answer.index {
            got if got == asked => Ok(answer),
            got => Err(BadAnswer::OtherEntry { asked, got }.into()),
        }
    }

    /// Submits events; what became of each, in their order.
    pub(in crate::cmd) async fn submit(&self, events: &[Value]) -> Result<Vec<Accepted>, ServiceError> {
        let body = Value::from(events).to_string();
        self.post_events("application/json", body, events.len()).await
    }

    /// Submits one event that is signed; what became of it, alone.
    pub(in crate::cmd) async fn submit_signed(&self, text: &str) -> Result<Vec<Accepted>, ServiceError> {
        self.post_events(SIGNED_TYPE, text.to_owned(), 1).await
    }

    async fn post_events(
        &self,
        content_type: &'static str,
        body: String,
        sent: usize,
    ) -> Result<Vec<Accepted>, ServiceError> {
        let url = self.url("v1/events");
        let request = self.http.post(url.as_str())?.header(CONTENT_TYPE, content_type);
        let AllAccepted { events: accepted } = self.ask(url, request.body(body)).await?;
        match accepted.len() {
            got if got == sent => Ok(accepted),
            got => Err(BadAnswer::Count { sent, got }.into()),
        }
    }

    /// The entries that a question asks for, at most `limit` of them.
    pub(in crate::cmd) async fn events(
        &self,
        question: &Question,
        turn: Turn,
        limit: usize,
    ) -> Result<Page, ServiceError> {
        let mut url = self.url("v1/events");
        {
            let mut pairs = url.query_pairs_mut();
            let texts = [
                ("actor", &question.actor),
                ("verb", &question.verb),
                ("action", &question.action),
                ("target", &question.target),
                ("source", &question.source),
            ];
            for (name, value) in texts {
                if let Some(value) = value {
                    pairs.append_pair(name, value);
                }
            }
            for (name, value) in [("since", question.since), ("until", question.until)] {
                if let Some(value) = value {
                    pairs.append_pair(name, &value.to_string());
                }
            }
            pairs.append_pair("limit", &limit.to_string());
            match turn {
                Turn::Newest => {}
                Turn::Before(index) => {
                    pairs.append_pair("before", &index.to_string());
                }
                Turn::After(index) => {
                    pairs.append_pair("after", &index.to_string());
                }
            }
        }
        self.get(url).await
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path of letters and digits is one")
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, ServiceError> {
        let request = self.http.get(url.as_str())?;
        self.ask(url, request).await
    }

    async fn ask<T: DeserializeOwned>(&self, url: Url, request: RequestBuilder) -> Result<T, ServiceError> {
        let unreachable = |error: reqwest::Error| match self.http.refused(&error) {
            Some(denied) => ServiceError::Denied {
                url: self.base.clone(),
                denied,
            },
            None => ServiceError::Unreachable {
                url: self.base.clone(),
                reason: causes(&error),
            },
        };
        let response = request.send().await.map_err(unreachable)?;
        let response = self.http.admitted(response).await;
        let response = response.map_err(|denied| ServiceError::Denied {
            url: url.clone(),
            denied,
        })?;
        let status = response.status();
        let body = read(response, &url, unreachable).await?;
        if status != StatusCode::OK {
            let detail = detail(&body);
            return Err(ServiceError::Refused { url, status, detail });
        }
        serde_json::from_slice(&body).map_err(|reason| ServiceError::Json { url, reason })
    }
}

async fn read(
    mut response: Response,
    url: &Url,
    unreachable: impl Fn(reqwest::Error) -> ServiceError,
) -> Result<Vec<u8>, ServiceError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(&unreachable)? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(ServiceError::TooLong { url: url.clone() });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What problem details (RFC 9457) say, behind the status.
fn detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        title: Option<String>,
        detail: Option<String>,
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let words = problem.and_then(|problem| problem.detail.or(problem.title));
    words.map_or_else(String::new, |words| {
        let words: String = words.chars().take(DETAIL_CHARS).collect();
        format!(": {words}")
    })
}

/// An error with what lies under it, which is where HTTP clients say what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// A page of a hundred events of 1 MiB each in base64, and their leaves: 140 MB.
const ANSWER_BYTES_MAX: usize = 160_000_000;
/// What somebody reads of a refusal.
const DETAIL_CHARS: usize = 500;
