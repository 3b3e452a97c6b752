//! Serves one witness: puts the parts together, and takes them down in order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use indelible_note::CosignerKey;
use tonic::service::Routes;

use super::WitnessDir;
use super::answer::Witness;
use super::limit::{Limiter, Rate};
use super::routes::{Desk, routes};
use super::state::{State, StateError};
use crate::data::{KeyError, Lock, LockError, read_cosigning_key};
use crate::net::host::Authority;
use crate::net::{self, BindError, Limits, Listening, Refresher, Tls, TlsError};
use crate::observe::Observer;
use crate::task::blocking;

/// How a witness is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Host names by which it is called, see [`KnownHosts`](crate::net::host::KnownHosts).
    pub hosts: Vec<Authority>,
    /// The files of a certificate chain and its key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// How often each log may ask.
    pub rate: Rate,
}

/// A witness behind a bound socket, not served yet.
#[derive(Debug)]
pub struct Service {
    cosigner: CosignerKey,
    logs: usize,
    desk: Desk,
    listening: Listening,
    hosts: Vec<Authority>,
    lock: Lock,
}

/// Why the witness does not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is nothing to serve, and nothing is made unasked.
    #[error("there is no witness in {0}\n\nindelible witness init --data {0} --name NAME")]
    NoWitness(PathBuf),
    /// Somebody else serves it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state cannot be used, from the start or from some moment on.
    #[error(transparent)]
    State(Arc<StateError>),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl ServeError {
    /// Whether the state was looked at and does not hold, as against could not be looked at.
    pub fn is_refuted(&self) -> bool {
        matches!(self, ServeError::State(error) if error.is_refuted())
    }
}

impl From<StateError> for ServeError {
    fn from(error: StateError) -> ServeError {
        ServeError::State(Arc::new(error))
    }
}

impl Service {
    /// Takes the directory, reads and checks all that is known, and binds.
    pub async fn start(folder: WitnessDir, options: Options) -> Result<Service, ServeError> {
        let tls = options
            .tls
            .as_ref()
            .map(|(cert, key)| Tls::load(cert, key))
            .transpose()?;
        let rate = options.rate;
        let (lock, cosigner, witness, logs) = blocking(move || open(&folder, rate)).await?;
        Ok(Service {
            cosigner,
            logs,
            desk: Desk::new(witness),
            listening: Listening::bind(options.listen, tls).await?,
            hosts: options.hosts,
            lock,
        })
    }

    /// Where logs find it.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// The public key of the witness.
    pub fn cosigner(&self) -> &CosignerKey {
        &self.cosigner
    }

    /// How many logs it knew at the start.
    pub fn logs(&self) -> usize {
        self.logs
    }

    /// Serves until `shutdown` resolves, or until the state fails; running requests have their time.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let mut failed = self.desk.failed();
        let known_hosts = self.listening.known_hosts(&self.hosts);
        let observer = Observer::default();
        let app = net::application(
            Routes::default(),
            routes(self.desk),
            known_hosts,
            REQUEST_TIMEOUT,
            &observer,
        );
        let mut failing = failed.clone();
        let end = async move {
            tokio::select! {
                () = shutdown => {}
                Ok(_) = failing.wait_for(Option::is_some) => {}
            }
        };
        // A renewed certificate is taken up, and SIGHUP asks for that.
        let mut refresher = Refresher::new(self.listening.tls().cloned());
        let refreshing = tokio::spawn(async move {
            loop {
                let loaded = refresher.next().await;
                tracing::info!(
                    not_after = loaded.not_after(),
                    "the files of TLS were read again, and are in use"
                );
            }
        });
        net::serve(self.listening, app, &Limits::default(), observer.connections(), end).await;
        refreshing.abort();
        drop(self.lock);
        let failed = failed.borrow_and_update().clone();
        failed.map_or(Ok(()), |error| Err(ServeError::State(error)))
    }
}

/// The key, and the state that belongs to it, in a directory that is ours from now on.
fn open(folder: &WitnessDir, rate: Rate) -> Result<(Lock, CosignerKey, Witness, usize), ServeError> {
    // Looked for before the lock, which would make a file in a directory that is none of ours.
    match std::fs::symlink_metadata(folder.key()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ServeError::NoWitness(folder.path().to_owned()));
        }
        _ => {}
    }
    let lock = Lock::take(&folder.lockable())?;
    let key = read_cosigning_key(&folder.key())?;
    let cosigner = key.cosigner();
    let state = State::open(&folder.state(), &cosigner)?;
    let logs = state.logs()?.len();
    let witness = Witness::new(key, state, Limiter::new(rate));
    if let Err(reason) = witness.check(SystemTime::now()) {
        tracing::warn!(%reason, "the witness will not cosign until that is mended");
    }
    Ok((lock, cosigner, witness, logs))
}

/// From the head of a request to that of its answer, with the whole of its body between: a megabyte at 300 kbit/s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
