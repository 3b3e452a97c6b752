//! Where everything is measured: a folder on the disk in question, and this program's own executable.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use indelible_access::token;
use indelible_log::Kind;
use indelible_note::VerifierKey;
use indelible_sources::Secret;
use tempfile::TempDir;

use super::server::{Server, ServerError};
use crate::cmd::Failure;
use crate::data::{DataDir, write_secret};

/// A folder that is removed at the end.
#[derive(Debug)]
pub(super) struct Place {
    folder: TempDir,
    program: PathBuf,
    logs: AtomicU32,
}

/// A log that was made for the benchmark, at rest.
#[derive(Clone, Debug)]
pub(super) struct LogDir {
    pub(super) data: DataDir,
    pub(super) key: VerifierKey,
    /// The token that it was made with.
    pub(super) token: String,
}

impl Place {
    /// A folder in `parent`.
    pub(super) fn within(parent: &Path) -> io::Result<Place> {
        Ok(Place {
            folder: tempfile::Builder::new()
                .prefix(".indelible-bench-")
                .tempdir_in(parent)?,
            program: std::env::current_exe()?,
            logs: AtomicU32::new(0),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a log of this kind.
    pub(super) fn new_log(&self, kind: Kind) -> Result<LogDir, Failure> {
        let number = self.logs.fetch_add(1, Ordering::Relaxed);
        let data = self.folder().join(format!("log-{number}"));
        let mut init = self.command("init");
        init.args(["--kind", &kind.to_string(), "--origin", ORIGIN, "--data"])
            .arg(&data);
        let made = run(init)?;
        let key = String::from_utf8(made.stdout)?.trim().parse()?;
        let said = String::from_utf8(made.stderr)?;
        let token = said.lines().find(|line| line.starts_with(token::PREFIX));
        let token = token.ok_or("init does not say a token")?.to_owned();
        Ok(LogDir {
            data: DataDir::at(data),
            key,
            token,
        })
    }

    /// Adds a webhook of GitHub to a log of events, which may speak of this account.
    pub(super) fn add_github(&self, log: &LogDir, name: &str, account: &str, secret: &Secret) -> Result<(), Failure> {
        let file = self.folder().join("webhook.secret");
        write_secret(&file, secret.expose().as_bytes())?;
        let mut add = self.command("source");
        add.args(["add", "github", name, "--allow", account, "--secret-file"]);
        add.arg(&file).arg("--data").arg(log.data.path());
        run(add)?;
        std::fs::remove_file(file)?;
        Ok(())
    }

    /// Serves a log with the product's defaults, on a free port of this machine.
    pub(super) fn serve(&self, log: &LogDir) -> Result<Server, ServerError> {
        let mut serve = self.command("serve");
        serve
            .args(["--open", "--listen", "127.0.0.1:0", "--data"])
            .arg(log.data.path());
        Server::start(serve)
    }

    /// The same with rules.
    pub(super) fn serve_with_rules(&self, log: &LogDir) -> Result<Server, ServerError> {
        let mut serve = self.command("serve");
        serve.args(["--listen", "127.0.0.1:0", "--data"]).arg(log.data.path());
        Server::start(serve)
    }

    /// Serves nothing: the same server over empty handlers, whose replies are as long as those of a log of `size` entries.
    pub(super) fn serve_nothing(&self, size: u64) -> Result<Server, ServerError> {
        let mut serve = self.command("bench");
        serve.args(["--empty-handlers", &size.to_string()]);
        Server::start(serve)
    }

    /// Runs a command of this program on a log at rest, to its end. Blocks.
    pub(super) fn at_rest(&self, command: &str, log: &LogDir) -> Result<(), Failure> {
        let mut at_rest = self.command(command);
        at_rest.arg("--data").arg(log.data.path());
        run(at_rest)?;
        Ok(())
    }

    /// A stranger's audit of a log that is served.
    pub(super) fn audit(&self, url: &str, key: &str) -> Command {
        let mut audit = self.command("audit");
        audit.args([url, "--vkey", key]);
        audit
    }

    /// Without the caller's environment, which may configure the service away from its defaults.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(name).env_clear().env("NO_COLOR", "1");
        command
    }
}

impl LogDir {
    /// Removes the log, to make room for the next one.
    pub(super) fn remove(self) -> io::Result<()> {
        std::fs::remove_dir_all(self.data.path())
    }
}

fn run(mut command: Command) -> Result<Output, Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(output),
        false => {
            let words = String::from_utf8_lossy(&output.stderr);
            Err(format!("{command:?} ended with {}:\n{words}", output.status).into())
        }
    }
}

/// The name of every log that is made here; the replies of the empty handlers carry it too, so that they have the same length.
pub(super) const ORIGIN: &str = "bench.example/log";
