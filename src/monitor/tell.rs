//! Tells people of a finding: runs a command, posts it to a URL. Each has its time, and neither is believed to have worked before
//! it says so.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use indelible_client::{HttpError, HttpOptions, http_client};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::state::Teller;

/// Who is told.
#[derive(Clone, Debug, Default)]
pub struct Tellers {
    exec: Option<String>,
    /// Not shown: such a URL is often all that is needed to write into somebody's channel.
    notify: Option<(Url, reqwest::Client)>,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub enum TellersError {
    /// The URL is none.
    #[error("--notify: this is no URL that begins with http:// or https://")]
    Url,
    /// HTTP cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl Tellers {
    /// Nobody, or a command for the shell, or a URL, or both.
    ///
    /// # Errors
    /// If the URL is none.
    pub fn new(exec: Option<String>, notify: Option<&str>, http: &HttpOptions) -> Result<Tellers, TellersError> {
        let notify = notify.map(|url| {
            let url: Url = url.parse().map_err(|_| TellersError::Url)?;
            if !["http", "https"].contains(&url.scheme()) {
                return Err(TellersError::Url);
            }
            let options = HttpOptions {
                timeout: NOTIFY_TIME,
                ..http.clone()
            };
            Ok((url, http_client(&options)?))
        });
        Ok(Tellers {
            exec,
            notify: notify.transpose()?,
        })
    }

    /// In which ways each finding is told.
    pub fn ways(&self) -> impl Iterator<Item = Teller> {
        let exec = self.exec.as_ref().map(|_| Teller::Exec);
        let notify = self.notify.as_ref().map(|_| Teller::Notify);
        exec.into_iter().chain(notify)
    }

    /// Tells of the finding in this file, in one way. What is no longer configured is done.
    ///
    /// # Errors
    /// Why it is not known to have been told, without anything that is secret.
    pub async fn tell(&self, file: &Path, by: Teller, origin: &str) -> Result<(), String> {
        match (by, &self.exec, &self.notify) {
            (Teller::Exec, Some(command), _) => run(command, file, origin, EXEC_TIME).await,
            (Teller::Notify, _, Some((url, client))) => post(client, url, file).await,
            (Teller::Exec, None, _) | (Teller::Notify, _, None) => Ok(()),
        }
    }
}

/// Runs the command with the file as its last argument. What it prints goes to stderr.
async fn run(command: &str, file: &Path, origin: &str, time: Duration) -> Result<(), String> {
    let failed = |error: io::Error| format!("--exec: {error}");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{command} \"$@\"")).arg("sh").arg(file);
    // What shows the log who asks is not for it.
    shell.env_remove("INDELIBLE_TOKEN");
    shell.env("INDELIBLE_FINDING", file).env("INDELIBLE_LOG_ORIGIN", origin);
    // A group of its own, so that what the shell has started ends with it.
    shell
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = shell.spawn().map_err(failed)?;
    match tokio::time::timeout(time, child.wait()).await {
        Ok(status) => match status.map_err(failed)? {
            status if status.success() => Ok(()),
            status => Err(format!("--exec: {status}")),
        },
        Err(_) => {
            kill(&mut child).await.map_err(failed)?;
            Err(format!(
                "--exec: it did not end within {} s and was killed",
                time.as_secs()
            ))
        }
    }
}

async fn kill(child: &mut Child) -> io::Result<()> {
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(group) = group {
        kill_process_group(group, Signal::KILL)?;
    }
    child.wait().await.map(drop)
}

async fn post(client: &reqwest::Client, url: &Url, file: &Path) -> Result<(), String> {
    let line = tokio::fs::read(file).await;
    let line = line.map_err(|error| format!("--notify: {}: {error}", file.display()))?;
    let mut reason = String::new();
    for pause in NOTIFY_PAUSES {
        tokio::time::sleep(pause).await;
        let request = client.post(url.clone()).header(CONTENT_TYPE, "application/json");
        match request.body(line.clone()).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => reason = format!("--notify: the server answered {}", answer.status()),
            Err(error) => reason = format!("--notify: {}", error.without_url()),
        }
    }
    Err(reason)
}

/// Enough to send a mail; the log is not looked at meanwhile.
const EXEC_TIME: Duration = Duration::from_secs(60);
const NOTIFY_TIME: Duration = Duration::from_secs(10);
/// Three tries, 35 s if nobody answers.
const NOTIFY_PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4)];

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_command_gets_the_file_and_one_that_does_not_end_is_killed_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a 'finding'.json");
        std::fs::write(&file, "a finding").unwrap();
        let out = folder.path().join("out");
        let command = format!("cp -t {} --", folder.path().join("copies").display());
        std::fs::create_dir(folder.path().join("copies")).unwrap();
        run(&command, &file, "log", EXEC_TIME).await.unwrap();
        assert!(folder.path().join("copies/a 'finding'.json").exists());

        // The child writes its id, so that it can be looked for.
        let command = format!("(sleep 1000 & echo $! > {}; wait); true", out.display());
        let begin = Instant::now();
        let error = run(&command, &file, "log", Duration::from_secs(2)).await.unwrap_err();
        assert!(
            error.contains("was killed") && begin.elapsed() < Duration::from_secs(60),
            "{error}"
        );
        let child = std::fs::read_to_string(&out).unwrap();
        let status = format!("/proc/{}/status", child.trim());
        let is_gone = || std::fs::read_to_string(&status).map_or(true, |status| status.contains("State:\tZ"));
        while !is_gone() {
            assert!(begin.elapsed() < Duration::from_secs(60), "the child lives");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }

        let error = run("exit 3;", &file, "log", EXEC_TIME).await.unwrap_err();
        assert_eq!(error, "--exec: exit status: 3");
    }
}
