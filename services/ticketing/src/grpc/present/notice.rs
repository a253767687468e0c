//! Notices as the contract spells them.

use postgres::etag;
use server::parse::{actor_to_proto, channel_to_proto, language_to_proto, time_to_proto};
use ticketing_domain::{NoticeState, SlugId as _, Word};
use ventanilla_proto::ticketing::v1 as pb;

use crate::store::named::StoredNoticeTemplate;
use crate::store::notice::{StoredNotice, ended};

pub(crate) fn notice_template(stored: &StoredNoticeTemplate) -> pb::NoticeTemplate {
    let named = &stored.named;
    pb::NoticeTemplate {
        name: named.id.name(),
        title: named.title.as_str().to_owned(),
        department: named.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        actor: Some(actor_to_proto(&named.by)),
        create_time: Some(time_to_proto(named.at)),
        etag: etag(stored.version),
        ..named.content.clone()
    }
}

pub(crate) fn notice(stored: &StoredNotice) -> pb::Notice {
    let notice = &stored.notice;
    let delivery = &notice.delivery;
    let end = ended(delivery.state);
    pb::Notice {
        name: notice.id.name(),
        promise: notice.promise.name(),
        new_promise: notice.new_promise.name(),
        template: notice.template.name(),
        language: language_to_proto(notice.said.language).into(),
        text: notice.said.text.expose().to_owned(),
        promise_due_time: Some(time_to_proto(notice.due)),
        new_due_time: Some(time_to_proto(notice.new_due)),
        channel: channel_to_proto(notice.route.channel).into(),
        send_time: Some(time_to_proto(notice.route.from)),
        message: notice.message.map(|message| message.name()).unwrap_or_default(),
        create_time: Some(time_to_proto(notice.written)),
        state: notice_state(delivery.state).into(),
        hand_count: i32::try_from(delivery.handings).unwrap_or(i32::MAX),
        hand_time: delivery.handed.map(time_to_proto),
        next_hand_time: end.is_none().then(|| time_to_proto(delivery.next)),
        failure: delivery.failure.as_ref().map(Word::as_str).unwrap_or_default().to_owned(),
        end_time: end.map(time_to_proto),
    }
}

pub(crate) const fn notice_state(state: NoticeState) -> pb::NoticeState {
    match state {
        NoticeState::Waiting => pb::NoticeState::Waiting,
        NoticeState::Handed => pb::NoticeState::Handed,
        NoticeState::Delivered { .. } => pb::NoticeState::Delivered,
        NoticeState::Undeliverable { .. } => pb::NoticeState::Undeliverable,
        NoticeState::Withdrawn { .. } => pb::NoticeState::Withdrawn,
    }
}
