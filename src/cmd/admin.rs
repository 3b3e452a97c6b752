//! What is asked of a running log by those who run it: JSON over HTTP, answered in lines.

use std::time::Duration;

use futures_util::StreamExt;
use indelible_client::HttpOptions;
use indelible_event::EvidenceTrust;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::Failure;
use super::reach::ReachArgs;
use super::remote::HeadsArg;
use super::service::{Gatherer, gatherer};

/// Where the log is.
#[derive(Debug, clap::Args)]
pub(super) struct AdminArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

impl AdminArgs {
    /// Asks for one thing, and gives the answer. A problem that the log states is an error.
    pub(super) async fn ask(&self, verb: Method, path: &str, request: Option<&Value>) -> Result<Value, Failure> {
        let mut answer = Value::Null;
        let mut keep = |said: &Value| {
            answer = said.clone();
            Ok(())
        };
        self.send(verb, path, request, &mut keep).await?;
        Ok(answer)
    }

    /// Fetches what is no JSON of the log's own: at most so many bytes.
    pub(super) async fn bytes(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, Failure> {
        let url = format!("{}{path}", self.reach.url().trim_end_matches('/'));
        let http = self.reach.http(&self.reach.http_options()?)?;
        let answer = http
            .get(&url)?
            .send()
            .await
            .map_err(|error| match http.refused(&error) {
                Some(denied) => Failure::from(denied),
                None => error.into(),
            })?;
        let answer = http.admitted(answer).await?;
        let status = answer.status();
        let mut bytes = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk?);
            if bytes.len() > bytes_max {
                return Err(format!("the log answers with more than {bytes_max} bytes").into());
            }
        }
        match status.is_success() {
            true => Ok(bytes),
            false => Err(format!(
                "the log answers {status}: {}",
                String::from_utf8_lossy(&bytes).trim_end()
            )
            .into()),
        }
    }

    /// What gathers the log's entries, to see what came of a request.
    pub(super) async fn gatherer(&self, heads: &HeadsArg, trust: EvidenceTrust) -> Result<Gatherer, Failure> {
        gatherer(&self.reach, heads, trust).await
    }

    /// Posts a request, and gives each line of the answer to `take` as it comes. A problem that the log states is an error.
    pub(super) async fn post(
        &self,
        path: &str,
        request: &Value,
        take: &mut dyn FnMut(&Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.send(Method::POST, path, Some(request), take).await
    }

    async fn send(
        &self,
        verb: Method,
        path: &str,
        request: Option<&Value>,
        take: &mut dyn FnMut(&Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let options = HttpOptions {
            timeout: ANSWER_TIME,
            ..self.reach.http_options()?
        };
        let url = format!("{}{path}", self.reach.url().trim_end_matches('/'));
        let http = self.reach.http(&options)?;
        let mut asked = http.request(verb, &url)?;
        if let Some(request) = request {
            asked = asked.header(CONTENT_TYPE, "application/json").body(request.to_string());
        }
        let answer = asked.send().await.map_err(|error| match http.refused(&error) {
            Some(denied) => Failure::from(denied),
            None => error.into(),
        })?;
        let answer = http.admitted(answer).await?;
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
}

/// To read a large log takes as long as it takes; a connection that is gone is noticed by the system.
const ANSWER_TIME: Duration = Duration::from_secs(24 * 3600);

/// A list of 2^18 places with some 90 bytes each: 24 MB.
const LINE_BYTES_MAX: usize = 32 << 20;
