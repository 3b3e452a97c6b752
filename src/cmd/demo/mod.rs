//! `indelible demo`
//!
//! * `story` is what happened in the pipelines of a company that does not exist, as GitHub would deliver it.
//! * `stage` is where it plays: a folder, the log that is served from it, and the commands that are run in it.
//! * `delivery`, `question`, `disclosure`, `refusals`, `history`, `erasure` are its scenes, in their order.
//! * `answer` is what a command answered, `screen` what people see.
//! * `operator` is what one can do who has root, the disk and the log's private key.
//!
//! What is printed is what was answered. A scene that does not come out as it should is an error, and ends the demo.

mod answer;
mod delivery;
mod disclosure;
mod erasure;
mod history;
mod operator;
mod question;
mod refusals;
mod screen;
mod stage;
mod story;

use std::path::Path;

use self::screen::heading;
use self::stage::Stage;
use super::out::line;
use super::runtime::block_on;
use crate::cmd::{CommandResult, Verdict};

/// Show in a minute what the log is for: from a delivery of GitHub to a proof, and what is refused.
///
/// Makes a log in a temporary directory, serves it on a free loopback port, and delivers to it what happened in a pipeline, as GitHub
/// does. Asks who did what, verifies the answer offline, discloses only a part of it, and erases a person without breaking a proof.
/// Shows what is refused: a delivery with a wrong byte, forged evidence, and the operator who has the disk and the private key and
/// rewrites the past. Every command that is shown is run, and everything it prints is its own. Removes everything at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible demo")]
pub struct Args {}

/// Plays it through; every step that does not go as it should is an error, so that the exit status says something.
pub fn run(_: &Args) -> CommandResult {
    let folder = tempfile::Builder::new().prefix("indelible-demo-").tempdir()?;
    block_on(play(folder.path()))?
}

async fn play(folder: &Path) -> CommandResult {
    let mut stage = Stage::set(folder)?;
    let secret = delivery::make_log(&mut stage).await?;
    delivery::by_day(&stage, &secret).await?;
    delivery::at_night(&stage, &secret).await?;
    question::ask(&stage).await?;
    question::prove(&stage).await?;
    disclosure::show_less(&stage).await?;
    refusals::refuse_delivery(&stage, &secret).await?;
    refusals::refuse_evidence(&stage).await?;
    stage.close().await?;
    history::refuse_changed_entry(&stage).await?;
    history::refuse_second_history(&mut stage).await?;
    stage.open_again().await?;
    erasure::erase(&stage).await?;
    stage.close().await?;

    heading("That is all.")?;
    line("  Nobody had to trust the operator. README.md has the five minutes that it takes to begin.\n")?;
    Ok(Verdict::Holds)
}
