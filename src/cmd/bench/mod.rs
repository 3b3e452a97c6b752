//! `indelible bench`
//!
//! | file | what it is |
//! |---|---|
//! | `figures` | the table of all figures and what is promised of each: begin here |
//! | `scenario/` | how they are measured: logs, loads, observations |
//! | `load/` | the closed loops of callers |
//! | `floor`, `ceiling`, `hashing` | what disk, transport and processor allow |
//! | `place`, `server` | the folder, the logs in it, and the servers, each a process of its own |
//! | `disk`, `memory`, `processor` | what a log takes |
//! | `entries`, `events`, `deliveries` | what is sent |
//! | `check/` | whether the replies to it hold |
//! | `stats`, `bars` | latencies, medians, verdicts |
//! | `report/` | table, JSON, plot |

mod bars;
mod ceiling;
mod check;
mod deliveries;
mod disk;
mod entries;
mod events;
mod figures;
mod floor;
mod hashing;
mod load;
mod memory;
mod place;
mod processor;
mod report;
mod scenario;
mod server;
mod stats;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::check::{Refuted, Thoroughness};
use self::entries::ENTRY_BYTES;
use self::figures::{FIGURES, Figure};
use self::load::Window;
use self::place::Place;
use self::report::{Conditions, Measured, Results};
use self::scenario::{Bench, Shelf, curves, whole_batches};
use super::out::line;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};

/// Measure how fast the log is on this machine, beside what the machine allows.
///
/// Starts servers of its own, with the defaults of `serve`, in a directory that is removed at the end; it has to be on the disk that
/// is to be measured. Each figure is the median of several runs and has a limit beside it that was measured in the same run: what
/// the disk does with the same bytes (floor), or what the same server does with empty handlers (ceiling). Load is always a closed
/// loop. What the servers answer is kept, and checked when the clock has stopped. Figures on stdout, progress on stderr. Exit
/// status 1: a reply did not hold, or with --bars a bar was missed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible bench
  indelible bench --entries 10000000 --bars
  indelible bench --only stream,writers-512 --plot latency.svg --json > bench.json")]
pub struct Args {
    /// Make the benchmark's directory in DIR.
    #[arg(long, value_name = "DIR", default_value = ".")]
    data: PathBuf,
    /// Entries of the large log, in whole batches of 1,000; the bars are for 10,000,000. Takes 1.5 kB of disk for each. The large log of
    /// events has as many, up to 1,000,000, of 5 kB each.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    entries: u64,
    /// Measure these figures only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the names of all figures and what they are, and measure nothing.
    #[arg(long)]
    list: bool,
    /// How long each load is measured, in seconds.
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// How many runs there are.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    repeat: u16,
    /// Print the figures as one JSON object.
    #[arg(long)]
    json: bool,
    /// Measure latency against load too, and draw it into FILE.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Check every reply instead of a sample.
    #[arg(long)]
    verify: bool,
    /// Exit with status 1 if a bar is missed.
    #[arg(long)]
    bars: bool,
    /// Serve empty handlers instead: what the benchmark starts to measure the ceiling.
    #[arg(long, value_name = "SIZE", hide = true)]
    empty_handlers: Option<u64>,
}

/// Measures.
pub fn run(args: &Args) -> CommandResult {
    if let Some(size) = args.empty_handlers {
        block_on(ceiling::serve(size))??;
        return Ok(Verdict::Holds);
    }
    let figures = figures::chosen(&args.only)?;
    if args.list {
        for figure in FIGURES {
            line(format_args!("{:<24}{}", figure.name, figure.what))?;
        }
        return Ok(Verdict::Holds);
    }
    let measured = block_on(async {
        tokio::select! {
            measured = measure(args, figures) => measured,
            // Whoever interrupts it still wants the servers ended and the directory removed.
            _interrupted = tokio::signal::ctrl_c() => Err("interrupted".into()),
        }
    })?;
    let results = match measured {
        Ok(results) => results,
        Err(failure) if failure.is::<Refuted>() => return Ok(Verdict::DoesNotHold(failure.to_string())),
        Err(failure) => return Err(failure),
    };
    if let Some(path) = &args.plot {
        report::plot(&results, path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match args.json {
        true => line(format_args!("{:#}", report::json(&results)))?,
        false => io::stdout().write_all(report::table(&results).as_bytes())?,
    }
    let missed = results.missed();
    match args.bars && !missed.is_empty() {
        true => Ok(Verdict::DoesNotHold(format!("bars missed: {}", missed.join(", ")))),
        false => Ok(Verdict::Holds),
    }
}

async fn measure(args: &Args, figures: Vec<&'static Figure>) -> Result<Results, Failure> {
    let bench = Bench {
        place: Arc::new(Place::within(&args.data).map_err(|error| format!("{}: {error}", args.data.display()))?),
        window: Window::of(Duration::from_secs_f64(args.seconds)),
        entries: whole_batches(args.entries),
        thoroughness: match args.verify {
            true => Thoroughness::All,
            false => Thoroughness::Sample,
        },
        figures,
    };
    let conditions = conditions(args, &bench)?;
    let mut shelf = Shelf::default();
    let mut rounds = Vec::new();
    for number in 1..=args.repeat {
        eprintln!("run {number} of {}", args.repeat);
        rounds.push(bench.round(&mut shelf).await?);
    }
    let curves = match args.plot {
        Some(_) => curves(&bench).await?.into(),
        None => Vec::new(),
    };
    let measured = bench.figures.iter().filter_map(|figure| Measured::of(figure, &rounds));
    Ok(Results {
        conditions,
        figures: measured.collect(),
        curves,
    })
}

fn conditions(args: &Args, bench: &Bench) -> Result<Conditions, Failure> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    Ok(Conditions {
        version: env!("CARGO_PKG_VERSION"),
        cpu: model
            .unwrap_or("unknown")
            .trim_start_matches([' ', '\t', ':'])
            .to_owned(),
        cores: std::thread::available_parallelism()?.get(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        entries: bench.entries,
        entry_bytes: ENTRY_BYTES,
        seconds: args.seconds,
        runs: usize::from(args.repeat),
    })
}

/// A time that is worth measuring, and that ends.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.05..=600.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("from 0.05 to 600".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
