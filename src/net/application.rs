//! The application: gRPC services and HTTP pages under one roof, and what becomes of requests for neither.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{Method, StatusCode, Version};
use tonic::Status;
use tonic::service::Routes;

use super::content_type::is_grpc;
use super::deadline::deadline;
use super::guard::guard;
use super::hosts::Hosts;
use super::refused::refused;
use crate::observe::{Observer, observe};

/// Puts everything behind the guard and the deadlines: `grpc` and `pages`, which must not have a fallback of its own.
///
/// * A request that a foreign web page may have written is refused, see [`admission`](super::admission).
/// * An answer must begin within `request_timeout`, or within the caller's `grpc-timeout` if that is shorter.
/// * The paths of gRPC services answer gRPC over HTTP/2 only: else 405, 415 or 505. A page can post a form to any path
///   without asking first, but not with gRPC's content type; and a peer that vanished from a stream is noticed by HTTP/2's
///   keepalive, which HTTP/1.1 lacks.
/// * An unknown path is UNIMPLEMENTED to gRPC and 404 to all others; a known one answers 405 to a method it does not have.
pub fn application(
    grpc: Routes,
    pages: Router,
    known_hosts: impl Into<Hosts>,
    request_timeout: Duration,
    observer: &Observer,
) -> Router {
    // The fallback comes last: it replaces that of tonic's router, which says HTTP 200 to whatever it does not know.
    grpc.into_axum_router()
        .layer(middleware::from_fn(grpc_only))
        .merge(pages)
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn_with_state(request_timeout, deadline))
        .layer(middleware::from_fn_with_state(Arc::new(known_hosts.into()), guard))
        .layer(middleware::from_fn_with_state(observer.clone(), observe))
}

async fn grpc_only(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return (
            [(ALLOW, "POST")],
            refused(StatusCode::METHOD_NOT_ALLOWED, "gRPC takes POST only"),
        )
            .into_response();
    }
    if !is_grpc(request.headers()) {
        return refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/grpc",
        );
    }
    if request.version() != Version::HTTP_2 {
        return refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "gRPC needs HTTP/2");
    }
    next.run(request).await
}

async fn unknown_path(request: Request) -> Response {
    if is_grpc(request.headers()) {
        return Status::unimplemented("no such service").into_http();
    }
    refused(StatusCode::NOT_FOUND, "not found")
}

async fn unknown_method() -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
}
