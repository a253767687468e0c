//! `WebhookService`: convert, call, convert.

use kernel::Classify;
use prost::Message as _;
use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::webhook::v1 as proto;
use ventanilla_proto::webhook::v1::webhook_service_server::WebhookService;

use super::{convert, present};
use crate::catalogue;
use crate::error::Failure;
use crate::hooks::Hooks;
use crate::usecase::create_subscription::create_subscription;
use crate::usecase::delete_subscription::delete_subscription;
use crate::usecase::deliveries::{get_delivery, list_dead_letters, list_deliveries};
use crate::usecase::redeliver_delivery::redeliver_delivery;
use crate::usecase::replay_subscription::replay_subscription;
use crate::usecase::rotate_secret::rotate_secret;
use crate::usecase::send_test_event::send_test_event;
use crate::usecase::show_subscription::{get_subscription, list_subscriptions};
use crate::usecase::turn_subscription::{disable_subscription, pause_subscription, resume_subscription};
use crate::usecase::update_subscription::update_subscription;

/// The gRPC face of this service.
pub struct WebhookApi {
    hooks: Hooks,
}

impl WebhookApi {
    /// The face of these.
    pub const fn new(hooks: Hooks) -> Self {
        Self { hooks }
    }
}

fn refused(error: impl Classify) -> Status {
    status(&error)
}

/// A change: parsed, then run to its end whatever the client does.
async fn change<Q, P, T, F>(
    hooks: &Hooks,
    request: Request<Q>,
    parse: impl FnOnce(&Q) -> Result<P, Failure>,
    run: impl FnOnce(Hooks, Call, P) -> F,
) -> Result<Response<T>, Status>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let call = Call::of(&request);
    let parsed = parse(request.get_ref()).map_err(refused)?;
    run_to_end(run(hooks.clone(), call, parsed)).await.map(Response::new)
}

#[tonic::async_trait]
impl WebhookService for WebhookApi {
    async fn create_subscription(
        &self,
        request: Request<proto::CreateSubscriptionRequest>,
    ) -> Result<Response<proto::CreateSubscriptionResponse>, Status> {
        let rules = &self.hooks.rules;
        let run = |hooks, call, new| async move { create_subscription(&hooks, &call, new).await };
        change(&self.hooks, request, |request| convert::create(request, rules), run).await
    }

    async fn get_subscription(
        &self,
        request: Request<proto::GetSubscriptionRequest>,
    ) -> Result<Response<proto::Subscription>, Status> {
        let id = convert::subscription_name(&request.get_ref().name).map_err(refused)?;
        let shown = get_subscription(&self.hooks, &Call::of(&request), id).await;
        shown.map(Response::new).map_err(refused)
    }

    async fn list_subscriptions(
        &self,
        request: Request<proto::ListSubscriptionsRequest>,
    ) -> Result<Response<proto::ListSubscriptionsResponse>, Status> {
        let page = convert::subscriptions(request.get_ref()).map_err(refused)?;
        let listed = list_subscriptions(&self.hooks, &Call::of(&request), page).await;
        let (subscriptions, next) = listed.map_err(refused)?;
        let next_page_token = convert::subscriptions_token(request.get_ref(), next);
        Ok(Response::new(proto::ListSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn update_subscription(
        &self,
        request: Request<proto::UpdateSubscriptionRequest>,
    ) -> Result<Response<proto::Subscription>, Status> {
        let rules = &self.hooks.rules;
        let run = |hooks, call, said| async move { update_subscription(&hooks, &call, said).await };
        change(&self.hooks, request, |request| convert::update(request, rules), run).await
    }

    async fn delete_subscription(
        &self,
        request: Request<proto::DeleteSubscriptionRequest>,
    ) -> Result<Response<()>, Status> {
        let run = |hooks, call, asked| async move { delete_subscription(&hooks, &call, asked).await };
        let parse = |q: &proto::DeleteSubscriptionRequest| {
            convert::turn("DeleteSubscription", (&q.name, &q.etag, &q.request_id), &q.encode_to_vec())
        };
        change(&self.hooks, request, parse, run).await
    }

    async fn pause_subscription(
        &self,
        request: Request<proto::PauseSubscriptionRequest>,
    ) -> Result<Response<proto::Subscription>, Status> {
        let run = |hooks, call, asked| async move { pause_subscription(&hooks, &call, asked).await };
        let parse = |q: &proto::PauseSubscriptionRequest| {
            convert::turn("PauseSubscription", (&q.name, &q.etag, &q.request_id), &q.encode_to_vec())
        };
        change(&self.hooks, request, parse, run).await
    }

    async fn resume_subscription(
        &self,
        request: Request<proto::ResumeSubscriptionRequest>,
    ) -> Result<Response<proto::Subscription>, Status> {
        let run = |hooks, call, asked| async move { resume_subscription(&hooks, &call, asked).await };
        let parse = |q: &proto::ResumeSubscriptionRequest| {
            convert::turn("ResumeSubscription", (&q.name, &q.etag, &q.request_id), &q.encode_to_vec())
        };
        change(&self.hooks, request, parse, run).await
    }

    async fn disable_subscription(
        &self,
        request: Request<proto::DisableSubscriptionRequest>,
    ) -> Result<Response<proto::Subscription>, Status> {
        let run = |hooks, call, asked| async move { disable_subscription(&hooks, &call, asked).await };
        let parse = |q: &proto::DisableSubscriptionRequest| {
            convert::turn("DisableSubscription", (&q.name, &q.etag, &q.request_id), &q.encode_to_vec())
        };
        change(&self.hooks, request, parse, run).await
    }

    async fn rotate_secret(
        &self,
        request: Request<proto::RotateSecretRequest>,
    ) -> Result<Response<proto::RotateSecretResponse>, Status> {
        let run = |hooks, call, rotation| async move { rotate_secret(&hooks, &call, rotation).await };
        change(&self.hooks, request, convert::rotate, run).await
    }

    async fn send_test_event(
        &self,
        request: Request<proto::SendTestEventRequest>,
    ) -> Result<Response<proto::Delivery>, Status> {
        let run = |hooks, call, asked| async move { send_test_event(&hooks, &call, asked).await };
        change(&self.hooks, request, convert::test, run).await
    }

    async fn replay_subscription(
        &self,
        request: Request<proto::ReplaySubscriptionRequest>,
    ) -> Result<Response<proto::ReplaySubscriptionResponse>, Status> {
        let run = |hooks, call, replay| async move { replay_subscription(&hooks, &call, replay).await };
        change(&self.hooks, request, convert::replay, run).await
    }

    async fn list_deliveries(
        &self,
        request: Request<proto::ListDeliveriesRequest>,
    ) -> Result<Response<proto::ListDeliveriesResponse>, Status> {
        let page = convert::deliveries(request.get_ref()).map_err(refused)?;
        let listed = list_deliveries(&self.hooks, &Call::of(&request), page).await;
        let (deliveries, next) = listed.map_err(refused)?;
        let next_page_token = convert::deliveries_token(request.get_ref(), next);
        Ok(Response::new(proto::ListDeliveriesResponse { deliveries, next_page_token }))
    }

    async fn get_delivery(
        &self,
        request: Request<proto::GetDeliveryRequest>,
    ) -> Result<Response<proto::Delivery>, Status> {
        let name = convert::delivery_name(&request.get_ref().name).map_err(refused)?;
        get_delivery(&self.hooks, &Call::of(&request), name).await.map(Response::new).map_err(refused)
    }

    async fn list_dead_letters(
        &self,
        request: Request<proto::ListDeadLettersRequest>,
    ) -> Result<Response<proto::ListDeadLettersResponse>, Status> {
        let page = convert::dead_letters(request.get_ref()).map_err(refused)?;
        let listed = list_dead_letters(&self.hooks, &Call::of(&request), page).await;
        let (deliveries, next) = listed.map_err(refused)?;
        let next_page_token = convert::dead_letters_token(next);
        Ok(Response::new(proto::ListDeadLettersResponse { deliveries, next_page_token }))
    }

    async fn redeliver_delivery(
        &self,
        request: Request<proto::RedeliverDeliveryRequest>,
    ) -> Result<Response<proto::Delivery>, Status> {
        let run = |hooks, call, asked| async move { redeliver_delivery(&hooks, &call, asked).await };
        change(&self.hooks, request, convert::redeliver, run).await
    }

    async fn list_event_types(
        &self,
        request: Request<proto::ListEventTypesRequest>,
    ) -> Result<Response<proto::ListEventTypesResponse>, Status> {
        let (after, size) = convert::event_types(request.get_ref()).map_err(refused)?;
        let mut following = catalogue::kinds().filter(|kind| kind.event_type > after);
        let event_types: Vec<proto::EventType> = following.by_ref().take(size).map(present::event_type).collect();
        let last = event_types.last().filter(|_| following.next().is_some()).map(|last| last.r#type.as_str());
        let next_page_token = convert::event_types_token(last);
        Ok(Response::new(proto::ListEventTypesResponse { event_types, next_page_token }))
    }
}
