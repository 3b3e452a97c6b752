//! An HTTP server that answers as a test tells it to, also while it runs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is sent, after a pause. A status of 0 closes the connection instead.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) pause: Duration,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Answer {
        Answer::status(200, body)
    }

    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            body: body.into(),
            pause: Duration::ZERO,
        }
    }

    pub(crate) fn file(body: Option<Vec<u8>>) -> Answer {
        body.map_or_else(|| Answer::status(404, "not found\n"), Answer::ok)
    }
}

/// What was asked: the path without the slash in front, and the body.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

/// Listens until the process ends.
pub(crate) struct Web {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Web {
    pub(crate) fn new(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a/log", listener.local_addr().unwrap());
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let script = Arc::clone(&shared);
                // Whoever breaks off is nobody's failure.
                std::thread::spawn(move || serve(stream, &script).unwrap_or_default());
            }
        });
        Web { url, script }
    }

    /// Answers in another way from now on.
    pub(crate) fn now(&self, script: impl FnMut(&Request) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    loop {
        let Some(request) = read(&mut stream)? else {
            return Ok(());
        };
        let answer = (script.lock().unwrap())(&request);
        std::thread::sleep(answer.pause);
        if answer.status == 0 {
            return Ok(());
        }
        write!(
            stream,
            "HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n\r\n",
            answer.status,
            answer.body.len()
        )?;
        stream.write_all(&answer.body)?;
    }
}

fn read(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap();
    let path = path.strip_prefix("/a/log/").unwrap_or(path).to_owned();
    Ok(Some(Request { path, body }))
}
