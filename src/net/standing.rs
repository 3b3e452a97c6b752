//! Whether the certificate that a client has shown still holds, for as long as its connection lasts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::sync::watch;
use tokio::time::sleep;

use super::peer::PeerCertificate;
use super::tls::Loaded;

/// Whether the certificate of a connection's client still holds. Handlers find it among the extensions of each request on a connection
/// whose client has shown one. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Standing(watch::Receiver<Option<Ceased>>);

/// Why it holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ceased {
    /// Its time is over.
    #[error("the client's certificate has expired")]
    Expired,
    /// What the service has read anew refuses it.
    #[error("the client's certificate is not accepted any more: it was revoked, or who vouches for it is not believed")]
    Refused,
}

/// Watches one certificate. Dropped with its connection.
pub(super) struct Watched {
    certificate: Arc<PeerCertificate>,
    chain: Vec<CertificateDer<'static>>,
    loaded: watch::Receiver<Arc<Loaded>>,
    standing: watch::Sender<Option<Ceased>>,
}

impl Standing {
    /// Why it holds no longer, if it does not.
    pub fn ceased(&self) -> Option<Ceased> {
        *self.0.borrow()
    }

    /// Resolves when it holds no longer; never if the connection ends before.
    pub async fn ceases(mut self) -> Ceased {
        match self.0.wait_for(Option::is_some).await.map(|ceased| *ceased) {
            Ok(Some(ceased)) => ceased,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

impl Watched {
    /// Watches the certificate that begins `chain`. `loaded` is as it was when the handshake began, so that nothing that was loaded since
    /// is missed.
    pub(super) fn new(
        certificate: Arc<PeerCertificate>,
        chain: Vec<CertificateDer<'static>>,
        loaded: watch::Receiver<Arc<Loaded>>,
    ) -> Watched {
        Watched {
            certificate,
            chain,
            loaded,
            standing: watch::channel(None).0,
        }
    }

    pub(super) fn certificate(&self) -> &Arc<PeerCertificate> {
        &self.certificate
    }

    pub(super) fn standing(&self) -> Standing {
        Standing(self.standing.subscribe())
    }

    /// Resolves when the certificate holds no longer, and has told so whoever has a [`Standing`]. May be dropped and called again.
    pub(super) async fn ceases(&mut self) {
        if self.standing.borrow().is_some() {
            return;
        }
        let why = self.ceased().await;
        self.standing.send_replace(Some(why));
    }

    async fn ceased(&mut self) -> Ceased {
        loop {
            let left = self.certificate.not_after().duration_since(Timestamp::now());
            let Ok(left) = Duration::try_from(left) else {
                return Ceased::Expired;
            };
            if left.is_zero() {
                return Ceased::Expired;
            }
            tokio::select! {
                // The clock may be set meanwhile, and a timer would not notice.
                () = sleep(left.min(LOOK_EVERY)) => {}
                changed = self.loaded.changed() => match changed {
                    Ok(()) if self.is_refused() => return Ceased::Refused,
                    Ok(()) => {}
                    // The listener is gone, and with it whoever reads anew.
                    Err(_) => sleep(left).await,
                },
            }
        }
    }

    fn is_refused(&mut self) -> bool {
        let loaded = self.loaded.borrow_and_update().clone();
        !loaded.accepts(&self.chain, UnixTime::now())
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(30);
