//! The forms of the house's own pages, sent as they should be, and what that did at the office.

use http::StatusCode;
use kernel::Role;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::filled::Form;
use ventanilla_tests::scene::people::Person;

use super::{at_the_console, investigated, pages, pages_before};

/// Sends the form of this page, as it stands in it, with these values.
async fn send(visitor: &mut Visitor, path: &str, values: &[(&str, &str)]) -> (Form, Answer) {
    let page = visitor.get(path).await;
    let form = Form::to(&page, path);
    let answer = again(visitor, path, &form, values).await;
    (form, answer)
}

async fn again(visitor: &mut Visitor, path: &str, form: &Form, values: &[(&str, &str)]) -> Answer {
    let sent = form.sent(values);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.post(path, &sent).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_declares_a_relation_with_a_claimant_on_the_page_is_known_to_have_it_and_loses_the_seat() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_021));
    let case = format!("cases/{}", investigated(&affair).await);
    let mut read = affair.cast.ombudsman.office.clone();
    let stands = read.get_case(office::GetCaseRequest { name: case.clone() }).await.expect("it is there").into_inner();

    let mut investigator = at_the_console(&scene, &door, "investigator-1", Role::Investigator).await;
    let path = "/console/house/declaration";
    let unsure = [("party", stands.customer.as_str()), ("kind", "1"), ("sure", "")];
    let (_, refused) = send(&mut investigator, path, &unsure).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    let values = [
        ("party", stands.customer.as_str()),
        ("kind", "1"),
        ("party", "departments/retail"),
        ("kind", "3"),
        ("incompatibility", "5"),
        ("sure", "yes"),
    ];
    let (form, declared) = send(&mut investigator, path, &values).await;
    assert_eq!(declared.status, StatusCode::SEE_OTHER, "{}", declared.text());
    let same = again(&mut investigator, path, &form, &values).await;
    assert_eq!(same.header("location"), declared.header("location"), "sent twice, it is the same: {}", same.text());
    let shown = investigator.get(declared.header("location")).await.text();
    assert!(shown.contains("class=\"notice good\""), "{shown}");

    let list = office::ListOfficeMembersRequest { page_size: 100, ..Default::default() };
    let members = affair.cast.ombudsman.house.clone().list_office_members(list).await.expect("who works here");
    let member = members.into_inner().members.into_iter().find(|member| member.person == "investigator-1");
    let known = member.and_then(|member| member.declaration).expect("it is declared");
    let relations: Vec<_> = known.relations.iter().map(|one| (one.party.as_str(), one.kind())).collect();
    let personal = (stands.customer.as_str(), office::RelationKind::Personal);
    assert_eq!(relations, [personal, ("departments/retail", office::RelationKind::Commercial)]);
    let posts: Vec<_> = known.incompatibilities.iter().map(office::Incompatibility::kind).collect();
    assert_eq!(posts, [office::IncompatibilityKind::AdvisesParties]);
    let stands = read.get_case(office::GetCaseRequest { name: case }).await.expect("it is there").into_inner();
    let seat = stands.assignments.iter().find(|seat| seat.person == "investigator-1").expect("they sat on it");
    assert!(seat.recuse_time.is_some(), "who is related to the claimant sits on the case no more: {stands:?}");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recommendation_that_is_made_on_its_page_stands_in_the_years_report_once() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_022));
    affair.appoint().await.expect("the office has its people");
    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let path = "/console/recommendation";
    let text = "Que nadie cobre dos veces la misma cuota <b>nunca</b>";
    let wrong = [("text", text), ("regime", "es.nothing"), ("motive", "billing")];
    let (_, refused) = send(&mut ombudsman, path, &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text());
    assert!(refused.text().contains("Que nadie cobre dos veces"), "what was typed is kept");
    let values = [("text", text), ("regime", "es.general"), ("motive", "billing"), ("language", "1")];
    let (form, made) = send(&mut ombudsman, path, &values).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
    again(&mut ombudsman, path, &form, &values).await;
    let shown = ombudsman.get(made.header("location")).await.text();
    assert!(shown.contains("class=\"notice good\""), "{shown}");

    let year = i32::from(scene.ambient.now().to_zoned(jiff::tz::TimeZone::UTC).year());
    let audience = office::ReportAudience::Board.into();
    let request = office::GetYearlyReportRequest { year, audience, ..Default::default() };
    let report = affair.cast.ombudsman.reports.clone().get_yearly_report(request).await.expect("there is a report");
    let made: Vec<_> = report.into_inner().recommendations;
    let made: Vec<_> = made.iter().map(|one| (one.text.as_str(), one.regime.as_str(), one.motive.as_str())).collect();
    assert_eq!(made, [(text, "es.general", "billing")]);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_under_a_former_key_are_closed_anew_at_a_press_and_are_read_as_before() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(63_000_023));
    let case = investigated(&affair).await;
    // The office under its next key: what was drafted is under the one before.
    let rekeyed = scene.office_under(&[0x3c; 32]).await.expect("another process of the office starts");
    let door = Doorway::open(|address| pages_before(&scene, address, rekeyed.peers(&scene))).await;
    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let path = "/console/house/keys";
    let before = ombudsman.get(path).await.text();
    assert!(
        before.contains("anterior") && before.contains("<td data-label=\"Borradores y reservados\">2</td>"),
        "{before}"
    );
    let (_, pressed) = send(&mut ombudsman, path, &[]).await;
    assert_eq!(pressed.status, StatusCode::OK, "{}", pressed.text());
    assert!(
        pressed.text().contains("Borradores y documentos reservados cerrados de nuevo: 2. Quedan: 0."),
        "{}",
        pressed.text()
    );
    let after = ombudsman.get(path).await;
    assert!(Form::all(&after).iter().all(|form| form.action != path), "nothing is left to press for: {}", after.text());

    let keys = office::GetDraftKeysRequest {};
    let keys = rekeyed.house(&scene).get_draft_keys(keys).await.expect("it is told").into_inner().keys;
    let told: Vec<_> = keys.iter().map(|key| (key.in_use, key.draft_count)).collect();
    // The draft, and the paper that is sealed.
    assert_eq!(told, [(true, 2), (false, 0)]);
    let draft = ombudsman.get(&format!("/console/cases/{case}/draft")).await;
    assert!(draft.text().contains("Propuesta: estimar el primer punto"), "{}", draft.text());
    scene.stop().await.expect("the services end well");
}
