//! CI jobs, by their identity tokens: the keys of the issuers, and the tokens that were checked.
//!
//! What a token must be is in [`indelible_access::oidc`]. Here are the parts that need a network, a disk and a memory: keys are fetched
//! and kept (`keeper`, `fetch`, and as they were published `snapshots`), and what was checked is remembered until it expires (`remembered`), so that a token costs a
//! hash and a look-up from its second use on.

mod fetch;
mod keeper;
mod remembered;
mod snapshots;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indelible_access::oidc::{Identity, Issuers, Refused, Replay, Unverified, verify};
use indelible_client::{HttpError, HttpOptions, http_client};
use jiff::Timestamp;

use keeper::Keeper;
use remembered::Remembered;

pub use keeper::{IssuerState, WAITING_MAX};
pub use remembered::REMEMBERED_MAX;
pub use snapshots::{NotKept, SNAPSHOTS_BYTES_MAX, SNAPSHOTS_MAX, Snapshots, snapshot_name};

/// Checks the identity tokens of the configured issuers.
#[derive(Debug)]
pub struct Oidc<G> {
    issuers: Arc<Issuers<G>>,
    /// By the URL of the issuer: every issuer has one.
    keepers: HashMap<String, Arc<Keeper<G>>>,
    replay: Replay,
    remembered: Remembered<G>,
}

/// How keys are got.
#[derive(Clone, Debug)]
pub struct OidcOptions {
    /// From where relative paths of key files start: the folder of the configuration.
    pub folder: PathBuf,
    /// How often keys are fetched.
    pub refresh: Refresh,
    /// How long one request to an issuer may take, its answer read to the end. 5 s by default; getting keys takes two.
    pub timeout: Duration,
    /// Where key sets are kept as they were published, so that tokens can be checked again later. Nowhere by default.
    pub snapshots: Option<Arc<Snapshots>>,
    /// The certificates, in PEM, of those who may vouch for an issuer's https. By default those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
}

/// How often keys are fetched, and for how long they are good.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// Between two attempts passes at least that: whoever sends tokens with keys that do not exist can ask for no more. 30 s by default.
    pub interval_min: Duration,
    /// Keys older than that are fetched again behind the requests that use them, so that one that was withdrawn is known to be. 15 min
    /// by default.
    pub age_max: Duration,
    /// Keys that could not be fetched again for that long are not used any more. 24 h by default.
    pub stale_max: Duration,
}

/// Why a token gives no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// The token is not believed: the fault of whoever sent it, or of what is configured for its issuer.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The issuer's keys cannot be had, so nothing is known of the token: the issuer's fault, the network's or ours. Why is in the
    /// journal of the service.
    #[error("the keys of {issuer} cannot be had at the moment")]
    NoKeys {
        /// The name of the issuer.
        issuer: String,
    },
    /// Too many wait for the keys of this issuer.
    #[error("{WAITING_MAX} requests wait for the keys of {issuer}, and no more can")]
    Busy {
        /// The name of the issuer.
        issuer: String,
    },
}

impl<G: Send + Sync + 'static> Oidc<G> {
    /// For tokens of these issuers. Nothing is fetched yet: see [`Oidc::load`].
    ///
    /// # Errors
    ///
    /// If no requests could be made.
    pub fn new(issuers: Issuers<G>, options: &OidcOptions, now: Timestamp) -> Result<Oidc<G>, HttpError> {
        let http = http_client(&HttpOptions {
            connect_timeout: options.timeout,
            timeout: options.timeout,
            ca_certificates: options.ca_certificates.clone(),
            ..HttpOptions::default()
        })?;
        let issuers = Arc::new(issuers);
        let keeper = |position| Keeper::new(Arc::clone(&issuers), position, &http, options);
        let keepers = (0..issuers.iter().len()).map(keeper);
        let keepers = keepers
            .map(|keeper| (keeper.url().to_owned(), Arc::new(keeper)))
            .collect();
        Ok(Oidc {
            issuers,
            keepers,
            replay: Replay::new(now),
            remembered: Remembered::new(),
        })
    }

    /// Who presents this token. At most one request in an interval waits for the issuer, and those that come with the same need
    /// meanwhile; whoever names a key that is known waits for nobody.
    ///
    /// # Errors
    ///
    /// If the token is not believed, or the keys of its issuer cannot be had.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Identity<G>>, NotVerified> {
        if let Some(identity) = self.cached(token, now) {
            return Ok(identity);
        }
        let token = Unverified::read(token)?;
        let Some(keeper) = self.keepers.get(token.issuer()) else {
            return Err(Refused::unknown_issuer(token.issuer()).into());
        };
        let keys = keeper.keys_with(token.key_id()).await?;
        let identity = Arc::new(verify(&token, &self.issuers, &keys, &self.replay, now)?);
        if !keeper.issuer().is_single_use() {
            self.remembered.put(&identity, keeper, keys);
        }
        Ok(identity)
    }

    /// Who presents this token, if that is known from before: a hash and a look-up. A token of an issuer whose tokens are good for one
    /// use never is.
    pub fn cached(&self, token: &str, now: Timestamp) -> Option<Arc<Identity<G>>> {
        self.remembered.find(token, now)
    }

    /// Gets the keys of all issuers, so that the first token does not have to wait, and says how that went. An issuer that cannot be
    /// reached is asked again when a token needs it.
    pub async fn load(&self) -> Vec<IssuerState> {
        let mut states = Vec::new();
        let loading: Vec<_> = self
            .in_order()
            .map(|keeper| tokio::spawn(Arc::clone(keeper).refresh()))
            .collect();
        for (keeper, loading) in self.in_order().zip(loading) {
            // Only a panic ends it otherwise, and then there are no keys, which the state says.
            let _ = loading.await;
            states.push(keeper.state());
        }
        states
    }

    /// What is known of the keys of each issuer, in the order of the configuration.
    pub fn states(&self) -> Vec<IssuerState> {
        self.in_order().map(|keeper| keeper.state()).collect()
    }

    fn in_order(&self) -> impl Iterator<Item = &Arc<Keeper<G>>> {
        self.issuers
            .iter()
            .filter_map(|issuer| self.keepers.get(issuer.url().as_str()))
    }
}

impl Default for OidcOptions {
    fn default() -> OidcOptions {
        OidcOptions {
            folder: PathBuf::new(),
            refresh: Refresh::default(),
            timeout: Duration::from_secs(5),
            snapshots: None,
            ca_certificates: None,
        }
    }
}

impl Default for Refresh {
    fn default() -> Refresh {
        Refresh {
            interval_min: Duration::from_secs(30),
            age_max: Duration::from_secs(15 * 60),
            stale_max: Duration::from_secs(24 * 60 * 60),
        }
    }
}
