//! `indelible access`

use indelible_access::table::Table;
use reqwest::Method;

use super::admin::AdminArgs;
use super::out::line;
use super::runtime::block_on;
use super::{CommandResult, Verdict};

/// Show who may do what.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible access table
  indelible access show")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the table of methods and roles: `scope` means within the scope of the grant, `whole` only by a grant without scope.
    #[command(after_help = "Examples:\n  indelible access table")]
    Table,
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
        Command::Show { admin } => line(block_on(admin.ask(Method::GET, "/v1/access", None))??)?,
    }
    Ok(Verdict::Holds)
}
