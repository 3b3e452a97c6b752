//! Serves one log: puts the parts together, and takes them down in order.

mod outside;
mod rules;
mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use indelible_client::HttpError;
use indelible_log::Condition;
use indelible_store::journal::JournalError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::outside::{Outside, Witnessing, look_outside};
use self::rules::gate;
use crate::access::{
    AccessFile, AccessFileError, Acts, Exposed, Gate, RecordError, ReplayError, check_listener, guard_calls,
    guard_pages, is_public_call,
};
use crate::config::Config;
use crate::data::{DataDir, OpenError, OpenLog, checkpoint_file, open};
use crate::entrance::Entrance;
use crate::follow::{self, Alarm, Follower, Served, WitnessError};
use crate::grpc::{self, LogService, TrailService};
use crate::http::{self, AccessPages, ErasurePages, EventPages, Health, KeyPage, LogPages, MetricsPage, Pages};
use crate::identity::oidc::Snapshots;
use crate::memory::{CheckpointFile, MemoryError};
use crate::metrics::{
    Exposition, LogFigures, ProcessFigures, SourceFigures, SpanFigures, TlsFigures, TrailFigures, WitnessFigures,
};
use crate::net::{self, BindError, Limits, Listening, Refresher, Tls, TlsError};
use crate::observe::{BadEndpoint, Exporter, Observer};
use crate::proofs::Proofs;
use crate::room::messages::hold_messages;
use crate::sources::{Sources, SourcesError, SourcesFolder};
use crate::task::blocking;

/// A log that runs behind a bound socket, not served yet.
#[derive(Debug)]
pub struct Service {
    open: OpenLog,
    listening: Listening,
    gate: Gate,
    memory: CheckpointFile,
    outside: Outside,
    sources: Arc<Sources>,
    snapshots: Arc<Snapshots>,
}

/// Why the service does not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The open policy would be exposed.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// The address cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The log cannot be started.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// `access.toml` cannot be used.
    #[error(transparent)]
    AccessFile(#[from] AccessFileError),
    /// It is not known who may do what.
    #[error("cannot tell who may do what: {0}")]
    Replay(#[from] ReplayError),
    /// The keys of issuers could not be asked for.
    #[error(transparent)]
    Identity(#[from] HttpError),
    /// What the start did cannot be put on the record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A source cannot be used.
    #[error(transparent)]
    Sources(#[from] SourcesError),
    /// Spans are to be sent to what is no place for them.
    #[error(transparent)]
    Spans(#[from] BadEndpoint),
    /// What is remembered outside the data directory contradicts the log in it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The witnesses cannot be used, or contradict the log.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// A witness has shown while the log ran that there is a later head of it, or another.
    #[error("the log was halted: {0}")]
    Halted(String),
    /// The journal failed while the log ran.
    #[error("the log stopped: {0}")]
    Journal(#[from] JournalError),
}

impl ServeError {
    /// Whether the log was looked at and does not hold, as against could not be looked at.
    pub fn is_refuted(&self) -> bool {
        match self {
            ServeError::Open(error) => match error.as_ref() {
                OpenError::Start(error) => error.is_refuted(),
                _ => false,
            },
            ServeError::Memory(error) => error.is_refuted(),
            ServeError::Witness(error) => error.is_refuted(),
            ServeError::Halted(_) => true,
            _ => false,
        }
    }
}

impl Service {
    /// Binds, opens the log, and asks what is remembered outside: whoever connects meanwhile waits, and nobody is served by a log
    /// that does not hold.
    pub async fn start(data: DataDir, config: Config) -> Result<Service, ServeError> {
        let tls = config.tls.as_ref().map(Tls::configured).transpose()?;
        // Refused by the address that was asked for, before anything listens on it.
        check_listener(config.open, config.listen)?;
        let listening = Listening::bind(config.listen, tls).await?;
        check_listener(config.open, listening.local_addr())?;
        let is_open = config.open;
        let snapshots = Arc::new(Snapshots::at(data.jwks()));
        let (data, memory, open, sources, file) = blocking(move || {
            let file = AccessFile::load(&data.access())?;
            let sources = Arc::new(Sources::open(SourcesFolder::at(data.sources()))?);
            let memory = CheckpointFile::at(checkpoint_file(&data, &config))?;
            let open = open(&data, config).map_err(|error| ServeError::Open(Box::new(error)))?;
            Ok::<_, ServeError>((data, memory, open, sources, file))
        })
        .await?;
        let started = async {
            let outside = look_outside(&memory, &open, data.clone()).await?;
            let gate = gate(is_open, file, &open, data, snapshots.clone(), listening.tls()).await?;
            Ok((outside, gate))
        };
        match started.await {
            Ok((outside, gate)) => Ok(Service {
                open,
                listening,
                gate,
                memory,
                outside,
                sources,
                snapshots,
            }),
            Err(error) => {
                // What the log was started for is not to be; that it ends in order is all that matters now.
                let _ = blocking(move || open.log.shutdown()).await;
                Err(error)
            }
        }
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// The log that is served.
    pub fn open(&self) -> &OpenLog {
        &self.open
    }

    /// Serves until `shutdown` resolves or the journal fails, and then ends in order: streams are told, running requests have
    /// their time, what is queued is committed, everything is sealed.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let Service {
            open,
            listening,
            gate,
            memory,
            outside: Outside { doubt, witnessing },
            sources,
            snapshots,
        } = self;
        let OpenLog {
            log,
            config,
            leaves,
            trail,
            commits,
            opened: _,
            lock,
        } = open;
        let trail = trail.map(|trail| trail.with_sources(sources.clone()));
        let reader = log.reader();
        let stopping = CancellationToken::new();
        let mut followers = JoinSet::new();
        followers.spawn(memory.follow(reader.clone(), stopping.clone()));
        if let Some(leaves) = leaves.clone() {
            followers.spawn(follow::fill(leaves, reader.clone()));
        }
        if let Some(trail) = &trail {
            followers.spawn(trail.follower().run());
            followers.spawn(trail.eraser().run());
        }
        let served = witnessing.map(|witnessing| {
            let Witnessing {
                witnesses,
                asked,
                file,
                kept,
            } = witnessing;
            let kept = kept.map(|kept| kept.head);
            let log = (reader.clone(), log.halt());
            let (follower, served) = Follower::new(witnesses, &asked, (file, kept), log, &stopping);
            followers.spawn(follower.run(stopping.clone()));
            served
        });
        let heads = served
            .as_ref()
            .map_or_else(|| reader.heads(), |served| served.heads.clone());

        if trail.is_some() && !gate.is_open() {
            followers.spawn(gate.clone().follow_sources(sources.names(), stopping.clone()));
        }
        let tls_counts = listening.tls().cloned();
        let refresher = Refresher::new(tls_counts.clone());
        followers.spawn(tls::follow(refresher, gate.clone(), stopping.clone()));
        let finishing = gate.clone();
        let answered = CancellationToken::new();
        let denials = tokio::spawn(gate.denials().clone().follow(answered.clone()));
        let entries_read = tokio::spawn(gate.entries_read().clone().follow(answered.clone()));
        let quorum = served.as_ref().map(|served| served.quorum.clone());
        let (observer, exporter) = observed(&config, log.description().origin.as_str())?;
        let exporter = exporter.map(|exporter| tokio::spawn(exporter.run()));
        let mut exposition = Exposition::default()
            .with(ProcessFigures::starting_now())
            .with(observer.requests().clone())
            .with(observer.connections().clone())
            .with(commits)
            .with(LogFigures {
                reader: reader.clone(),
                appender: log.appender(),
                condition: log.condition(),
                served: heads.clone(),
                leaves: leaves.clone(),
            });
        if let Some(trail) = &trail {
            exposition = exposition
                .with(TrailFigures(trail.clone()))
                .with(SourceFigures(sources.clone()));
        }
        if let Some(served) = &served {
            let (served, reader) = (served.clone(), reader.clone());
            exposition = exposition.with(WitnessFigures { served, reader });
        }
        if let Some(tls) = &tls_counts {
            exposition = exposition.with(TlsFigures(tls.clone()));
        }
        if let Some(spans) = observer.spans() {
            exposition = exposition.with(SpanFigures(spans.counts().clone()));
        }

        let entrance = Entrance::of(&log, trail.as_ref());
        let proofs = Proofs::new(reader.clone(), leaves).serving(heads.clone());
        let event_pages = match trail.clone() {
            Some(trail) => {
                http::event_routes(EventPages::new(trail, proofs.clone(), sources).with_quorum(quorum.clone()))
            }
            None => {
                if sources.count() > 0 {
                    tracing::warn!("this log is one of opaque entries: its sources are not used");
                }
                Router::new()
            }
        };
        let service = LogService {
            entrance: entrance.clone(),
            reader: reader.clone(),
            proofs: proofs.clone(),
            heads: heads.clone(),
            quorum: quorum.clone(),
            stopping: stopping.clone(),
        };
        let events = trail.clone().map(|trail| TrailService {
            trail,
            reader: reader.clone(),
            proofs,
            vkey: log.keys().current().clone(),
            quorum: quorum.clone(),
            room: grpc::submissions_room(),
            stopping: stopping.clone(),
        });
        let (routes, reporter) = grpc::routes(service, events);
        let routes = guard_calls(&gate, hold_messages(routes.into_axum_router(), is_public_call)).into();
        let health = tokio::spawn(reporter.follow(log.condition()));
        let condition = log.condition();
        let tiles = LogPages {
            reader: reader.clone(),
            entrance,
        };
        let keys = KeyPage {
            document: log.keys().to_string().into(),
        };
        let pages = Pages {
            checkpoint: Arc::new(move || heads.borrow().note_bytes()),
            health: Arc::new(move || health_of(&condition.borrow(), &doubt, served.as_ref(), tls_counts.as_ref())),
        };
        let known_hosts = listening.known_hosts(&config.hosts);
        let timeout = Duration::from_secs(u64::from(config.request_timeout_seconds));
        let acts = Acts::new(gate.clone());
        let access = AccessPages {
            acts: acts.clone(),
            gate: gate.clone(),
        };
        let pages = http::routes(pages)
            .merge(http::access_routes(access))
            .merge(http::jwks_routes(snapshots))
            .merge(http::log_routes(tiles))
            .merge(http::key_routes(keys))
            .merge(http::metrics_routes(MetricsPage::new(exposition)))
            .merge(event_pages);
        let pages = match &trail {
            Some(trail) => pages.merge(http::erasure_routes(ErasurePages::new(trail.clone(), acts))),
            None => pages,
        };
        let pages = guard_pages(&gate, pages);
        let app = net::application(routes, pages, known_hosts, timeout, &observer);
        let app = http::with_late_problems(app);

        let condition = log.condition();
        let failed = failure(condition.clone());
        let end = async {
            tokio::select! {
                () = shutdown => {}
                () = failed => {}
            }
            // Streams have no end of their own: they end now, and tell their clients why.
            stopping.cancel();
        };
        net::serve(listening, app, &Limits::from(&config), observer.connections(), end).await;
        // What was read and what was refused while it ran is on the record before the log takes no more.
        finishing.finished().await;
        answered.cancel();
        if denials.await.is_err() || entries_read.await.is_err() {
            tracing::error!("refusals, or what was read, could not be put on the record");
        }
        let ended = blocking(move || log.shutdown()).await;
        // The log has ended, so that the followers end when they have caught up.
        followers.join_all().await;
        health.abort();
        // Nobody is left who could send spans; what there is has a moment to get away.
        drop(observer);
        if let Some(exporter) = exporter {
            let _ = tokio::time::timeout(LAST_SPANS, exporter).await;
        }
        drop(lock);
        ended?;
        match &*condition.borrow() {
            Condition::Halted(reason) => Err(ServeError::Halted(reason.clone())),
            _ => Ok(()),
        }
    }
}

/// Who watches the requests, and who sends away what it sees, if that is configured.
fn observed(config: &Config, origin: &str) -> Result<(Observer, Option<Exporter>), BadEndpoint> {
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok((Observer::default(), None));
    };
    let (exporter, spans) = Exporter::to(endpoint, origin)?;
    Ok((Observer::new(Some(spans)), Some(exporter)))
}

fn health_of(condition: &Condition, doubt: &str, served: Option<&Served>, tls: Option<&Tls>) -> Health {
    let serving = || {
        let alarms = served.map(|served| served.alarms.borrow().iter().map(Alarm::to_string).collect::<Vec<_>>());
        let doubt = (!doubt.is_empty()).then(|| doubt.to_owned());
        let stale = tls
            .filter(|tls| tls.reloads().are_refused())
            .map(|_| TLS_REFUSED.to_owned());
        let wrong: Vec<String> = alarms.into_iter().flatten().chain(doubt).chain(stale).collect();
        match wrong.is_empty() {
            true => Health::Serving,
            false => Health::Degraded(wrong.join("; ")),
        }
    };
    match condition {
        Condition::Serving => serving(),
        Condition::Stopping => Health::NotServing("the log is stopping".to_owned()),
        Condition::SealingStopped(_) => Health::Degraded("sealing has stopped".to_owned()),
        Condition::Halted(reason) => Health::NotServing(reason.clone()),
        Condition::Failed(_) => Health::NotServing("the journal failed".to_owned()),
    }
}

/// Resolves some time after the journal has failed or the log was halted: published heads and proofs can be read a little longer.
async fn failure(mut condition: watch::Receiver<Condition>) {
    let failed = condition
        .wait_for(|condition| matches!(condition, Condition::Failed(_) | Condition::Halted(_)))
        .await
        .is_ok();
    if failed {
        tokio::time::sleep(GRACE).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// A collector that is there takes them in less.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Which file and why is in the operator's journal, and not for everybody.
const TLS_REFUSED: &str = "the files of TLS that are there now cannot be used; those that were read before go on";

/// Long enough for a monitor to fetch the last head, short enough for a supervisor to start the process again.
const GRACE: Duration = Duration::from_secs(5);
