//! PutDepartment, ListDepartments, and what customers are told of it.

use kernel::Role;
use tonic::{Code, Response, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Language, LocalizedText};

use crate::team::Team;
use crate::world::{World, assert_refused, fields, fresh_id, open};

fn text(language: Language, text: &str) -> LocalizedText {
    LocalizedText { language: language.into(), text: text.into() }
}

pub fn called(slug: &str, es: &str, en: &str) -> pb::Department {
    pb::Department {
        name: format!("departments/{slug}"),
        display_name: vec![text(Language::Es, es), text(Language::En, en)],
        ..Default::default()
    }
}

pub async fn put(team: &mut Team, department: pb::Department) -> Result<pb::Department, Status> {
    let request = pb::PutDepartmentRequest { department: Some(department), request_id: fresh_id() };
    team.put_department(request).await.map(Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn departments_are_called_as_the_house_says_and_listed_in_the_order_of_their_slugs() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    let network = put(&mut boss, called("network", "Red", "Network")).await.unwrap();
    let billing = put(&mut boss, called("billing", "Facturación", "Billing")).await.unwrap();
    let again = put(&mut boss, called("billing", "Cobros", "Payments")).await;
    assert_refused(again, Code::Aborted, "STALE_ETAG");
    let renamed = pb::Department { etag: billing.etag.clone(), ..called("billing", "Cobros", "Payments") };
    let renamed = put(&mut boss, renamed).await.unwrap();
    assert_ne!(renamed.etag, billing.etag);
    for role in [Role::Agent, Role::Ivr, Role::Ombudsman, Role::FirmLiaison, Role::Steward] {
        let first = pb::ListDepartmentsRequest { page_size: 1, page_token: String::new() };
        let first = world.team("somebody", role).list_departments(first).await.unwrap().into_inner();
        assert_eq!(first.departments, std::slice::from_ref(&renamed), "{role}");
        let rest = pb::ListDepartmentsRequest { page_size: 1, page_token: first.next_page_token };
        let rest = world.team("somebody", role).list_departments(rest).await.unwrap().into_inner();
        assert_eq!((rest.departments, rest.next_page_token), (vec![network.clone()], String::new()));
    }
    assert_eq!(
        put(&mut world.team("u-1", Role::Agent), called("x", "X", "X")).await.unwrap_err().code(),
        Code::PermissionDenied
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_has_a_name_in_spanish_and_in_english_and_all_that_is_wrong_is_named() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    let wrong = pb::Department {
        name: "billing".into(),
        display_name: vec![text(Language::Es, ""), text(Language::Unspecified, "Billing")],
        etag: "x".into(),
    };
    let status = put(&mut boss, wrong).await.unwrap_err();
    let named = fields(&status);
    for path in
        ["department.display_name[0].text", "department.display_name[1].language", "department.name", "department.etag"]
    {
        assert!(named.iter().any(|field| field == path), "{path}: {named:?}");
    }
    let half = pb::Department { display_name: vec![text(Language::Es, "Cobros")], ..called("billing", "", "") };
    assert_eq!(fields(&put(&mut boss, half).await.unwrap_err()), ["department.display_name"]);
    let none = pb::PutDepartmentRequest { department: None, request_id: fresh_id() };
    assert_eq!(fields(&boss.put_department(none).await.unwrap_err()), ["department"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_told_what_the_department_is_called_that_has_their_affair() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let status = async || {
        let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
        let request = pb::GetPublicStatusRequest { tracking_key, proof };
        world.agent().get_public_status(request).await.unwrap().into_inner()
    };
    let told = status().await;
    assert_eq!((told.department.as_str(), told.department_name.len()), ("billing", 0), "nobody has said");
    let named = put(&mut world.supervisor(), called("billing", "Facturación", "Billing")).await.unwrap();
    assert_eq!(status().await.department_name, named.display_name);
}
