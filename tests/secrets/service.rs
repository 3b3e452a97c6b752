//! The real service, which says all that it can say.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// The secret of the webhook, which is the service's own.
pub(crate) const HOOK_SECRET: &str = "It's a Secret to Everybody";

pub(crate) struct Service {
    folder: TempDir,
    child: Child,
    pub(crate) url: String,
    said: Vec<JoinHandle<Vec<u8>>>,
}

impl Service {
    pub(crate) fn start() -> Service {
        let folder = tempfile::tempdir().unwrap();
        let command = |args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
            command.args(args).current_dir(folder.path()).stdin(Stdio::null());
            command.env_clear().env("HOME", folder.path());
            command
        };
        let must = |args: &[&str]| {
            let output = command(args).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        must(&["init", "--origin", "test.example/secrets", "--data", "log"]);
        let file = folder.path().join("hook-secret");
        fs::write(&file, HOOK_SECRET).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let add = [
            "source",
            "add",
            "github",
            "acme",
            "--data",
            "log",
            "--secret-file",
            "hook-secret",
        ];
        must(&[&add[..], &["--allow", "acme"]].concat());
        let mut child = command(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"])
            .env("INDELIBLE_LOG_FILTER", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, urls) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut stdout = child.stdout.take().unwrap();
        let said = vec![
            std::thread::spawn(move || {
                let mut said = Vec::new();
                for line in stderr.split(b'\n').map_while(Result::ok) {
                    let text = String::from_utf8_lossy(&line);
                    if text.contains(" on http") {
                        let _ = sender.send(text.rsplit(' ').next().unwrap().to_owned());
                    }
                    said.extend_from_slice(&line);
                    said.push(b'\n');
                }
                said
            }),
            std::thread::spawn(move || {
                let mut said = Vec::new();
                stdout.read_to_end(&mut said).unwrap();
                said
            }),
        ];
        let url = urls.recv_timeout(Duration::from_secs(60)).expect("it serves");
        Service {
            folder,
            child,
            url,
            said,
        }
    }

    /// What a command says of the service.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.folder.path());
        command.output().unwrap()
    }

    pub(crate) fn vkey(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("log/log.vkey")).unwrap();
        text.trim().to_owned()
    }

    /// Ends it in an orderly way: its files, and all that it has said.
    pub(crate) fn end(mut self) -> (TempDir, Vec<u8>) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let said = self.said.drain(..).flat_map(|said| said.join().unwrap()).collect();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (folder, said)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
