//! `indelible access`

use std::io::{self, Write};

use indelible_access::oidc::JWKS_BYTES_MAX;
use indelible_access::table::Table;
use reqwest::Method;

use super::admin::AdminArgs;
use super::out::line;
use super::runtime::block_on;
use super::{CommandResult, Verdict};
use crate::identity::oidc::snapshot_name;

/// Show who may do what.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible access table
  indelible access show
  indelible access jwks 5d41402abc4b2a76b9719d911017c592ae2b6a4e64d3a1f0f5c8e7b6a5948372 > then.jwks.json")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the table of methods and roles: `scope` means within the scope of the grant, `whole` only by a grant without scope.
    #[command(after_help = "Examples:\n  indelible access table")]
    Table,
    /// Print a key set by which tokens were checked, as its issuer published it then.
    ///
    /// Events name it (`submitter`, `verified.key.jwks_sha256`). With it whoever has the token can check it again.
    #[command(
        after_help = "Examples:\n  indelible access jwks $(indelible show 7 --json | jq -r .members.submitter.value.verified.key.jwks_sha256)"
    )]
    Jwks {
        /// Its SHA-256 in hex.
        #[arg(value_name = "SHA256")]
        sha256: String,
        #[command(flatten)]
        admin: AdminArgs,
    },
    /// Show what is configured on a running log.
    #[command(after_help = "Examples:\n  indelible access show --url https://audit.example.com")]
    Show {
        #[command(flatten)]
        admin: AdminArgs,
    },
}

/// Runs the command.
pub fn run(args: &Args) -> CommandResult {
    match &args.command {
        Command::Table => line(Table.to_string().trim_end())?,
        Command::Jwks { sha256, admin } => {
            let text = block_on(admin.bytes(&format!("/v1/jwks/{sha256}"), JWKS_BYTES_MAX))??;
            if snapshot_name(&text) != *sha256 {
                return Ok(Verdict::DoesNotHold(
                    "the log answers with another key set than that".to_owned(),
                ));
            }
            io::stdout().write_all(&text)?;
        }
        Command::Show { admin } => line(block_on(admin.ask(Method::GET, "/v1/access", None))??)?,
    }
    Ok(Verdict::Holds)
}
