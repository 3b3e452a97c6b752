//! Data for stdout.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stdout. That nobody reads it any more is an error like others, and not a panic as with `println!`.
pub(super) fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
