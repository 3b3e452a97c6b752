//! The runs whose power is cut.

use indelible_log::Kind;

use crate::check::Truth;
use crate::controls::{ends_sync, must_be_noticed};
use crate::disk::Area;
use crate::load::{entries, everything, quiet, some};
use crate::power::{Plan, cut};
use crate::record::{Recorder, Recording, Turn, strace_is_missing};
use crate::steps::Step;

/// From the end of `init` on: load with seals in flight, segments and volumes that come into being, an orderly end, another start,
/// a kill, and a start from that.
#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment_of_a_run() {
    at_any_moment(Kind::Opaque, images(3)).await;
}

/// The same of a log of events, each with its members and raw bytes: what is kept of them is there, and whoever comes again is given the
/// first index.
#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment_of_a_run_of_events() {
    at_any_moment(Kind::Events, images(2)).await;
}

async fn at_any_moment(kind: Kind, images: usize) {
    if strace_is_missing() {
        return;
    }
    let _turn = Turn::wait();
    let mut recorder = Recorder::init(kind);
    let made = recorder.steps();
    let server = recorder.serve(None);
    everything(&server).await;
    server.stop();
    recorder.read_trace();
    let server = recorder.serve(None);
    some(&server, &server.client().await, "again").await;
    server.kill();
    recorder.read_trace();
    let server = recorder.serve(None);
    some(&server, &server.client().await, "and again").await;
    quiet().await;
    server.kill();
    recorder.read_trace();

    let recording = recorder.finish();
    for born in ["journal/00000001.seg", "tree.sled/0000", "tree.sled/0001"] {
        let named = |step: &Step| matches!(step, Step::Rename { to, .. } if to.ends_with(born));
        assert!(recording.steps.iter().any(named), "{born} was to come into being");
    }
    let truth = Truth::of(&recording);
    let plan = Plan {
        range: made..recording.steps.len(),
        images,
        seed: seed(),
        keep_in: Some(std::env::temp_dir()),
    };
    let report = cut(&recording.begun, &recording.steps, &truth, &plan);
    report.demand(&format!("at any moment of a run, {kind:?}"));
    assert!(report.images >= plan.images, "too few: {report:?}");
    assert!(
        report.journal > 20 && report.tree > 20 && report.names > 20,
        "{report:?}"
    );
    assert!(report.cut > 0 && report.removed > 0, "no tear among them: {report:?}");
}

/// The process dies with a frame in the page cache; the next one finds the frame, and somebody asks it for its head. That head
/// must be there after whatever follows.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_journals_sync_then_restarted_and_asked() {
    if strace_is_missing() {
        return;
    }
    let _turn = Turn::wait();
    let run = killed("fdatasync:signal=SIGKILL:when=12").await;
    let (restarted, steps) = (run.restarted, &run.recording.steps);
    assert!(
        run.told_of(..restarted) < run.told_of(..=run.asked),
        "what was written before the kill came back, and was told of"
    );
    run.cut("killed before a sync of the journal");
    // It is durable because recovery writes it again and syncs it, and for no other reason.
    let resync = |step: &Step| ends_sync(step, Area::Journal, ".seg");
    let resync = restarted + steps[restarted..].iter().position(resync).unwrap();
    must_be_noticed(
        "the sync of what recovery found",
        &run.recording.begun,
        steps,
        &[resync],
        run.asked..run.asked + 1,
        &run.truth,
    );
}

/// The same with sled's write in the page cache, and the journal's long synced.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_trees_sync_then_restarted_and_asked() {
    if strace_is_missing() {
        return;
    }
    let _turn = Turn::wait();
    let run = killed("sync_file_range:signal=SIGKILL:when=2").await;
    run.cut("killed before a sync of the tree");
}

/// A frame is torn, the next start cuts it off and goes on, and the power fails again at any moment of that.
#[tokio::test(flavor = "multi_thread")]
async fn again_while_recovery_works_on_a_tear() {
    if strace_is_missing() {
        return;
    }
    let _turn = Turn::wait();
    let mut recorder = Recorder::init(Kind::Opaque);
    // Large batches are committed by the sequencer's thread. The first thing that it syncs is a closing record, and then each second
    // one is a frame.
    let server = recorder.serve(Some("fdatasync:signal=SIGKILL:when=6"));
    let client = server.client().await;
    quiet().await;
    for round in 0..ROUNDS_MAX {
        let entries = entries(&format!("batch {round}"), 120, 3_000);
        if !server.append_batch(&client, entries).await {
            break;
        }
        quiet().await;
    }
    assert!(!server.ended().success());
    recorder.read_trace();
    let Recording { begun, steps, .. } = recorder.finish();
    let mut first = begun;
    steps.iter().for_each(|step| first.apply(step));
    // Of the frame, the front arrived and the rest did not.
    let frame = first
        .disk
        .pending()
        .into_iter()
        .filter(|unit| unit.area == Area::Journal);
    let frame: Vec<u64> = frame.map(|unit| unit.number).collect();
    let torn = first
        .disk
        .image(&frame[frame.len() / 2..].iter().copied().collect(), false);

    let mut recorder = Recorder::on(&torn, first.told);
    let server = recorder.serve(None);
    assert_eq!(
        server.published(),
        first.told,
        "the torn frame is gone, and nothing else"
    );
    some(&server, &server.client().await, "after the first loss").await;
    quiet().await;
    server.kill();
    recorder.read_trace();
    let recording = recorder.finish();
    let truth = Truth::of(&recording);
    let told = |step: &Step| matches!(step, Step::Told(_));
    let asked = recording.steps.iter().position(told).unwrap();
    let within = |range, images| {
        let plan = Plan {
            range,
            images,
            seed: seed(),
            keep_in: Some(std::env::temp_dir()),
        };
        let report = cut(&recording.begun, &recording.steps, &truth, &plan);
        report.demand("again while recovery works on a tear");
        report
    };
    let recovering = within(0..asked, 12);
    assert!(
        recovering.cut > 0,
        "the tear was there until recovery had removed it: {recovering:?}"
    );
    within(0..recording.steps.len(), images(1));
}

/// A run of a log that was killed, started again, and asked for its head.
struct Killed {
    recording: Recording,
    truth: Truth,
    /// The step with which the second process begins.
    restarted: usize,
    /// The step with which the head that it recovered leaves it.
    asked: usize,
}

async fn killed(fault: &str) -> Killed {
    let mut recorder = Recorder::init(Kind::Opaque);
    let server = recorder.serve(Some(fault));
    let client = server.client().await;
    for round in 0..ROUNDS_MAX {
        let entries = entries(&format!("round {round}"), 20, 2_000);
        if !server.append_singles(&client, entries).await {
            break;
        }
        quiet().await;
    }
    assert!(!server.ended().success());
    recorder.read_trace();
    let restarted = recorder.steps();
    let server = recorder.serve(None);
    let published = server.published();
    let client = server.client().await;
    some(&server, &client, "after the kill").await;
    quiet().await;
    server.kill();
    recorder.read_trace();

    let recording = recorder.finish();
    let truth = Truth::of(&recording);
    let told = |step: &Step| matches!(step, Step::Told(head) if head.size == published);
    let asked = restarted + recording.steps[restarted..].iter().position(told).unwrap();
    Killed {
        recording,
        truth,
        restarted,
        asked,
    }
}

impl Killed {
    /// Cuts the power at the moment at which the recovered head is published, and at many from the restart on.
    fn cut(&self, name: &str) {
        let steps = &self.recording.steps;
        for (range, images) in [
            (self.asked..self.asked + 1, 12),
            (self.restarted..steps.len(), images(1)),
        ] {
            let plan = Plan {
                range,
                images,
                seed: seed(),
                keep_in: Some(std::env::temp_dir()),
            };
            cut(&self.recording.begun, steps, &self.truth, &plan).demand(name);
        }
    }

    /// The size of the largest head that left the server in some of the steps.
    fn told_of(&self, range: impl std::slice::SliceIndex<[Step], Output = [Step]>) -> u64 {
        let size = |step: &Step| match step {
            Step::Told(head) => head.size,
            _ => 0,
        };
        self.recording.steps[range].iter().map(size).max().unwrap_or(0)
    }
}

/// This run's part of the images that are wanted in all, in sixths.
pub(crate) fn images(sixths: usize) -> usize {
    let wanted = std::env::var("INDELIBLE_POWER_IMAGES").ok();
    let wanted = wanted.map_or(IMAGES, |wanted| wanted.parse().unwrap());
    wanted * sixths / 6
}

pub(crate) fn seed() -> u64 {
    match std::env::var("INDELIBLE_POWER_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::process::id().into(),
    }
}

/// The fault comes long before.
const ROUNDS_MAX: usize = 10;

/// As many as fit the time that CI has.
const IMAGES: usize = 300;
