//! `indelible source add`

use std::path::PathBuf;

use indelible_sources::github::{Account, Configuration, Permitted, instructions};
use indelible_sources::{Secrets, SourceName};

use super::{random_secret, source_name};
use crate::cmd::environment::environment;
use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::data::{DataDir, configure};
use crate::sources::{SourceFile, SourcesFolder, secret_of_file};

/// Add a source, and print what to enter where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    Github(GitHub),
}

/// Add a webhook of GitHub, and print what to enter where, and a curl line that tests it.
///
/// The secret is made here, unless a file has it. It is shown this once, and kept in DIR/sources, for its owner alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible source add github acme --allow acme --url https://audit.example.com
  indelible source add github web --allow acme/web --allow acme/api")]
struct GitHub {
    /// What the source is called, for ever: `acme` is `github/acme`, the `source` of its events and the end of its URL.
    #[arg(value_name = "NAME", value_parser = source_name)]
    name: SourceName,
    /// Of whom it may speak: an organisation or person (acme), a repository (acme/web), or an enterprise (enterprise:acme). Can be
    /// given more than once.
    #[arg(long, value_name = "ACCOUNT", required = true)]
    allow: Vec<Account>,
    /// Where GitHub reaches the log. Without, the address that it listens on.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Use the secret in FILE (mode 0600): 16 to 256 bytes. It is copied.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Refuse deliveries of any other hook than that of this number.
    #[arg(long, value_name = "N")]
    hook_id: Option<u64>,
    /// Do not store events of this type, such as `star`. Can be given more than once.
    #[arg(long, value_name = "EVENT")]
    unwanted: Vec<String>,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> CommandResult {
    match &args.kind {
        Kind::Github(args) => github(args),
    }
}

fn github(args: &GitHub) -> CommandResult {
    let data = DataDir::at(&args.data);
    let config = configure(&data, &environment(), &[])?;
    let current = match &args.secret_file {
        Some(file) => secret_of_file(file)?,
        None => random_secret()?,
    };
    let configuration = Configuration {
        name: args.name.clone(),
        secrets: Secrets {
            current,
            previous: None,
        },
        permitted: Permitted::new(args.allow.clone())?,
        hook_id: args.hook_id,
        unwanted: args.unwanted.iter().cloned().collect(),
    };
    let file = SourceFile::of(configuration)?;
    let path = SourcesFolder::at(data.sources()).add(&file)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let here = format!("{scheme}://{}", config.listen);
    line(instructions(&file.configuration, args.url.as_deref().unwrap_or(&here)).trim_end())?;
    eprintln!("\nmade the source {} in {}", args.name, path.display());
    if args.url.is_none() {
        eprintln!("GitHub cannot reach {here}: add --url to see what to enter there, once it can reach the log");
    }
    Ok(Verdict::Holds)
}
