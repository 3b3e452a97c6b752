//! The hosts that mean this service, while certificates come and go.

use std::sync::{Arc, RwLock};

use super::host::{Authority, KnownHosts};
use super::tls::{Loaded, Tls};

/// [`KnownHosts`] with the names of the certificate that is served now.
#[derive(Debug)]
pub struct Hosts {
    configured: Vec<Authority>,
    tls: Option<Tls>,
    /// Made of what was loaded then.
    known: RwLock<(Option<Arc<Loaded>>, Arc<KnownHosts>)>,
}

impl Hosts {
    pub(super) fn new(configured: &[Authority], tls: Option<Tls>) -> Hosts {
        Hosts {
            configured: configured.to_vec(),
            tls,
            known: RwLock::new((None, Arc::new(KnownHosts::new(configured, &[])))),
        }
    }

    /// Those of now.
    pub(super) fn known(&self) -> Arc<KnownHosts> {
        let loaded = self.tls.as_ref().map(Tls::current);
        {
            let (of, known) = &*self.known.read().expect(NO_PANIC);
            if of.as_ref().map(Arc::as_ptr) == loaded.as_ref().map(Arc::as_ptr) {
                return known.clone();
            }
        }
        let names = loaded.as_ref().map_or(&[][..], |loaded| loaded.names());
        let known = Arc::new(KnownHosts::new(&self.configured, names));
        *self.known.write().expect(NO_PANIC) = (loaded.clone(), known.clone());
        known
    }
}

impl From<KnownHosts> for Hosts {
    /// These, for ever.
    fn from(known: KnownHosts) -> Hosts {
        Hosts {
            configured: Vec::new(),
            tls: None,
            known: RwLock::new((None, Arc::new(known))),
        }
    }
}

const NO_PANIC: &str = "nobody panics while hosts are looked up";
