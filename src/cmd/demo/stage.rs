//! Where the demo plays: a folder, the log that is served from it, and the commands that are run in it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use indelible_client::{HttpOptions, http_client};
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::answer::{Answer, typed};
use crate::cmd::Failure;
use crate::cmd::out::line;
use crate::config::Config;
use crate::data::DataDir;
use crate::serve::{ServeError, Service};

/// The folder, and what runs in it.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    program: PathBuf,
    served: Option<Served>,
    /// Asks the log what no command asks.
    pub(super) http: reqwest::Client,
}

impl Stage {
    /// In this folder, with nothing in it yet.
    pub(super) fn set(folder: &Path) -> Result<Stage, Failure> {
        Ok(Stage {
            folder: folder.to_owned(),
            program: std::env::current_exe()?,
            served: None,
            http: http_client(&HttpOptions::default())?,
        })
    }

    /// A file of the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The log's directory: where commands look for it that are told nothing else.
    pub(super) fn data(&self) -> DataDir {
        DataDir::at(self.path("indelible-data"))
    }

    /// Serves the log, and says where.
    pub(super) async fn open(&mut self) -> Result<(), Failure> {
        line("  $ indelible serve")?;
        self.open_again().await?;
        line(format_args!("  serving on {}", self.url()?))?;
        Ok(())
    }

    /// Serves it without a word.
    pub(super) async fn open_again(&mut self) -> Result<(), Failure> {
        self.served = Some(Served::start(self.data()).await?);
        Ok(())
    }

    /// Ends it in order.
    pub(super) async fn close(&mut self) -> Result<(), Failure> {
        match self.served.take() {
            Some(served) => served.stop().await,
            None => Ok(()),
        }
    }

    /// Where the log is served.
    pub(super) fn url(&self) -> Result<&str, Failure> {
        let served = self.served.as_ref().ok_or("the log is not served now")?;
        Ok(&served.url)
    }

    /// Runs a command as somebody would type it, and shows that.
    pub(super) async fn run(&self, args: &[&str]) -> Result<Answer, Failure> {
        line(format_args!("  $ {}", typed(args)))?;
        self.ask(args).await
    }

    /// Runs a command without showing it.
    pub(super) async fn ask(&self, args: &[&str]) -> Result<Answer, Failure> {
        let mut command = Command::new(&self.program);
        // Of the caller's environment nothing that the commands would heed: what is shown is all there is.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INDELIBLE_") {
                command.env_remove(name);
            }
        }
        // What they remember goes with the folder.
        command.env("XDG_STATE_HOME", self.path("state"));
        if let Some(served) = &self.served {
            command.env("INDELIBLE_URL", &served.url);
        }
        let command = command.args(args).current_dir(&self.folder).stdin(Stdio::null());
        let output = command.kill_on_drop(true).output().await?;
        Ok(Answer {
            typed: typed(args),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A log that is served in this process.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) url: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    /// Serves the log on a free port of the loopback interface.
    pub(super) async fn start(data: DataDir) -> Result<Served, ServeError> {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            open: true,
            ..Config::default()
        };
        let service = Service::start(data, config).await?;
        let url = service.url();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(service.run(async {
            // Either way it is time to stop.
            let _ = stopped.await;
        }));
        Ok(Served { url, stop, running })
    }

    /// Ends it in order.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        Ok(self.running.await??)
    }
}
