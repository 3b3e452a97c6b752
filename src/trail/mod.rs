//! The audit trail: what makes events of the entries of a log.
//!
//! ```text
//!  Submission ──► redact ──► event ──► leaf + disclosures ──► desk (seen before?) ──► log: entry + attachments ──► Taken
//!                                                                                          │
//!                          tables of keys and of search ◄── follow ◄───────────────────────┘
//! ```
//!
//! * [`Trail::submit`] takes events, each once, and answers when they are durable; [`Trail::deliver`] takes those of configured sources.
//! * [`Trail::find`] gives one event back, with what is known of each member; [`Trail::read`] many.
//! * [`Trail::search`] answers who did what, from tables that [`Follower`] fills.
//! * [`Trail::plan_erasure`] and [`Trail::erase`] take members out again, and [`Trail::hold`] forbids it.
//! * [`Tombstones`] knows what was erased, and is how the engine is told; [`Eraser`] overwrites it.

mod counts;
mod dedupe_key;
mod entries;
mod erase;
mod find;
mod follow;
mod hold;
mod intake;
mod of_source;
mod range;
mod search;
mod submission;
mod tombstones;

use std::sync::{Arc, Mutex};

use indelible_event::{ReceivedClock, Second};
use indelible_index::idempotency::{Behind, Idempotency, KeyTable};
use indelible_index::search::EventIndex;
use indelible_index::{IndexError, IndexKey};
use indelible_log::{Appender, AttachedError, Blanker, Log, Reader};
use tokio::sync::{Notify, watch};

pub use self::counts::{Counted, Counts, Standing};
pub use self::dedupe_key::DedupeKeyError;
pub use self::entries::KeptTombstone;
use self::entries::highest_second;
use self::erase::CarriedOutFile;
pub use self::erase::{
    BadNeedle, CarriedOut, CarriedOutError, EraseError, Eraser, NEEDLE_BYTES_MAX, Needle, Plan, PlanError, SAID_MAX,
    Said, TooMany, Wanted,
};
pub use self::find::{FindError, Found};
pub use self::follow::Follower;
pub use self::hold::{HoldError, HoldsError};
use self::intake::Settled;
pub use self::of_source::OfSourceError;
pub use self::search::{Hits, SearchError};
pub use self::submission::{
    Accepted, Body, Original, Refusal, Refused, ServiceOnly, SignedOtherwise, Submission, Taken,
};
pub use self::tombstones::Tombstones;
use crate::data::DataDir;
use crate::sources::Sources;

/// The audit trail of one running log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trail {
    appender: Appender,
    reader: Reader,
    key: Arc<IndexKey>,
    idempotency: Arc<Idempotency<Settled>>,
    events: Arc<EventIndex>,
    tombstones: Arc<Tombstones>,
    clock: Arc<Mutex<ReceivedClock>>,
    raw_kept_bytes_max: usize,
    /// For whose names only their secrets speak.
    sources: Option<Arc<Sources>>,
    /// How many entries the log had when the tables were opened.
    opened_size: u64,
    blanker: Blanker,
    /// Held by whoever places a hold or erases: neither comes between the other's question and act.
    acts: Arc<tokio::sync::Mutex<()>>,
    /// All tombstones below this size are carried out.
    carried_out: Arc<watch::Sender<u64>>,
    carried_out_file: CarriedOutFile,
    /// Told whenever the table of keys has more.
    tabled: Arc<Notify>,
    counts: Arc<Counts>,
}

/// Why there is no trail.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The key under which the tables are made.
    #[error(transparent)]
    Key(#[from] DedupeKeyError),
    /// The tables.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The table of keys, which submissions cannot do without.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// What is kept of the events could not be read.
    #[error(transparent)]
    Read(#[from] AttachedError),
    /// The log has no attachments, so that nothing in it is an event.
    #[error("the log is not one of events")]
    Opaque,
}

impl Trail {
    /// The trail of a log of events that was started with `tombstones`. Blocks until the table of keys has all of the log: a key that it
    /// did not have would be taken for a new one.
    ///
    /// # Errors
    ///
    /// If `dedupe.key` cannot be read or made, the tables cannot be opened, or the log cannot be read.
    pub fn open(
        data: &DataDir,
        log: &Log,
        name: &str,
        tombstones: Arc<Tombstones>,
        raw_kept_bytes_max: usize,
    ) -> Result<Trail, TrailError> {
        let key = dedupe_key::open(&data.dedupe_key())?;
        let keys = Arc::new(KeyTable::open(&data.keys(), name, &key)?);
        let events = EventIndex::open(&data.events(), name, &key)?;
        let reader = log.reader();
        let size = reader.head().size();
        follow::catch_up_keys(&keys, &reader, &tombstones, &key, size)?;
        let clock = ReceivedClock::after(highest_second(&reader)?);
        Ok(Trail {
            appender: log.appender(),
            reader,
            key: Arc::new(key),
            idempotency: Arc::new(Idempotency::new(keys, size)?),
            events: Arc::new(events),
            tombstones,
            clock: Arc::new(Mutex::new(clock)),
            raw_kept_bytes_max,
            sources: None,
            opened_size: size,
            blanker: log.blanker().ok_or(TrailError::Opaque)?,
            acts: Arc::default(),
            carried_out: Arc::new(watch::channel(0).0),
            carried_out_file: CarriedOutFile::of(data, name),
            tabled: Arc::default(),
            counts: Arc::default(),
        })
    }

    /// The trail of a service that has these sources.
    pub fn with_sources(self, sources: Arc<Sources>) -> Trail {
        Trail {
            sources: Some(sources),
            ..self
        }
    }

    /// Fills the tables behind the log.
    pub fn follower(&self) -> Follower {
        Follower::of(self)
    }

    /// Carries out what tombstones name.
    pub fn eraser(&self) -> Eraser {
        Eraser::of(self)
    }

    /// The way to read the log.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What was erased.
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    /// The highest second that any leaf was stamped with.
    pub fn highest_second(&self) -> Option<Second> {
        self.clock.lock().expect(NO_PANIC).highest()
    }
}

/// What the sources begin with that only the service itself has events of.
const OWN_SOURCES: &str = "indelible/";

/// What the raw bytes of a signed event are (RFC 7515, 9.2.1).
pub const SIGNED_TYPE: &str = "application/jose";

/// The source of those that change who may do what.
pub const ACCESS_SOURCE: &str = "indelible/access";

/// How it submits them: by methods that nobody else has.
const OWN_METHODS: [&str; 2] = ["service", hold::METHOD];

const NO_PANIC: &str = "nobody panics while the clock is read";
