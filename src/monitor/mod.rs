//! A monitor: it follows a log that is published as tiles (C2SP tlog-tiles), whoever runs it, and says when the log does what an
//! honest one does not.
//!
//! The core is pure: [`judge`] takes what is believed ([`State`]), what was seen ([`Observation`]) and the time, and gives what is
//! believed from now on and what there is to report. Around it, [`observe`] reads the log, [`store`] keeps the state,
//! [`follow`] does one after the other and writes findings.
//!
//! What it cannot show: that others are shown the same heads (witnesses can), and that entries which were verified once are still
//! served (`audit` can).

pub mod follow;
pub mod judge;
pub mod observe;
pub mod state;
pub mod store;

mod entries;
mod tell;
mod text;

pub use follow::{Monitor, MonitorError, Pace};
pub use judge::{Evidence, Observation, Outcome, Rules};
pub use state::State;
pub use store::{Folder, StoreError};
pub use tell::Tellers;
