//! `indelible show`

use indelible_event::CheckedLine;

use super::evidence::{EvidenceTrustArgs, event_json, event_text, tombstone_json, tombstone_text};
use super::out::line;
use super::runtime::block_on;
use super::service::ServiceArgs;
use super::terminal::Safe;
use super::{CommandResult, Verdict};

/// Show one event of a running log, what is proved of it apart from what somebody says.
///
/// Fetches the event with its proof and checks it as `verify` does: that it is in a tree which the log has signed, and that its leaf
/// commits to every member that is shown. Of members that were erased the tombstones are fetched and checked, too. Nothing is
/// shown that does not hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible show 7
  indelible show 7 --url https://audit.example.com --vkey log.vkey
  indelible show 7 --json | jq .members.actor.value")]
pub struct Args {
    /// The event's index.
    index: u64,
    /// Print it as JSON, on one line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    trust: EvidenceTrustArgs,
}

/// Fetches, checks, and shows.
pub fn run(args: &Args) -> CommandResult {
    block_on(show(args))?
}

async fn show(args: &Args) -> CommandResult {
    let mut gatherer = args.service.gatherer(args.trust.read()?).await?;
    let mut found = None;
    gatherer
        .entries([args.index], |_, checked| {
            found = Some(checked);
            Ok(())
        })
        .await?;
    let mut tombstones = Vec::new();
    gatherer
        .tombstones(|_, checked| {
            tombstones.push(checked);
            Ok(())
        })
        .await?;
    let Some(found) = found else {
        return Err("the service has not answered".into());
    };
    let (place, verifier) = (&found.place, gatherer.verifier());
    match (&found.line, args.json) {
        (CheckedLine::Event(event), true) => {
            line(Safe(&event_json(place, event, &verifier.members(event)).to_string()))?;
        }
        (CheckedLine::Event(event), false) => {
            line(event_text(place, event, &verifier.members(event)).trim_end())?;
            for tombstone in &tombstones {
                if let CheckedLine::Tombstone(checked) = &tombstone.line {
                    line(format_args!(
                        "\n{}",
                        tombstone_text(&tombstone.place, checked).trim_end()
                    ))?;
                }
            }
        }
        (CheckedLine::Tombstone(tombstone), true) => {
            line(Safe(&tombstone_json(place, tombstone).to_string()))?;
        }
        (CheckedLine::Tombstone(tombstone), false) => line(tombstone_text(place, tombstone).trim_end())?,
    }
    Ok(Verdict::Holds)
}
