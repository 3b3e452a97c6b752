//! Shows that the suite can fail: a log without one of its syncs is found out, at moments at which the log as it is holds.

use indelible_log::Kind;

use crate::check::Truth;
use crate::disk::Area;
use crate::load::{entries, quiet};
use crate::power::{Plan, cut};
use crate::record::{Recorder, Turn, strace_is_missing};
use crate::runs::seed;
use crate::steps::{Replay, Step};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_sync_would_be_noticed() {
    if strace_is_missing() {
        return;
    }
    let _turn = Turn::wait();
    let mut recorder = Recorder::init(Kind::Opaque);
    let made = recorder.steps();
    let server = recorder.serve(None);
    let client = server.client().await;
    server.append_singles(&client, entries("single", 20, 2_000)).await;
    quiet().await;
    for batch in ["a", "b", "c", "d"] {
        server.append_batch(&client, entries(batch, 400, 20_000)).await;
    }
    server.append_singles(&client, entries("more", 5, 2_000)).await;
    quiet().await;
    server.kill();
    recorder.read_trace();
    let recording = recorder.finish();
    let truth = Truth::of(&recording);
    let (begun, steps) = (recording.begun, recording.steps);

    // One frame was written, and told of.
    let told = behind(&steps, made + steps[made..].len() / 3, |step| {
        matches!(step, Step::Told(_))
    });
    let sync = before(&steps, told, |step| ends_sync(step, Area::Journal, ".seg"));
    must_be_noticed("the sync of a frame", &begun, &steps, &[sync], told..told + 1, &truth);

    // A segment got its name, and the frame in it was told of.
    let born = behind(
        &steps,
        made,
        |step| matches!(step, Step::Rename { to, .. } if to.ends_with("00000001.seg")),
    );
    let sync = behind(&steps, born, |step| ends_sync(step, Area::Journal, "journal"));
    let told = behind(&steps, sync, |step| matches!(step, Step::Told(_)));
    must_be_noticed(
        "the sync of a segment's name",
        &begun,
        &steps,
        &[sync],
        told..told + 1,
        &truth,
    );

    // What is in a volume that has its name was only flushed, which is all that sled does by itself.
    let named = behind(
        &steps,
        made,
        |step| matches!(step, Step::Rename { to, .. } if to.ends_with("tree.sled/0000")),
    );
    let syncs: Vec<usize> = (made..steps.len())
        .filter(|&at| ends_sync(&steps[at], Area::Tree, "/db"))
        .collect();
    must_be_noticed(
        "the syncs of sled's file",
        &begun,
        &steps,
        &syncs,
        named..steps.len(),
        &truth,
    );
}

/// Checks that images with all steps hold, and that some of those without the steps at `missing` do not.
pub(crate) fn must_be_noticed(
    name: &str,
    begun: &Replay,
    steps: &[Step],
    missing: &[usize],
    range: std::ops::Range<usize>,
    truth: &Truth,
) {
    let plan = |images| Plan {
        range: range.clone(),
        images,
        seed: seed(),
        keep_in: None,
    };
    cut(begun, steps, truth, &plan(12)).demand(name);
    let mut without = steps.to_vec();
    for at in missing {
        if let Step::EndSync { call, .. } = steps[*at] {
            // Keeps all others in their places.
            without[*at] = Step::ForgetSync { call };
        }
    }
    // A third of them fail, about: with so many, none would by chance once in a million runs.
    let report = cut(begun, &without, truth, &plan(36));
    println!(
        "without {name}: {} of {} images fail",
        report.failures.len(),
        report.images
    );
    assert!(!report.failures.is_empty(), "nobody noticed that {name} is missing");
}

pub(crate) fn ends_sync(step: &Step, area: Area, name: &str) -> bool {
    matches!(step, Step::EndSync { path, .. } if Area::of(path) == area && path.ends_with(name))
}

fn behind(steps: &[Step], at: usize, wanted: impl Fn(&Step) -> bool) -> usize {
    at + steps[at..].iter().position(wanted).unwrap()
}

fn before(steps: &[Step], at: usize, wanted: impl Fn(&Step) -> bool) -> usize {
    steps[..at].iter().rposition(wanted).unwrap()
}
