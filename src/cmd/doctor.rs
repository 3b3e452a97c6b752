//! `indelible doctor`

use std::path::PathBuf;

use indelible_client::HttpOptions;

use super::credential::CertificateArgs;
use super::environment::environment;
use super::files::read_at_most;
use super::out::line;
use super::reach::CA_BYTES_MAX;
use super::runtime::block_on;
use super::terminal::SafeLines;
use super::{CommandResult, Verdict};
use crate::data::DataDir;
use crate::doctor::{Asked, Check, Health, gather, judge};

/// Look for what is wrong with a log and around it, and say what to do about it.
///
/// Looks at configuration, keys and their modes, the journal's end, what is remembered outside, clock, disk, followers, witnesses,
/// certificate, sources and limits. It only reads and takes no lock: it can be asked while the log is served and while it is not. A
/// line a check on stdout, `ok`, `warn` or `bad`, and under it what to do. Exit status 0: nothing is bad; 1: something is; 2: there
/// is nothing to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible doctor
  indelible doctor --data /var/lib/indelible --url https://audit.example.com --json")]
pub struct Args {
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    /// Where the service is, to ask it too. Default: where the configuration says, if it runs.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// For https: the certificates, in PEM, that may vouch for the service, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    certificate: CertificateArgs,
    /// Print each check as a line of JSON: check, health, found, todo.
    #[arg(long)]
    json: bool,
    /// Let the exit status say so of warnings too.
    #[arg(long)]
    strict: bool,
}

/// Looks, and tells.
pub fn run(args: &Args) -> CommandResult {
    let data = DataDir::at(&args.data);
    if !data.path().is_dir() {
        return Err(format!("there is no directory {}", args.data.display()).into());
    }
    let ca = args.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
    let asked = Asked {
        data,
        environment: environment(),
        url: args.url.clone(),
        // Health is for everybody, so that no token is shown; a certificate may be asked for in the handshake.
        http: HttpOptions {
            ca_certificates: ca.transpose()?,
            client_certificate: args.certificate.certificate()?,
            ..HttpOptions::default()
        },
    };
    let report = judge(&block_on(gather(asked))?);
    for check in &report.0 {
        match args.json {
            true => line(check.to_json())?,
            // A service's words may be in it.
            false => line(SafeLines(&check.to_string()))?,
        }
    }
    let worst_allowed = if args.strict { Health::Ok } else { Health::Warn };
    let wrong = |check: &&Check| check.health > worst_allowed;
    match report.0.iter().filter(wrong).count() {
        0 => Ok(Verdict::Holds),
        1 => Ok(Verdict::DoesNotHold("1 check found something wrong".to_owned())),
        count => Ok(Verdict::DoesNotHold(format!("{count} checks found something wrong"))),
    }
}
