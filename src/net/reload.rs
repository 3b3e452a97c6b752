//! The files of TLS, read again while the service runs: when they have changed, and when somebody asks for it by SIGHUP.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::tls::{Loaded, Tls, TlsError};
use super::tls_files::Stamp;
use crate::task::blocking;

/// What became of reading the files of TLS again.
#[derive(Debug)]
pub struct Reloads {
    /// When those that are in use were read, in seconds since 1970.
    loaded_at: AtomicI64,
    loaded: AtomicU64,
    failed: AtomicU64,
    /// Whether there are others now that cannot be used.
    refused: AtomicBool,
}

/// Looks at the files of TLS every few seconds.
#[derive(Debug)]
pub struct Refresher {
    tls: Option<Tls>,
    hangup: Option<Signal>,
    looked: Looked,
}

/// What was seen of the files.
#[derive(Clone, Debug, Default)]
struct Looked {
    /// When they were looked at last.
    seen: Option<Stamp>,
    /// When they were read last, whether they could be used or not.
    read: Option<Stamp>,
    /// Why they could not be, if they could not.
    refused: Option<String>,
}

impl Reloads {
    pub(super) fn starting_at(now: Timestamp) -> Reloads {
        Reloads {
            loaded_at: AtomicI64::new(now.as_second()),
            loaded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: AtomicBool::new(false),
        }
    }

    /// When the files in use were read, in seconds since 1970.
    pub fn loaded_at(&self) -> i64 {
        self.loaded_at.load(Ordering::Relaxed)
    }

    /// How often others took their place since the start.
    pub fn loaded(&self) -> u64 {
        self.loaded.load(Ordering::Relaxed)
    }

    /// How often others could not be used.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether there are others now that cannot be used, so that those from before go on.
    pub fn are_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Refresher {
    /// Of a listener that may have TLS. Takes SIGHUP from now on, which would end the process otherwise; where that cannot be had, the
    /// files are looked at all the same.
    pub fn new(tls: Option<Tls>) -> Refresher {
        let hangup = signal(SignalKind::hangup());
        let hangup = hangup.inspect_err(|error: &io::Error| tracing::warn!(%error, "SIGHUP is not listened to"));
        Refresher {
            tls,
            hangup: hangup.ok(),
            looked: Looked::default(),
        }
    }

    /// Waits until other files are in use. Those that cannot be used are logged and counted. Without TLS it waits for ever.
    pub async fn next(&mut self) -> Arc<Loaded> {
        loop {
            let asked = tokio::select! {
                () = sleep(LOOK_EVERY) => false,
                () = hung_up(&mut self.hangup) => true,
            };
            let Some(tls) = self.tls.clone() else {
                if asked {
                    tracing::info!("SIGHUP: there is nothing to be read again, since the port is plain");
                }
                continue;
            };
            let mut looked = self.looked.clone();
            let (looked, found) = blocking(move || {
                let found = looked.look(&tls, asked);
                (looked, found)
            })
            .await;
            self.looked = looked;
            match found {
                Some(loaded) => return loaded,
                None if asked => tracing::info!("SIGHUP: the files of TLS are as they were, or cannot be used"),
                None => {}
            }
        }
    }
}

impl Looked {
    /// What is in use now if it is new.
    fn look(&mut self, tls: &Tls, asked: bool) -> Option<Arc<Loaded>> {
        let stamp = Some(Stamp::of(tls.files()));
        // Somebody may be in the middle of it: a certificate is there before its key. Looked at before they are read, so that what
        // changes meanwhile is read again.
        let settled = self.seen == stamp;
        self.seen = stamp.clone();
        let due = (self.read != stamp && settled) || self.refused.is_some();
        if !due && !asked {
            return None;
        }
        self.read = stamp;
        match tls.load_again(Timestamp::now()) {
            Ok(loaded) => {
                self.accept(tls.reloads(), loaded.is_some());
                loaded
            }
            Err(error) => {
                self.refuse(tls.reloads(), &error, asked);
                None
            }
        }
    }

    fn accept(&mut self, reloads: &Reloads, is_new: bool) {
        if self.refused.take().is_some() && !is_new {
            tracing::info!("the files of TLS are again those that are in use");
        }
        reloads.refused.store(false, Ordering::Relaxed);
        if is_new {
            reloads.loaded.fetch_add(1, Ordering::Relaxed);
            reloads.loaded_at.store(Timestamp::now().as_second(), Ordering::Relaxed);
        }
    }

    /// Said once as long as it is the same, unless somebody asks.
    fn refuse(&mut self, reloads: &Reloads, error: &TlsError, asked: bool) {
        let words = Some(error.to_string());
        if self.refused == words && !asked {
            return;
        }
        self.refused = words;
        reloads.refused.store(true, Ordering::Relaxed);
        reloads.failed.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "the files of TLS cannot be read again; those from before go on");
    }
}

/// Resolves with the next SIGHUP.
async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(signal) => poll_fn(|cx| signal.poll_recv(cx).map(drop)).await,
        None => std::future::pending().await,
    }
}

/// A certificate that was replaced is served within two looks. Each costs four calls of the system.
const LOOK_EVERY: Duration = Duration::from_secs(1);
