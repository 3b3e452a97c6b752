//! `GET /metrics`: what the service counts of itself, for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::Mutex;

use super::refusal::Refusal;
use crate::access::{Caller, Method};
use crate::metrics::Exposition;
use crate::task::blocking;

/// The metrics of the service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MetricsPage {
    exposition: Arc<Exposition>,
    /// One reader at a time: each asks tables and /proc.
    turn: Arc<Mutex<()>>,
}

impl MetricsPage {
    /// A page of these.
    pub fn new(exposition: Exposition) -> MetricsPage {
        MetricsPage {
            exposition: Arc::new(exposition),
            turn: Arc::default(),
        }
    }
}

/// `GET /metrics`, with `HEAD`.
pub fn metrics_routes(page: MetricsPage) -> Router {
    Router::new().route("/metrics", get(serve)).with_state(page)
}

async fn serve(State(page): State<MetricsPage>, caller: Caller) -> Result<Response, Refusal> {
    caller.permit(Method::ReadMetrics)?;
    let _turn = page.turn.lock().await;
    let exposition = page.exposition.clone();
    let text = blocking(move || exposition.text()).await;
    let head = [(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")];
    Ok((head, text).into_response())
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
