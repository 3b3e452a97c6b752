//! OTLP over HTTP (opentelemetry-proto, `ExportTraceServiceRequest` as protobuf by POST): spans, as the collector wants them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indelible_client::{HttpError, HttpOptions, http_client};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use reqwest::Url;
use tokio::sync::mpsc;

use super::spans::{Ended, SpanCounts, Spans};
use crate::metrics::Answer;

/// Sends spans to a collector.
#[derive(Debug)]
pub struct Exporter {
    http: reqwest::Client,
    url: Url,
    instance: String,
    spans: mpsc::Receiver<Ended>,
    counts: Arc<SpanCounts>,
}

/// Spans cannot be sent: the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum BadEndpoint {
    /// It is no URL of HTTP.
    #[error("`otlp_endpoint` is {0:?}, which is no http:// or https:// URL")]
    Url(String),
    /// No client can be made.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl Exporter {
    /// An exporter to the collector at `endpoint`, to which `/v1/traces` is added, for the log with this origin; and the way to it.
    ///
    /// # Errors
    ///
    /// If it is no URL.
    pub fn to(endpoint: &str, origin: &str) -> Result<(Exporter, Spans), BadEndpoint> {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let url: Url = url.parse().map_err(|_| BadEndpoint::Url(endpoint.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(BadEndpoint::Url(endpoint.to_owned()));
        }
        let http = http_client(&HttpOptions {
            timeout: ANSWER,
            ..HttpOptions::default()
        })?;
        let (spans, ended) = Spans::queue();
        let exporter = Exporter {
            http,
            url,
            instance: origin.to_owned(),
            spans: ended,
            counts: spans.counts().clone(),
        };
        Ok((exporter, spans))
    }

    /// Sends what comes, some at a time, until nobody is left who could send any. A collector that does not take them loses them.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut well = true;
        while self.spans.recv_many(&mut batch, BATCH).await > 0 {
            // What comes a little later goes with it.
            let fill = async { while batch.len() < BATCH && self.spans.recv_many(&mut batch, BATCH).await > 0 {} };
            let _ = tokio::time::timeout(PAUSE, fill).await;
            let count = batch.len();
            match self.post(&mut batch).await {
                Ok(()) => {
                    if !well {
                        tracing::info!("the collector takes spans again");
                    }
                    well = true;
                    self.counts.sent(count);
                }
                Err(reason) => {
                    // Once, not for each batch.
                    if well {
                        tracing::warn!(reason, "the collector does not take spans; they are lost until it does");
                    }
                    well = false;
                    self.counts.failed(count);
                }
            }
        }
    }

    async fn post(&self, batch: &mut Vec<Ended>) -> Result<(), String> {
        let body = request(batch.drain(..), &self.instance).encode_to_vec();
        let sent = self.http.post(self.url.clone());
        let sent = sent
            .header(http::header::CONTENT_TYPE, "application/x-protobuf")
            .body(body);
        // Without the URL, in which somebody may have put a password.
        let answer = sent.send().await.map_err(|error| error.without_url().to_string())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }
}

fn request(spans: impl Iterator<Item = Ended>, instance: &str) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![
            text("service.name", "indelible"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("service.instance.id", instance),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "indelible".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: spans.map(|ended| span(&ended)).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

/// By the semantic conventions for HTTP and RPC servers, as far as they say nothing of the client.
fn span(ended: &Ended) -> Span {
    let mut attributes = vec![
        text("http.request.method", ended.method),
        text("http.route", &ended.route),
        number("http.response.status_code", i64::from(ended.status)),
    ];
    if let Some(code) = ended.code {
        attributes.push(text("rpc.system", "grpc"));
        attributes.push(number("rpc.grpc.status_code", i64::from(i32::from(code))));
    }
    let status = (ended.answer == Answer::Failed).then(|| Status {
        code: StatusCode::Error.into(),
        ..Status::default()
    });
    Span {
        trace_id: ended.trace.0.to_vec(),
        span_id: ended.id.to_bytes().to_vec(),
        parent_span_id: ended.parent.map(Vec::from).unwrap_or_default(),
        name: format!("{} {}", ended.method, ended.route),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: nanos(ended.began),
        end_time_unix_nano: nanos(ended.ended),
        attributes,
        status,
        ..Span::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    with(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    with(key, Value::IntValue(value))
}

fn with(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Spans of one request to the collector: some 150 KiB.
const BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the collector may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
