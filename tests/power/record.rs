//! Runs the real binary under strace, and a client beside it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use indelible_client::{Client, MemoryHeads, NewEvent, Options, RawBody, SubmittedEvent};
use indelible_event::member::{Action, Claims, Verb};
use indelible_log::Kind;
use indelible_note::VerifierKey;
use tempfile::TempDir;

use crate::disk::Disk;
use crate::image::Image;
use crate::reading::{RECORDED, Reader, UNMODELLED, in_memory};
use crate::steps::{Replay, Step};
use crate::trace::Trace;

/// A log on a disk whose every write is recorded, from its making on.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: TempDir,
    /// What there was before the first step.
    begun: Replay,
    reader: Reader,
    kind: Kind,
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
}

/// An entry whose acknowledgement reached the client.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) index: u64,
    pub(crate) entry: Bytes,
    /// Size of the head that it came with.
    pub(crate) size: u64,
    /// The event that it is, if the log is one of events.
    pub(crate) event: Option<NewEvent>,
}

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) begun: Replay,
    pub(crate) steps: Vec<Step>,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// The log as it was left, on the real disk.
    pub(crate) folder: TempDir,
}

/// `indelible serve` under strace.
#[derive(Debug)]
pub(crate) struct Running {
    strace: Child,
    port: u16,
    key: VerifierKey,
    kind: Kind,
    lock: PathBuf,
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
}

impl Recorder {
    /// Makes a log with `indelible init`.
    pub(crate) fn init(kind: Kind) -> Recorder {
        let mut recorder = Recorder {
            kind,
            ..Recorder::on(&Image::default(), 0)
        };
        let data = recorder.data();
        let made = recorder
            .strace(
                &[],
                &[
                    "init",
                    "--kind",
                    match kind {
                        Kind::Opaque => "opaque",
                        Kind::Events => "events",
                    },
                    "--origin",
                    ORIGIN,
                    "--data",
                    data.to_str().unwrap(),
                    "--volume-entries",
                    VOLUME_ENTRIES,
                ],
            )
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        recorder.read_trace();
        recorder
    }

    /// Begins with what a power loss left of an opaque log; somebody may know a head of `told` entries.
    pub(crate) fn on(image: &Image, told: u64) -> Recorder {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join(DISK);
        fs::create_dir(&root).unwrap();
        image.write_to(&root);
        Recorder {
            folder,
            begun: Replay::on(Disk::holding(image), told),
            reader: Reader::new(root.to_str().unwrap(), ORIGIN),
            kind: Kind::Opaque,
            acknowledged: Arc::default(),
        }
    }

    /// Serves the log on a free port. `fault` is how strace is to meddle with it, in strace's words.
    pub(crate) fn serve(&self, fault: Option<&str>) -> Running {
        let fault = fault.map(|fault| format!("inject={fault}"));
        let meddling: Vec<&str> = fault.iter().flat_map(|fault| ["-e", fault]).collect();
        let data = self.data();
        let mut command = self.strace(
            &meddling,
            &[
                "serve",
                "--open",
                "--data",
                data.to_str().unwrap(),
                "--listen",
                "127.0.0.1:0",
            ],
        );
        let mut strace = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, words) = mpsc::channel();
        let stderr = BufReader::new(strace.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut said = Vec::new();
        let url = loop {
            match words.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if line.contains(" on http") => break line,
                Ok(line) => said.push(line),
                Err(error) => panic!("the server did not start ({error}): {said:#?}"),
            }
        };
        let key = fs::read_to_string(data.join("log.vkey")).unwrap();
        Running {
            strace,
            port: url.rsplit(':').next().unwrap().parse().unwrap(),
            key: key.trim().parse().unwrap(),
            kind: self.kind,
            lock: data.join("lock"),
            acknowledged: Arc::clone(&self.acknowledged),
        }
    }

    /// Reads what the process that has just ended has done.
    pub(crate) fn read_trace(&mut self) {
        let trace = self.trace();
        self.reader.read(&Trace::parse(&fs::read_to_string(&trace).unwrap()));
        fs::remove_file(trace).unwrap();
    }

    /// How many steps were recorded up to here.
    pub(crate) fn steps(&self) -> usize {
        self.reader.steps.len()
    }

    /// Ends the recording, and checks that nothing was missed: the recorded writes must have made what lies on the disk, and each
    /// head that the client got must have been seen to leave the server.
    pub(crate) fn finish(self) -> Recording {
        let mut replay = self.begun.clone();
        self.reader.steps.iter().for_each(|step| replay.apply(step));
        let found = Image::read_from(&self.folder.path().join(DISK), in_memory);
        let differs = replay.disk.cached().difference(&found);
        assert_eq!(differs, None, "was changed in a way that was not recorded");

        let acknowledged = self.acknowledged.lock().unwrap().clone();
        let told = |size| {
            self.reader
                .steps
                .iter()
                .any(|step| matches!(step, Step::Told(head) if head.size == size))
        };
        let mut sizes: Vec<u64> = acknowledged.iter().map(|entry| entry.size).collect();
        sizes.dedup();
        let missed = sizes.into_iter().find(|size| !told(*size));
        assert_eq!(missed, None, "a head of this size reached the client unseen");
        Recording {
            begun: self.begun,
            steps: self.reader.steps,
            acknowledged,
            folder: self.folder,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(DISK).join(DATA)
    }

    fn trace(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    fn strace(&self, meddling: &[&str], args: &[&str]) -> Command {
        let calls: Vec<&str> = [RECORDED, UNMODELLED].concat();
        let mut command = Command::new("strace");
        command
            .args(["-f", "-y", "-s", STRING_BYTES_MAX, "-o"])
            .arg(self.trace())
            .args(["-e", &format!("trace={}", calls.join(","))])
            .args(match meddling {
                // Twice as fast, but then strace injects nothing.
                [] => &["--seccomp-bpf"],
                fault => fault,
            })
            .arg(env!("CARGO_BIN_EXE_indelible"))
            .args(args)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path());
        for (name, value) in CONFIGURATION {
            command.env(name, value);
        }
        command
    }
}

impl Running {
    pub(crate) async fn client(&self) -> Client {
        let url = format!("http://127.0.0.1:{}", self.port);
        Client::connect(&url, self.key.clone(), MemoryHeads::new(), Options::default())
            .await
            .unwrap()
    }

    /// Appends entries one by one, each when the one before is acknowledged; says whether all were. A log of events is given events that
    /// came as these bytes.
    pub(crate) async fn append_singles(&self, client: &Client, entries: Vec<Bytes>) -> bool {
        for entry in entries {
            if self.kind == Kind::Events {
                if !self.submit(client, vec![event(entry)]).await {
                    return false;
                }
                continue;
            }
            let Ok(receipt) = client.append(entry.clone()).await else {
                return false;
            };
            self.acknowledged.lock().unwrap().push(Acknowledged {
                index: receipt.index(),
                entry,
                size: receipt.checkpoint().head().size,
                event: None,
            });
        }
        true
    }

    /// Appends entries as one batch, or events as some; says whether it was acknowledged.
    pub(crate) async fn append_batch(&self, client: &Client, entries: Vec<Bytes>) -> bool {
        if self.kind == Kind::Events {
            for some in entries.chunks(BATCH_EVENTS) {
                if !self.submit(client, some.iter().cloned().map(event).collect()).await {
                    return false;
                }
            }
            return true;
        }
        let Ok(run) = client.append_batch(entries.clone()).await else {
            return false;
        };
        let size = run.head().head().size;
        let acknowledged = (run.first_index()..).zip(entries);
        let acknowledged = acknowledged.map(|(index, entry)| Acknowledged {
            index,
            entry,
            size,
            event: None,
        });
        self.acknowledged.lock().unwrap().extend(acknowledged);
        true
    }

    async fn submit(&self, client: &Client, events: Vec<NewEvent>) -> bool {
        let Ok(submitted) = client.submit_batch(&events).await else {
            return false;
        };
        let acknowledged = submitted.into_iter().zip(events).map(|(submitted, event)| {
            let SubmittedEvent::New(committed) = submitted.event else {
                panic!("{:?} was known", event.key);
            };
            Acknowledged {
                index: submitted.receipt.index(),
                entry: committed.leaf().text().clone(),
                size: submitted.receipt.checkpoint().head().size,
                event: Some(event),
            }
        });
        self.acknowledged.lock().unwrap().extend(acknowledged);
        true
    }

    /// The size of the head at `/checkpoint`.
    pub(crate) fn published(&self) -> u64 {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "GET /checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, note) = answer.split_once("\r\n\r\n").unwrap();
        note.lines().nth(1).unwrap().parse().unwrap()
    }

    /// SIGTERM.
    pub(crate) fn stop(self) {
        self.signal(rustix::process::Signal::TERM);
        assert!(self.ended().success());
    }

    /// `kill -9`.
    pub(crate) fn kill(self) {
        self.signal(rustix::process::Signal::KILL);
        self.ended();
    }

    /// Waits for a process that was killed by the fault.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.strace.wait().unwrap()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid: i32 = fs::read_to_string(&self.lock).unwrap().trim().parse().unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

/// An event that came as these bytes, which begin with what no other begins with.
fn event(bytes: Bytes) -> NewEvent {
    let name = bytes
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_graphic() || **byte == b' ');
    NewEvent {
        source: "test/power".to_owned(),
        key: Some(name.map(|&byte| char::from(byte)).collect()),
        claims: Claims {
            action: Some(Action {
                name: "deploy".to_owned(),
                verb: Verb::Execute,
                class: None,
            }),
            ..Claims::default()
        },
        raw: Some(RawBody {
            content: bytes,
            content_type: "application/octet-stream".to_owned(),
        }),
    }
}

/// Says, past the harness, that a test cannot run here; where everything is expected to be there, that is a failure.
pub(crate) fn strace_is_missing() -> bool {
    let tried = Command::new("strace").args(["-f", "-e", "trace=none", "true"]).output();
    let missing = !tried.is_ok_and(|tried| tried.status.success());
    if missing {
        assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {NEEDS}");
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {NEEDS}");
    }
    missing
}

/// Leave to record, for so many at a time as a small machine can do without making each other wait: what a process that starves leaves
/// unsynced between two moments is not what it would otherwise, and the images are chosen for that.
#[derive(Debug)]
pub(crate) struct Turn(());

static FREE: Mutex<usize> = Mutex::new(2);
static GIVEN_BACK: Condvar = Condvar::new();

impl Turn {
    /// Blocks until there is one.
    pub(crate) fn wait() -> Turn {
        let free = FREE.lock().unwrap();
        let mut free = GIVEN_BACK.wait_while(free, |free| *free == 0).unwrap();
        *free -= 1;
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap() += 1;
        GIVEN_BACK.notify_one();
    }
}

/// The data directory in the recorded folder.
pub(crate) fn data_in(root: &Path) -> PathBuf {
    root.join(DATA)
}

impl Recording {
    /// The recorded folder on the real disk.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join(DISK)
    }
}

/// Smallest segments, so that some are begun.
pub(crate) const CONFIGURATION: [(&str, &str); 2] = [("INDELIBLE_SEGMENT_MIB", "8"), ("INDELIBLE_CACHE_MIB", "8")];

/// Of up to 6 kB with 2 kB of members: half of what a batch has at most.
const BATCH_EVENTS: usize = 250;

const NEEDS: &str = "strace, and leave to trace";

/// The fewest there can be, so that a second volume is begun.
const VOLUME_ENTRIES: &str = "4096";

const ORIGIN: &str = "test.example/log";

const DISK: &str = "disk";

const DATA: &str = "log";

/// sled writes a segment of 8 MiB at once.
const STRING_BYTES_MAX: &str = "33554432";
