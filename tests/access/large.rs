//! Large messages of one principal: their room is one, on however many connections.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{Request, Uri};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::place::{Place, Served};

/// What is counted of a message before any of it has come.
const LENGTH: u32 = 4 << 20;

/// Connections with messages that are begun and not ended.
struct Beginner<'s> {
    served: &'s Served,
    token: &'s str,
    client: SendRequest<Bytes>,
    streams: Vec<(ResponseFuture, h2::SendStream<Bytes>)>,
}

impl Beginner<'_> {
    async fn connected<'s>(served: &'s Served, token: &'s str) -> Beginner<'s> {
        let tcp = TcpStream::connect(("127.0.0.1", served.server.port())).await.unwrap();
        let (client, connection) = h2::client::handshake(tcp).await.unwrap();
        tokio::spawn(connection);
        Beginner {
            served,
            token,
            client,
            streams: Vec::new(),
        }
    }

    /// Begins a message.
    async fn begin(&mut self) {
        let uri: Uri = format!("{}/indelible.v1.AuditTrail/Submit", self.served.server.url)
            .parse()
            .unwrap();
        let request = Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {}", self.token));
        let mut client = self.client.clone().ready().await.unwrap();
        let (answer, mut stream) = client.send_request(request.body(()).unwrap(), false).unwrap();
        let mut head = vec![0];
        head.extend_from_slice(&LENGTH.to_be_bytes());
        stream.send_data(head.into(), false).unwrap();
        self.streams.push((answer, stream));
    }

    /// By which codes those were refused that were, by now.
    async fn refused(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        for (answer, _) in &mut self.streams {
            if let Ok(answer) = timeout(Duration::from_millis(5), answer).await {
                let answer = answer.unwrap();
                let code = &answer.headers()["grpc-status"];
                codes.push(code.to_str().unwrap().to_owned());
            }
        }
        codes
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn are_bounded_for_one_on_all_its_connections_and_no_concern_of_others() {
    let place = Place::events();
    let served = place.serve();
    let ours = served.token(&place.admin, "ours", json!({"role": "submitter"})).await;
    let theirs = served.token(&place.admin, "theirs", json!({"role": "submitter"})).await;
    // 15 of each connection's 16, so that it is not the connection that is full. They are given up when nothing comes for 5 s.
    let mut connections = Vec::new();
    for _ in 0..5 {
        let mut one = Beginner::connected(&served, &ours).await;
        for _ in 0..15 {
            one.begin().await;
        }
        connections.push(one);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut other = Beginner::connected(&served, &theirs).await;
    other.begin().await;
    served.submit(&ours, "x", "what is small is not counted").await;
    let mut refused = Vec::new();
    for one in &mut connections {
        refused.extend(one.refused().await);
    }
    assert_eq!(refused, ["8"; 75 - 64], "256 MiB are 64 messages");
    assert!(other.refused().await.is_empty());
    // What is given up is free again.
    drop(connections);
    let mut again = Beginner::connected(&served, &ours).await;
    for _ in 0..50 {
        again.streams.clear();
        again.begin().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        if again.refused().await.is_empty() {
            return;
        }
    }
    panic!("nothing is given back");
}
