//! `indelible hold`

use serde_json::json;

use super::admin::AdminArgs;
use super::erase::entries;
use super::out::line;
use super::runtime::block_on;
use super::{CommandResult, Verdict};

/// Forbid that events are erased, or allow it again.
///
/// A legal hold is an event of the log itself, whose index is printed. As long as it is not released, `erase` refuses what it names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible hold 7 9 --reason 'case 2026-114'
  indelible hold --range 100..250 --members actor,origin --reason 'case 2026-114'
  indelible hold --release 260")]
#[group(id = "what", required = true, multiple = true, args = ["indexes", "range", "release"])]
pub struct Args {
    /// The events to hold.
    #[arg(value_name = "INDEX")]
    indexes: Vec<u64>,
    /// Hold the events from A to B, both included.
    #[arg(long, value_name = "A..B", value_parser = range)]
    range: Vec<(u64, u64)>,
    /// Hold only these members, by name. Default: all.
    #[arg(long, value_name = "MEMBERS", value_delimiter = ',')]
    members: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT", required_unless_present = "release")]
    reason: Option<String>,
    /// Release the hold that event N has placed.
    #[arg(long, value_name = "N", conflicts_with_all = ["indexes", "range", "members", "reason"])]
    release: Option<u64>,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Holds, or releases.
pub fn run(args: &Args) -> CommandResult {
    let asked = match args.release {
        Some(hold) => json!({"release": hold}),
        None => {
            let mut held = entries(&args.indexes, &args.members);
            for (first, last) in &args.range {
                for mut range in entries(&[*first], &args.members) {
                    range["last"] = json!(last);
                    held.push(range);
                }
            }
            json!({"entries": held, "reason": args.reason})
        }
    };
    block_on(
        args.admin
            .post("/v1/holds", &asked, &mut |said| Ok(line(&said["index"])?)),
    )??;
    Ok(Verdict::Holds)
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let read = || {
        let (first, last) = text.split_once("..")?;
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    read().ok_or_else(|| format!("{text:?} is not of the form A..B"))
}
