//! `indelible recover`

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{CommandResult, Verdict};
use crate::data::{DataDir, checkpoint_file, configure, open, record};
use crate::memory::{CheckpointFile, MemoryError};

/// Go on after something that `serve` refuses, with your consent, which is recorded.
///
/// A log that was restored from a backup is older than what was published, and the checkpoint file remembers that. Whoever holds
/// a receipt or a head from the time between will be able to show that the log took it back. If that is what you want, say so
/// here: the checkpoint file is moved aside, and DIR/admin.jsonl keeps who said so, when, and which head was given up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible recover --accept-older --data /var/lib/indelible")]
pub struct Args {
    /// Serve the log in the directory although a later head of it, or another one, is remembered.
    #[arg(long, required = true)]
    accept_older: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

/// Asks, records, and moves the memory aside.
pub fn run(args: &Args) -> CommandResult {
    let data = DataDir::at(&args.data);
    let environment = std::env::vars().collect();
    let config = configure(&data, &environment, &[])?;
    let memory = CheckpointFile::at(checkpoint_file(&data, &config))?;
    let open = open(&data, config)?;
    let contradiction = match memory.confirm(&open.log) {
        Ok(_) => {
            eprintln!("indelible: nothing contradicts this log; there is nothing to accept");
            open.log.shutdown()?;
            return Ok(Verdict::Holds);
        }
        Err(error @ (MemoryError::Later { .. } | MemoryError::OtherRoot { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let said = contradiction.to_string();
    let said = said.lines().next().unwrap_or_default();
    eprintln!("indelible: {said}");
    if !args.yes && !consents()? {
        return Err("nothing was changed".into());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let remembered = memory
        .load(&open.log.description().vkey)?
        .map(|head| head.note().to_string());
    let served = open.log.reader().head().checkpoint().note().to_string();
    // The record comes first: if the process dies between the two, there is a consent without an act, never the reverse.
    record(
        &data,
        &json!({"time": now, "act": "accept-older", "given_up": remembered, "served": served}),
    )?;
    let aside = memory.overrule(now)?;
    eprintln!(
        "indelible: moved the memory to {}; `serve` will start now",
        aside.display()
    );
    open.log.shutdown()?;
    Ok(Verdict::Holds)
}

fn consents() -> Result<bool, super::Failure> {
    if !std::io::stdin().is_terminal() {
        return Err("this needs consent: answer at a terminal, or pass --yes".into());
    }
    eprint!("Whoever holds a later head will see that the log took it back. Go on? Type yes: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
