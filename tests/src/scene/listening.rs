//! Another system is told of affairs.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::webhook::v1 as webhook;

use super::affair::Affair;

impl Affair<'_> {
    /// A subscription of customer service to everything; paused, so that what happens waits and nothing leaves the machine.
    pub async fn be_listened_to(&self) -> Result<String, Status> {
        let subscription = webhook::Subscription {
            url: "https://hooks.example.com/in".to_owned(),
            event_types: vec!["*".to_owned()],
            department: "customer-service".to_owned(),
            ..Default::default()
        };
        let mut listener = self.scene.role(Role::Sre).webhooks;
        let create = webhook::CreateSubscriptionRequest {
            subscription: Some(subscription),
            request_id: self.scene.request_id(),
        };
        let made = listener.create_subscription(create).await?.into_inner().subscription.unwrap_or_default();
        let pause =
            webhook::PauseSubscriptionRequest { name: made.name, etag: made.etag, request_id: self.scene.request_id() };
        Ok(listener.pause_subscription(pause).await?.into_inner().name)
    }
}
