//! `indelible source rotate`

use std::path::PathBuf;

use indelible_sources::{Secrets, SourceName};

use super::{random_secret, source_name};
use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::data::DataDir;
use crate::sources::{SourcesFolder, secret_of_file};

/// Give a source a new secret, and print it. The old one is good too, until `--finish`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The source, such as `github/acme`.
    #[arg(value_name = "NAME", value_parser = source_name)]
    name: SourceName,
    /// The sender has the new secret: the old one is good no more.
    #[arg(long, conflicts_with = "secret_file")]
    finish: bool,
    /// Use the secret in FILE (mode 0600). It is copied.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let name = &args.name;
    let folder = SourcesFolder::at(DataDir::at(&args.data).sources());
    let (path, mut file) = folder.find(name)?;
    let secrets = &mut file.configuration.secrets;
    if args.finish {
        if secrets.previous.take().is_none() {
            return Err(format!("the secret of {name} is not being rotated").into());
        }
        folder.put(&path, &file)?;
        eprintln!("the old secret of {name} is good no more");
        return Ok(Verdict::Holds);
    }
    if secrets.previous.is_some() {
        // A third one would take the old one away from a sender that still has it.
        return Err(format!(
            "the secret of {name} is being rotated already\n\nindelible source rotate {name} --finish"
        )
        .into());
    }
    let current = match &args.secret_file {
        Some(file) => secret_of_file(file)?,
        None => random_secret()?,
    };
    let previous = Some(secrets.current.clone());
    *secrets = Secrets { current, previous };
    folder.put(&path, &file)?;
    line(file.configuration.secrets.current.expose())?;
    eprintln!("the new secret of {name} is the line above; the old one is good too, until");
    eprintln!("\nindelible source rotate {name} --finish");
    Ok(Verdict::Holds)
}
