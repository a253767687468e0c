//! `ListSourceRecords`: what each department's system says, oldest record first.

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use kernel::ResourceId;
use server::{Call, PageToken};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::store::record;

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "source_records";

#[tracing::instrument(name = "source_record.list", skip_all)]
pub(crate) async fn list_source_records(
    profile: &Profile,
    call: &Call,
    customer: CustomerId,
    after: Option<(Timestamp, Uuid)>,
    page_size: usize,
) -> Result<proto::ListSourceRecordsResponse, ProfileError> {
    super::open_to(profile, call, customer).await?;
    // One more than asked for tells whether there is a next page.
    let limit = i64::try_from(page_size).unwrap_or(i64::MAX - 1) + 1;
    let mut records = record::page(profile.db.reader(), customer, after, limit)
        .await?
        .ok_or(ProfileError::CustomerNotFound(customer))?;
    let more = records.len() > page_size;
    records.truncate(page_size);
    let next_page_token = match records.last() {
        Some(last) if more => {
            let (at, id) = (last.record.recorded_at.to_string(), last.record.id.uuid().to_string());
            PageToken::encode(LIST, customer.uuid().as_bytes(), &[&at, &id])
        }
        _ => String::new(),
    };
    Ok(proto::ListSourceRecordsResponse { records: records.iter().map(record::to_proto).collect(), next_page_token })
}
