//! `indelible token revoke`

use indelible_access::token::TokenId;
use reqwest::Method;

use crate::cmd::admin::AdminArgs;
use crate::cmd::runtime::block_on;
use crate::cmd::{CommandResult, Verdict};

/// Revoke tokens: at once, and for ever. What they have under way is broken off.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible token revoke 5f0c2b7d9e61a384")]
pub(super) struct Args {
    /// Their ids, which `list` shows.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<TokenId>,
    #[command(flatten)]
    admin: AdminArgs,
}

pub(super) fn run(args: &Args) -> CommandResult {
    for id in &args.ids {
        block_on(args.admin.ask(Method::DELETE, &format!("/v1/tokens/{id}"), None))??;
        eprintln!("revoked {id}");
    }
    Ok(Verdict::Holds)
}
