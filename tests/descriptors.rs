//! A server that runs out of file descriptors goes on once there are some again.
//!
//! In a file of its own, and so in a process of its own: the limit it lowers is that of the whole process.

#![cfg(target_os = "linux")]

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use indelible::net::{Limits, Listening, Stopped, application, serve};
use indelible::observe::Observer;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::test]
async fn running_out_of_descriptors_ends_no_server() {
    let listening = Listening::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
    let address = listening.local_addr();
    let pages = Router::new().route("/", get(async || "here\n"));
    let known = listening.known_hosts(&[]);
    let observer = Observer::default();
    let app = application(
        tonic::service::Routes::default(),
        pages,
        known,
        Duration::from_secs(30),
        &observer,
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async {
            let _stop_or_dropped = stopped.await;
        };
        serve(listening, app, &Limits::default(), observer.connections(), stopped).await
    });
    let mut first = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut first).await, "before");

    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(open + 4),
            maximum,
        },
    )
    .unwrap();
    // Each client takes a descriptor, and so does the server's end of it: not all of these can be accepted.
    let mut clients = Vec::new();
    while let Ok(client) = TcpStream::connect(address).await {
        clients.push(client);
    }
    let mut last = clients.pop().expect("at least one client");
    assert!(
        !timeout(Duration::from_millis(500), ask(&mut last))
            .await
            .unwrap_or(false),
        "nobody can accept the last one"
    );
    assert!(ask(&mut first).await, "connections that are open go on");

    clients.clear();
    assert!(
        timeout(Duration::from_secs(5), ask(&mut last)).await.unwrap_or(false),
        "accepted in the end"
    );
    drop((first, last));
    stop.send(()).unwrap();
    assert_eq!(server.await.unwrap(), Stopped { cut: 0 });
}

/// Sends a request and reads the answer to its last byte.
async fn ask(client: &mut TcpStream) -> bool {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut answer = Vec::new();
    if client.write_all(request).await.is_err() {
        return false;
    }
    while !answer.ends_with(b"here\n") {
        if !matches!(client.read_buf(&mut answer).await, Ok(1..)) {
            return false;
        }
    }
    true
}
