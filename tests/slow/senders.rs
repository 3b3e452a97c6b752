//! A client that sends a byte a second.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// What is sent slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The head of a request of HTTP/1.1.
    Head,
    /// Its body.
    Body,
    /// A frame of HTTP/2.
    Frame,
}

impl Kind {
    /// What is sent at once.
    fn opening(self) -> Vec<u8> {
        match self {
            Kind::Head => b"GET /checkpoint HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_vec(),
            Kind::Body => b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n".to_vec(),
            Kind::Frame => {
                let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
                // An empty SETTINGS, and the head of a HEADERS of 10,000 bytes on stream 1.
                bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
                bytes.extend([0, 0x27, 0x10, 1, 4, 0, 0, 0, 1]);
                bytes
            }
        }
    }
}

/// Many of them, a third of each kind.
pub(crate) struct Senders {
    tasks: JoinSet<()>,
    again: Arc<AtomicBool>,
    connected: Arc<AtomicUsize>,
}

impl Senders {
    /// So many, from as many addresses as 250 each make. Whoever is closed comes again, until [`Senders::let_go`].
    pub(crate) fn start(count: usize, server: SocketAddr) -> Senders {
        let again = Arc::new(AtomicBool::new(true));
        let connected = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let kind = [Kind::Head, Kind::Body, Kind::Frame][number % 3];
            let (again, connected) = (again.clone(), connected.clone());
            tasks.spawn(async move {
                // Not all at once, as the kernel's queue takes only so many.
                tokio::time::sleep(Duration::from_millis(number as u64)).await;
                while again.load(Ordering::Relaxed) {
                    if let Ok(stream) = connect(from(number / 250), server).await {
                        connected.fetch_add(1, Ordering::Relaxed);
                        let _ = dribble(stream, kind).await;
                        connected.fetch_sub(1, Ordering::Relaxed);
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
        Senders {
            tasks,
            again,
            connected,
        }
    }

    /// How many have a connection now.
    pub(crate) fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Those who are closed do not come again: waits until all are.
    pub(crate) async fn let_go(mut self, patience: Duration) {
        self.again.store(false, Ordering::Relaxed);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let ended = timeout(patience, all).await.is_ok();
        assert!(ended, "{} slow senders are still connected", self.connected());
    }
}

/// An address of this machine.
pub(crate) fn from(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 7, 0, u8::try_from(number + 1).unwrap())
}

pub(crate) async fn connect(from: Ipv4Addr, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    socket.connect(server).await
}

/// Sends until the other side has had enough.
pub(crate) async fn dribble(mut stream: TcpStream, kind: Kind) -> io::Result<()> {
    stream.write_all(&kind.opening()).await?;
    let mut second = interval(Duration::from_secs(1));
    let mut heard = [0; 512];
    loop {
        tokio::select! {
            _ = second.tick() => stream.write_all(b"a").await?,
            read = stream.read(&mut heard) => if read? == 0 { return Ok(()) },
        }
    }
}
