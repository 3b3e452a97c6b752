//! Power loss: what is on the disk when the power comes back, and what the log makes of it.
//!
//! The real binary runs under strace while clients append; `record` keeps its writes with all their bytes. `disk` is a model of a
//! disk on which they happen again, up to some moment; `losses` chooses the moment and what is lost of all that was not yet
//! synced; `check` opens the image with the real recovery and demands all that anybody had been told of. docs/durability.md says
//! what is modelled and what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod binary;
mod check;
mod controls;
mod disk;
mod image;
mod load;
mod losses;
mod power;
mod reading;
mod record;
mod runs;
mod steps;
mod trace;
