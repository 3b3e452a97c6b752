//! What can be known. Times are in seconds since 1970, sizes in bytes unless they are sizes of the log, and what could not be found
//! out is an `Err` with the reason.

use std::path::PathBuf;

use crate::config::Config;

/// All of it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now, by this machine.
    pub now: i64,
    /// The configuration, or what is wrong with it.
    pub config: Result<Config, String>,
    /// Who serves the log.
    pub holder: Holder,
    /// The private key.
    pub key: Key,
    /// Other files that only their owner should read, with their modes.
    pub private_files: Vec<(PathBuf, u32)>,
    /// The data directory's mode.
    pub directory_mode: Result<u32, String>,
    /// The journal's end.
    pub journal: Result<JournalEnd, String>,
    /// What is remembered outside.
    pub memory: Memory,
    /// The disk of the data directory.
    pub disk: Result<Disk, String>,
    /// How far the followers are: what each is called, and its size or why that cannot be known.
    pub followers: Vec<(&'static str, Result<u64, String>)>,
    /// The witnesses, if there are to be any.
    pub witnesses: Option<Result<Vec<Witness>, String>>,
    /// The certificate, if there is to be one.
    pub certificate: Option<Result<Certificate, String>>,
    /// How many sources there are, or what is wrong with them.
    pub sources: Result<usize, String>,
    /// What the system lets the service, or a process started here, have.
    pub limits: Limits,
    /// What the running service says, if it was asked.
    pub service: Option<Service>,
}

/// Who holds the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This process; `None` if it is not one of ours to see.
    Process(Option<u32>),
    /// That cannot be told.
    Unknown(String),
}

/// The private key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its file.
    pub path: PathBuf,
    /// How it compares with the log, or why it cannot be read.
    pub state: Result<KeyState, String>,
}

/// How the key in the file compares with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is the one in force.
    InForce,
    /// The log has given it up.
    Retired,
    /// It was never the log's.
    Foreign,
}

/// Where the journal ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalEnd {
    /// The size of the last head whose signature holds.
    pub size: u64,
    /// What stands behind it and does not hold.
    pub broken: Option<String>,
    /// When the last segment was written, by the file system.
    pub written: i64,
    /// The second that the last entry was stamped with, in a log of events.
    pub received: Option<i64>,
}

/// The file beside the directory.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Its path.
    pub path: PathBuf,
    /// The size of the head in it; `None` if there is no file.
    pub size: Result<Option<u64>, String>,
    /// How many others are asked at a start.
    pub others: usize,
}

/// Where the data directory lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// What the kernel calls the file system.
    pub kind: String,
    /// The options that it is mounted with.
    pub options: Vec<String>,
    /// Bytes that are free for this user.
    pub free: u64,
    /// All bytes.
    pub total: u64,
    /// Files that can still be made; `None` where that has no limit.
    pub files_free: Option<u64>,
}

/// One witness of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What the policy calls it.
    pub name: String,
    /// Whether anybody answers there, or why not.
    pub reached: Result<(), String>,
    /// When it cosigned the head that was served last, by the key of the policy; `None` if it did not.
    pub cosigned: Option<i64>,
}

/// The certificate and its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// From when to when each of the chain is good, the service's own first.
    pub terms: Vec<(i64, i64)>,
    /// Whether each but the last was made by the one behind it.
    pub in_order: bool,
    /// Whether the last one vouches for itself.
    pub self_signed: bool,
    /// How many names it has.
    pub names: usize,
    /// Names of `hosts` that it is not good for.
    pub uncovered: Vec<String>,
    /// The mode of the private key's file.
    pub key_mode: u32,
}

/// What the system allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of whom: the service that runs, or what would be started here.
    pub of_service: bool,
    /// File descriptors; `None` if there is no limit.
    pub files: Result<Option<u64>, String>,
    /// Memory, by the control group or the machine.
    pub memory: Result<u64, String>,
}

/// What the service says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Where it was asked.
    pub url: String,
    /// The status of `/healthz` and its words, or why there is no answer.
    pub health: Result<(u16, String), String>,
    /// What its clock says and what ours said then.
    pub clocks: Option<(i64, i64)>,
}
