//! The verifying client: trusts the log's key, never the server.
//!
//! A [`Client`] knows the log by its [`VerifierKey`](indelible_note::VerifierKey) and remembers, in a [`HeadStore`], the newest
//! head that it has verified. Before it hands out anything it checks that the log has signed the head, that what was asked for
//! is in that head's tree, and that this tree and the remembered one belong to one history. Only then does the remembered head
//! move, and only forward. A server that forks, rolls back or makes up answers gets an [`Error::Misbehaved`], in which the
//! contradicting heads are kept as evidence.
//!
//! What this cannot show: that others are shown the same heads, and that nothing was left out before it reached the log.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use indelible_client::{Client, FileHeads, Options};
//!
//! let key = "ci.example.com/audit+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx".parse()?;
//! let heads = FileHeads::new("audit.checkpoint")?;
//! let client = Client::connect("http://127.0.0.1:7425", key, heads, Options::default()).await?;
//!
//! // From any number of tasks at a time: they share one stream.
//! let receipt = client.append("deployed to production".into()).await?;
//! std::fs::write("deploy.tlog-proof", receipt.to_string())?;
//! # Ok(())
//! # }
//! ```
//!
//! Delivery is at least once: see [`AppendError::Unconfirmed`].
//!
//! A log of events takes a [`NewEvent`] by [`Client::submit`], which refuses a receipt whose leaf does not commit to what was sent. An event
//! with a key is taken once, however often it is sent.
//!
//! Logs that are published as static files (C2SP tlog-tiles), by whomever, are read through a [`TileSource`], and checked from the
//! signed root down with a [`Trunk`].

mod append;
mod client;
mod connect;
mod credential;
mod entries;
mod error;
mod events;
mod heads;
mod http;
mod keys;
mod misbehavior;
mod tiles;
mod trust;
mod watch;
mod wire;

pub use append::{AppendedRun, Appending, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Waited};
pub use client::Client;
pub use connect::Options;
pub use credential::{
    BadToken, ClientCertificate, Credential, CredentialError, Denied, Shown, TOKEN_BYTES_MAX, Token, TokenFile,
};
pub use entries::Entries;
pub use error::{AppendError, BadInput, ConnectError, Error};
pub use events::{NewEvent, ProvedEntry, RawBody, Submitted, SubmittedEvent};
pub use heads::{FileHeads, HeadStore, MemoryHeads, Swap};
pub use http::{HttpError, HttpOptions, LogHttp, http_client};
pub use keys::{KeysError, follow_keys};
pub use misbehavior::{BadAnswer, Misbehavior, Unproven};
pub use tiles::{
    BadHead, BadPlace, FetchError, NoLog, NoSource, Patience, PatientSource, SignedHead, TileError, TileSource, Trunk,
    TrustedLog, Wrong, WrongFile, bundle_leaves, check_leaves, fetch_tile,
};
pub use watch::HeadWatch;
