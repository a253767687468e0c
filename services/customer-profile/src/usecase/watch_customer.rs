//! `WatchCustomer`: a customer's view, and again whenever something in it changes.
//!
//! The view is looked at twice a second: it is fed by four ledgers and by any instance of this service, and one read of
//! it is cheap. Every message holds the whole view, so nothing can be missed.

use std::time::Duration;

use customer_profile_domain::CustomerId;
use futures::Stream;
use prost::Message;
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use super::get_customer_view::get_customer_view;
use crate::error::ProfileError;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Looks of one watch: after five minutes it ends, and who opens it again shows that they still may.
const LOOKS: usize = 600;

/// The messages of one watch; the first view was read already, so that a customer nobody knows is refused at once.
pub(crate) async fn watch_customer(
    profile: Profile,
    call: Call,
    id: CustomerId,
) -> Result<impl Stream<Item = Result<proto::WatchCustomerResponse, ProfileError>> + Send, ProfileError> {
    let first = get_customer_view(&profile, &call, id).await?;
    Ok(async_stream::try_stream! {
        let mut shown = parts(&first);
        let changed_fields = shown.iter().map(|(field, _)| (*field).to_owned()).collect();
        yield proto::WatchCustomerResponse { view: Some(first), changed_fields };
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK).await;
            let view = get_customer_view(&profile, &call, id).await?;
            let seen = parts(&view);
            let changed = seen.iter().zip(&shown).filter(|(now, before)| now.1 != before.1);
            let changed_fields: Vec<String> = changed.map(|(now, _)| now.0.to_owned()).collect();
            if !changed_fields.is_empty() {
                shown = seen;
                yield proto::WatchCustomerResponse { view: Some(view), changed_fields };
            }
        }
    })
}

/// What is compared of each field of a view: all of it but how fresh it is.
fn parts(view: &proto::CustomerView) -> [(&'static str, Vec<u8>); 17] {
    macro_rules! part {
        ($field:ident) => {
            (stringify!($field), part(view.$field.clone(), |section| &mut section.standing))
        };
    }
    [
        ("name", view.name.clone().into_bytes()),
        ("state", view.state.to_be_bytes().to_vec()),
        part!(golden),
        part!(open_tickets),
        part!(promises),
        part!(clocks),
        part!(breaches),
        part!(cases),
        part!(last_interactions),
        part!(holds),
        part!(consents),
        part!(care),
        part!(relations),
        part!(worth),
        part!(effort),
        part!(satisfaction),
        ("completeness", relied_on(view.completeness.clone())),
    ]
}

/// Up to when everything is known is no change.
fn relied_on(completeness: Option<proto::ViewCompleteness>) -> Vec<u8> {
    completeness.map(|known| proto::ViewCompleteness { as_of_time: None, ..known }).unwrap_or_default().encode_to_vec()
}

fn part<S: Message>(section: Option<S>, standing: fn(&mut S) -> &mut Option<proto::SectionStanding>) -> Vec<u8> {
    let Some(mut section) = section else { return Vec::new() };
    let standing = standing(&mut section);
    // That a source is behind or down is a change; for how long is none.
    let gap = standing.take().and_then(|standing| standing.gap).map(|gap| proto::SectionGap { age: None, ..gap });
    *standing = Some(proto::SectionStanding { gap, ..Default::default() });
    section.encode_to_vec()
}
