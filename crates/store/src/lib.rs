//! Where a log lives: the journal that is the truth, and the objects of its tree.

pub mod journal;
pub mod objects;
