//! Requests about people's own data.

use ::rights::ErasureId;
use customer_profile_domain::{CustomerId, RestrictionGround, RestrictionId};
use kernel::Violations;
use postgres::RequestKey;
use prost::Message;
use server::parse;
use ventanilla_proto::customer::v1 as proto;

use super::{TAKEN, all_or_nothing};
use crate::error::ProfileError;
use crate::grounds;
use crate::usecase::erase_customer::Erase;

/// A customer to be erased.
pub(in crate::grpc) fn erasure(request: &proto::EraseCustomerRequest) -> Result<(Erase, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "name", &request.name);
    let ground = grounds::erasure_from_proto(request.ground);
    let ground = ground.or_else(|| parse::not_a_value(&mut violations, "ground", request.ground));
    all_or_nothing(violations)?;
    let erase = Erase { customer: customer.expect(TAKEN), ground: ground.expect(TAKEN) };
    Ok((erase, RequestKey::of(id.expect(TAKEN), "EraseCustomer", &request.encode_to_vec())))
}

/// An erasure's name.
pub(in crate::grpc) fn erasure_id(request: &proto::GetErasureRequest) -> Result<ErasureId, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    Ok(id.expect(TAKEN))
}

/// A customer whose data is to be kept and not used.
pub(in crate::grpc) fn restriction(
    request: &proto::RestrictCustomerRequest,
) -> Result<(CustomerId, RestrictionGround, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "name", &request.name);
    let ground = grounds::restriction_from_proto(request.ground);
    let ground = ground.or_else(|| parse::not_a_value(&mut violations, "ground", request.ground));
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "RestrictCustomer", &request.encode_to_vec());
    Ok((customer.expect(TAKEN), ground.expect(TAKEN), key))
}

/// A restriction to be lifted.
pub(in crate::grpc) fn lifting(
    request: &proto::LiftRestrictionRequest,
) -> Result<(RestrictionId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let restriction = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "LiftRestriction", &request.encode_to_vec());
    Ok((restriction.expect(TAKEN), key))
}
