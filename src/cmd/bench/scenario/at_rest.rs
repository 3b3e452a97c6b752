//! The large log while nobody serves it: checked, and its object store made anew.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use super::filled::Filled;
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::hashing::entries_per_second;
use crate::cmd::bench::stats::{Observation, number};
use crate::task::blocking;

/// Both, if they are wanted.
pub(super) async fn measure(bench: &Bench, filled: &Filled, round: &mut Round) -> Result<(), Failure> {
    let entries = number(filled.size);
    if bench.wants(&["fsck"]) {
        say("fsck");
        settle(None).await?;
        let (cores, length) = (std::thread::available_parallelism()?.get(), bench.window.length);
        let (one, all) = blocking(move || (entries_per_second(1, length), entries_per_second(cores, length))).await;
        let seconds = command(bench, filled, "fsck").await?;
        round.observe(
            "fsck",
            Observation::of(entries / seconds)
                .against(all)
                .with("seconds", seconds)
                .with("one_core_per_s", one)
                .with("over_one_core", entries / seconds / one),
        );
    }
    if bench.wants(&["rebuild"]) {
        say("rebuild");
        settle(None).await?;
        let seconds = command(bench, filled, "rebuild").await?;
        remove_aside(filled)?;
        round.observe(
            "rebuild",
            Observation::of(seconds).with("entries_per_s", entries / seconds),
        );
    }
    Ok(())
}

/// The seconds that a command takes on the log.
async fn command(bench: &Bench, filled: &Filled, command: &'static str) -> Result<f64, Failure> {
    let (place, log) = (Arc::clone(&bench.place), filled.log.clone());
    blocking(move || {
        let begin = Instant::now();
        place.at_rest(command, &log)?;
        Ok(begin.elapsed().as_secs_f64())
    })
    .await
}

/// Removes the object store that was replaced.
fn remove_aside(filled: &Filled) -> Result<(), Failure> {
    for entry in fs::read_dir(filled.log.data.path())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(".broken-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
