//! The processes, as the driver starts and looks at them.

use serde::Serialize;

pub use crate::scene::services::Service;

/// A process of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A service, which keeps a ledger.
    Service(Service),
    /// The window before the services, which keeps nothing.
    Window,
}

impl Part {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::Service(Service::CustomerProfile),
        Self::Service(Service::Ticketing),
        Self::Service(Service::SlaMonitor),
        Self::Service(Service::OmbudsmanEscalation),
        Self::Service(Service::Webhooks),
        Self::Window,
    ];

    /// Its name, which is also that of its binary's settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::Window => gateway::NAME,
        }
    }
}

impl From<Service> for Part {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_a_process() {
        assert!(Service::ALL.into_iter().all(|service| Part::ALL.contains(&Part::from(service))));
        assert_eq!(Part::ALL.len(), Service::ALL.len() + 1);
    }
}
