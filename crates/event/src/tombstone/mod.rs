//! Tombstones `indelible.tombstone.v1`: leaves that say which members are erased, in clear, so that anybody can check them. Who asked for it,
//! and on what legal basis, are salted disclosures.

mod disclosure;
mod leaf;
mod seal;

pub use disclosure::{MalformedTombstoneDisclosure, TombstoneDisclosure, TombstoneMember};
pub(crate) use leaf::ENDING;
pub use leaf::{Erasure, MalformedTombstone, NotInTombstone, Tombstone, TombstoneDisclosed, VoidTombstone};
pub use seal::{BadTombstone, SealedTombstone, TombstoneSalts};
