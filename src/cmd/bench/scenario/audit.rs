//! The large log recomputed by a stranger: `indelible audit` over loopback, a process of its own beside the server's.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::filled::Filled;
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::hashing::entries_per_second;
use crate::cmd::bench::memory;
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::{Observation, mega, number};
use crate::task::blocking;

/// Measures it, if it is wanted.
pub(super) async fn measure(bench: &Bench, filled: &Filled, server: &Server, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["audit"]) {
        return Ok(());
    }
    say("audit");
    settle(Some(server)).await?;
    let (cores, length) = (std::thread::available_parallelism()?.get(), bench.window.length);
    let all = blocking(move || entries_per_second(cores, length)).await;
    let (place, url, key) = (
        Arc::clone(&bench.place),
        server.url().to_owned(),
        filled.log.key.to_string(),
    );
    let audited = blocking(move || audit(place.audit(&url, &key))).await?;
    round.observe(
        "audit",
        Observation::of(number(filled.size) / audited.seconds)
            .against(all)
            .with("seconds", audited.seconds)
            .with("peak_mb", mega(audited.peak_kb << 10)),
    );
    Ok(())
}

struct Audited {
    seconds: f64,
    peak_kb: u64,
}

/// Runs the command to its end, and looks at its memory on the way. Blocks.
fn audit(mut command: std::process::Command) -> Result<Audited, Failure> {
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak_kb = 0;
    let status = loop {
        // The kernel keeps the peak; of a process that has ended it tells nothing any more.
        if let Ok(memory) = memory::of(child.id()) {
            peak_kb = memory.peak_kb;
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(GLANCE);
    };
    let seconds = begin.elapsed().as_secs_f64();
    match status.success() {
        true => Ok(Audited { seconds, peak_kb }),
        false => {
            let words = std::io::read_to_string(child.stderr.take().expect("it was asked for"))?;
            Err(format!("the audit ended with {status}: {words}").into())
        }
    }
}

/// Peaks only grow, so that what is missed is what the last hundredth of a second added.
const GLANCE: Duration = Duration::from_millis(10);
