//! Asking a person before something that cannot be undone.

use std::io::{IsTerminal, Write};
use std::time::{SystemTime, SystemTimeError, UNIX_EPOCH};

use super::Failure;

/// Consent, as an argument.
#[derive(Debug, clap::Args)]
pub(super) struct ConsentArg {
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl ConsentArg {
    /// Asks `question`, unless consent was given on the command line. Anything but `yes` is an error, and nothing was done.
    pub(super) fn obtain(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err("this needs consent: answer at a terminal, or pass --yes".into());
        }
        eprint!("{question} Go on? Type yes: ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        match answer.trim() {
            "yes" => Ok(()),
            _ => Err("nothing was changed".into()),
        }
    }
}

/// When it was given: seconds since 1970.
pub(super) fn now() -> Result<u64, SystemTimeError> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// What a person is asked before a later head is given up.
pub(super) const LATER_HEAD: &str = "Whoever holds a later head will see that the log took it back.";
