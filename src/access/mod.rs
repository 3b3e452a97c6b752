//! Who may do what, at the door: every request is identified, held against the table, and counted, before a handler sees it.
//!
//! ```text
//!  request ──► doors: which Method is that? ──► identify: whose token, certificate? ──► Principal ──► Permit ──► limits ──► handler
//!                                                      │                                   │            │          (Caller)
//!                                                      └────────── refused, counted, on the record ◄────┘
//! ```
//!
//! | file | what it decides |
//! |---|---|
//! | `doors` | which [`Method`] a route or a gRPC method is; what has no row is refused |
//! | `identify` | who sends a request |
//! | `session` | what is known of somebody while they are here: their limits, and whether their time is over |
//! | `gate` | lets in or refuses |
//! | `layer`, `refusal` | the same as a layer of the router |
//! | `caller` | what a handler learns, and the only way to a [`Permit`] |
//! | `file` | `access.toml` |
//! | `record` | what goes on the record, and where |
//! | `acts` | tokens and approvals: asked for, checked, recorded, and only then in force |
//! | `at_rest` | what needs approval where nobody is identified |

mod acts;
mod at_rest;
mod caller;
mod doors;
mod file;
mod gate;
mod identify;
mod layer;
mod open;
mod record;
mod refusal;
mod session;

pub use indelible_access::{Denied, Method, Permit, Principal};

pub use self::acts::{ActError, Acts, Made, WantedToken};
pub use self::at_rest::{NotApproved, use_key_rotation};
pub use self::caller::{Caller, Reading};
pub use self::doors::{GRPC_DOORS, HTTP_DOORS, is_public_call};
pub use self::file::{AccessFile, AccessFileError, FourEyes};
pub use self::gate::Gate;
pub use self::layer::{guard_calls, guard_pages};
pub use self::open::{Exposed, check_listener};
pub use self::record::{
    AuditLog, Copies, CopyError, Denials, EntriesRead, Happened, Record, RecordError, Recorder, ReplayError, replay,
};
