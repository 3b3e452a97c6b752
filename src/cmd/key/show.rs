//! `indelible key show`

use std::path::PathBuf;

use indelible_client::{HttpOptions, KeysError, LogHttp, follow_keys};
use indelible_note::KeyChain;

use super::policy_lines;
use crate::cmd::credential::CredentialArgs;
use crate::cmd::files::{read_at_most, replace};
use crate::cmd::out::line;
use crate::cmd::reach::CA_BYTES_MAX;
use crate::cmd::runtime::block_on;
use crate::cmd::vkey::VkeyArg;
use crate::cmd::{CommandResult, Failure, Verdict};
use crate::data::{DataDir, journal_keys};

/// Follow a log's keys from one that you trust to the one in force, and print them.
///
/// One line a key on stdout, the one in force last: the public key, the size of the smallest tree that it may sign, and that of the
/// largest, or - if it is in force. With --output, also a file that other commands take for --vkey: they then believe each key for
/// the heads of its time. Exit status 0: the keys follow from each other, and yours is among them. 1: they do not, or it is not. 2:
/// could not tell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible key show --url https://log.example.com --vkey old.vkey
  indelible key show --url https://log.example.com --vkey old.vkey -o log.keys
  indelible key show --data /var/lib/indelible --policy > policy")]
pub(super) struct Args {
    /// Where the log is served.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7425",
        env = "INDELIBLE_URL"
    )]
    url: String,
    /// Read the keys from the journal in DIR instead, whether the log is being served or not. The journal is believed for its first
    /// key.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "vkey", "ca"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    vkey: VkeyArg,
    /// For https: the certificates, in PEM, that may vouch for the server, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print the lines of a tlog-policy instead, each key with its last size.
    #[arg(long)]
    policy: bool,
    /// Write the keys with the statements that connect them to FILE.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Follows and prints.
pub(super) fn run(args: &Args) -> CommandResult {
    let keys = match &args.data {
        Some(data) => journal_keys(&DataDir::at(data).journal())?,
        None => match followed(args)? {
            Ok(keys) => keys,
            Err(error @ KeysError::Bad { .. }) => return Ok(Verdict::DoesNotHold(error.to_string())),
            Err(error) => return Err(error.into()),
        },
    };
    if args.policy {
        line(policy_lines(&keys).trim_end())?;
    } else {
        for term in keys.terms() {
            let last = term.last_size().map_or_else(|| "-".to_owned(), |last| last.to_string());
            line(format_args!("{}\t{}\t{last}", term.key(), term.first_size()))?;
        }
    }
    if let Some(path) = &args.output {
        replace(path, keys.to_string().as_bytes())?;
    }
    let changes = match keys.changes().len() {
        0 => "never changed its key".to_owned(),
        1 => "changed its key once".to_owned(),
        times => format!("changed its key {times} times"),
    };
    eprintln!("{} {changes}; {} is in force", keys.origin(), keys.current().id());
    Ok(Verdict::Holds)
}

fn followed(args: &Args) -> Result<Result<KeyChain, KeysError>, Failure> {
    let trusted = args.vkey.read_keys()?;
    let ca = args.ca.as_deref();
    let options = HttpOptions {
        ca_certificates: ca.map(|path| read_at_most(path, CA_BYTES_MAX)).transpose()?,
        client_certificate: args.credential.certificate()?,
        ..HttpOptions::default()
    };
    let http = LogHttp::new(&args.url, &options, &args.credential.credential(&args.url)?)?;
    Ok(block_on(follow_keys(&http, &args.url, trusted.current()))?)
}
