//! What a customer answers on the page of their case: the firm's offer, and the decision.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Clock, SystemClock, SystemEntropy};
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ombudsman::v1::CaseState;
use ventanilla_proto::ticketing::v1::CreateTicketResponse;
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Doorway, Visitor};
use ventanilla_tests::scene::people::Person;

use super::{answered, enter, pages, send};

/// A clock so many seconds behind: what has time to pass is let pass.
#[derive(Clone)]
pub(crate) struct Behind(Arc<AtomicI64>);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        SystemClock.now() - SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

impl Behind {
    pub(crate) fn by_days(days: i64) -> Self {
        Self(Arc::new(AtomicI64::new(days * 86_400)))
    }

    /// Goes on by so much.
    pub(crate) fn later(&self, by: SignedDuration) {
        let behind = self.0.fetch_sub(by.as_secs(), Ordering::SeqCst) - by.as_secs();
        assert!(behind > 0, "not beyond today");
    }

    /// Goes on to an hour after this instant.
    fn pass(&self, instant: &prost_types::Timestamp) {
        let behind = SystemClock.now().as_second() - instant.seconds - 3_600;
        assert!(behind > 0 && behind < self.0.load(Ordering::SeqCst), "time goes on, and not beyond today");
        self.0.store(behind, Ordering::SeqCst);
    }
}

/// A complaint with a draft under this regime, and what its customer holds.
pub(super) async fn drafted<'a>(
    scene: &'a Scene,
    number: u32,
    regime: &str,
) -> (Affair<'a>, CreateTicketResponse, String) {
    let affair = Affair::of(scene, Person::numbered(number));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let opened = affair.complain(&customer, "").await.expect("a good complaint");
    let ticket = &opened.ticket.as_ref().expect("it is there").name;
    answered(scene, &affair, ticket).await;
    let case = affair.bring_under(ticket, regime).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted");
    affair.investigate(&case).await.expect("it is drafted");
    (affair, opened, case.name)
}

pub(super) async fn stands(affair: &Affair<'_>, case: &str) -> office::Case {
    let read = office::GetCaseRequest { name: case.to_owned() };
    affair.cast.ombudsman.office.clone().get_case(read).await.expect("the case is there").into_inner()
}

/// The firm offers something, and the customer is told; answers until when they have to think it over.
pub(super) async fn offer(scene: &Scene, affair: &Affair<'_>, case: &str, terms: &str) -> prost_types::Timestamp {
    let made = office::OfferSettlementRequest {
        name: case.to_owned(),
        etag: stands(affair, case).await.etag,
        terms: terms.to_owned(),
        request_id: scene.request_id(),
        department: "billing".to_owned(),
        term_days: 10,
    };
    affair.cast.liaison.procedure.clone().offer_settlement(made).await.expect("the firm offers");
    let told = office::TellOfferRequest {
        name: case.to_owned(),
        etag: stands(affair, case).await.etag,
        channel: Channel::Web.into(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.procedure.clone().tell_offer(told).await.expect("the customer is told");
    let read = office::GetProcedureRequest { name: format!("{case}/procedure") };
    let procedure = affair.cast.intake.procedure.clone().get_procedure(read).await.expect("it is there").into_inner();
    procedure.offer.and_then(|offer| offer.reflection_end_time).expect("there is time to think")
}

/// What the dossier keeps of this kind, as text.
async fn papers(affair: &Affair<'_>, case: &str, kind: office::DossierKind) -> Vec<String> {
    let list = office::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    let entries = affair.cast.intake.office.clone().list_dossier_entries(list).await.expect("it is listed");
    let entries = entries.into_inner().entries.into_iter().filter(|entry| entry.kind() == kind);
    entries.map(|entry| String::from_utf8_lossy(&entry.content).into_owned()).collect()
}

/// The customer comes by with their key, and with the code that the office told them.
pub(super) async fn at_the_case(
    affair: &Affair<'_>,
    case: &str,
    door: &Doorway,
    opened: &CreateTicketResponse,
) -> Visitor {
    let mut visitor = door.visitor();
    let entered = enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
    let code = affair.code_of(case).await.expect("it is told");
    let page = visitor.get("/t/office").await;
    let shown = send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.text());
    visitor
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_declines_an_offer_at_once_and_accepts_another_after_the_time_to_think() {
    let clock = Behind::by_days(30);
    let scene = Scene::fresh_under(Ambient::new(clock.clone(), SystemEntropy)).await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened, case) = drafted(&scene, 62_000_021, "es.general").await;
    offer(&scene, &affair, &case, "20 euros y una disculpa").await;

    let mut customer = at_the_case(&affair, &case, &door, &opened).await;
    let page = customer.get("/t/office").await;
    assert!(page.text().contains("20 euros y una disculpa"), "{}", page.text());
    assert!(!page.text().contains("name=\"accepted\" value=\"yes\""), "nobody accepts before they thought it over");
    let no = [("accepted", "no"), ("text", "Con eso no me basta.")];
    for _ in 0..2 {
        let sent = send(&mut customer, &page, "/t/office/offer", &no).await;
        assert!(sent.header("location").starts_with("/t/office?done=answered&case="), "{}", sent.text());
    }
    assert!(customer.get("/t/office?done=answered").await.text().contains("Hemos anotado su respuesta."));
    assert_eq!(stands(&affair, &case).await.state(), CaseState::Investigation);
    let said = papers(&affair, &case, office::DossierKind::OfferAnswer).await;
    assert!(said.len() == 1 && said[0].contains("Con eso no me basta."), "sent twice, said once: {said:?}");

    let until = offer(&scene, &affair, &case, "41 euros y una disculpa").await;
    let page = customer.get("/t/office").await;
    let yes = [("accepted", "yes"), ("text", "Con eso me conformo.")];
    let early = send(&mut customer, &page, "/t/office/offer", &yes).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text());
    assert_eq!(stands(&affair, &case).await.state(), CaseState::Conciliation);
    clock.pass(&until);
    // Days later: everybody comes anew.
    let affair = Affair::of(&scene, Person::numbered(62_000_021));
    let mut customer = at_the_case(&affair, &case, &door, &opened).await;
    let page = customer.get("/t/office").await;
    assert!(page.text().contains("name=\"accepted\" value=\"yes\""), "{}", page.text());
    let sent = send(&mut customer, &page, "/t/office/offer", &yes).await;
    assert!(sent.header("location").starts_with("/t/office?done=answered&case="), "{}", sent.text());
    assert_eq!(stands(&affair, &case).await.state(), CaseState::Settled);
    let said = papers(&affair, &case, office::DossierKind::OfferAnswer).await;
    assert!(said.len() == 2 && said[1].contains("Con eso me conformo."), "{said:?}");
    let list = office::ListObligationsRequest { parent: case, page_size: 100, ..Default::default() };
    let owed = affair.cast.ombudsman.procedure.clone().list_obligations(list).await.expect("it is told").into_inner();
    let owed: Vec<_> = owed.obligations.iter().map(|one| (one.kind(), one.department.as_str())).collect();
    assert_eq!(owed, [(office::ObligationKind::Settlement, "billing")], "what was agreed is owed");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_accepts_the_decision_on_the_page_and_it_binds_the_firm() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened, case) = drafted(&scene, 62_000_022, "es.adr").await;
    affair.decide(&case).await.expect("it is decided");
    let mut customer = at_the_case(&affair, &case, &door, &opened).await;
    let page = customer.get("/t/office").await;
    assert!(page.text().contains("Si la acepta, obliga a la empresa."), "{}", page.text());
    let nothing = send(&mut customer, &page, "/t/office/decision", &[("accepted", "yes"), ("text", " ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stands(&affair, &case).await.state(), CaseState::Notified);
    let yes = [("accepted", "yes"), ("text", "La acepto en todos sus puntos.")];
    for _ in 0..2 {
        let sent = send(&mut customer, &page, "/t/office/decision", &yes).await;
        assert!(sent.header("location").starts_with("/t/office?done=answered&case="), "{}", sent.text());
    }
    assert_eq!(stands(&affair, &case).await.state(), CaseState::Binding);
    let said = papers(&affair, &case, office::DossierKind::DecisionAnswer).await;
    assert!(said.len() == 1 && said[0].contains("La acepto en todos sus puntos."), "sent twice, said once: {said:?}");
    let page = customer.get("/t/office?done=answered").await;
    assert!(page.text().contains("La resolución obliga a la empresa."), "{}", page.text());
    assert!(!page.text().contains("action=\"/t/office/decision\""), "it is answered once");
    scene.stop().await.expect("the services end well");
}
