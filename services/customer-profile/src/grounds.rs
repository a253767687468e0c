//! Grounds of erasure and restriction, between domain and contract.

use customer_profile_domain::{ErasureGround, RestrictionGround};
use ventanilla_proto::customer::v1 as proto;

pub(crate) const fn erasure_to_proto(ground: ErasureGround) -> proto::ErasureGround {
    match ground {
        ErasureGround::NoLongerNeeded => proto::ErasureGround::NoLongerNeeded,
        ErasureGround::ConsentWithdrawn => proto::ErasureGround::ConsentWithdrawn,
        ErasureGround::Objection => proto::ErasureGround::Objection,
        ErasureGround::Unlawful => proto::ErasureGround::Unlawful,
        ErasureGround::LegalDuty => proto::ErasureGround::LegalDuty,
        ErasureGround::Child => proto::ErasureGround::Child,
    }
}

pub(crate) fn erasure_from_proto(value: i32) -> Option<ErasureGround> {
    let named = proto::ErasureGround::try_from(value).ok()?;
    ErasureGround::ALL.into_iter().find(|ground| erasure_to_proto(*ground) == named)
}

pub(crate) const fn restriction_to_proto(ground: RestrictionGround) -> proto::RestrictionGround {
    match ground {
        RestrictionGround::AccuracyContested => proto::RestrictionGround::AccuracyContested,
        RestrictionGround::Unlawful => proto::RestrictionGround::Unlawful,
        RestrictionGround::NeededForClaim => proto::RestrictionGround::NeededForClaim,
        RestrictionGround::ObjectionPending => proto::RestrictionGround::ObjectionPending,
    }
}

pub(crate) fn restriction_from_proto(value: i32) -> Option<RestrictionGround> {
    let named = proto::RestrictionGround::try_from(value).ok()?;
    RestrictionGround::ALL.into_iter().find(|ground| restriction_to_proto(*ground) == named)
}
