//! Witnesses: others who remember the log's heads and cosign those that continue what they remember (C2SP tlog-witness).
//!
//! ```text
//! newest head ──► rounds ──► ask (one request a witness at a time) ──► witness
//!                  │  ▲                                                  │
//!                  │  └──────────── cosignatures, other sizes ───────────┘
//!                  └──► file ──► what GET /checkpoint and GetTreeHead serve; appends that wait for the quorum
//! ```
//!
//! | file | what is in it |
//! |---|---|
//! | `rounds`, `seat` | who is asked for what and when, and what is served: no I/O, no clock |
//! | `ask` | one request to one witness |
//! | `configured` | the policy file, and whom it names |
//! | `start` | asking them before the log is served |
//! | `run` | the follower: rounds, requests, file, channels |
//! | `quorum` | waiting for the quorum |
//! | `alarm` | what is wrong with them |

mod alarm;
mod ask;
mod configured;
mod quorum;
mod rounds;
mod run;
mod seat;
mod start;

pub use alarm::Alarm;
pub use configured::{WitnessError, Witnesses};
pub use quorum::{Quorum, Vouched};
pub use run::{Follower, Served};
pub use seat::Standing;
pub use start::Asked;
