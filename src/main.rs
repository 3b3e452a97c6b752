//! The `indelible` program: errors become exit codes here, and nowhere else.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use indelible::cli::Cli;
use indelible::cmd::{SafeLines, Verdict};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(Verdict::Holds) => ExitCode::SUCCESS,
        Ok(Verdict::DoesNotHold(reason)) => {
            say(&format!("does not hold: {reason}"));
            ExitCode::from(1)
        }
        Ok(Verdict::CouldNotTell(reason)) => {
            say(&format!("could not tell: {reason}"));
            ExitCode::from(2)
        }
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Words go to stderr; if nobody reads them any more, the exit code still says it. They may cite what others have sent.
fn say(words: &str) {
    let _ = writeln!(io::stderr(), "indelible: {}", SafeLines(words));
}
