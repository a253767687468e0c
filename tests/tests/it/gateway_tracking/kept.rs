//! Key and proof between two pages: for how long, what becomes of what was written when they are forgotten, and which tries are counted.

use http::StatusCode;
use jiff::SignedDuration;
use kernel::{Ambient, SystemEntropy};
use ventanilla_proto::ombudsman::v1::{CaseState, GetCaseRequest, MissingItem, RequestCureRequest};
use ventanilla_proto::ticketing::v1::ListMessagesRequest;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;

use super::answers::Behind;
use super::office::before_the_ombudsman;
use super::{HOSTILE, complaint, enter, form, pages, pages_that_take, plain, send};

/// What the customer said in this affair.
async fn said(affair: &Affair<'_>, ticket: &str) -> Vec<String> {
    let list = ListMessagesRequest { parent: ticket.to_owned(), ..ListMessagesRequest::default() };
    let messages = affair.cast.agent.tickets.clone().list_messages(list).await.expect("it is told").into_inner();
    messages.messages.into_iter().map(|message| message.body).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_and_proof_are_kept_while_somebody_uses_them_and_what_was_written_waits_at_the_entrance() {
    let clock = Behind::by_days(2);
    let scene = Scene::fresh_under(Ambient::new(clock.clone(), SystemEntropy)).await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_041).await;
    let ticket = opened.ticket.as_ref().unwrap().name.clone();
    let mut visitor = door.visitor();
    enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    for _ in 0..4 {
        clock.later(SignedDuration::from_mins(20));
        let page = visitor.get("/t/affair").await;
        assert_eq!(page.status, StatusCode::OK, "eighty minutes, and somebody read all the while: {}", page.text());
    }
    let page = visitor.get("/t/affair").await;
    clock.later(SignedDuration::from_mins(31));
    let over = send(&mut visitor, &page, "/t/message", &[("text", HOSTILE)]).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED, "{}", over.text());
    assert!(over.text().contains("Ha pasado más de media hora"), "it is said what happened: {}", over.text());
    assert!(over.text().contains("Lo que escribió no se pierde"), "{}", over.text());
    assert!(!over.text().contains("<script>alert") && !over.text().contains("<img src=x"), "it is carried, not done");
    // Who mistypes the proof loses nothing either.
    let wrong = if opened.proof == "000000" { "111111" } else { "000000" };
    let mistyped = [("key", opened.tracking_key.as_str()), ("proof", wrong)];
    let wrong = send(&mut visitor, &over, "/t", &mistyped).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("key", opened.tracking_key.as_str()), ("proof", opened.proof.as_str())];
    let back = send(&mut visitor, &wrong, "/t", &right).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    assert!(back.text().contains("Habíamos olvidado su clave"), "{}", back.text());
    assert!(plain(&form(&back, "/t/message").text()).contains(&format!("{HOSTILE}</textarea>")), "{}", back.text());
    assert_eq!(said(&affair, &ticket).await, Vec::<String>::new(), "it waits for its customer to send it");
    let sent = send(&mut visitor, &back, "/t/message", &[("text", HOSTILE)]).await;
    assert_eq!(sent.header("location"), "/t/affair?done=message", "{}", sent.text());
    assert_eq!(said(&affair, &ticket).await, [HOSTILE]);
    // A page that was only looked at leads to the entrance, and however much it is used, half a day is the longest.
    let mut hours = 0;
    while visitor.get("/t/affair").await.status == StatusCode::OK {
        clock.later(SignedDuration::from_mins(20));
        hours += 1;
        assert!(hours < 60, "for ever");
    }
    assert_eq!(hours, 36, "twelve hours after key and proof were typed");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_claimant_wrote_waits_for_key_proof_and_code() {
    let clock = Behind::by_days(2);
    let scene = Scene::fresh_under(Ambient::new(clock.clone(), SystemEntropy)).await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_042).await;
    let mut visitor = door.visitor();
    let case = before_the_ombudsman(&scene, &affair, &opened, &mut visitor).await;
    let asked = RequestCureRequest {
        name: case.name.clone(),
        etag: case.etag,
        items: vec![MissingItem::FactsDate.into(), MissingItem::ClaimPoints.into()],
        explanation: "¿Qué factura, y qué día?".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.office.clone().request_cure(asked).await.unwrap();
    let code = affair.code_of(&case.name).await.unwrap();
    let page = visitor.get("/t/office").await;
    send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;
    let page = visitor.get("/t/office").await;
    clock.later(SignedDuration::from_mins(31));
    let points = format!("La factura de marzo\r\n{HOSTILE}");
    let filled = [("facts", "2026-02-27"), ("points", points.as_str()), ("text", "Es la de marzo")];
    let over = send(&mut visitor, &page, "/t/office/complete", &filled).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED, "{}", over.text());
    let right = [("key", opened.tracking_key.as_str()), ("proof", opened.proof.as_str())];
    let locked = send(&mut visitor, &over, "/t", &right).await;
    assert!(locked.text().contains("se lo mostramos cuando escriba el código"), "{}", locked.text());
    assert!(!locked.text().contains("action=\"/t/office/complete\""), "the code comes first");
    let wrong = send(&mut visitor, &locked, "/t/office/code", &[("text", "0000-0000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = send(&mut visitor, &wrong, "/t/office/code", &[("text", &code)]).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    let kept = plain(&form(&back, "/t/office/complete").text());
    for told in ["value=\"2026-02-27\"", "Es la de marzo</textarea>", &format!("{points}</textarea>")] {
        assert!(kept.contains(told), "{told:?} is kept: {kept}");
    }
    let done = send(&mut visitor, &back, "/t/office/complete", &filled).await;
    assert!(done.header("location").starts_with("/t/office?done=completed&case="), "{}", done.text());
    let known = affair.cast.intake.office.clone().get_case(GetCaseRequest { name: case.name }).await.unwrap();
    assert_eq!(known.into_inner().state(), CaseState::Registered);
    scene.stop().await.expect("the services end well");
}

/// Few tries, and none that comes back.
fn few() -> web::LimitSettings {
    web::LimitSettings { guess: web::Rate { burst: 4, per_minute: 0 }, ..web::LimitSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_comes_in_as_often_as_they_like_and_wrong_codes_are_counted_as_wrong_proofs_are() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages_that_take(&scene, address, few())).await;
    let (affair, opened) = complaint(&scene, 62_000_043).await;
    let mut visitor = door.visitor();
    for _ in 0..9 {
        let entered = enter(&mut door.visitor(), &opened.tracking_key, &opened.proof).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
        // What cannot be a key is no try of one.
        let mistyped = enter(&mut visitor, "7K3M-9QXT-2VBD-X", "000000").await;
        assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", mistyped.text());
    }
    let case = before_the_ombudsman(&scene, &affair, &opened, &mut visitor).await;
    let code = affair.code_of(&case.name).await.unwrap();
    let page = visitor.get("/t/office").await;
    for _ in 0..6 {
        let unlike = send(&mut visitor, &page, "/t/office/code", &[("text", "no")]).await;
        assert_eq!(unlike.status, StatusCode::UNPROCESSABLE_ENTITY, "what cannot be a code is no try of one");
        let right = send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;
        assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text());
    }
    for _ in 0..4 {
        let wrong = send(&mut visitor, &page, "/t/office/code", &[("text", "0000-0000")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text());
    }
    let late = send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "the right one is not told from a wrong one");
    let late = enter(&mut door.visitor(), &opened.tracking_key, &opened.proof).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "all secrets have one count of an address");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_much_as_a_form_promises_is_taken_in_any_script() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_044).await;
    let ticket = opened.ticket.as_ref().unwrap().name.clone();
    let mut visitor = door.visitor();
    enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    let page = visitor.get("/t/affair").await;
    assert!(form(&page, "/t/message").text().contains("maxlength=\"20000\""), "{}", page.text());
    let long = "费".repeat(20_000);
    let sent = send(&mut visitor, &page, "/t/message", &[("text", &long)]).await;
    assert_eq!(sent.header("location"), "/t/affair?done=message", "{}", sent.status);
    assert_eq!(said(&affair, &ticket).await, std::slice::from_ref(&long));
    // One more is too long, and is not lost for that.
    let page = visitor.get("/t/affair").await;
    let longer = format!("{long}用");
    let refused = send(&mut visitor, &page, "/t/message", &[("text", &longer)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = form(&refused, "/t/message").text();
    assert!(kept.contains(&format!("{longer}</textarea>")) && kept.contains("aria-describedby=\"message-wrong\""));
    // And there is an end to what anybody sends.
    let flood = send(&mut visitor, &page, "/t/message", &[("text", &"费".repeat(50_000))]).await;
    assert_eq!(flood.status, StatusCode::PAYLOAD_TOO_LARGE);
    scene.stop().await.expect("the services end well");
}
