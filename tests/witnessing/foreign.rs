//! A witness that others wrote, aics-witness from PyPI: it cosigns the log as it grows, and refuses its fork.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use bytes::Bytes;
use indelible_note::Policy;

use crate::scene::eventually;
use crate::support::{Bed, Server, ended, skipped, stderr, stdout};
use crate::venv::virtual_environment;

/// An aics-witness with its state in the bed.
struct Foreign {
    program: PathBuf,
    config: PathBuf,
    port: u16,
    vkey: String,
}

impl Foreign {
    /// `None` if it cannot be installed here.
    fn install(bed: &Bed) -> Option<Foreign> {
        let python = virtual_environment(&bed.path("venv"), &["aics-witness"])?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut witness = Foreign {
            program: python.with_file_name("aics-witness"),
            config: bed.path("aics.json"),
            port,
            vkey: String::new(),
        };
        let listen = format!("127.0.0.1:{port}");
        let made = witness.run(&["init", "--name", "witness.example.org/w1", "--listen", &listen]);
        witness.vkey = words(&made)
            .find(|word| word.starts_with("witness.example.org/w1+"))
            .unwrap();
        let vkey = bed.vkey().to_string();
        witness.run(&["add-log", "--origin", "test.example/log", "--vkey", &vkey]);
        Some(witness)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env("AICS_WITNESS_CONFIG", &self.config);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}{}",
            stdout(&output),
            stderr(&output)
        );
        output
    }

    /// Serves until it is dropped.
    fn serve(&self) -> Running {
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Running(child)
    }

    fn policy(&self) -> String {
        format!("witness w1 {} http://127.0.0.1:{}\nquorum w1\n", self.vkey, self.port)
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn words(output: &Output) -> impl Iterator<Item = String> {
    let text = stdout(output) + &stderr(output);
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    words.into_iter()
}

fn serve(bed: &Bed, data: &str) -> Command {
    let mut command = bed.command(&["serve", "--open", "--data", data, "--listen", "127.0.0.1:0"]);
    command
        .env("INDELIBLE_WITNESS_POLICY", bed.path("witnesses.policy"))
        .env("INDELIBLE_WITNESS_INTERVAL_MS", "50")
        .env("INDELIBLE_WITNESS_PATIENCE_SECONDS", "2");
    command
}

async fn append(bed: &Bed, server: &Server, what: &str, count: u64) {
    let client = server.client(bed.vkey()).await;
    let entries: Vec<Bytes> = (0..count)
        .map(|number| Bytes::from(format!("{what} {number}")))
        .collect();
    for part in entries.chunks(10_000) {
        client.append_batch(part.to_vec()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_witness_cosigns_the_log_as_it_grows_and_refuses_its_fork() {
    let bed = Bed::with_log();
    let Some(witness) = Foreign::install(&bed) else {
        return skipped("python3 with venv, and aics-witness from its package index");
    };
    bed.write("witnesses.policy", witness.policy());
    let policy = Policy::parse(witness.policy().as_bytes()).unwrap();
    let running = witness.serve();
    // The witness may not listen yet: then health says so, until it has cosigned.
    let server = Server::start(serve(&bed, "log"));
    let mut size = 0;
    for grown in [0, 1, 2, 254, 255, 300, 9_188, 25_000, 35_000] {
        append(&bed, &server, "entry", grown).await;
        size += grown;
        eventually(&format!("a cosigned head of size {size}"), || {
            let head = indelible_note::open_checkpoint(&server.get("/checkpoint").1, &bed.vkey()).unwrap();
            let witnessed = policy.witnessed(head).ok()?;
            (witnessed.checkpoint().head().size == size).then_some(())
        })
        .await;
    }
    assert_eq!(size, 70_000);
    eventually("health", || (server.get("/healthz").1 == b"ok\n").then_some(())).await;
    server.stop();

    // A second log with the same key and other entries: shorter, as long, and longer than what the witness knows.
    let made = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "fork",
        "--key",
        "log/log.key",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    for (more, words) in [
        (
            10,
            "has cosigned a tree of 70000 entries, but the log in the directory has 10",
        ),
        (69_990, "another history of this log"),
        (10, "another history of this log"),
    ] {
        let server = Server::start(bed.command(&["serve", "--open", "--data", "fork", "--listen", "127.0.0.1:0"]));
        append(&bed, &server, "forked", more).await;
        server.stop();
        let refused = ended(serve(&bed, "fork"));
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
    }

    // While it runs: the witness was away at the start, and knows more than the log ever published.
    let made = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "short",
        "--key",
        "log/log.key",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    drop(running);
    let server = Server::start(serve(&bed, "short"));
    append(&bed, &server, "short", 10).await;
    let _running = witness.serve();
    let (status, words) = server.wait();
    assert_eq!(status.code(), Some(1), "{words:#?}");
    assert!(
        words
            .iter()
            .any(|line| line.contains("has cosigned a tree of 70000 entries")),
        "{words:#?}"
    );
    let evidence = witness.run(&["evidence"]);
    assert!(!stdout(&evidence).trim().is_empty(), "it kept what convicts the key");
}
