//! Who may do what. Every method asks here before it does anything; for now there is one policy, that everybody may do
//! everything, and it is accepted only where nobody but this machine can connect.

use std::net::SocketAddr;

use indelible_event::member::Submitter;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular: no credentials were given.
    Anonymous,
}

impl Principal {
    /// Who it is in the events that it submits.
    pub fn submitter(self) -> Submitter {
        match self {
            Principal::Anonymous => Submitter {
                principal: "anonymous".to_owned(),
                method: "none".to_owned(),
                verified: None,
            },
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Appending entries, by whichever method.
    Append,
    /// Reading signed heads.
    ReadHeads,
    /// Reading proofs.
    ReadProofs,
    /// Reading entries.
    ReadEntries,
    /// Submitting events, by whichever method.
    SubmitEvents,
    /// Reading events with their members, by whichever method.
    ReadEvents,
    /// Finding out what an erasure would take, and erasing it.
    Erase,
    /// Placing and releasing legal holds.
    Hold,
    /// Reading what the service counts of itself.
    ReadMetrics,
}

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The log that this process serves.
    Log,
}

/// The rules in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Everybody may do everything.
    Open,
}

/// That a request may go on. Only [`Policy::authorise`] makes it.
#[derive(Debug)]
#[must_use = "a permission is asked for to be used"]
pub struct Granted(());

/// That it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{principal:?} may not {method:?} on {resource:?}")]
pub struct Denied {
    principal: Principal,
    method: Method,
    resource: Resource,
}

/// An address that the open policy would expose to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("everybody may do everything on this log, so that it can listen on a loopback address only, not on {0}")]
pub struct Exposed(SocketAddr);

impl Policy {
    /// The policy for a listener on `address`.
    pub fn for_listener(address: SocketAddr) -> Result<Policy, Exposed> {
        match address.ip().is_loopback() {
            true => Ok(Policy::Open),
            false => Err(Exposed(address)),
        }
    }

    /// Whether `principal` may do this.
    pub fn authorise(self, _principal: Principal, _method: Method, _resource: Resource) -> Result<Granted, Denied> {
        match self {
            Policy::Open => Ok(Granted(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_policy_is_for_loopback_only() {
        for open in ["127.0.0.1:7425", "127.8.8.8:1", "[::1]:7425"] {
            assert_eq!(Policy::for_listener(open.parse().unwrap()), Ok(Policy::Open));
        }
        for exposed in ["0.0.0.0:7425", "[::]:7425", "192.0.2.1:7425", "[2001:db8::1]:1"] {
            let address: SocketAddr = exposed.parse().unwrap();
            assert_eq!(Policy::for_listener(address), Err(Exposed(address)));
        }
    }
}
