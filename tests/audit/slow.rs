//! A web server that is slow, and that can be told to fail: the files of a folder, one thread a connection.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// It runs until the test ends.
#[derive(Clone)]
pub(crate) struct SlowServer {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    delay: Duration,
    /// Requests that are answered with this status before the file is, for each path.
    failures: Option<(u16, usize)>,
    asked: BTreeMap<String, usize>,
}

impl SlowServer {
    pub(crate) fn serve(folder: impl Into<PathBuf>) -> SlowServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = SlowServer {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::new(Inner {
                folder: folder.into(),
                state: Mutex::default(),
            }),
        };
        let inner = Arc::clone(&server.inner);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let inner = Arc::clone(&inner);
                thread::spawn(move || {
                    // Whoever was killed does not read the answer.
                    let _ = inner.answer(stream.unwrap());
                });
            }
        });
        server
    }

    pub(crate) fn delay(&self, delay: Duration) {
        self.inner.state.lock().unwrap().delay = delay;
    }

    /// Answers the first `count` requests for each path with a status.
    pub(crate) fn fail(&self, status: u16, count: usize) {
        self.inner.state.lock().unwrap().failures = Some((status, count));
    }

    /// How often each path was asked for since the last call.
    pub(crate) fn take_asked(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.inner.state.lock().unwrap().asked)
    }
}

impl Inner {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let path = request.split(' ').nth(1).unwrap_or("/")[1..].to_owned();
        let (delay, status) = {
            let mut state = self.state.lock().unwrap();
            let failures = state.failures;
            let asked = state.asked.entry(path.clone()).or_default();
            *asked += 1;
            let status = failures.filter(|(_, count)| *asked <= *count).map(|(status, _)| status);
            (state.delay, status)
        };
        thread::sleep(delay);
        let (status, body) = match (status, fs::read(self.folder.join(path))) {
            (Some(status), _) => (status, Vec::new()),
            (None, Ok(body)) => (200, body),
            (None, Err(_)) => (404, Vec::new()),
        };
        write!(
            stream,
            "HTTP/1.1 {status} .\r\nContent-Length: {}\r\nRetry-After: 0\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)
    }
}
