//! How a command ends.

use std::error::Error;

/// What a command found out, if it could.
#[derive(Debug)]
pub enum Verdict {
    /// It holds, or it is done.
    Holds,
    /// It was checked, and it does not hold; why.
    DoesNotHold(String),
}

/// What a command returns. A failure is for people to read, not for code to match on: this is the outermost layer.
pub type CommandResult = Result<Verdict, Box<dyn Error + Send + Sync>>;
