//! The journal from outside: its bytes, its end after every interrupted write, every flipped bit, and failing disks.

mod broken_end;
mod codec;
mod conformance;
mod faults;
mod flips;
mod key_changes;
mod mirror;
mod segments;
mod support;
mod tears;
