//! A server under load: a process of its own, started from this program's executable.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::memory::{self, Memory};
use super::processor;

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    url: String,
    /// Entries that its start had to replay, if it said so.
    replayed: Option<u64>,
}

/// Why a server does not run, or how it ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("the server did not start:\n{0}")]
    Start(String),
    #[error("the server ended with {0}")]
    Ended(ExitStatus),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Server {
    /// Runs the command until it says where it listens.
    pub(super) fn start(mut command: Command) -> Result<Server, ServerError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().expect("it was asked for");
        let (sender, words) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if [" WARN ", "ERROR ", "error: "].iter().any(|level| line.contains(level)) {
                    eprintln!("  server: {line}");
                }
                // Once the server runs nobody listens; the pipe is emptied all the same, or the server would wait.
                let _ = sender.send(line);
            }
        });
        let mut server = Server {
            child,
            url: String::new(),
            replayed: None,
        };
        let mut said = String::new();
        while let Ok(line) = words.recv_timeout(START_MAX) {
            if let Some((_, count)) = line.split_once("replayed=") {
                server.replayed = count.trim().parse().ok();
            }
            if let Some((_, url)) = line.split_once(LISTENING) {
                server.url = format!("http{url}");
                return Ok(server);
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(ServerError::Start(said))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn replayed(&self) -> Option<u64> {
        self.replayed
    }

    pub(super) fn memory(&self) -> io::Result<Memory> {
        memory::of(self.child.id())
    }

    /// Hundredths of a second of the processor that it has used.
    pub(super) fn processor_ticks(&self) -> io::Result<u64> {
        processor::ticks_of(self.child.id())
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) -> Result<(), ServerError> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM: it ends in order, with everything sealed. Blocks until it has.
    pub(super) fn stop(mut self) -> Result<(), ServerError> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).map_err(io::Error::from)?;
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(()),
            false => Err(ServerError::Ended(status)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, and if it cannot be killed nobody can help that here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands before the rest of the URL in the line that says where a server listens.
const LISTENING: &str = " on http";

/// The longest start: a replay of the whole backlog on a slow disk.
const START_MAX: Duration = Duration::from_secs(120);
