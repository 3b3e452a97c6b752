//! `indelible token list`

use indelible_access::Grant;
use reqwest::Method;
use serde_json::Value;

use crate::cmd::admin::AdminArgs;
use crate::cmd::out::line;
use crate::cmd::runtime::block_on;
use crate::cmd::{CommandResult, Verdict};

/// List the tokens of the log, those that hold no more too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible token list
  indelible token list --json | jq .name")]
pub(super) struct Args {
    /// As JSON, a line each.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    admin: AdminArgs,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let answer = block_on(args.admin.ask(Method::GET, "/v1/tokens", None))??;
    for token in answer["tokens"].as_array().into_iter().flatten() {
        match args.json {
            true => line(token)?,
            false => line(shown(token))?,
        }
    }
    Ok(Verdict::Holds)
}

fn shown(token: &Value) -> String {
    let text = |field: &str| token[field].as_str().unwrap_or("-").to_owned();
    let grants: Vec<Grant> = serde_json::from_value(token["grants"].clone()).unwrap_or_default();
    let grants: Vec<String> = grants.iter().map(Grant::to_string).collect();
    let ends = match token["revoked"]["at"].as_str() {
        Some(at) => format!("revoked {at}"),
        None => format!("until {}", text("expires")),
    };
    format!(
        "{}  {:<24} {:<40} {ends}  by {}",
        text("id"),
        text("name"),
        grants.join(", "),
        text("created_by")
    )
}
