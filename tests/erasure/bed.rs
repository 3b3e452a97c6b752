//! A log of events in a temporary directory, opened in this process or served by the real binary.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use indelible::data::{DataDir, NewLog, OpenError, OpenLog, configure, init, open};
use indelible::trail::{Body, Found, Needle, Original, Plan, Submission, Trail, Wanted};
use indelible_client::{Client, HttpOptions, MemoryHeads, NewEvent, Options, http_client};
use indelible_event::MemberState;
use indelible_event::member::{Member, Submitter};
use indelible_note::VerifierKey;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::person::{event, theirs};

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
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Running, OpenError> {
        let data = self.data();
        let config = configure(&data, &BTreeMap::new(), &[])?;
        Ok(Running {
            open: open(&data, config)?,
            followers: JoinSet::new(),
        })
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

    pub(crate) fn vkey(&self) -> VerifierKey {
        let text = std::fs::read_to_string(self.data().log_vkey()).unwrap();
        text.trim().parse().unwrap()
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

    /// Writes the log's configuration.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::write(self.data().config(), text).unwrap();
    }

    /// Copies the files of one folder into another, over what is there, as `cp` does: what is there keeps its number.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        std::fs::create_dir_all(self.path(to)).unwrap();
        for file in std::fs::read_dir(self.path(from)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), self.path(to).join(file.file_name())).unwrap();
        }
    }
}

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) async fn client(&self, vkey: VerifierKey) -> Client {
        let connected = Client::connect(&self.url, vkey, MemoryHeads::new(), Options::default());
        connected.await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let http = http_client(&HttpOptions::default()).unwrap();
        let answer = http.get(format!("{}{path}", self.url)).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Ends it in an orderly way.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

/// `kill -9`
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
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

    /// The events of a range of numbers, as the service would take them, and no quicker way.
    pub(crate) async fn submit(&self, numbers: Range<u64>, person: &str) {
        let events: Vec<Submission> = numbers.map(|number| submission(event(number, person))).collect();
        for some in events.chunks(2_000) {
            self.trail().submit(some.to_vec()).await.unwrap();
        }
    }

    /// Makes the journal longer by events of 100 kB that are nobody's.
    pub(crate) async fn fill(&self, bytes: usize) {
        for number in 0..bytes / 100_000 {
            let mut filling = event(0, "");
            filling.key = Some(format!("filling-{number}"));
            filling.raw.as_mut().unwrap().content = vec![b'.'; 100_000].into();
            self.trail().submit(vec![submission(filling)]).await.unwrap();
        }
    }

    pub(crate) async fn plan(&self, person: &str) -> Plan {
        let trail = self.trail().clone();
        let wanted = Wanted::Subject(Needle::new(person).unwrap());
        let plan = tokio::task::spawn_blocking(move || trail.plan_erasure(&wanted, &mut |_| {}));
        plan.await.unwrap().unwrap()
    }

    pub(crate) async fn carried_out(&self, tombstone: u64) {
        let carried_out = tokio::time::timeout(SOON * 10, self.trail().carried_out(tombstone));
        carried_out.await.unwrap().unwrap();
    }

    /// What the log is asked for is all there but what is of the person, of which nothing is. `numbers` are both of the events and in the log.
    pub(crate) async fn assert_never_given(&self, numbers: Range<u64>) {
        for index in numbers.filter(|index| index % 7 == 3 || index % 97 == 0) {
            let Found::Event { members, raw, .. } = self.trail().find(index).await.unwrap() else {
                panic!("{index} is no event");
            };
            let erased: Vec<Member> = Member::ALL
                .into_iter()
                .filter(|member| matches!(members[member.place()], MemberState::Erased { .. }))
                .collect();
            assert_eq!(erased, theirs(index), "{index}");
            assert_eq!(raw.is_none(), index % 7 == 3, "{index}");
            assert!(members[Member::Action.place()].disclosed().is_some(), "{index}");
        }
    }
}

pub(crate) fn submission(event: NewEvent) -> Submission {
    Submission {
        source: event.source,
        key: event.key,
        claims: event.claims,
        raw: event.raw.map(|raw| {
            Original::Bytes(Body {
                bytes: raw.content,
                content_type: raw.content_type,
            })
        }),
        submitter: Submitter {
            principal: "anonymous".to_owned(),
            method: "test".to_owned(),
            verified: None,
        },
    }
}

pub(crate) const SOON: Duration = Duration::from_secs(60);
