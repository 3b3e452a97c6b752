//! The network shell: one listener for gRPC and HTTP/1.1, plain or over TLS.
//!
//! A connection passes through these files in this order:
//!
//! | file | what it decides |
//! |---|---|
//! | `listening` | binds the address, takes connections in, survives a lack of file descriptors |
//! | `places` | who gets a place, and who makes room for a newcomer |
//! | `metered` | counts the bytes |
//! | `tls` | the certificate, its names, ALPN; `tls_files` reads them, `reload` reads them again when they change |
//! | `client_ca` | which certificates clients may show, and whether they must |
//! | `peer` | the one that a client has shown; `standing`: whether it still holds |
//! | `preface` | HTTP/1.1 or HTTP/2, by the first bytes |
//! | `connection` | the limits of each protocol, one task a connection; `activity` is what others see of it |
//! | `pace` | how slowly the body of a request may come; `framing`: where a message of gRPC begins and ends |
//! | ([`observe`](crate::observe)) | ids, counts, log lines, spans |
//! | `guard` | whether the request may come from a page in a browser ([`host`] and [`admission`] decide, purely; `hosts` has the names of now) |
//! | `deadline` | how long an answer may take to begin |
//! | `content_type` | whether it is gRPC |
//! | `refused` | how the shell says no |
//! | `application` | which handler gets the request, and what no handler gets |
//! | `serve` | runs all of it, and ends it in time |
//!
//! What an address means to the log is not known here: handlers come in as [`tonic::service::Routes`] and
//! [`axum::Router`].

pub mod admission;
pub mod host;

mod activity;
mod application;
mod client_ca;
mod connection;
mod content_type;
mod deadline;
mod framing;
mod guard;
mod hosts;
mod limits;
mod listening;
mod metered;
mod pace;
mod peer;
mod places;
mod preface;
mod refused;
mod reload;
mod serve;
mod standing;
mod tls;
mod tls_files;

pub use application::application;
pub use deadline::{Deadline, Late};
pub(crate) use framing::{Framing, Step};
pub use hosts::Hosts;
pub use limits::Limits;
pub use listening::{BindError, Listening};
pub use pace::{Pace, TooSlow};
pub use peer::{BadPeer, PeerCertificate, San};
pub use reload::{Refresher, Reloads};
pub use serve::{Stopped, serve};
pub use standing::{Ceased, Standing};
pub use tls::{Loaded, Tls, TlsError};
