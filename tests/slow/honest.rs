//! Clients as they should be, and how long they wait.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

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

/// Asks for so long: four connections, each a request every 5 ms, of which one in ten appends.
pub(crate) async fn measure(server: SocketAddr, time: Duration) -> Times {
    let end = Instant::now() + time;
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        clients.spawn(async move {
            let mut stream = TcpStream::connect(server).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut times = Vec::new();
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            for number in 0.. {
                pace.tick().await;
                if Instant::now() >= end {
                    break;
                }
                let began = Instant::now();
                ask(&mut stream, number % 10 == 0).await;
                times.push(began.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = clients.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    Times(times)
}

/// One request and its whole answer, which must be a 200.
pub(crate) async fn ask(stream: &mut TcpStream, append: bool) {
    let request: &[u8] = match append {
        true => b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nentry",
        false => b"GET /checkpoint HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    loop {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the server hung up");
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200 "), "{text}");
        let length = text.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if answer.len() == head + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}
