//! Templates of notices: who approves them, and what is wrong with one.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::NoticeOutcome;
use ventanilla_proto::ticketing::v1::notice_service_client::NoticeServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Language};

use super::{DUE, House, approve, approved, put, said, supervisor, template, transport, written};
use crate::departments::{called, put as put_department};
use crate::world::{World, assert_refused, fields, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_a_template_does_not_approve_it_and_a_change_takes_the_approval_back() {
    let world = World::new().await;
    let (mut rosa, mut luis) = (supervisor(&world, "rosa"), supervisor(&world, "luis"));
    let first = put(&mut rosa, template("delay", "", "")).await.unwrap();
    assert_eq!((first.approve_time, first.put_actor.as_ref().unwrap().id.as_str()), (None, "rosa"));
    assert_refused(approve(&mut rosa, &first).await, Code::PermissionDenied, "NOTICE_TEMPLATE_OWN");
    let done = approve(&mut luis, &first).await.unwrap();
    assert_eq!(
        (done.approve_time, done.approve_actor.as_ref().unwrap().id.as_str()),
        (time("2026-11-23T09:00:00Z"), "luis")
    );
    assert_refused(approve(&mut luis, &first).await, Code::Aborted, "STALE_ETAG");
    assert_refused(approve(&mut luis, &done).await, Code::FailedPrecondition, "NOTICE_TEMPLATE_APPROVED");
    let changed = pb::NoticeTemplate { title: "Otro".into(), ..done };
    let changed = put(&mut luis, changed).await.unwrap();
    assert_eq!((changed.approve_time, changed.approve_actor), (None, None));
    let changed = pb::NoticeTemplate { approve_actor: None, ..changed };
    assert_refused(approve(&mut luis, &changed).await, Code::PermissionDenied, "NOTICE_TEMPLATE_OWN");
    let again = approve(&mut rosa, &changed).await.unwrap();
    let mut reader = NoticeServiceClient::new(world.served.channel(Role::Agent));
    let read = reader.get_notice_template(pb::GetNoticeTemplateRequest { name: again.name.clone() }).await.unwrap();
    assert_eq!(read.into_inner(), again);
    put(&mut rosa, template("of-network", "network", "")).await.unwrap();
    let list = pb::ListNoticeTemplatesRequest { department: "billing".into(), ..Default::default() };
    assert_eq!(reader.list_notice_templates(list).await.unwrap().into_inner().templates, [again]);
    let agent = put(&mut NoticeServiceClient::new(world.served.channel(Role::Agent)), template("x", "", "")).await;
    assert_eq!(agent.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_is_named_together() {
    let world = World::new().await;
    let bad = pb::NoticeTemplate {
        name: "noticeTemplates/No".into(),
        title: String::new(),
        department: "no department".into(),
        reason: "No word".into(),
        texts: vec![said(Language::Es, "{cause} {owner_name}"), said(Language::En, "{cause} {new_due}")],
        causes: vec![said(Language::En, "Only so")],
        remedies: vec![said(Language::Unspecified, "Nada")],
        ..Default::default()
    };
    let request = pb::PutNoticeTemplateRequest { template: Some(bad), request_id: "x".into() };
    let refused = supervisor(&world, "rosa").put_notice_template(request).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    let mut named = fields(&refused);
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "request_id",
            "template.causes",
            "template.department",
            "template.name",
            "template.reason",
            "template.remedies[0].language",
            "template.texts[0].text",
            "template.texts[1].text",
            "template.title",
        ]
    );
    let uneven = pb::NoticeTemplate {
        causes: vec![said(Language::Es, "Causa"), said(Language::En, "Cause")],
        ..template("uneven", "", "")
    };
    let refused = put(&mut supervisor(&world, "rosa"), uneven).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["template.causes"]);

    let mut sender = transport(&world);
    let take = pb::TakeNoticesRequest {
        channels: vec![Channel::Sms.into(), 0, Channel::Sms.into(), 99],
        max_count: -1,
        lease_seconds: 3,
        request_id: String::new(),
    };
    let refused = assert_refused(sender.take_notices(take).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&refused),
        ["channels[1]", "channels[2]", "channels[3]", "max_count", "lease_seconds", "request_id"]
    );
    let report = pb::ReportNoticeRequest {
        name: "tickets/1".into(),
        hand_count: 0,
        outcome: NoticeOutcome::Failed.into(),
        reason: String::new(),
        request_id: "x".into(),
    };
    let refused = assert_refused(sender.report_notice(report).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["name", "hand_count", "reason", "request_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_names_the_department_as_the_house_does() {
    let house = House::new().await;
    let text = "{department}: {cause} {new_due} {remedy}";
    let template = pb::NoticeTemplate { texts: vec![said(Language::Es, text)], ..template("delay", "", "") };
    approved(&house.world, template).await;
    put_department(&mut house.world.supervisor(), called("billing", "Facturación", "Billing")).await.unwrap();
    let told = written(&house.world, &house.at_risk(DUE).await).await;
    assert!(told.text.starts_with("Facturación: "), "{}", told.text);
}
