//! Who gets a place: how many connections there are, in all and of one client, and who makes room for a newcomer.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::activity::Activity;
use crate::metrics::Ended;

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    of_client_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    by_client: HashMap<Client, usize>,
    next: u64,
    open: BTreeMap<u64, Arc<Activity>>,
}

/// One client, as far as addresses tell: an IPv4 address, or the 64 bits of an IPv6 address that one subscriber has at least
/// (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Client(IpAddr);

/// That a client has room for one more.
#[derive(Debug)]
pub(super) struct OfClient {
    places: Arc<Places>,
    client: Client,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of_client: OfClient,
    number: u64,
    activity: Arc<Activity>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Client {
    fn of(address: IpAddr) -> Client {
        Client(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Places {
    pub(super) fn new(max: usize, of_client_max: usize) -> Arc<Places> {
        Arc::new(Places {
            all: Arc::new(Semaphore::new(max)),
            of_client_max,
            taken: Mutex::default(),
        })
    }

    /// Room for one more connection from this address; `None` if its client has all it may have.
    pub(super) fn of_client(self: &Arc<Places>, address: IpAddr) -> Option<OfClient> {
        let client = Client::of(address);
        let mut taken = self.lock();
        let count = taken.by_client.entry(client).or_default();
        if *count >= self.of_client_max {
            return None;
        }
        *count += 1;
        Some(OfClient {
            places: self.clone(),
            client,
        })
    }

    /// Waits until there is a place, and asks others to go who are quiet. A newcomer waits with its socket in hand, so that nobody is
    /// asked to go as long as nobody comes.
    pub(super) async fn one_of_all(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.all).try_acquire_owned() {
                return place;
            }
            self.evict();
            let place = Arc::clone(&self.all).acquire_owned();
            tokio::select! {
                place = place => return place.expect("nobody closes the semaphore"),
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Asks the connection to go that is quiet for the longest.
    fn evict(&self) {
        let taken = self.lock();
        // Those who were asked are on their way.
        let open = taken.open.values().filter(|activity| !activity.is_called());
        let quiet = open.filter_map(|activity| activity.quiet().map(|quiet| (quiet, activity)));
        if let Some((quiet, longest)) = quiet.max_by_key(|(quiet, _)| *quiet)
            && quiet >= QUIET_MIN
        {
            longest.call(Ended::Evicted);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfClient {
    /// The place of a connection.
    pub(super) fn with(self, one_of_all: OwnedSemaphorePermit) -> Place {
        let activity = Activity::new();
        let mut taken = self.places.lock();
        let number = taken.next;
        taken.next += 1;
        taken.open.insert(number, activity.clone());
        drop(taken);
        Place {
            of_client: self,
            number,
            activity,
            _one_of_all: one_of_all,
        }
    }
}

impl Place {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of_client.places.lock().open.remove(&self.number);
    }
}

impl Drop for OfClient {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(count) = taken.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.by_client.remove(&self.client);
            }
        }
    }
}

/// Who has just come, or has just been answered, may want something: it is not asked to go.
const QUIET_MIN: Duration = Duration::from_secs(2);

/// How soon somebody else may have become quiet.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_half_of_one() {
        let client = |text: &str| Client::of(text.parse().unwrap());
        assert_eq!(client("192.0.2.1"), client("::ffff:192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(client("2001:db8:1:2::3"), client("2001:db8:1:2:ffff::1"));
        assert_ne!(client("2001:db8:1:2::3"), client("2001:db8:1:3::3"));
    }

    #[tokio::test]
    async fn a_client_has_only_so_many_and_gets_them_back() {
        let places = Places::new(10, 2);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let first = places.of_client(address).unwrap().with(places.one_of_all().await);
        let _second = places.of_client(address).unwrap();
        assert!(places.of_client(address).is_none());
        assert!(places.of_client("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(places.of_client(address).is_some());
        assert_eq!(
            places.lock().by_client.len(),
            1,
            "nothing is kept of those who have gone"
        );
        assert!(places.lock().open.is_empty());
    }

    #[tokio::test]
    async fn the_quietest_makes_room_and_who_works_does_not() {
        let places = Places::new(3, 3);
        let mut taken = Vec::new();
        for last in 1..=3 {
            let of_client = places.of_client([192, 0, 2, last].into()).unwrap();
            taken.push(of_client.with(places.one_of_all().await));
            std::thread::sleep(Duration::from_millis(20));
        }
        let _busy = taken[0].activity().begin();
        let waiting = places.one_of_all();
        tokio::pin!(waiting);
        assert!(
            tokio::time::timeout(Duration::from_millis(10), &mut waiting)
                .await
                .is_err()
        );
        assert!(
            taken.iter().all(|place| !place.activity().is_called()),
            "all of them have just come"
        );
        std::thread::sleep(QUIET_MIN);
        assert!(
            tokio::time::timeout(Duration::from_millis(100), &mut waiting)
                .await
                .is_err()
        );
        let called: Vec<bool> = taken.iter().map(|place| place.activity().is_called()).collect();
        assert!(called[1] && !called[0], "{called:?}");
        assert_eq!(taken[1].activity().called().await, Ended::Evicted);
        taken.remove(1);
        drop(waiting.await);
    }
}
