//! Clients as they should be, and how long they wait.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::answer::next_answer;

/// How long requests took.
#[derive(Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn quantile(&self, of_a_thousand: usize) -> Duration {
        self.0[(self.0.len() - 1) * of_a_thousand / 1000]
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |of_a_thousand| self.quantile(of_a_thousand);
        write!(
            f,
            "p50 {:?}, p99 {:?}, most {:?} of {}",
            of(500),
            of(990),
            of(1000),
            self.0.len()
        )
    }
}

/// Asks for so long: four connections, each a request every 5 ms, of which one in ten appends. On threads of their own, so that they
/// do not wait for the slow senders of the same test.
pub(crate) async fn measure(server: SocketAddr, time: Duration) -> Times {
    let clients: Vec<_> = (0..4).map(|_| thread::spawn(move || one(server, time))).collect();
    let join = move || {
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect::<Vec<Duration>>()
    };
    let mut times: Vec<Duration> = tokio::task::spawn_blocking(join).await.unwrap();
    times.sort_unstable();
    Times(times)
}

fn one(server: SocketAddr, time: Duration) -> Vec<Duration> {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut times = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let began = Instant::now();
        exchange(&mut stream, times.len() % 10 == 0);
        times.push(began.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    times
}

/// One request and its whole answer, which must be a 200, over a connection that is left open.
pub(crate) async fn ask(stream: tokio::net::TcpStream, append: bool) -> tokio::net::TcpStream {
    let mut stream = stream.into_std().unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        stream.set_nonblocking(false).unwrap();
        exchange(&mut stream, append);
        stream.set_nonblocking(true).unwrap();
        stream
    });
    tokio::net::TcpStream::from_std(asked.await.unwrap()).unwrap()
}

fn exchange(stream: &mut TcpStream, append: bool) {
    let request: &[u8] = match append {
        true => b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nentry",
        false => b"GET /checkpoint HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    stream.write_all(request).unwrap();
    let (head, _) = next_answer(stream);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}
