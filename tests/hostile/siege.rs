//! A service under siege.

use std::io::Write;
use std::time::Duration;

use indelible_client::{HttpOptions, http_client};
use indelible_event::{Disclosure, Leaf};
use indelible_note::Receipt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bed::{Bed, Server, stderr};

/// A bed, the service in it, and what that has acknowledged.
pub(crate) struct Siege {
    door: &'static str,
    pub(crate) bed: Bed,
    pub(crate) server: Server,
    pub(crate) http: reqwest::Client,
    acknowledged: Vec<Acknowledged>,
    cases: usize,
    marks: usize,
}

/// What the service has said to be in its log.
struct Acknowledged {
    index: u64,
    /// What it said besides: leaf and receipt.
    proved: Option<(String, String)>,
    /// The hash of the raw bytes, if they are kept as they came.
    sha256: Option<String>,
}

impl Siege {
    /// Lays siege to one door. Sources are added by `prepare`.
    pub(crate) fn begin(door: &'static str, prepare: impl FnOnce(&Bed)) -> Siege {
        let bed = Bed::new();
        let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
        assert!(made.status.success(), "{made:?}");
        prepare(&bed);
        let server = serve(&bed);
        let options = HttpOptions {
            timeout: Duration::from_secs(300),
            ..HttpOptions::default()
        };
        Siege {
            door,
            bed,
            server,
            http: http_client(&options).unwrap(),
            acknowledged: Vec::new(),
            cases: 0,
            marks: 0,
        }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// Counts a case.
    pub(crate) fn case(&mut self) {
        self.cases += 1;
    }

    /// How many there were.
    pub(crate) fn cases(&self) -> usize {
        self.cases
    }

    /// An honest event between the others; sent again as long as there is no room for it.
    pub(crate) async fn mark(&mut self) {
        self.marks += 1;
        let event = json!({"source": "honest", "key": format!("{}", self.marks), "claims": {
            "action": {"name": "deploy", "verb": "execute"}, "actor": {"type": "user", "id": "7"},
        }});
        let request = || {
            self.http
                .post(self.at("/v1/events"))
                .header("content-type", "application/json")
        };
        let answer = stored(|| request().body(event.to_string())).await;
        self.remember(&answer);
    }

    /// Remembers what an answer of `POST /v1/events` acknowledges.
    pub(crate) fn remember(&mut self, answer: &Value) {
        for event in answer["events"].as_array().unwrap() {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            let leaf = Leaf::parse(text("leaf").into()).unwrap();
            for disclosure in event["disclosures"].as_array().unwrap() {
                let disclosure = Disclosure::parse_text(disclosure.as_str().unwrap()).unwrap();
                leaf.open(disclosure).unwrap();
            }
            self.acknowledged.push(Acknowledged {
                index: event["index"].as_u64().unwrap(),
                proved: Some((text("leaf"), text("proof"))),
                sha256: None,
            });
        }
    }

    /// Remembers that this is in the log, with these raw bytes if that is known.
    pub(crate) fn remember_index(&mut self, index: u64, sha256: Option<String>) {
        let proved = None;
        self.acknowledged.push(Acknowledged { index, proved, sha256 });
    }

    /// What `POST /v1/events` answers; `None` if it cut the connection before everything was sent.
    pub(crate) async fn post(&self, content_type: &str, body: impl Into<Vec<u8>>) -> Option<(StatusCode, Value)> {
        let request = self
            .http
            .post(self.at("/v1/events"))
            .header("content-type", content_type);
        read(request.body(body.into())).await
    }

    /// How many entries the log has.
    pub(crate) fn size(&self) -> u64 {
        let (status, note) = self.server.get("/checkpoint");
        assert_eq!(status, 200);
        String::from_utf8(note)
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Most memory that the service has had, in bytes.
    pub(crate) fn peak_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }

    /// The siege is over: memory stayed within `peak_bytes_max`, and all that was acknowledged is there when the log is started anew.
    pub(crate) async fn end(mut self, peak_bytes_max: usize) {
        self.mark().await;
        let size = self.size();
        let peak = self.peak_bytes();
        let Siege {
            door,
            bed,
            server,
            http,
            acknowledged,
            cases,
            ..
        } = self;
        let (status, said) = server.stop();
        assert!(status.success(), "{status}: {said:#?}");
        assert!(!said.iter().any(|line| line.contains("panicked")), "{said:#?}");

        let server = serve(&bed);
        let vkey = bed.vkey();
        for Acknowledged { index, proved, sha256 } in &acknowledged {
            let url = format!("{}/v1/events/{index}", server.url);
            let (status, event) = read(http.get(url)).await.unwrap();
            assert_eq!(status, StatusCode::OK, "{index}: {event}");
            let again = event["leaf"].as_str().unwrap();
            let receipts = [
                Some(event["proof"].as_str().unwrap()),
                proved.as_ref().map(|it| it.1.as_str()),
            ];
            for receipt in receipts.into_iter().flatten() {
                let receipt = Receipt::parse(receipt.as_bytes()).unwrap();
                assert_eq!(receipt.index(), *index);
                let leaf = Leaf::parse(again.to_owned().into()).unwrap();
                receipt.verify(leaf.hash(), &vkey).unwrap();
            }
            if let Some((leaf, _)) = proved {
                assert_eq!(leaf, again, "{index} is another event");
            }
            if let Some(sha256) = sha256 {
                assert_eq!(event["members"]["raw"]["value"]["sha256"], *sha256, "{index}");
            }
        }
        let (status, said) = server.stop();
        assert!(status.success(), "{status}: {said:#?}");
        let checked = bed.run(&["fsck", "--data", "log"]);
        assert!(checked.status.success(), "{}", stderr(&checked));
        let (count, mib) = (acknowledged.len(), peak >> 20);
        let words = format!("{door}: {cases} cases, {count} acknowledged of {size} entries, peak {mib} MiB");
        let _ = writeln!(std::io::stderr(), "{words}");
        assert!(
            peak <= peak_bytes_max,
            "{words}; {} MiB are allowed",
            peak_bytes_max >> 20
        );
    }
}

/// Sends something until it is stored, as a sender does that is asked to come again.
pub(crate) async fn stored(request: impl Fn() -> reqwest::RequestBuilder) -> Value {
    for _ in 0..20 {
        match read(request()).await {
            Some((StatusCode::OK, answer)) => return answer,
            Some((StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE, _)) | None => {}
            Some((status, answer)) => panic!("{status}: {answer}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("there is never room")
}

fn serve(bed: &Bed) -> Server {
    let mut command = bed.serve_command();
    // A build without optimisation takes its time for 25 MiB.
    command.env("INDELIBLE_REQUEST_TIMEOUT_SECONDS", "150");
    Server::start(command)
}

/// Status and body, which is JSON and says the same status if it is a problem. `None` if the connection was cut, as it is when the
/// refusal comes before the body was sent.
pub(crate) async fn read(request: reqwest::RequestBuilder) -> Option<(StatusCode, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&response.bytes().await.ok()?).unwrap();
    match status {
        StatusCode::OK => assert_eq!(content_type, "application/json", "{body}"),
        _ => {
            assert_eq!(content_type, "application/problem+json", "{status}: {body}");
            assert_eq!(body["status"], status.as_u16(), "{body}");
            let detail = body["detail"].as_str().unwrap();
            assert!(!detail.is_empty() && detail.len() < 1_000, "{body}");
        }
    }
    Some((status, body))
}
