//! Runs monitors and reads what they leave.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use indelible_note::{Finding, FindingKind, SigningKey, Unconfirmed, Verdict};

use crate::support::{Bed, ended, stderr};

/// Monitors of one log, with one state.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) bed: Arc<Bed>,
    place: String,
    options: Vec<String>,
}

impl Watch {
    pub(crate) fn of(place: &str, key: &SigningKey, options: &[&str]) -> Watch {
        Watch::with(place, &["--vkey", &key.verifier().to_string()], options)
    }

    pub(crate) fn with(place: &str, trust: &[&str], options: &[&str]) -> Watch {
        let options = trust.iter().chain(options).chain(&["--state", "state"]);
        Watch {
            bed: Arc::new(Bed::new()),
            place: place.to_owned(),
            options: options.map(|&option| option.to_owned()).collect(),
        }
    }

    /// The same, with more options.
    pub(crate) fn also(&self, options: &[&str]) -> Watch {
        let mut more = self.clone();
        more.options.extend(options.iter().map(|&option| option.to_owned()));
        more
    }

    /// The same, without an option that takes no value.
    pub(crate) fn without(&self, option: &str) -> Watch {
        let mut less = self.clone();
        less.options.retain(|known| known != option);
        less
    }

    /// The same, with another value for an option.
    pub(crate) fn instead(&self, option: &str, value: &str) -> Watch {
        let mut other = self.clone();
        let at = other.options.iter().position(|known| known == option).unwrap();
        value.clone_into(&mut other.options[at + 1]);
        other
    }

    /// The same, by another key.
    pub(crate) fn trusting(&self, key: &SigningKey) -> Watch {
        self.instead("--vkey", &key.verifier().to_string())
    }

    fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let ours = ["monitor", &self.place].into_iter();
        ours.chain(self.options.iter().map(String::as_str))
            .chain(more.iter().copied())
            .collect()
    }

    /// One look, and how it ended.
    pub(crate) fn once(&self) -> Output {
        ended(self.bed.command(&self.args(&["--once"])))
    }

    /// The same by a monitor with a token for the log.
    pub(crate) fn once_with_token(&self) -> Output {
        let mut command = self.bed.command(&self.args(&["--once"]));
        command.env("INDELIBLE_TOKEN", "for-the-log-alone");
        ended(command)
    }

    /// One look that must end with this status; what it said.
    #[track_caller]
    pub(crate) fn expect(&self, status: i32) -> String {
        let output = self.once();
        let words = stderr(&output);
        assert_eq!(output.status.code(), Some(status), "{words}");
        words
    }

    /// Follows until it is stopped.
    pub(crate) fn follow(&self, more: &[&str]) -> Following {
        Following::start(self, &self.args(more))
    }

    pub(crate) fn findings_folder(&self) -> PathBuf {
        self.bed.path("state/findings")
    }

    /// All findings, the oldest first, each read and judged as a stranger would.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut files: Vec<PathBuf> = match std::fs::read_dir(self.findings_folder()) {
            Ok(files) => files.map(|file| file.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        };
        // One that is just being written has another name until it is whole.
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files.iter().map(|file| finding(file)).collect()
    }

    /// The only finding there is.
    #[track_caller]
    pub(crate) fn finding(&self, kind: FindingKind) -> Finding {
        let findings = self.findings();
        let kinds: Vec<FindingKind> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [kind]);
        findings.into_iter().next().unwrap()
    }

    pub(crate) fn state(&self) -> Vec<u8> {
        std::fs::read(self.bed.path("state/state")).unwrap()
    }

    /// The size of the head that is trusted.
    pub(crate) fn trusted(&self) -> u64 {
        let state = String::from_utf8(self.state()).unwrap();
        let note = state.split("\"note\":\"").nth(1).unwrap();
        note.split("\\n").nth(1).unwrap().parse().unwrap()
    }

    /// As [`Watch::trusted`], 0 if nothing is.
    pub(crate) fn trusted_or_none(&self) -> u64 {
        match String::from_utf8(self.state()).unwrap().contains("\"trusted\":null") {
            true => 0,
            false => self.trusted(),
        }
    }
}

/// Reads a finding and confirms of it what can be confirmed of its kind.
pub(crate) fn finding(file: &Path) -> Finding {
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.ends_with(b"}\n") && bytes.iter().filter(|&&byte| byte == b'\n').count() == 1);
    let finding = Finding::parse(&bytes).unwrap();
    let verdict = finding.confirm();
    let holds = match finding.kind {
        FindingKind::Fork => matches!(verdict, Ok(Verdict::Fork(_))),
        // Nothing else could be shown of it than that the log did not sign it.
        FindingKind::Signature => matches!(verdict, Err(Unconfirmed::Head { place: 1, .. })),
        FindingKind::Rollback | FindingKind::Rewritten | FindingKind::Frozen => {
            matches!(verdict, Ok(Verdict::Signed(_)))
        }
    };
    assert!(holds, "{:?}: {verdict:?}", finding.kind);
    finding
}

/// A monitor that runs. Dropped, it is killed.
pub(crate) struct Following {
    child: Child,
    words: mpsc::Receiver<String>,
    pub(crate) said: Vec<String>,
}

impl Following {
    fn start(watch: &Watch, args: &[&str]) -> Following {
        let mut command = watch.bed.command(args);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, words) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Following {
            child,
            words,
            said: Vec::new(),
        }
    }

    /// Waits until it has said something with these words in it.
    #[track_caller]
    pub(crate) fn hear(&mut self, part: &str) {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.words.recv_timeout(left) {
                Ok(line) => {
                    let found = line.contains(part);
                    self.said.push(line);
                    if found {
                        return;
                    }
                }
                Err(error) => panic!("{part:?} was not said ({error}): {:#?}", self.said),
            }
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: its exit status, and all that it has said.
    pub(crate) fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        self.said.extend(self.words.iter());
        (status.code(), std::mem::take(&mut self.said))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that comes in its own time.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
