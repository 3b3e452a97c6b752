//! A log without rules: everybody may do everything, and that only where nobody but this machine can connect.

use std::net::SocketAddr;

/// An address that an open log would be exposed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "with `open` everybody may do everything on this log, so that it can listen on a loopback address only, not on {0}"
)]
pub struct Exposed(SocketAddr);

/// Whether a log may listen on `address`.
///
/// # Errors
///
/// If it is open and others than this machine can reach it.
pub fn check_listener(open: bool, address: SocketAddr) -> Result<(), Exposed> {
    match open && !address.ip().is_loopback() {
        true => Err(Exposed(address)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_log_is_for_loopback_only() {
        for here in ["127.0.0.1:7425", "127.8.8.8:1", "[::1]:7425"] {
            assert_eq!(check_listener(true, here.parse().unwrap()), Ok(()));
        }
        for exposed in ["0.0.0.0:7425", "[::]:7425", "192.0.2.1:7425", "[2001:db8::1]:1"] {
            let address: SocketAddr = exposed.parse().unwrap();
            assert_eq!(check_listener(true, address), Err(Exposed(address)));
            assert_eq!(check_listener(false, address), Ok(()));
        }
    }
}
