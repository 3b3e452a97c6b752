//! One file a subcommand: its arguments with their help, and what it does with them.

pub mod append;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod completions;
pub mod demo;
pub mod fsck;
pub mod init;
pub mod key;
pub mod keygen;
pub mod mirror;
pub mod monitor;
pub mod prove;
pub mod rebuild;
pub mod receipt;
pub mod recover;
pub mod restore;
pub mod serve;
pub mod source;
pub mod verify;
pub mod witness;

mod consent;
mod duration;
mod environment;
mod files;
mod out;
mod progress;
mod remote;
mod runtime;
mod tile_log;
mod trust;
mod utc;
mod verdict;
mod vkey;

pub(crate) use verdict::judge;
pub use verdict::{CommandResult, Failure, Verdict};
