//! The gate: lets a request in, or refuses it and counts that.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use indelible_access::token::TokenHash;
use indelible_access::{Authenticated, Denied, Grant, Method, Principal, Registry};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use serde_json::Map;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::file::AccessFile;
use super::record::{Denials, EntriesRead, Happened, RecordError, Recorder};
use super::refusal::Refusal;
use super::session::{InFlight, Meter, Session};
use crate::config::Config;
use crate::identity::oidc::{NotVerified, Oidc};
use crate::net::PeerCertificate;

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
    /// Those whom others vouch for, by the hash of their certificate or token.
    attested: Cache<[u8; 32], Arc<Session>>,
    oidc: Option<Arc<Oidc<Grant>>>,
    /// What principals have asked for lately, by subject. One that is not heard of for long is forgotten, which fills its buckets.
    meters: Cache<String, Arc<Meter>>,
    recorder: Recorder,
    denials: Denials,
    entries_read: EntriesRead,
    /// What is being put on the record of streams that have ended.
    finishing: Mutex<JoinSet<()>>,
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
            attested: Cache::new(ATTESTED_MAX),
            oidc: None,
            meters: Cache::new(METERS_MAX),
            denials: Denials::new(recorder.clone()),
            entries_read: EntriesRead::new(recorder.clone()),
            finishing: Mutex::default(),
            recorder,
        }))
    }

    /// The same gate, which believes the identity tokens that `oidc` checks.
    #[must_use]
    pub fn believing(self, oidc: Option<Arc<Oidc<Grant>>>) -> Gate {
        let inner = Arc::into_inner(self.0);
        let mut inner = inner.expect("a gate is made before anybody has it");
        inner.oidc = oidc;
        Gate(Arc::new(inner))
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

    /// Entries that were given and are not on the record yet.
    pub fn entries_read(&self) -> &EntriesRead {
        &self.0.entries_read
    }

    /// Puts something on the record beside everything else; [`Gate::finished`] waits for it.
    pub(super) fn finish(&self, recording: impl Future<Output = ()> + Send + 'static) {
        // Dropped with a panic somewhere else, perhaps.
        let mut finishing = self.0.finishing.lock().unwrap_or_else(PoisonError::into_inner);
        while finishing.try_join_next().is_some() {}
        finishing.spawn(recording);
    }

    /// Resolves when all streams that have ended are on the record. Asked when none can end any more, before the log ends.
    pub async fn finished(&self) {
        let finishing = std::mem::take(&mut *self.0.finishing.lock().unwrap_or_else(PoisonError::into_inner));
        finishing.join_all().await;
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

    /// Puts on the record what is configured: everybody who reads it can tell since when. `tls` has the hashes of its files.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    pub async fn configured(&self, config: &Config, tls: &BTreeMap<&'static str, String>) -> Result<(), RecordError> {
        let config = Sha256::digest(format!("{config:?}"));
        let mut now = serde_json::json!({
            "access.toml": self.0.file.sha256,
            "configuration": HEXLOWER.encode(&config),
        });
        for (name, hash) in tls {
            now[*name] = hash.as_str().into();
        }
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

    /// Puts on the record that the files of TLS were read again, with their hashes.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    pub async fn tls_loaded(&self, hashes: &BTreeMap<&'static str, String>) -> Result<(), RecordError> {
        let target = ("configuration", "tls".to_owned());
        let now = serde_json::json!(hashes);
        self.happened(Happened::service("indelible.configured", target, Some(("sha256", now))))
            .await
    }

    /// Counts a refusal; it is on the record soon.
    pub(super) fn denied(&self, subject: &str, method: Method, denied: &Denied, peer: Option<IpAddr>) {
        self.0.denials.add(subject, method.as_str(), &denied.to_string(), peer);
    }

    /// The session of a certificate: of nobody if none of its names has a rule. The handshake has seen that it was in force, and the
    /// connection may have outlived that.
    pub(super) fn by_certificate(&self, certificate: &PeerCertificate) -> Result<Arc<Session>, Refusal> {
        let made = || {
            let rules = self.0.file.certificates.iter();
            let matched: Vec<_> = rules
                .filter(|rule| certificate.sans().iter().any(|san| san.as_str() == rule.san))
                .collect();
            let Some(first) = matched.first() else {
                return Ok(self.nobody());
            };
            let subject = format!("certificate/{}", first.san);
            let principal = Principal {
                subject: subject.clone(),
                authenticated: Authenticated::Certificate,
                grants: matched.iter().flat_map(|rule| rule.grants.clone()).collect(),
                verified: Some(Map::from_iter([
                    ("san".to_owned(), first.san.clone().into()),
                    ("serial".to_owned(), certificate.serial().into()),
                    ("sha256".to_owned(), HEXLOWER.encode(certificate.sha256()).into()),
                ])),
                ..Principal::anonymous()
            };
            let ends = Some(certificate.not_after());
            Ok::<_, Infallible>(Arc::new(Session::new(
                Arc::new(principal),
                Some(self.meter(&subject)),
                ends,
            )))
        };
        let Ok(session) = self.0.attested.get_or_insert_with(certificate.sha256(), made);
        match session.is_over() {
            true => Err(Refusal::Unauthenticated(format!(
                "the certificate of this connection expired at {}",
                certificate.not_after()
            ))),
            false => Ok(session),
        }
    }

    /// The session of an identity token.
    pub(super) async fn by_identity(&self, token: &str) -> Result<Arc<Session>, Refusal> {
        let Some(oidc) = &self.0.oidc else {
            let words = "this is no token of a log, and no issuer of identity tokens is configured";
            return Err(Refusal::Unauthenticated(words.to_owned()));
        };
        let now = Timestamp::now();
        let identity = match oidc.cached(token, now) {
            Some(identity) => identity,
            None => oidc.verify(token, now).await.map_err(|error| match error {
                NotVerified::Refused(refused) => Refusal::Unauthenticated(refused.to_string()),
                NotVerified::NoKeys { .. } | NotVerified::Busy { .. } => Refusal::Unavailable(error.to_string()),
            })?,
        };
        let made = || {
            let subject = identity.principal().to_owned();
            let principal = Principal {
                subject: subject.clone(),
                authenticated: Authenticated::Oidc,
                grants: identity.grants().cloned().collect(),
                created_by: None,
                verified: Some(identity.verified()),
                signing: identity.signing(),
            };
            let ends = Some(identity.good_until());
            Ok::<_, Infallible>(Arc::new(Session::new(
                Arc::new(principal),
                Some(self.meter(&subject)),
                ends,
            )))
        };
        match self.0.attested.get_or_insert_with(&identity.token_sha256(), made) {
            Ok(session) => Ok(session),
            Err(never) => match never {},
        }
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
        let made = || Ok::<_, Infallible>(Arc::new(Meter::new(self.0.file.limits_of(subject))));
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
            // Whoever counts on this machine needs no token for it.
            Err(_) if method == Method::ReadMetrics && peer.is_some_and(|peer| peer.is_loopback()) => {
                Principal::everybody().authorise(method)
            }
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

/// Certificates and identity tokens whose sessions are kept, some 2 KiB each: 20 MB. Others are made anew from what was checked.
const ATTESTED_MAX: usize = 10_000;

/// Tokens whose sessions are kept, some 200 bytes each; when there are more, all are looked up anew.
const SESSIONS_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use indelible_access::Role;
    use jiff::SignedDuration;

    use super::*;
    use crate::access::Record;
    use crate::access::file::CertificateRule;
    use crate::data::DataDir;
    use crate::net::San;

    fn gate(file: AccessFile) -> Gate {
        let recorder = Recorder::new(Record::File(DataDir::at("/nowhere"), None));
        Gate::new(false, file, Registry::default(), recorder)
    }

    #[test]
    fn a_certificate_is_of_exactly_that_name_and_as_long_as_it_is_in_force() {
        let rule = CertificateRule {
            san: "spiffe://ci.example/deploy".to_owned(),
            grants: vec![Grant::whole(Role::Submitter)],
        };
        let may = |name: &str, seconds: i64| {
            let gate = gate(AccessFile {
                certificates: vec![rule.clone()],
                ..AccessFile::default()
            });
            let ends = Timestamp::now() + SignedDuration::from_secs(seconds);
            let certificate = PeerCertificate::unverified(vec![San::Uri(name.to_owned())], ends);
            let session = gate.by_certificate(&certificate)?;
            gate.admit(session, Method::SubmitEvents, None).map(|_| ())
        };
        assert_eq!(may("spiffe://ci.example/deploy", 60), Ok(()));
        for other in ["spiffe://ci.example/deploy2", "spiffe://ci.example/", "deploy"] {
            assert!(matches!(may(other, 60), Err(Refusal::Denied(_))), "{other}");
        }
        let expired = may("spiffe://ci.example/deploy", -1);
        assert!(matches!(expired, Err(Refusal::Unauthenticated(_))), "{expired:?}");
    }

    #[test]
    fn who_was_let_in_for_one_thing_is_not_for_another() {
        let gate = gate(AccessFile::default());
        let everybody = Arc::new(Session::new(Arc::new(Principal::everybody()), None, None));
        let (caller, _) = gate.admit(everybody, Method::ReadHeads, None).unwrap();
        assert!(caller.permit(Method::ReadHeads).is_ok());
        assert!(caller.permit(Method::ManageTokens).is_err());
    }

    #[test]
    fn metrics_are_for_this_machine_and_for_those_who_have_a_role() {
        let gate = gate(AccessFile::default());
        let may = |peer: Option<&str>| {
            let peer = peer.map(|peer| peer.parse().unwrap());
            gate.admit(gate.nobody(), Method::ReadMetrics, peer).is_ok()
        };
        assert!(may(Some("127.0.0.1")) && may(Some("::1")));
        assert!(!may(Some("192.0.2.1")) && !may(Some("2001:db8::1")) && !may(None));
        assert!(
            gate.admit(gate.nobody(), Method::ReadConfiguration, "127.0.0.1".parse().ok())
                .is_err()
        );
    }
}
