//! The gRPC services: one file a service, and a method is: convert, authorise, call, convert back.

mod health;
mod log;

use tonic::service::Routes;

pub use health::follow_condition;
pub use log::LogService;

use crate::wire::{DESCRIPTORS, TransparencyLog};

/// All services of one log: the transparency log with its message limits, health, and reflection.
pub fn routes(log: impl TransparencyLog) -> (Routes, tonic_health::server::HealthReporter) {
    let (reporter, health) = tonic_health::server::health_reporter();
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
    (
        Routes::new(log::server(log))
            .add_service(health)
            .add_service(v1)
            .add_service(v1alpha),
        reporter,
    )
}
