//! `indelible job-key`

use std::path::PathBuf;

use indelible_access::signed::JobKey;
use zeroize::Zeroizing;

use super::out::line;
use super::{CommandResult, Verdict};
use crate::data::write_secret;

/// Make a key for a CI job to sign its events with, and print what to ask a token for.
///
/// The key goes to a new file that only its owner may read: a private JWK of Ed25519. With --audience the line on stdout is the audience
/// of the identity token that the job then asks its CI system for, which binds the token to the key; without, the thumbprint of the
/// key, for a system that puts it into `cnf.jkt`. `submit --signing-key` signs with the key. It is of use as long as the token is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  audience=$(indelible job-key --audience https://log.example/acme --out job.jwk)
  token=$(curl -sSfG -H \"Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN\" \\
    --data-urlencode \"audience=$audience\" \"$ACTIONS_ID_TOKEN_REQUEST_URL\" | jq -r .value)
  indelible submit deploy.json --source deploy --key \"run-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT\" --signing-key job.jwk")]
pub struct Args {
    /// The file for the key, which must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The log's audience, as its `[[issuer]]` has it.
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
}

/// Makes the key.
pub fn run(args: &Args) -> CommandResult {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    let key = JobKey::from_seed(&seed);
    write_secret(&args.out, key.to_jwk().as_bytes())?;
    match &args.audience {
        Some(audience) => line(key.audience(audience))?,
        None => line(key.thumbprint())?,
    }
    let file = args.out.display();
    eprintln!("wrote the key with the thumbprint {} to {file}", key.thumbprint());
    Ok(Verdict::Holds)
}
