//! The guard's layer: asks [`admission`](super::admission) about every request, before anything else sees it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tonic::Status;
use tonic::transport::server::TcpConnectInfo;

use super::admission::{Refusal, admit};
use super::content_type::is_grpc;
use super::hosts::Hosts;
use super::refused::refused;

/// Passes on what is admitted, and tells the rest why not, in the language of the request.
pub(super) async fn guard(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<TcpConnectInfo>();
    let arrived_at = connection
        .and_then(TcpConnectInfo::local_addr)
        .map(|address| address.ip());
    match admit(request.uri(), request.headers(), &hosts.known(), arrived_at) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let peer = connection.and_then(TcpConnectInfo::remote_addr);
            tracing::info!(?peer, %refusal, "request refused");
            if is_grpc(request.headers()) {
                refuse_call(&refusal)
            } else {
                refused(refusal.status(), &refusal)
            }
        }
    }
}

/// HTTP 403 as for everybody else, so that a page's script sees a failure, with a gRPC status in its header for clients that
/// look for one. Those that go by the HTTP status read 403 as PERMISSION_DENIED too.
fn refuse_call(refusal: &Refusal) -> Response {
    let mut response: Response = Status::permission_denied(refusal.to_string()).into_http();
    *response.status_mut() = refusal.status();
    response
}
