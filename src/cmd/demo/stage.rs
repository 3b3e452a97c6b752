//! Where the demo plays: a folder, the log that is served from it, and the commands that are run in it.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use indelible_client::{HttpOptions, http_client};
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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

/// What a command answered.
#[derive(Debug)]
pub(super) struct Answer {
    typed: String,
    code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Answer {
    /// The answer, if the command ended with this exit status and said all of these words; else the demo is over.
    pub(super) fn told(self, code: i32, words: &[&str]) -> Result<Answer, Failure> {
        let said = format!("{}{}", self.stdout, self.stderr);
        if self.code != Some(code) {
            return Err(self.unlike(format_args!("exit status {code}"), &said));
        }
        match words.iter().find(|words| !said.contains(**words)) {
            Some(words) => Err(self.unlike(format_args!("{words:?}"), &said)),
            None => Ok(self),
        }
    }

    fn unlike(&self, due: impl Display, said: &str) -> Failure {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!(
            "{} should have come to {due}; its exit status is {code}, and it says:\n{said}",
            self.typed
        )
        .into()
    }
}

/// A command line that a shell would read so.
fn typed(args: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=".contains(c);
    let quoted = args.iter().map(|arg| match arg.chars().all(plain) {
        true => format!(" {arg}"),
        false => format!(" '{arg}'"),
    });
    format!("indelible{}", quoted.collect::<String>())
}

/// Shows text under the command that said it, in lines that fit on a screen.
pub(super) fn show(text: &str) -> Result<(), Failure> {
    for row in text.trim_end().lines().flat_map(|row| folded(row, COLUMNS)) {
        line(format!("  {row}").trim_end())?;
    }
    Ok(())
}

/// A line in pieces of at most `width` characters, broken between words; a word that is longer is cut.
fn folded(row: &str, width: usize) -> Vec<String> {
    if row.chars().count() <= width {
        return vec![row.to_owned()];
    }
    let indent = row.len() - row.trim_start().len();
    let mut pieces = vec![" ".repeat(indent)];
    for word in row[indent..].split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        let piece = pieces.last_mut().expect("there is one from the beginning");
        let before = piece.chars().count();
        let room = width - before.min(width);
        if length <= room {
            piece.push_str(word);
        } else if length > width - indent - HANGING {
            piece.extend(word.chars().take(room.saturating_sub(1)));
            piece.push('…');
        } else {
            pieces.push(format!("{}{word}", " ".repeat(indent + HANGING)));
        }
    }
    pieces
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

/// In the place of what a command prints and the demo does not.
pub(super) const OMITTED: &str = "⋮";
/// What most screens have, without the margin.
const COLUMNS: usize = 116;
/// How far the rest of a line stands in.
const HANGING: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_words_and_long_words_are_cut() {
        let cases = [
            ("short enough", &["short enough"][..]),
            (
                "  some words that do not fit",
                &["  some words that ", "      do not fit"],
            ),
            ("  word aaaaaaaaaaaaaaaaaaaaaaaa", &["  word aaaaaaaaaaaa…"]),
        ];
        for (row, pieces) in cases {
            assert_eq!(folded(row, 20), pieces, "{row:?}");
        }
    }

    #[test]
    fn another_exit_status_or_other_words_end_the_demo() {
        let answer = |code| Answer {
            typed: "indelible verify forged".to_owned(),
            code,
            stdout: "what was found".to_owned(),
            stderr: "does not hold".to_owned(),
        };
        answer(Some(1)).told(1, &["does not hold", "found"]).unwrap();
        for (code, words) in [
            (Some(0), "found"),
            (None, "found"),
            (Some(2), "found"),
            (Some(1), "holds: 4 events"),
        ] {
            let over = answer(code).told(1, &["does not hold", words]).unwrap_err().to_string();
            assert!(over.contains("indelible verify forged should have come to"), "{over}");
        }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        assert_eq!(
            typed(&["erase", "--basis", "GDPR Art. 17"]),
            "indelible erase --basis 'GDPR Art. 17'"
        );
        assert_eq!(
            typed(&["events", "--members", "action,raw"]),
            "indelible events --members action,raw"
        );
    }
}
