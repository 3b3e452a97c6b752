//! A client that speaks either protocol and adds nothing of its own.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// One connection of an HTTP client that adds no header of its own.
pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn http1(io: impl Io + 'static) -> Client {
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Client::Http1(sender)
    }

    pub(crate) async fn http2(io: impl Io + 'static) -> Client {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Client::Http2(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
        let response = async {
            match self {
                Client::Http1(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
                Client::Http2(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
            }
        };
        let response = timeout(Duration::from_secs(20), response)
            .await
            .expect("an answer, or an error")?;
        let (head, body): (_, hyper::body::Incoming) = Response::into_parts(response);
        let body = String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// `GET path` for `host`, written as each protocol does it, with more headers.
    pub(crate) async fn ask(
        &mut self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, hyper::Error> {
        self.send(self.request("GET", host, path, headers)).await
    }

    pub(crate) fn request(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Request<Full<Bytes>> {
        let request = Request::builder().method(method);
        let request = match self {
            Client::Http1(_) => request.uri(path).header(HOST, host),
            Client::Http2(_) => request.uri(format!("http://{host}{path}")),
        };
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Full::default()).unwrap()
    }

    /// A gRPC request with an empty message, and the status that it gets.
    pub(crate) async fn call(
        &mut self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Option<String>) {
        let mut request = self.request("POST", host, path, headers);
        request
            .headers_mut()
            .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
        *request.body_mut() = Full::new(Bytes::from_static(&[0, 0, 0, 0, 0]));
        let answer = self.send(request).await.unwrap();
        (
            answer.status,
            answer
                .headers
                .get("grpc-status")
                .map(|status| status.to_str().unwrap().to_string()),
        )
    }
}
