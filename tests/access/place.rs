//! A log with rules, and those who ask things of it.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tonic::{Request, Streaming};

use crate::bed::{Bed, Server};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{WatchRequest, WatchResponse};

/// A log of events with rules, and the token that it was made with.
pub(crate) struct Place {
    pub(crate) bed: Bed,
    pub(crate) admin: String,
}

/// It, served.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) http: reqwest::Client,
}

impl Place {
    pub(crate) fn of_kind(kind: &str) -> Place {
        let bed = Bed::new();
        let made = bed.run(&["init", "--kind", kind, "--origin", "test.example/log", "--data", "log"]);
        assert!(made.status.success(), "{made:?}");
        let said = String::from_utf8(made.stderr).unwrap();
        let tokens: Vec<&str> = said.lines().filter(|line| line.starts_with("idl_")).collect();
        assert_eq!(tokens.len(), 1, "the first token is said once: {said}");
        assert!(!String::from_utf8(made.stdout).unwrap().contains("idl_"));
        let admin = tokens[0].to_owned();
        Place { bed, admin }
    }

    pub(crate) fn events() -> Place {
        Place::of_kind("events")
    }

    /// Writes `access.toml`.
    pub(crate) fn configured(self, text: &str) -> Place {
        self.bed.write("log/access.toml", text);
        self
    }

    pub(crate) fn serve(&self) -> Served {
        self.serve_as(&[], &indelible_client::HttpOptions::default())
    }

    /// The same with more configuration, as variables say it, and for clients of this kind.
    pub(crate) fn serve_as(&self, variables: &[(&str, &str)], options: &indelible_client::HttpOptions) -> Served {
        let mut command = self.bed.command(&["serve", "--data", "log", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let http = indelible_client::http_client(options).unwrap();
        Served {
            server: Server::start(command),
            http,
        }
    }
}

impl Served {
    /// The answer to a request: status, headers and body, which is JSON or text.
    pub(crate) async fn ask(
        &self,
        token: Option<&str>,
        verb: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, reqwest::header::HeaderMap, Value) {
        let verb = Method::from_bytes(verb.as_bytes()).unwrap();
        let mut request = self.http.request(verb, format!("{}{path}", self.server.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
        let body = serde_json::from_str(last).unwrap_or(Value::String(text.clone()));
        (status, headers, body)
    }

    /// The same, which must succeed.
    #[track_caller]
    pub(crate) fn ok<'a>(
        &'a self,
        token: &'a str,
        verb: &'a str,
        path: &'a str,
        body: Option<&'a Value>,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let (status, _, answer) = self.ask(Some(token), verb, path, body).await;
            assert!(status.is_success(), "{caller}: {verb} {path}: {status} {answer}");
            answer
        }
    }

    /// A token with one grant, made by `by`.
    pub(crate) async fn token(&self, by: &str, name: &str, grant: Value) -> String {
        let wanted = json!({"name": name, "grants": [grant]});
        let made = self.ok(by, "POST", "/v1/tokens", Some(&wanted)).await;
        made["token"].as_str().unwrap().to_owned()
    }

    /// Submits an event of a source and an action; its index.
    pub(crate) async fn submit(&self, token: &str, source: &str, action: &str) -> u64 {
        let answer = self.ok(token, "POST", "/v1/events", Some(&event(source, action))).await;
        answer["events"][0]["index"].as_u64().unwrap()
    }

    /// The events that a query finds, the newest first, once the tables have all of the log.
    pub(crate) async fn found(&self, token: &str, query: &str) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(60);
        // Being asked this, by whoever is on the record, makes an event: all that was there before is meant.
        let mut size = None;
        loop {
            let hits = self.ok(token, "GET", &format!("/v1/events?{query}"), None).await;
            let size = *size.get_or_insert(hits["size"].as_u64().unwrap());
            if hits["indexed_size"].as_u64().unwrap() >= size {
                return hits["events"].as_array().unwrap().clone();
            }
            assert!(Instant::now() < until, "the tables lag: {hits}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn event(source: &str, action: &str) -> Value {
    json!({"source": source, "claims": {
        "action": {"name": action, "verb": "create"},
        "actor": {"type": "user", "name": "somebody"},
    }})
}

/// A member of an event that was shown.
pub(crate) fn member<'a>(event: &'a Value, name: &str) -> &'a Value {
    &event["members"][name]["value"]
}

/// A call by whoever has this token.
pub(crate) fn as_bearer<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// A stream of all events, which has begun, and how many came with its first message.
pub(crate) async fn watch(served: &Served, token: &str) -> (Streaming<WatchResponse>, u64) {
    let mut client = AuditTrailClient::new(served.server.channel().await);
    let all = WatchRequest {
        start: Some(0),
        ..WatchRequest::default()
    };
    let mut watched = client.watch(as_bearer(token, all)).await.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    (watched, first.events.len() as u64)
}
