//! A real service of a log of events, and requests to it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indelible_client::{HttpOptions, http_client};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// A place for one test, with a log of events in `log`.
pub(crate) struct Bed(TempDir);

impl Bed {
    pub(crate) fn with_log() -> Bed {
        let bed = Bed(tempfile::tempdir().unwrap());
        let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
        assert!(made.status.success(), "{made:?}");
        bed
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.0.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The output of a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn serve(&self) -> Server {
        let mut command = self.command(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
        // A build without optimisation takes its time for 25 MiB.
        command.env("INDELIBLE_REQUEST_TIMEOUT_SECONDS", "150");
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, words) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut said = Vec::new();
        let url = loop {
            match words.recv_timeout(Duration::from_secs(120)) {
                Ok(line) if line.contains(" on http") => break line.rsplit(' ').next().unwrap().to_owned(),
                Ok(line) => said.push(line),
                Err(error) => panic!("the server does not start ({error}): {said:#?}"),
            }
        };
        let options = HttpOptions {
            timeout: Duration::from_secs(180),
            ..HttpOptions::default()
        };
        let http = http_client(&options).unwrap();
        Server {
            child,
            url,
            http,
            words,
        }
    }
}

/// A running service. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    words: mpsc::Receiver<String>,
}

impl Server {
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.http.get(self.at(path))).await
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> (StatusCode, Value) {
        let request = self.http.post(self.at(path)).header("content-type", content_type);
        read(request.body(body.into())).await
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// How many entries the log has.
    pub(crate) async fn size(&self) -> u64 {
        let checkpoint = self
            .http
            .get(self.at("/checkpoint"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        checkpoint.lines().nth(1).unwrap().parse().unwrap()
    }

    /// The answer to a question, once the tables have all of the log.
    pub(crate) async fn found(&self, query: &str) -> Value {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let (status, hits) = self.get(&format!("/v1/events?{query}")).await;
            assert_eq!(status, StatusCode::OK, "{hits}");
            if hits["indexed_size"] == hits["size"] {
                return hits;
            }
            assert!(Instant::now() < until, "the tables lag: {hits}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// `kill -9`, and what it had said.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.words.iter().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn read(request: RequestBuilder) -> (StatusCode, Value) {
    let response: Response = request.send().await.unwrap();
    let status = response.status();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    let expected = match status {
        StatusCode::OK => "application/json",
        _ => "application/problem+json",
    };
    assert_eq!(content_type, expected, "{status}: {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    if status != StatusCode::OK {
        assert_eq!(body["status"], status.as_u16(), "{body}");
    }
    (status, body)
}
