//! A log of events in a temporary directory, opened in this process or served by the real binary.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use indelible::data::{DataDir, NewLog, OpenLog, configure, init, open};
use indelible::trail::{Body, Submission, Trail};
use indelible_event::member::{Action, Actor, ActorType, Claims, Submitter, Verb};
use tempfile::TempDir;
use tokio::task::JoinSet;

pub(crate) struct Bed {
    folder: TempDir,
}

impl Bed {
    pub(crate) fn new() -> Bed {
        let bed = Bed {
            folder: tempfile::tempdir().unwrap(),
        };
        let new = NewLog {
            origin: "test.example/trail".parse().unwrap(),
            kind: indelible_log::Kind::Events,
            volume_entries: Default::default(),
            key_file: None,
            journal_seed: [3; 16],
            key_seed: [4; 32],
            first_token: None,
        };
        init(&bed.data(), &new).unwrap();
        bed
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(self.path("log"))
    }

    pub(crate) fn open(&self) -> Running {
        let data = self.data();
        let config = configure(&data, &BTreeMap::new(), &[]).unwrap();
        Running {
            open: open(&data, config).unwrap(),
            followers: JoinSet::new(),
        }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.folder.path());
        command.env("INDELIBLE_VKEY", "log/log.vkey");
        command
    }

    /// Exit status 0, or the words of the command.
    pub(crate) fn must(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn serve(&self) -> Server {
        let mut child = self
            .command(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains(" on http"));
        let url = line.expect("it serves").rsplit(' ').next().unwrap().to_owned();
        std::thread::spawn(move || lines.count());
        Server { child, url }
    }

    /// In which files of the data directory a text stands, or its base64 form in any of the three alignments.
    pub(crate) fn files_with(&self, text: &str) -> Vec<PathBuf> {
        self.files_in("log", text)
    }

    pub(crate) fn files_in(&self, folder: &str, text: &str) -> Vec<PathBuf> {
        let forms = forms(text);
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                // While the log runs, files go.
                let Ok(bytes) = std::fs::read(&path) else { continue };
                if forms.iter().any(|form| contains(&bytes, form)) {
                    found.push(path);
                }
            }
        }
        found
    }
}

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Running {
    pub(crate) open: OpenLog,
    followers: JoinSet<()>,
}

impl Running {
    pub(crate) fn trail(&self) -> &Trail {
        self.open.trail.as_ref().unwrap()
    }

    /// What the service runs beside.
    pub(crate) fn follow(&mut self) {
        let trail = self.trail().clone();
        self.followers.spawn(trail.follower().run());
        self.followers.spawn(trail.eraser().run());
    }

    pub(crate) async fn stop(self) {
        let log = self.open.log;
        tokio::task::spawn_blocking(move || log.shutdown())
            .await
            .unwrap()
            .unwrap();
        drop(self.open.trail);
        self.followers.join_all().await;
    }

    /// Every seventh event is of this person.
    pub(crate) async fn submit(&self, numbers: Range<u64>, person: &str) {
        let events: Vec<Submission> = numbers.map(|number| event(number, person)).collect();
        for some in events.chunks(500) {
            self.trail().submit(some.to_vec()).await.unwrap();
        }
    }
}

fn event(number: u64, person: &str) -> Submission {
    let who = match number % 7 {
        3 => person.to_owned(),
        _ => format!("somebody-{number}@example.com"),
    };
    let raw = format!("{{\"sender\":\"{}\",\"run\":{number}}}", who.replace('@', "\\u0040"));
    Submission {
        source: "test/source".to_owned(),
        key: Some(number.to_string()),
        claims: Claims {
            action: Some(Action {
                name: "deploy".to_owned(),
                verb: Verb::Execute,
                class: None,
            }),
            actor: Some(Actor {
                kind: ActorType::User,
                id: None,
                name: None,
                email: Some(who),
                groups: None,
                on_behalf_of: None,
                token_id: None,
                claims: None,
            }),
            ..Claims::default()
        },
        raw: Some(Body {
            bytes: Bytes::from(raw),
            content_type: "application/json".to_owned(),
        }),
        submitter: Submitter {
            principal: "anonymous".to_owned(),
            method: "test".to_owned(),
            verified: None,
        },
    }
}

/// The text; and its base64 without those characters that depend on what stands around it.
fn forms(text: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let mut forms = vec![text.as_bytes().to_vec(), text.replace('@', "\\u0040").into_bytes()];
    for engine in [
        &base64::engine::general_purpose::STANDARD_NO_PAD,
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
    ] {
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(text.as_bytes());
            let whole = bytes.len() / 3 * 3;
            let encoded = engine.encode(&bytes[..whole]);
            let skipped = if before == 0 { 0 } else { 4 };
            forms.push(encoded.as_bytes()[skipped..].to_vec());
        }
    }
    forms
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let Some(&first) = text.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        if rest[at..].starts_with(text) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

pub(crate) const SOON: Duration = Duration::from_secs(60);
