//! `indelible approval`

use indelible_access::ApprovalId;
use reqwest::Method;
use serde_json::json;

use super::admin::AdminArgs;
use super::out::line;
use super::runtime::block_on;
use super::{CommandResult, Verdict};

/// Four eyes: approve what another principal has asked for.
///
/// `access.toml` says what needs it: erasures, tokens of the role admin, changes of the log's key. Whoever asks for one of those is told
/// the approval's id, and asks again with it when somebody else has approved.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible approval list
  indelible approval give 5f0c2b7d9e61a384
  indelible approval request-key-rotation")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List what waits for approval.
    #[command(after_help = "Examples:\n  indelible approval list")]
    List {
        #[command(flatten)]
        admin: AdminArgs,
    },
    /// Approve a request of somebody else.
    #[command(after_help = "Examples:\n  indelible approval give 5f0c2b7d9e61a384")]
    Give {
        /// The approval's id, which `list` shows.
        id: ApprovalId,
        #[command(flatten)]
        admin: AdminArgs,
    },
    /// Ask to change the log's key, and print the approval's id. When it is approved, stop the log and run `indelible key rotate`.
    #[command(after_help = "Examples:\n  indelible approval request-key-rotation")]
    RequestKeyRotation {
        #[command(flatten)]
        admin: AdminArgs,
    },
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::List { admin } => {
            let answer = block_on(admin.ask(Method::GET, "/v1/approvals", None))??;
            for approval in answer["approvals"].as_array().into_iter().flatten() {
                line(approval)?;
            }
        }
        Command::Give { id, admin } => {
            block_on(admin.ask(Method::POST, &format!("/v1/approvals/{id}"), None))??;
            eprintln!("approved {id}");
        }
        Command::RequestKeyRotation { admin } => {
            let asked = json!({"for": "key-rotation"});
            let answer = block_on(admin.ask(Method::POST, "/v1/approvals", Some(&asked)))??;
            line(answer["approval"].as_str().unwrap_or_default())?;
        }
    }
    Ok(Verdict::Holds)
}
