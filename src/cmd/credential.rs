//! What shows a log who asks, as arguments and variables of every command that talks to one. A token is never an argument: those are
//! seen by everybody on the machine, and kept by shells.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indelible_client::{ClientCertificate, Credential, HttpOptions, TileSource, Token, TokenFile};
use reqwest::Url;
use zeroize::Zeroizing;

use super::Failure;

/// Who asks. Without any of it nobody in particular does, which is enough for what is public.
#[derive(Debug, clap::Args)]
pub(super) struct CredentialArgs {
    /// Show the log the token in FILE, which should be for its owner alone (chmod 600).
    ///
    /// Without this or --identity-token-file, the token is taken from INDELIBLE_TOKEN, or from the file that INDELIBLE_TOKEN_FILE names, and
    /// goes to the log of INDELIBLE_URL only, if that is set. It goes over https, or to this machine. Never give a token itself on the
    /// command line. docs/credentials.md has more.
    ///
    /// Examples: --token-file ~/.config/indelible/token; INDELIBLE_TOKEN=$(cat token) before the command.
    #[arg(long, value_name = "FILE", help_heading = HEADING, conflicts_with = "identity_token_file")]
    token_file: Option<PathBuf>,
    /// Show the log the identity token (OIDC) that a CI or Kubernetes keeps in FILE; read again when it is replaced.
    ///
    /// Example: --identity-token-file /var/run/secrets/tokens/indelible
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    identity_token_file: Option<PathBuf>,
    #[command(flatten)]
    certificate: CertificateArgs,
}

/// The certificate that is shown in the handshake of TLS.
#[derive(Debug, clap::Args)]
pub(super) struct CertificateArgs {
    /// For https: show the log this certificate, in PEM with those that vouch for it behind it. Needs --client-key.
    ///
    /// Example: --client-cert ci.pem --client-key ci.key
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The private key of --client-cert, in PEM.
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl CredentialArgs {
    /// The token for the log at `url`, by the arguments, or else by the environment.
    pub(super) fn credential(&self, url: &str) -> Result<Credential, Failure> {
        if let Some(path) = &self.token_file {
            warn_of_mode(path);
            return of_file("--token-file", path);
        }
        if let Some(path) = &self.identity_token_file {
            return of_file("--identity-token-file", path);
        }
        of_environment(url)
    }

    /// The files of the log at a URL prefix, or in a folder, which is shown nothing.
    pub(super) fn tiles(&self, place: &str, options: &HttpOptions) -> Result<TileSource, Failure> {
        let credential = match Path::new(place).is_dir() {
            true => Credential::None,
            false => self.credential(place)?,
        };
        Ok(TileSource::with_credential(place, options, &credential)?)
    }

    /// The certificate to be shown.
    pub(super) fn certificate(&self) -> Result<Option<ClientCertificate>, Failure> {
        self.certificate.certificate()
    }
}

impl CertificateArgs {
    /// It, if there is one. A process that runs for long takes up those that come in its place.
    pub(super) fn certificate(&self) -> Result<Option<ClientCertificate>, Failure> {
        let Some((cert, key)) = self.client_cert.as_ref().zip(self.client_key.as_ref()) else {
            return Ok(None);
        };
        warn_of_mode(key);
        Ok(Some(ClientCertificate::of_files(cert, key)?))
    }
}

fn of_file(argument: &str, path: &Path) -> Result<Credential, Failure> {
    let file = TokenFile::open(path).map_err(|error| format!("{argument}: {error}"))?;
    Ok(Credential::BearerFile(file))
}

fn of_environment(url: &str) -> Result<Credential, Failure> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let (token, path) = (variable(TOKEN_VARIABLE), variable(FILE_VARIABLE));
    if token.is_none() && path.is_none() {
        return Ok(Credential::None);
    }
    if let Some(meant) = env::var("INDELIBLE_URL").ok().filter(|meant| !same_host(meant, url)) {
        eprintln!("indelible: the token of the environment is for {meant}, and is not shown to {url}");
        return Ok(Credential::None);
    }
    match (token, path) {
        (Some(_), Some(_)) => {
            Err(format!("{TOKEN_VARIABLE} and {FILE_VARIABLE} are both set: which one is meant?").into())
        }
        (Some(token), None) => {
            // What is not text has a byte in it that no token has.
            let token = Zeroizing::new(token.to_string_lossy().into_owned());
            let token = Token::parse(&token).map_err(|error| format!("{TOKEN_VARIABLE}: {error}"))?;
            Ok(Credential::Bearer(token))
        }
        (None, Some(path)) => {
            warn_of_mode(Path::new(&path));
            of_file(FILE_VARIABLE, Path::new(&path))
        }
        (None, None) => Ok(Credential::None),
    }
}

/// Whether two URLs are of one scheme, host and port. What is no URL has none, and is refused elsewhere.
fn same_host(one: &str, other: &str) -> bool {
    let origin = |url: &str| url.parse::<Url>().ok().map(|url| url.origin());
    origin(one).is_some() && origin(one) == origin(other)
}

/// Says so if others than its owner may read a file with a secret. Of what cannot be looked at, reading says why.
fn warn_of_mode(path: &Path) {
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        let shown = path.display();
        eprintln!("indelible: {shown} has mode {mode:04o}, so that others may read it; chmod 600 {shown}");
    }
}

const HEADING: &str = "Who asks";
/// Taken out of the environment of what `monitor --exec` starts.
const TOKEN_VARIABLE: &str = "INDELIBLE_TOKEN";
const FILE_VARIABLE: &str = "INDELIBLE_TOKEN_FILE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_environment_is_for_one_host() {
        for (one, other, same) in [
            ("https://log.example.com", "https://LOG.example.com:443/audit", true),
            ("http://127.0.0.1:7425", "http://127.0.0.1:7425/", true),
            ("http://127.0.0.1:7425", "http://localhost:7425", false),
            ("https://log.example.com", "http://log.example.com", false),
            ("https://log.example.com", "https://log.example.com:444", false),
            ("log.example.com", "log.example.com", false),
        ] {
            assert_eq!(same_host(one, other), same, "{one} {other}");
        }
    }
}
