//! `indelible source remove`

use std::path::PathBuf;

use indelible_sources::SourceName;

use super::source_name;
use crate::cmd::{CommandResult, Verdict};
use crate::data::DataDir;
use crate::sources::SourcesFolder;

/// Remove a source: nothing that it sends is taken any more. Its events stay.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The source, such as `github/acme`.
    #[arg(value_name = "NAME", value_parser = source_name)]
    name: SourceName,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let folder = SourcesFolder::at(DataDir::at(&args.data).sources());
    let path = folder.remove(&args.name)?;
    eprintln!("removed the source {} ({})", args.name, path.display());
    Ok(Verdict::Holds)
}
