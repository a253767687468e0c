//! Complaints of who has no key yet, made on the page.

use std::net::SocketAddr;

use http::StatusCode;
use secrecy::SecretString;
use ventanilla_proto::ticketing::v1::{GetPublicStatusRequest, GetTicketRequest};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway};
use ventanilla_tests::scene::people::Person;

use super::{pages, send};

/// What somebody without a key writes into the form for complaints.
pub(crate) const COMPLAINT: [(&str, &str); 4] = [
    ("name", "Quiñonero Etxebarrieta, Zenobia"),
    ("contact", "zenobia.web@canario.example"),
    ("happened", "El 3 de mayo me cobraron dos veces la cuota. <script>alert(1)</script>\r\nNadie contesta."),
    ("asked", "Que me devuelvan 41 euros."),
];

/// What stands on a page in the element with this id.
fn held(answer: &Answer, id: &str) -> String {
    let text = answer.text();
    let after = text.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no {id}: {text}"));
    after.split('<').next().unwrap_or_default().to_owned()
}

async fn rows(scene: &Scene, table: &str) -> i64 {
    let count = format!("select count(*) from {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&scene.admin().await).await.expect("the table is there")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_key_makes_a_complaint_and_is_told_key_and_proof_once() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let mut visitor = door.visitor();
    assert!(visitor.get("/t?lang=es").await.text().contains("href=\"/t/complaint\""));
    let page = visitor.get("/t/complaint").await;
    let taken = send(&mut visitor, &page, "/t/complaint", &COMPLAINT).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let (key, proof) = (held(&taken, "key"), held(&taken, "proof"));
    assert!(taken.headers.values().all(|value| !value.to_str().unwrap_or_default().contains(&proof)));
    assert_eq!(taken.header("cache-control"), "no-store");
    // Another language would be another page, without them.
    assert!(!taken.text().contains("?lang="), "{}", taken.text());

    // They are those of an affair, which is what was written, of whoever wrote it.
    let status = GetPublicStatusRequest { tracking_key: key.clone(), proof: proof.clone() };
    scene.stranger().tickets.get_public_status(status).await.expect("key and proof open it");
    let admin = scene.admin().await;
    let (id, channel, department, language): (uuid::Uuid, String, String, String) =
        sqlx::query_as("select t.ticket_id, t.channel, t.department, t.language from ticketing.ticket t")
            .fetch_one(&admin)
            .await
            .expect("one affair");
    assert_eq!((channel.as_str(), department.as_str(), language.as_str()), ("web", "customer-service", "es"));
    let mut agent = scene.role(kernel::Role::Agent);
    let ticket =
        agent.tickets.get_ticket(GetTicketRequest { name: format!("tickets/{id}") }).await.unwrap().into_inner();
    assert_eq!(ticket.ticket_type(), ventanilla_proto::ticketing::v1::TicketType::Reclamacion);
    assert_eq!(
        ticket.claim_points[0].text,
        "El 3 de mayo me cobraron dos veces la cuota. <script>alert(1)</script>\nNadie contesta.\n\nLo que pide: Que me devuelvan 41 euros."
    );
    let customer = ventanilla_proto::customer::v1::GetCustomerRequest { name: ticket.customer, ..Default::default() };
    let customer = agent.customers.get_customer(customer).await.expect("whoever wrote it is a customer").into_inner();
    let told = format!("{customer:?}");
    assert!(told.contains("Zenobia") && told.contains("zenobia.web@canario.example"), "{told}");

    // Sent again, it is the same; other words of the same form are another complaint.
    let again = send(&mut visitor, &page, "/t/complaint", &COMPLAINT).await;
    assert_eq!((held(&again, "key"), held(&again, "proof")), (key.clone(), proof.clone()));
    assert_eq!((rows(&scene, "ticketing.ticket").await, rows(&scene, "customer_profile.source_record").await), (1, 1));
    let mut other = COMPLAINT;
    other[3].1 = "Que me den de baja.";
    let second = send(&mut visitor, &page, "/t/complaint", &other).await;
    assert_ne!(held(&second, "key"), key);
    let people: i64 = sqlx::query_scalar("select count(distinct customer_id) from ticketing.ticket")
        .fetch_one(&admin)
        .await
        .expect("two affairs");
    assert_eq!(people, 1, "one person wrote both");

    // The receipt comes along, of what was made last, and no page that comes after tells the proof.
    let text = visitor.get("/t/receipt.txt").await;
    assert!(text.text().contains("Que me den de baja."), "{}", text.text());
    assert!(visitor.get("/t/receipt.pdf").await.body.starts_with(b"%PDF"));
    let page = visitor.get("/t/affair").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains(&held(&second, "proof")));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_in_a_complaint_is_told_at_once_and_nothing_of_it_is_kept() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let mut visitor = door.visitor();
    let page = visitor.get("/t/complaint?lang=es").await;
    let blank = COMPLAINT.map(|(name, _)| (name, "  "));
    let refused = send(&mut visitor, &page, "/t/complaint", &blank).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (name, _) in COMPLAINT {
        assert!(refused.text().contains(&format!("<a href=\"#{name}\">")), "{name}: {}", refused.text());
        assert!(refused.text().contains(&format!("id=\"{name}-wrong\"")), "{name}");
    }
    // What only customer-profile can tell is told in the same way, and what was written stays, as what it is.
    let mut unreadable = COMPLAINT;
    unreadable[1].1 = "\"><b>ni idea</b>";
    let refused = send(&mut visitor, &refused, "/t/complaint", &unreadable).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("Esto no parece un teléfono ni un correo"), "{}", refused.text());
    assert!(refused.text().contains("Nadie contesta.</textarea>"), "{}", refused.text());
    assert!(!refused.text().contains("<b>ni idea") && !refused.text().contains("<script>alert"));
    // Nor is it taken from another site, or without the mark of this visit.
    let forged = visitor.post("/t/complaint", &COMPLAINT).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let origin = std::mem::replace(&mut visitor.origin, "https://evil.example".to_owned());
    let forged = send(&mut visitor, &page, "/t/complaint", &COMPLAINT).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    visitor.origin = origin;
    assert_eq!((rows(&scene, "ticketing.ticket").await, rows(&scene, "customer_profile.source_record").await), (0, 0));

    // Few from one address; what was merely mistyped has not counted, and what services refused has.
    let mut taken = 0;
    let last = loop {
        let page = visitor.get("/t/complaint").await;
        let answer = send(&mut visitor, &page, "/t/complaint", &COMPLAINT).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        taken += 1;
        assert!(taken < 10, "as many as one likes");
    };
    assert_eq!((last.status, taken), (StatusCode::TOO_MANY_REQUESTS, 4));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_a_customers_name_and_number_is_not_taken_for_them_and_touches_nothing_of_theirs() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let person = Person::numbered(62_000_006);
    let (name, phone) = (format!("{} {}", person.given, person.surnames.join(" ")), person.phone.clone());
    let affair = Affair::of(&scene, person);
    let known = affair.arrive().await.expect("a good record").customer;
    let get = || ventanilla_proto::customer::v1::GetCustomerRequest { name: known.clone(), ..Default::default() };
    let before = affair.cast.agent.customers.clone().get_customer(get()).await.unwrap().into_inner();
    let mut visitor = door.visitor();
    let page = visitor.get("/t/complaint?lang=en").await;
    let written = [("name", name.as_str()), ("contact", &phone), COMPLAINT[2], COMPLAINT[3]];
    let taken = send(&mut visitor, &page, "/t/complaint", &written).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let customer: uuid::Uuid = sqlx::query_scalar("select customer_id from ticketing.ticket")
        .fetch_one(&scene.admin().await)
        .await
        .expect("one affair");
    assert_ne!(format!("customers/{customer}"), known, "whose it is a steward says");
    let after = affair.cast.agent.customers.clone().get_customer(get()).await.unwrap().into_inner();
    assert_eq!(after, before, "not even its version");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_without_a_token_for_it_takes_no_complaint_and_one_without_services_keeps_what_was_written() {
    let scene = Scene::fresh().await;
    let bare_pages = |address: SocketAddr, peers: server::Peers, own: server::TokenSource| {
        let settings = web::Settings {
            public_url: format!("http://localhost:{}", address.port()),
            sealing_keys: vec![SecretString::from("07".repeat(32))],
            ..web::Settings::default()
        };
        let web = web::Web::new(settings, scene.verifier(), scene.ambient.clone()).expect("good settings");
        tracking::router(tracking::State { peers, web, own, settings: tracking::Settings::default() })
    };
    let door = Doorway::open(|address| bare_pages(address, scene.peers(), server::TokenSource::nothing())).await;
    let mut visitor = door.visitor();
    let entrance = visitor.get("/t?lang=es").await;
    assert!(!entrance.text().contains("/t/complaint"), "what is not taken is not offered");
    assert_eq!(visitor.get("/t/complaint").await.status, StatusCode::NOT_FOUND);
    let csrf = entrance.field("csrf");
    let fields: Vec<(&str, &str)> = std::iter::once(("csrf", csrf.as_str())).chain(COMPLAINT).collect();
    assert_eq!(visitor.post("/t/complaint", &fields).await.status, StatusCode::NOT_FOUND);

    let alone = Doorway::open(|address| bare_pages(address, server::Peers::none(), scene.form_token())).await;
    let mut visitor = alone.visitor();
    let page = visitor.get("/t/complaint?lang=es").await;
    let down = send(&mut visitor, &page, "/t/complaint", &COMPLAINT).await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE, "{}", down.text());
    assert!(down.text().contains("Ahora no podemos recibir su reclamación") && down.text().contains("Nadie contesta."));
    scene.stop().await.expect("the services end well");
}
