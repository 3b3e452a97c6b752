//! More connections than there are places.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::bed::Bed;
use crate::honest::{ask, measure};
use crate::senders::{Senders, connect, from};
use crate::{ended, figure, serve};

#[tokio::test(flavor = "multi_thread")]
async fn when_all_places_are_taken_the_quiet_make_room_and_who_works_is_left_alone() {
    let bed = Bed::with_log();
    let server = serve(&bed, "connections_max = 200\n");
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    // Works all the time.
    let working = tokio::spawn(measure(address, Duration::from_secs(15)));
    let senders = Senders::start(400, address);
    crate::until("the places are taken", 30, || ended(&server, "evicted") > 0).await;
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        let began = Instant::now();
        ask(TcpStream::connect(address).await.unwrap(), true).await;
        longest = longest.max(began.elapsed());
    }
    let times = working.await.unwrap();
    eprintln!("a newcomer waited {longest:?} at most; who was there: {times}");
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    assert!(figure(&server, "indelible_connections_open") <= 200);
    senders.let_go(Duration::from_secs(90)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_only_so_many_connections_and_others_are_not_its_concern() {
    let bed = Bed::with_log();
    let server = serve(&bed, "connections_per_client_max = 10\n");
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(ask(connect(from(0), address).await.unwrap(), false).await);
    }
    for _ in 0..7 {
        let mut stream = connect(from(0), address).await.unwrap();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0; 16])).await;
        assert!(matches!(read.expect("closed at once"), Ok(0) | Err(_)));
    }
    let other = ask(connect(from(1), address).await.unwrap(), false).await;
    let first = held.remove(0);
    held.push(ask(first, false).await);
    assert_eq!(figure(&server, "indelible_connections_refused_total"), 7);
    drop((held.pop(), other));
    crate::until("a place is given back", 10, || {
        figure(&server, "indelible_connections_open") <= 10
    })
    .await;
    ask(connect(from(0), address).await.unwrap(), false).await;
}
