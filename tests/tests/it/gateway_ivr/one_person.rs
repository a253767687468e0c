//! Two records of two departments that are one person: the telephone sees the affairs of both, and what comes by the number of one stays theirs.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::customer::v1::{
    GetCustomerRequest, GetCustomerViewRequest, IngestSourceRecordRequest, MergeCustomersRequest, PreviewMergeRequest,
    SourceRecord, UnmergeCustomersRequest,
};
use ventanilla_proto::ticketing::v1::{ListPromisesRequest, ListTicketsRequest};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::people::Person;

use super::{LIMIT, doorway, exchange_of, stands};

/// Two departments' records of somebody, each with a number and a document of its own.
struct Both<'a> {
    scene: &'a Scene,
    affair: Affair<'a>,
    older: (Person, SourceRecord),
    younger: (Person, SourceRecord),
}

impl<'a> Both<'a> {
    async fn known(scene: &'a Scene, number: u32) -> Self {
        let older = Self::one(scene, number, ("crm-retail", "billing")).await;
        let younger = Self::one(scene, number + 1, ("provisioning", "network-ops")).await;
        Self { scene, affair: Affair::of(scene, younger.0.clone()), older, younger }
    }

    async fn one(scene: &'a Scene, number: u32, (system, department): (&str, &str)) -> (Person, SourceRecord) {
        let person = Person::numbered(number);
        let observed = prost_types::Timestamp { seconds: scene.ambient.now().as_second() - 3_600, nanos: 0 };
        let record = person.record(system, department, &format!("both-{number}"), observed);
        let request = IngestSourceRecordRequest { record: Some(record), request_id: scene.request_id() };
        let mut crm = scene.person(system, &[Role::Crm], Some(department)).customers;
        let record = crm.ingest_source_record(request).await.expect("a good record").into_inner();
        (person, record)
    }

    /// A steward says that they are one; answers the id that goes on. What they have going on may still be on its way to what is shown before: then it is
    /// looked at again.
    async fn become_one(&self) -> String {
        let customers = [self.older.1.own_customer.clone(), self.younger.1.own_customer.clone()];
        let steward = self.scene.role(Role::Steward).customers;
        testkit::eventually(LIMIT, || {
            let (mut steward, customers, request_id) = (steward.clone(), customers.to_vec(), self.scene.request_id());
            async move {
                let preview = PreviewMergeRequest { customers: customers.clone() };
                let token = steward.preview_merge(preview).await?.into_inner().token;
                let merge = MergeCustomersRequest { customers, token, reason: "her own word".to_owned(), request_id };
                steward.merge_customers(merge).await.map(|one| one.into_inner().name)
            }
        })
        .await
    }

    /// The steward was wrong.
    async fn come_apart(&self, name: &str) -> Result<(), Status> {
        let mut steward = self.scene.role(Role::Steward).customers;
        let asked = GetCustomerRequest { name: name.to_owned(), ..GetCustomerRequest::default() };
        let unmerge = UnmergeCustomersRequest {
            etag: steward.get_customer(asked).await?.into_inner().etag,
            name: name.to_owned(),
            source_records: vec![self.younger.1.name.clone()],
            reason: "a cousin".to_owned(),
            request_id: self.scene.request_id(),
        };
        steward.unmerge_customers(unmerge).await?;
        Ok(())
    }

    /// Waits until the view of a customer shows these affairs and no others.
    async fn sees(&self, customer: &str, tickets: &[&str]) {
        let agent = &self.affair.cast.agent.customers;
        testkit::eventually(LIMIT, || {
            let (mut agent, name) = (agent.clone(), customer.to_owned());
            async move {
                let view = agent.get_customer_view(GetCustomerViewRequest { name }).await;
                let view = view.map_err(|status| status.to_string())?.into_inner();
                let shown = view.open_tickets.unwrap_or_default().tickets;
                let mut shown: Vec<String> = shown.into_iter().map(|shown| shown.ticket).collect();
                shown.sort();
                let mut expected = tickets.to_vec();
                expected.sort_unstable();
                if shown == expected { Ok(()) } else { Err(format!("{shown:?}")) }
            }
        })
        .await;
    }
}

async fn listed(affair: &Affair<'_>, customer: &str) -> Vec<String> {
    let request = ListTicketsRequest { customer: customer.to_owned(), ..ListTicketsRequest::default() };
    let tickets = affair.cast.agent.tickets.clone().list_tickets(request).await.expect("a good question");
    tickets.into_inner().tickets.into_iter().map(|ticket| ticket.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_called_back_in_the_affair_that_came_under_their_other_id_and_a_superior_is_called_to_it() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let both = Both::known(&scene, 61_000_081).await;
    let (affair, younger) = (&both.affair, &both.younger.1);
    let opened = affair.complain(&younger.own_customer, "").await.expect("a good complaint").ticket.expect("a ticket");
    let goes_on = both.become_one().await;
    assert_eq!(goes_on, both.older.1.own_customer, "the older goes on");
    assert_eq!(
        listed(affair, &goes_on).await,
        std::slice::from_ref(&opened.name),
        "what came under the other id is theirs"
    );
    assert_eq!(listed(affair, &younger.own_customer).await, std::slice::from_ref(&opened.name));

    // By the older one's number.
    let phone = both.older.0.e164();
    let ask = [("call", "c81"), ("phone", phone.as_str()), ("when", "morning")];
    let callback = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!(callback.fact("ticket"), opened.name, "no second affair is opened: {}", callback.text());
    let promises = ListPromisesRequest { parent: opened.name.clone(), ..ListPromisesRequest::default() };
    let promises = affair.cast.agent.tickets.clone().list_promises(promises).await.unwrap().into_inner().promises;
    assert_eq!(promises.len(), 1);
    let ask = [("call", "c82"), ("phone", phone.as_str()), ("superior", "true")];
    let human = exchange.post("/ivr/v1/human", &ask).await;
    assert_eq!(human.fact("ticket"), opened.name, "{}", human.text());
    assert!(stands(affair, &opened.name).await.supervisor_call_time.is_some(), "a superior is called to it");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_by_the_number_of_one_goes_with_them_when_they_come_apart() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let both = Both::known(&scene, 61_000_083).await;
    let (one, other) = (both.older.1.own_customer.clone(), both.younger.1.own_customer.clone());
    let goes_on = both.become_one().await;
    let (older, younger) = (both.older.0.e164(), both.younger.0.e164());
    let ring = both.affair.ring().await.expect("an answer");
    assert_eq!((&ring.customer, &ring.own_customer), (&goes_on, &other));

    let mut complaints = Vec::new();
    for (call, phone) in [("c83", &younger), ("c84", &older)] {
        let ask = [("call", call), ("phone", phone.as_str()), ("recording", "rec.wav")];
        let complaint = exchange.post("/ivr/v1/complaint", &ask).await;
        assert_eq!(complaint.fact("ok"), "true", "{}", complaint.text());
        complaints.push(complaint.fact("ticket"));
    }
    // As a telephone system does that keeps whom it was told of at the beginning of the call.
    let caller =
        exchange.post("/ivr/v1/caller", &[("call", "c85"), ("phone", younger.as_str())]).await.fact("own_customer");
    let ask = [("call", "c85"), ("customer", caller.as_str()), ("recording", "rec.wav")];
    complaints.push(exchange.post("/ivr/v1/complaint", &ask).await.fact("ticket"));
    let [by_younger, by_older, named] = complaints.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        unreachable!()
    };
    both.sees(&goes_on, &[by_younger, by_older, named]).await;
    both.sees(&other, &[by_younger, by_older, named]).await;

    both.come_apart(&goes_on).await.expect("a steward's word");
    both.sees(&other, &[by_younger, named]).await;
    both.sees(&one, &[by_older]).await;
    let mut theirs = listed(&both.affair, &other).await;
    theirs.sort();
    let mut expected = [by_younger, named];
    expected.sort_unstable();
    assert_eq!(theirs, expected);
    assert_eq!(listed(&both.affair, &one).await, [by_older]);
    scene.stop().await.expect("the services end well");
}
