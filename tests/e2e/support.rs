//! Starts, stops and kills the real binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use indelible_client::{Client, MemoryHeads, Options};
use indelible_note::VerifierKey;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::stubs::transparency_log_client::TransparencyLogClient;

/// A place for one test: a temporary directory, with the log in `log`.
pub(crate) struct Bed {
    folder: TempDir,
}

impl Bed {
    pub(crate) fn new() -> Bed {
        Bed {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A bed with a fresh log in it.
    pub(crate) fn with_log() -> Bed {
        Bed::with_log_of("opaque")
    }

    /// The same of a kind: `opaque`, or `events`.
    pub(crate) fn with_log_of(kind: &str) -> Bed {
        let bed = Bed::new();
        let made = bed.run(&["init", "--kind", kind, "--origin", "test.example/log", "--data", "log"]);
        assert!(made.status.success(), "{made:?}");
        bed
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path("log")
    }

    pub(crate) fn vkey(&self) -> VerifierKey {
        std::fs::read_to_string(self.log().join("log.vkey"))
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    /// What was done to the log by those who run it, but for the token that it was made with.
    pub(crate) fn acts(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.log().join("admin.jsonl")).unwrap();
        let acts = text.lines().map(|line| serde_json::from_str(line).unwrap());
        acts.filter(|act: &serde_json::Value| act["act"] != "indelible.token.created")
            .collect()
    }

    /// The command, to be run in the bed, whose user has no state and no configuration of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.folder.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        ended(self.command(args))
    }

    pub(crate) fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Output {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Serves the log of the bed on a free port.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.serve_command())
    }

    pub(crate) fn serve_command(&self) -> Command {
        self.command(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"])
    }
}

/// Runs a command that must end by itself, so that a `serve` which should have refused is a failure and not a test without end.
pub(crate) fn ended(mut command: Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let (done, waiting) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let timed_out = waiting.recv_timeout(Duration::from_secs(120)) == Err(mpsc::RecvTimeoutError::Timeout);
        if timed_out {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        timed_out
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    assert!(!watch.join().unwrap(), "{command:?} did not end: {}", stderr(&output));
    output
}

/// A running `indelible serve`. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    words: Mutex<mpsc::Receiver<String>>,
}

impl Server {
    pub(crate) fn start(command: Command) -> Server {
        Server::try_start(command)
            .unwrap_or_else(|(ended, said)| panic!("the server did not start ({ended}): {said:#?}"))
    }

    /// How it ended and what it said, if it did so instead of serving.
    pub(crate) fn try_start(mut command: Command) -> Result<Server, (ExitStatus, Vec<String>)> {
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
            match words.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if line.contains(" on http") => break line.rsplit(' ').next().unwrap().to_owned(),
                Ok(line) => said.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err((child.wait().unwrap(), said)),
                Err(error) => panic!("the server does not start ({error}): {said:#?}"),
            }
        };
        let words = Mutex::new(words);
        Ok(Server { child, url, words })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// SIGTERM, and what it then said and how it ended.
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>) {
        self.terminate();
        self.wait()
    }

    /// Waits for its end; how it ended, and what it had said since it served.
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.child.wait().unwrap();
        let words = self.words.lock().unwrap();
        (status, words.iter().collect())
    }

    pub(crate) async fn client(&self, vkey: VerifierKey) -> Client {
        Client::connect(&self.url, vkey, MemoryHeads::new(), Options::default())
            .await
            .unwrap()
    }

    /// A client that checks nothing, made from proto/ as a stranger would.
    pub(crate) async fn stub(&self) -> TransparencyLogClient<Channel> {
        TransparencyLogClient::new(self.channel().await).max_decoding_message_size(64 << 20)
    }

    pub(crate) async fn channel(&self) -> Channel {
        Channel::from_shared(self.url.clone()).unwrap().connect().await.unwrap()
    }

    /// `GET path` by HTTP/1.1, as written by hand: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        get(self.port(), path)
    }
}

/// What the server at this port of this machine says to `GET path`: status and body.
pub(crate) fn get(port: u16, path: &str) -> (u16, Vec<u8>) {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..split]).into_owned();
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        answer[split + 4..].to_vec(),
    )
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Says that a test could not run here, past the harness, which hides what a passing test prints; where everything is expected
/// to be there, that is a failure.
pub(crate) fn skipped(needs: &str) {
    assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {needs}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
}

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}
