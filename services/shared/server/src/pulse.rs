//! What health says while a service runs: that it serves, as long as its database answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Health's name for the process itself: SERVING as long as it runs, whatever becomes of what it needs. What restarts a process asks this: no restart
/// brings a database back.
pub const ALIVE: &str = "ventanilla.alive";

/// Time between two looks.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// Failed looks in a row after which health says NOT_SERVING: one may be a failover's.
const ENOUGH: u8 = 3;

pub(crate) type Look = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What was found lately, and what health says of it.
#[derive(Default)]
struct Seen {
    failed: u8,
    is_away: bool,
}

impl Seen {
    /// What health is to say after another look, where that is another thing than before.
    fn after(&mut self, answered: bool) -> Option<ServingStatus> {
        self.failed = if answered { 0 } else { self.failed.saturating_add(1) };
        let is_away = if self.is_away { !answered } else { self.failed >= ENOUGH };
        let changed = is_away != self.is_away;
        self.is_away = is_away;
        changed.then_some(if is_away { ServingStatus::NotServing } else { ServingStatus::Serving })
    }
}

/// Tells the status of each of these to whoever asks, and of the whole.
pub(crate) async fn tell(health: &HealthReporter, services: &[&'static str], status: ServingStatus) {
    for service in services {
        health.set_service_status(service, status).await;
    }
    health.set_service_status("", status).await;
}

/// Looks again and again until cancelled, and tells when it has become another thing.
pub(crate) async fn keep(
    name: &'static str,
    look: Look,
    health: HealthReporter,
    services: Vec<&'static str>,
    cancel: CancellationToken,
) {
    let mut seen = Seen::default();
    loop {
        let looked = async {
            tokio::time::sleep(LOOKED_EVERY).await;
            look().await
        };
        let found = tokio::select! {
            () = cancel.cancelled() => return,
            found = looked => found,
        };
        let Some(status) = seen.after(found.is_ok()) else { continue };
        match found {
            Ok(()) => tracing::info!(service = name, "the database answers again: health says SERVING"),
            Err(error) => {
                tracing::error!(service = name, error, "the database does not answer: health says NOT_SERVING");
            }
        }
        tell(&health, &services, status).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failed_looks_in_a_row_are_told_once_and_one_good_one_ends_it() {
        let mut seen = Seen::default();
        let told: Vec<_> = [true, false, false, true, false, false, false, false, true, true, false]
            .into_iter()
            .map(|answered| seen.after(answered))
            .collect();
        let mut expected = vec![None; 11];
        expected[6] = Some(ServingStatus::NotServing);
        expected[8] = Some(ServingStatus::Serving);
        assert_eq!(told, expected);
    }
}
