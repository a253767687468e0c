//! What customers thought, on their own page.

use http::StatusCode;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{ActorKind, Channel};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;

use super::{HOSTILE, answered, complaint, enter, pages, send};

/// Somebody of the house asks what the customer thought.
async fn asked(scene: &Scene, affair: &Affair<'_>, ticket: &str) {
    let request = ticketing::AskSurveyRequest {
        parent: ticket.to_owned(),
        survey: Some(ticketing::Survey { channel: Channel::Email.into(), ..Default::default() }),
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().ask_survey(request).await.expect("it is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_says_what_they_thought_once_they_were_asked_and_once() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 60_000_071).await;
    let ticket = opened.ticket.as_ref().expect("it is there").name.clone();
    let mut visitor = door.visitor();
    enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    let offered = "action=\"/t/survey\"";
    assert!(!visitor.get("/t/affair").await.text().contains(offered), "it is not answered yet");
    answered(&scene, &affair, &ticket).await;
    assert!(!visitor.get("/t/affair").await.text().contains(offered), "nobody has asked");
    asked(&scene, &affair, &ticket).await;
    let english = visitor.get("/t/affair?lang=en").await.text();
    assert!(english.contains(offered) && english.contains("How did we deal with you?"), "{english}");
    let page = visitor.get("/t/affair?lang=es").await;
    assert!(page.text().contains("¿Cómo le hemos atendido?"), "{}", page.text());

    // A reason alone says nothing; what was chosen is chosen still, and what is missing is said where it is.
    let refused = send(&mut visitor, &page, "/t/survey", &[("causes", "2"), ("ces", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["href=\"#survey-text\"", "id=\"survey-wrong\"", "name=\"causes\" value=\"2\" checked"] {
        assert!(refused.text().contains(part), "{part}: {}", refused.text());
    }
    let too_many: Vec<(&str, &str)> = ["1", "2", "3", "4", "5", "6"].iter().map(|cause| ("causes", *cause)).collect();
    let refused = send(&mut visitor, &page, "/t/survey", &[&too_many[..], &[("csat", "2")]].concat()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Elija cinco motivos como mucho"), "{}", refused.text());

    // Whoever was forgotten meanwhile types key and proof anew, and what they chose waits.
    let mut late = door.visitor();
    let csrf = late.get("/t?lang=es").await.field("csrf");
    let sent = [("csrf", csrf.as_str()), ("csat", "4"), ("causes", "1"), ("text", "Bien")];
    let entrance = late.post("/t/survey", &sent).await;
    assert_eq!(entrance.status, StatusCode::UNAUTHORIZED);
    let keys = [("key", opened.tracking_key.as_str()), ("proof", &opened.proof)];
    let back = send(&mut late, &entrance, "/t", &keys).await;
    for part in ["name=\"csat\" value=\"4\" checked", "name=\"causes\" value=\"1\" checked", ">Bien</textarea>"] {
        assert!(back.text().contains(part), "{part}: {}", back.text());
    }

    let fields = [("csat", "2"), ("ces", "7"), ("nps", "0"), ("causes", "2"), ("causes", "6"), ("text", HOSTILE)];
    for _ in 0..2 {
        let done = send(&mut visitor, &page, "/t/survey", &fields).await;
        assert_eq!(done.status, StatusCode::OK, "sent twice, said once: {}", done.text());
        assert!(done.text().contains("Gracias. Hemos anotado") && !done.text().contains(offered), "{}", done.text());
    }
    let name = format!("{ticket}/survey");
    let kept = affair.cast.agent.tickets.clone().get_survey(ticketing::GetSurveyRequest { name }).await;
    let kept = kept.expect("it is there").into_inner();
    let (said, who) = (kept.answer.expect("it is answered"), kept.answer_actor.expect("by somebody"));
    assert_eq!((said.csat, said.ces, said.nps, said.channel()), (Some(2), Some(7), Some(0), Channel::Web));
    assert_eq!((said.causes, said.verbatim.as_str()), (vec![2, 6], HOSTILE));
    assert_eq!(who.kind(), ActorKind::Customer);
    let page = visitor.get("/t/affair").await.text();
    assert!(page.contains("Nos dijo lo que opina") && !page.contains(offered), "{page}");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_department_is_called_by_its_name_in_the_language_of_the_page() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 60_000_072).await;
    let mut visitor = door.visitor();
    enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    let unnamed = visitor.get("/t/affair").await.text();
    assert!(unnamed.contains("<dt>Departamento</dt><dd>Billing</dd>"), "by the words of its slug: {unnamed}");
    affair.call_department("billing", "Facturación", "Billing desk").await.expect("it is called so");
    for (lang, told) in
        [("es", "<dt>Departamento</dt><dd>Facturación</dd>"), ("en", "<dt>Department</dt><dd>Billing desk</dd>")]
    {
        let page = visitor.get(&format!("/t/affair?lang={lang}")).await.text();
        assert!(page.contains(told), "{told}: {page}");
    }
    scene.stop().await.expect("the services end well");
}
