//! How a command ends.

use std::error::Error;
use std::io;

use indelible_client::Error as ClientError;
use indelible_event::BadEvidence;

use super::evidence::BadLine;
use super::service::BadAnswer;
use crate::serve::ServeError;
use crate::witness;

/// What a command found out, if it could.
#[derive(Debug)]
pub enum Verdict {
    /// It holds, or it is done.
    Holds,
    /// It was checked, and it does not hold; why.
    DoesNotHold(String),
    /// It was checked as far as that can be done, and that is not far enough; why.
    CouldNotTell(String),
}

/// What a command returns. A failure is for people to read, not for code to match on: this is the outermost layer.
pub type CommandResult = Result<Verdict, Failure>;

/// Why a command could not tell, or could not do it.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The verdict that lies in a failure. What was checked and contradicts itself does not hold: a server's answer, or the log in a
/// data directory. That nobody reads our output any more, as `head` does, is nobody's fault.
pub(crate) fn judge(failure: Failure) -> CommandResult {
    let mut cause: Option<&(dyn Error + 'static)> = Some(failure.as_ref());
    while let Some(error) = cause {
        let refuted = matches!(error.downcast_ref(), Some(ClientError::Misbehaved(_)))
            || error.is::<BadEvidence>()
            || error.is::<BadLine>()
            || error.downcast_ref().is_some_and(BadAnswer::is_refuted)
            || error.downcast_ref().is_some_and(ServeError::is_refuted)
            || error.downcast_ref().is_some_and(witness::ServeError::is_refuted);
        if refuted {
            return Ok(Verdict::DoesNotHold(failure.to_string()));
        }
        if error
            .downcast_ref()
            .is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe)
        {
            return Ok(Verdict::Holds);
        }
        cause = error.source();
    }
    Err(failure)
}
