//! System calls that fail, or that the process does not survive, one at a time: every write, sync and change of names in a start,
//! in an append with all that follows from it (closing record, leaf index, seal, checkpoint file), and in one that begins a
//! segment of the journal. Which calls these are, a run without faults tells.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::at_once;
use crate::kept::Kept;
use crate::strace::{self, Place};
use crate::support::{Bed, Server, skipped};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Eio,
    Enospc,
    /// The process dies of it, before the call is made.
    Kill,
}

/// What is done to the log, before and while a call fails.
#[derive(Clone, Copy, Debug)]
enum Scene {
    Start,
    Append,
    NewSegment,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn a_start_outlives_every_call_of_its_own() {
    every_call(Scene::Start, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn an_append_outlives_every_call_that_it_makes_or_causes() {
    every_call(Scene::Append, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn an_append_that_begins_a_segment_outlives_every_call() {
    every_call(Scene::NewSegment, 6).await;
}

async fn every_call(scene: Scene, places_min: usize) {
    if !strace::is_there() {
        return skipped(strace::NEEDS);
    }
    let (bed, kept) = scene.prepare().await;
    let places = scene.places(&bed, &kept).await;
    assert!(places.len() >= places_min, "{} places: {places:#?}", places.len());
    let long = std::env::var_os("INDELIBLE_ALL_FAULTS").is_some();
    let cases = places.into_iter().enumerate().flat_map(|(number, place)| {
        // In the short form each call fails once, and each way of failing meets each kind of call.
        let faults = match long {
            true => &FAULTS[..],
            false => &FAULTS[number % FAULTS.len()..][..1],
        };
        faults.iter().map(move |fault| (place.clone(), *fault))
    });
    let cases: Vec<_> = cases.collect();
    println!("{} cases", cases.len());
    let prepared = Arc::new((bed, kept));
    at_once::run(cases, 12, |(place, fault)| {
        let prepared = prepared.clone();
        async move {
            let (bed, kept) = prepared.1.copy_of(&prepared.0);
            scene.play(bed, kept, &place, fault).await;
        }
    })
    .await;
}

impl Scene {
    /// A log at rest, whose process was killed.
    async fn prepare(self) -> (Bed, Kept) {
        let bed = Bed::with_log();
        bed.write("log/indelible.toml", "segment_mib = 8\n");
        let mut kept = Kept::of(&bed);
        let server = bed.serve();
        match self {
            Scene::Append => {}
            Scene::Start => {
                kept.append(&server).await.unwrap();
                tokio::time::sleep(SEALED_AFTER).await;
                // So that there is something to replay, and something to seal into a volume that is there.
                kept.append(&server).await.unwrap();
            }
            Scene::NewSegment => {
                for _ in 0..2 {
                    let entries = (0..65).map(|_| kept.next(&[b'x'; 60_000])).collect();
                    kept.append_batch(&server, entries).await.unwrap();
                }
            }
        }
        tokio::time::sleep(QUIET).await;
        server.kill();
        (bed, kept)
    }

    /// Where a fault can strike.
    async fn places(self, bed: &Bed, kept: &Kept) -> BTreeSet<Place> {
        let (bed, mut kept) = kept.copy_of(bed);
        let server = match self {
            Scene::Start => Server::start(strace::serve(&bed, &CALLS)),
            Scene::Append | Scene::NewSegment => bed.serve(),
        };
        let pid = server.pid();
        tokio::time::sleep(SEALED_AFTER).await;
        let tracing = match self {
            Scene::Start => None,
            Scene::Append | Scene::NewSegment => {
                let tracing = strace::attach(&bed, &server, &CALLS);
                self.append(&server, &mut kept).await.unwrap();
                tokio::time::sleep(SEALED_AFTER).await;
                Some(tracing)
            }
        };
        server.kill();
        let trace = strace::ended(&bed, pid);
        drop(tracing);
        let mut places = Place::all_of(&trace, &bed);
        if matches!(self, Scene::NewSegment) {
            places.retain(|place| place.file.starts_with("log/journal"));
        }
        places
    }

    async fn append(self, server: &Server, kept: &mut Kept) -> Result<(), indelible_client::AppendError> {
        match self {
            Scene::Start | Scene::Append => kept.append(server).await,
            Scene::NewSegment => {
                let entries: Vec<Bytes> = (0..10).map(|_| kept.next(&[b'x'; 60_000])).collect();
                kept.append_batch(server, entries).await
            }
        }
    }

    async fn play(self, bed: Bed, mut kept: Kept, place: &Place, fault: Fault) {
        let options = place.options(&bed, fault.word());
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let (server, _tracing, appended) = match self {
            Scene::Start => match Server::try_start(strace::serve(&bed, &options)) {
                Ok(server) => (server, None, Ok(())),
                Err((ended, said)) => {
                    fault.assert_end(ended, place, &said);
                    return kept.check_restart(&bed).await;
                }
            },
            Scene::Append | Scene::NewSegment => {
                let server = bed.serve();
                tokio::time::sleep(SEALED_AFTER).await;
                let tracing = strace::attach(&bed, &server, &options);
                let appended = self.append(&server, &mut kept).await;
                (server, Some(tracing), appended)
            }
        };
        let struck = struck(&bed).await;
        // sled gives its writes to whichever of its threads is free, and strace counts by thread.
        assert!(
            struck || place.file.ends_with("/db") && place.nth > 1,
            "the fault did not strike"
        );
        let journal = place.file.starts_with("log/journal");
        match fault {
            _ if !struck => server.kill(),
            Fault::Kill => {
                let (ended, said) = server.wait();
                fault.assert_end(ended, place, &said);
            }
            Fault::Eio | Fault::Enospc if journal => {
                if let Err(error) = &appended {
                    assert!(error.to_string().contains("cannot write its journal"), "{error}");
                }
                journal_failed(server, &mut kept).await;
            }
            Fault::Eio | Fault::Enospc => {
                appended.unwrap();
                // That an old snapshot cannot be removed harms nobody.
                if place.file.starts_with("log/tree.sled") && place.call != "unlink" {
                    until("health says that sealing has stopped", || {
                        server.get("/healthz") == (200, b"degraded: sealing has stopped\n".to_vec())
                    })
                    .await;
                }
                kept.append(&server).await.unwrap();
                kept.check(&server).await;
                let (ended, said) = server.stop();
                assert!(ended.success(), "{ended}: {said:#?}");
            }
        }
        kept.check_restart(&bed).await;
    }
}

impl Fault {
    /// strace's word for it.
    fn word(self) -> &'static str {
        match self {
            Fault::Eio => "error=EIO",
            Fault::Enospc => "error=ENOSPC",
            Fault::Kill => "signal=SIGKILL",
        }
    }

    /// Demands that the process has ended by this, in words if it had time for any.
    fn assert_end(self, ended: ExitStatus, place: &Place, said: &[String]) {
        let words = match self {
            Fault::Eio | Fault::Enospc if place.file.contains("sqlite") => "the index log/state.sqlite: ",
            Fault::Eio => "Input/output error",
            Fault::Enospc => "No space left on device",
            Fault::Kill => return assert_eq!(ended.signal(), Some(9), "{said:#?}"),
        };
        assert_eq!(ended.code(), Some(2), "{said:#?}");
        assert!(said.iter().any(|line| line.contains(words)), "{said:#?}");
    }
}

/// Demands what a log owes its users when its journal has failed: it says so, takes nothing more, is read a while longer, and
/// ends with status 2.
pub(crate) async fn journal_failed(server: Server, kept: &mut Kept) {
    until("health says that the journal failed", || {
        server.get("/healthz").0 == 503
    })
    .await;
    let begin = Instant::now();
    let mut health = HealthClient::new(server.channel().await);
    let status = health
        .check(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner()
        .status();
    assert_eq!(status, ServingStatus::NotServing);
    let refused = kept.append(&server).await.unwrap_err().to_string();
    assert!(
        refused.contains("Unavailable") && refused.contains("cannot write its journal"),
        "{refused}"
    );
    assert_eq!(
        kept.check(&server).await,
        kept.acknowledged(),
        "what was not acknowledged is not published"
    );
    let (ended, said) = server.wait();
    assert_eq!(ended.code(), Some(2), "{said:#?}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(
        said.iter()
            .any(|line| line.contains("the journal failed; nothing more is appended")),
        "{said:#?}"
    );
}

/// Whether strace lets a call fail within five seconds.
async fn struck(bed: &Bed) -> bool {
    for _ in 0..250 {
        let trace = std::fs::read_to_string(bed.path("trace")).unwrap_or_default();
        if trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Waits for something that is bound to happen.
pub(crate) async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const FAULTS: [Fault; 3] = [Fault::Eio, Fault::Enospc, Fault::Kill];

/// All calls by which the server changes its files.
const CALLS: [&str; 2] = [
    "-e",
    "trace=write,pwrite64,fsync,fdatasync,rename,renameat2,ftruncate,fallocate,mkdir,unlink,unlinkat,rmdir",
];

/// More than the 50 ms after which a quiet log gets its closing record.
const QUIET: Duration = Duration::from_millis(200);

/// More than the second after which a quiet log is sealed and its head remembered.
const SEALED_AFTER: Duration = Duration::from_millis(1_800);
