//! Requests over plain HTTP/1.1, written and read by hand, since the client's share of the processor is the server's loss. It
//! speaks with our own servers only, which say the length of every answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::calls::Until;
use super::{Calls, Kept, together};
use crate::cmd::Failure;
use crate::cmd::bench::stats::Done;

/// Sends requests to the server at `url` over this many connections, one at a time on each. `write` makes the request with a
/// number that no other one of this load has, counted from 0; `read` makes of the body of its answer what is kept, if anything is.
pub(in crate::cmd::bench) async fn exchanges<R, W, K>(
    url: &str,
    connections: usize,
    until: impl Into<Until>,
    write: W,
    read: K,
) -> Result<Calls<R>, Failure>
where
    R: Send + 'static,
    W: Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
    K: Fn(u64, &[u8]) -> Result<Option<R>, Failure> + Clone + Send + 'static,
{
    let until = until.into();
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::connect(url).await?);
    }
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in open {
        let (next, write, read) = (Arc::clone(&next), write.clone(), read.clone());
        tasks.spawn(caller(connection, next, begin, until, write, read));
    }
    together(tasks).await
}

async fn caller<R>(
    mut connection: Connection,
    next: Arc<AtomicU64>,
    begin: Instant,
    until: Until,
    write: impl Fn(u64, &mut Vec<u8>),
    read: impl Fn(u64, &[u8]) -> Result<Option<R>, Failure>,
) -> Result<Calls<R>, Failure> {
    let mut calls = Calls::none();
    let mut request = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if until.is_over(begin, number) {
            return Ok(calls);
        }
        request.clear();
        write(number, &mut request);
        let began = Instant::now();
        let body = connection.exchange(&request).await?;
        let ended = Instant::now();
        calls.done.push(Done::new(ended - begin, ended - began));
        let reply = read(number, body)?;
        calls.kept.extend(reply.map(|reply| Kept { number, reply }));
    }
}

/// A connection that is kept open, with one request on it at a time.
struct Connection {
    stream: TcpStream,
    /// The answer, as far as it has come.
    input: Vec<u8>,
}

/// An answer that is not what a server under load should say.
#[derive(Debug, thiserror::Error)]
enum BadAnswer {
    #[error("the server closed a connection")]
    Closed,
    #[error("the server answered {0:?}")]
    Status(String),
    #[error("the length of an answer is not known: {0:?}")]
    NoLength(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Connection {
    async fn connect(url: &str) -> io::Result<Connection> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            input: Vec::with_capacity(INPUT_BYTES),
        })
    }

    /// Sends a request and reads the whole answer to it; its body, if it is 200.
    async fn exchange(&mut self, request: &[u8]) -> Result<&[u8], BadAnswer> {
        self.stream.write_all(request).await?;
        self.input.clear();
        let (begin, end) = loop {
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(BadAnswer::Closed);
            }
            if let Some(body) = body_of(&self.input)? {
                break body;
            }
        };
        while self.input.len() < end {
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(BadAnswer::Closed);
            }
        }
        Ok(&self.input[begin..end])
    }
}

/// Where the body begins and ends; `None` while the head is not complete.
fn body_of(input: &[u8]) -> Result<Option<(usize, usize)>, BadAnswer> {
    let Some(length) = input.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let (head, begin) = (&input[..length], length + END.len());
    let words = || String::from_utf8_lossy(head).into_owned();
    if !head.starts_with(b"HTTP/1.1 200 ") {
        return Err(BadAnswer::Status(words()));
    }
    let length = head.split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(LENGTH.len())?;
        name.eq_ignore_ascii_case(LENGTH).then_some(value)
    });
    let length = length.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok());
    let length = length.ok_or_else(|| BadAnswer::NoLength(words()))?;
    Ok(Some((begin, begin + length)))
}

/// What stands behind the target of a request.
pub(in crate::cmd::bench) const REST: &str = "HTTP/1.1\r\nhost: localhost\r\n";

/// The empty line between head and body.
const END: &[u8] = b"\r\n\r\n";

const LENGTH: &[u8] = b"content-length:";

/// A full tile with its head, and some room.
const INPUT_BYTES: usize = 12 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_found_behind_a_complete_head() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 3\r\n\r\n123";
        let begin = answer.len() - 3;
        for end in 0..begin {
            assert!(body_of(&answer[..end]).unwrap().is_none(), "{end}");
        }
        for end in begin..=answer.len() {
            assert_eq!(body_of(&answer[..end]).unwrap(), Some((begin, answer.len())));
        }
    }

    #[test]
    fn other_answers_than_200_with_a_length_are_refused() {
        for (answer, words) in [
            ("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", "429"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "chunked"),
            ("HTTP/1.1 200 OK\r\ncontent-length: +-3\r\n\r\n", "+-3"),
        ] {
            let error = body_of(answer.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
