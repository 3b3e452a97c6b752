//! The standard health service, told what the log's condition is.

use indelible_log::Condition;
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Names that clients ask for: the whole server, and its one service.
const SERVICES: [&str; 2] = ["", "indelible.v1.TransparencyLog"];

/// Reports the log's condition until the log has ended.
pub async fn follow_condition(reporter: HealthReporter, mut condition: watch::Receiver<Condition>) {
    loop {
        let status = match &*condition.borrow_and_update() {
            Condition::Serving | Condition::SealingStopped(_) => ServingStatus::Serving,
            Condition::Stopping | Condition::Halted(_) | Condition::Failed(_) => ServingStatus::NotServing,
        };
        for service in SERVICES {
            reporter.set_service_status(service, status).await;
        }
        if condition.changed().await.is_err() {
            return;
        }
    }
}
