//! The gRPC services: one file a service, and a method is: convert, authorise, call, convert back.

mod health;
mod log;
mod trail;

use tonic::Status;
use tonic::server::NamedService;
use tonic::service::Routes;

pub use health::Reporter;
pub use log::LogService;
pub use trail::TrailService;
pub(crate) use trail::submissions_room;

use crate::wire::{AuditTrailServer, DESCRIPTORS, TransparencyLog, TransparencyLogServer};

/// All services of one log: the transparency log, the audit trail if the log has one, health, and reflection.
pub fn routes<L: TransparencyLog>(log: L, trail: Option<TrailService>) -> (Routes, Reporter) {
    let (reporter, health) = tonic_health::server::health_reporter();
    let mut services = vec!["", TransparencyLogServer::<L>::NAME];
    if trail.is_some() {
        services.push(TRAIL);
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Clients in the field still ask by the older name of the reflection service.
    let v1 = reflection().build_v1().expect("the descriptors were made by the build");
    let v1alpha = reflection()
        .build_v1alpha()
        .expect("the descriptors were made by the build");
    let routes = Routes::new(log::server(log))
        .add_service(health)
        .add_service(v1)
        .add_service(v1alpha);
    let routes = match trail {
        Some(trail) => routes.add_service(trail::server(trail)),
        None => without_trail(routes),
    };
    let reporter = Reporter {
        health: reporter,
        services,
    };
    (routes, reporter)
}

/// Tells those who bring events to a log of opaque entries what it is, which "no such service" would not.
fn without_trail(routes: Routes) -> Routes {
    let refused = async || {
        let words =
            "this log takes opaque entries, not events; a log of events is made by indelible init --kind events";
        Status::failed_precondition(words).into_http::<axum::body::Body>()
    };
    let router = routes.into_axum_router();
    router
        .route(&format!("/{TRAIL}/{{method}}"), axum::routing::any(refused))
        .into()
}

const TRAIL: &str = AuditTrailServer::<TrailService>::NAME;
