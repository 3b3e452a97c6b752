//! The gate: lets a request in, or refuses it and counts that.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use indelible_access::token::TokenHash;
use indelible_access::{Denied, Method, Principal, Registry};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::file::AccessFile;
use super::record::{Denials, Happened, RecordError, Recorder};
use super::refusal::Refusal;
use super::session::{InFlight, Meter, Session};
use crate::config::Config;

/// The gate of one log. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    open: Option<Arc<Session>>,
    anonymous: Arc<Session>,
    file: AccessFile,
    registry: RwLock<Registry>,
    /// Those who have sent a token that holds, by its hash.
    sessions: RwLock<HashMap<TokenHash, Arc<Session>>>,
    /// What principals have asked for lately, by subject. One that is not heard of for long is forgotten, which fills its buckets.
    meters: Cache<String, Arc<Meter>>,
    recorder: Recorder,
    denials: Denials,
}

impl Gate {
    /// The gate of a log. `open` lets everybody do everything.
    pub fn new(open: bool, file: AccessFile, registry: Registry, recorder: Recorder) -> Gate {
        let session = |principal| Arc::new(Session::new(Arc::new(principal), None, None));
        Gate(Arc::new(Inner {
            open: open.then(|| session(Principal::everybody())),
            anonymous: session(Principal::anonymous()),
            file,
            registry: RwLock::new(registry),
            sessions: RwLock::default(),
            meters: Cache::new(METERS_MAX),
            denials: Denials::new(recorder.clone()),
            recorder,
        }))
    }

    /// What is configured.
    pub fn file(&self) -> &AccessFile {
        &self.0.file
    }

    /// Whether there are no rules.
    pub fn is_open(&self) -> bool {
        self.0.open.is_some()
    }

    /// Whether everybody may read tiles.
    pub fn tiles_are_public(&self) -> bool {
        self.is_open() || self.0.file.tiles_public
    }

    /// Refusals that are counted and not on the record yet.
    pub fn denials(&self) -> &Denials {
        &self.0.denials
    }

    pub(super) fn registry(&self) -> &RwLock<Registry> {
        &self.0.registry
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Puts something on the record.
    pub(super) async fn happened(&self, happened: Happened) -> Result<(), RecordError> {
        self.0.recorder.happened(happened).await
    }

    /// Puts on the record what is configured: everybody who reads it can tell since when.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    pub async fn configured(&self, config: &Config) -> Result<(), RecordError> {
        let config = Sha256::digest(format!("{config:?}"));
        let now = serde_json::json!({
            "access.toml": self.0.file.sha256,
            "configuration": data_encoding::HEXLOWER.encode(&config),
        });
        let target = ("configuration", "sha256".to_owned());
        let happened = Happened::service("indelible.configured", target, Some(("sha256", now)));
        self.happened(happened).await
    }

    /// Puts on the record that the sources were read anew, for as long as the service runs. Not what they say: their secrets are in it.
    pub async fn follow_sources(self, mut names: watch::Receiver<Vec<String>>, stopping: CancellationToken) {
        loop {
            tokio::select! {
                changed = names.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = stopping.cancelled() => return,
            }
            let now = serde_json::json!(*names.borrow_and_update());
            let target = ("configuration", "sources".to_owned());
            let happened = Happened::service("indelible.configured", target, Some(("sources", now)));
            if let Err(error) = self.happened(happened).await {
                tracing::error!(%error, "that the sources were read anew could not be put on the record");
            }
        }
    }

    /// Counts a refusal; it is on the record soon.
    pub(super) fn denied(&self, subject: &str, method: Method, denied: &Denied, peer: Option<IpAddr>) {
        self.0.denials.add(subject, method.as_str(), &denied.to_string(), peer);
    }

    /// The session of whoever sends nothing to say who they are.
    pub(super) fn nobody(&self) -> Arc<Session> {
        self.0.open.clone().unwrap_or_else(|| self.0.anonymous.clone())
    }

    /// The session of a token.
    pub(super) fn by_token(&self, text: &str) -> Result<Arc<Session>, Refusal> {
        let hash = TokenHash::of(text);
        let known = self.0.sessions.read().expect(NO_PANIC).get(&hash).cloned();
        match known {
            Some(session) if !session.is_over() => Ok(session),
            _ => self.new_session(&hash),
        }
    }

    fn new_session(&self, hash: &TokenHash) -> Result<Arc<Session>, Refusal> {
        // Held while the session is put there, so that a revocation comes before it or finds it.
        let registry = self.0.registry.read().expect(NO_PANIC);
        let principal = registry.principal(hash, Timestamp::now());
        let principal = principal.map_err(|bad| Refusal::Unauthenticated(bad.to_string()))?;
        let ends = registry.token(hash.id()).and_then(|token| token.made.expires);
        let session = Arc::new(Session::new(
            principal.clone(),
            Some(self.meter(&principal.subject)),
            ends,
        ));
        let mut sessions = self.0.sessions.write().expect(NO_PANIC);
        if sessions.len() >= SESSIONS_MAX {
            sessions.clear();
        }
        sessions.insert(*hash, session.clone());
        Ok(session)
    }

    /// Ends what a token has under way. It is revoked in the registry before.
    pub(super) fn end_session(&self, hash: &TokenHash) {
        if let Some(session) = self.0.sessions.write().expect(NO_PANIC).remove(hash) {
            session.end();
        }
    }

    /// The meter of a principal.
    pub(super) fn meter(&self, subject: &str) -> Arc<Meter> {
        let made = || Ok::<_, std::convert::Infallible>(Arc::new(Meter::new(self.0.file.limits_of(subject))));
        match self.0.meters.get_or_insert_with(subject, made) {
            Ok(meter) => meter,
            Err(never) => match never {},
        }
    }

    /// Lets somebody in for `method`.
    ///
    /// # Errors
    ///
    /// If no role of theirs may, or they are at a limit.
    pub(super) fn admit(
        &self,
        session: Arc<Session>,
        method: Method,
        peer: Option<IpAddr>,
    ) -> Result<(Caller, Option<InFlight>), Refusal> {
        let permit = match session.principal.authorise(method) {
            Err(_) if method == Method::ReadTiles && self.0.file.tiles_public => {
                Principal::everybody().authorise(method)
            }
            answer => answer,
        };
        let permit = permit.inspect_err(|denied| self.denied(&session.principal.subject, method, denied, peer))?;
        let entered = session.meter.as_ref().map(Meter::enter).transpose();
        let entered = entered.map_err(|over| Refusal::Exhausted {
            what: format!("{}: {over}", session.principal.subject),
            retry_after: over.retry_after(),
        })?;
        let caller = Caller {
            gate: self.clone(),
            session,
            permit,
            peer,
        };
        Ok((caller, entered))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

const NO_PANIC: &str = "nobody panics while they have this";

/// Principals that are counted at a time: 10,000 with some 300 bytes each.
const METERS_MAX: usize = 10_000;

/// Tokens whose sessions are kept, some 200 bytes each; when there are more, all are looked up anew.
const SESSIONS_MAX: usize = 100_000;
