//! A server that passes on what a log says, but for what it changes on the way.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::support::{self, Server};

/// Serves until the test process ends.
pub(crate) struct Liar {
    pub(crate) url: String,
}

impl Liar {
    /// Stands before a log. `lie` gets a path and what the log answers to it with 200, and says what is passed on.
    pub(crate) fn before(server: &Server, lie: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Liar {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (port, lie) = (server.port(), Arc::new(lie));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let lie = Arc::clone(&lie);
                thread::spawn(move || answer(stream, port, lie.as_ref()));
            }
        });
        Liar { url }
    }

    /// One that passes on everything as it is, with this byte of this path flipped.
    pub(crate) fn flipping(server: &Server, path: &str, at: usize) -> Liar {
        let path = path.to_owned();
        Liar::before(server, move |asked, mut body| {
            if asked == path {
                body[at] ^= 1;
            }
            body
        })
    }
}

fn answer(mut stream: TcpStream, port: u16, lie: &dyn Fn(&str, Vec<u8>) -> Vec<u8>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let path = request.split(' ').nth(1).unwrap().to_owned();
    // The rest of the head, up to the empty line.
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let (status, body) = support::get(port, &path);
    let body = if status == 200 { lie(&path, body) } else { body };
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever has heard enough may be gone.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}
