//! The keys of a log over time: a log may change its key, and says so in a statement that the old key and the new one sign.
//!
//! The formats are ours (docs/formats.md, "Key change" and "Keys of a log"). What a thief of a retired key can do, and what not, is
//! in docs/keys.md.

mod chain;
mod change;
mod document;

pub use self::chain::{BrokenChain, KeyChain, KeyTerm};
pub use self::change::{BadKeyChange, KeyChange, MalformedKeyChange};
pub use self::document::BadKeys;
