//! Requests about completing an affair.

use jiff::{SignedDuration, Timestamp};
use kernel::Violations;
use server::parse;
use ticketing_domain::{CureDraft, Missing};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, etag, key, whole};

/// Nobody's affair is put off for longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

pub(in crate::grpc) fn request_cure(
    request: &pb::RequestCureRequest,
    now: Timestamp,
) -> Result<(Target, CureDraft), Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "RequestCure", &request.request_id, request);
    let draft = match &request.cure {
        Some(cure) => draft(&mut v, cure, now),
        None => {
            v.push("cure", "is required");
            None
        }
    };
    let target = || Some(Target { id: ticket?, etag: etag?, key: key?, stated: None });
    let target = target();
    whole(v, target.zip(draft))
}

fn draft(v: &mut Violations, cure: &pb::CureRequest, now: Timestamp) -> Option<CureDraft> {
    let missing = v.check("cure.missing", cure.missing.parse::<Missing>());
    let channel = parse::channel(v, "cure.channel", cure.channel);
    let due = parse::optional_time(v, "cure.due_time", cure.due_time.as_ref());
    if due.is_some_and(|due| due.duration_since(now) > LONGEST) {
        v.push("cure.due_time", "must be within 366 days");
    }
    Some(CureDraft { missing: missing?, channel: channel?, due })
}

pub(in crate::grpc) fn resolve_uncured(
    request: &pb::ResolveUncuredRequest,
    _now: Timestamp,
) -> Result<Target, Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "name", &request.name);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "ResolveUncured", &request.request_id, request);
    let target = || Some(Target { id: id?, etag: etag?, key: key?, stated: None });
    let target = target();
    whole(v, target)
}
