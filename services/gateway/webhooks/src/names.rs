//! Resource names of deliveries, which hang below their subscription.

use kernel::ResourceId as _;
use uuid::Uuid;
use webhooks_domain::SubscriptionId;

/// `subscriptions/{id}/deliveries/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryName {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Which.
    pub delivery: Uuid,
}

/// What is no name of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a resource name of the form subscriptions/{{uuid}}/deliveries/{{uuid}}")]
pub struct NotADelivery;

impl std::str::FromStr for DeliveryName {
    type Err = NotADelivery;

    fn from_str(name: &str) -> Result<Self, NotADelivery> {
        let (subscription, delivery) = name.split_once("/deliveries/").ok_or(NotADelivery)?;
        let subscription = SubscriptionId::parse(subscription).map_err(|_| NotADelivery)?;
        let delivery = Uuid::try_parse(delivery).ok().filter(|_| delivery.len() == 36).ok_or(NotADelivery)?;
        Ok(Self { subscription, delivery })
    }
}

impl std::fmt::Display for DeliveryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/deliveries/{}", self.subscription.name(), self.delivery.as_hyphenated())
    }
}
