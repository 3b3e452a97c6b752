//! What was erased from an audit trail is gone from every file and given to nobody, whatever is killed or put back from a copy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
mod copies;
mod files;
mod holds;
mod kills;
mod one_person;
mod person;
mod subject;
mod tables;
mod texts;
