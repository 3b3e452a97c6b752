//! The guard's layer: asks [`admission`](super::admission) about every request, before anything else sees it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tonic::transport::server::TcpConnectInfo;

use super::admission::admit;
use super::host::KnownHosts;

/// Passes on what is admitted; refuses the rest as plain text, whatever its content type: a browser shows that to whoever
/// looks for the reason, and a gRPC client reads 403 as PERMISSION_DENIED.
pub(super) async fn guard(State(known): State<Arc<KnownHosts>>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<TcpConnectInfo>();
    let arrived_at = connection.and_then(TcpConnectInfo::local_addr).map(|address| address.ip());
    match admit(request.uri(), request.headers(), &known, arrived_at) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let peer = connection.and_then(TcpConnectInfo::remote_addr);
            tracing::info!(?peer, %refusal, "request refused");
            (refusal.status(), format!("{refusal}\n")).into_response()
        }
    }
}
