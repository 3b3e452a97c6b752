//! A scrape, as Prometheus' own client for Python reads it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Server;
use crate::venv::virtual_environment;

/// The parser.
pub(crate) struct Parser {
    _folder: TempDir,
    python: PathBuf,
}

/// Samples by name and labels.
#[derive(Debug)]
pub(crate) struct Scraped(Vec<(String, BTreeMap<String, String>, f64)>);

impl Parser {
    /// `None`, and a word about it, if this machine cannot install it.
    pub(crate) fn installed() -> Option<Parser> {
        let folder = tempfile::tempdir().unwrap();
        let python = virtual_environment(&folder.path().join("venv"), &["prometheus_client"]);
        if python.is_none() {
            let needs = "python3 with venv, and prometheus_client from its package index";
            assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {needs}");
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
        }
        Some(Parser {
            _folder: folder,
            python: python?,
        })
    }

    /// Asks the service, and lets the parser read what it says.
    pub(crate) async fn scrape(&self, server: &Server) -> Scraped {
        let answer = server.http.get(server.at("/metrics")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let content_type = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(
            content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        self.parse(&answer.text().await.unwrap())
    }

    fn parse(&self, text: &str) -> Scraped {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/parse.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}\n{text}",
            String::from_utf8_lossy(&output.stderr)
        );
        let samples = String::from_utf8(output.stdout).unwrap();
        let sample = |line: &str| -> (String, BTreeMap<String, String>, f64) { serde_json::from_str(line).unwrap() };
        Scraped(samples.lines().map(sample).collect())
    }
}

impl Scraped {
    /// The sum of the samples of this name that have these labels, whatever others they have.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |of: &BTreeMap<String, String>| {
            labels
                .iter()
                .all(|(label, value)| of.get(*label).is_some_and(|found| found == value))
        };
        let found = self.0.iter().filter(|(found, of, _)| found == name && has(of));
        found.map(|(_, _, value)| value).sum()
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _, _)| found == name)
    }

    /// All values of this label.
    pub(crate) fn values_of(&self, label: &str) -> Vec<&str> {
        let mut values: Vec<&str> = self
            .0
            .iter()
            .filter_map(|(_, of, _)| of.get(label).map(String::as_str))
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// The samples as they are, for a message.
impl std::fmt::Display for Scraped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|(name, labels, value)| writeln!(f, "{name} {} {value}", Value::from_iter(labels.clone())))
    }
}
