//! Logs that are published as static files (C2SP tlog-tiles), wherever they lie. Nothing that comes from there is believed: what
//! it means is for those to check who asked for it.
//!
//! | file | what it is |
//! |---|---|
//! | `source`, `error` | the files, by URL or from a folder |
//! | `patient` | the same, asked for again when that may help |
//! | `trusted` | which checkpoints are believed |
//! | `trunk`, `bundles`, `wrong` | tiles and bundles of a signed tree, and those that do not belong to it |

mod bundles;
mod error;
mod patient;
mod source;
mod trunk;
mod trusted;
mod wrong;

pub use bundles::{bundle_leaves, check_leaves};
pub use error::{BadPlace, FetchError, NoSource};
pub use patient::{Patience, PatientSource};
pub use source::TileSource;
pub use trunk::{Trunk, fetch_tile};
pub use trusted::{BadHead, NoLog, SignedHead, TrustedLog};
pub use wrong::{TileError, Wrong, WrongFile};
