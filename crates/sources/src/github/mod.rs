//! GitHub's webhooks: of a repository, an organisation, an enterprise or an App.
//!
//! GitHub signs the body and nothing else. So the body alone says who did what to what: [the shape of the payload](self#what-the-payload-says)
//! tells which event it is, and its `repository`, `organization` or `enterprise` must be one that the secret [stands for](Permitted).
//! The headers give the idempotency key, which can make two deliveries one, and the name of an event whose shape is not known.
//!
//! # What the payload says
//!
//! GitHub's payloads do not name their event. But each of its types has members that no other has: they are in the table of types,
//! from which [`mapping_table`] is printed, and tell every published example of every type apart. If the header says something else,
//! the payload is believed, and the submitter's facts keep what the header said. A payload that fits no type (GitHub adds some
//! every year) gets its name from the header, the verb `other`, and the facts say that the name is not signed.

mod body;
mod hook;
mod instructions;
mod map;
mod permitted;
mod recognise;
mod report;
mod signature;
mod table;

pub use hook::{Configuration, Hook, NotGitHub};
pub use instructions::instructions;
pub use permitted::{Account, BadAccount, BadPermitted, NotPermitted, Permitted};
pub use report::mapping_table;
pub use signature::{Authentic, BadSignature, WhichSecret, sign, verify};

/// 25 MiB: an event above 25 MB is not delivered by GitHub at all.
pub const BODY_BYTES_MAX: usize = 25 << 20;
