//! Requests about answers for the time being.

use jiff::Timestamp;
use kernel::Violations;
use server::parse;
use ticketing_domain::{HoldingReplyDraft, Missing};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, etag, key, whole};

pub(in crate::grpc) fn send_holding_reply(
    request: &pb::SendHoldingReplyRequest,
    now: Timestamp,
) -> Result<(Target, HoldingReplyDraft), Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "name", &request.name);
    let explanation = v.check("explanation", request.explanation.parse::<Missing>());
    let answer_by = parse::time(&mut v, "answer_by_time", request.answer_by_time.as_ref());
    if answer_by.is_some_and(|at| at <= now) {
        v.push("answer_by_time", "must be later than now");
    }
    let channel = parse::channel(&mut v, "channel", request.channel);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "SendHoldingReply", &request.request_id, request);
    let target = || Some(Target { id: ticket?, etag: etag?, key: key?, stated: None });
    let draft = || Some(HoldingReplyDraft { explanation: explanation?, answer_by: answer_by?, channel: channel? });
    let both = target().zip(draft());
    whole(v, both)
}
