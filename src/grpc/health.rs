//! The standard health service, told what the log's condition is.

use indelible_log::Condition;
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Tells the health service of a listener.
#[derive(Debug)]
pub struct Reporter {
    pub(super) health: HealthReporter,
    /// Names that clients ask for: the whole server, and each service of the log.
    pub(super) services: Vec<&'static str>,
}

impl Reporter {
    /// Reports the log's condition until the log has ended.
    pub async fn follow(self, mut condition: watch::Receiver<Condition>) {
        loop {
            let status = match &*condition.borrow_and_update() {
                Condition::Serving | Condition::SealingStopped(_) => ServingStatus::Serving,
                Condition::Stopping | Condition::Halted(_) | Condition::Failed(_) => ServingStatus::NotServing,
            };
            for service in &self.services {
                self.health.set_service_status(*service, status).await;
            }
            if condition.changed().await.is_err() {
                return;
            }
        }
    }
}
