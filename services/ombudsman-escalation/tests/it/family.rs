//! Tickets that were one affair: who acted on one of them acted on all, and the dossier holds them all.

use std::time::Duration;

use kernel::Role;
use testkit::eventually;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;

use crate::world::{World, fresh_id, open_request, refusal, uuid_of};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;
const LIMIT: Duration = Duration::from_secs(20);

impl World {
    async fn ticket_now(&self, name: &str) -> tickets::Ticket {
        let request = tickets::GetTicketRequest { name: name.into() };
        self.tickets("zoe", "billing").get_ticket(request).await.unwrap().into_inner()
    }

    pub async fn merge(&self, ticket: &str, into: &str) {
        let (ticket, into) = (self.ticket_now(ticket).await, self.ticket_now(into).await);
        let ticketing = self.ticketing.as_ref().unwrap();
        let request = tickets::MergeTicketRequest {
            name: ticket.name,
            into: into.name,
            reason: "same_invoice".into(),
            etag: ticket.etag,
            into_etag: into.etag,
            request_id: fresh_id(),
        };
        let caller = ticketing.channel_as("zoe", &[Role::Agent], Some("billing"));
        RelationServiceClient::new(caller).merge_ticket(request).await.unwrap();
    }

    pub async fn note(&self, person: &str, department: &str, ticket: &str) {
        let message = tickets::Message {
            visibility: tickets::MessageVisibility::Internal.into(),
            body: "I looked into this one".into(),
            ..Default::default()
        };
        let request = tickets::AddMessageRequest {
            parent: ticket.to_owned(),
            message: Some(message),
            request_id: fresh_id(),
            occurred_time: None,
        };
        self.tickets(person, department).add_message(request).await.unwrap();
    }

    /// When the office knows these for one family.
    pub async fn unmerge(&self, ticket: &str) {
        let ticket = self.ticket_now(ticket).await;
        let request = tickets::UnmergeTicketRequest {
            name: ticket.name,
            reason: "not_the_same".into(),
            etag: ticket.etag,
            request_id: fresh_id(),
        };
        let caller = self.ticketing.as_ref().unwrap().channel_as("zoe", &[Role::Agent], Some("billing"));
        RelationServiceClient::new(caller).unmerge_ticket(request).await.unwrap();
    }

    pub async fn one_family(&self, one: &str, other: &str) {
        let admin = self.database.admin().await;
        let (one, other) = (uuid_of(one), uuid_of(other));
        eventually(LIMIT, || async {
            let known: bool = sqlx::query_scalar(
                "select count(distinct family_id) = 1 and count(*) = 2 from ombudsman.ticket_family
                  where ticket_id in ($1, $2)",
            )
            .bind(one)
            .bind(other)
            .fetch_one(&admin)
            .await
            .unwrap();
            if known { Ok(()) } else { Err("the office does not know them for one") }
        })
        .await;
    }

    async fn person(&self, name: &str, unit: &str) {
        self.register(name, unit, None, &[OMBUDSMAN]).await;
        self.declare(name, Role::Ombudsman, Vec::new()).await;
    }
}

#[tokio::test]
async fn who_worked_on_a_ticket_that_was_merged_into_the_cases_is_kept_off_it_and_so_is_their_unit() {
    let world = World::staffed().await;
    world.person("dina", "network-ops").await;
    let (ticket, other) = (world.ticket().await, world.ticket().await);
    world.note("nora", "network-ops", &other).await;
    world.merge(&other, &ticket).await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    world.one_family(&ticket, &other).await;
    let refused = world.assign(&case.name, "dina", OMBUDSMAN).await.expect_err("her unit worked on the other ticket");
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["grounds"], "unit_touched_ticket");

    let list = pb::ListDossierEntriesRequest { parent: case.name, page_size: 100, ..Default::default() };
    let papers = world.ines().list_dossier_entries(list).await.unwrap().into_inner().entries;
    let snapshots = papers.iter().filter(|paper| paper.kind() == pb::DossierKind::TicketSnapshot).count();
    assert_eq!(snapshots, 2, "the dossier holds both");
}

#[tokio::test]
async fn an_affair_of_merged_tickets_is_brought_as_a_whole_under_whichever_of_its_keys() {
    let world = World::staffed().await;
    let earlier = world.ticket_of(&["La cuota de alta", " Nadie me devuelve la llamada"]).await;
    let received = world.ticket_now(&earlier).await.first_received_time;
    world.days(9);
    let ticket = world.ticket().await;
    world.merge(&earlier, &ticket).await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    assert_eq!(case.filed_at_entity_time, received, "the earliest receipt is the one to keep");
    let claims: Vec<_> = case.claim_points.iter().map(|point| point.text.as_str()).collect();
    let twice = "Nadie me devuelve la llamada";
    assert_eq!(
        claims,
        ["Me cobran dos veces la factura de marzo", twice, "La cuota de alta"],
        "what was sent twice once"
    );
    let ids: std::collections::BTreeSet<&str> = case.claim_points.iter().map(|point| point.id.as_str()).collect();
    assert_eq!(ids.len(), 3, "{:?}", case.claim_points);
    // By the other key it is the same case.
    let (_, why, metadata) = refusal(&world.ines().open_case(open_request(&earlier)).await.unwrap_err());
    assert_eq!((why.as_str(), metadata["case"].as_str()), ("TICKET_AT_OFFICE", case.name.as_str()));
    // Nor is it opened twice beside each other by two keys.
    let (one, two) = (world.ticket_of(&["a", "b"]).await, world.ticket_of(&["c"]).await);
    world.merge(&one, &two).await;
    let (mut ines, mut elena) = (world.ines(), world.elena());
    let (by_one, by_two) = tokio::join!(ines.open_case(open_request(&one)), elena.open_case(open_request(&two)));
    assert!(by_one.is_ok() != by_two.is_ok(), "{by_one:?} {by_two:?}");
}

#[tokio::test]
async fn an_affair_that_was_brought_as_a_whole_comes_again_as_a_whole_and_from_its_first_day() {
    let world = World::staffed().await;
    let earlier = world.ticket_of(&["La cuota de alta"]).await;
    world.days(9);
    let ticket = world.ticket().await;
    world.merge(&earlier, &ticket).await;
    let claims = |case: &pb::Case| case.claim_points.iter().map(|point| point.text.clone()).collect::<Vec<_>>();
    let first = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    let opened = world.entries::<pb::CaseOpened>().await.pop().unwrap();
    assert_eq!((opened.ticket.as_str(), opened.brought_with), (ticket.as_str(), vec![earlier.clone()]));
    world.received(&ticket).await;
    for (person, _, role) in crate::world::STAFF {
        world.assign(&first.name, person, role).await.unwrap();
    }
    world.withdraw(&first.name).await.unwrap();
    let again = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    assert_eq!(again.filed_at_entity_time, first.filed_at_entity_time);
    assert_eq!((claims(&again).len(), claims(&again)), (3, claims(&first)));
    for (person, _, role) in crate::world::STAFF {
        world.assign(&again.name, person, role).await.unwrap();
    }
    world.admit(&again.name).await.unwrap();
    world.withdraw(&again.name).await.unwrap();
    // Nor does the office go on with it by itself while a part of it, which is an affair of its own again, is heard.
    world.unmerge(&earlier).await;
    let part = world.ines().open_case(open_request(&earlier)).await.unwrap().into_inner();
    assert_eq!(claims(&part), ["La cuota de alta"]);
    let beside = act!(world, "elena", continue_by_own_initiative, ContinueByOwnInitiativeRequest, &again.name, reasons: "of general interest");
    let (_, why, metadata) = refusal(&beside.unwrap_err());
    let at_office = ("TICKET_AT_OFFICE", Some(part.name.as_str()));
    assert_eq!((why.as_str(), metadata.get("case").map(String::as_str)), at_office);
}

#[tokio::test]
async fn what_is_merged_into_an_affair_that_is_before_the_office_is_heard_by_itself() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let decided = world.get(&first).await.ticket;
    // It was told to the firm before that decision, and is merged into the affair afterwards.
    let live = world.case().await;
    let (with_decided, with_live) =
        (world.ticket_of(&["La cuota de alta"]).await, world.ticket_of(&["El recargo"]).await);
    backdated(&world, &first).await;
    world.merge(&with_live, &live.ticket).await;
    world.merge(&with_decided, &decided).await;
    for (ticket, claim) in [(with_decided, "La cuota de alta"), (with_live, "El recargo")] {
        let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
        let claims: Vec<_> = case.claim_points.iter().map(|point| point.text.as_str()).collect();
        assert_eq!(claims, [claim], "and not what is heard, or was, in the other case");
        world.received(&ticket).await;
        for (person, _, role) in crate::world::STAFF {
            world.assign(&case.name, person, role).await.unwrap();
        }
        world.admit(&case.name).await.expect("nobody decided it");
    }
}

/// A decision that was issued a day later than the test's clock says.
pub async fn backdated(world: &World, case: &str) {
    let moved = "alter table ombudsman.decision disable trigger user;
                 update ombudsman.decision set issued_at = issued_at + interval '1 day' where case_id = '{}';
                 alter table ombudsman.decision enable trigger user";
    let moved = moved.replace("{}", &uuid_of(case).to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(moved)).execute(&world.database.admin().await).await.unwrap();
}

#[tokio::test]
async fn who_acts_for_the_firm_anywhere_is_taken_off_every_case_and_so_is_nobody_else() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    let elsewhere = world.ticket().await;
    world.note("oscar", "network-ops", &elsewhere).await;
    let recused = eventually(LIMIT, || async {
        let recused = world.entries::<pb::CaseRecused>().await;
        if recused.is_empty() { Err("nobody was recused") } else { Ok(recused) }
    })
    .await;
    assert_eq!((recused.len(), recused[0].person.as_str()), (1, "oscar"));
    assert_eq!(
        (recused[0].case_name.as_str(), recused[0].grounds.clone()),
        (case.name.as_str(), vec![pb::ConflictGround::FirmPrincipal.into()])
    );
}

#[tokio::test]
async fn a_declaration_that_ran_out_ends_no_seat_because_somebody_else_acts_in_the_affair() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    let ran_out = "alter table ombudsman.relation_declaration disable trigger user;
                   update ombudsman.relation_declaration set expires_at = declared_at + interval '1 hour' where person = 'oscar';
                   alter table ombudsman.relation_declaration enable trigger user";
    let admin = world.database.admin().await;
    sqlx::raw_sql(ran_out).execute(&admin).await.unwrap();
    world.days(1);
    world.note("nora", "network-ops", &case.ticket).await;
    // It is noted in the transaction in which seats would be lost.
    eventually(LIMIT, || async {
        let noted = "select exists (select from ombudsman.involvement where ticket_id = $1 and actor_id = 'nora')";
        let noted: bool = sqlx::query_scalar(noted).bind(uuid_of(&case.ticket)).fetch_one(&admin).await.unwrap();
        if noted { Ok(()) } else { Err("what she did was not heard") }
    })
    .await;
    assert_eq!(world.entries::<pb::CaseRecused>().await, []);
    let oscar = world.get(&case.name).await.assignments.into_iter().find(|seat| seat.person == "oscar");
    assert_eq!(oscar.expect("it is his").recuse_time, None);
}

#[tokio::test]
async fn a_merge_that_brings_a_conflict_to_light_ends_the_assignment() {
    let world = World::staffed().await;
    world.person("dina", "network-ops").await;
    let case = world.case().await;
    world.assign(&case.name, "dina", OMBUDSMAN).await.unwrap();
    let other = world.ticket().await;
    // Somebody of Dina's unit worked on another ticket, which turns out to be about the same.
    world.note("nora", "network-ops", &other).await;
    world.merge(&other, &case.ticket).await;
    world.one_family(&case.ticket, &other).await;
    let recused = eventually(LIMIT, || async {
        let recused = world.entries::<pb::CaseRecused>().await;
        if recused.is_empty() { Err("nobody was recused") } else { Ok(recused) }
    })
    .await;
    assert_eq!((recused.len(), recused[0].person.as_str()), (1, "dina"));
    assert_eq!(recused[0].grounds, [i32::from(pb::ConflictGround::UnitTouchedTicket)]);
}

#[tokio::test]
async fn whoever_works_on_what_was_split_off_later_is_as_involved_as_in_the_whole() {
    let world = World::staffed().await;
    world.person("dina", "network-ops").await;
    let case = world.seated_case().await;
    let ticket = world.ticket_now(&case.ticket).await;
    let ticketing = world.ticketing.as_ref().unwrap();
    let request = tickets::SplitTicketRequest {
        name: ticket.name.clone(),
        claim_points: vec!["p2".into()],
        subject: "Nadie llama".into(),
        department: "customer-service".into(),
        reason: "two_departments".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    let caller = ticketing.channel_as("zoe", &[Role::Agent], Some("billing"));
    let part = RelationServiceClient::new(caller).split_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    world.note("nora", "network-ops", &part.name).await;
    world.one_family(&ticket.name, &part.name).await;
    eventually(LIMIT, || async {
        match world.assign(&case.name, "dina", OMBUDSMAN).await {
            Err(refused)
                if refusal(&refused).2.get("grounds").is_some_and(|grounds| grounds == "unit_touched_ticket") =>
            {
                Ok(())
            }
            // What else may come first (a reaction wrote the case, the links are being asked for) is said if it stays.
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}
