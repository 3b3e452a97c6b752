//! `indelible source list`

use std::path::PathBuf;

use indelible_sources::github::Account;

use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::data::DataDir;
use crate::sources::SourcesFolder;

/// List the sources: name, of whom each may speak, and its file. No secret is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let folder = SourcesFolder::at(DataDir::at(&args.data).sources());
    for (path, file) in folder.load()? {
        let configuration = &file.configuration;
        let accounts: Vec<String> = configuration
            .permitted
            .accounts()
            .iter()
            .map(Account::to_string)
            .collect();
        let rotating = match configuration.secrets.previous {
            Some(_) => "\tits secret is being rotated",
            None => "",
        };
        line(format!(
            "{}\t{}\t{}{rotating}",
            configuration.name,
            accounts.join(","),
            path.display()
        ))?;
    }
    Ok(Verdict::Holds)
}
