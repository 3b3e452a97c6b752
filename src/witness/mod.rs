//! A witness for other logs (C2SP tlog-witness): it cosigns a log's checkpoint if it continues the one that it cosigned last, and
//! never forgets which that was.
//!
//! What may be cosigned is decided purely, in [`indelible_note::witness`]; here is the world around that decision.
//!
//! | file | what it decides |
//! |---|---|
//! | `folder` | which file is where |
//! | `init` | a new witness, whole or not at all |
//! | `state/` | what is known of each log, in SQLite, checked whenever it is read |
//! | `clock` | the time that a cosignature may carry, purely |
//! | `limit` | how often a log may ask, purely |
//! | `evidence` | what a refused checkpoint proves against its log, purely |
//! | `answer` | a request from its bytes to its answer |
//! | `bodies` | how much of all requests may be in memory |
//! | `routes` | HTTP: paths, statuses |
//! | `serve` | puts all of it together, and takes it down in order |

mod answer;
mod bodies;
mod clock;
mod evidence;
mod folder;
mod init;
mod limit;
mod routes;
mod serve;
mod state;

pub use folder::WitnessDir;
pub use init::{InitError, init};
pub use limit::Rate;
pub use serve::{Options, ServeError, Service};
pub use state::{Added, KeptFinding, LogState, State, StateError};
