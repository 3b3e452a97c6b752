//! A gRPC connection whose requests say who asks.

use std::task::{Context, Poll};

use reqwest::header::AUTHORIZATION;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::Channel;

use super::{Sending, Shown};

/// A connection, and what is said with each call.
#[derive(Clone, Debug)]
pub(crate) struct Authorized {
    channel: Channel,
    sending: Sending,
}

impl Authorized {
    pub(crate) fn new(channel: Channel, sending: Sending) -> Authorized {
        Authorized { channel, sending }
    }

    /// What is shown, but not it itself.
    pub(crate) fn shown(&self) -> Shown {
        self.sending.shown()
    }
}

impl Service<http::Request<Body>> for Authorized {
    type Response = <Channel as Service<http::Request<Body>>>::Response;
    type Error = <Channel as Service<http::Request<Body>>>::Error;
    type Future = <Channel as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.channel, context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        if let Some(header) = self.sending.header() {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        self.channel.call(request)
    }
}
