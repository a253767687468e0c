//! The page of an affair, and what is written to the customer there.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Answer;
use ventanilla_tests::scene::filled::Form;
use ventanilla_tests::scene::people::Person;

use super::{LIMIT, doorway, in_time, send, shows, signed_in};

/// The two hours of an interruption (Ley 10/2025 art. 17.2).
const TWO_HOURS: &str = "es.l10-2025.17-2.continuity";

/// As a browser writes day and hour.
fn typed(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::get("Europe/Madrid").expect("a zone")).strftime("%Y-%m-%dT%H:%M").to_string()
}

async fn state(affair: &Affair<'_>, ticket: &str) -> Option<sla::ClockState> {
    let request = sla::ListClocksRequest { subject: ticket.to_owned(), page_size: 100, ..Default::default() };
    let clocks = affair.cast.supervisor.clocks.clone().list_clocks(request).await.expect("they are told").into_inner();
    clocks.clocks.iter().find(|clock| clock.rule == TWO_HOURS).map(sla::Clock::state)
}

/// The fields of the form, filled so.
fn filled(page: &Answer, path: &str, values: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let form = Form::to(page, path);
    let held = |name: &'static str| {
        let field = form.fields.iter().find(|field| field.name == name);
        (name, field.map(|field| field.value.clone()).unwrap_or_default())
    };
    let values = values.iter().map(|(name, value)| (*name, (*value).to_owned()));
    [held("csrf"), held("request_id"), held("channel")]
        .into_iter()
        .filter(|(name, _)| !values.clone().any(|(given, _)| given == *name))
        .chain(values.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_letter_typed_on_the_floor_that_says_why_and_until_when_meets_the_two_hours_and_no_other_does() {
    let scene = Scene::fresh().await;
    let doorway = doorway(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_021));
    let customer = affair.arrive().await.expect("a good record").customer;
    let mut request = affair.complaint(&customer, "");
    if let Some(ticket) = &mut request.ticket {
        ticket.ticket_type = ticketing::TicketType::Incidencia.into();
        ticket.topic = "continuity".to_owned();
        ticket.claim_points.clear();
        ticket.channel = Channel::Email.into();
    }
    let opened = affair.cast.agent.tickets.clone().create_ticket(request).await.expect("it is taken").into_inner();
    let ticket = opened.ticket.expect("it is there").name;
    testkit::eventually(LIMIT, || async {
        let state = state(&affair, &ticket).await;
        if state == Some(sla::ClockState::Running) { Ok(()) } else { Err(format!("{state:?}")) }
    })
    .await;

    let mut agent = signed_in(&scene, &doorway, Role::Agent).await;
    let path = format!("/floor/affairs/{}", ticket.trim_start_matches("tickets/"));
    let view = format!("/floor/{customer}");
    in_time(&mut agent, &view, &[&format!("href=\"{path}\"")]).await;
    let page = agent.get(&path).await;
    shows(&page, &["Write to the customer", "art. 17.2", "datetime-local"]);
    // By the channel that the affair came by, unless another is chosen.
    let chosen = Form::to(&page, &path).fields.into_iter().find(|field| field.name == "channel");
    assert_eq!(chosen.map(|field| field.value), Some((Channel::Email as i32).to_string()));
    let plain = filled(&page, &path, &[("body", "We are looking into it <script>")]);
    for _ in 0..2 {
        let sent = send(&mut agent, &path, &plain).await;
        assert_eq!(sent.header("location"), format!("{path}?done=written"), "{}", sent.text());
    }
    let page = agent.get(&format!("{path}?done=written")).await;
    assert_eq!(page.text().matches("We are looking into it &#60;script&#62;").count(), 1, "sent twice, written once");

    // Until when lies before now: nothing is written, and it is said where.
    let before = typed(scene.ambient.now() - SignedDuration::from_hours(3));
    for (expected, signposts) in [(before.as_str(), ""), ("", "yes"), ("tomorrow", "")] {
        let values = [("body", "A cable was cut"), ("expected", expected), ("signposts", signposts)];
        let refused = send(&mut agent, &path, &filled(&page, &path, &values)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{expected}: {}", refused.text());
        shows(&refused, &["href=\"#expected\"", "id=\"x-expected\"", ">A cable was cut</textarea>"]);
    }
    // What goes by phone leads nobody on in writing.
    let until = typed(scene.ambient.now() + SignedDuration::from_hours(3));
    let phone = (Channel::Phone as i32).to_string();
    let spoken = [("body", "A cable was cut"), ("channel", &phone), ("expected", &until), ("signposts", "yes")];
    let refused = send(&mut agent, &path, &filled(&page, &path, &spoken)).await;
    shows(&refused, &["href=\"#signposts\"", "id=\"x-signposts\""]);
    assert_eq!(state(&affair, &ticket).await, Some(sla::ClockState::Running), "a plain letter meets nothing");

    let values = [("body", "A cable was cut; it is mended tonight"), ("expected", until.as_str())];
    let sent = send(&mut agent, &path, &filled(&page, &path, &values)).await;
    assert_eq!(sent.header("location"), format!("{path}?done=explained"), "{}", sent.text());
    shows(&agent.get(sent.header("location")).await, &["explains why it takes longer", "it is mended tonight"]);
    testkit::eventually(LIMIT, || async {
        let state = state(&affair, &ticket).await;
        if state == Some(sla::ClockState::Fulfilled) { Ok(()) } else { Err(format!("{state:?}")) }
    })
    .await;
    let list = ticketing::ListMessagesRequest { parent: ticket.clone(), page_size: 100, ..Default::default() };
    let said = affair.cast.agent.tickets.clone().list_messages(list).await.expect("they are told").into_inner();
    let said: Vec<_> = said.messages.iter().map(|m| (m.direction(), m.channel(), m.explanation.is_some())).collect();
    let email = |explains| (Direction::Outbound, Channel::Email, explains);
    assert_eq!(said, [email(false), email(true)]);

    // Who may read and not write is asked for nothing; who may not read is told so.
    let mut auditor = signed_in(&scene, &doorway, Role::Auditor).await;
    let page = auditor.get(&path).await;
    shows(&page, &["What was said", "it is mended tonight"]);
    assert!(!page.text().contains("Write to the customer"), "{}", page.text());
    let mut steward = signed_in(&scene, &doorway, Role::Steward).await;
    assert_eq!(steward.get(&path).await.status, StatusCode::FORBIDDEN);
    assert!(!steward.get(&view).await.text().contains(&path), "and is led nowhere");
    assert_eq!(agent.get("/floor/affairs/..%2Fx").await.status, StatusCode::NOT_FOUND);
    scene.stop().await.expect("the services end well");
}
