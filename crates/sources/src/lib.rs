//! What CI systems send, made into audit events: a delivery, the configuration of its source and the time in; events, a refusal or
//! a reason to ignore it out.
//!
//! Pure: no I/O, no clock, no dice. Whoever runs a source reads the body (at most [`Source::body_bytes_max`] bytes of it), keeps its
//! hash, redacts, fills in what only a service knows (`delivery`, `raw`, the time of receipt) and answers when the event is durable.
//!
//! Three rules hold for every source:
//! * Authenticity first: nothing is parsed before the signature over the bytes as they came has held.
//! * What is not signed decides nothing. A header may name an event only where the payload cannot be told by its own shape, and the
//!   event then says so.
//! * Never a guess: what the payload does not say is absent, or `unknown`.
//!
//! A sender that is authentic is never answered with an error because its event is new or not understood: such a delivery becomes an
//! event of verb `other`, see [`Reading`].

pub mod github;

mod delivery;
mod json;
mod name;
mod received;
mod secret;
mod source;

pub use delivery::{Delivery, Repeated};
pub use name::{BadSourceName, SourceName};
pub use received::{Ignored, Incoming, Reading, Received, Rejected};
pub use secret::{BadSecret, Secret, Secrets};
pub use source::Source;
