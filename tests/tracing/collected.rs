//! Spans, as a collector that we did not write gets them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Bed, Server};
use crate::venv::virtual_environment;

/// The collector. Dropped, it is killed.
struct Collector {
    _folder: TempDir,
    child: Child,
    url: String,
    lines: Receiver<String>,
}

impl Collector {
    /// `None`, and a word about it, if this machine cannot install what it needs.
    fn start() -> Option<Collector> {
        let folder = tempfile::tempdir().unwrap();
        let python = virtual_environment(&folder.path().join("venv"), &["opentelemetry-proto"]);
        if python.is_none() {
            let needs = "python3 with venv, and opentelemetry-proto from its package index";
            assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {needs}");
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracing/collector.py");
        let mut child = Command::new(python?)
            .arg(script)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let port = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        Some(Collector {
            _folder: folder,
            child,
            url: format!("http://127.0.0.1:{port}"),
            lines,
        })
    }

    /// The next span with this name.
    fn span(&self, name: &str) -> Value {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let line = self.lines.recv_timeout(until - Instant::now()).expect("a span arrives");
            let span: Value = serde_json::from_str(&line).unwrap();
            if span["name"] == name {
                return span;
            }
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(bed: &Bed, endpoint: &str) -> Server {
    std::fs::write(
        bed.path("log/indelible.toml"),
        format!("otlp_endpoint = \"{endpoint}\"\n"),
    )
    .unwrap();
    bed.serve()
}

async fn figure(server: &Server, name: &str) -> f64 {
    let text = server
        .http
        .get(server.at("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_collector_gets_a_span_of_each_request_in_the_trace_of_its_caller() {
    let Some(collector) = Collector::start() else { return };
    let bed = Bed::with_log();
    let server = serve(&bed, &collector.url);
    let traced = server
        .http
        .get(server.at("/v1/events/0?token=hunter2"))
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .send()
        .await
        .unwrap();
    assert_eq!(traced.status(), 400);
    let id = traced.headers()["x-request-id"].to_str().unwrap().to_owned();
    let span = collector.span("GET /v1/events/{index}");
    assert_eq!(span["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parent"], "00f067aa0ba902b7");
    assert_eq!(span["span"], id);
    assert_eq!(
        (&span["kind"], &span["status"]),
        (&Value::from(2), &Value::from(0)),
        "{span}"
    );
    assert_eq!(span["attributes"]["http.response.status_code"], 400);
    assert_eq!(span["attributes"]["http.route"], "/v1/events/{index}");
    assert_eq!(span["resource"]["service.name"], "indelible");
    assert_eq!(span["resource"]["service.instance.id"], "test.example/events");
    assert!(span["nanos"].as_i64().unwrap() > 0);
    assert!(!span.to_string().contains("hunter2"));

    // Without a caller's trace one begins; what the caller does not record is not recorded.
    for (traceparent, path) in [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "/healthz"),
        ("not a trace", "/keys"),
    ] {
        let request = server.http.get(server.at(path)).header("traceparent", traceparent);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let span = collector.span("GET /keys");
    assert_eq!(span["parent"], "");
    assert_eq!(span["trace"].as_str().unwrap().len(), 32);
    assert_ne!(span["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");

    // gRPC: the code is told, and a stream becomes a span when it ends.
    let channel = tonic::transport::Channel::from_shared(server.url.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let ask = |service: &str| tonic_health::pb::HealthCheckRequest {
        service: service.to_owned(),
    };
    health.check(ask("nobody")).await.unwrap_err();
    let span = collector.span("POST /grpc.health.v1.Health/Check");
    assert_eq!(span["attributes"]["rpc.grpc.status_code"], 5);
    drop(health.watch(ask("")).await.unwrap());
    let span = collector.span("POST /grpc.health.v1.Health/Watch");
    assert_eq!(span["attributes"]["rpc.grpc.status_code"], 1);
    assert!(figure(&server, "indelible_spans_total{result=\"sent\"}").await >= 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_broken_or_away_delays_nobody_and_its_spans_are_counted() {
    let Some(collector) = Collector::start() else { return };
    // Takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for endpoint in [
        format!("{}/broken", collector.url),
        "http://127.0.0.1:1".to_owned(),
        silent,
    ] {
        let bed = Bed::with_log();
        let server = serve(&bed, &endpoint);
        let mut longest = Duration::ZERO;
        for _ in 0..50 {
            let began = Instant::now();
            assert_eq!(
                server.http.get(server.at("/checkpoint")).send().await.unwrap().status(),
                200
            );
            longest = longest.max(began.elapsed());
        }
        assert!(longest < Duration::from_secs(3), "{endpoint}: {longest:?}");
        let until = Instant::now() + Duration::from_secs(30);
        while figure(&server, "indelible_spans_total{result=\"failed\"}").await < 50.0 {
            assert!(Instant::now() < until, "{endpoint}: they are not counted");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_in_the_queue_is_dropped_and_counted() {
    // Nobody takes anything: the first batch is under way until its time is over, and 8,192 wait.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bed = Bed::with_log();
    let server = serve(&bed, &format!("http://{}", silent.local_addr().unwrap()));
    let until = Instant::now() + Duration::from_secs(180);
    while figure(&server, "indelible_spans_total{result=\"dropped\"}").await == 0.0 {
        let many = (0..500).map(async |_| server.http.get(server.at("/keys")).send().await.unwrap().status());
        let answers = futures_util::future::join_all(many).await;
        assert!(answers.iter().all(|status| *status == 200));
        assert!(Instant::now() < until, "nothing is dropped");
    }
}
