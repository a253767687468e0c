//! `ListIdentityLinks`: why a customer's records are one, and what holds others apart.

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use kernel::ResourceId;
use server::{Call, PageToken};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::identity_link;
use crate::store::identity::Listed;
use crate::store::{customer, identity};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "identity_links";

#[tracing::instrument(name = "identity_link.list", skip_all)]
pub(crate) async fn list_identity_links(
    profile: &Profile,
    call: &Call,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    page_size: usize,
) -> Result<proto::ListIdentityLinksResponse, ProfileError> {
    super::open_to(profile, call, customer).await?;
    // One more than asked for tells whether there is a next page.
    let mut links = read(profile, customer, before, page_size.saturating_add(1)).await?;
    if links.is_empty() {
        let mut connection = profile.db.reader().acquire().await?;
        if !customer::exists(&mut connection, customer).await? {
            return Err(ProfileError::CustomerNotFound(customer));
        }
    }
    let more = links.len() > page_size;
    links.truncate(page_size);
    let next_page_token = match links.last() {
        Some(last) if more => {
            let (at, id) = (last.asserted_at.to_string(), last.id.uuid().to_string());
            PageToken::encode(LIST, customer.uuid().as_bytes(), &[&at, &id])
        }
        _ => String::new(),
    };
    let links = links.into_iter().map(|link| shown_to(call, link)).collect();
    Ok(proto::ListIdentityLinksResponse { links, next_page_token })
}

/// A link as this caller may see it: where the other record is of somebody whose data is kept and not used, that it is said, and not on
/// what grounds, which are theirs too.
fn shown_to(call: &Call, link: Listed) -> proto::IdentityLink {
    let hidden = link.restricted && !super::keeps(call);
    let shown = identity_link::to_proto(link);
    if !hidden {
        return shown;
    }
    proto::IdentityLink {
        basis: proto::LinkBasis::Unspecified.into(),
        identifier_type: proto::IdentifierType::Unspecified.into(),
        score: 0.0,
        reason: String::new(),
        findings: Vec::new(),
        doubt: proto::MatchDoubt::Unspecified.into(),
        ..shown
    }
}

/// Links of a customer's records, the newest first.
pub(crate) async fn read(
    profile: &Profile,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    size: usize,
) -> Result<Vec<Listed>, ProfileError> {
    let limit = i64::try_from(size).unwrap_or(i64::MAX);
    Ok(identity::page(profile.db.reader(), customer, before, limit).await?)
}
