//! Indelible: an immutable audit log whose entries strangers can check. This is the shell around the log: configuration,
//! transport, scheduling. No algorithms live here; they are in the crates beside it.
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`], [`cmd`] | the command line, one file a subcommand |
//! | [`config`], [`data`] | the configuration file and the data directory |
//! | [`net`] | one listener for gRPC and HTTP, its limits and its guard |
//! | [`observe`], [`metrics`] | what the service tells of itself: ids, log lines, spans, counts |
//! | [`grpc`], [`http`] | the services: convert, authorise, call, convert back |
//! | [`wire`] | the only place that names generated types |
//! | [`access`] | who may do what |
//! | [`identity`] | who asks: CI jobs by their identity tokens |
//! | [`envelope`] | one event as JSON, signed or not |
//! | [`entrance`] | the way in for opaque entries, which a log of events has not |
//! | [`proofs`] | plan, fetch, finish |
//! | [`trail`] | events: taken once, found again, searched |
//! | [`waiting`] | for witnesses, by those who write |
//! | [`sources`] | who may send deliveries: files, secrets, counts |
//! | [`strict_json`] | JSON of strangers, read in one way only |
//! | [`room`] | memory for what strangers send, counted before it is taken: of all, and of one connection |
//! | [`memory`] | heads that are remembered outside the data directory |
//! | [`monitor`] | follows somebody's log and says when it does what an honest one does not |
//! | [`follow`] | what reads the log behind its back: the leaf index, the witnesses |
//! | [`audit`], [`mirror`] | other people's logs, by their tiles: recomputing one, keeping a copy of one |
//! | [`doctor`] | looks for what is wrong with a log and around it |
//! | `findings` | findings, kept in files |
//! | [`task`] | waiting for work that runs beside |
//! | [`witness`] | a witness for other logs: a service of its own |
//! | [`serve`] | puts all of it together, and takes it down in order |

pub mod access;
pub mod audit;
pub mod cli;
pub mod cmd;
pub mod config;
pub mod data;
pub mod doctor;
pub mod entrance;
pub mod envelope;
pub mod follow;
pub mod grpc;
pub mod http;
pub mod identity;
pub mod memory;
pub mod metrics;
pub mod mirror;
pub mod monitor;
pub mod net;
pub mod observe;
pub mod proofs;
pub mod room;
pub mod serve;
pub mod sources;
pub mod strict_json;
pub mod task;
pub mod trail;
pub mod waiting;
pub mod wire;
pub mod witness;

mod findings;
