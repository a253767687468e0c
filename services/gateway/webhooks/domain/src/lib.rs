//! What webhooks decides, without asking anybody: which events a subscription is told, whose they are, where they may be
//! posted to, how a body is signed, when an attempt is repeated, and what becomes of a subscription whose endpoint fails.

pub mod address;
pub mod affair;
pub mod endpoint;
pub mod pace;
pub mod pattern;
pub mod secret;
pub mod standing;

kernel::typed_id!(
    /// A subscription.
    SubscriptionId,
    "subscriptions"
);
