//! Copies of a log's record in another log, which is one of events.

use std::io;
use std::path::{Path, PathBuf};

use indelible_client::{
    AppendError, Client, ConnectError, Credential, CredentialError, MemoryHeads, NewEvent, Options, TokenFile,
};
use indelible_event::member::{Claims, IpTrust};
use indelible_note::VerifierKey;
use serde::Deserialize;
use tokio::sync::Mutex;

/// Where the copies go, as `access.toml` says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditLog {
    /// Where that log is served.
    pub url: String,
    /// A file with its public key.
    pub vkey: PathBuf,
    /// A file with a token of the role submitter there.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// For https: the certificates, in PEM, that may vouch for it, instead of the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// The way there. It is connected when there is something to send, and anew after an error.
#[derive(Debug)]
pub struct Copies {
    config: AuditLog,
    folder: PathBuf,
    source: String,
    client: Mutex<Option<Client>>,
}

/// Why a copy did not get there.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file that is needed for it.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The key of that log is none.
    #[error("{path} has no public key of a log")]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The token's file.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Nobody answers.
    #[error(transparent)]
    Connect(Box<ConnectError>),
    /// It is not taken.
    #[error(transparent)]
    Append(Box<AppendError>),
}

impl Copies {
    /// Copies of the record of the log `origin`. Relative paths start from `folder`.
    pub fn new(config: AuditLog, folder: &Path, origin: &str) -> Copies {
        Copies {
            config,
            folder: folder.to_owned(),
            source: format!("record/{origin}"),
            client: Mutex::default(),
        }
    }

    /// Sends one, and waits until its receipt is verified.
    pub(super) async fn send(&self, mut claims: Claims) -> Result<(), CopyError> {
        if let Some(origin) = &mut claims.origin {
            // The other log has not seen the address itself.
            origin.ip_trust = IpTrust::Reported;
        }
        let event = NewEvent {
            source: self.source.clone(),
            claims,
            ..NewEvent::default()
        };
        let mut connected = self.client.lock().await;
        let client = match connected.take() {
            Some(client) => client,
            None => self.connect().await?,
        };
        let sent = client.submit(&event).await;
        sent.map_err(|error| CopyError::Append(Box::new(error)))?;
        // One that has failed is not used again.
        *connected = Some(client);
        Ok(())
    }

    async fn connect(&self) -> Result<Client, CopyError> {
        let path = self.folder.join(&self.config.vkey);
        let key: VerifierKey = text(&path)?.trim().parse().map_err(|_| CopyError::Key { path })?;
        let credential = match &self.config.token_file {
            Some(file) => Credential::BearerFile(TokenFile::open(self.folder.join(file))?),
            None => Credential::None,
        };
        let ca = self
            .config
            .ca
            .as_ref()
            .map(|ca| text(&self.folder.join(ca)))
            .transpose()?;
        let options = Options {
            credential,
            ca_certificates: ca.map(String::into_bytes),
            ..Options::default()
        };
        let connected = Client::connect(&self.config.url, key, MemoryHeads::new(), options).await;
        connected.map_err(|error| CopyError::Connect(Box::new(error)))
    }
}

fn text(path: &Path) -> Result<String, CopyError> {
    std::fs::read_to_string(path).map_err(|error| CopyError::File {
        path: path.to_owned(),
        error,
    })
}
