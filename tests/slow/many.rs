//! Thousands of slow connections, and the others.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bed::{Bed, Server};
use crate::honest::measure;
use crate::senders::Senders;
use crate::{ended, figure, serve};

const SHORT: usize = 500;

/// How many there are to be, if it is not the short form.
fn asked() -> Option<usize> {
    std::env::var("INDELIBLE_SLOW").ok().map(|text| text.parse().unwrap())
}

/// Descriptors for so many, here and in the server, which inherits the limit.
fn make_room(count: usize) {
    let limit = getrlimit(Resource::Nofile);
    let current = Some((2 * count + 1_000) as u64).max(limit.current);
    let raised = Rlimit {
        current,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("the hard limit of descriptors is high enough");
}

fn resident_kib(server: &Server) -> u64 {
    figure(server, "process_resident_memory_bytes") >> 10
}

/// Processor time that the server has had, in milliseconds.
fn cpu(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    // Behind the name, in hundredths of a second: the 12th and 13th field.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    10 * (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_a_second_on_many_connections_slows_nobody_else_down() {
    let count = asked().unwrap_or(SHORT);
    make_room(count);
    let bed = Bed::with_log();
    let server = serve(&bed, &format!("connections_max = {}\n", count + 200));
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));

    measure(address, Duration::from_secs(1)).await;
    let memory = resident_kib(&server);
    let before = measure(address, MEASURED).await;
    let quiet_cpu = cpu(&server);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let quiet_cpu = cpu(&server) - quiet_cpu;
    let senders = Senders::start(count, address);
    crate::until("all are connected", 120, || senders.connected() > count * 8 / 10).await;
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        let times = measure(address, MEASURED).await;
        eprintln!("meanwhile: {times}");
        turns.push(times);
        if asked().is_none()
            && turns
                .iter()
                .any(|times| times.quantile(990) <= bound_of(before.quantile(990)))
        {
            break;
        }
    }
    turns.sort_by_key(|times| times.quantile(990));
    let meanwhile = &turns[if asked().is_some() { TURNS / 2 } else { 0 }];
    let slow_cpu = cpu(&server);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let slow_cpu = cpu(&server) - slow_cpu;
    let open = figure(&server, "indelible_connections_open");
    let memory_meanwhile = resident_kib(&server);
    let connected = senders.connected();
    // Nothing of HTTP/2 is slower than a ping and the time for its answer, and those who came last have it all before them.
    senders.let_go(Duration::from_secs(90)).await;
    let after = measure(address, MEASURED).await;

    let grown = memory_meanwhile.saturating_sub(memory);
    eprintln!("{connected} slow connections of {count}, {open} open; memory grew by {grown} KiB");
    eprintln!("4 s of the server with nobody else: {quiet_cpu} ms of processor time; with them: {slow_cpu} ms");
    eprintln!("quiet before: {before}");
    eprintln!("quiet after:  {after}");
    for reason in ["slow_head", "slow_body", "silent"] {
        let closed = ended(&server, reason);
        eprintln!("{reason}: {closed}");
        assert!(closed >= (count / 3) as u64, "{reason}: {closed}");
    }
    assert_eq!(ended(&server, "evicted"), 0, "there were places for all");
    assert!(open > (count * 8 / 10) as u64, "{open} were open");
    assert!(grown < 64 * count as u64, "{grown} KiB for {count} connections");
    let quiet = before.quantile(990).max(after.quantile(990));
    let bound = bound_of(quiet);
    assert!(
        meanwhile.quantile(990) <= bound,
        "{:?} > {bound:?}",
        meanwhile.quantile(990)
    );
}

/// Twice as long as with nobody else, and what a machine that others use too may do to a hundredth of the requests.
fn bound_of(quiet: Duration) -> Duration {
    (2 * quiet).max(match asked() {
        Some(_) => Duration::from_millis(1),
        None => Duration::from_millis(20),
    })
}

/// How often it is measured. What the slow ones do would be there each time: the long form takes the median, and the short one, which runs
/// beside whatever else there is and in whatever build, the best.
const TURNS: usize = 3;

const MEASURED: Duration = Duration::from_secs(8);
