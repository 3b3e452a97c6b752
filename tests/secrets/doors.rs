//! Every way in, and then every way out.

use http::StatusCode;
use indelible_client::{HttpOptions, http_client};
use indelible_sources::Secret;
use indelible_sources::github::sign;
use prost::Message;
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::MARKER;
use crate::answers::Answers;
use crate::events::{bodies, claims, document};
use crate::planted::Planted;
use crate::service::{HOOK_SECRET, Service};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{
    ExportRequest, GetEventRequest, RawBody, Submission, SubmitBatchRequest, SubmitRequest, SubmitStreamRequest,
    WatchRequest,
};

pub(crate) struct Doors<'s> {
    service: &'s Service,
    http: reqwest::Client,
    stub: AuditTrailClient<Channel>,
    answers: Answers,
    stored: u64,
}

impl Doors<'_> {
    pub(crate) async fn of(service: &Service) -> Doors<'_> {
        let channel = Channel::from_shared(service.url.clone())
            .unwrap()
            .connect()
            .await
            .unwrap();
        Doors {
            service,
            http: http_client(&HttpOptions::default()).unwrap(),
            stub: AuditTrailClient::new(channel).max_decoding_message_size(64 << 20),
            answers: Answers::default(),
            stored: 0,
        }
    }

    pub(crate) fn stored(&self) -> u64 {
        self.stored
    }

    pub(crate) fn into_answers(self) -> Answers {
        self.answers
    }

    /// By every door; all are taken.
    pub(crate) async fn plant(&mut self, secret: &Planted) {
        let event = json!({"source": "tests", "claims": claims(secret)});
        let cloud = json!({
            "specversion": "1.0", "id": format!("{} 1", secret.kind), "source": "/tests", "type": format!("{} {MARKER}", secret.text),
            "subject": secret.text, "traceparent": secret.text, "data": serde_json::from_str::<Value>(&document(secret)).unwrap(),
        });
        let with_claims = json!({
            "specversion": "1.0", "id": format!("{} 2", secret.kind), "source": "/tests", "type": "x", "data": claims(secret),
        });
        for (content_type, body, count) in [
            ("application/json", event.to_string(), 1),
            ("application/json", json!([event]).to_string(), 1),
            ("application/x-ndjson", format!("{event}\n"), 1),
            ("application/cloudevents+json", cloud.to_string(), 1),
            ("application/cloudevents+json", with_claims.to_string(), 1),
        ] {
            let status = self.post("/v1/events", &[("content-type", content_type)], body).await;
            assert_eq!(status, StatusCode::OK, "{}: {content_type}", secret.kind);
            self.stored += count;
        }
        self.plant_by_webhook(secret).await;
        self.plant_by_grpc(secret).await;
    }

    async fn plant_by_webhook(&mut self, secret: &Planted) {
        let said = format!("{} {MARKER}", secret.text);
        let payload = json!({
            "ref": "refs/heads/main", "before": "0", "after": "1",
            "repository": {"id": 1, "full_name": "acme/web", "owner": {"login": "acme"}, "description": said},
            "sender": {"id": 7, "login": said, "type": "User"},
            "head_commit": {"id": "1", "message": said, "author": {"name": said}},
            "commits": [{"id": "1", "message": said}], "config": {secret.name: secret.value, "inner": document(secret)},
        })
        .to_string();
        let form: String = payload.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for (number, (content_type, event, body)) in [
            ("application/json", "push", payload.clone()),
            ("application/x-www-form-urlencoded", "push", format!("payload={form}")),
            ("application/json", "repository", payload),
            // What cannot be read is kept as it came.
            ("application/json", "push", format!("no JSON: {said}")),
        ]
        .into_iter()
        .enumerate()
        {
            let signature = sign(&Secret::new(HOOK_SECRET).unwrap(), body.as_bytes());
            let id = format!("{}-{number}", self.stored);
            let headers = [
                ("content-type", content_type),
                ("x-github-event", event),
                ("x-github-delivery", &id),
                ("x-hub-signature-256", &signature),
            ];
            let status = self.post("/hooks/github/acme", &headers, body).await;
            assert_eq!(status, StatusCode::OK, "{}: {content_type}", secret.kind);
            self.stored += 1;
        }
    }

    async fn plant_by_grpc(&mut self, secret: &Planted) {
        let mut submissions: Vec<Submission> = bodies(secret)
            .into_iter()
            .map(|(content_type, content)| Submission {
                source: "tests".to_owned(),
                key: None,
                claims: serde_json::to_vec(&claims(secret)).unwrap().into(),
                raw: Some(RawBody {
                    content: content.into(),
                    content_type: content_type.to_owned(),
                }),
                ..Submission::default()
            })
            .collect();
        let submission = submissions.first().cloned();
        let reply = self.stub.submit(SubmitRequest { submission, wait: 0 }).await.unwrap();
        self.answers.add("Submit", reply.into_inner().encode_to_vec());
        self.stored += 1 + submissions.len() as u64;
        let streamed = submissions.split_off(3);
        let messages: Vec<_> = streamed
            .into_iter()
            .map(|submission| SubmitStreamRequest {
                submission: Some(submission),
            })
            .collect();
        let reply = self
            .stub
            .submit_batch(SubmitBatchRequest { submissions, wait: 0 })
            .await
            .unwrap();
        self.answers.add("SubmitBatch", reply.into_inner().encode_to_vec());
        let replies = self.stub.submit_stream(tokio_stream::iter(messages)).await.unwrap();
        let mut replies = replies.into_inner();
        while let Some(reply) = replies.message().await.unwrap() {
            self.answers.add("SubmitStream", reply.encode_to_vec());
        }
    }

    /// What is not taken is cited in the refusal.
    pub(crate) async fn refused(&mut self, secrets: &[Planted]) {
        for secret in secrets.iter().filter(|secret| secret.name == "note") {
            let text = &secret.text;
            let long = format!("{}{text}", " ".repeat(280));
            for (body, expected) in [
                // A text where an object belongs, and names that there are not: the reader of JSON tells what it came upon.
                (json!({"source": "tests", "claims": text}), StatusCode::BAD_REQUEST),
                (
                    json!({"source": "tests", "claims": {"action": text}}),
                    StatusCode::BAD_REQUEST,
                ),
                (json!({"source": "tests", "claims": {text: 1}}), StatusCode::BAD_REQUEST),
                (
                    json!({"source": "tests", "claims": {"action": {"name": "x", "verb": text}}}),
                    StatusCode::BAD_REQUEST,
                ),
                (
                    json!({"source": "tests", "claims": {"action": {"name": "x", "verb": long}}}),
                    StatusCode::BAD_REQUEST,
                ),
                // What an event is called by has no place for marks.
                (
                    json!({"source": text, "claims": claims(secret)}),
                    StatusCode::UNPROCESSABLE_ENTITY,
                ),
                (
                    json!({"source": "tests", "key": text, "claims": claims(secret)}),
                    StatusCode::UNPROCESSABLE_ENTITY,
                ),
            ] {
                let headers = [("content-type", "application/json")];
                let status = self.post("/v1/events", &headers, body.to_string()).await;
                assert_eq!(status, expected, "{}: {body}", secret.kind);
            }
            let cloud = json!({"specversion": "1.0", "id": text, "source": "/tests", "type": "x"});
            let headers = [("content-type", "application/cloudevents+json")];
            let status = self.post("/v1/events", &headers, cloud.to_string()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{}", secret.kind);
            for submission in [
                submission("tests", None, &json!({"action": text})),
                submission("tests", None, &json!({text: 1})),
                submission("tests", Some(text), &json!(claims(secret))),
                submission(text, None, &json!(claims(secret))),
            ] {
                let submissions = vec![submission.clone()];
                let status = self
                    .stub
                    .submit_batch(SubmitBatchRequest { submissions, wait: 0 })
                    .await
                    .unwrap_err();
                self.answers.add("refusal of SubmitBatch", format!("{status:?}"));
                let submission = Some(submission);
                let message = SubmitStreamRequest {
                    submission: submission.clone(),
                };
                let replies = self.stub.submit_stream(tokio_stream::iter([message])).await.unwrap();
                let status = replies.into_inner().message().await.unwrap_err();
                self.answers.add("refusal of SubmitStream", format!("{status:?}"));
                let status: Status = self
                    .stub
                    .submit(SubmitRequest { submission, wait: 0 })
                    .await
                    .unwrap_err();
                assert_eq!(status.code(), Code::InvalidArgument, "{}: {status}", secret.kind);
                self.answers
                    .add("refusal of Submit", format!("{status:?} {}", status.message()));
            }
        }
    }

    /// What those say who run the log.
    pub(crate) async fn erase_and_hold(&mut self, secrets: &[Planted]) {
        let texts: Vec<&str> = secrets.iter().map(|secret| secret.text.as_str()).collect();
        let texts = format!("{MARKER}\n{}", texts.join("\n"));
        let headers = [("content-type", "application/json")];
        let entries = json!([{"first": 0, "last": 0, "members": ["actor"]}]);
        let asked = json!({"entries": entries}).to_string();
        let (_, plan) = self.send("/v1/erasures", &headers, asked).await;
        let plan: Value = serde_json::from_slice(plan.split(|byte| *byte == b'\n').rev().nth(1).unwrap()).unwrap();
        let confirmed =
            json!({"entries": entries, "confirm": plan["plan"]["token"], "basis": texts, "requester": texts});
        let (status, said) = self.send("/v1/erasures", &headers, confirmed.to_string()).await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            String::from_utf8_lossy(&said).contains("carried_out"),
            "{}",
            String::from_utf8_lossy(&said)
        );
        let hold = json!({"entries": [{"first": 1, "last": 1}], "reason": texts});
        assert_eq!(self.post("/v1/holds", &headers, hold.to_string()).await, StatusCode::OK);
        self.stored += 2;
        // It is cited when it forbids something.
        let held = json!({"entries": [{"first": 1, "last": 1}]}).to_string();
        let (_, plan) = self.send("/v1/erasures", &headers, held).await;
        let plan: Value = serde_json::from_slice(plan.split(|byte| *byte == b'\n').rev().nth(1).unwrap()).unwrap();
        let confirmed = json!({"entries": plan["plan"]["entries"], "confirm": plan["plan"]["token"]});
        let (_, said) = self.send("/v1/erasures", &headers, confirmed.to_string()).await;
        assert!(
            String::from_utf8_lossy(&said).contains("is held by"),
            "{}",
            String::from_utf8_lossy(&said)
        );
        self.get("/v1/holds").await;
    }

    /// By every way out.
    pub(crate) async fn read_all(&mut self) {
        for index in 0..self.stored {
            match index % 2 {
                0 => self.get(&format!("/v1/events/{index}?raw=true")).await,
                _ => {
                    let reply = self.stub.get(GetEventRequest { index }).await.unwrap();
                    self.answers.add("Get", reply.into_inner().encode_to_vec());
                }
            }
        }
        self.get("/v1/events?limit=100").await;
        let count = self.stored;
        let asked = ExportRequest {
            count,
            raw: true,
            ..ExportRequest::default()
        };
        let mut pieces = self.stub.export(asked).await.unwrap().into_inner();
        let mut file = Vec::new();
        while let Some(piece) = pieces.message().await.unwrap() {
            file.extend_from_slice(&piece.piece);
        }
        self.answers.add("Export", file);
        let start = Some(0);
        let watched = self.stub.watch(WatchRequest { start, filter: None }).await.unwrap();
        let mut watched = watched.into_inner();
        loop {
            let reply = watched.message().await.unwrap().unwrap();
            self.answers.add("Watch", reply.encode_to_vec());
            if reply.next_index == count {
                break;
            }
        }
        let (url, vkey) = (self.service.url.clone(), self.service.vkey());
        for args in [
            &["events", "--limit", "50"][..],
            &["events", "--json"],
            &["show", "1"],
            &["show", "2", "--json"],
        ] {
            let output = self.service.run(&[args, &["--url", &url, "--vkey", &vkey]].concat());
            assert!(output.status.success(), "{output:?}");
            self.answers.add(args[0], [output.stdout, output.stderr].concat());
        }
        for path in ["/checkpoint", "/metrics", "/v1/openapi.json"] {
            self.get(path).await;
        }
    }

    async fn post(&mut self, path: &str, headers: &[(&str, &str)], body: String) -> StatusCode {
        self.send(path, headers, body).await.0
    }

    async fn send(&mut self, path: &str, headers: &[(&str, &str)], body: String) -> (StatusCode, Vec<u8>) {
        let mut request = self.http.post(format!("{}{path}", self.service.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let body = response.bytes().await.unwrap().to_vec();
        self.answers.add(&format!("POST {path}, {status}"), body.clone());
        (status, body)
    }

    async fn get(&mut self, path: &str) {
        let response = self
            .http
            .get(format!("{}{path}", self.service.url))
            .send()
            .await
            .unwrap();
        let body = response.bytes().await.unwrap().to_vec();
        self.answers.add(&format!("GET {path}"), body);
    }
}

fn submission(source: &str, key: Option<&str>, claims: &Value) -> Submission {
    Submission {
        source: source.to_owned(),
        key: key.map(str::to_owned),
        claims: claims.to_string().into(),
        ..Submission::default()
    }
}
