//! The keys of one issuer: fetched by one at a time, not too often, and kept while the issuer is away.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use indelible_access::oidc::{Issuer, Issuers, KeySet};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::fetch::Origin;
use super::snapshots::Snapshots;
use super::{NotVerified, OidcOptions, Refresh};
use crate::task::blocking;

/// Requests that wait for one issuer at a time. A token of 16 KiB each is 16 MiB.
pub const WAITING_MAX: usize = 1_024;

#[derive(Debug)]
pub(super) struct Keeper<G> {
    issuers: Arc<Issuers<G>>,
    position: usize,
    origin: Origin,
    refresh: Refresh,
    snapshots: Option<Arc<Snapshots>>,
    /// What is known. Locked for moments only, never across an await.
    held: RwLock<Held>,
    /// Whoever has it fetches.
    flight: Mutex<()>,
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct Held {
    keys: Option<Arc<KeySet>>,
    /// When `keys` were fetched, or found to be the same.
    fetched: Option<Instant>,
    /// When the last attempt began or ended, whatever came of it.
    attempted: Option<Instant>,
    /// What came of it, if not keys.
    failure: Option<String>,
}

/// What is known of the keys of an issuer.
#[derive(Clone, Debug)]
pub struct IssuerState {
    /// The name of the issuer.
    pub issuer: String,
    /// What its keys are called. Empty: there are none, and its tokens are refused.
    pub key_ids: Vec<String>,
    /// How long ago they were fetched.
    pub age: Option<Duration>,
    /// Why the last attempt gave none.
    pub failure: Option<String>,
}

impl<G: Send + Sync + 'static> Keeper<G> {
    /// Of the issuer at `position`.
    pub(super) fn new(
        issuers: Arc<Issuers<G>>,
        position: usize,
        http: &reqwest::Client,
        options: &OidcOptions,
    ) -> Keeper<G> {
        let issuer = nth(&issuers, position);
        let origin = match issuer.keys().file() {
            Some(path) => Origin::File(options.folder.join(path)),
            None => Origin::Issuer {
                http: http.clone(),
                url: issuer.url().clone(),
            },
        };
        Keeper {
            issuers,
            position,
            origin,
            refresh: options.refresh,
            snapshots: options.snapshots.clone(),
            held: RwLock::default(),
            flight: Mutex::new(()),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }

    pub(super) fn issuer(&self) -> &Issuer<G> {
        nth(&self.issuers, self.position)
    }

    pub(super) fn url(&self) -> &str {
        self.issuer().url().as_str()
    }

    /// The keys, after they were fetched anew if none of that name is among them. If they are known but old, they are fetched behind
    /// the caller's back.
    pub(super) async fn keys_with(self: &Arc<Self>, key_id: &str) -> Result<Arc<KeySet>, NotVerified> {
        if let Some(keys) = self.good().filter(|keys| keys.has(key_id)) {
            if self.is_due() {
                tokio::spawn(Arc::clone(self).refresh_if_nobody_does());
            }
            return Ok(keys);
        }
        let name = || self.issuer().name().to_owned();
        let Ok(_waits) = self.waiting.try_acquire() else {
            return Err(NotVerified::Busy { issuer: name() });
        };
        // A task of its own: a caller that goes away takes nothing from those who wait for the same.
        let _ = tokio::spawn(Arc::clone(self).refresh()).await;
        self.good().ok_or_else(|| NotVerified::NoKeys { issuer: name() })
    }

    /// Whether these are the keys to use, and nobody needs to look for newer ones.
    pub(super) fn are_current(&self, keys: &Arc<KeySet>) -> bool {
        !self.is_due() && self.good().is_some_and(|good| Arc::ptr_eq(&good, keys))
    }

    /// Fetches the keys, unless somebody has done so a moment ago; waits for whoever is doing it.
    pub(super) async fn refresh(self: Arc<Self>) {
        let _flight = self.flight.lock().await;
        self.attempt().await;
    }

    async fn refresh_if_nobody_does(self: Arc<Self>) {
        if let Ok(_flight) = self.flight.try_lock() {
            self.attempt().await;
        }
    }

    async fn attempt(&self) {
        if self.read(|held| self.attempted_lately(held)) {
            return;
        }
        self.write(|held| held.attempted = Some(Instant::now()));
        let fetched = self.origin.fetch().await.map_err(|error| error.to_string());
        let keys = match fetched {
            Ok(text) => self.read_and_keep(text).await,
            Err(failure) => Err(failure),
        };
        let issuer = self.issuer().name();
        self.write(|held| {
            let now = Instant::now();
            held.attempted = Some(now);
            match keys {
                Ok(keys) => {
                    // Whoever holds the same keys may go on to hold them.
                    let same = held.keys.as_ref().is_some_and(|known| known.sha256() == keys.sha256());
                    if !same {
                        let ids: Vec<_> = keys.key_ids().collect();
                        tracing::info!(issuer, keys = ?ids, skipped = keys.skipped().len(), "the keys of an issuer");
                        held.keys = Some(Arc::new(keys));
                    }
                    held.fetched = Some(now);
                    held.failure = None;
                }
                Err(failure) => {
                    tracing::warn!(issuer, failure, kept = held.keys.is_some(), "no keys of an issuer");
                    held.failure = Some(failure);
                }
            }
        });
    }

    /// The keys in a text, which is durable in the snapshots when they are used: a token that they verify is not in an event before. If it
    /// cannot be kept they are used all the same, and the operator hears of it.
    async fn read_and_keep(&self, text: Vec<u8>) -> Result<KeySet, String> {
        let keys = KeySet::read(&text, self.issuer()).map_err(|error| error.to_string())?;
        // Each time: what could not be kept the last time may be now, and what is there already costs a look.
        if let Some(snapshots) = self.snapshots.clone() {
            let kept = blocking(move || snapshots.keep(&text)).await;
            if let Err(error) = kept {
                let issuer = self.issuer().name();
                tracing::error!(issuer, %error, "a key set is not kept: tokens that it verifies cannot be checked again later");
            }
        }
        Ok(keys)
    }

    /// Keys that are not too old to be used.
    fn good(&self) -> Option<Arc<KeySet>> {
        self.read(|held| {
            let good = held.fetched?.elapsed() < self.refresh.stale_max;
            held.keys.clone().filter(|_| good)
        })
    }

    /// Whether it is time to look for newer keys.
    fn is_due(&self) -> bool {
        self.read(|held| {
            let old = held
                .fetched
                .is_none_or(|fetched| fetched.elapsed() >= self.refresh.age_max);
            old && !self.attempted_lately(held)
        })
    }

    fn attempted_lately(&self, held: &Held) -> bool {
        let lately = |attempted: Instant| attempted.elapsed() < self.refresh.interval_min;
        held.attempted.is_some_and(lately)
    }

    pub(super) fn state(&self) -> IssuerState {
        let issuer = self.issuer().name().to_owned();
        self.read(|held| IssuerState {
            issuer,
            key_ids: held
                .keys
                .iter()
                .flat_map(|keys| keys.key_ids())
                .map(str::to_owned)
                .collect(),
            age: held.fetched.map(|fetched| fetched.elapsed()),
            failure: held.failure.clone(),
        })
    }

    fn read<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn nth<G>(issuers: &Issuers<G>, position: usize) -> &Issuer<G> {
    issuers
        .iter()
        .nth(position)
        .expect("a keeper is made for an issuer that is there")
}
