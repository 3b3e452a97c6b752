//! What is asked of a running log by those who run it: JSON over HTTP, answered in lines.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use indelible_client::{HttpOptions, http_client};
use indelible_event::EvidenceTrust;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::Failure;
use super::files::read_at_most;
use super::remote::{CA_BYTES_MAX, HeadsArg};
use super::service::{Gatherer, gatherer};

/// Where the log is.
#[derive(Debug, clap::Args)]
pub(super) struct AdminArgs {
    /// Where the log is served.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7425",
        env = "INDELIBLE_URL"
    )]
    url: String,
    /// For https: the certificates, in PEM, that may vouch for the server, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl AdminArgs {
    /// What gathers the log's entries, to see what came of a request.
    pub(super) async fn gatherer(&self, heads: &HeadsArg, trust: EvidenceTrust) -> Result<Gatherer, Failure> {
        gatherer(&self.url, self.ca_certificates()?, heads, trust).await
    }

    /// Posts a request, and gives each line of the answer to `take` as it comes. A problem that the log states is an error.
    pub(super) async fn post(
        &self,
        path: &str,
        request: &Value,
        take: &mut dyn FnMut(&Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let options = HttpOptions {
            timeout: ANSWER_TIME,
            ca_certificates: self.ca_certificates()?,
            ..HttpOptions::default()
        };
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let asked = http_client(&options)?
            .post(url)
            .header(CONTENT_TYPE, "application/json");
        let answer = asked.body(request.to_string()).send().await?;
        let status = answer.status();
        let mut rest = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            rest.extend_from_slice(&chunk?);
            if rest.len() > LINE_BYTES_MAX {
                return Err("the log answers with a line that is too long".into());
            }
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let said: Value = serde_json::from_slice(&line).map_err(|_| {
                    let text = String::from_utf8_lossy(&line);
                    format!("the log answers {status}: {}", text.trim_end())
                })?;
                if !status.is_success() || said.get("problem").is_some() {
                    let problem = said.get("problem").unwrap_or(&said);
                    return Err(problem["detail"].as_str().unwrap_or(status.as_str()).into());
                }
                take(&said)?;
            }
        }
        match (status.is_success(), rest.is_empty()) {
            (true, true) => Ok(()),
            _ => Err(format!("the log answers {status}: {}", String::from_utf8_lossy(&rest)).into()),
        }
    }

    fn ca_certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = self.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
        Ok(read.transpose()?)
    }
}

/// To read a large log takes as long as it takes; a connection that is gone is noticed by the system.
const ANSWER_TIME: Duration = Duration::from_secs(24 * 3600);

/// A list of 2^18 places with some 90 bytes each: 24 MB.
const LINE_BYTES_MAX: usize = 32 << 20;
